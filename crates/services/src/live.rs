//! The live channel of one socket: first what was missed, then what happens.

use std::collections::VecDeque;

use domain::UserId;
use events::hub::Subscription;
use identity::Principal;
use serde_json::{Value, json};
use storage::{Database, feeds};

pub use events::hub::Frame;

use crate::{Result, Services};

/// How many missed messages are replayed; who missed more starts afresh.
pub const MAX_REPLAY: i64 = 500;

/// The socket read too slowly and was let go; it may come back and replay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the socket fell too far behind")]
pub struct Lagged;

/// Why there is no next frame.
#[derive(Debug, thiserror::Error)]
pub enum Ended {
    #[error(transparent)]
    Lagged(#[from] Lagged),
    #[error(transparent)]
    Storage(#[from] storage::Error),
}

/// The messages for one socket, in order, each once.
pub struct LiveFeed {
    database: Database,
    user: UserId,
    subscription: Subscription,
    /// The number of the last message that was handed out.
    sent: i64,
    /// The highest number known to be in the database.
    known: i64,
    waiting: VecDeque<Frame>,
}

impl LiveFeed {
    /// Opens the feed after message number `after`, or from now on where none is given. Where the
    /// messages since then are too many or no longer there, the first one is a `reset`.
    pub async fn open(services: &Services, who: &Principal, after: Option<i64>) -> Result<Self> {
        // Subscribing comes first: what happens from here on waits in the subscription.
        let subscription = services.hub.subscribe(who.user_id);
        let database = services.database.clone();
        let mut db = database.begin_as(who.user_id).await?;
        let position = feeds::position(&mut *db, who.user_id).await?;
        let last = position.last_seq;
        let replayed =
            after.filter(|after| (position.pruned_seq..=last).contains(after) && last - after <= MAX_REPLAY);
        let mut waiting = VecDeque::new();
        if after.is_some() && replayed.is_none() {
            waiting.push_back(frame(last, json!({ "type": "reset", "data": {} })));
        }
        let sent = replayed.unwrap_or(last);
        Ok(Self { database, user: who.user_id, subscription, sent, known: last, waiting })
    }

    /// The next message. Cancelling the wait loses nothing.
    pub async fn next(&mut self) -> Result<Frame, Ended> {
        loop {
            if let Some(frame) = self.waiting.pop_front() {
                self.sent = frame.seq;
                return Ok(frame);
            }
            if self.known > self.sent {
                // Replay, or a message that was published before an earlier one: the database has
                // them all, in order.
                let (after, limit) = (self.sent, self.known - self.sent);
                let mut db = self.database.begin_as(self.user).await?;
                let missing = feeds::after(&mut *db, self.user, after, limit).await?;
                if missing.is_empty() {
                    return Err(Lagged.into());
                }
                self.waiting.extend(missing.into_iter().map(|(seq, message)| frame(seq, message)));
                continue;
            }
            let frame = self.subscription.next().await.ok_or(Lagged)?;
            if frame.seq == self.sent + 1 {
                self.sent = frame.seq;
                self.known = frame.seq;
                return Ok(frame);
            }
            self.known = self.known.max(frame.seq);
        }
    }
}

/// A stored message as it is sent.
pub(crate) fn frame(seq: i64, mut message: Value) -> Frame {
    if let Some(fields) = message.as_object_mut() {
        fields.insert("seq".to_owned(), seq.into());
    }
    Frame { seq, text: message.to_string().into(), born: None }
}
