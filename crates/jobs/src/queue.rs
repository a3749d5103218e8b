//! The SQL of the queue, as the runner sees it.

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::{PgConnection, PgExecutor, PgPool, postgres::PgListener};
use uuid::Uuid;

use crate::Result;

/// Allows one waiting job for each kind and key.
const WAITING_ONCE: &str = "background_jobs_waiting_once";

/// A job that this process is to do.
#[derive(Debug)]
pub(crate) struct Claimed {
    pub(crate) id: i64,
    pub(crate) kind: String,
    pub(crate) payload: Value,
    pub(crate) claim: Uuid,
    /// This one included.
    pub(crate) attempts: i32,
}

/// Gives the new job's identifier, or none if one of the same key waits. That one is locked until
/// the transaction ends, and runners skip what is locked: it cannot be done without having seen
/// what the transaction wrote.
pub(crate) async fn insert(
    db: &mut PgConnection,
    kind: &str,
    payload: &Value,
    unique_key: Option<&str>,
    run_at: DateTime<Utc>,
) -> Result<Option<i64>> {
    let row = sqlx::query!(
        r#"select id as "id!", is_new as "is_new!" from core.enqueue_job($1, $2, $3, $4)"#,
        kind,
        payload,
        unique_key,
        run_at,
    )
    .fetch_one(db)
    .await?;
    Ok(row.is_new.then_some(row.id))
}

/// Claims at most `limit` due jobs of the given kinds until `until`. A claim that has lapsed makes a
/// job due again.
pub(crate) async fn claim(
    db: impl PgExecutor<'_>,
    kinds: &[String],
    limit: i64,
    now: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Result<Vec<Claimed>> {
    Ok(sqlx::query_as!(
        Claimed,
        r#"with due as (
               select id from core.background_jobs
               where finished_at is null and parked_at is null and run_at <= $1 and kind = any($2)
               order by run_at, id limit $3 for update skip locked)
           update core.background_jobs job
           set attempts = attempts + 1, claim = gen_random_uuid(), run_at = $4
           from due where job.id = due.id
           returning job.id, kind, payload as "payload!", claim as "claim!", attempts"#,
        now,
        kinds,
        limit,
        until,
    )
    .fetch_all(db)
    .await?)
}

/// Prolongs a claim; false if it is no longer held.
pub(crate) async fn prolong(
    db: impl PgExecutor<'_>,
    id: i64,
    claim: Uuid,
    until: DateTime<Utc>,
) -> Result<bool> {
    let done = sqlx::query!(
        "update core.background_jobs set run_at = $3 where id = $1 and claim = $2",
        id,
        claim,
        until
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Marks a job as done and forgets what it held; false if the claim is no longer held.
pub(crate) async fn finish(
    db: impl PgExecutor<'_>,
    id: i64,
    claim: Uuid,
    now: DateTime<Utc>,
) -> Result<bool> {
    let done = sqlx::query!(
        "update core.background_jobs set finished_at = $3, payload = null, claim = null, last_error = null
         where id = $1 and claim = $2",
        id,
        claim,
        now
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Puts a job back in the queue, not to be tried before `run_at`. If one of the same key has come
/// to wait meanwhile, this one ends: the other does its work.
pub(crate) async fn try_again(
    pool: &PgPool,
    id: i64,
    claim: Uuid,
    error: &str,
    run_at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<()> {
    let put_back = sqlx::query!(
        "update core.background_jobs set claim = null, run_at = $3, last_error = left($4, 1000)
         where id = $1 and claim = $2",
        id,
        claim,
        run_at,
        error,
    )
    .execute(pool)
    .await;
    match put_back {
        Ok(_) => Ok(()),
        Err(sqlx::Error::Database(refused)) if refused.constraint() == Some(WAITING_ONCE) => {
            finish(pool, id, claim, now).await.map(drop)
        }
        Err(error) => Err(error.into()),
    }
}

/// Sets a job aside for an operator.
pub(crate) async fn park(
    db: impl PgExecutor<'_>,
    id: i64,
    claim: Uuid,
    error: &str,
    now: DateTime<Utc>,
) -> Result<()> {
    // Due at once when an operator puts it back.
    sqlx::query!(
        "update core.background_jobs set claim = null, parked_at = $3, run_at = $3, last_error = left($4, 1000)
         where id = $1 and claim = $2",
        id,
        claim,
        now,
        error,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// A connection that hears of new jobs at their commit.
pub(crate) async fn listen(pool: &PgPool) -> Result<PgListener> {
    let mut listener = PgListener::connect_with(pool).await?;
    listener.listen("background_jobs").await?;
    Ok(listener)
}
