//! What machines ask: alive, ready, and how it goes.

use std::{net::SocketAddr, time::Duration};

use app::error::{ApiError, ErrorKind};
use axum::{
    extract::{ConnectInfo, Request, State as Extracted},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use secrecy::ExposeSecret as _;
use subtle::ConstantTimeEq as _;

use super::refusal::Refusal;
use crate::{Ready, State};

/// A database that answers later than this does not count as ready.
const PING_WITHIN: Duration = Duration::from_secs(2);

/// `/healthz`: the process answers.
pub(crate) async fn alive() -> &'static str {
    "ok\n"
}

/// `/readyz`: it can do its work; 503 with the reason otherwise.
pub(crate) async fn ready(Extracted(state): Extracted<State>) -> Response {
    let answer = |reason: &'static str| {
        (StatusCode::SERVICE_UNAVAILABLE, [(header::CACHE_CONTROL, "no-store")], reason).into_response()
    };
    match tokio::time::timeout(PING_WITHIN, state.services().database().ping()).await {
        Ok(Ok(())) => {}
        _ => return answer("the database does not answer\n"),
    }
    match state.readiness() {
        Ready::Yes => ([(header::CACHE_CONTROL, "no-store")], "ready\n").into_response(),
        Ready::Migrating => answer("the database is not migrated yet\n"),
        Ready::Loading => answer("the matching index is being loaded\n"),
        Ready::Stopping => answer("stopping\n"),
    }
}

/// `/metrics`, in the text format of Prometheus: for callers on this machine, and for those with
/// the configured token.
pub(crate) async fn metrics(Extracted(state): Extracted<State>, request: Request) -> Response {
    if !may_read(&state, &request) {
        tracing::warn!(target: "security", event = "forbidden", needs = "metrics", "refused");
        let message = "Metrics are for callers on this machine, or with the configured token.";
        return Refusal(ApiError::new(ErrorKind::Forbidden, message)).into_response();
    }
    let text = crate::metrics::render();
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4"), (header::CACHE_CONTROL, "no-store")], text)
        .into_response()
}

/// Whether the caller asked for this machine by a local name: a proxy that leaves no other trace
/// still passes on, or sets, a name.
fn asked_locally(request: &Request) -> bool {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let name = host.rsplit_once(':').map_or(host, |(name, port)| {
        if port.bytes().all(|byte| byte.is_ascii_digit()) { name } else { host }
    });
    matches!(name, "localhost" | "127.0.0.1" | "[::1]")
}

fn may_read(state: &State, request: &Request) -> bool {
    if let Some(token) = &state.config().metrics.token {
        let given = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let given = given.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
        return given.as_bytes().ct_eq(token.expose_secret().as_bytes()).into();
    }
    // Behind a proxy on this machine every caller would seem to be local.
    let traces =
        ["forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip"];
    let proxied = traces.into_iter().any(|name| request.headers().contains_key(name))
        || state.config().server.public_url.is_some()
        || !asked_locally(request);
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    !proxied && peer.is_some_and(|ConnectInfo(address)| address.ip().is_loopback())
}
