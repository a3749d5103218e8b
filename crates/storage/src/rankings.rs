//! Jobs whose candidates are to be ranked anew.

use domain::{JobId, UserId};
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

use crate::Result;

/// Asks for a new ranking of every open job.
pub async fn request_all(db: &mut PgConnection) -> Result<()> {
    sqlx::query!(
        "insert into ai.rankings_due (job_id) select id from core.jobs where status = 'open' on conflict do nothing"
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Asks for a new ranking of these jobs.
pub async fn request(db: &mut PgConnection, jobs: &[JobId]) -> Result<()> {
    let ids: Vec<Uuid> = jobs.iter().map(|id| id.uuid()).collect();
    sqlx::query!(
        "insert into ai.rankings_due (job_id) select unnest($1::uuid[]) on conflict do nothing",
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
         select id from core.jobs where status = 'open' and client_id = any($1) on conflict do nothing",
        &ids
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The jobs that have waited longest.
pub async fn due(db: impl PgExecutor<'_>, limit: i64) -> Result<Vec<JobId>> {
    let ids = sqlx::query_scalar!(
        "select job_id from ai.rankings_due order by requested_at, job_id limit $1",
        limit
    )
    .fetch_all(db)
    .await?;
    Ok(ids.into_iter().map(JobId::from).collect())
}

/// Strikes a job off, in the transaction that holds its new ranking.
pub async fn done(db: &mut PgConnection, job: JobId) -> Result<()> {
    sqlx::query!("delete from ai.rankings_due where job_id = $1", job.uuid()).execute(db).await?;
    Ok(())
}
