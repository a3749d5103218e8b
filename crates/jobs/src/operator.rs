//! What an operator sees and does.

use chrono::{DateTime, Utc};
use sqlx::PgExecutor;

use crate::Result;

/// A job that was given up. What it held is not shown: it may be somebody's.
#[derive(Clone, Debug)]
pub struct Parked {
    pub id: i64,
    pub kind: String,
    pub attempts: i32,
    pub last_error: String,
    pub created_at: DateTime<Utc>,
    pub parked_at: DateTime<Utc>,
}

/// The jobs that were given up, the longest parked first.
pub async fn parked(db: impl PgExecutor<'_>, limit: i64) -> Result<Vec<Parked>> {
    Ok(sqlx::query_as!(
        Parked,
        r#"select id, kind, attempts, coalesce(last_error, '') as "last_error!", created_at,
                  parked_at as "parked_at!"
           from core.background_jobs where parked_at is not null order by parked_at, id limit $1"#,
        limit
    )
    .fetch_all(db)
    .await?)
}

/// Puts parked jobs back in the queue with all their attempts, all of them or one; gives how many.
/// A waiting job of the same unique key does not stand in their way.
pub async fn retry_parked(db: impl PgExecutor<'_>, id: Option<i64>) -> Result<u64> {
    let done = sqlx::query!(
        "update core.background_jobs set parked_at = null, attempts = 0, unique_key = null
         where parked_at is not null and ($1::bigint is null or id = $1)",
        id
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}

/// Removes a parked job that nobody will do any more; false if there is none.
pub async fn discard_parked(db: impl PgExecutor<'_>, id: i64) -> Result<bool> {
    let done = sqlx::query!("delete from core.background_jobs where id = $1 and parked_at is not null", id)
        .execute(db)
        .await?;
    Ok(done.rows_affected() > 0)
}

/// Removes jobs that were finished before `before`; gives how many.
pub async fn prune(db: impl PgExecutor<'_>, before: DateTime<Utc>) -> Result<u64> {
    let done =
        sqlx::query!("delete from core.background_jobs where finished_at < $1", before).execute(db).await?;
    Ok(done.rows_affected())
}

/// How things stand in the queue.
#[derive(Clone, Copy, Debug, Default)]
pub struct Health {
    /// Waiting for their time or for a worker.
    pub waiting: i64,
    pub running: i64,
    pub parked: i64,
    /// How long the job that waits longest for a worker has been due, in seconds.
    pub lag_seconds: f64,
}

pub async fn health(db: impl PgExecutor<'_>, now: DateTime<Utc>) -> Result<Health> {
    Ok(sqlx::query_as!(
        Health,
        r#"select count(*) filter (where parked_at is null and claim is null) as "waiting!",
                  count(*) filter (where claim is not null) as "running!",
                  count(*) filter (where parked_at is not null) as "parked!",
                  coalesce(greatest(extract(epoch from
                      $1 - min(run_at) filter (where parked_at is null)), 0), 0)::float8 as "lag_seconds!"
           from core.background_jobs where finished_at is null"#,
        now
    )
    .fetch_one(db)
    .await?)
}
