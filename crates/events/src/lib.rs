//! What happened, and who hears of it: the closed set of events, the relay that takes them from
//! the outbox to their consumer, and the hub that hands feed messages to open sockets.

mod event;
pub mod hub;
pub mod relay;

pub use event::{Envelope, Event, append};
