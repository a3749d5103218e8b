//! Looking after background jobs that were given up.

use anyhow::bail;

use super::{LISTED, with_services};
use crate::config::Config;

/// Lists them. What they hold is not shown: it may be somebody's.
pub(crate) async fn list(config: &Config) -> anyhow::Result<()> {
    with_services(config, async |services| {
        let parked = jobs::parked(services.database().house(), LISTED).await?;
        if parked.is_empty() {
            println!("No job is parked.");
        }
        for job in parked {
            println!(
                "{}  {}  {}  {} attempts  {}",
                job.id, job.created_at, job.kind, job.attempts, job.last_error
            );
        }
        Ok(())
    })
    .await
}

/// Puts them back in the queue, all or one.
pub(crate) async fn retry(config: &Config, id: Option<i64>) -> anyhow::Result<()> {
    with_services(config, async |services| {
        let count = jobs::retry_parked(services.database().house(), id).await?;
        println!("{count} jobs are in the queue again.");
        Ok(())
    })
    .await
}

/// Throws one away.
pub(crate) async fn discard(config: &Config, id: i64) -> anyhow::Result<()> {
    with_services(config, async |services| {
        if !jobs::discard_parked(services.database().house(), id).await? {
            bail!("no job of the number {id} is parked");
        }
        println!("The job {id} is thrown away.");
        Ok(())
    })
    .await
}
