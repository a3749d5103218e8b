//! Links by which one chooses a new password without knowing the old one. Only hashes are stored.

use chrono::{DateTime, Utc};
use domain::UserId;
use sqlx::{PgConnection, PgExecutor};

use crate::Result;

/// Gives a person a link, in place of an earlier one.
pub async fn set(
    db: &mut PgConnection,
    user_id: UserId,
    token_hash: &[u8; 32],
    expires_at: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "insert into auth.password_resets (user_id, token_hash, expires_at) values ($1, $2, $3)
         on conflict (user_id) do update set token_hash = excluded.token_hash, expires_at = excluded.expires_at",
        user_id.uuid(),
        token_hash.as_slice(),
        expires_at,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Whose link it is, if it is still good.
pub async fn owner(
    db: impl PgExecutor<'_>,
    token_hash: &[u8; 32],
    now: DateTime<Utc>,
) -> Result<Option<UserId>> {
    let owner = sqlx::query_scalar!(
        "select user_id from auth.password_resets where token_hash = $1 and expires_at > $2",
        token_hash.as_slice(),
        now,
    )
    .fetch_optional(db)
    .await?;
    Ok(owner.map(UserId::from))
}

/// Takes a link out of use; false if somebody else did so, or it is too old.
pub async fn take(db: &mut PgConnection, token_hash: &[u8; 32], now: DateTime<Utc>) -> Result<bool> {
    let done = sqlx::query!(
        "delete from auth.password_resets where token_hash = $1 and expires_at > $2",
        token_hash.as_slice(),
        now,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// A person's link opens nothing any more.
pub async fn forget(db: &mut PgConnection, user_id: UserId) -> Result<()> {
    sqlx::query!("delete from auth.password_resets where user_id = $1", user_id.uuid()).execute(db).await?;
    Ok(())
}

pub async fn delete_expired(db: impl PgExecutor<'_>, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!("delete from auth.password_resets where expires_at <= $1", now).execute(db).await?;
    Ok(())
}
