//! Why a socket is closed. The codes are part of the documented protocol.

use axum::extract::ws::{CloseFrame, Message};

/// A close code (RFC 6455, section 7.4) and what it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Close {
    pub(super) code: u16,
    reason: &'static str,
}

impl Close {
    pub(super) const PROTOCOL: Self = Self::new(1002, "protocol error");
    pub(super) const NO_BINARY: Self = Self::new(1003, "binary messages are not understood");
    pub(super) const NOT_UTF8: Self = Self::new(1007, "text must be UTF-8");
    pub(super) const NOT_UNDERSTOOD: Self =
        Self::new(1008, "the only message understood is {\"type\":\"ping\"}");
    pub(super) const TOO_LONG: Self = Self::new(1009, "the message is too long");
    pub(super) const RESTART: Self = Self::new(1012, "the server is restarting; come back");
    pub(super) const TRY_LATER: Self = Self::new(1013, "not available at present; come back");
    pub(super) const IDLE: Self = Self::new(4000, "nothing was heard for too long");
    pub(super) const SLOW: Self = Self::new(4008, "messages were not read in time; come back with after");
    pub(super) const TOO_MANY: Self = Self::new(4029, "too many sockets of one person");
    pub(super) const SIGNED_OUT: Self = Self::new(4401, "the session or the token has ended");

    const fn new(code: u16, reason: &'static str) -> Self {
        Self { code, reason }
    }

    pub(super) fn message(self) -> Message {
        Message::Close(Some(CloseFrame { code: self.code, reason: self.reason.into() }))
    }
}
