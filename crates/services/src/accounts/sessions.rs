//! Sessions: how long they last, who is behind one, and on which devices a person has one.

use std::net::IpAddr;

use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    FieldErrors, SessionId, UserId,
    account::{PASSWORD_LENGTH, SecondFactor},
    picture::PictureHash,
    role::{Role, Roles},
};
use identity::{Principal, token};
use secrecy::{ExposeSecret as _, SecretString};
use storage::{
    admittance::Admittable,
    arrivals::{self, Here, NewSession},
    sessions::{self, Proof},
    users,
};

use super::{act_as, familiar, guesses, known_browser, second_factor::is_guarded, ways_in};
use crate::{
    Result, ServiceError, Services, admin,
    audit::{self, Act},
};

/// A session's use is noted at most so often.
const TOUCH_EVERY: TimeDelta = TimeDelta::minutes(10);

/// How long a session may last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Without being used.
    pub idle: TimeDelta,
    /// In all.
    pub absolute: TimeDelta,
}

impl Limits {
    /// Those who can do more are signed in for less long.
    pub fn of(roles: &Roles) -> Self {
        if roles.contains(Role::Admin) || roles.contains(Role::Superadmin) {
            Self { idle: TimeDelta::hours(1), absolute: TimeDelta::hours(12) }
        } else {
            Self { idle: TimeDelta::days(30), absolute: TimeDelta::days(90) }
        }
    }
}

/// From where a request comes, as far as it tells.
#[derive(Clone, Debug, Default)]
pub struct Device {
    pub user_agent: String,
    pub address: Option<IpAddr>,
    /// The session that the browser has already; a new one takes its place.
    pub session: Option<SessionId>,
    /// What the browser shows of having been trusted before.
    pub trust: Option<SecretString>,
    /// What it shows of somebody having signed in on it before.
    pub known: Option<SecretString>,
}

impl Device {
    /// What is stored of the browser's name for itself.
    pub(crate) fn user_agent(&self) -> String {
        self.user_agent.chars().filter(|c| !c.is_control()).take(300).collect()
    }

    pub(crate) fn address(&self) -> String {
        self.address.map(|address| address.to_canonical().to_string()).unwrap_or_default()
    }
}

/// The token of a new session; it is shown to the browser once and stored only as a hash.
pub struct SignedIn {
    pub user_id: UserId,
    pub token: SecretString,
    /// For how long the browser may keep it if it is not used.
    pub keep_for: TimeDelta,
    /// By which the browser is known the next time, where it was not known yet.
    pub known_browser: Option<SecretString>,
}

/// Who is behind a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authenticated {
    pub principal: Principal,
    pub picture: Option<PictureHash>,
    /// For how long the browser may keep the token from now on, where that has just changed.
    pub renewed: Option<TimeDelta>,
}

/// Opens a session for somebody who has proved who they are. The session that the browser had ends,
/// whoever's it was.
pub(crate) async fn open_session(
    services: &Services,
    db: &mut sqlx::PgConnection,
    user_id: UserId,
    person: &Admittable,
    second_factor: Option<SecondFactor>,
    device: &Device,
) -> Result<SignedIn> {
    let new = Opening::new(services, person, device)?;
    let (fingerprint, shown) = (familiar::fingerprint(device), known_browser::shown(device));
    let here = Here { device: &fingerprint, known: shown.as_ref(), before: device.session };
    let seen = arrivals::open(&mut *db, &new.session(user_id, second_factor), &here).await?;
    if seen.strange_device {
        familiar::tell(services, db, &person.email, device).await?;
    }
    let known_browser = match seen.browser {
        true => None,
        false => Some(known_browser::remember(services, db, user_id).await?),
    };
    Ok(SignedIn { known_browser, ..new.signed_in(user_id) })
}

/// A session that is about to be opened.
pub(super) struct Opening {
    token: SecretString,
    token_hash: [u8; 32],
    pub(super) user_agent: String,
    pub(super) address: String,
    pub(super) at: DateTime<Utc>,
    limits: Limits,
}

impl Opening {
    pub(super) fn new(services: &Services, person: &Admittable, device: &Device) -> Result<Self> {
        let (token, token_hash) = new_token()?;
        let (user_agent, address) = (device.user_agent(), device.address());
        let limits = Limits::of(&person.roles);
        Ok(Self { token, token_hash, user_agent, address, at: services.now(), limits })
    }

