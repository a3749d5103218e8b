use domain::{PasskeyId, TrustedDeviceId};
use leptos::prelude::*;
use services::{
    ServiceError,
    accounts::second_factor::{self as factors, Answer, Ceremony, Changed},
};

use crate::{error::ApiError, ssr};

/// What was answered, told from the field that was filled in.
pub(in crate::account) fn answer<'a>(
    code: &'a str,
    recovery_code: &'a str,
    email_code: &'a str,
    signed: &'a str,
    ceremony: &'a str,
) -> Answer<'a> {
    if !signed.is_empty() {
        Answer::Passkey { ceremony, answer: signed }
    } else if !recovery_code.is_empty() {
        Answer::Recovery(recovery_code)
    } else if !email_code.is_empty() {
        Answer::Email(email_code)
    } else {
        Answer::App(code)
    }
}

/// Where one begins again whose sign-in is over.
fn begin_again() {
    ssr::forget_pending();
    ssr::redirect("/sign-in?again=1");
}

/// The second half of signing in.
#[server(endpoint = "second_factor", prefix = "/api")]
pub async fn second_factor(
    #[server(default)] code: String,
    #[server(default)] recovery_code: String,
    #[server(default)] email_code: String,
    #[server(default)] answer: String,
    #[server(default)] trust: String,
    #[server(default)] next: String,
) -> Result<(), ApiError> {
    let ceremony = ssr::ceremony();
    let answer = self::answer(&code, &recovery_code, &email_code, &answer, &ceremony);
    let (services, trust) = (ssr::services(), !trust.is_empty());
    match factors::finish_sign_in(&services, &ssr::pending(), &answer, trust, &ssr::device()).await {
        Ok(finished) => {
            ssr::forget_pending();
            ssr::keep_session(&finished.signed_in);
            if let Some(trust) = finished.trust {
                ssr::keep_trust(&trust);
            }
            ssr::redirect(&next);
        }
        Err(ServiceError::SignedOut) => begin_again(),
        Err(error) => return Err(error.into()),
    }
    Ok(())
}

#[server(endpoint = "send_sign_in_code", prefix = "/api")]
pub async fn send_sign_in_code(
    #[server(default)] next: String,
    #[server(default)] trust: String,
) -> Result<(), ApiError> {
    match factors::send_sign_in_code(&ssr::services(), &ssr::pending(), &ssr::device()).await {
        Ok(()) => ssr::go_to_sent_code(&next, !trust.is_empty()),
        Err(ServiceError::SignedOut) => begin_again(),
        Err(error) => return Err(error.into()),
    }
    Ok(())
}

/// Keeps the token of a ceremony, and gives the page what is to be signed.
fn begun(ceremony: Ceremony) -> String {
    ssr::keep_ceremony(&ceremony);
    ceremony.options
}

#[server(endpoint = "passkey_sign_in_options", prefix = "/api")]
pub async fn passkey_sign_in_options() -> Result<String, ApiError> {
    Ok(begun(factors::start_passkey_sign_in(&ssr::services()).await?))
}

#[server(endpoint = "passkey_sign_in", prefix = "/api")]
pub async fn passkey_sign_in(
    #[server(default)] answer: String,
    #[server(default)] next: String,
) -> Result<(), ApiError> {
    let (ceremony, device) = (ssr::ceremony(), ssr::device());
    let admission = factors::sign_in_with_passkey(&ssr::services(), &ceremony, &answer, &device).await?;
    ssr::admit(&admission, &next);
    Ok(())
}

#[server(endpoint = "passkey_second_options", prefix = "/api")]
pub async fn passkey_second_options() -> Result<String, ApiError> {
    match factors::start_second_factor(&ssr::services(), &ssr::pending()).await {
        Err(ServiceError::SignedOut) => {
            Err(ServiceError::Conflict("This sign-in took too long. Please begin again.").into())
        }
        ceremony => Ok(begun(ceremony?)),
    }
}

#[server(endpoint = "passkey_confirm_options", prefix = "/api")]
pub async fn passkey_confirm_options() -> Result<String, ApiError> {
    Ok(begun(factors::start_confirmation(&ssr::services(), &ssr::signed_in()?).await?))
}

#[server(endpoint = "passkey_options", prefix = "/api")]
pub async fn passkey_options() -> Result<String, ApiError> {
    Ok(begun(factors::start_registration(&ssr::services(), &ssr::signed_in()?).await?))
}

