//! Signing up, in and out, and the basics of one's own account.

use chrono::Duration;
use domain::{
    FieldErrors, SessionId, UserId,
    account::{AccountForm, Email, PASSWORD_LENGTH, SignInForm, SignUpForm},
    role::Role,
};
use events::Event;
use identity::{Principal, token};
use secrecy::{ExposeSecret as _, SecretString};
use storage::{
    sessions::{self, NewSession},
    users::{self, NewUser, User},
};

use crate::{Result, ServiceError, Services};

/// How long a session lasts without being used.
pub const SESSION_IDLE: Duration = Duration::days(30);

/// A session's use is noted at most so often.
const TOUCH_EVERY: Duration = Duration::minutes(10);

/// The token of a new session; it is shown to the browser once and stored only as a hash.
pub struct SignedIn {
    pub user_id: UserId,
    pub token: SecretString,
}

pub async fn sign_up(services: &Services, form: &SignUpForm, user_agent: &str) -> Result<SignedIn> {
    let sign_up = form.validate()?;
    let password_hash =
        services.passwords.hash(sign_up.password.into()).await.map_err(ServiceError::internal)?;
    let id = UserId::new();
    let mut tx = services.database.begin().await?;
    let user = NewUser {
        id,
        email: &sign_up.email,
        display_name: &sign_up.display_name,
        password_hash: &password_hash,
        region: sign_up.region,
        roles: &sign_up.roles,
    };
    users::insert(&mut tx, &user).await.map_err(|error| {
        if error.is_refused_by(users::EMAIL_UNIQUE) {
            FieldErrors::one("email", "This address has an account already. Sign in instead.").into()
        } else {
            ServiceError::from(error)
        }
    })?;
    let token = open_session(services, &mut tx, id, user_agent).await?;
    tx.commit().await?;
    Ok(SignedIn { user_id: id, token })
}

pub async fn sign_in(services: &Services, form: &SignInForm, user_agent: &str) -> Result<SignedIn> {
    let wrong = || FieldErrors::one("password", "The e-mail address or the password is not right.");
    let email = Email::parse(&form.email).map_err(|message| FieldErrors::one("email", message))?;
    if form.password.chars().count() > *PASSWORD_LENGTH.end() {
        return Err(wrong().into());
    }
    let known = users::credentials(services.database.pool(), &email).await?;
    let (user_id, hash) = known.map_or((None, None), |known| (Some(known.user_id), known.password_hash));
    let password = SecretString::from(form.password.clone());
    let right = services.passwords.verify(password, hash).await.map_err(ServiceError::internal)?.is_right();
    let user_id = user_id.filter(|_| right).ok_or_else(wrong)?;
    let mut tx = services.database.begin().await?;
    let token = open_session(services, &mut tx, user_id, user_agent).await?;
    tx.commit().await?;
    Ok(SignedIn { user_id, token })
}

async fn open_session(
    services: &Services,
    db: &mut sqlx::PgConnection,
    user_id: UserId,
    user_agent: &str,
) -> Result<SecretString> {
    let token = token::generate().map_err(ServiceError::internal)?;
    let token_hash = token::hash(token.expose_secret()).ok_or(ServiceError::SignedOut)?;
    let user_agent: String = user_agent.chars().filter(|c| !c.is_control()).take(300).collect();
    let session = NewSession {
        id: SessionId::new(),
        user_id,
        token_hash: &token_hash,
        user_agent: &user_agent,
        expires_at: services.now() + SESSION_IDLE,
    };
    sessions::insert(db, &session).await?;
    Ok(token)
}

/// Who is behind a session token; none if it is unknown or has expired.
pub async fn authenticate(services: &Services, token: &str) -> Result<Option<Principal>> {
    let Some(token_hash) = token::hash(token) else { return Ok(None) };
    let now = services.now();
    let pool = services.database.pool();
    let Some(session) = sessions::by_token(pool, &token_hash, now).await? else { return Ok(None) };
    if now - session.last_seen_at > TOUCH_EVERY {
        sessions::touch(pool, session.id, now, now + SESSION_IDLE).await?;
    }
    Ok(Some(Principal {
        user_id: session.user_id,
        session_id: session.id,
        display_name: session.display_name,
        region: session.region,
        roles: session.roles,
    }))
}

pub async fn sign_out(services: &Services, who: &Principal) -> Result<()> {
    Ok(sessions::delete(services.database.pool(), who.session_id).await?)
}

/// One's own account.
pub async fn own(services: &Services, who: &Principal) -> Result<User> {
    users::by_id(services.database.pool(), who.user_id).await?.ok_or(ServiceError::NotFound("account"))
}

/// Changes name, home region and roles. A freelancer's profile moves along with its owner, and is
/// paused when they give up freelancing.
pub async fn change(services: &Services, who: &Principal, form: &AccountForm) -> Result<()> {
    let change = form.validate()?;
    let mut tx = services.database.begin().await?;
    if !change.roles.contains(Role::Client) && storage::jobs::has_open(&mut *tx, who.user_id).await? {
        let message = "You have open jobs as a client. Close them before you give up hiring.";
        return Err(FieldErrors::one("purpose", message).into());
    }
    if !change.roles.contains(Role::Freelancer) {
        storage::profiles::pause(&mut tx, who.user_id, services.now()).await?;
    }
    users::update(&mut tx, who.user_id, &change.display_name, change.region).await?;
    users::set_roles(&mut tx, who.user_id, &change.roles).await?;
    storage::profiles::set_region(&mut tx, who.user_id, change.region, services.now()).await?;
    // The name is masked in what is embedded, and the region is a condition of matching: either
    // change may alter the matches of a profile. Without one, there is nothing to do.
    events::append(&mut tx, Event::ProfileSaved { user_id: who.user_id }).await?;
    tx.commit().await?;
    Ok(())
}
