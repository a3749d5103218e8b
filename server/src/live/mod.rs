//! The live channel `/ws/feed`. `docs/websocket.md` describes it for other programs.

mod close;
mod incoming;
mod pump;
mod sockets;
mod upgrade;

pub(crate) use sockets::Sockets;
pub(crate) use upgrade::upgrade;
