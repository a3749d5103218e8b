//! Lists of jobs and freelancers.
//!
//! These two queries are put together at run time from the conditions that are asked for: so each
//! list is read along the index of its order, which one statement for all filters would not be. They
//! read views of what is public: a policy would have to be asked before an index on words or skills.

use chrono::{DateTime, Utc};
use domain::{
    browse::{
        Cursor, FreelancerFilter, FreelancerListing, FreelancerOrder, JobFilter, JobListing, JobOrder,
        PAGE_SIZE, Page,
    },
    job::Budget,
    money::Money,
    place::UtcOffset,
    profile::PractisedSkill,
    skill::Skill,
};
use rust_decimal::Decimal;
use sqlx::{PgExecutor, Postgres, QueryBuilder, types::Json};
use uuid::Uuid;

use crate::{
    Error, Result,
    error::{number, stored},
};

type Builder = QueryBuilder<Postgres>;

/// A sorted expression, with its direction.
struct Order {
    key: &'static str,
    column: &'static str,
    descending: bool,
}

#[derive(sqlx::FromRow)]
struct JobRow {
    id: Uuid,
    title: String,
    excerpt: String,
    client_name: String,
    budget_kind: String,
    budget_min: Decimal,
    budget_max: Decimal,
    currency: String,
    required_skills: Json<Vec<Skill>>,
    duration: String,
    experience: Option<String>,
    work_place: String,
    location: String,
    regions: Vec<String>,
    published_at: DateTime<Utc>,
    sort_key: f64,
}

impl TryFrom<JobRow> for JobListing {
    type Error = Error;

    fn try_from(row: JobRow) -> Result<Self> {
        Ok(Self {
            id: row.id.into(),
            title: row.title,
            excerpt: row.excerpt,
            client_name: row.client_name,
            budget: Budget {
                kind: stored("budget kind", &row.budget_kind)?,
                min: row.budget_min,
                max: row.budget_max,
                currency: stored("currency", &row.currency)?,
            },
            required: row.required_skills.0,
            duration: stored("duration", &row.duration)?,
            experience: row.experience.map(|level| stored("experience", &level)).transpose()?,
            work_place: stored("work place", &row.work_place)?,
            location: row.location,
            regions: row.regions.iter().map(|region| stored("region", region)).collect::<Result<_>>()?,
            published_at: row.published_at,
        })
    }
}

/// A page of open jobs.
pub async fn jobs(db: impl PgExecutor<'_>, filter: &JobFilter) -> Result<Page<JobListing>> {
    let by_words = filter.words.is_some();
    let order = match filter.order {
        Some(JobOrder::Relevance) | None if by_words => RELEVANCE,
        Some(JobOrder::Budget) => {
            Order { key: "j.budget_usd::float8", column: "j.budget_usd", descending: true }
        }
        _ => Order {
            key: "(extract(epoch from j.published_at) * 1000000)::float8",
            column: "j.published_at",
            descending: true,
        },
    };
    let mut query = Builder::new(
        "select j.id, j.title, left(j.description, 240) as excerpt, u.display_name as client_name, j.budget_kind,
                j.budget_min, j.budget_max, j.currency, j.required_skills, j.duration, j.experience, j.work_place,
                j.location, j.regions, j.published_at, ",
    );
    query.push(order.key).push(" as sort_key from core.open_jobs j join auth.people u on u.id = j.client_id");
    words_source(&mut query, filter.words.as_deref());
    query.push(" where j.status = 'open'");
    if by_words {
        query.push(" and j.search @@ words.query");
    }
    if let Some(skill) = &filter.skill {
        query.push(" and j.skill_keys @> array[").push_bind(skill.key.clone()).push("]");
    }
    if let Some(kind) = filter.kind {
        query.push(" and j.budget_kind = ").push_bind(kind.as_str());
    }
    if let Some(min) = filter.min_budget {
        query.push(" and j.budget_usd >= ").push_bind(min);
    }
    if let Some(region) = filter.region {
        query.push(" and (j.regions = '{}' or j.regions @> array[").push_bind(region.as_str()).push("])");
    }
    if let Some(place) = filter.place {
        query.push(" and j.work_place = ").push_bind(place.as_str());
    }
    if let Some(language) = filter.language {
        query.push(" and j.languages @> array[").push_bind(language.as_str()).push("]");
    }
    if let Some(level) = filter.experience {
        query.push(" and (j.experience is null or j.experience = ").push_bind(level.as_str()).push(")");
    }
    continue_after(&mut query, &order, "j.id", filter.after);
    let rows: Vec<JobRow> =
        query.build_query_as().fetch_all(db).await.map_err(|error| refused(error, by_words))?;
    page(rows, |row| Cursor { key: row.sort_key, id: row.id })
}

#[derive(sqlx::FromRow)]
struct FreelancerRow {
    user_id: Uuid,
    display_name: String,
    title: String,
    excerpt: String,
    skills: Json<Vec<PractisedSkill>>,
    experience: String,
    rate: Decimal,
    currency: String,
    weekly_hours: i16,
    region: String,
    utc_offset: i16,
    updated_at: DateTime<Utc>,
    sort_key: f64,
}

