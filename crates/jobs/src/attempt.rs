//! One attempt at a job, as its handler sees it.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use sqlx::PgConnection;
use uuid::Uuid;

use crate::{Clock, Failure, queue};

/// What a handler knows of the job it does, besides what the job itself says.
#[derive(Clone)]
pub struct Attempt {
    pub(crate) id: i64,
    pub(crate) claim: Uuid,
    pub(crate) number: i32,
    pub(crate) last: bool,
    pub(crate) clock: Clock,
    pub(crate) finishing: Arc<AtomicBool>,
}

impl Attempt {
    /// The job's identifier, the same in every attempt.
    pub fn job_id(&self) -> i64 {
        self.id
    }

    /// Counts from 1.
    pub fn number(&self) -> i32 {
        self.number
    }

    /// Whether the job is parked if this attempt fails.
    pub fn is_last(&self) -> bool {
        self.last
    }

    /// Ends the job in the handler's own transaction, so that it is done exactly if the
    /// transaction's other effects are. Call it last, right before the commit.
    ///
    /// # Errors
    /// Where the claim was lost to another worker: the transaction must then be given up.
    pub async fn finish(&self, db: &mut PgConnection) -> Result<(), Failure> {
        // From here on the claim is not prolonged: the row is locked by this transaction.
        self.finishing.store(true, Ordering::Release);
        match queue::finish(db, self.id, self.claim, (self.clock)()).await {
            Ok(true) => Ok(()),
            Ok(false) => Err(Failure::Retry("the job was taken by another worker".into())),
            Err(error) => Err(Failure::retry(error)),
        }
    }

    pub(crate) fn is_finishing(&self) -> bool {
        self.finishing.load(Ordering::Acquire)
    }
}
