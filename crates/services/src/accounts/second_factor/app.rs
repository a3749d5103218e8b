//! Authenticator apps.

use chrono::TimeDelta;
use domain::{
    FieldErrors, UserId,
    account::{Email, SecondFactor},
};
use identity::{Principal, totp::Secret, vault::Purpose};
use mail::letter::FactorChange;
use secrecy::{ExposeSecret as _, SecretString};
use sqlx::PgConnection;
use storage::{second_factors, users};

use super::{
    answer::{Answer, Unproved, count_guess},
    change::{Changed, follow, refuse_to_leave_unguarded},
};
use crate::{
    Result, ServiceError, Services,
    accounts::{Device, act_as},
    audit::{self, Act},
};

/// A set-up that is not finished by then has to be begun again.
const SET_UP_LASTS: TimeDelta = TimeDelta::minutes(30);

/// What one reads into the app.
pub struct AppSetUp {
    /// The QR code, as an SVG element.
    pub qr_svg: SecretString,
    /// The same to be opened on the device itself: an `otpauth:` address.
    pub uri: SecretString,
    /// The same to be typed.
    pub manual_key: SecretString,
}

/// Begins to set up an app. It guards nothing until [`confirm_app`] has seen a code of it.
pub async fn begin_app(services: &Services, who: &Principal) -> Result<()> {
    who.proved(services.now())?;
    let secret = Secret::generate().map_err(ServiceError::internal)?;
    let sealed =
        services.vault.seal(Purpose::TotpSecret, who.user_id.uuid(), secret.as_bytes().as_slice()).await?;
    let mut tx = act_as(services, who).await?;
    second_factors::begin_app(&mut *tx, who.user_id, &sealed, services.now() + SET_UP_LASTS).await?;
    tx.commit().await?;
    Ok(())
}

/// The app that is being set up, while it is.
pub async fn begun_app(services: &Services, who: &Principal) -> Result<Option<AppSetUp>> {
    who.proved(services.now())?;
    let mut tx = services.database.begin_as(who.user_id).await?;
    let Some(sealed) = second_factors::begun_app(&mut *tx, who.user_id, services.now()).await? else {
        return Ok(None);
    };
    let account = users::by_id(&mut *tx, who.user_id).await?.ok_or(ServiceError::SignedOut)?;
    tx.commit().await?;
    let secret = open(services, who.user_id, &sealed).await?;
    let email = Email::parse(&account.email).map_err(|_| ServiceError::NotFound("e-mail address"))?;
    Ok(Some(AppSetUp {
        qr_svg: secret.qr_svg(&email).map_err(ServiceError::internal)?,
        uri: secret.uri(&email).map_err(ServiceError::internal)?,
        manual_key: secret.manual_key(),
    }))
}

/// Ends the set-up of an app that is not finished. The app in use, if any, goes on being it.
pub async fn give_up_app(services: &Services, who: &Principal) -> Result<()> {
    let mut tx = act_as(services, who).await?;
    second_factors::give_up_app(&mut *tx, who.user_id).await?;
    tx.commit().await?;
    Ok(())
}

/// Makes the app that is being set up a second factor, if `code` is one of it.
pub async fn confirm_app(
    services: &Services,
    who: &Principal,
    code: &str,
    device: &Device,
) -> Result<Changed> {
    who.proved(services.now())?;
    services.vault.ready().await?;
    // Whoever signs in or proves who they are meanwhile is waited for, and then asked for the app.
    let mut tx = act_as(services, who).await?;
    let Some(sealed) = second_factors::begun_app(&mut *tx, who.user_id, services.now()).await? else {
        return Err(why_over(services, &mut tx, who.user_id).await?);
    };
    let secret = open(services, who.user_id, &sealed).await?;
    let step = match count_guess(services, &mut tx, who.user_id).await? {
        true => secret.check(code, services.now(), None).ok_or(Unproved::Wrong("wrong code")),
        false => Err(Unproved::TooOften),
    };
    let step = match step {
        Ok(step) => step,
        Err(why) => {
            let act = Act::of(who.user_id, "app.refused").after(&why.reason());
            audit::record(services, &mut tx, act, device).await?;
            tx.commit().await?;
            let message = "That is not the code the app shows now. Is the clock of your device right?";
            return Err(match why {
                Unproved::Wrong(_) => FieldErrors::one("code", message).into(),
                Unproved::TooOften => Answer::App(code).refused(why).into(),
            });
        }
    };
    second_factors::forgive_guess(&mut *tx, who.user_id).await?;
    if !second_factors::confirm_app(&mut tx, who.user_id, &sealed, step, services.now()).await? {
        return Err(why_over(services, &mut tx, who.user_id).await?);
    }
    let changed = follow(services, &mut tx, who, FactorChange::AppAdded, Some(SecondFactor::Totp)).await?;
    audit::record(services, &mut tx, Act::of(who.user_id, "app.added"), device).await?;
    tx.commit().await?;
    Ok(changed)
}

/// What to tell somebody whose set-up is there no longer: it may be another window that ended it.
async fn why_over(services: &Services, db: &mut PgConnection, user_id: UserId) -> Result<ServiceError> {
    let factors = second_factors::of(db, user_id).await?.ok_or(ServiceError::SignedOut)?;
    let finished = factors.app_since.is_some_and(|since| since > services.now() - SET_UP_LASTS);
    Ok(ServiceError::Conflict(if finished {
        "This set-up was finished already, perhaps in another window: the app below is in use."
    } else {
        "This set-up took too long, or was given up. Please begin it again."
    }))
}

pub async fn remove_app(services: &Services, who: &Principal, device: &Device) -> Result<Changed> {
    who.proved(services.now())?;
    let mut tx = act_as(services, who).await?;
    if !second_factors::delete_app(&mut *tx, who.user_id).await? {
        return Err(ServiceError::NotFound("authenticator app"));
    }
    refuse_to_leave_unguarded(services, &mut tx, who).await?;
    let changed = follow(services, &mut tx, who, FactorChange::AppRemoved, None).await?;
    audit::record(services, &mut tx, Act::of(who.user_id, "app.removed"), device).await?;
    tx.commit().await?;
    Ok(changed)
}

/// Whether this is a code of the person's app that was not used before; from now on it was.
pub(super) async fn accepts(
    services: &Services,
    db: &mut PgConnection,
    user_id: UserId,
    code: &str,
) -> Result<bool> {
    let Some(app) = second_factors::app(&mut *db, user_id).await? else { return Ok(false) };
    let secret = open(services, user_id, &app.secret).await?;
    match secret.check(code, services.now(), Some(app.last_step)) {
        Some(step) => Ok(second_factors::accept_step(db, user_id, step, services.now()).await?),
        None => Ok(false),
    }
}

async fn open(services: &Services, user_id: UserId, sealed: &[u8]) -> Result<Secret> {
    let bytes = services.vault.open(Purpose::TotpSecret, user_id.uuid(), sealed).await?;
    Secret::from_bytes(bytes.expose_secret()).ok_or(ServiceError::NotFound("secret of the length of one"))
}
