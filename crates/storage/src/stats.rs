//! The live numbers of the landing page.

use chrono::{DateTime, Utc};
use sqlx::PgExecutor;

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
