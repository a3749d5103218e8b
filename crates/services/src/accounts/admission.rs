//! From the first factor to a session: whoever has a second factor owes it first.

use chrono::TimeDelta;
use domain::{
    UserId,
    account::{AccountStatus, FirstFactor, SecondFactor},
};
use identity::token;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;
use serde_json::json;
use sqlx::{PgConnection, Postgres, Transaction};
use storage::{
    admittance::{self, Admittable, KnownAccount},
    arrivals::{self, AsSeen},
    pending_sign_ins, trusted_devices, users,
};

use super::{
    known_browser, second_factor,
    sessions::{Device, Opening, SignedIn, new_token, open_session},
};
use crate::{
    Result, ServiceError, Services,
    audit::{self, Act},
};

/// For so long the second factor is waited for.
pub(super) const PENDING_LASTS: TimeDelta = TimeDelta::minutes(10);

/// For so long after an account has come into being, the browsers on which its owner has signed in
/// count as theirs. Short, for who signs out may sit at a computer of others.
const JUST_JOINED: TimeDelta = TimeDelta::hours(1);

/// What somebody gets who has given the first factor.
pub enum Admission {
    SignedIn(SignedIn),
    SecondFactorDue(PendingSignIn),
}

impl Admission {
    /// The session, unless the second factor is due.
    pub fn signed_in(self) -> Option<SignedIn> {
        match self {
            Self::SignedIn(signed_in) => Some(signed_in),
            Self::SecondFactorDue(_) => None,
        }
    }
}

/// The token of a sign-in that lacks the second factor; it is shown to the browser once and stored
/// only as a hash.
pub struct PendingSignIn {
    pub token: SecretString,
    /// For how long it is good.
    pub keep_for: TimeDelta,
}

/// What somebody proved who they are with, for the log.
#[derive(Serialize)]
pub(super) struct ProvedWith {
    pub first: FirstFactor,
    pub second: Option<SecondFactor>,
}

/// Everything after the first factor: the status of the account, the second factor, the session and
/// its entry in the audit log. Call it last in the transaction.
///
/// Errors: [`ServiceError::SignedOut`] if there is no such account (any more), and
/// [`ServiceError::OrganisationOnly`] if its address is let in by its organisation's issuer alone.
pub(crate) async fn admit(
    services: &Services,
    db: &mut PgConnection,
    user_id: UserId,
    first: FirstFactor,
    device: &Device,
) -> Result<Admission> {
    let person = admittance::admittable(db, user_id).await?.ok_or(ServiceError::SignedOut)?;
    let ask_mailbox = services.confirm_new_browsers;
    admit_person(services, db, user_id, &person, first, ask_mailbox, device).await
}

/// The same for who has just joined with an address that somebody vouches for. Nothing is asked beside
/// it: what that would guard has only just come into being.
pub(super) async fn admit_newcomer(
    services: &Services,
    db: &mut PgConnection,
    user_id: UserId,
    first: FirstFactor,
    device: &Device,
) -> Result<SignedIn> {
    let person = admittance::admittable(db, user_id).await?.ok_or(ServiceError::SignedOut)?;
    let_in(&person, first)?;
    open(services, db, user_id, &person, ProvedWith { first, second: None }, device).await
}

/// A password that was right.
pub(super) struct ByPassword<'a> {
    /// The hash that it belongs to; the account may have another one by now.
    pub hash: &'a str,
    /// Whether many guess at it, so that it proves less.
    pub besieged: bool,
}

/// The same for who has given the password, in a transaction that holds the account.
pub(super) async fn admit_by_password(
    services: &Services,
    db: &mut PgConnection,
    user_id: UserId,
    password: &ByPassword<'_>,
    device: &Device,
) -> Result<Admission> {
    let person = admittance::admittable_held(db, user_id).await?.ok_or(ServiceError::SignedOut)?;
    if person.password_hash.as_deref() != Some(password.hash) {
        return Err(ServiceError::SignedOut);
    }
    let ask_mailbox = services.confirm_new_browsers || password.besieged;
    admit_person(services, db, user_id, &person, FirstFactor::Password, ask_mailbox, device).await
}

/// The same, in one statement, for who was seen at the door in a browser and a network where they signed
/// in within a day, owes nothing beside the password or trusts the browser, and has changed nothing since.
/// None for everybody else, for whom nothing is done.
pub(super) async fn admit_as_seen(
    services: &Services,
    account: &KnownAccount,
    guess: Option<&[u8; 32]>,
    device: &Device,
) -> Result<Option<SignedIn>> {
    let KnownAccount { id, person, seen } = account;
    let first = FirstFactor::Password;
    if let_in(person, first).is_err() {
        return Ok(None);
    }
    let due = Due::of(person, first, services.confirm_new_browsers);
    let trusted = trust_shown(device).filter(|_| due.anything());
    if due.anything() && (trusted.is_none() || services.needs_second_factor(&person.roles)) {
        return Ok(None);
    }
    let second = due.factor.then_some(SecondFactor::TrustedDevice);
    let new = Opening::new(services, person, device)?;
    let act = Act::of(*id, "session.opened").after(&ProvedWith { first, second });
    let entry = act.entry(new.at, &new.address, &new.user_agent);
    let seen = AsSeen { account: seen, trusted: trusted.as_ref(), guess, before: device.session };
    let house = services.database.house();
    let opened = arrivals::open_as_seen(house, &new.session(*id, second), &seen, &entry).await?;
    Ok(opened.then(|| new.signed_in(*id)))
}

