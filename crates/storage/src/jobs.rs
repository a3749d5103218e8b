//! Jobs.

mod read;

use chrono::{DateTime, Utc};
use domain::{
    JobId, UserId,
    job::{JobContent, JobStatus},
    place::{Region, UtcOffset},
};
use sqlx::{PgConnection, types::Json};

pub use self::read::{OwnJob, by_id, has_open, of_client, open_with_vectors};
use crate::Result;

pub struct NewJob<'a> {
    pub id: JobId,
    pub client_id: UserId,
    pub region: Region,
    pub status: JobStatus,
    pub content: &'a JobContent,
    pub now: DateTime<Utc>,
}

/// Whether the job was new: the same identifier again, as from a form sent twice, changes nothing.
pub async fn insert(db: &mut PgConnection, job: &NewJob<'_>) -> Result<bool> {
    let columns = Columns::of(job.content);
    let content = job.content;
    let done = sqlx::query!(
        "insert into core.jobs
             (id, client_id, region, status, title, description, required_skills, nice_skills, skill_keys,
              budget_kind, budget_min, budget_max, currency, budget_usd, duration, weekly_hours, experience,
              work_place, location, regions, utc_offset, languages, created_at, updated_at, published_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20,
                 $21, $22, $23, $23, case when $4 = 'open' then $23::timestamptz end)
         on conflict (id) do nothing",
        job.id.uuid(),
        job.client_id.uuid(),
        job.region.as_str(),
        job.status.as_str(),
        content.title,
        content.description,
        Json(&content.required) as _,
        Json(&content.nice_to_have) as _,
        &columns.skill_keys,
        content.budget.kind.as_str(),
        content.budget.min,
        content.budget.max,
        content.budget.currency.as_str(),
        content.budget.highest().in_usd(),
        content.duration.as_str(),
        columns.weekly_hours,
        columns.experience,
        content.work_place.as_str(),
        content.location,
        &columns.regions,
        columns.utc_offset,
        &columns.languages,
        job.now,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Replaces a job's content if it still has the `expected` version and is a draft or open; gives the
/// new version, or none.
pub async fn update(
    db: &mut PgConnection,
    id: JobId,
    client: UserId,
    expected: i32,
    content: &JobContent,
    now: DateTime<Utc>,
) -> Result<Option<i32>> {
    let columns = Columns::of(content);
    let version = sqlx::query_scalar!(
        "update core.jobs set version = version + 1, title = $4, description = $5, required_skills = $6,
             nice_skills = $7, skill_keys = $8, budget_kind = $9, budget_min = $10, budget_max = $11,
             currency = $12, budget_usd = $13, duration = $14, weekly_hours = $15, experience = $16,
             work_place = $17, location = $18, regions = $19, utc_offset = $20, languages = $21, updated_at = $22
         where id = $1 and client_id = $2 and version = $3 and status in ('draft', 'open')
         returning version",
        id.uuid(),
        client.uuid(),
        expected,
        content.title,
        content.description,
        Json(&content.required) as _,
        Json(&content.nice_to_have) as _,
        &columns.skill_keys,
        content.budget.kind.as_str(),
        content.budget.min,
        content.budget.max,
        content.budget.currency.as_str(),
        content.budget.highest().in_usd(),
        content.duration.as_str(),
        columns.weekly_hours,
        columns.experience,
        content.work_place.as_str(),
        content.location,
        &columns.regions,
        columns.utc_offset,
        &columns.languages,
        now,
    )
    .fetch_optional(db)
    .await?;
    Ok(version)
}

/// Opens a draft; gives the new version, or none if the client has no such draft.
pub async fn publish(
    db: &mut PgConnection,
    id: JobId,
    client: UserId,
    now: DateTime<Utc>,
) -> Result<Option<i32>> {
    let version = sqlx::query_scalar!(
        "update core.jobs set status = 'open', version = version + 1, published_at = $3, updated_at = $3
         where id = $1 and client_id = $2 and status = 'draft' returning version",
        id.uuid(),
        client.uuid(),
        now,
    )
    .fetch_optional(db)
    .await?;
    Ok(version)
}

/// Deletes a draft that still has the `expected` version: nobody but its client has ever seen it. False
/// if the client has no such draft.
pub async fn discard(db: &mut PgConnection, id: JobId, client: UserId, expected: i32) -> Result<bool> {
    let done = sqlx::query!(
        "delete from core.jobs where id = $1 and client_id = $2 and version = $3 and status = 'draft'",
        id.uuid(),
        client.uuid(),
        expected,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Closes an open job; gives the new version, or none if the client has no such job.
pub async fn close(
    db: &mut PgConnection,
    id: JobId,
    client: UserId,
    now: DateTime<Utc>,
) -> Result<Option<i32>> {
    let version = sqlx::query_scalar!(
        "update core.jobs set status = 'closed', version = version + 1, closed_at = $3, updated_at = $3
         where id = $1 and client_id = $2 and status = 'open' returning version",
        id.uuid(),
        client.uuid(),
        now,
    )
    .fetch_optional(db)
    .await?;
    Ok(version)
}

/// Takes all of a client's open jobs out of sight; gives which.
pub async fn hold(db: &mut PgConnection, client: UserId, now: DateTime<Utc>) -> Result<Vec<JobId>> {
    let held = sqlx::query_scalar!(
        "update core.jobs set status = 'held', version = version + 1, updated_at = $2
         where client_id = $1 and status = 'open' returning id",
        client.uuid(),
        now,
    )
    .fetch_all(db)
    .await?;
    Ok(held.into_iter().map(JobId::from).collect())
}

/// Opens the jobs again that were held; gives which.
pub async fn release(db: &mut PgConnection, client: UserId, now: DateTime<Utc>) -> Result<Vec<JobId>> {
    let released = sqlx::query_scalar!(
        "update core.jobs set status = 'open', version = version + 1, updated_at = $2
         where client_id = $1 and status = 'held' returning id",
        client.uuid(),
        now,
    )
    .fetch_all(db)
    .await?;
    Ok(released.into_iter().map(JobId::from).collect())
}

/// The columns that are not simply a field of the content.
struct Columns {
    skill_keys: Vec<String>,
    weekly_hours: Option<i16>,
    experience: Option<&'static str>,
    regions: Vec<String>,
    utc_offset: Option<i16>,
    languages: Vec<String>,
}

impl Columns {
    fn of(content: &JobContent) -> Self {
        let skills = content.required.iter().chain(&content.nice_to_have);
        Self {
            skill_keys: skills.map(|skill| skill.key.clone()).collect(),
            weekly_hours: content.weekly_hours.map(|hours| hours as i16),
            experience: content.experience.map(domain::job::Experience::as_str),
            regions: content.regions.iter().map(ToString::to_string).collect(),
            utc_offset: content.utc_offset.map(UtcOffset::minutes),
            languages: content.languages.iter().map(ToString::to_string).collect(),
        }
    }
}
