//! The second half of signing in, and proving again who one is, with a second factor.

use domain::account::{FirstFactor, SecondFactor};
use identity::{Principal, token};
use mail::{Letter, letter::FactorChange};
use sqlx::PgConnection;
use storage::{admittance, pending_sign_ins, users};

use super::{
    answer::{Answer, prove},
    email,
    trusted::{self, Trust},
};
use crate::{
    Result, ServiceError, Services,
    accounts::{
        Device, SignedIn, act_as,
        admission::{ProvedWith, let_in, turn_away},
        guesses::{self, Attempt},
        sessions::{open_session, renew},
    },
    audit::{self, Act},
    letters,
};

/// After so many wrong answers one begins again with the first factor.
pub(super) const ATTEMPTS: i16 = 5;

/// What the page that asks for the second factor offers.
pub struct Pending {
    pub first_factor: FirstFactor,
    pub app: bool,
    pub passkey: bool,
    pub recovery: bool,
    pub email: bool,
    /// How many codes were sent by e-mail; the newest is good.
    pub email_codes_sent: i16,
    pub may_trust: bool,
    /// Whether there is a second factor; without one, it is the browser that is asked about.
    pub guarded: bool,
}

/// A sign-in that lacks the second factor; none if it is over.
pub async fn pending(services: &Services, token: &str) -> Result<Option<Pending>> {
    let Some(token_hash) = token::hash(token) else { return Ok(None) };
    let mut tx = services.database.begin_as_house().await?;
    let known = pending_sign_ins::by_token(&mut *tx, &token_hash, ATTEMPTS, services.now()).await?;
    let Some(known) = known else { return Ok(None) };
    let person = admittance::admittable(&mut tx, known.user_id).await?.ok_or(ServiceError::SignedOut)?;
    let factors = &person.factors;
    tx.commit().await?;
    Ok(Some(Pending {
        first_factor: known.first_factor,
        app: factors.app_since.is_some(),
        passkey: factors.passkeys > 0 && services.passkeys.is_some(),
        recovery: factors.recovery_codes > 0,
        email: email::is_offered(services, &known, &person),
        email_codes_sent: known.email_codes_sent,
        may_trust: !services.needs_second_factor(&person.roles),
        guarded: factors.guard(),
    }))
}

/// What a finished sign-in gives the browser.
pub struct Finished {
    pub signed_in: SignedIn,
    pub trust: Option<Trust>,
}

/// Signs somebody in who has given the first factor before, and now gives the second.
///
/// Errors: [`ServiceError::SignedOut`] if the sign-in is over, by time or by wrong answers.
pub async fn finish_sign_in(
    services: &Services,
    token: &str,
    answer: &Answer<'_>,
    trust: bool,
    device: &Device,
) -> Result<Finished> {
    let now = services.now();
    let token_hash = token::hash(token).ok_or(ServiceError::SignedOut)?;
    let house = services.database.house();
    let begun = pending_sign_ins::by_token(house, &token_hash, ATTEMPTS, now).await?;
    let begun = begun.ok_or(ServiceError::SignedOut)?;
    services.vault.ready().await?;
    let guess = match answer.can_be_guessed() {
        true => guesses::second_factor(services, begun.user_id, device).await?,
        false => Attempt::uncounted(),
    };
    // The account first, as everywhere, so that nobody waits in a circle.
    let mut tx = services.database.begin_as_house_holding(begun.user_id).await?;
    let pending = pending_sign_ins::attempt(&mut *tx, &token_hash, ATTEMPTS, now)
        .await?
        .ok_or(ServiceError::SignedOut)?;
    let id = pending.user_id;
    let second = match prove(services, &mut tx, id, Some(&pending), answer).await? {
        Ok(second) => second,
        Err(why) => {
            let act = Act::of_nobody("sign_in.second_factor_failed").about(Some(id)).after(&why.reason());
            audit::record(services, &mut tx, act, device).await?;
            tx.commit().await?;
            let over = pending.attempts >= ATTEMPTS;
            return Err(if over { ServiceError::SignedOut } else { answer.refused(why).into() });
        }
    };
    let person = admittance::admittable(&mut tx, id).await?.ok_or(ServiceError::SignedOut)?;
    if let Err(error) = let_in(&person, pending.first_factor) {
        return Err(turn_away(services, tx, id, pending.first_factor, error, device).await?);
    }
    pending_sign_ins::delete(&mut *tx, &token_hash).await?;
    let trust = if trust && !services.needs_second_factor(&person.roles) {
        Some(trusted::trust(services, &mut tx, id, device).await?)
    } else {
        None
    };
    tell_of_recovery(services, &mut tx, id, second).await?;
    let signed_in = open_session(services, &mut tx, id, &person, Some(second), device).await?;
    if trust.is_some() {
        audit::record(services, &mut tx, Act::of(id, "trusted_device.added"), device).await?;
    }
    let proved = ProvedWith { first: pending.first_factor, second: Some(second) };
    audit::record(services, &mut tx, Act::of(id, "session.opened").after(&proved), device).await?;
    tx.commit().await?;
    guess.was_right(services).await;
    Ok(Finished { signed_in, trust })
}

/// Proves again who one is, with a second factor. The session gets another token.
pub async fn confirm_with(
    services: &Services,
    who: &Principal,
    answer: &Answer<'_>,
    device: &Device,
) -> Result<SignedIn> {
    services.vault.ready().await?;
    let guess = match answer.can_be_guessed() {
        true => guesses::confirmation(services, who.session_id).await?,
        false => Attempt::uncounted(),
    };
    let mut tx = act_as(services, who).await?;
    let second = match prove(services, &mut tx, who.user_id, None, answer).await? {
        Ok(second) => second,
        Err(why) => {
            let act = Act::of(who.user_id, "proof.failed").after(&why.reason());
            audit::record(services, &mut tx, act, device).await?;
            tx.commit().await?;
            return Err(answer.refused(why).into());
        }
    };
    tell_of_recovery(services, &mut tx, who.user_id, second).await?;
    let renewed = renew(services, &mut tx, who, Some(second)).await?;
    audit::record(services, &mut tx, Act::of(who.user_id, "proof.given").after(&second), device).await?;
    tx.commit().await?;
    guess.was_right(services).await;
    Ok(renewed)
}

/// Whoever has a recovery code of somebody's can sign in as them, so its owner hears of it.
async fn tell_of_recovery(
    services: &Services,
    db: &mut PgConnection,
    user_id: domain::UserId,
    second: SecondFactor,
) -> Result<()> {
    if second != SecondFactor::RecoveryCode {
        return Ok(());
    }
    let account = users::by_id(&mut *db, user_id).await?.ok_or(ServiceError::SignedOut)?;
    let what = FactorChange::RecoveryCodeUsed;
    letters::send(services, db, &account.email, Letter::SecondFactorChanged { what }).await
}
