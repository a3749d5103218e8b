//! All open sockets: how many there may be, and how they are told to go.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use dashmap::DashMap;
use domain::UserId;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::config::Live;

/// The registry. Clones share it.
#[derive(Clone)]
pub(crate) struct Sockets(Arc<Inner>);

struct Inner {
    max: u32,
    max_per_user: u32,
    open: AtomicU32,
    per_user: DashMap<UserId, u32>,
    closing: CancellationToken,
    tasks: TaskTracker,
}

/// Why a socket is not admitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Full {
    /// The server has as many as it takes.
    Server,
    /// The person has as many as one may.
    User,
}

/// One socket's place; dropping it gives the place up.
pub(super) struct Place {
    sockets: Sockets,
    user: UserId,
}

impl Sockets {
    pub(crate) fn new(limits: &Live) -> Self {
        Self(Arc::new(Inner {
            max: limits.max_sockets,
            max_per_user: limits.max_sockets_per_user,
            open: AtomicU32::new(0),
            per_user: DashMap::new(),
            closing: CancellationToken::new(),
            tasks: TaskTracker::new(),
        }))
    }

    pub(super) fn admit(&self, user: UserId) -> Result<Place, Full> {
        let inner = &self.0;
        let room = |open| (open < inner.max).then_some(open + 1);
        inner.open.fetch_update(Ordering::AcqRel, Ordering::Acquire, room).map_err(|_| Full::Server)?;
        let mut own = inner.per_user.entry(user).or_default();
        if *own >= inner.max_per_user {
            drop(own);
            inner.open.fetch_sub(1, Ordering::AcqRel);
            return Err(Full::User);
        }
        *own += 1;
        drop(own);
        metrics::gauge!("sockets_open").increment(1);
        Ok(Place { sockets: self.clone(), user })
    }

    pub(super) fn closing(&self) -> &CancellationToken {
        &self.0.closing
    }

    /// Counts the tasks of sockets: the server's graceful end does not wait for them by itself.
    pub(super) fn tasks(&self) -> &TaskTracker {
        &self.0.tasks
    }

    /// Closes every socket. False if some did not go within the time given.
    pub(crate) async fn close(&self, within: Duration) -> bool {
        self.0.closing.cancel();
        self.0.tasks.close();
        tokio::time::timeout(within, self.0.tasks.wait()).await.is_ok()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let inner = &self.sockets.0;
        inner.open.fetch_sub(1, Ordering::AcqRel);
        metrics::gauge!("sockets_open").decrement(1);
        if let dashmap::Entry::Occupied(mut own) = inner.per_user.entry(self.user) {
            *own.get_mut() -= 1;
            if *own.get() == 0 {
                own.remove();
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn places_are_limited_and_given_up() {
        let sockets = Sockets::new(&Live { max_sockets: 3, max_sockets_per_user: 2, ..Live::default() });
        let (ada, bob) = (UserId::new(), UserId::new());
        let first = sockets.admit(ada).unwrap();
        let _second = sockets.admit(ada).unwrap();
        assert_eq!(sockets.admit(ada).err(), Some(Full::User));
        let _third = sockets.admit(bob).unwrap();
        assert_eq!(sockets.admit(bob).err(), Some(Full::Server));
        drop(first);
        assert!(sockets.admit(ada).is_ok());
        assert_eq!(sockets.0.per_user.len(), 2);
    }
}
