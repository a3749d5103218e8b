//! From which browsers and networks people have signed in, as hashes. They are noted by
//! [`crate::arrivals::open`].

use chrono::{DateTime, Utc};
use sqlx::PgExecutor;

use crate::Result;

/// Forgets devices that were not used since `before`.
pub async fn prune(db: impl PgExecutor<'_>, before: DateTime<Utc>) -> Result<()> {
    sqlx::query!("delete from auth.known_devices where last_seen_at < $1", before).execute(db).await?;
    Ok(())
}
