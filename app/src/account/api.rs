use axum::http::header::USER_AGENT;
use domain::account::{AccountForm, SignInForm, SignUpForm};
use leptos::prelude::*;
use secrecy::ExposeSecret as _;
use services::accounts::{self, SESSION_IDLE, SignedIn};

use crate::{error::ApiError, ssr};

#[server(endpoint = "sign_up", prefix = "/api")]
pub async fn sign_up(form: SignUpForm, #[server(default)] next: String) -> Result<(), ApiError> {
    let signed_in = accounts::sign_up(&ssr::services(), &form, &user_agent()).await?;
    remember(&signed_in);
    // Whoever came for something goes there; the others to their first step.
    let first_step = if form.purpose == super::CLIENT { "/jobs/new" } else { "/profile" };
    ssr::redirect(if ssr::local_path(&next) == "/" { first_step } else { &next });
    Ok(())
}

#[server(endpoint = "sign_in", prefix = "/api")]
pub async fn sign_in(form: SignInForm) -> Result<(), ApiError> {
    let signed_in = accounts::sign_in(&ssr::services(), &form, &user_agent()).await?;
    remember(&signed_in);
    ssr::redirect(&form.next);
    Ok(())
}

#[server(endpoint = "sign_out", prefix = "/api")]
pub async fn sign_out() -> Result<(), ApiError> {
    if let Some(who) = ssr::viewer() {
        accounts::sign_out(&ssr::services(), &who).await?;
    }
    ssr::set_cookie(ssr::SESSION_COOKIE, "", 0);
    ssr::redirect("/");
    Ok(())
}

#[server(endpoint = "save_account", prefix = "/api")]
pub async fn save_account(form: AccountForm) -> Result<(), ApiError> {
    accounts::change(&ssr::services(), &ssr::signed_in()?, &form).await?;
    ssr::redirect("/account?saved=1");
    Ok(())
}

/// Keeps the new session's token in the browser for as long as the session can last.
fn remember(signed_in: &SignedIn) {
    let seconds = u32::try_from(SESSION_IDLE.num_seconds()).unwrap_or(u32::MAX);
    ssr::set_cookie(ssr::SESSION_COOKIE, signed_in.token.expose_secret(), seconds);
}

fn user_agent() -> String {
    ssr::request_header(USER_AGENT).unwrap_or_default()
}
