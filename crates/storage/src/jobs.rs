//! Jobs.

use chrono::{DateTime, Utc};
use domain::{
    JobId, UserId,
    job::{Budget, Job, JobContent, JobStatus},
    place::{Region, UtcOffset},
    skill::Skill,
};
use futures_core::stream::BoxStream;
use futures_util::StreamExt as _;
use rust_decimal::Decimal;
use sqlx::{PgConnection, PgExecutor, PgPool, types::Json};
use uuid::Uuid;

use crate::{
    Error, Result, embeddings,
    error::{number, stored},
};

struct Row {
    id: Uuid,
    client_id: Uuid,
    client_name: String,
    region: String,
    status: String,
    version: i32,
    title: String,
    description: String,
    required_skills: Json<Vec<Skill>>,
    nice_skills: Json<Vec<Skill>>,
    budget_kind: String,
    budget_min: Decimal,
    budget_max: Decimal,
    currency: String,
    duration: String,
    weekly_hours: Option<i16>,
    experience: Option<String>,
    work_place: String,
    location: String,
    regions: Vec<String>,
    utc_offset: Option<i16>,
    languages: Vec<String>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    published_at: Option<DateTime<Utc>>,
    closed_at: Option<DateTime<Utc>>,
}

impl TryFrom<Row> for Job {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            id: row.id.into(),
            client_id: row.client_id.into(),
            client_name: row.client_name,
            region: stored("region", &row.region)?,
            status: stored("status", &row.status)?,
            version: row.version,
            content: JobContent {
                title: row.title,
                description: row.description,
                required: row.required_skills.0,
                nice_to_have: row.nice_skills.0,
                budget: Budget {
                    kind: stored("budget kind", &row.budget_kind)?,
                    min: row.budget_min,
                    max: row.budget_max,
                    currency: stored("currency", &row.currency)?,
                },
                duration: stored("duration", &row.duration)?,
                weekly_hours: row.weekly_hours.map(|hours| number("weekly hours", hours)).transpose()?,
                experience: row.experience.map(|level| stored("experience", &level)).transpose()?,
                work_place: stored("work place", &row.work_place)?,
                location: row.location,
                regions: row.regions.iter().map(|region| stored("region", region)).collect::<Result<_>>()?,
                utc_offset: row.utc_offset.map(|minutes| number("UTC offset", minutes)).transpose()?,
                languages: row
                    .languages
                    .iter()
                    .map(|code| stored("language", code))
                    .collect::<Result<_>>()?,
            },
            created_at: row.created_at,
            updated_at: row.updated_at,
            published_at: row.published_at,
            closed_at: row.closed_at,
        })
    }
}

pub async fn by_id(db: impl PgExecutor<'_>, id: JobId) -> Result<Option<Job>> {
    sqlx::query_as!(
        Row,
        r#"select j.id, j.client_id, u.display_name as "client_name!", j.region, j.status, j.version, j.title,
                  j.description, j.required_skills as "required_skills: _", j.nice_skills as "nice_skills: _",
                  j.budget_kind, j.budget_min, j.budget_max, j.currency, j.duration, j.weekly_hours,
                  j.experience, j.work_place, j.location, j.regions, j.utc_offset, j.languages,
                  j.created_at, j.updated_at, j.published_at, j.closed_at
           from core.jobs j join auth.people u on u.id = j.client_id
           where j.id = $1"#,
        id.uuid(),
    )
    .fetch_optional(db)
    .await?
    .map(Job::try_from)
    .transpose()
}

/// A line of a client's own list of jobs.
#[derive(Clone, Debug, PartialEq)]
pub struct OwnJob {
    pub id: JobId,
    pub title: String,
    pub status: JobStatus,
    pub budget: Budget,
    pub candidates: i64,
    pub created_at: DateTime<Utc>,
    pub published_at: Option<DateTime<Utc>>,
}

/// A client's newest jobs, at most 200, drafts and closed ones included.
pub async fn of_client(db: impl PgExecutor<'_>, client: UserId) -> Result<Vec<OwnJob>> {
    let rows = sqlx::query!(
        r#"select j.id, j.title, j.status, j.budget_kind, j.budget_min, j.budget_max, j.currency,
                  j.created_at, j.published_at,
                  (select count(*) from ai.matches m where m.job_id = j.id and m.removed_at is null) as "candidates!"
           from core.jobs j where j.client_id = $1 order by j.created_at desc, j.id desc limit 200"#,
        client.uuid(),
    )
    .fetch_all(db)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(OwnJob {
                id: row.id.into(),
                title: row.title,
                status: stored("status", &row.status)?,
                budget: Budget {
                    kind: stored("budget kind", &row.budget_kind)?,
                    min: row.budget_min,
                    max: row.budget_max,
                    currency: stored("currency", &row.currency)?,
                },
                candidates: row.candidates,
                created_at: row.created_at,
                published_at: row.published_at,
            })
        })
        .collect()
}

/// Whether a client has an open job.
pub async fn has_open(db: impl PgExecutor<'_>, client: UserId) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists (select from core.jobs where client_id = $1 and status = 'open') as "is!""#,
        client.uuid()
    )
    .fetch_one(db)
    .await?)
}

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

/// Every open job with its vector of this model, where there is one: what the engine's index is
/// built from.
pub fn open_with_vectors<'a>(
    pool: &'a PgPool,
    model: &'a str,
) -> BoxStream<'a, Result<(Job, Option<Vec<f32>>)>> {
    sqlx::query!(
        r#"select j.id, j.client_id, u.display_name as "client_name!", j.region, j.status, j.version, j.title,
                  j.description, j.required_skills as "required_skills: Json<Vec<Skill>>",
                  j.nice_skills as "nice_skills: Json<Vec<Skill>>",
                  j.budget_kind, j.budget_min, j.budget_max, j.currency, j.duration, j.weekly_hours,
                  j.experience, j.work_place, j.location, j.regions, j.utc_offset, j.languages,
                  j.created_at, j.updated_at, j.published_at, j.closed_at, e.vector as "vector?"
           from core.jobs j
           join auth.people u on u.id = j.client_id
           left join ai.texts t on t.subject_id = j.id
           left join ai.embeddings e on e.content_hash = t.content_hash and e.model = $1
           where j.status = 'open'"#,
        model,
    )
    .fetch(pool)
    .map(|row| {
        let row = row?;
        let vector = row.vector.as_deref().map(embeddings::decode).transpose()?;
        let job = Job::try_from(Row {
            id: row.id,
            client_id: row.client_id,
            client_name: row.client_name,
            region: row.region,
            status: row.status,
            version: row.version,
            title: row.title,
            description: row.description,
            required_skills: row.required_skills,
            nice_skills: row.nice_skills,
            budget_kind: row.budget_kind,
            budget_min: row.budget_min,
            budget_max: row.budget_max,
            currency: row.currency,
            duration: row.duration,
            weekly_hours: row.weekly_hours,
            experience: row.experience,
            work_place: row.work_place,
            location: row.location,
            regions: row.regions,
            utc_offset: row.utc_offset,
            languages: row.languages,
            created_at: row.created_at,
            updated_at: row.updated_at,
            published_at: row.published_at,
            closed_at: row.closed_at,
        })?;
        Ok((job, vector))
    })
    .boxed()
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
