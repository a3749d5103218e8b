use domain::{
    SessionId,
    account::{AccountForm, NewPasswordForm, SignInForm, SignUpForm},
    private::PrivateForm,
};
use leptos::prelude::*;
use services::{accounts, own_data};

use crate::{error::ApiError, ssr};

#[server(endpoint = "sign_up", prefix = "/api")]
pub async fn sign_up(form: SignUpForm, #[server(default)] next: String) -> Result<(), ApiError> {
    let signed_in = accounts::sign_up(&ssr::services(), &form, &ssr::device()).await?;
    ssr::keep_session(&signed_in);
    // Whoever came for something goes there; the others to their first step.
    let first_step = if form.purpose == super::CLIENT { "/jobs/new" } else { "/profile" };
    ssr::redirect(if ssr::local_path(&next) == "/" { first_step } else { &next });
    Ok(())
}

#[server(endpoint = "sign_in", prefix = "/api")]
pub async fn sign_in(form: SignInForm) -> Result<(), ApiError> {
    let admission = accounts::sign_in(&ssr::services(), &form, &ssr::device()).await?;
    ssr::admit(&admission, &form.next);
    Ok(())
}

#[server(endpoint = "sign_out", prefix = "/api")]
pub async fn sign_out() -> Result<(), ApiError> {
    if let Some(who) = ssr::viewer() {
        accounts::sign_out(&ssr::services(), &who, &ssr::device()).await?;
    }
    ssr::forget_session();
    ssr::redirect("/");
    Ok(())
}

/// Proves again who one is.
#[server(endpoint = "confirm", prefix = "/api")]
pub async fn confirm(password: String, #[server(default)] next: String) -> Result<(), ApiError> {
    let who = ssr::signed_in()?;
    let renewed = accounts::confirm(&ssr::services(), &who, &password, &ssr::device()).await?;
    ssr::keep_session(&renewed);
    ssr::redirect(&next);
    Ok(())
}

#[server(endpoint = "save_account", prefix = "/api")]
pub async fn save_account(form: AccountForm) -> Result<(), ApiError> {
    accounts::change(&ssr::services(), &ssr::signed_in()?, &form, &ssr::device()).await?;
    ssr::redirect("/account?saved=1");
    Ok(())
}

#[server(endpoint = "save_private_details", prefix = "/api")]
pub async fn save_private_details(form: PrivateForm) -> Result<(), ApiError> {
    let services = ssr::services();
    accounts::change_private_details(&services, &ssr::signed_in()?, &form, &ssr::device()).await?;
    ssr::redirect("/account?saved=1");
    Ok(())
}

#[server(endpoint = "change_password", prefix = "/api")]
pub async fn change_password(form: NewPasswordForm) -> Result<(), ApiError> {
    let who = ssr::signed_in()?;
    let renewed = accounts::change_password(&ssr::services(), &who, &form, &ssr::device()).await?;
    ssr::keep_session(&renewed);
    ssr::redirect("/account/password?saved=1");
    Ok(())
}

/// Has an archive of all one's data made.
#[server(endpoint = "request_export", prefix = "/api")]
pub async fn request_export() -> Result<(), ApiError> {
    own_data::request_export(&ssr::services(), &ssr::signed_in()?, &ssr::device()).await?;
    ssr::redirect("/account/data?asked=1");
    Ok(())
}

/// Deletes one's account, for good.
#[server(endpoint = "delete_account", prefix = "/api")]
pub async fn delete_account(#[server(default)] understood: bool) -> Result<(), ApiError> {
    own_data::leave(&ssr::services(), &ssr::signed_in()?, understood, &ssr::device()).await?;
    ssr::forget_session();
    ssr::redirect("/farewell");
    Ok(())
}

#[server(endpoint = "sign_out_device", prefix = "/api")]
pub async fn sign_out_device(session: SessionId) -> Result<(), ApiError> {
    accounts::sign_out_device(&ssr::services(), &ssr::signed_in()?, session, &ssr::device()).await?;
    ssr::redirect("/account/devices?ended=1");
    Ok(())
}

#[server(endpoint = "sign_out_others", prefix = "/api")]
pub async fn sign_out_others() -> Result<(), ApiError> {
    accounts::sign_out_others(&ssr::services(), &ssr::signed_in()?, &ssr::device()).await?;
    ssr::redirect("/account/devices?ended=1");
    Ok(())
}
