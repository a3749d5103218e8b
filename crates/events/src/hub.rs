//! The hub: hands each feed message to the open sockets of the person it is for.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use dashmap::DashMap;
use domain::UserId;
use tokio::sync::mpsc::{self, error::TrySendError};

/// A feed message ready to be sent.
#[derive(Clone, Debug)]
pub struct Frame {
    pub seq: i64,
    /// The message as JSON.
    pub text: Arc<str>,
    /// When the change that led to it was committed, if it is being sent for the first time.
    pub born: Option<DateTime<Utc>>,
}

/// How many frames may wait for one socket. A socket that falls further behind is let go and can
/// replay what it missed; it never holds up the others.
const QUEUE: usize = 32;

#[derive(Clone, Default)]
pub struct Hub {
    listeners: Arc<DashMap<UserId, Vec<Listener>>>,
}

struct Listener {
    id: u64,
    queue: mpsc::Sender<Frame>,
}

/// One socket's place in the hub; dropping it gives the place up.
pub struct Subscription {
    hub: Hub,
    user: UserId,
    id: u64,
    queue: mpsc::Receiver<Frame>,
}

impl Hub {
    pub fn subscribe(&self, user: UserId) -> Subscription {
        static NEXT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
        let id = NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let (sender, queue) = mpsc::channel(QUEUE);
        self.listeners.entry(user).or_default().push(Listener { id, queue: sender });
        Subscription { hub: self.clone(), user, id, queue }
    }

    /// Hands a frame to every socket of the person.
    pub fn publish(&self, user: UserId, frame: &Frame) {
        let Some(mut listeners) = self.listeners.get_mut(&user) else { return };
        listeners.retain(|listener| match listener.queue.try_send(frame.clone()) {
            Ok(()) => true,
            Err(TrySendError::Full(_)) => {
                metrics::counter!("feed_slow_consumers_total").increment(1);
                false
            }
            Err(TrySendError::Closed(_)) => false,
        });
    }

    /// How many sockets a person has open.
    pub fn count(&self, user: UserId) -> usize {
        self.listeners.get(&user).map_or(0, |listeners| listeners.len())
    }
}

impl Subscription {
    /// The next frame; none once the socket fell too far behind.
    pub async fn next(&mut self) -> Option<Frame> {
        self.queue.recv().await
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        if let Some(mut listeners) = self.hub.listeners.get_mut(&self.user) {
            listeners.retain(|listener| listener.id != self.id);
        }
        self.hub.listeners.remove_if(&self.user, |_, listeners| listeners.is_empty());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(seq: i64) -> Frame {
        Frame { seq, text: "{}".into(), born: None }
    }

    #[tokio::test]
    async fn a_frame_reaches_every_socket_of_its_person_and_nobody_else() {
        let hub = Hub::default();
        let (ada, bob) =
            (UserId::from_uuid(uuid::Uuid::from_u128(1)), UserId::from_uuid(uuid::Uuid::from_u128(2)));
        let (mut phone, mut desk, mut other) = (hub.subscribe(ada), hub.subscribe(ada), hub.subscribe(bob));
        hub.publish(ada, &frame(1));
        hub.publish(bob, &frame(9));
        assert_eq!(phone.next().await.unwrap().seq, 1);
        assert_eq!(desk.next().await.unwrap().seq, 1);
        assert_eq!(other.next().await.unwrap().seq, 9);
    }

    #[tokio::test]
    async fn a_slow_socket_is_let_go_and_the_others_lose_nothing() {
        let hub = Hub::default();
        let ada = UserId::from_uuid(uuid::Uuid::from_u128(1));
        let (mut slow, mut quick) = (hub.subscribe(ada), hub.subscribe(ada));
        for seq in 0..QUEUE as i64 + 5 {
            hub.publish(ada, &frame(seq));
            assert_eq!(quick.next().await.unwrap().seq, seq);
        }
        for seq in 0..QUEUE as i64 {
            assert_eq!(slow.next().await.unwrap().seq, seq);
        }
        assert!(slow.next().await.is_none());
        assert_eq!(hub.count(ada), 1);
    }

    #[test]
    fn a_dropped_subscription_leaves_nothing_behind() {
        let hub = Hub::default();
        let ada = UserId::from_uuid(uuid::Uuid::from_u128(1));
        drop(hub.subscribe(ada));
        assert_eq!(hub.count(ada), 0);
        assert!(hub.listeners.is_empty());
    }
}
