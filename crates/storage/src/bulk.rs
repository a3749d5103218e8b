//! Many rows at once: for demonstration data and imports. What is there already stays as it is.

use chrono::{DateTime, Utc};
use domain::{
    JobId, UserId,
    job::{JobContent, JobStatus},
    place::Region,
    profile::ProfileContent,
    role::Roles,
};
use serde::Serialize;
use serde_json::{Value, json};
use sqlx::PgConnection;

use crate::{Error, Result};

/// A person with, perhaps, a profile.
#[derive(Clone, Debug)]
pub struct Person {
    pub id: UserId,
    pub email: String,
    pub display_name: String,
    pub password_hash: Option<String>,
    pub region: Region,
    pub roles: Roles,
    pub created_at: DateTime<Utc>,
    pub profile: Option<(ProfileContent, DateTime<Utc>)>,
}

#[derive(Clone, Debug)]
pub struct BulkJob {
    pub id: JobId,
    pub client_id: UserId,
    pub region: Region,
    pub status: JobStatus,
    pub content: JobContent,
    pub created_at: DateTime<Utc>,
    pub published_at: Option<DateTime<Utc>>,
    pub closed_at: Option<DateTime<Utc>>,
}

pub async fn insert_people(db: &mut PgConnection, people: &[Person]) -> Result<()> {
    let users = people.iter().map(|person| {
        json!({
            "id": person.id, "email": person.email, "display_name": person.display_name,
            "password_hash": person.password_hash, "region": person.region, "created_at": person.created_at,
        })
    });
    sqlx::query!(
        "insert into auth.users (id, email, display_name, password_hash, region, created_at, updated_at,
                                 password_changed_at, email_verified_at)
         select id, email, display_name, password_hash, region, created_at, created_at, created_at, created_at
         from jsonb_to_recordset($1) as t (id uuid, email text, display_name text, password_hash text,
                                           region text, created_at timestamptz)
         on conflict do nothing",
        Value::Array(users.collect()),
    )
    .execute(&mut *db)
    .await?;
    let roles = people.iter().flat_map(|person| {
        person.roles.iter().map(move |role| json!({ "user_id": person.id, "role": role }))
    });
    sqlx::query!(
        "insert into auth.user_roles (user_id, role)
         select user_id, role from jsonb_to_recordset($1) as t (user_id uuid, role text) on conflict do nothing",
        Value::Array(roles.collect()),
    )
    .execute(&mut *db)
    .await?;
    let profiles = people.iter().filter_map(|person| {
        let (content, updated_at) = person.profile.as_ref()?;
        Some(profile_row(person, content, *updated_at))
    });
    sqlx::query!(
        "insert into core.profiles
             (user_id, region, title, summary, skills, skill_keys, experience, rate, currency, rate_usd,
              weekly_hours, utc_offset, on_site, languages, language_keys, links, visibility, created_at, updated_at)
         select user_id, region, title, summary, skills, skill_keys, experience, rate, currency, rate_usd,
              weekly_hours, utc_offset, on_site, languages, language_keys, links, visibility, created_at, updated_at
         from jsonb_to_recordset($1) as t (
              user_id uuid, region text, title text, summary text, skills jsonb, skill_keys text[], experience text,
              rate numeric, currency text, rate_usd numeric, weekly_hours smallint, utc_offset smallint,
              on_site boolean, languages jsonb, language_keys text[], links jsonb, visibility text,
              created_at timestamptz, updated_at timestamptz)
         on conflict do nothing",
        Value::Array(profiles.collect::<Result<_>>()?),
    )
    .execute(&mut *db)
    .await?;
    Ok(())
}

fn profile_row(person: &Person, content: &ProfileContent, updated_at: DateTime<Utc>) -> Result<Value> {
    let skill_keys: Vec<_> = content.skills.iter().map(|practised| &practised.skill.key).collect();
    let language_keys: Vec<_> = content.languages.iter().map(|spoken| spoken.language).collect();
    Ok(json!({
        "user_id": person.id, "region": person.region, "title": content.title, "summary": content.summary,
        "skills": value(&content.skills)?, "skill_keys": skill_keys, "experience": content.experience,
        "rate": content.rate.amount, "currency": content.rate.currency, "rate_usd": content.rate.in_usd(),
        "weekly_hours": content.weekly_hours, "utc_offset": content.utc_offset, "on_site": content.on_site,
        "languages": value(&content.languages)?, "language_keys": language_keys,
        "links": value(&content.links)?, "visibility": content.visibility,
        "created_at": person.created_at, "updated_at": updated_at,
    }))
}

