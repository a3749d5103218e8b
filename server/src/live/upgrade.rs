//! From a request to a socket: who asks, from where, after which message.

use app::error::{ApiError, ErrorKind};
use axum::{
    extract::{
        Query, State as Extracted, WebSocketUpgrade,
        ws::{WebSocket, rejection::WebSocketUpgradeRejection},
    },
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
};
use domain::{SessionId, UserId};
use services::{
    accounts::{self, Authenticated},
    live::LiveFeed,
};

use super::{
    close::Close,
    incoming::MAX_MESSAGE,
    pump::{Pump, farewell},
    sockets::{Full, Place},
};
use crate::{
    State,
    http::{
        observe::is_made_by,
        origin::{Origin, origin},
        refusal::Refusal,
        session,
    },
};

/// Ten thousand idle sockets are to cost little: the default of 128 KiB each would not do.
const READ_BUFFER: usize = 512;
/// A message beyond this is written as it comes.
const WRITE_BUFFER: usize = 1024;
/// Far above the longest message; nothing is set aside for it.
const MAX_WRITE_BUFFER: usize = 2 * 1024 * 1024;

#[derive(serde::Deserialize)]
pub(crate) struct Parameters {
    after: Option<String>,
}

/// Handler of `/ws/feed`.
pub(crate) async fn upgrade(
    Extracted(state): Extracted<State>,
    headers: HeaderMap,
    parameters: Result<Query<Parameters>, axum::extract::rejection::QueryRejection>,
    socket: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    match admit(&state, &headers, parameters.ok()).await {
        Err(error) => Refusal(error).into_response(),
        Ok(admitted) => match socket {
            Ok(socket) => open(state, socket, admitted),
            Err(_) => {
                let message = "This address speaks WebSocket: ask with `Upgrade: websocket`.";
                Refusal(ApiError::new(ErrorKind::Malformed, message)).into_response()
            }
        },
    }
}

/// A person who may open a socket.
struct Admitted {
    user: UserId,
    session: SessionId,
    /// None where the person has as many sockets as one may.
    seat: Option<(Place, LiveFeed)>,
}

async fn admit(
    state: &State,
    headers: &HeaderMap,
    parameters: Option<Query<Parameters>>,
) -> Result<Admitted, ApiError> {
    let wrong_origin = || {
        let origin = headers.get(header::ORIGIN);
        tracing::warn!(target: "security", event = "cross_site", ?origin, "refused: not opened by a page of this site");
        ApiError::new(ErrorKind::Forbidden, "The Origin must be this site's own.")
    };
    let origin = origin(headers, state.config().server.public_url.as_deref());
    if origin == Origin::Foreign {
        return Err(wrong_origin());
    }
    let who = match session::token(state, headers) {
        None => None,
        Some(token) => accounts::authenticate(state.services(), &token).await?,
    };
    let Some(Authenticated { principal, .. }) = who else {
        let cookie = session::transport(state, headers).session_cookie();
        tracing::info!(target: "security", event = "signed_out", "refused: nobody is signed in");
        let message = format!("The live channel needs a session: the cookie {cookie}.");
        return Err(ApiError::new(ErrorKind::SignedOut, message));
    };
    is_made_by(principal.user_id);
    if principal.second_factor_due {
        return Err(ApiError::new(ErrorKind::Forbidden, "Your role needs a second factor first."));
    }
    // What is new would count as seen by the one whose feed it is.
    if principal.viewed_by.is_some() {
        return Err(ApiError::new(
            ErrorKind::Forbidden,
            "The live channel is for the person whose feed it is.",
        ));
    }
    // A cookie comes along by itself, so the page that opens the socket must be ours.
    if origin != Origin::Own {
        return Err(wrong_origin());
    }
    let after = parameters.and_then(|Query(parameters)| after(parameters.after.as_deref()));
    let after = after
        .ok_or_else(|| ApiError::new(ErrorKind::Malformed, "`after` must be the number of a message."))?;
    let seat = match state.sockets().admit(principal.user_id) {
        Ok(place) => Some((place, LiveFeed::open(state.services(), &principal, after).await?)),
        Err(Full::User) => None,
        Err(Full::Server) => return Err(ErrorKind::Unavailable.into()),
    };
    Ok(Admitted { user: principal.user_id, session: principal.session_id, seat })
}

/// The number in `after`: none where there is no such parameter.
fn after(text: Option<&str>) -> Option<Option<i64>> {
    match text {
        None => Some(None),
        Some(text) if text.bytes().all(|byte| byte.is_ascii_digit()) => text.parse().ok().map(Some),
        Some(_) => None,
    }
}

fn open(state: State, socket: WebSocketUpgrade, admitted: Admitted) -> Response {
    let socket = socket
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(WRITE_BUFFER)
        .max_write_buffer_size(MAX_WRITE_BUFFER)
        .max_message_size(MAX_MESSAGE)
        .max_frame_size(MAX_MESSAGE);
    let Admitted { user, session, seat } = admitted;
    // Counted from here on, so that a shutdown waits for sockets that are being opened.
    let counted = state.sockets().tasks().token();
    tracing::debug!(%user, seated = seat.is_some(), "a socket opens");
    socket.on_upgrade(move |socket: WebSocket| async move {
        let _counted = counted;
        match seat {
            Some((place, feed)) => Pump::new(state, socket, feed, place, session).run().await,
            None => farewell(socket, Close::TOO_MANY).await,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::after;

    #[test]
    fn after_is_a_number_of_a_message() {
        assert_eq!(after(None), Some(None));
        assert_eq!(after(Some("7")), Some(Some(7)));
        for wrong in ["", "-1", "+5", "x", "1.5", "99999999999999999999"] {
            assert_eq!(after(Some(wrong)), None, "{wrong}");
        }
    }
}