    pub(super) fn session(&self, user_id: UserId, second_factor: Option<SecondFactor>) -> NewSession<'_> {
        NewSession {
            id: SessionId::new(),
            user_id,
            token_hash: &self.token_hash,
            user_agent: &self.user_agent,
            address: &self.address,
            created_at: self.at,
            expires_at: self.at + self.limits.idle,
            ends_at: self.at + self.limits.absolute,
            second_factor,
        }
    }

    /// What the browser gets once it is open.
    pub(super) fn signed_in(self, user_id: UserId) -> SignedIn {
        SignedIn { user_id, token: self.token, keep_for: self.limits.idle, known_browser: None }
    }
}

/// Ends the session that the browser had, for whoever writes to the audit log before a session is opened:
/// who ends that session elsewhere waits for the end of the log, and would be waited for.
pub(super) async fn end_former(db: &mut sqlx::PgConnection, device: &Device) -> Result<()> {
    if let Some(before) = device.session {
        sessions::delete(db, before).await?;
    }
    Ok(())
}

/// A token that opens something, and the hash that is stored of it.
pub(crate) fn new_token() -> Result<(SecretString, [u8; 32])> {
    let token = token::generate().map_err(ServiceError::internal)?;
    let hash = token::hash(token.expose_secret()).ok_or(ServiceError::SignedOut)?;
    Ok((token, hash))
}

/// Who is behind a session token; none if it is unknown or has expired.
pub async fn authenticate(services: &Services, token: &str) -> Result<Option<Authenticated>> {
    let Some(token_hash) = token::hash(token) else { return Ok(None) };
    let now = services.now();
    let house = services.database.house();
    let Some(session) = sessions::by_token(house, &token_hash, now).await? else { return Ok(None) };
    let mut renewed = None;
    if now - session.last_seen_at > TOUCH_EVERY {
        let expires_at = (now + Limits::of(&session.roles).idle).min(session.ends_at);
        sessions::touch(house, session.id, now, expires_at).await?;
        renewed = Some(expires_at - now);
    }
    let second_factor_due = services.needs_second_factor(&session.roles)
        && matches!(
            session.second_factor,
            None | Some(SecondFactor::TrustedDevice | SecondFactor::EmailCode)
        );
    let principal = Principal {
        user_id: session.user_id,
        session_id: session.id,
        display_name: session.display_name,
        region: session.region,
        roles: session.roles,
        email_verified: session.email_verified,
        proved_at: session.proved_at,
        second_factor: session.second_factor,
        second_factor_due,
        scopes: None,
        viewed_by: None,
    };
    let principal = match session.viewing {
        Some(person) => admin::as_viewed(services, principal, person).await?,
        None => principal,
    };
    let picture = session.picture.and_then(|hash| hash.try_into().ok()).map(PictureHash::new);
    Ok(Some(Authenticated { principal, picture, renewed }))
}

/// Whether a session goes on, whatever its token is by now.
pub async fn is_open(services: &Services, id: SessionId) -> Result<bool> {
    Ok(sessions::is_open(services.database.house(), id, services.now()).await?)
}

pub async fn sign_out(services: &Services, who: &Principal, device: &Device) -> Result<()> {
    // Who looks at another person's pages ends their own session.
    let owner = who.viewed_by.as_ref().map_or(who.user_id, |viewer| viewer.user_id);
    let mut tx = services.database.begin_as(owner).await?;
    sessions::delete(&mut *tx, who.session_id).await?;
    audit::record(services, &mut tx, Act::of(owner, "session.closed"), device).await?;
    tx.commit().await?;
    Ok(())
}

/// A device of one's own, for its owner.
#[derive(Clone, Debug)]
pub struct SignedInDevice {
    pub id: SessionId,
    pub user_agent: String,
    pub address: String,
    pub created_at: DateTime<Utc>,
    pub last_seen_at: DateTime<Utc>,
    /// Whether it is the one that asks.
    pub this: bool,
}

/// The devices on which one is signed in.
pub async fn devices(services: &Services, who: &Principal) -> Result<Vec<SignedInDevice>> {
    let mut db = services.database.begin_as(who.user_id).await?;
    let devices = sessions::of_user(&mut *db, who.user_id, services.now()).await?;
    Ok(devices
        .into_iter()
        .map(|device| SignedInDevice {
            this: device.id == who.session_id,
            id: device.id,
            user_agent: device.user_agent,
            address: device.address,
            created_at: device.created_at,
            last_seen_at: device.last_seen_at,
        })
        .collect())
}

