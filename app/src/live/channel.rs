//! The browser's end of the live channel: one socket to `/ws/feed`, opened again whenever it
//! breaks, whose messages are handed on once each and in order. `docs/websocket.md` describes it.

use std::{
    borrow::Cow,
    cell::{Cell, OnceCell, RefCell},
    time::Duration,
};

use domain::{
    JobId,
    feed::{FeedEvent, RemovalReason},
};
use leptos::prelude::*;
use serde::Deserialize;
use serde_json::value::RawValue;
use wasm_bindgen::{JsCast as _, prelude::Closure};
use web_sys::{CloseEvent, Event, MessageEvent, WebSocket};

use crate::ui::Connection;

/// The session has ended: coming back would not help.
const SIGNED_OUT: u16 = 4401;
/// After so many attempts in a row the page says that it is offline; it goes on trying.
const OFFLINE_AFTER: u32 = 4;
/// A socket that held for so long was a good one, and the next attempt is the first again.
const STABLE_MS: f64 = 10_000.0;

/// How long to wait before an attempt, in milliseconds: from half a second on, doubled each time
/// up to half a minute, of which `random` (0 to 1) takes off up to a half, so that the visitors of
/// a server that restarts do not come back all at once.
fn backoff_ms(attempt: u32, random: f64) -> u32 {
    let longest = 500_u32.saturating_mul(1 << attempt.min(6)).min(30_000);
    longest - (f64::from(longest / 2) * random.clamp(0.0, 1.0)) as u32
}

/// How a message stands to the last one that was handed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Arrival {
    Next,
    /// It was here before.
    Known,
    /// Something in between is missing.
    Gap,
}

const fn arrival(last: i64, seq: i64) -> Arrival {
    match seq - last {
        ..=0 => Arrival::Known,
        1 => Arrival::Next,
        _ => Arrival::Gap,
    }
}

/// What has to be done about a message.
#[derive(Debug, PartialEq)]
enum Act {
    Nothing,
    HandOn(i64, FeedEvent),
    /// It is of a kind that this page does not know; only its number counts.
    Skip(i64),
    Reopen,
    Reload,
}

/// A message whose content is still as it was sent: reading it by its kind takes the browser a
/// fraction of the code that `FeedMessage`, which has to find the kind first, would.
#[derive(Deserialize)]
struct Envelope<'a> {
    seq: i64,
    #[serde(borrow, rename = "type")]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    data: &'a RawValue,
}

impl Envelope<'_> {
    /// What happened; none where this page does not know the kind.
    fn event(&self) -> Option<FeedEvent> {
        #[derive(Deserialize)]
        struct Removed {
            job_id: JobId,
            reason: RemovalReason,
        }
        let data = self.data.get();
        match &*self.kind {
            "match_added" => serde_json::from_str(data).ok().map(FeedEvent::MatchAdded),
            "match_updated" => serde_json::from_str(data).ok().map(FeedEvent::MatchUpdated),
            "match_removed" => {
                let Removed { job_id, reason } = serde_json::from_str(data).ok()?;
                Some(FeedEvent::MatchRemoved { job_id, reason })
            }
            "candidates_changed" => serde_json::from_str(data).ok().map(FeedEvent::CandidatesChanged),
            "reset" => Some(FeedEvent::Reset {}),
            _ => None,
        }
    }
}

fn judge(last: i64, text: &str) -> Act {
    let Ok(message) = serde_json::from_str::<Envelope<'_>>(text) else { return Act::Nothing };
    let (seq, event) = (message.seq, message.event());
    match (arrival(last, seq), event) {
        (_, Some(FeedEvent::Reset {})) => Act::Reload,
        (Arrival::Known, _) => Act::Nothing,
        (Arrival::Gap, _) => Act::Reopen,
        (Arrival::Next, Some(event)) => Act::HandOn(seq, event),
        (Arrival::Next, None) => Act::Skip(seq),
    }
}

