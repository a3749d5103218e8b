//! A background runner on Postgres: work that is done after the answer was given, tried again when
//! it fails, and left for an operator when it goes on failing.
//!
//! A [`Job`] is a serialisable value. [`enqueue`] writes it in the caller's transaction, so that it
//! exists exactly if its cause was committed. A [`Runner`] claims what is due and gives it to the
//! handler of its kind. Any number of runners may share a database.
//!
//! A job is done at least once: a worker may be killed after the work and before it could say so.
//! A handler whose effect lies in the same database makes that exactly once by ending the job in
//! the transaction of the effect, with [`Attempt::finish`]; one whose effect lies elsewhere can give
//! the outside a name that stays the same, such as [`Attempt::job_id`].
//!
//! ```
//! # use chrono::Utc;
//! # use jobs::{Attempt, Failure, Job, Options, Runner, Settings, enqueue};
//! # use serde::{Deserialize, Serialize};
//! # use tokio_util::sync::CancellationToken;
//! #[derive(Serialize, Deserialize)]
//! struct Greet {
//!     name: String,
//! }
//!
//! impl Job for Greet {
//!     const KIND: &'static str = "greet";
//! }
//!
//! async fn greet(job: Greet, _attempt: Attempt) -> Result<(), Failure> {
//!     if job.name.is_empty() {
//!         return Err(Failure::GiveUp("there is nobody to greet".into()));
//!     }
//!     println!("Good morning, {}", job.name);
//!     Ok(())
//! }
//!
//! # async fn example(pool: sqlx::PgPool, shutdown: CancellationToken) -> Result<(), jobs::Error> {
//! let mut tx = pool.begin().await?;
//! enqueue(&mut tx, &Greet { name: "Ada".into() }, Options::at(Utc::now())).await?;
//! tx.commit().await?;
//!
//! Runner::new(pool, Settings::default()).handle(greet).run(shutdown).await;
//! # Ok(())
//! # }
//! ```
//!
//! Metrics, each with the label `kind`: the counters `background_jobs_run_total` (attempts),
//! `background_jobs_failed_total` (attempts that failed) and `background_jobs_parked_total`, and the
//! histogram `background_job_seconds`.

mod attempt;
mod operator;
mod queue;
mod runner;
mod settings;

use chrono::{DateTime, Utc};
use serde::{Serialize, de::DeserializeOwned};
use sqlx::PgConnection;
use std::time::Duration;

pub use attempt::Attempt;
pub use operator::{Health, Parked, discard_parked, health, parked, prune, retry_parked};
pub use runner::Runner;
pub use settings::{Backoff, Clock, Settings};

/// Something to do later.
///
/// Its stored form must go on being read as long as jobs written by an older program may wait.
pub trait Job: Serialize + DeserializeOwned + Send + 'static {
    /// Tells jobs apart where they are stored; at most 64 characters.
    const KIND: &'static str;
    /// An attempt that takes longer is broken off and counts as failed.
    const TIMEOUT: Duration = Duration::from_secs(60);
}

/// Why a handler did not do a job. An operator reads the reason, so no secret belongs in it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// It may go better later.
    #[error("{0}")]
    Retry(String),
    /// It will not go better: the job is parked at once.
    #[error("{0}")]
    GiveUp(String),
}

impl Failure {
    /// For `map_err`: whatever the cause was, it is worth another attempt.
    pub fn retry(cause: impl std::fmt::Display) -> Self {
        Self::Retry(cause.to_string())
    }

    /// For `map_err`: no further attempt can help.
    pub fn give_up(cause: impl std::fmt::Display) -> Self {
        Self::GiveUp(cause.to_string())
    }
}

/// When a job is to be done, and whether it makes another one superfluous.
#[derive(Clone, Debug)]
pub struct Options {
    /// Not before this moment.
    pub run_at: DateTime<Utc>,
    /// While a job of the same kind and key waits, no second one is written. One that is being
    /// done already does not count, for it may have seen too little. At most 200 characters.
    pub unique_key: Option<String>,
}

impl Options {
    pub fn at(run_at: DateTime<Utc>) -> Self {
        Self { run_at, unique_key: None }
    }

    #[must_use]
    pub fn unique(self, key: impl Into<String>) -> Self {
        Self { unique_key: Some(key.into()), ..self }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    #[error("a job could not be written as JSON")]
    Payload(#[from] serde_json::Error),
}

pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Writes a job in the caller's transaction; at commit the runners are woken. Gives its identifier,
/// or none if one with the same unique key waits already. That one is then held until the caller's
/// transaction ends, so that it sees what the caller wrote.
pub async fn enqueue<J: Job>(db: &mut PgConnection, job: &J, options: Options) -> Result<Option<i64>> {
    let payload = serde_json::to_value(job)?;
    queue::insert(db, J::KIND, &payload, options.unique_key.as_deref(), options.run_at).await
}
