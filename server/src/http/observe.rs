//! What surrounds every request: its id, its span, its metrics, and the net under panics.

use std::{fmt, net::IpAddr, panic::AssertUnwindSafe, time::Instant};

use app::{error::ErrorKind, ssr::ClientAddress};
use axum::{
    extract::{MatchedPath, Request, State as Extracted},
    http::{HeaderValue, Method, StatusCode},
    middleware::Next,
    response::{IntoResponse, Response},
};
use domain::UserId;
use futures::FutureExt as _;
use tracing::{
    Instrument as _, Span,
    field::{Empty, display},
};
use uuid::Uuid;

use super::{refusal::Refusal, session::client_address};
use crate::State;

/// Identifies a request in the logs and to the person who asks about it. Always made here, so
/// that nobody can write into the logs with it.
#[derive(Clone, Debug)]
pub(crate) struct RequestId(Uuid);

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.simple())
    }
}

pub(crate) const REQUEST_ID: &str = "x-request-id";

/// Middleware: gives the request its id and span, and counts and times it. Finds out from which
/// address it comes, for the lines and for everything behind.
pub(crate) async fn observe(
    Extracted(state): Extracted<State>,
    mut request: Request,
    next: Next,
) -> Response {
    let id = RequestId(Uuid::now_v7());
    request.headers_mut().remove(REQUEST_ID);
    request.extensions_mut().insert(id.clone());
    let route = request.extensions().get::<MatchedPath>().map_or("other", MatchedPath::as_str).to_owned();
    let method = known_method(request.method());
    let address = client_address(request.headers(), request.extensions(), state.config().server.proxies);
    if let Some(address) = address {
        request.extensions_mut().insert(ClientAddress(address));
    }
    let span = span(&id, method, request.uri().path(), address);
    let start = Instant::now();
    let in_flight = InFlight::new();
    let mut response = next.run(request).instrument(span.clone()).await;
    drop(in_flight);
    let (elapsed, status) = (start.elapsed(), response.status());
    span.in_scope(|| {
        if status == StatusCode::TOO_MANY_REQUESTS {
            tracing::warn!(target: "security", event = "too_many", "a limit was reached");
        }
        tracing::info!(target: "access", status = status.as_u16(), micros = elapsed.as_micros() as u64, "answered");
    });
    let labels = [("method", method.to_owned()), ("route", route), ("status", status.as_u16().to_string())];
    metrics::counter!("http_requests_total", &labels).increment(1);
    metrics::histogram!("http_request_seconds", &labels[..2]).record(elapsed);
    if let Ok(id) = HeaderValue::from_str(&id.to_string()) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    response
}

/// What each line of a request has.
fn span(id: &RequestId, method: &str, path: &str, address: Option<IpAddr>) -> Span {
    tracing::info_span!("request", %id, %method, path, address = address.map(display), user = Empty)
}

/// Writes into the lines of this request who makes it, once that is known.
pub(crate) fn is_made_by(person: UserId) {
    Span::current().record("user", display(person));
}

/// The method, if it is one that HTTP defines: others are made up by the caller, and each would be
/// kept as a series of figures of its own.
fn known_method(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        _ => "other",
    }
}

/// Counts requests that are being answered; also right where one is cancelled.
struct InFlight;

impl InFlight {
    fn new() -> Self {
        metrics::gauge!("http_requests_in_flight").increment(1);
        Self
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        metrics::gauge!("http_requests_in_flight").decrement(1);
    }
}

/// Middleware: a panic in a handler becomes a 500. The panic itself is logged by the hook that
/// `logging` installs, within the request's span.
pub(crate) async fn catch_panic(request: Request, next: Next) -> Response {
    let answer = AssertUnwindSafe(next.run(request)).catch_unwind().await;
    answer.unwrap_or_else(|_| {
        metrics::counter!("http_panics_total").increment(1);
        Refusal::from(ErrorKind::Internal).into_response()
    })
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use axum::middleware::from_fn;
    use tower::{Layer as _, ServiceExt as _, service_fn};

    use super::*;
    use crate::{
        config::{Log, LogFormat},
        logging,
    };

    #[test]
    fn a_panic_is_logged_with_its_request_and_person_and_answered_as_an_error() {
        let (id, person) = (RequestId(Uuid::now_v7()), UserId::new());
        let broken = service_fn(move |request: Request| async move {
            is_made_by(person);
            request.headers().get("host").expect("something was to be there");
            Ok::<_, Infallible>(StatusCode::OK.into_response())
        });
        let answer = from_fn(catch_panic).layer(broken).oneshot(Request::default());
        let hook = std::panic::take_hook();
        logging::start(&Log::default());
        let mut status = None;
        let lines = logging::tests::written(LogFormat::Json, || {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let answer = runtime.block_on(answer.instrument(span(&id, "GET", "/jobs", None)));
            status = Some(answer.unwrap().status());
        });
        std::panic::set_hook(hook);
        assert_eq!(status, Some(StatusCode::INTERNAL_SERVER_ERROR));
        let line = lines.lines().find(|line| line.contains("something was to be there"));
        let line: serde_json::Value = serde_json::from_str(line.expect(&lines)).unwrap();
        assert_eq!((&line["level"], &line["span"]["path"]), (&"ERROR".into(), &"/jobs".into()), "{line}");
        assert!(line["place"].as_str().unwrap().contains("observe.rs"), "{line}");
        assert_eq!(line["span"]["id"], id.to_string());
        assert_eq!(line["span"]["user"], person.to_string());
    }

    #[test]
    fn methods_that_callers_make_up_are_counted_as_one() {
        assert_eq!(known_method(&Method::POST), "POST");
        for made_up in ["X1", "X2", "post"] {
            assert_eq!(known_method(&Method::from_bytes(made_up.as_bytes()).unwrap()), "other");
        }
    }
}