/// What the browser calls. Made once, for all sockets that follow each other.
struct Handlers {
    open: Closure<dyn Fn(Event)>,
    message: Closure<dyn Fn(MessageEvent)>,
    close: Closure<dyn Fn(CloseEvent)>,
}

struct Channel {
    /// The number of the last message that was handed on.
    last: Cell<i64>,
    attempt: Cell<u32>,
    /// When the present socket opened, in milliseconds since 1970.
    opened: Cell<Option<f64>>,
    /// Whether the next attempt is due at some time to come.
    waiting: Cell<bool>,
    socket: RefCell<Option<WebSocket>>,
    handlers: OnceCell<Handlers>,
    state: WriteSignal<Option<Connection>>,
    hand_on: Box<dyn Fn(i64, FeedEvent)>,
}

/// Opens the channel after message number `after`. It lives as long as the page does.
pub(super) fn open(
    after: i64,
    state: WriteSignal<Option<Connection>>,
    hand_on: impl Fn(i64, FeedEvent) + 'static,
) {
    let channel: &'static Channel = Box::leak(Box::new(Channel {
        last: Cell::new(after),
        attempt: Cell::new(0),
        opened: Cell::new(None),
        waiting: Cell::new(false),
        socket: RefCell::new(None),
        handlers: OnceCell::new(),
        state,
        hand_on: Box::new(hand_on),
    }));
    // Once the network is back there is no reason to wait.
    let listener = window_event_listener_untyped("online", move |_| channel.resume());
    std::mem::forget(listener);
    channel.connect();
}

impl Channel {
    fn connect(&'static self) {
        let location = window().location();
        let (Ok(protocol), Ok(host)) = (location.protocol(), location.host()) else { return };
        let scheme = if protocol == "https:" { "wss://" } else { "ws://" };
        let url = [scheme, &host, "/ws/feed?after=", &self.last.get().to_string()].concat();
        if self.attempt.get() < OFFLINE_AFTER {
            self.state.set(Some(Connection::Reconnecting));
        }
        self.opened.set(None);
        let Ok(socket) = WebSocket::new(&url) else { return self.retry() };
        let handlers = self.handlers.get_or_init(|| Handlers {
            open: Closure::new(move |_| {
                self.opened.set(Some(js_sys::Date::now()));
                self.state.set(Some(Connection::Live));
            }),
            message: Closure::new(move |event: MessageEvent| {
                if let Some(text) = event.data().as_string() {
                    self.hear(&text);
                }
            }),
            close: Closure::new(move |event: CloseEvent| self.closed(event.code())),
        });
        socket.set_onopen(Some(handlers.open.as_ref().unchecked_ref()));
        socket.set_onmessage(Some(handlers.message.as_ref().unchecked_ref()));
        socket.set_onclose(Some(handlers.close.as_ref().unchecked_ref()));
        self.socket.replace(Some(socket));
    }

    fn hear(&'static self, text: &str) {
        match judge(self.last.get(), text) {
            Act::Nothing => {}
            Act::Skip(seq) => self.last.set(seq),
            Act::HandOn(seq, event) => {
                self.last.set(seq);
                (self.hand_on)(seq, event);
            }
            Act::Reopen => {
                self.let_go();
                self.retry();
            }
            Act::Reload => {
                self.let_go();
                // Where it is refused, the page stays as it is and says that it is offline.
                if window().location().reload().is_err() {
                    self.state.set(Some(Connection::Offline));
                }
            }
        }
    }

    /// Gives the socket up without hearing of its end.
    fn let_go(&self) {
        if let Some(socket) = self.socket.take() {
            socket.set_onmessage(None);
            socket.set_onclose(None);
            // Closing without a code cannot fail.
            let _ = socket.close();
        }
    }

    fn closed(&'static self, code: u16) {
        self.socket.take();
        if code == SIGNED_OUT {
            self.state.set(Some(Connection::Offline));
        } else {
            self.retry();
        }
    }