/// What somebody owes beside the first factor.
struct Due {
    /// One of their second factors.
    factor: bool,
    /// A code of their mailbox, where the browser is not trusted.
    by_mail: bool,
}

impl Due {
    fn of(person: &Admittable, first: FirstFactor, ask_mailbox: bool) -> Self {
        let factor = person.factors.guard();
        // Without a second factor, a browser that they did not call theirs is asked for a code of their
        // mailbox. Whoever comes by a link has just shown that it is theirs. Where an organisation requires
        // its issuer, that answers for its people, and the mailbox is the organisation's as well.
        let by_mail = !factor && ask_mailbox && first != FirstFactor::EmailLink && !person.organised;
        Self { factor, by_mail }
    }

    const fn anything(&self) -> bool {
        self.factor || self.by_mail
    }
}

async fn admit_person(
    services: &Services,
    db: &mut PgConnection,
    user_id: UserId,
    person: &Admittable,
    first: FirstFactor,
    ask_mailbox: bool,
    device: &Device,
) -> Result<Admission> {
    let_in(person, first)?;
    let due = Due::of(person, first, ask_mailbox);
    let trusted = due.anything()
        && first != FirstFactor::Passkey
        && !services.needs_second_factor(&person.roles)
        && (is_trusted(services, db, user_id, device).await?
            || (due.by_mail && has_just_joined(services, db, user_id, device).await?));
    let second = match first {
        // It verifies the person itself: what one has, and what one is or knows.
        FirstFactor::Passkey => Some(SecondFactor::Passkey),
        // It stands in for a second factor where there is one.
        _ if trusted && due.factor => Some(SecondFactor::TrustedDevice),
        _ => None,
    };
    if due.anything() && second.is_none() && !trusted {
        let (token, token_hash) = new_token()?;
        let now = services.now();
        pending_sign_ins::insert(&mut *db, &token_hash, user_id, first, now + PENDING_LASTS).await?;
        if due.by_mail {
            second_factor::send_code(services, db, &token_hash).await?;
        }
        let act = Act::of_nobody("sign_in.second_factor_due").about(Some(user_id)).after(&first);
        audit::record(services, db, act, device).await?;
        return Ok(Admission::SecondFactorDue(PendingSignIn { token, keep_for: PENDING_LASTS }));
    }
    let proved = ProvedWith { first, second };
    Ok(Admission::SignedIn(open(services, db, user_id, person, proved, device).await?))
}

/// The session, and its entry in the audit log.
async fn open(
    services: &Services,
    db: &mut PgConnection,
    user_id: UserId,
    person: &Admittable,
    proved: ProvedWith,
    device: &Device,
) -> Result<SignedIn> {
    let signed_in = open_session(services, db, user_id, person, proved.second, device).await?;
    let act = Act::of(user_id, "session.opened").after(&proved);
    audit::record(services, db, act, device).await?;
    Ok(signed_in)
}

/// Writes down that somebody who has given the first factor is not let in, and ends the transaction;
/// what they used up stays used up. Gives the error back; others than of [`admit`] leave no entry, and
/// the transaction undone.
pub(super) async fn turn_away(
    services: &Services,
    mut tx: Transaction<'static, Postgres>,
    user_id: UserId,
    first: FirstFactor,
    error: ServiceError,
    device: &Device,
) -> Result<ServiceError> {
    let why = match error {
        ServiceError::SignedOut => "over",
        ServiceError::Conflict(_) => "suspended",
        ServiceError::OrganisationOnly => "organisation",
        other => return Ok(other),
    };
    let act = Act::of_nobody("sign_in.refused").about(Some(user_id));
    let act = act.after(&json!({ "first": first, "why": why }));
    audit::record(services, &mut tx, act, device).await?;
    tx.commit().await?;
    Ok(error)
}

/// Only who has proved something learns whether an account may be entered, and in this way.
pub(super) fn let_in(person: &Admittable, first: FirstFactor) -> Result<()> {
    if person.organised && first != FirstFactor::Organisation {
        return Err(ServiceError::OrganisationOnly);
    }
    match person.status {
        AccountStatus::Active => Ok(()),
        AccountStatus::Suspended => {
            Err(ServiceError::Conflict("This account is suspended. Our letter to you says more about it."))
        }
        AccountStatus::Deleted => Err(ServiceError::SignedOut),
    }
}

/// Whether the browser was trusted by this person, and by nobody else, not long ago.
async fn is_trusted(
    services: &Services,
    db: &mut PgConnection,
    user_id: UserId,
    device: &Device,
) -> Result<bool> {
    let Some(token_hash) = trust_shown(device) else { return Ok(false) };
    Ok(trusted_devices::note_use(db, user_id, &token_hash, services.now()).await?)
}

/// The hash of what a browser shows of having been trusted, by whomever.
fn trust_shown(device: &Device) -> Option<[u8; 32]> {
    device.trust.as_ref().and_then(|token| token::hash(token.expose_secret()))
}

/// Whether the account has only just come into being, and its owner has signed in on this browser since.
async fn has_just_joined(
    services: &Services,
    db: &mut PgConnection,
    user_id: UserId,
    device: &Device,
) -> Result<bool> {
    if known_browser::of(services, &mut *db, Some(user_id), device).await?.is_none() {
        return Ok(false);
    }
    let account = users::by_id(db, user_id).await?;
    Ok(account.is_some_and(|account| services.now() - account.created_at < JUST_JOINED))
}
