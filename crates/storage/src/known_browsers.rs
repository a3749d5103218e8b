//! Browsers on which somebody has signed in before, by the hash of the token that they keep.

use chrono::{DateTime, Utc};
use domain::UserId;
use sqlx::{PgConnection, PgExecutor};

use crate::Result;

/// Remembers a browser for this person. Of theirs, at most so many are remembered: those used last.
pub async fn remember(
    db: &mut PgConnection,
    token_hash: &[u8; 32],
    user_id: UserId,
    most: i64,
    now: DateTime<Utc>,
) -> Result<()> {
    // What is deleted is looked for among those from before: the new one counts beside them.
    sqlx::query!(
        "with new as (
             insert into auth.known_browsers (token_hash, user_id, last_used_at) values ($1, $2, $3)
         )
         delete from auth.known_browsers where token_hash in
             (select token_hash from auth.known_browsers where user_id = $2
              order by last_used_at desc offset $4::bigint - 1)",
        token_hash.as_slice(),
        user_id.uuid(),
        now,
        most,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Whether this person has signed in on the browser before; notes once a day that it is used.
pub async fn is_of(
    db: impl PgExecutor<'_>,
    token_hash: &[u8; 32],
    user_id: UserId,
    now: DateTime<Utc>,
) -> Result<bool> {
    let is_of = sqlx::query_scalar!(
        r#"with used as (
               update auth.known_browsers set last_used_at = $3
               where token_hash = $1 and user_id = $2 and last_used_at < $3::timestamptz - interval '1 day'
           )
           select exists (select from auth.known_browsers where token_hash = $1 and user_id = $2) as "is!""#,
        token_hash.as_slice(),
        user_id.uuid(),
        now,
    )
    .fetch_one(db)
    .await?;
    Ok(is_of)
}

/// Who has signed in on the browser before.
pub async fn owner(db: impl PgExecutor<'_>, token_hash: &[u8; 32]) -> Result<Option<UserId>> {
    let owner = sqlx::query_scalar!(
        "select user_id from auth.known_browsers where token_hash = $1",
        token_hash.as_slice(),
    )
    .fetch_optional(db)
    .await?;
    Ok(owner.map(UserId::from))
}

/// Forgets browsers that were not used since.
pub async fn prune(db: impl PgExecutor<'_>, before: DateTime<Utc>) -> Result<()> {
    sqlx::query!("delete from auth.known_browsers where last_used_at < $1", before).execute(db).await?;
    Ok(())
}
