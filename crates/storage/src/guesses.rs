//! Attempts that could be guesses, counted by the hash of whatever they are counted for.

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgExecutor};

use crate::Result;

/// How attempts of one key are slowed.
#[derive(Clone, Copy, Debug)]
pub struct Slowing {
    /// So many failures cost nothing; each one more doubles the wait, from a second on.
    pub free: i32,
    /// The longest wait, in seconds.
    pub longest: f64,
    /// Failures before this are forgotten where none followed.
    pub forget_before: DateTime<Utc>,
}

/// Counts an attempt as a failure until it is known to be none. False if none is due yet; it then
/// does not count.
pub async fn charge(
    db: &mut PgConnection,
    key: &[u8; 32],
    slowing: Slowing,
    now: DateTime<Utc>,
) -> Result<bool> {
    let charged = sqlx::query_scalar!(
        r#"select auth.charge_guess($1, $2, $3, $4, $5) as "charged!""#,
        key.as_slice(),
        now,
        slowing.free,
        slowing.longest,
        slowing.forget_before,
    )
    .fetch_one(db)
    .await?;
    Ok(charged)
}

/// When the last of these keys may be tried again.
pub async fn blocked_until(db: impl PgExecutor<'_>, keys: &[[u8; 32]]) -> Result<Option<DateTime<Utc>>> {
    let keys: Vec<_> = keys.iter().map(|key| key.to_vec()).collect();
    Ok(sqlx::query_scalar!("select max(blocked_until) from auth.guesses where key = any($1)", &keys)
        .fetch_one(db)
        .await?)
}

/// How many failures of a key count since a moment.
pub async fn failures(db: impl PgExecutor<'_>, key: &[u8; 32], since: DateTime<Utc>) -> Result<i32> {
    let failures = sqlx::query_scalar!(
        "select failures from auth.guesses where key = $1 and last_at >= $2",
        key.as_slice(),
        since,
    )
    .fetch_optional(db)
    .await?;
    Ok(failures.unwrap_or(0))
}

/// Takes one attempt back: it was right.
pub async fn refund(db: &mut PgConnection, key: &[u8; 32], now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "update auth.guesses set failures = greatest(failures - 1, 0), blocked_until = least(blocked_until, $2)
         where key = $1",
        key.as_slice(),
        now,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Forgets all failures of a key.
pub async fn forget(db: &mut PgConnection, key: &[u8; 32]) -> Result<()> {
    sqlx::query!("delete from auth.guesses where key = $1", key.as_slice()).execute(db).await?;
    Ok(())
}

/// Forgets what no longer slows anybody.
pub async fn prune(db: impl PgExecutor<'_>, before: DateTime<Utc>) -> Result<()> {
    sqlx::query!("delete from auth.guesses where last_at < $1", before).execute(db).await?;
    Ok(())
}
