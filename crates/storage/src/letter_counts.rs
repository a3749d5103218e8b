//! How many letters were sent to an address that anybody can name, by the half hour.

use chrono::{DateTime, DurationRound as _, TimeDelta, Utc};
use sha2::{Digest as _, Sha256};
use sqlx::PgExecutor;

use crate::Result;

/// Counts a letter of a kind; gives how many it are within the half hour, with it.
pub async fn count(db: impl PgExecutor<'_>, kind: &str, address: &str, now: DateTime<Utc>) -> Result<i32> {
    let hash = Sha256::digest(format!("{kind} {address}"));
    let half_hour = now.duration_trunc(TimeDelta::minutes(30)).unwrap_or(now);
    Ok(sqlx::query_scalar!(
        "insert into auth.letter_counts as counts (address_hash, half_hour, sent) values ($1, $2, 1)
         on conflict (address_hash, half_hour) do update set sent = counts.sent + 1 returning sent",
        hash.as_slice(),
        half_hour,
    )
    .fetch_one(db)
    .await?)
}

pub async fn prune(db: impl PgExecutor<'_>, before: DateTime<Utc>) -> Result<()> {
    sqlx::query!("delete from auth.letter_counts where half_hour < $1", before).execute(db).await?;
    Ok(())
}
