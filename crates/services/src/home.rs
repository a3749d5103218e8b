//! What the landing page shows: live numbers, the newest jobs, and matches as examples.

use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Duration, Utc};
use domain::browse::{JobFilter, JobListing};
use storage::stats;

pub use storage::stats::{Example, Stats};

use crate::{Result, Services};

/// The state of the marketplace at a glance.
#[derive(Clone, Debug, Default)]
pub struct Overview {
    pub stats: Stats,
    /// Matches of the newest jobs that hold at present, best first; nobody is named.
    pub examples: Vec<Example>,
    pub newest: Vec<JobListing>,
}

/// The overview and when it was made: making it for every visitor would only wear the disk.
#[derive(Default)]
pub(crate) struct Cache(Mutex<Option<(DateTime<Utc>, Arc<Overview>)>>);

const FRESH_FOR: Duration = Duration::seconds(5);

/// The examples are the best matches of so many jobs.
const JOBS_LOOKED_AT: i64 = 40;

/// At most five seconds old.
pub async fn overview(services: &Services) -> Result<Arc<Overview>> {
    let now = services.now();
    let cached = services.home.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
    if let Some((at, overview)) = cached
        && now - at < FRESH_FOR
    {
        return Ok(overview);
    }
    // Nobody is named in it, and everybody is counted.
    let (house, pool) = (services.database.house(), services.database.pool());
    let overview = Arc::new(Overview {
        stats: stats::overview(house, now - Duration::days(1)).await?,
        examples: stats::examples(house, JOBS_LOOKED_AT).await?,
        newest: storage::browse::jobs(pool, &JobFilter::default()).await?.rows,
    });
    *services.home.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((now, overview.clone()));
    Ok(overview)
}

/// The live numbers, at most five seconds old.
pub async fn stats(services: &Services) -> Result<Stats> {
    Ok(overview(services).await?.stats)
}
