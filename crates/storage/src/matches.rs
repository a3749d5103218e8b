//! Who suits which job, with the receipts.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use domain::job::Budget;
use domain::{
    JobId, UserId,
    money::Money,
    place::{Region, UtcOffset, WorkPlace},
    receipt::{Receipt, Score},
};
use rust_decimal::Decimal;
use sqlx::{PgConnection, PgExecutor, types::Json};
use uuid::Uuid;

use crate::{
    Result,
    error::{number, stored},
};

/// A match as the recommender compares it with a new one.
#[derive(Clone, Debug)]
pub struct Match {
    pub job_id: JobId,
    pub freelancer_id: UserId,
    pub receipt: Receipt,
}

struct Row {
    job_id: Uuid,
    freelancer_id: Uuid,
    receipt: Json<Receipt>,
}

impl From<Row> for Match {
    fn from(row: Row) -> Self {
        Self { job_id: row.job_id.into(), freelancer_id: row.freelancer_id.into(), receipt: row.receipt.0 }
    }
}

/// The matches of a job that hold, best first.
pub async fn of_job(db: impl PgExecutor<'_>, job: JobId) -> Result<Vec<Match>> {
    let rows = sqlx::query_as!(
        Row,
        r#"select job_id, freelancer_id, receipt as "receipt: _" from ai.matches
           where job_id = $1 and removed_at is null order by score desc, freelancer_id"#,
        job.uuid(),
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(Match::from).collect())
}

/// The matches of a freelancer that hold, best first.
pub async fn of_freelancer(db: impl PgExecutor<'_>, freelancer: UserId) -> Result<Vec<Match>> {
    let rows = sqlx::query_as!(
        Row,
        r#"select job_id, freelancer_id, receipt as "receipt: _" from ai.matches
           where freelancer_id = $1 and removed_at is null order by score desc, job_id"#,
        freelancer.uuid(),
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(Match::from).collect())
}

/// How many matches of each of these jobs hold, and the lowest score among them.
pub async fn fill_of_jobs(
    db: impl PgExecutor<'_>,
    jobs: &[JobId],
) -> Result<Vec<(JobId, i64, UserId, Score)>> {
    let ids: Vec<Uuid> = jobs.iter().map(|id| id.uuid()).collect();
    let rows = sqlx::query!(
        r#"select job_id, count(*) as "count!",
                  (array_agg(freelancer_id order by score, freelancer_id desc))[1] as "last!",
                  min(score) as "lowest!"
           from ai.matches where job_id = any($1) and removed_at is null group by job_id"#,
        &ids,
    )
    .fetch_all(db)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok((row.job_id.into(), row.count, row.last.into(), Score::from_ppm(number("score", row.lowest)?)))
        })
        .collect()
}

