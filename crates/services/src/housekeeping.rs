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
                _ = tidy.tick() => self.tidy().await,
                _ = sample.tick() => self.sample_queues().await,
            }
        }
    }

    /// Does all of it, whatever fails: one table that cannot be tidied is no reason to keep the others'
    /// expired secrets.
    async fn tidy(&self) {
        let now = self.now();
        let house = self.database.house();
        tried("sessions", sessions::delete_expired(house, now).await);
        tried("sign-ups", sign_ups::delete_expired(house, now).await);
        tried("password resets", password_resets::delete_expired(house, now).await);
        tried("changes of address", email_changes::delete_expired(house, now).await);
        tried("flows of other sites", external::delete_expired_flows(house, now).await);
        tried("counts of letters", letter_counts::prune(house, now - KEEP_COUNTS).await);
        tried("known devices", known_devices::prune(house, now - KEEP_DEVICES).await);
        tried("unfinished sign-ins", pending_sign_ins::delete_expired(house, now).await);
        tried("ceremonies of passkeys", passkeys::delete_expired(house, now).await);
        tried("second factors", second_factors::delete_expired(house, now).await);
        tried("trusted devices", trusted_devices::delete_expired(house, now).await);
        tried("delivered events", outbox::prune(house, now - KEEP_DELIVERED).await);
        tried("feeds", self.prune_feeds().await);
        tried("exports", own_data::delete_expired(house, now).await);
        tried("proofs of domains", organisations::recheck(self).await);
        tried("tokens", crate::tokens::tidy(self).await);
        tried("attempts", crate::accounts::tidy(self).await);
        tried("keys", crate::vault::finish_rotation(self).await);
    }

    async fn prune_feeds(&self) -> Result<()> {
        let mut tx = self.database.begin_as_house().await?;
        feeds::prune(&mut tx, self.now() - KEEP_MESSAGES).await?;
        Ok(tx.commit().await?)
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

/// Notes what was not done.
fn tried<T, E: std::fmt::Display>(what: &'static str, result: std::result::Result<T, E>) {
    if let Err(error) = result {
        tracing::warn!(what, %error, "tidying up failed; it will be tried again");
    }
}
