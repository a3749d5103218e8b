//! The relay: takes events from the outbox to their consumer, in order for each aggregate, at
//! least once; the consumer's own transaction makes that exactly once.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use sqlx::postgres::PgListener;
use storage::{Database, outbox};
use tokio_util::sync::CancellationToken;

use crate::{Envelope, Event};

/// An event on its way to the consumer.
#[derive(Clone, Copy, Debug)]
pub struct Delivery {
    pub id: i64,
    pub event: Event,
    /// When it was written, moments before its commit.
    pub written_at: DateTime<Utc>,
}

/// Why a consumer did not take an event.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// The database is away: nothing is wrong with the event, and no attempt is counted.
    #[error("the database is not available")]
    Unavailable(#[source] storage::Error),
    #[error("{0}")]
    Failed(String),
}

impl From<storage::Error> for Refusal {
    fn from(error: storage::Error) -> Self {
        match error {
            storage::Error::Unavailable(_) => Self::Unavailable(error),
            other => Self::Failed(other.to_string()),
        }
    }
}

/// Whoever acts on events.
pub trait Consumer: Send + Sync + 'static {
    /// Acts on the event in one transaction that also marks it as delivered (see [`outbox::claim`]).
    fn deliver(&self, delivery: Delivery) -> impl Future<Output = Result<(), Refusal>> + Send;
}

/// When to try again, and when to give up.
#[derive(Clone, Copy, Debug)]
pub struct Retries {
    /// After so many failed attempts an event is parked.
    pub attempts: i32,
    /// The pause after the first failure; it doubles with each further one.
    pub pause: Duration,
    /// How often the outbox is looked at when no notification comes.
    pub poll: Duration,
}

impl Default for Retries {
    fn default() -> Self {
        Self { attempts: 8, pause: Duration::from_millis(500), poll: Duration::from_secs(2) }
    }
}

pub struct Relay<C> {
    database: Database,
    consumer: Arc<C>,
    retries: Retries,
}

/// How many events are fetched at a time.
const BATCH: i64 = 64;

impl<C: Consumer> Relay<C> {
    pub fn new(database: Database, consumer: Arc<C>, retries: Retries) -> Self {
        Self { database, consumer, retries }
    }

    /// Delivers until it is told to stop. Losing the database is survived by connecting anew.
    pub async fn run(&self, shutdown: CancellationToken) {
        while !shutdown.is_cancelled() {
            let served = tokio::select! {
                () = shutdown.cancelled() => return,
                served = self.serve() => served,
            };
            if let Err(error) = served {
                tracing::warn!(%error, "the outbox relay lost its database; it will connect again");
            }
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = tokio::time::sleep(self.retries.poll) => {}
            }
        }
    }

    async fn serve(&self) -> Result<(), storage::Error> {
        let mut listener = outbox::listen(self.database.house()).await?;
        loop {
            while self.deliver_due().await? {}
            self.wait(&mut listener).await?;
        }
    }

    /// Waits for news, or for the time of the next look.
    async fn wait(&self, listener: &mut PgListener) -> Result<(), storage::Error> {
        match tokio::time::timeout(self.retries.poll, listener.recv()).await {
            Ok(heard) => heard.map(drop).map_err(storage::Error::from),
            Err(_elapsed) => Ok(()),
        }
    }

    /// Delivers what is due now; true if there may be more.
    pub async fn deliver_due(&self) -> Result<bool, storage::Error> {
        let due = outbox::due(self.database.house(), BATCH).await?;
        let any = !due.is_empty();
        for pending in due {
            match serde_json::from_value::<Envelope>(pending.event.clone()) {
                Ok(Envelope { v: Envelope::VERSION, event }) => {
                    let delivery = Delivery { id: pending.id, event, written_at: pending.created_at };
                    match self.consumer.deliver(delivery).await {
                        Ok(()) => metrics::counter!("outbox_delivered_total").increment(1),
                        Err(Refusal::Unavailable(error)) => return Err(error),
                        Err(Refusal::Failed(error)) => self.note_failure(&pending, &error).await?,
                    }
                }
                Ok(envelope) => {
                    self.park(&pending, &format!("version {} is not known here", envelope.v)).await?;
                }
                Err(error) => self.park(&pending, &format!("not an event: {error}")).await?,
            }
        }
        Ok(any)
    }

    async fn note_failure(&self, pending: &outbox::Pending, error: &str) -> Result<(), storage::Error> {
        let attempts = pending.attempts + 1;
        if attempts >= self.retries.attempts {
            return self.park(pending, error).await;
        }
        let pause = self.retries.pause * 2_u32.saturating_pow(pending.attempts.clamp(0, 16) as u32);
        tracing::warn!(
            event = pending.id,
            attempts,
            error,
            "an event was not delivered; it will be tried again"
        );
        let due_at = Utc::now() + pause.min(Duration::from_secs(300));
        outbox::failed(self.database.house(), pending.id, error, Some(due_at)).await
    }

    /// Sets an event aside for an operator, so that it does not hold up what comes after it.
    async fn park(&self, pending: &outbox::Pending, error: &str) -> Result<(), storage::Error> {
        tracing::error!(event = pending.id, error, "an event was parked; see `eighth outbox list`");
        metrics::counter!("outbox_parked_total").increment(1);
        outbox::failed(self.database.house(), pending.id, error, None).await
    }
}