pub async fn insert_jobs(db: &mut PgConnection, jobs: &[BulkJob]) -> Result<()> {
    let rows = jobs.iter().map(|job| {
        let content = &job.content;
        let skill_keys: Vec<_> =
            content.required.iter().chain(&content.nice_to_have).map(|skill| &skill.key).collect();
        Ok(json!({
            "id": job.id, "client_id": job.client_id, "region": job.region, "status": job.status,
            "title": content.title, "description": content.description,
            "required_skills": value(&content.required)?, "nice_skills": value(&content.nice_to_have)?,
            "skill_keys": skill_keys, "budget_kind": content.budget.kind, "budget_min": content.budget.min,
            "budget_max": content.budget.max, "currency": content.budget.currency,
            "budget_usd": content.budget.highest().in_usd(), "duration": content.duration,
            "weekly_hours": content.weekly_hours, "experience": content.experience,
            "work_place": content.work_place, "location": content.location, "regions": content.regions,
            "utc_offset": content.utc_offset, "languages": content.languages, "created_at": job.created_at,
            "published_at": job.published_at, "closed_at": job.closed_at,
        }))
    });
    sqlx::query!(
        "insert into core.jobs
             (id, client_id, region, status, title, description, required_skills, nice_skills, skill_keys,
              budget_kind, budget_min, budget_max, currency, budget_usd, duration, weekly_hours, experience,
              work_place, location, regions, utc_offset, languages, created_at, updated_at, published_at, closed_at)
         select id, client_id, region, status, title, description, required_skills, nice_skills, skill_keys,
              budget_kind, budget_min, budget_max, currency, budget_usd, duration, weekly_hours, experience,
              work_place, location, regions, utc_offset, languages, created_at, created_at, published_at, closed_at
         from jsonb_to_recordset($1) as t (
              id uuid, client_id uuid, region text, status text, title text, description text,
              required_skills jsonb, nice_skills jsonb, skill_keys text[], budget_kind text, budget_min numeric,
              budget_max numeric, currency text, budget_usd numeric, duration text, weekly_hours smallint,
              experience text, work_place text, location text, regions text[], utc_offset smallint,
              languages text[], created_at timestamptz, published_at timestamptz, closed_at timestamptz)
         on conflict do nothing",
        Value::Array(rows.collect::<Result<_>>()?),
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The demonstration marketplace of this database.
#[derive(Clone, Copy, Debug)]
pub struct DemoPlan {
    pub freelancers: i32,
    pub jobs: i32,
    pub seed: i64,
    pub planned_at: DateTime<Utc>,
    pub completed_at: Option<DateTime<Utc>>,
}

/// Takes down a plan, or gives the one that there is already.
pub async fn demo_plan(db: &mut PgConnection, wanted: &DemoPlan) -> Result<DemoPlan> {
    sqlx::query!(
        "insert into core.demo_plan (freelancers, jobs, seed, planned_at) values ($1, $2, $3, $4) on conflict do nothing",
        wanted.freelancers,
        wanted.jobs,
        wanted.seed,
        wanted.planned_at,
    )
    .execute(&mut *db)
    .await?;
    Ok(sqlx::query_as!(
        DemoPlan,
        "select freelancers, jobs, seed, planned_at, completed_at from core.demo_plan"
    )
    .fetch_one(db)
    .await?)
}

pub async fn demo_completed(db: &mut PgConnection, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!("update core.demo_plan set completed_at = $1", now).execute(db).await?;
    Ok(())
}

fn value(content: &impl Serialize) -> Result<Value> {
    serde_json::to_value(content).map_err(|cause| Error::Corrupt { what: "row", cause: cause.to_string() })
}