/// Stores matches, new, returned or rescored.
pub async fn save(
    db: &mut PgConnection,
    matches: &[(JobId, UserId, &Receipt)],
    now: DateTime<Utc>,
) -> Result<()> {
    if matches.is_empty() {
        return Ok(());
    }
    let jobs: Vec<Uuid> = matches.iter().map(|(job, _, _)| job.uuid()).collect();
    let freelancers: Vec<Uuid> = matches.iter().map(|(_, freelancer, _)| freelancer.uuid()).collect();
    let scores: Vec<i32> = matches.iter().map(|(_, _, receipt)| receipt.score.ppm() as i32).collect();
    let receipts: Vec<Json<&Receipt>> = matches.iter().map(|(_, _, receipt)| Json(*receipt)).collect();
    sqlx::query!(
        "insert into ai.matches (job_id, freelancer_id, score, receipt, created_at, updated_at)
         select job_id, freelancer_id, score, receipt, $5, $5
         from unnest($1::uuid[], $2::uuid[], $3::integer[], $4::jsonb[])
              as t (job_id, freelancer_id, score, receipt)
         order by job_id, freelancer_id
         on conflict (job_id, freelancer_id) do update set
             score = excluded.score, receipt = excluded.receipt, updated_at = $5, removed_at = null",
        &jobs,
        &freelancers,
        &scores,
        receipts as _,
        now,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Ends matches; their receipts stay readable.
pub async fn remove(db: &mut PgConnection, pairs: &[(JobId, UserId)], now: DateTime<Utc>) -> Result<()> {
    if pairs.is_empty() {
        return Ok(());
    }
    let jobs: Vec<Uuid> = pairs.iter().map(|(job, _)| job.uuid()).collect();
    let freelancers: Vec<Uuid> = pairs.iter().map(|(_, freelancer)| freelancer.uuid()).collect();
    sqlx::query!(
        "update ai.matches m set removed_at = $3, updated_at = $3
         from unnest($1::uuid[], $2::uuid[]) as t (job_id, freelancer_id)
         where m.job_id = t.job_id and m.freelancer_id = t.freelancer_id and m.removed_at is null",
        &jobs,
        &freelancers,
        now,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// A match with the job, as a freelancer's feed shows it.
#[derive(Clone, Debug)]
pub struct FeedRow {
    pub job_id: JobId,
    pub title: String,
    pub client_name: String,
    pub budget: Budget,
    pub work_place: WorkPlace,
    pub location: String,
    pub regions: Vec<Region>,
    pub published_at: DateTime<Utc>,
    pub receipt: Receipt,
}

/// A freelancer's feed, best first; what stands behind the match `after`, where one is given.
pub async fn feed(
    db: impl PgExecutor<'_>,
    freelancer: UserId,
    after: Option<(Score, JobId)>,
    limit: i64,
) -> Result<Vec<FeedRow>> {
    let (score, job) = after.map(|(score, job)| (score.ppm() as i32, job.uuid())).unzip();
    let rows = sqlx::query!(
        r#"select m.job_id, j.title, u.display_name as "client_name!", j.budget_kind, j.budget_min, j.budget_max,
                  j.currency, j.work_place, j.location, j.regions,
                  coalesce(j.published_at, j.created_at) as "published_at!",
                  m.receipt as "receipt: Json<Receipt>"
           from ai.matches m join core.jobs j on j.id = m.job_id join auth.people u on u.id = j.client_id
           where m.freelancer_id = $1 and m.removed_at is null
             and ($3::integer is null or m.score < $3 or (m.score = $3 and m.job_id > $4))
           order by m.score desc, m.job_id limit $2"#,
        freelancer.uuid(),
        limit,
        score,
        job,
    )
    .fetch_all(db)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(FeedRow {
                job_id: row.job_id.into(),
                title: row.title,
                client_name: row.client_name,
                budget: Budget {
                    kind: stored("budget kind", &row.budget_kind)?,
                    min: row.budget_min,
                    max: row.budget_max,
                    currency: stored("currency", &row.currency)?,
                },
                work_place: stored("work place", &row.work_place)?,
                location: row.location,
                regions: row.regions.iter().map(|region| stored("region", region)).collect::<Result<_>>()?,
                published_at: row.published_at,
                receipt: row.receipt.0,
            })
        })
        .collect()
}

/// A match with the freelancer, as the client's list of candidates shows it.
#[derive(Clone, Debug)]
pub struct CandidateRow {
    pub freelancer_id: UserId,
    pub name: String,
    pub title: String,
    pub rate: Money,
    pub region: Region,
    pub utc_offset: UtcOffset,
    pub receipt: Receipt,
}

struct RawCandidate {
    freelancer_id: Uuid,
    name: String,
    title: String,
    rate: Decimal,
    currency: String,
    region: String,
    utc_offset: i16,
    receipt: Json<Receipt>,
}

impl TryFrom<RawCandidate> for CandidateRow {
    type Error = crate::Error;

    fn try_from(row: RawCandidate) -> Result<Self> {
        Ok(Self {
            freelancer_id: row.freelancer_id.into(),
            name: row.name,
            title: row.title,
            rate: Money::new(row.rate, stored("currency", &row.currency)?),
            region: stored("region", &row.region)?,
            utc_offset: number("UTC offset", row.utc_offset)?,
            receipt: row.receipt.0,
        })
    }
}

/// The candidates for a job, best first.
pub async fn candidates(db: impl PgExecutor<'_>, job: JobId, limit: i64) -> Result<Vec<CandidateRow>> {
    let rows = sqlx::query_as!(
        RawCandidate,
        r#"select m.freelancer_id, u.display_name as "name!", p.title, p.rate, p.currency, p.region, p.utc_offset,
                  m.receipt as "receipt: _"
           from ai.matches m
           join core.profiles p on p.user_id = m.freelancer_id
           join auth.people u on u.id = m.freelancer_id
           where m.job_id = $1 and m.removed_at is null
           order by m.score desc, m.freelancer_id limit $2"#,
        job.uuid(),
        limit,
    )
    .fetch_all(db)
    .await?;
    rows.into_iter().map(CandidateRow::try_from).collect()
}

/// Candidates of whom the receipts are known, as their client sees them, in the order given. Who
/// has no profile any more is left out.
pub async fn with_receipts(
    db: impl PgExecutor<'_>,
    receipts: Vec<(UserId, Receipt)>,
) -> Result<Vec<CandidateRow>> {
    if receipts.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<Uuid> = receipts.iter().map(|(id, _)| id.uuid()).collect();
    let rows = sqlx::query!(
        r#"select p.user_id, u.display_name as "display_name!", p.title, p.rate, p.currency, p.region, p.utc_offset
           from core.profiles p join auth.people u on u.id = p.user_id
           where p.user_id = any($1)"#,
        &ids,
    )
    .fetch_all(db)
    .await?;
    let mut rows: HashMap<UserId, _> = rows.into_iter().map(|row| (row.user_id.into(), row)).collect();
    let known = receipts.into_iter().filter_map(|(id, receipt)| Some((id, receipt, rows.remove(&id)?)));
    known
        .map(|(freelancer_id, receipt, row)| {
            Ok(CandidateRow {
                freelancer_id,
                name: row.display_name,
                title: row.title,
                rate: Money::new(row.rate, stored("currency", &row.currency)?),
                region: stored("region", &row.region)?,
                utc_offset: number("UTC offset", row.utc_offset)?,
                receipt,
            })
        })
        .collect()
}

/// A receipt somebody may ask about again, whether or not the match still holds.
#[derive(Clone, Debug)]
pub struct Explained {
    pub receipt: Receipt,
    pub updated_at: DateTime<Utc>,
    pub removed_at: Option<DateTime<Utc>>,
}

pub async fn explained(db: impl PgExecutor<'_>, job: JobId, freelancer: UserId) -> Result<Option<Explained>> {
    let row = sqlx::query!(
        r#"select receipt as "receipt: Json<Receipt>", updated_at, removed_at from ai.matches
           where job_id = $1 and freelancer_id = $2"#,
        job.uuid(),
        freelancer.uuid(),
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| Explained {
        receipt: row.receipt.0,
        updated_at: row.updated_at,
        removed_at: row.removed_at,
    }))
}
