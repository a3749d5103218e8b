//! Whether what somebody answers is their second factor.

use chrono::TimeDelta;
use domain::{
    FieldErrors, UserId,
    account::{FirstFactor, SecondFactor},
};
use identity::{email_code, recovery};
use sqlx::PgConnection;
use storage::{pending_sign_ins::PendingSignIn, second_factors};

use super::{app, passkeys};
use crate::{Result, Services};

/// Codes of an app and codes by e-mail can be guessed. So many wrong ones are listened to in a day;
/// after them, recovery codes and passkeys, which cannot be guessed, still let their owner in.
const GUESSES: i32 = 30;
const GUESSES_WITHIN: TimeDelta = TimeDelta::days(1);

/// What somebody answers when the second factor is asked for.
pub enum Answer<'a> {
    /// What the authenticator app shows.
    App(&'a str),
    Recovery(&'a str),
    /// What was sent by e-mail for this sign-in.
    Email(&'a str),
    Passkey {
        /// The token of what the browser was asked to sign.
        ceremony: &'a str,
        answer: &'a str,
    },
}

impl Answer<'_> {
    /// Whether trying again and again would find it.
    pub(super) const fn can_be_guessed(&self) -> bool {
        matches!(self, Self::App(_) | Self::Email(_))
    }

    /// What to tell somebody whose answer proved nothing, at the field of it.
    pub(super) fn refused(&self, why: Unproved) -> FieldErrors {
        let (field, wrong) = match self {
            Self::App(_) => ("code", "That code is not right, or was used before. Wait for the next one."),
            Self::Recovery(_) => {
                ("recovery_code", "That is none of your recovery codes, or it was used before.")
            }
            Self::Email(_) => ("email_code", "That code is not right, or is no longer good."),
            Self::Passkey { .. } => {
                ("passkey", "That passkey did not work here. Please try again, or choose another way.")
            }
        };
        FieldErrors::one(field, if why == Unproved::TooOften { TOO_OFTEN } else { wrong })
    }
}

const TOO_OFTEN: &str = "Too many wrong codes were tried for this account. Use a recovery code or a passkey if you \
                         have one, or come back tomorrow.";

/// Why an answer proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unproved {
    /// It is not right, for this reason.
    Wrong(&'static str),
    /// So many were wrong that nobody looked at it.
    TooOften,
}

impl Unproved {
    /// For the audit log.
    pub(super) const fn reason(self) -> &'static str {
        match self {
            Self::Wrong(why) => why,
            Self::TooOften => "too many wrong codes",
        }
    }
}

/// The factor that the answer proves, or why it proves none. What can be used once is used up, so
/// commit, whichever it is.
pub(super) async fn prove(
    services: &Services,
    db: &mut PgConnection,
    user_id: UserId,
    pending: Option<&PendingSignIn>,
    answer: &Answer<'_>,
) -> Result<Result<SecondFactor, Unproved>> {
    if answer.can_be_guessed() && !count_guess(services, db, user_id).await? {
        return Ok(Err(Unproved::TooOften));
    }
    let right = match answer {
        Answer::App(code) => app::accepts(services, db, user_id, code).await?.then_some(SecondFactor::Totp),
        Answer::Email(code) => {
            let stored = pending.filter(|pending| pending.first_factor != FirstFactor::EmailLink);
            let stored = stored.and_then(|pending| pending.email_code.as_deref());
            stored.is_some_and(|stored| email_code::check(code, stored)).then_some(SecondFactor::EmailCode)
        }
        Answer::Recovery(code) => match recovery::hash(code) {
            Some(hash) => second_factors::use_recovery_code(&mut *db, user_id, &hash, services.now())
                .await?
                .then_some(SecondFactor::RecoveryCode),
            None => None,
        },
        Answer::Passkey { ceremony, answer } => {
            return Ok(passkeys::confirms(services, db, user_id, ceremony, answer)
                .await?
                .map(|()| SecondFactor::Passkey)
                .map_err(Unproved::Wrong));
        }
    };
    if right.is_some() && answer.can_be_guessed() {
        second_factors::forgive_guess(&mut *db, user_id).await?;
    }
    Ok(right.ok_or(Unproved::Wrong("wrong code")))
}

/// Counts a guess before it is known whether it is right: of guesses at once, each counts. False where
/// there were too many; the count is kept only if the transaction is committed then, too.
pub(super) async fn count_guess(services: &Services, db: &mut PgConnection, user_id: UserId) -> Result<bool> {
    let guesses = second_factors::count_guess(db, user_id, services.now(), GUESSES_WITHIN).await?;
    Ok(guesses <= GUESSES)
}
