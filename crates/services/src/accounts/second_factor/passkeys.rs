//! Passkeys: made, listed, and signed in with.

use chrono::{DateTime, Utc};
use domain::{
    FieldErrors, PasskeyId, UserId,
    account::{Email, FirstFactor, SecondFactor},
};
use identity::{
    Principal,
    passkeys::{
        self, Account, Answer, CEREMONY_LASTS, Confirmation, Error, MAX_PASSKEYS, Passkey, Registration,
        RelyingParty, SignIn, Started,
    },
    token,
};
use mail::letter::FactorChange;
use secrecy::SecretString;
use serde::{Serialize, de::DeserializeOwned};
use sqlx::PgConnection;
use storage::{
    passkeys::{self as stored, Kind, NewPasskey, StoredPasskey},
    pending_sign_ins, users,
};

use super::{
    change::{Changed, follow, refuse_to_leave_unguarded},
    finish::ATTEMPTS,
};
use crate::{
    Result, ServiceError, Services,
    accounts::{
        Device, act_as,
        admission::{Admission, admit, turn_away},
        hold,
        sessions::new_token,
        ways_in,
    },
    audit::{self, Act},
};

/// What a browser is asked to sign.
pub struct Ceremony {
    /// JSON for the page.
    pub options: String,
    /// It is shown to the browser once and stored only as a hash.
    pub token: SecretString,
    /// For how long it is good.
    pub keep_for: chrono::TimeDelta,
}

/// A passkey of one's own.
pub struct OwnPasskey {
    pub id: PasskeyId,
    pub name: String,
    pub created_at: DateTime<Utc>,
    pub last_used_at: Option<DateTime<Utc>>,
    /// Whether it outlives the loss of the device.
    pub synced: bool,
}

fn site(services: &Services) -> Result<&RelyingParty> {
    services.passkeys.as_deref().ok_or(ServiceError::Conflict(
        "There are no passkeys at this address. They need a site with a name of its own and TLS.",
    ))
}

fn read<T: DeserializeOwned>(json: &str) -> Result<T> {
    serde_json::from_str(json).map_err(ServiceError::internal)
}

fn write(value: &impl Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(ServiceError::internal)
}

async fn of_user(db: &mut PgConnection, user_id: UserId) -> Result<Vec<Passkey>> {
    let known = stored::of_user(db, user_id).await?;
    known.iter().map(|one| read(&one.passkey)).collect()
}

async fn begin<S: Serialize>(
    services: &Services,
    db: &mut PgConnection,
    kind: Kind,
    user_id: Option<UserId>,
    started: Started<S>,
) -> Result<Ceremony> {
    let (token, token_hash) = new_token()?;
    let expires_at = services.now() + CEREMONY_LASTS;
    stored::begin(db, &token_hash, kind, user_id, &write(&started.state)?, expires_at).await?;
    Ok(Ceremony { options: started.options, token, keep_for: CEREMONY_LASTS })
}

/// Takes the state of a ceremony away, so that no answer to it is accepted twice.
async fn take<S: DeserializeOwned>(
    services: &Services,
    db: &mut PgConnection,
    kind: Kind,
    user_id: Option<UserId>,
    ceremony: &str,
) -> Result<Option<S>> {
    let Some(token_hash) = token::hash(ceremony) else { return Ok(None) };
    let state = stored::take(db, &token_hash, kind, user_id, services.now()).await?;
    state.map(|state| read(&state)).transpose()
}

/// Begins to make a passkey.
pub async fn start_registration(services: &Services, who: &Principal) -> Result<Ceremony> {
    who.proved(services.now())?;
    let mut tx = act_as(services, who).await?;
    let account = users::by_id(&mut *tx, who.user_id).await?.ok_or(ServiceError::SignedOut)?;
    let known = of_user(&mut tx, who.user_id).await?;
    refuse_too_many(known.len())?;
    let email = Email::parse(&account.email).map_err(|_| ServiceError::NotFound("e-mail address"))?;
    let account = Account { user_id: who.user_id, email: &email, display_name: &account.display_name };
    let started = site(services)?.start_registration(&account, &known).map_err(ServiceError::internal)?;
    let ceremony = begin(services, &mut tx, Kind::Registration, Some(who.user_id), started).await?;
    tx.commit().await?;
    Ok(ceremony)
}

fn refuse_too_many(known: usize) -> Result<()> {
    if known >= MAX_PASSKEYS {
        return Err(ServiceError::Conflict(
            "You have as many passkeys as one can have. Remove one that you no longer use.",
        ));
    }
    Ok(())
}

