//! Tidying up: what has expired or was delivered long ago.

use std::time::Duration;

use chrono::TimeDelta;
use storage::{
    email_changes, external, feeds, known_devices, letter_counts, outbox, own_data, passkeys,
    password_resets, pending_sign_ins, second_factors, sessions, sign_ups, trusted_devices,
};
use tokio_util::sync::CancellationToken;

use crate::{Result, Services, organisations};

const EVERY: Duration = Duration::from_secs(15 * 60);
const SAMPLE_EVERY: Duration = Duration::from_secs(5);

/// A browser that was away for longer loads its feed afresh.
const KEEP_MESSAGES: TimeDelta = TimeDelta::days(30);
const KEEP_DELIVERED: TimeDelta = TimeDelta::days(3);
/// The limit of letters is by the hour.
const KEEP_COUNTS: TimeDelta = TimeDelta::hours(2);
/// A device that was not used for longer counts as new.
const KEEP_DEVICES: TimeDelta = TimeDelta::days(180);

impl Services {
    pub(crate) async fn keep_house(&self, shutdown: CancellationToken) {
        let mut tidy = tokio::time::interval(EVERY);
        let mut sample = tokio::time::interval(SAMPLE_EVERY);
        loop {
            tokio::select! {
                () = shutdown.cancelled() => return,
                _ = tidy.tick() => {
                    if let Err(error) = self.tidy().await {
                        tracing::warn!(%error, "tidying up failed; it will be tried again");
                    }
                }
                _ = sample.tick() => self.sample_queues().await,
            }
        }
    }

    async fn tidy(&self) -> Result<()> {
        let now = self.now();
        let house = self.database.house();
        sessions::delete_expired(house, now).await?;
        sign_ups::delete_expired(house, now).await?;
        password_resets::delete_expired(house, now).await?;
        email_changes::delete_expired(house, now).await?;
        external::delete_expired_flows(house, now).await?;
        letter_counts::prune(house, now - KEEP_COUNTS).await?;
        known_devices::prune(house, now - KEEP_DEVICES).await?;
        pending_sign_ins::delete_expired(house, now).await?;
        passkeys::delete_expired(house, now).await?;
        second_factors::delete_expired(house, now).await?;
        trusted_devices::delete_expired(house, now).await?;
        outbox::prune(house, now - KEEP_DELIVERED).await?;
        let mut tx = self.database.begin_as_house().await?;
        feeds::prune(&mut tx, now - KEEP_MESSAGES).await?;
        tx.commit().await?;
        own_data::delete_expired(self.database.house(), now).await?;
        organisations::recheck(self).await?;
        crate::tokens::tidy(self).await?;
        crate::accounts::tidy(self).await?;
        self.vault.finish_rotation().await
    }

    async fn sample_queues(&self) {
        // While the database is away there is nothing to tell.
        if let Ok(health) = outbox::health(self.database.house()).await {
            metrics::gauge!("outbox_pending").set(health.pending as f64);
            metrics::gauge!("outbox_parked").set(health.parked as f64);
            metrics::gauge!("outbox_lag_seconds").set(health.lag_seconds);
        }
        if let Ok(health) = ::jobs::health(self.database.house(), self.now()).await {
            metrics::gauge!("background_jobs_waiting").set(health.waiting as f64);
            metrics::gauge!("background_jobs_running").set(health.running as f64);
            metrics::gauge!("background_jobs_parked").set(health.parked as f64);
            metrics::gauge!("background_jobs_lag_seconds").set(health.lag_seconds);
        }
    }
}
