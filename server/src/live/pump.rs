//! One socket's life: messages out, signs of life in.

use std::time::Duration;

use axum::extract::ws::{Message, WebSocket};
use chrono::Utc;
use services::live::{Ended, Frame, LiveFeed};
use tokio::time::{Instant, sleep_until, timeout};

use super::{
    close::Close,
    incoming::{Heard, hear},
    sockets::Place,
    upgrade::Lease,
};
use crate::State;

/// What a socket stands on is looked at again after so many pings: whoever signs out, or revokes a
/// token, is soon cut off.
const PINGS_PER_CHECK: u32 = 4;
/// How long a client may take to answer a close.
const GOODBYE_WITHIN: Duration = Duration::from_secs(2);

pub(super) struct Pump {
    state: State,
    socket: WebSocket,
    feed: LiveFeed,
    lease: Lease,
    /// When the token ends by itself.
    ends_at: Option<Instant>,
    heard_at: Instant,
    pinged_at: Instant,
    pings: u32,
    _place: Place,
}

/// Why a socket's life ends.
enum End {
    /// We close it.
    Close(Close),
    /// The client went.
    Gone,
}

impl Pump {
    pub(super) fn new(state: State, socket: WebSocket, feed: LiveFeed, place: Place, lease: Lease) -> Self {
        let now = Instant::now();
        let ends_at = match lease {
            Lease::Session(_) => None,
            Lease::Token(_, ends_at) => {
                Some(now + (ends_at - state.services().now()).to_std().unwrap_or_default())
            }
        };
        Self { state, socket, feed, lease, ends_at, heard_at: now, pinged_at: now, pings: 0, _place: place }
    }

    /// Serves the socket to its end.
    pub(super) async fn run(mut self) {
        let end = self.serve().await;
        let Self { mut socket, feed, .. } = self;
        // Nothing more is queued for a socket that is going.
        drop(feed);
        match end {
            End::Close(close) => farewell(socket, close).await,
            End::Gone => {
                metrics::counter!("sockets_closed_total", "code" => "client").increment(1);
                // Reading on lets the answer to the client's close go out.
                let _ = timeout(GOODBYE_WITHIN, socket.recv()).await;
            }
        }
    }

    async fn serve(&mut self) -> End {
        loop {
            if let Err(end) = self.step().await {
                return end;
            }
        }
    }

    /// Does the next thing there is to do. Every wait here can be cancelled without a loss.
    async fn step(&mut self) -> Result<(), End> {
        let due = self.due();
        tokio::select! {
            () = self.state.sockets().closing().cancelled() => Err(End::Close(Close::RESTART)),
            frame = self.feed.next() => match frame {
                Ok(frame) => self.deliver(frame).await,
                Err(Ended::Lagged(_)) => Err(End::Close(Close::SLOW)),
                Err(Ended::Storage(error)) => {
                    tracing::warn!(%error, "a feed could not be read");
                    Err(End::Close(Close::TRY_LATER))
                }
            },
            message = self.socket.recv() => match hear(message) {
                Heard::Life => {
                    self.heard_at = Instant::now();
                    Ok(())
                }
                Heard::Gone => Err(End::Gone),
                Heard::Fault(close) => Err(End::Close(close)),
            },
            // Boxed: it is rare, and what it needs would make every idle socket larger.
            () = sleep_until(due) => Box::pin(self.look_after()).await,
        }
    }

    async fn deliver(&mut self, frame: Frame) -> Result<(), End> {
        self.send(Message::text(&*frame.text)).await?;
        metrics::counter!("socket_frames_sent_total").increment(1);
        if let Some(born) = frame.born {
            let seconds = (Utc::now() - born).as_seconds_f64().max(0.0);
            metrics::histogram!("match_delivery_seconds").record(seconds);
        }
        Ok(())
    }

    /// Writes a message, or finds that the client does not read.
    async fn send(&mut self, message: Message) -> Result<(), End> {
        let within = Duration::from_millis(self.state.config().live.write_timeout_ms);
        match timeout(within, self.socket.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(End::Gone),
            Err(_) => Err(End::Close(Close::SLOW)),
        }
    }

    /// When to ping, to give the client up, or to part with a token that ends, whichever comes first.
    fn due(&self) -> Instant {
        let live = &self.state.config().live;
        let ping = self.pinged_at + Duration::from_secs(live.ping_seconds);
        let idle = self.heard_at + Duration::from_secs(live.idle_seconds);
        ping.min(idle).min(self.ends_at.unwrap_or(idle))
    }

    async fn look_after(&mut self) -> Result<(), End> {
        let idle = Duration::from_secs(self.state.config().live.idle_seconds);
        if self.heard_at.elapsed() >= idle {
            return Err(End::Close(Close::IDLE));
        }
        if self.ends_at.is_some_and(|end| end <= Instant::now()) {
            return Err(End::Close(Close::SIGNED_OUT));
        }
        self.pinged_at = Instant::now();
        self.pings = self.pings.wrapping_add(1);
        // While the database is away nobody is sent off.
        if self.pings.is_multiple_of(PINGS_PER_CHECK) && !self.lease.holds(&self.state).await {
            return Err(End::Close(Close::SIGNED_OUT));
        }
        self.send(Message::Ping(bytes::Bytes::new())).await
    }
}

/// Tells the client why, and waits a moment for its answer, so that the reason arrives.
pub(super) async fn farewell(mut socket: WebSocket, close: Close) {
    metrics::counter!("sockets_closed_total", "code" => close.code.to_string()).increment(1);
    let goodbye = async {
        if socket.send(close.message()).await.is_ok() {
            while let Some(Ok(_)) = socket.recv().await {}
        }
    };
    let _ = timeout(GOODBYE_WITHIN, goodbye).await;
}
