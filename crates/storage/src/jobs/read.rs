//! Reading jobs.

use chrono::{DateTime, Utc};
use domain::{
    JobId, UserId,
    job::{Budget, Job, JobContent, JobStatus},
    skill::Skill,
};
use futures_core::stream::BoxStream;
use futures_util::StreamExt as _;
use rust_decimal::Decimal;
use sqlx::{PgExecutor, PgPool, types::Json};
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
