//! Browsers that need not give the second factor for a while. Only the hash of a token is stored.

use chrono::{DateTime, Utc};
use domain::{TrustedDeviceId, UserId};
use sqlx::PgExecutor;

use crate::Result;

/// A trusted browser, as its owner sees it.
#[derive(Clone, Debug)]
pub struct TrustedDevice {
    pub id: TrustedDeviceId,
    pub user_agent: String,
    pub address: String,
    pub created_at: DateTime<Utc>,
    pub last_used_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
}

pub struct NewTrustedDevice<'a> {
    pub id: TrustedDeviceId,
    pub user_id: UserId,
    pub token_hash: &'a [u8; 32],
    pub user_agent: &'a str,
    pub address: &'a str,
    pub created_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
}

pub async fn insert(db: impl PgExecutor<'_>, new: &NewTrustedDevice<'_>) -> Result<()> {
    sqlx::query!(
        "insert into auth.trusted_devices
             (id, user_id, token_hash, user_agent, address, created_at, last_used_at, expires_at)
         values ($1, $2, $3, $4, $5, $6, $6, $7)",
        new.id.uuid(),
        new.user_id.uuid(),
        new.token_hash.as_slice(),
        new.user_agent,
        new.address,
        new.created_at,
        new.expires_at,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Notes that a person signs in with a trusted browser; false if it is none of theirs.
pub async fn note_use(
    db: impl PgExecutor<'_>,
    user_id: UserId,
    token_hash: &[u8; 32],
    now: DateTime<Utc>,
) -> Result<bool> {
    let done = sqlx::query!(
        "update auth.trusted_devices set last_used_at = $3
         where user_id = $1 and token_hash = $2 and expires_at > $3",
        user_id.uuid(),
        token_hash.as_slice(),
        now,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// A person's trusted browsers, those used last first.
pub async fn of_user(
    db: impl PgExecutor<'_>,
    user_id: UserId,
    now: DateTime<Utc>,
) -> Result<Vec<TrustedDevice>> {
    let rows = sqlx::query_as!(
        TrustedDevice,
        "select id, user_agent, address, created_at, last_used_at, expires_at from auth.trusted_devices
         where user_id = $1 and expires_at > $2 order by last_used_at desc, id desc limit 100",
        user_id.uuid(),
        now,
    )
    .fetch_all(db)
    .await?;
    Ok(rows)
}

/// False if it is none of theirs.
pub async fn delete(db: impl PgExecutor<'_>, user_id: UserId, id: TrustedDeviceId) -> Result<bool> {
    let done = sqlx::query!(
        "delete from auth.trusted_devices where user_id = $1 and id = $2",
        user_id.uuid(),
        id.uuid(),
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() > 0)
}

pub async fn delete_of_user(db: impl PgExecutor<'_>, user_id: UserId) -> Result<u64> {
    let done = sqlx::query!("delete from auth.trusted_devices where user_id = $1", user_id.uuid())
        .execute(db)
        .await?;
    Ok(done.rows_affected())
}

pub async fn delete_expired(db: impl PgExecutor<'_>, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!("delete from auth.trusted_devices where expires_at <= $1", now).execute(db).await?;
    Ok(())
}
