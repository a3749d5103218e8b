//! Jobs to do, a clock that stands still until it is moved, and looks at the table.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use jobs::{Backoff, Job, Options, Settings, enqueue};
use serde::{Deserialize, Serialize};
use sqlx::PgPool;
use tokio::sync::mpsc;

#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Errand {
    pub(crate) n: i32,
}

impl Job for Errand {
    const KIND: &'static str = "errand";
    const TIMEOUT: Duration = LONG;
}

/// Longer than any test: what is to happen sooner does not happen by waiting.
pub(crate) const LONG: Duration = Duration::from_secs(24 * 60 * 60);

#[derive(Clone)]
pub(crate) struct World {
    pub(crate) pool: PgPool,
    now: Arc<Mutex<DateTime<Utc>>>,
}

impl World {
    pub(crate) fn new(pool: PgPool) -> Self {
        let now = "2026-11-20T12:00:00Z".parse().unwrap();
        Self { pool, now: Arc::new(Mutex::new(now)) }
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        *self.now.lock().unwrap()
    }

    pub(crate) fn advance(&self, by: Duration) {
        *self.now.lock().unwrap() += TimeDelta::from_std(by).unwrap();
    }

    /// Failures are tried again at once, and nothing happens by polling.
    pub(crate) fn settings(&self) -> Settings {
        let world = self.clone();
        Settings {
            attempts: 3,
            backoff: Backoff { first: Duration::ZERO, most: Duration::ZERO },
            poll: LONG,
            clock: Arc::new(move || world.now()),
            ..Settings::default()
        }
    }

    pub(crate) async fn enqueue(&self, n: i32) -> i64 {
        self.enqueue_with(n, Options::at(self.now())).await.unwrap()
    }

    pub(crate) async fn enqueue_with(&self, n: i32, options: Options) -> Option<i64> {
        let mut db = self.pool.acquire().await.unwrap();
        enqueue(&mut db, &Errand { n }, options).await.unwrap()
    }

    pub(crate) async fn row(&self, id: i64) -> Row {
        let text = "select attempts, claim is not null as claimed, run_at, finished_at, parked_at, last_error, \
                    payload from core.background_jobs where id = $1";
        sqlx::query_as(text).bind(id).fetch_one(&self.pool).await.unwrap()
    }

    /// How many jobs there are, finished ones included.
    pub(crate) async fn count(&self) -> i64 {
        let text = "select count(*) from core.background_jobs";
        sqlx::query_scalar(text).fetch_one(&self.pool).await.unwrap()
    }
}

#[derive(Debug, sqlx::FromRow)]
pub(crate) struct Row {
    pub(crate) attempts: i32,
    pub(crate) claimed: bool,
    pub(crate) run_at: DateTime<Utc>,
    pub(crate) finished_at: Option<DateTime<Utc>>,
    pub(crate) parked_at: Option<DateTime<Utc>>,
    pub(crate) last_error: Option<String>,
    pub(crate) payload: Option<serde_json::Value>,
}

/// Tells when it is dropped, such as with a handler that is broken off.
pub(crate) struct TellsEnd(pub(crate) mpsc::UnboundedSender<&'static str>);

impl Drop for TellsEnd {
    fn drop(&mut self) {
        let _ = self.0.send("dropped");
    }
}
