//! The transactional outbox: events written together with the change they tell of.

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::{PgConnection, PgExecutor, PgPool, postgres::PgListener};
use uuid::Uuid;

use crate::Result;

/// An event that waits for its delivery.
#[derive(Clone, Debug)]
pub struct Pending {
    pub id: i64,
    pub aggregate_id: Uuid,
    pub event: Value,
    pub created_at: DateTime<Utc>,
    /// How often delivery was tried already.
    pub attempts: i32,
}

/// Writes an event in the caller's transaction. At commit the relay is woken.
pub async fn append(db: &mut PgConnection, aggregate_id: Uuid, event: &Value) -> Result<()> {
    sqlx::query!("insert into core.outbox (aggregate_id, event) values ($1, $2)", aggregate_id, event)
        .execute(db)
        .await?;
    Ok(())
}

/// The oldest events that are due, each the first pending one of its aggregate.
pub async fn due(db: impl PgExecutor<'_>, limit: i64) -> Result<Vec<Pending>> {
    Ok(sqlx::query_as!(
        Pending,
        r#"select id, aggregate_id, event, created_at, attempts from core.outbox o
           where delivered_at is null and parked_at is null and due_at <= clock_timestamp()
             and not exists (
                 select from core.outbox earlier
                 where earlier.delivered_at is null and earlier.parked_at is null
                   and earlier.aggregate_id = o.aggregate_id and earlier.id < o.id)
           order by id limit $1"#,
        limit,
    )
    .fetch_all(db)
    .await?)
}

/// Marks an event as delivered in the caller's transaction, which is to hold its effects. False if
/// somebody else delivers or has delivered it.
pub async fn claim(db: &mut PgConnection, id: i64) -> Result<bool> {
    let done = sqlx::query!(
        "update core.outbox set delivered_at = clock_timestamp(), last_error = null
         where id = (select id from core.outbox where id = $1 and delivered_at is null and parked_at is null
                     for update skip locked)",
        id
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Notes a failed delivery: the next one is tried at `due_at`, or never if there is none.
pub async fn failed(
    db: impl PgExecutor<'_>,
    id: i64,
    error: &str,
    due_at: Option<DateTime<Utc>>,
) -> Result<()> {
    sqlx::query!(
        "update core.outbox set attempts = attempts + 1, last_error = left($2, 1000),
             due_at = coalesce($3, due_at),
             parked_at = case when $3::timestamptz is null then clock_timestamp() end
         where id = $1 and delivered_at is null",
        id,
        error,
        due_at,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// How things stand in the outbox.
#[derive(Clone, Copy, Debug, Default)]
pub struct Health {
    pub pending: i64,
    pub parked: i64,
    /// Age of the oldest pending event in seconds.
    pub lag_seconds: f64,
}

pub async fn health(db: impl PgExecutor<'_>) -> Result<Health> {
    Ok(sqlx::query_as!(
        Health,
        r#"select (select count(*) from core.outbox where delivered_at is null and parked_at is null) as "pending!",
                  (select count(*) from core.outbox where parked_at is not null) as "parked!",
                  coalesce((select extract(epoch from clock_timestamp() - min(created_at)) from core.outbox
                            where delivered_at is null and parked_at is null), 0)::float8 as "lag_seconds!""#
    )
    .fetch_one(db)
    .await?)
}

/// A parked event, for an operator to look at.
#[derive(Clone, Debug)]
pub struct Parked {
    pub id: i64,
    pub event: Value,
    pub attempts: i32,
    pub last_error: Option<String>,
    pub created_at: DateTime<Utc>,
}

pub async fn parked(db: impl PgExecutor<'_>, limit: i64) -> Result<Vec<Parked>> {
    Ok(sqlx::query_as!(
        Parked,
        "select id, event, attempts, last_error, created_at from core.outbox
         where parked_at is not null order by id limit $1",
        limit
    )
    .fetch_all(db)
    .await?)
}

/// Puts parked events back in the queue, all of them or one; gives how many.
pub async fn unpark(db: impl PgExecutor<'_>, id: Option<i64>) -> Result<u64> {
    let done = sqlx::query!(
        "update core.outbox set parked_at = null, attempts = 0, due_at = clock_timestamp()
         where parked_at is not null and ($1::bigint is null or id = $1)",
        id
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}

/// Removes events delivered before `before`; gives how many.
pub async fn prune(db: impl PgExecutor<'_>, before: DateTime<Utc>) -> Result<u64> {
    let done = sqlx::query!("delete from core.outbox where delivered_at < $1", before).execute(db).await?;
    Ok(done.rows_affected())
}

/// A connection that hears of new events at their commit.
pub async fn listen(pool: &PgPool) -> Result<PgListener> {
    let mut listener = PgListener::connect_with(pool).await?;
    listener.listen("outbox").await?;
    Ok(listener)
}
