//! Codes by e-mail, for those who allow them: a backup where the app is not at hand.

use ::jobs::{Attempt, Failure, Job, Options, Runner, enqueue};
use chrono::TimeDelta;
use domain::account::FirstFactor;
use identity::{Principal, email_code, token};
use mail::{Letter, letter::FactorChange};
use secrecy::ExposeSecret as _;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use storage::{
    admittance::{self, Admittable},
    pending_sign_ins, second_factors,
};
use uuid::Uuid;

use super::{
    change::{Changed, follow},
    finish::ATTEMPTS,
};
use crate::{
    Result, ServiceError, Services,
    accounts::{Device, act_as},
    audit::{self, Act},
    letters,
};

const CODE_LASTS: TimeDelta = TimeDelta::minutes(10);

/// So many codes are sent for one sign-in.
const CODES: i16 = 3;

/// Allows or forbids codes by e-mail.
pub async fn allow_email_codes(
    services: &Services,
    who: &Principal,
    allowed: bool,
    device: &Device,
) -> Result<Changed> {
    who.proved(services.now())?;
    if allowed && services.needs_second_factor(&who.roles) {
        return Err(ServiceError::Conflict("Your role needs more than a mailbox to sign in."));
    }
    if allowed && !who.email_verified {
        return Err(ServiceError::Conflict("Please confirm your e-mail address first."));
    }
    let mut tx = act_as(services, who).await?;
    let factors = second_factors::of(&mut *tx, who.user_id).await?.ok_or(ServiceError::SignedOut)?;
    if !factors.guard() {
        return Err(ServiceError::Conflict("Set up an authenticator app or a passkey first."));
    }
    second_factors::allow_email_codes(&mut *tx, who.user_id, allowed).await?;
    let (what, action) = if allowed {
        (FactorChange::EmailCodesAllowed, "email_codes.allowed")
    } else {
        (FactorChange::EmailCodesForbidden, "email_codes.forbidden")
    };
    let changed = follow(services, &mut tx, who, what, None).await?;
    audit::record(services, &mut tx, Act::of(who.user_id, action), device).await?;
    tx.commit().await?;
    Ok(changed)
}

/// Has a code sent for a sign-in that lacks the second factor.
pub async fn send_sign_in_code(services: &Services, token: &str, device: &Device) -> Result<()> {
    let now = services.now();
    let token_hash = token::hash(token).ok_or(ServiceError::SignedOut)?;
    let mut tx = services.database.begin_as_house().await?;
    let pending = pending_sign_ins::by_token(&mut *tx, &token_hash, ATTEMPTS, now)
        .await?
        .ok_or(ServiceError::SignedOut)?;
    let person = admittance::admittable(&mut tx, pending.user_id).await?.ok_or(ServiceError::SignedOut)?;
    if !is_offered(services, &pending, &person) {
        return Err(ServiceError::Conflict("This account takes no codes by e-mail."));
    }
    if !send_code(services, &mut tx, &token_hash).await? {
        return Err(ServiceError::Conflict(
            "Three codes are on their way. Please look into your mailbox, and at what it takes for spam.",
        ));
    }
    let act = Act::of_nobody("sign_in.code_sent").about(Some(pending.user_id));
    audit::record(services, &mut tx, act, device).await?;
    tx.commit().await?;
    Ok(())
}

/// Has a code sent; none, and false, where enough were.
pub(crate) async fn send_code(
    services: &Services,
    db: &mut PgConnection,
    token_hash: &[u8; 32],
) -> Result<bool> {
    let now = services.now();
    if !pending_sign_ins::count_email_code(&mut *db, token_hash, CODES, now).await? {
        return Ok(false);
    }
    let job = SendSignInCode { id: Uuid::new_v4(), token_hash: *token_hash };
    enqueue(db, &job, Options::at(now)).await.map_err(ServiceError::internal)?;
    Ok(true)
}

/// Whether a code by e-mail would be a second factor here: where it was allowed to stand in for one,
/// and where there is none. To whoever came by a link from a letter,
/// it would be the first one once more.
pub(super) fn is_offered(
    services: &Services,
    pending: &pending_sign_ins::PendingSignIn,
    person: &Admittable,
) -> bool {
    let factors = &person.factors;
    let stands_in = factors.email_codes_allowed && !services.needs_second_factor(&person.roles);
    pending.first_factor != FirstFactor::EmailLink && (stands_in || !factors.guard())
}

/// A letter with a code that is made when it is sent, and stored nowhere else.
#[derive(Serialize, Deserialize)]
struct SendSignInCode {
    id: Uuid,
    token_hash: [u8; 32],
}

impl Job for SendSignInCode {
    const KIND: &'static str = "send_sign_in_code";
}

async fn send(services: &Services, job: SendSignInCode) -> Result<(), Failure> {
    let code = email_code::generate().map_err(Failure::retry)?;
    let now = services.now();
    let stored = pending_sign_ins::set_email_code(
        services.database.house(),
        &job.token_hash,
        &code.stored,
        now + CODE_LASTS,
        now,
    );
    // Whoever has signed in meanwhile needs no code any more.
    let Some(address) = stored.await.map_err(Failure::retry)? else { return Ok(()) };
    let minutes = u32::try_from(CODE_LASTS.num_minutes()).unwrap_or_default();
    let letter = Letter::SecondFactorCode { code: code.text.expose_secret().to_owned(), minutes };
    letters::deliver(services, job.id, &address, &letter).await
}

/// Teaches the runner to send codes.
pub(crate) fn handle(services: &Services, runner: Runner) -> Runner {
    let services = services.clone();
    runner.handle(move |job: SendSignInCode, _: Attempt| {
        let services = services.clone();
        async move { send(&services, job).await }
    })
}
