//! What is asked with one account's tokens at once is done one after the other. In the database it would be
//! so too, but with a connection for each that waits, and others need those.

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock, PoisonError, Weak},
};

use chrono::TimeDelta;
use domain::UserId;
use tokio::sync::{Mutex, OwnedMutexGuard};

use crate::{Result, ServiceError};

pub(super) static ISSUING: LazyLock<Turns> = LazyLock::new(Turns::default);

/// Apart from the others, so that a revocation does not wait behind those whom it is to stop.
pub(super) static REVOKING: LazyLock<Turns> = LazyLock::new(Turns::default);

/// So many of one account may be here at once; more than the programs of one person ask in a moment.
const MOST: usize = 64;

/// The turns of the accounts for which something is under way.
#[derive(Default)]
pub(super) struct Turns(std::sync::Mutex<HashMap<UserId, Weak<Mutex<()>>>>);

impl Turns {
    /// Waits for the account's turn, which lasts until it is dropped. To be taken before a connection is.
    ///
    /// Errors: [`ServiceError::TooMany`] if too many wait already.
    pub(super) async fn take(&self, owner: UserId) -> Result<OwnedMutexGuard<()>> {
        let turn = self.of(owner)?;
        Ok(turn.lock_owned().await)
    }

    fn of(&self, owner: UserId) -> Result<Arc<Mutex<()>>> {
        let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        turns.retain(|_, turn| turn.strong_count() > 0);
        let known = turns.get(&owner).and_then(Weak::upgrade);
        let turn = known.unwrap_or_default();
        // Each that is here has the turn or waits for it, and so does this one.
        if Arc::strong_count(&turn) > MOST {
            return Err(ServiceError::TooMany(TimeDelta::seconds(1)));
        }
        turns.insert(owner, Arc::downgrade(&turn));
        Ok(turn)
    }
}
