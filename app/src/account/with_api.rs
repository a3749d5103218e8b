use domain::{
    ExternalIdentityId,
    account::{AccountForm, AddressForm, SignInForm},
};
use leptos::prelude::*;
use services::accounts::external::{self, Purpose};

use crate::{error::ApiError, ssr};

/// Begins to sign in, or to join, with an account at another site.
#[server(endpoint = "continue_with", prefix = "/api")]
pub async fn continue_with(provider: String, #[server(default)] next: String) -> Result<(), ApiError> {
    leave(&provider, Purpose::SignIn, &next).await
}

/// Begins to make an account at another site a way into one's own.
#[server(endpoint = "connect", prefix = "/api")]
pub async fn connect(provider: String) -> Result<(), ApiError> {
    leave(&provider, Purpose::Link(&ssr::signed_in()?), "").await
}

/// Begins to prove again who one is, at another site.
#[server(endpoint = "confirm_with", prefix = "/api")]
pub async fn confirm_with(provider: String, #[server(default)] next: String) -> Result<(), ApiError> {
    leave(&provider, Purpose::Confirm(&ssr::signed_in()?), &next).await
}

pub(super) async fn leave(provider: &str, purpose: Purpose<'_>, next: &str) -> Result<(), ApiError> {
    let begun = external::begin(&ssr::services(), provider, purpose, &ssr::origin(), next).await?;
    ssr::keep_flow(&begun);
    ssr::redirect(&format!("/sign-in/with/{provider}"));
    Ok(())
}

/// Goes to the issuer of the organisation that the address belongs to.
#[server(endpoint = "continue_with_organisation", prefix = "/api")]
pub async fn continue_with_organisation(form: SignInForm) -> Result<(), ApiError> {
    leave_for_organisation(form).await
}

pub(super) async fn leave_for_organisation(form: SignInForm) -> Result<(), ApiError> {
    let address = AddressForm { email: form.email };
    let (services, origin) = (ssr::services(), ssr::origin());
    let (provider, begun) =
        external::begin_with_organisation(&services, &address, &origin, &form.next).await?;
    ssr::keep_flow(&begun);
    ssr::redirect(&format!("/sign-in/with/{provider}"));
    Ok(())
}

/// Makes the account of somebody new who came from another site.
#[server(endpoint = "finish_sign_up", prefix = "/api")]
pub async fn finish_sign_up(form: AccountForm) -> Result<(), ApiError> {
    let (services, flow) = (ssr::services(), ssr::flow());
    let entered = external::finish(&services, &flow, &form, &ssr::device()).await?;
    ssr::forget_flow();
    ssr::keep_session(&entered.signed_in);
    let first_step = if form.purpose == super::CLIENT { "/jobs/new" } else { "/profile" };
    ssr::redirect(if ssr::local_path(&entered.next) == "/" { first_step } else { &entered.next });
    Ok(())
}

/// Takes a way into one's own account away.
#[server(endpoint = "disconnect", prefix = "/api")]
pub async fn disconnect(identity: ExternalIdentityId) -> Result<(), ApiError> {
    external::disconnect(&ssr::services(), &ssr::signed_in()?, identity, &ssr::device()).await?;
    ssr::redirect("/account/connections?removed=1");
    Ok(())
}