/// After a change of the factors: to the new recovery codes where there are any, else on.
fn changed(changed: &Changed, on: &str) {
    ssr::keep_session(&changed.signed_in);
    ssr::forget_trust();
    if changed.recovery_codes.is_empty() {
        ssr::redirect(on);
    } else {
        ssr::keep_new_codes(&changed.recovery_codes);
        ssr::redirect("/account/security/codes");
    }
}

#[server(endpoint = "begin_app", prefix = "/api")]
pub async fn begin_app() -> Result<(), ApiError> {
    factors::begin_app(&ssr::services(), &ssr::signed_in()?).await?;
    ssr::redirect("/account/security/app");
    Ok(())
}

#[server(endpoint = "give_up_app", prefix = "/api")]
pub async fn give_up_app() -> Result<(), ApiError> {
    factors::give_up_app(&ssr::services(), &ssr::signed_in()?).await?;
    ssr::redirect("/account/security/app");
    Ok(())
}

#[server(endpoint = "confirm_app", prefix = "/api")]
pub async fn confirm_app(code: String) -> Result<(), ApiError> {
    let who = ssr::signed_in()?;
    let done = factors::confirm_app(&ssr::services(), &who, &code, &ssr::device()).await?;
    changed(&done, "/account/security?changed=1");
    Ok(())
}

#[server(endpoint = "remove_app", prefix = "/api")]
pub async fn remove_app() -> Result<(), ApiError> {
    let who = ssr::signed_in()?;
    let done = factors::remove_app(&ssr::services(), &who, &ssr::device()).await?;
    changed(&done, "/account/security?changed=1");
    Ok(())
}

#[server(endpoint = "renew_recovery_codes", prefix = "/api")]
pub async fn renew_recovery_codes() -> Result<(), ApiError> {
    let who = ssr::signed_in()?;
    let done = factors::renew_recovery_codes(&ssr::services(), &who, &ssr::device()).await?;
    changed(&done, "/account/security/codes");
    Ok(())
}

/// The codes are written down: the browser need not keep them any longer.
#[server(endpoint = "recovery_codes_kept", prefix = "/api")]
pub async fn recovery_codes_kept() -> Result<(), ApiError> {
    ssr::signed_in()?;
    ssr::forget_new_codes();
    ssr::redirect("/account/security?changed=1");
    Ok(())
}

#[server(endpoint = "allow_email_codes", prefix = "/api")]
pub async fn allow_email_codes(#[server(default)] allowed: bool) -> Result<(), ApiError> {
    let who = ssr::signed_in()?;
    let done = factors::allow_email_codes(&ssr::services(), &who, allowed, &ssr::device()).await?;
    changed(&done, "/account/security?changed=1");
    Ok(())
}

#[server(endpoint = "add_passkey", prefix = "/api")]
pub async fn add_passkey(
    #[server(default)] answer: String,
    #[server(default)] name: String,
) -> Result<(), ApiError> {
    let (who, ceremony, device) = (ssr::signed_in()?, ssr::ceremony(), ssr::device());
    let done = factors::add_passkey(&ssr::services(), &who, &ceremony, &answer, &name, &device).await?;
    changed(&done, "/account/security/passkeys?changed=1");
    Ok(())
}

#[server(endpoint = "rename_passkey", prefix = "/api")]
pub async fn rename_passkey(passkey: PasskeyId, #[server(default)] name: String) -> Result<(), ApiError> {
    let who = ssr::signed_in()?;
    factors::rename_passkey(&ssr::services(), &who, passkey, &name, &ssr::device()).await?;
    ssr::redirect("/account/security/passkeys?changed=1");
    Ok(())
}

#[server(endpoint = "remove_passkey", prefix = "/api")]
pub async fn remove_passkey(passkey: PasskeyId) -> Result<(), ApiError> {
    let who = ssr::signed_in()?;
    let done = factors::remove_passkey(&ssr::services(), &who, passkey, &ssr::device()).await?;
    changed(&done, "/account/security/passkeys?changed=1");
    Ok(())
}

#[server(endpoint = "forget_trusted_device", prefix = "/api")]
pub async fn forget_trusted_device(trusted: TrustedDeviceId) -> Result<(), ApiError> {
    let who = ssr::signed_in()?;
    factors::forget_trusted_device(&ssr::services(), &who, trusted, &ssr::device()).await?;
    ssr::redirect("/account/devices?forgotten=1");
    Ok(())
}

#[server(endpoint = "forget_trusted_devices", prefix = "/api")]
pub async fn forget_trusted_devices() -> Result<(), ApiError> {
    let who = ssr::signed_in()?;
    factors::forget_trusted_devices(&ssr::services(), &who, &ssr::device()).await?;
    ssr::forget_trust();
    ssr::redirect("/account/devices?forgotten=1");
    Ok(())
}
