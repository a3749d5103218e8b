//! The live numbers of the landing page.

use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Duration, Utc};
use storage::stats;

pub use storage::stats::Stats;

use crate::{Result, Services};

/// The numbers and when they were counted: counting for every visitor would only wear the disk.
#[derive(Default)]
pub(crate) struct Cache(Mutex<Option<(DateTime<Utc>, Stats)>>);

const FRESH_FOR: Duration = Duration::seconds(5);

pub async fn stats(services: &Services) -> Result<Stats> {
    let now = services.now();
    let cached = *services.home.0.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((at, stats)) = cached
        && now - at < FRESH_FOR
    {
        return Ok(stats);
    }
    let stats = stats::overview(services.database.pool(), now - Duration::days(1)).await?;
    *services.home.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((now, stats));
    Ok(stats)
}
