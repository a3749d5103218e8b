//! What clients send: hardly anything.

use axum::extract::ws::Message;
use tokio_tungstenite::tungstenite;

use super::close::Close;

/// The largest message taken from a client, in bytes.
pub(super) const MAX_MESSAGE: usize = 4 * 1024;

/// What a client's message means for its socket.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Heard {
    /// It is alive.
    Life,
    /// It is gone, or going.
    Gone,
    /// It sent what is not understood.
    Fault(Close),
}

pub(super) fn hear(message: Option<Result<Message, axum::Error>>) -> Heard {
    match message {
        Some(Ok(Message::Ping(_) | Message::Pong(_))) => Heard::Life,
        Some(Ok(Message::Text(text))) if is_ping(&text) => Heard::Life,
        Some(Ok(Message::Text(_))) => Heard::Fault(Close::NOT_UNDERSTOOD),
        Some(Ok(Message::Binary(_))) => Heard::Fault(Close::NO_BINARY),
        Some(Ok(Message::Close(_))) | None => Heard::Gone,
        Some(Err(error)) => fault(error),
    }
}

/// `{"type":"ping"}`, for clients that cannot send the protocol's own, as browsers cannot.
fn is_ping(text: &str) -> bool {
    let message: Option<serde_json::Value> = serde_json::from_str(text).ok();
    message.is_some_and(|message| message == serde_json::json!({ "type": "ping" }))
}

fn fault(error: axum::Error) -> Heard {
    use tungstenite::Error as E;
    match error.into_inner().downcast_ref::<E>() {
        Some(E::Capacity(_)) => Heard::Fault(Close::TOO_LONG),
        Some(E::Utf8(_)) => Heard::Fault(Close::NOT_UTF8),
        Some(E::Protocol(tungstenite::error::ProtocolError::ResetWithoutClosingHandshake)) => Heard::Gone,
        Some(E::Protocol(_)) => Heard::Fault(Close::PROTOCOL),
        _ => Heard::Gone,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_ping_is_understood() {
        let text = |text: &str| hear(Some(Ok(Message::text(text))));
        assert_eq!(text(r#"{"type":"ping"}"#), Heard::Life);
        for garbage in ["", "ping", "{}", r#"{"type":"pong"}"#, r#"{"type":"ping","x":1}"#, r#"["ping"]"#] {
            assert_eq!(text(garbage), Heard::Fault(Close::NOT_UNDERSTOOD), "{garbage}");
        }
        assert_eq!(hear(Some(Ok(Message::binary(vec![1])))), Heard::Fault(Close::NO_BINARY));
        assert_eq!(hear(None), Heard::Gone);
    }
}
