use domain::{
    SessionId, TokenId,
    account::{AccountForm, AddressForm, ChangePasswordForm, NewPasswordForm, SignInForm, SignUpForm},
    private::PrivateForm,
    scope::TokenForm,
};
use leptos::prelude::*;
use services::{
    ServiceError,
    accounts::{self, Agreed},
    own_data, pictures, tokens,
};

use super::{held::Held, with_api::leave_for_organisation};
use crate::{
    error::ApiError,
    page::encode,
    ssr::{self, Shown},
};

#[server(endpoint = "sign_up", prefix = "/api")]
pub async fn sign_up(form: SignUpForm, #[server(default)] next: String) -> Result<(), ApiError> {
    // Whoever came for something goes there; the others to their first step.
    let first_step = if form.purpose == super::CLIENT { "/jobs/new" } else { "/profile" };
    let next = if ssr::local_path(&next) == "/" { first_step } else { &next };
    let signing_up = accounts::sign_up(&ssr::services(), &form, next, &ssr::device()).await?;
    ssr::keep_signing_up(&signing_up);
    ssr::redirect("/sign-up/sent");
    Ok(())
}

#[server(endpoint = "send_sign_up_again", prefix = "/api")]
pub async fn send_sign_up_again() -> Result<(), ApiError> {
    accounts::send_again(&ssr::services(), &ssr::signing_up(), &ssr::used_link()).await?;
    ssr::redirect("/sign-up/sent?again=1");
    Ok(())
}

/// The password is sent only from another browser than the one that signed up.
#[server(endpoint = "confirm_sign_up", prefix = "/api")]
pub async fn confirm_sign_up(#[server(default)] form: NewPasswordForm) -> Result<(), ApiError> {
    let (link, browser) = (ssr::used_link(), ssr::signing_up());
    let entered = accounts::confirm_sign_up(&ssr::services(), &link, &browser, &form, &ssr::device()).await?;
    ssr::keep_session(&entered.signed_in);
    ssr::forget_link();
    ssr::forget_signing_up();
    ssr::redirect(&entered.next);
    Ok(())
}

#[server(endpoint = "ask_reset", prefix = "/api")]
pub async fn ask_reset(form: AddressForm, #[server(default)] next: String) -> Result<(), ApiError> {
    accounts::ask_reset(&ssr::services(), &form, &ssr::device()).await?;
    ssr::redirect(&match ssr::local_path(&next) {
        "/" => "/forgotten?sent=1".to_owned(),
        next => format!("/forgotten?sent=1&next={}", encode(next)),
    });
    Ok(())
}

#[server(endpoint = "reset_password", prefix = "/api")]
pub async fn reset_password(form: NewPasswordForm) -> Result<(), ApiError> {
    let link = ssr::used_link();
    let admission = accounts::reset_password(&ssr::services(), &link, &form, &ssr::device()).await?;
    ssr::forget_link();
    ssr::admit(&admission, "/account/password?saved=1");
    Ok(())
}

#[server(endpoint = "ask_email_change", prefix = "/api")]
pub async fn ask_email_change(form: AddressForm) -> Result<(), ApiError> {
    accounts::ask_email_change(&ssr::services(), &ssr::signed_in()?, &form, &ssr::device()).await?;
    ssr::redirect("/account/email");
    Ok(())
}

#[server(endpoint = "give_up_email_change", prefix = "/api")]
pub async fn give_up_email_change() -> Result<(), ApiError> {
    accounts::give_up_email_change(&ssr::services(), &ssr::signed_in()?, &ssr::device()).await?;
    ssr::redirect("/account/email");
    Ok(())
}

/// Whoever has the link need not be signed in: it may have gone to another device.
#[server(endpoint = "confirm_email_change", prefix = "/api")]
pub async fn confirm_email_change() -> Result<(), ApiError> {
    let (link, viewer) = (ssr::used_link(), ssr::viewer());
    let agreed =
        accounts::confirm_email_change(&ssr::services(), &link, viewer.as_ref(), &ssr::device()).await?;
    ssr::forget_link();
    let outcome = match agreed {
        Agreed::Half => "half",
        Agreed::Done(renewed) => {
            if let Some(renewed) = &renewed {
                ssr::keep_session(renewed);
            }
            "all"
        }
    };
    ssr::redirect(&format!("/account/email/confirm?done={outcome}"));
    Ok(())
}

#[server(endpoint = "sign_in", prefix = "/api")]
pub async fn sign_in(form: SignInForm) -> Result<(), ApiError> {
    match accounts::sign_in(&ssr::services(), &form, &ssr::device()).await {
        Err(ServiceError::OrganisationOnly) => leave_for_organisation(form).await,
        admission => {
            ssr::admit(&admission?, &form.next);
            Ok(())
        }
    }
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

/// Proves again who one is: with a second factor by whoever has one, else with the password. A form that
/// waited for it is shown, to be sent.
#[server(endpoint = "confirm", prefix = "/api")]
pub async fn confirm(
    #[server(default)] password: String,
    #[server(default)] code: String,
    #[server(default)] recovery_code: String,
    #[server(default)] answer: String,
    #[server(default)] next: String,
    #[server(default)] held: Held,
) -> Result<(), ApiError> {
    let who = ssr::signed_in()?;
    let (services, device, ceremony) = (ssr::services(), ssr::device(), ssr::ceremony());
    let renewed = if password.is_empty() {
        let answer = super::security::answer(&code, &recovery_code, "", &answer, &ceremony);
        accounts::second_factor::confirm_with(&services, &who, &answer, &device).await?
    } else {
        accounts::confirm(&services, &who, &password, &device).await?
    };
    ssr::keep_session(&renewed);
    ssr::redirect(&next);
    if let Some(held) = held.sent_back() {
        ssr::show(Shown::Held(held));
    }
    Ok(())
}

#[server(endpoint = "save_account", prefix = "/api")]
pub async fn save_account(form: AccountForm) -> Result<(), ApiError> {
    let changed = accounts::change(&ssr::services(), &ssr::signed_in()?, &form, &ssr::device()).await?;
    if let Some(renewed) = changed {
        ssr::keep_session(&renewed);
    }
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
pub async fn change_password(form: ChangePasswordForm) -> Result<(), ApiError> {
    let who = ssr::signed_in()?;
    let renewed = accounts::change_password(&ssr::services(), &who, &form, &ssr::device()).await?;
    ssr::keep_session(&renewed);
    ssr::redirect("/account/password?saved=1");
    Ok(())
}

#[server(endpoint = "remove_picture", prefix = "/api")]
pub async fn remove_picture() -> Result<(), ApiError> {
    pictures::remove(&ssr::services(), &ssr::signed_in()?, &ssr::device()).await?;
    ssr::redirect("/account?saved=1");
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

/// Makes a personal access token, and shows it on the page of tokens this once. The identifier is chosen
/// by the form, so that one sent twice makes one token.
#[server(endpoint = "create_token", prefix = "/api")]
pub async fn create_token(token: TokenId, form: TokenForm) -> Result<(), ApiError> {
    let made = tokens::create(&ssr::services(), &ssr::signed_in()?, token, &form, &ssr::device()).await?;
    ssr::show(Shown::Secret("/account/tokens", made));
    Ok(())
}

#[server(endpoint = "revoke_token", prefix = "/api")]
pub async fn revoke_token(token: TokenId) -> Result<(), ApiError> {
    tokens::revoke_own(&ssr::services(), &ssr::signed_in()?, token, &ssr::device()).await?;
    ssr::redirect("/account/tokens?revoked=1");
    Ok(())
}
