//! Passkeys, and what browsers were asked to sign.

use chrono::{DateTime, Utc};
use domain::{PasskeyId, UserId};
use sqlx::PgExecutor;

use crate::Result;

/// A passkey; what it is made of is JSON that `identity` reads.
#[derive(Clone, Debug)]
pub struct StoredPasskey {
    pub id: PasskeyId,
    pub user_id: UserId,
    pub passkey: String,
    pub name: String,
    pub created_at: DateTime<Utc>,
    pub last_used_at: Option<DateTime<Utc>>,
}

pub struct NewPasskey<'a> {
    pub id: PasskeyId,
    pub user_id: UserId,
    pub credential_id: &'a [u8],
    pub passkey: &'a str,
    pub name: &'a str,
    pub created_at: DateTime<Utc>,
}

/// The constraint that keeps a passkey to one account.
pub const CREDENTIAL_UNIQUE: &str = "passkeys_credential_id_unique";

/// Errors: refused by [`CREDENTIAL_UNIQUE`] if it is there already.
pub async fn insert(db: impl PgExecutor<'_>, new: &NewPasskey<'_>) -> Result<()> {
    sqlx::query!(
        "insert into auth.passkeys (id, user_id, credential_id, passkey, name, created_at)
         values ($1, $2, $3, $4, $5, $6)",
        new.id.uuid(),
        new.user_id.uuid(),
        new.credential_id,
        new.passkey,
        new.name,
        new.created_at,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// A person's passkeys, the oldest first.
pub async fn of_user(db: impl PgExecutor<'_>, user_id: UserId) -> Result<Vec<StoredPasskey>> {
    let rows = sqlx::query_as!(
        StoredPasskey,
        "select id, user_id, passkey, name, created_at, last_used_at from auth.passkeys
         where user_id = $1 order by created_at, id limit 100",
        user_id.uuid(),
    )
    .fetch_all(db)
    .await?;
    Ok(rows)
}

/// Whose the passkey of this name is.
pub async fn owner(db: impl PgExecutor<'_>, credential_id: &[u8]) -> Result<Option<UserId>> {
    let owner =
        sqlx::query_scalar!("select user_id from auth.passkeys where credential_id = $1", credential_id)
            .fetch_optional(db)
            .await?;
    Ok(owner.map(UserId::from))
}

/// The passkey of this name among all; it stays as it is until the transaction ends.
pub async fn by_credential(db: impl PgExecutor<'_>, credential_id: &[u8]) -> Result<Option<StoredPasskey>> {
    let row = sqlx::query_as!(
        StoredPasskey,
        "select id, user_id, passkey, name, created_at, last_used_at from auth.passkeys
         where credential_id = $1 for update",
        credential_id,
    )
    .fetch_optional(db)
    .await?;
    Ok(row)
}

/// Stores what a use has shown.
pub async fn used(db: impl PgExecutor<'_>, id: PasskeyId, passkey: &str, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "update auth.passkeys set passkey = $2, last_used_at = $3 where id = $1",
        id.uuid(),
        passkey,
        now,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// False if it is none of theirs.
pub async fn rename(db: impl PgExecutor<'_>, user_id: UserId, id: PasskeyId, name: &str) -> Result<bool> {
    let done = sqlx::query!(
        "update auth.passkeys set name = $3 where user_id = $1 and id = $2",
        user_id.uuid(),
        id.uuid(),
        name,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Gives its name; none if it is none of theirs.
pub async fn delete(db: impl PgExecutor<'_>, user_id: UserId, id: PasskeyId) -> Result<Option<String>> {
    let name = sqlx::query_scalar!(
        "delete from auth.passkeys where user_id = $1 and id = $2 returning name",
        user_id.uuid(),
        id.uuid(),
    )
    .fetch_optional(db)
    .await?;
    Ok(name)
}

/// What a ceremony is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Registration,
    Confirmation,
    SignIn,
}

impl Kind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Registration => "registration",
            Self::Confirmation => "confirmation",
            Self::SignIn => "sign_in",
        }
    }
}

/// Keeps the state of a ceremony; `user_id` is none for [`Kind::SignIn`] alone.
pub async fn begin(
    db: impl PgExecutor<'_>,
    token_hash: &[u8; 32],
    kind: Kind,
    user_id: Option<UserId>,
    state: &str,
    expires_at: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "insert into auth.passkey_ceremonies (token_hash, kind, user_id, state, expires_at)
         values ($1, $2, $3, $4, $5)",
        token_hash.as_slice(),
        kind.as_str(),
        user_id.map(UserId::uuid),
        state,
        expires_at,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Takes the state of a ceremony away; none if there is none for this, or it took too long.
pub async fn take(
    db: impl PgExecutor<'_>,
    token_hash: &[u8; 32],
    kind: Kind,
    user_id: Option<UserId>,
    now: DateTime<Utc>,
) -> Result<Option<String>> {
    let state = sqlx::query_scalar!(
        "delete from auth.passkey_ceremonies
         where token_hash = $1 and kind = $2 and user_id is not distinct from $3 and expires_at > $4
         returning state",
        token_hash.as_slice(),
        kind.as_str(),
        user_id.map(UserId::uuid),
        now,
    )
    .fetch_optional(db)
    .await?;
    Ok(state)
}

pub async fn delete_expired(db: impl PgExecutor<'_>, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!("delete from auth.passkey_ceremonies where expires_at <= $1", now).execute(db).await?;
    Ok(())
}