impl TryFrom<FreelancerRow> for FreelancerListing {
    type Error = Error;

    fn try_from(row: FreelancerRow) -> Result<Self> {
        Ok(Self {
            user_id: row.user_id.into(),
            display_name: row.display_name,
            title: row.title,
            excerpt: row.excerpt,
            skills: row.skills.0,
            experience: stored("experience", &row.experience)?,
            rate: Money::new(row.rate, stored("currency", &row.currency)?),
            weekly_hours: number("weekly hours", row.weekly_hours)?,
            region: stored("region", &row.region)?,
            utc_offset: number::<_, UtcOffset>("UTC offset", row.utc_offset)?,
            updated_at: row.updated_at,
        })
    }
}

/// A page of visible freelancers.
pub async fn freelancers(
    db: impl PgExecutor<'_>,
    filter: &FreelancerFilter,
) -> Result<Page<FreelancerListing>> {
    let by_words = filter.words.is_some();
    let rate = |descending| Order { key: "j.rate_usd::float8", column: "j.rate_usd", descending };
    let order = match filter.order {
        Some(FreelancerOrder::Relevance) | None if by_words => RELEVANCE,
        Some(FreelancerOrder::RateLow) => rate(false),
        Some(FreelancerOrder::RateHigh) => rate(true),
        _ => Order {
            key: "(extract(epoch from j.updated_at) * 1000000)::float8",
            column: "j.updated_at",
            descending: true,
        },
    };
    let mut query = Builder::new(
        "select j.user_id, u.display_name, j.title, left(j.summary, 240) as excerpt, j.skills, j.experience, j.rate,
                j.currency, j.weekly_hours, j.region, j.utc_offset, j.updated_at, ",
    );
    query
        .push(order.key)
        .push(" as sort_key from core.visible_profiles j join auth.people u on u.id = j.user_id");
    words_source(&mut query, filter.words.as_deref());
    query.push(" where j.visibility = 'visible'");
    if by_words {
        query.push(" and j.search @@ words.query");
    }
    if let Some(skill) = &filter.skill {
        query.push(" and j.skill_keys @> array[").push_bind(skill.key.clone()).push("]");
    }
    if let Some(max) = filter.max_rate {
        query.push(" and j.rate_usd <= ").push_bind(max);
    }
    if let Some(region) = filter.region {
        query.push(" and j.region = ").push_bind(region.as_str());
    }
    if let Some(language) = filter.language {
        query.push(" and j.language_keys @> array[").push_bind(language.as_str()).push("]");
    }
    if let Some(level) = filter.experience {
        query.push(" and j.experience = ").push_bind(level.as_str());
    }
    continue_after(&mut query, &order, "j.user_id", filter.after);
    let rows: Vec<FreelancerRow> =
        query.build_query_as().fetch_all(db).await.map_err(|error| refused(error, by_words))?;
    page(rows, |row| Cursor { key: row.sort_key, id: row.user_id })
}

/// The name under which words are refused that the search cannot be made of, such as sixty minus
/// signs in a row.
pub const WORDS: &str = "words";

fn refused(error: sqlx::Error, by_words: bool) -> Error {
    match Error::from(error) {
        Error::Database(sqlx::Error::Database(_)) if by_words => {
            Error::Refused { constraint: WORDS.to_owned() }
        }
        other => other,
    }
}

const RELEVANCE: Order = Order {
    key: "ts_rank_cd(j.search, words.query)::float8",
    column: "ts_rank_cd(j.search, words.query)::float8",
    descending: true,
};

fn words_source(query: &mut Builder, words: Option<&str>) {
    if let Some(words) = words {
        query
            .push(", websearch_to_tsquery('english', ")
            .push_bind(words.to_owned())
            .push(") as words (query)");
    }
}

/// The order, the place to go on from, and one row more than a page, to see whether there is one.
fn continue_after(query: &mut Builder, order: &Order, id: &str, after: Option<Cursor>) {
    let (comparison, direction) = if order.descending { ("<", "desc") } else { (">", "asc") };
    if let Some(after) = after {
        // The cursor's key is compared in the column's own type, so that the index serves.
        let key = match order.column {
            "j.published_at" | "j.updated_at" => "'epoch'::timestamptz + interval '1 microsecond' * ",
            _ => "",
        };
        query.push(format!(" and ({}, {id}) {comparison} ({key}", order.column)).push_bind(after.key);
        if order.column.ends_with("_usd") {
            query.push("::numeric");
        }
        query.push(", ").push_bind(after.id).push(")");
    }
    query.push(format!(" order by {} {direction}, {id} {direction} limit {}", order.column, PAGE_SIZE + 1));
}

/// Turns the rows into a page; the row beyond it is dropped, and tells that there is a next page.
fn page<R, T>(mut rows: Vec<R>, cursor: impl Fn(&R) -> Cursor) -> Result<Page<T>>
where
    T: TryFrom<R, Error = Error>,
{
    let more = rows.len() > PAGE_SIZE;
    rows.truncate(PAGE_SIZE);
    let next = if more { rows.last().map(cursor) } else { None };
    Ok(Page { rows: rows.into_iter().map(T::try_from).collect::<Result<_>>()?, next })
}
