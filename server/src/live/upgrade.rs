//! From a request to a socket: who asks, from where, after which message.

use app::error::{ApiError, ErrorKind};
use axum::{
    extract::{
        Query, State as Extracted, WebSocketUpgrade,
        ws::{WebSocket, rejection::WebSocketUpgradeRejection},
    },
    http::{header, request::Parts},
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Utc};
use domain::{SessionId, UserId, scope::Scope};
use identity::Principal;
use services::{
    accounts::{self, Authenticated},
    live::LiveFeed,
    tokens::{self, Bearer, Grant},
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
        api::{Unauthorised, bearer},
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
    parts: Parts,
    parameters: Result<Query<Parameters>, axum::extract::rejection::QueryRejection>,
    socket: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    match admit(&state, &parts, parameters.ok()).await {
        Err(refused) => refused,
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
    lease: Lease,
    /// None where the person has as many sockets as one may.
    seat: Option<(Place, LiveFeed)>,
}

/// What a socket stands on: it is closed when that ends.
#[derive(Clone, Copy, Debug)]
pub(super) enum Lease {
    Session(SessionId),
    /// A token, revocable, and its own end.
    Token(Grant, DateTime<Utc>),
}

impl Lease {
    /// Whether it holds; what cannot be asked holds.
    pub(super) async fn holds(self, state: &State) -> bool {
        let services = state.services();
        let holds = match self {
            Self::Session(session) => accounts::is_open(services, session).await,
            Self::Token(_, ends_at) if services.now() >= ends_at => Ok(false),
            Self::Token(grant, _) => tokens::is_live(services, grant).await,
        };
        holds.unwrap_or(true)
    }
}

/// Who asks, by a token or else by the session's cookie. Where there is a token, the cookie does not
/// count.
async fn who(state: &State, parts: &Parts, origin: Origin) -> Result<(Principal, Lease), Unauthorised> {
    if parts.headers.contains_key(header::AUTHORIZATION) {
        let device = session::program(parts);
        let Bearer { principal, grant, ends_at } =
            bearer(state, &parts.headers, &device, Scope::MatchesRead).await?;
        return Ok((principal, Lease::Token(grant, ends_at)));
    }
    let known = match session::token(state, &parts.headers) {
        None => None,
        Some(token) => accounts::authenticate(state.services(), &token).await?,
    };
    let Some(Authenticated { principal, .. }) = known else {
        tracing::info!(target: "security", event = "signed_out", "refused: nobody is signed in");
        let cookie = session::transport(state, &parts.headers).session_cookie();
        let message = format!("The live channel needs a token, or a session: the cookie {cookie}.");
        return Err(Unauthorised::unknown(message));
    };
    is_made_by(principal.user_id);
    if principal.second_factor_due {
        return Err(ApiError::new(ErrorKind::Forbidden, "Your role needs a second factor first.").into());
    }
    // What is new would count as seen by the one whose feed it is.
    if principal.viewed_by.is_some() {
        return Err(ApiError::new(
            ErrorKind::Forbidden,
            "The live channel is for the person whose feed it is.",
        )
        .into());
    }
    // A cookie comes along by itself, so the page that opens the socket must be ours.
    if origin != Origin::Own {
        return Err(wrong_origin().into());
    }
    let lease = Lease::Session(principal.session_id);
    Ok((principal, lease))
}

fn wrong_origin() -> ApiError {
    tracing::warn!(target: "security", event = "cross_site", "refused: not opened by a page of this site");
    ApiError::new(ErrorKind::Forbidden, "The Origin must be this site's own.")
}

async fn admit(
    state: &State,
    parts: &Parts,
    parameters: Option<Query<Parameters>>,
) -> Result<Admitted, Response> {
    let refuse = |error: ApiError| Refusal(error).into_response();
    let origin = origin(&parts.headers, state.config().server.public_url.as_deref());
    if origin == Origin::Foreign {
        return Err(refuse(wrong_origin()));
    }
    let (principal, lease) = who(state, parts, origin).await.map_err(IntoResponse::into_response)?;
    let after = parameters.and_then(|Query(parameters)| after(parameters.after.as_deref()));
    let after = after.ok_or_else(|| {
        refuse(ApiError::new(ErrorKind::Malformed, "`after` must be the number of a message."))
    })?;
    let seat = match state.sockets().admit(principal.user_id) {
        Ok(place) => {
            let feed = LiveFeed::open(state.services(), &principal, after).await;
            Some((place, feed.map_err(|error| refuse(error.into()))?))
        }
        Err(Full::User) => None,
        Err(Full::Server) => return Err(refuse(ErrorKind::Unavailable.into())),
    };
    Ok(Admitted { user: principal.user_id, lease, seat })
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
    let Admitted { user, lease, seat } = admitted;
    // Counted from here on, so that a shutdown waits for sockets that are being opened.
    let counted = state.sockets().tasks().token();
    tracing::debug!(%user, seated = seat.is_some(), "a socket opens");
    socket.on_upgrade(move |socket: WebSocket| async move {
        let _counted = counted;
        match seat {
            Some((place, feed)) => Pump::new(state, socket, feed, place, lease).run().await,
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
