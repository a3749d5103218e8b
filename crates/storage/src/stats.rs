//! The live numbers and examples of the landing page.

use chrono::{DateTime, Utc};
use domain::{
    JobId,
    receipt::{Receipt, Score},
};
use sqlx::{PgExecutor, types::Json};

use crate::Result;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    pub open_jobs: i64,
    pub visible_freelancers: i64,
    pub matches: i64,
    /// Matches found since the moment asked for.
    pub recent_matches: i64,
}

pub async fn overview(db: impl PgExecutor<'_>, since: DateTime<Utc>) -> Result<Stats> {
    Ok(sqlx::query_as!(
        Stats,
        r#"select (select count(*) from core.jobs where status = 'open') as "open_jobs!",
                  (select count(*) from core.profiles where visibility = 'visible') as "visible_freelancers!",
                  (select count(*) from ai.matches where removed_at is null) as "matches!",
                  (select count(*) from ai.matches where created_at >= $1) as "recent_matches!""#,
        since
    )
    .fetch_one(db)
    .await?)
}

/// A match that anybody may see: what the work is and what the person does, but not who they are.
#[derive(Clone, Debug, PartialEq)]
pub struct Example {
    pub job_id: JobId,
    pub job_title: String,
    /// The title of the freelancer's profile.
    pub trade: String,
    pub receipt: Receipt,
}

impl Example {
    pub fn score(&self) -> Score {
        self.receipt.score
    }
}

/// The best match of each of the newest jobs, best first. It looks at `jobs` jobs at most.
pub async fn examples(db: impl PgExecutor<'_>, jobs: i64) -> Result<Vec<Example>> {
    let rows = sqlx::query!(
        r#"select j.id, j.title as job_title, m.trade as "trade!", m.receipt as "receipt!: Json<Receipt>"
           from (select id, title from core.jobs where status = 'open'
                 order by published_at desc, id desc limit $1) j
           cross join lateral (
               select m.score, m.receipt, p.title as trade
               from ai.matches m join core.profiles p on p.user_id = m.freelancer_id
               where m.job_id = j.id and m.removed_at is null and p.visibility = 'visible'
               order by m.score desc, m.freelancer_id limit 1) m
           order by m.score desc, j.id"#,
        jobs,
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Example {
            job_id: row.id.into(),
            job_title: row.job_title,
            trade: row.trade,
            receipt: row.receipt.0,
        })
        .collect())
}