/// Keeps the passkey that the browser has made.
pub async fn add_passkey(
    services: &Services,
    who: &Principal,
    ceremony: &str,
    answer: &str,
    name: &str,
    device: &Device,
) -> Result<Changed> {
    who.proved(services.now())?;
    let name = passkeys::name(name, &device.user_agent).map_err(|fault| FieldErrors::one("name", fault))?;
    let refused = || FieldErrors::one("passkey", "The passkey could not be made. Please try again.");
    // Whoever signs in or proves who they are meanwhile is waited for, and then asked for the passkey.
    let mut tx = act_as(services, who).await?;
    let state: Registration = take(services, &mut tx, Kind::Registration, Some(who.user_id), ceremony)
        .await?
        .ok_or_else(refused)?;
    refuse_too_many(stored::of_user(&mut *tx, who.user_id).await?.len())?;
    let passkey = match site(services)?.finish_registration(who.user_id, &state, answer) {
        Ok(passkey) => passkey,
        Err(error) => {
            tracing::info!(%error, "a passkey was not made");
            return Err(refused().into());
        }
    };
    let new = NewPasskey {
        id: PasskeyId::new(),
        user_id: who.user_id,
        credential_id: passkey.credential_id(),
        passkey: &write(&passkey)?,
        name: &name,
        created_at: services.now(),
    };
    stored::insert(&mut *tx, &new).await.map_err(|error| {
        if error.is_refused_by(stored::CREDENTIAL_UNIQUE) {
            refused().into()
        } else {
            ServiceError::from(error)
        }
    })?;
    let changed =
        follow(services, &mut tx, who, FactorChange::PasskeyAdded, Some(SecondFactor::Passkey)).await?;
    audit::record(services, &mut tx, Act::of(who.user_id, "passkey.added").after(&name), device).await?;
    tx.commit().await?;
    Ok(changed)
}

/// One's own passkeys.
pub async fn passkeys(services: &Services, who: &Principal) -> Result<Vec<OwnPasskey>> {
    let mut tx = services.database.begin_as(who.user_id).await?;
    let known = stored::of_user(&mut *tx, who.user_id).await?;
    tx.commit().await?;
    known
        .into_iter()
        .map(|one| {
            let passkey: Passkey = read(&one.passkey)?;
            Ok(OwnPasskey {
                id: one.id,
                name: one.name,
                created_at: one.created_at,
                last_used_at: one.last_used_at,
                synced: passkey.is_synced(),
            })
        })
        .collect()
}

pub async fn rename_passkey(
    services: &Services,
    who: &Principal,
    id: PasskeyId,
    name: &str,
    device: &Device,
) -> Result<()> {
    let name = passkeys::name(name, &device.user_agent).map_err(|fault| FieldErrors::one("name", fault))?;
    let mut tx = act_as(services, who).await?;
    if !stored::rename(&mut *tx, who.user_id, id, &name).await? {
        return Err(ServiceError::NotFound("passkey"));
    }
    audit::record(services, &mut tx, Act::of(who.user_id, "passkey.renamed").after(&name), device).await?;
    tx.commit().await?;
    Ok(())
}

pub async fn remove_passkey(
    services: &Services,
    who: &Principal,
    id: PasskeyId,
    device: &Device,
) -> Result<Changed> {
    who.proved(services.now())?;
    let mut tx = services.database.begin_as_house().await?;
    hold(services, &mut tx, who).await?;
    let name = stored::delete(&mut *tx, who.user_id, id).await?.ok_or(ServiceError::NotFound("passkey"))?;
    ways_in::refuse_to_shut_out(services, &mut tx, who.user_id).await?;
    refuse_to_leave_unguarded(services, &mut tx, who).await?;
    let changed = follow(services, &mut tx, who, FactorChange::PasskeyRemoved, None).await?;
    audit::record(services, &mut tx, Act::of(who.user_id, "passkey.removed").before(&name), device).await?;
    tx.commit().await?;
    Ok(changed)
}

/// Begins to prove again who one is.
pub async fn start_confirmation(services: &Services, who: &Principal) -> Result<Ceremony> {
    let mut tx = act_as(services, who).await?;
    let ceremony = ask(services, &mut tx, who.user_id).await?;
    tx.commit().await?;
    Ok(ceremony)
}

/// Begins to give a passkey as the second factor of a sign-in.
pub async fn start_second_factor(services: &Services, token: &str) -> Result<Ceremony> {
    let token_hash = token::hash(token).ok_or(ServiceError::SignedOut)?;
    let mut tx = services.database.begin_as_house().await?;
    let pending = pending_sign_ins::by_token(&mut *tx, &token_hash, ATTEMPTS, services.now())
        .await?
        .ok_or(ServiceError::SignedOut)?;
    let ceremony = ask(services, &mut tx, pending.user_id).await?;
    tx.commit().await?;
    Ok(ceremony)
}

