//! Jobs whose candidates are to be ranked anew.

use chrono::{DateTime, Utc};
use domain::{JobId, UserId};
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

use crate::Result;

/// Asks for a new ranking of every open job.
pub async fn request_all(db: &mut PgConnection) -> Result<()> {
    sqlx::query!(
        "insert into ai.rankings_due (job_id) select id from core.jobs where status = 'open' order by id
         on conflict (job_id) do update set requested_at = clock_timestamp()"
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Asks for a new ranking of these jobs.
pub async fn request(db: &mut PgConnection, jobs: &[JobId]) -> Result<()> {
    let ids: Vec<Uuid> = jobs.iter().map(|id| id.uuid()).collect();
    sqlx::query!(
        "insert into ai.rankings_due (job_id) select distinct id from unnest($1::uuid[]) as t (id) order by id
         on conflict (job_id) do update set requested_at = clock_timestamp()",
        &ids
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Asks for a new ranking of the open jobs of these clients.
pub async fn request_of_clients(db: &mut PgConnection, clients: &[UserId]) -> Result<()> {
    let ids: Vec<Uuid> = clients.iter().map(|id| id.uuid()).collect();
    sqlx::query!(
        "insert into ai.rankings_due (job_id)
         select id from core.jobs where status = 'open' and client_id = any($1) order by id
         on conflict (job_id) do update set requested_at = clock_timestamp()",
        &ids
    )
    .execute(db)
    .await?;
    Ok(())
}

/// A job that is to be ranked, and when that was last asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    pub job_id: JobId,
    pub requested_at: DateTime<Utc>,
}

/// The jobs that have waited longest.
pub async fn due(db: impl PgExecutor<'_>, limit: i64) -> Result<Vec<Due>> {
    let rows = sqlx::query!(
        "select job_id, requested_at from ai.rankings_due order by requested_at, job_id limit $1",
        limit
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Due { job_id: row.job_id.into(), requested_at: row.requested_at })
        .collect())
}

/// Strikes a job off, in the transaction that holds its new ranking. If a ranking was asked for
/// again meanwhile, it stays: that ranking may not know what this was for.
pub async fn done(db: &mut PgConnection, due: Due) -> Result<()> {
    sqlx::query!(
        "delete from ai.rankings_due where job_id = $1 and requested_at = $2",
        due.job_id.uuid(),
        due.requested_at
    )
    .execute(db)
    .await?;
    Ok(())
}