    fn retry(&'static self) {
        let held = self.opened.take().is_some_and(|opened| js_sys::Date::now() - opened >= STABLE_MS);
        let attempt = if held { 0 } else { self.attempt.get() };
        self.attempt.set(attempt + 1);
        self.state.set(Some(match attempt {
            OFFLINE_AFTER.. => Connection::Offline,
            _ => Connection::Reconnecting,
        }));
        self.waiting.set(true);
        let wait = backoff_ms(attempt, js_sys::Math::random());
        set_timeout(move || self.resume(), Duration::from_millis(wait.into()));
    }

    /// Makes the attempt that is due, unless it has been made.
    fn resume(&'static self) {
        if self.waiting.replace(false) {
            self.connect();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_doubles_up_to_half_a_minute_and_is_jittered() {
        let longest: Vec<_> = (0..8).map(|attempt| backoff_ms(attempt, 0.0)).collect();
        assert_eq!(longest, [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
        assert_eq!(backoff_ms(u32::MAX, 0.0), 30_000);
        for attempt in 0..10 {
            let (most, least) = (backoff_ms(attempt, 0.0), backoff_ms(attempt, 1.0));
            assert_eq!(least, most / 2);
            assert!((least..=most).contains(&backoff_ms(attempt, 0.37)));
        }
    }

    #[test]
    fn messages_are_handed_on_once_and_in_order() {
        let removed = |seq: i64| {
            format!(
                r#"{{"seq":{seq},"type":"match_removed","data":{{"job_id":"00000000-0000-7000-8000-000000000001","reason":"closed"}}}}"#
            )
        };
        assert!(matches!(judge(6, &removed(7)), Act::HandOn(7, FeedEvent::MatchRemoved { .. })));
        assert_eq!(judge(7, &removed(7)), Act::Nothing);
        assert_eq!(judge(9, &removed(7)), Act::Nothing);
        assert_eq!(judge(5, &removed(7)), Act::Reopen);
    }

    /// What the server writes is what is read here, whatever the kind.
    #[test]
    fn every_kind_of_message_reads_back_as_itself() {
        let card = r#"{"job_id":"00000000-0000-7000-8000-000000000001","title":"T \" é","client_name":"C","budget":"$1","place":"P","published_ms":5,"score":800000,"summary":"S","reasons":[{"part":"skills","fit":90}]}"#;
        let card: domain::feed::MatchCard = serde_json::from_str(card).expect("a card");
        let job_id = card.job_id;
        let change = domain::feed::CandidatesChange {
            job_id,
            job_title: "T".to_owned(),
            upserted: Vec::new(),
            removed: vec![job_id.uuid().into()],
        };
        let events = [
            FeedEvent::MatchAdded(card.clone()),
            FeedEvent::MatchUpdated(card),
            FeedEvent::MatchRemoved { job_id, reason: RemovalReason::NoLongerFits },
            FeedEvent::CandidatesChanged(change),
        ];
        for event in events {
            let message = domain::feed::FeedMessage { seq: 8, event: event.clone() };
            let text = serde_json::to_string(&message).expect("JSON");
            assert_eq!(judge(7, &text), Act::HandOn(8, event));
        }
    }

    #[test]
    fn a_reset_reloads_whatever_its_number() {
        for last in [0, 7, 100] {
            assert_eq!(judge(last, r#"{"seq":7,"type":"reset","data":{}}"#), Act::Reload);
        }
    }

    #[test]
    fn an_unknown_kind_counts_and_garbage_does_not() {
        assert_eq!(judge(1, r#"{"seq":2,"type":"of_the_future","data":[1]}"#), Act::Skip(2));
        assert_eq!(judge(1, r#"{"seq":4,"type":"of_the_future","data":[1]}"#), Act::Reopen);
        for garbage in ["", "null", "{}", "{\"seq\":\"2\"}", "\u{0}"] {
            assert_eq!(judge(1, garbage), Act::Nothing, "{garbage:?}");
        }
    }
}