/// Asks a person who is known for one of their passkeys.
async fn ask(services: &Services, db: &mut PgConnection, user_id: UserId) -> Result<Ceremony> {
    let known = of_user(db, user_id).await?;
    if known.is_empty() {
        return Err(ServiceError::NotFound("passkey"));
    }
    let started = site(services)?.start_confirmation(user_id, &known).map_err(ServiceError::internal)?;
    begin(services, db, Kind::Confirmation, Some(user_id), started).await
}

/// Whether the answer is that of a passkey of this person; if not, why, for the log.
pub(super) async fn confirms(
    services: &Services,
    db: &mut PgConnection,
    user_id: UserId,
    ceremony: &str,
    answer: &str,
) -> Result<Result<(), &'static str>> {
    let state: Option<Confirmation> = take(services, db, Kind::Confirmation, Some(user_id), ceremony).await?;
    let Some(state) = state else { return Ok(Err("no such ceremony")) };
    let Ok(answer) = Answer::parse(answer) else { return Ok(Err("unreadable answer")) };
    let Some((known, mut passkey)) = by_answer(db, &answer).await?.filter(|(one, _)| one.user_id == user_id)
    else {
        return Ok(Err("unknown passkey"));
    };
    if let Err(error) = site(services)?.finish_confirmation(user_id, &state, &answer, &mut passkey) {
        return Ok(Err(reason(&error)));
    }
    stored::used(db, known.id, &write(&passkey)?, services.now()).await?;
    Ok(Ok(()))
}

async fn by_answer(db: &mut PgConnection, answer: &Answer) -> Result<Option<(StoredPasskey, Passkey)>> {
    let Some(known) = stored::by_credential(db, answer.credential_id()).await? else { return Ok(None) };
    let passkey = read(&known.passkey)?;
    Ok(Some((known, passkey)))
}

/// For the log.
fn reason(error: &Error) -> &'static str {
    match error {
        Error::Copied => "the passkey may be a copy",
        Error::Foreign => "somebody else's passkey",
        _ => "refused passkey",
    }
}

/// Begins to sign somebody in whom nobody has named yet.
pub async fn start_passkey_sign_in(services: &Services) -> Result<Ceremony> {
    let started = site(services)?.start_sign_in(false).map_err(ServiceError::internal)?;
    let mut tx = services.database.begin_as_house().await?;
    let ceremony = begin(services, &mut tx, Kind::SignIn, None, started).await?;
    tx.commit().await?;
    Ok(ceremony)
}

/// Signs in with a passkey alone.
pub async fn sign_in_with_passkey(
    services: &Services,
    ceremony: &str,
    answer: &str,
    device: &Device,
) -> Result<Admission> {
    let wrong = || {
        let message = "That passkey did not work here. Please try again, or sign in with your password.";
        ServiceError::from(FieldErrors::one("passkey", message))
    };
    let mut tx = services.database.begin_as_house().await?;
    let state: SignIn = take(services, &mut tx, Kind::SignIn, None, ceremony).await?.ok_or_else(wrong)?;
    let answer = Answer::parse(answer).map_err(|_| wrong())?;
    // Before what hangs on the account, as everywhere.
    if let Some(owner) = stored::owner(&mut *tx, answer.credential_id()).await? {
        users::hold_shared(&mut tx, owner).await?;
    }
    let Some((known, mut passkey)) = by_answer(&mut tx, &answer).await? else {
        // It was removed here and is still on the device.
        let act = Act::of_nobody("sign_in.failed").after(&"unknown passkey");
        audit::record(services, &mut tx, act, device).await?;
        tx.commit().await?;
        return Err(wrong());
    };
    if let Err(error) = site(services)?.finish_sign_in(known.user_id, state, &answer, &mut passkey) {
        let act = Act::of_nobody("sign_in.failed").about(Some(known.user_id)).after(&reason(&error));
        audit::record(services, &mut tx, act, device).await?;
        tx.commit().await?;
        return Err(wrong());
    }
    stored::used(&mut *tx, known.id, &write(&passkey)?, services.now()).await?;
    let admission = match admit(services, &mut tx, known.user_id, FirstFactor::Passkey, device).await {
        Ok(admission) => admission,
        Err(error) => {
            let (id, first) = (known.user_id, FirstFactor::Passkey);
            return Err(match turn_away(services, tx, id, first, error, device).await? {
                ServiceError::SignedOut => wrong(),
                other => other,
            });
        }
    };
    tx.commit().await?;
    Ok(admission)
}