/// Signs out one of one's own devices. Whoever found a browser open cannot do it to its owner.
pub async fn sign_out_device(
    services: &Services,
    who: &Principal,
    id: SessionId,
    device: &Device,
) -> Result<()> {
    who.proved(services.now())?;
    let mut tx = act_as(services, who).await?;
    if !sessions::delete_of_user(&mut *tx, who.user_id, id).await? {
        return Err(ServiceError::NotFound("device"));
    }
    audit::record(services, &mut tx, Act::of(who.user_id, "session.closed"), device).await?;
    tx.commit().await?;
    Ok(())
}

/// Signs out everywhere but here; gives on how many devices that was.
pub async fn sign_out_others(services: &Services, who: &Principal, device: &Device) -> Result<u64> {
    who.proved(services.now())?;
    let mut tx = act_as(services, who).await?;
    let count = sessions::delete_others(&mut *tx, who.user_id, Some(who.session_id)).await?;
    let act = Act::of(who.user_id, "session.closed_elsewhere").after(&count);
    audit::record(services, &mut tx, act, device).await?;
    tx.commit().await?;
    Ok(count)
}

/// Proves again who one is, with the password; whoever has a second factor uses that instead. The
/// session gets another token.
pub async fn confirm(
    services: &Services,
    who: &Principal,
    password: &str,
    device: &Device,
) -> Result<SignedIn> {
    let wrong = || FieldErrors::one("password", "That is not your password.");
    if password.chars().count() > *PASSWORD_LENGTH.end() {
        return Err(wrong().into());
    }
    let guarded =
        || FieldErrors::one("password", "Your account has a second factor. Please confirm with that.");
    if is_guarded(&mut *services.database.house().acquire().await?, who.user_id).await? {
        return Err(guarded().into());
    }
    let attempt = guesses::confirmation(services, who.session_id).await?;
    let known = users::credentials_of(services.database.house(), who.user_id).await?;
    let hash = known.and_then(|known| known.password_hash);
    let verdict = services.passwords.verify(password.into(), hash).await.map_err(ServiceError::internal)?;
    let right = verdict.is_right();
    if right {
        attempt.was_right(services).await;
    }
    let mut tx = services.database.begin_as(who.user_id).await?;
    if !right {
        audit::record(services, &mut tx, Act::of(who.user_id, "proof.failed"), device).await?;
        tx.commit().await?;
        return Err(wrong().into());
    }
    // Whoever sets a second factor up meanwhile holds the account, and from then on asks for that.
    ways_in::hold(&mut tx, who.user_id).await?;
    if is_guarded(&mut tx, who.user_id).await? {
        return Err(guarded().into());
    }
    let renewed = renew(services, &mut tx, who, None).await?;
    audit::record(services, &mut tx, Act::of(who.user_id, "proof.given"), device).await?;
    tx.commit().await?;
    Ok(renewed)
}

/// Gives a session another token, because its owner has just proved who they are.
pub(crate) async fn renew(
    services: &Services,
    db: &mut sqlx::PgConnection,
    who: &Principal,
    second_factor: Option<SecondFactor>,
) -> Result<SignedIn> {
    rotate(db, who, Some(Proof { at: services.now(), second_factor })).await
}

/// Gives a session another token, because what guards the account has changed. That is no proof of
/// who somebody is: the last one ages on, or stays taken back.
pub(crate) async fn change_token(db: &mut sqlx::PgConnection, who: &Principal) -> Result<SignedIn> {
    rotate(db, who, None).await
}

async fn rotate(db: &mut sqlx::PgConnection, who: &Principal, proof: Option<Proof>) -> Result<SignedIn> {
    let (token, token_hash) = new_token()?;
    // Whatever was changed with it is undone where somebody has ended the session meanwhile.
    if !sessions::rotate(db, who.session_id, &token_hash, proof).await? {
        return Err(ServiceError::SignedOut);
    }
    let keep_for = Limits::of(&who.roles).idle;
    Ok(SignedIn { user_id: who.user_id, token, keep_for, known_browser: None })
}
