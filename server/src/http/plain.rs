//! Requests that came unencrypted to a site that is reached by HTTPS.

use app::error::{ApiError, ErrorKind};
use axum::{
    extract::{Request, State as Extracted},
    http::{HeaderMap, Method},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};

use super::refusal::Refusal;
use crate::State;

/// Where programs ask, not people. A program that asks without encryption must learn of it: were it
/// led on in silence, it would send its secrets in the open for ever.
const FOR_PROGRAMS: [&str; 7] = ["/api", "/ws", "/pkg", "/healthz", "/readyz", "/metrics", "/.well-known"];

/// Middleware: leads people to HTTPS, and refuses programs and whatever is no question.
pub(crate) async fn refuse(Extracted(state): Extracted<State>, request: Request, next: Next) -> Response {
    let public = state.config().server.public_url.as_deref().filter(|url| url.starts_with("https://"));
    let Some(public) = public.filter(|_| came_unencrypted(request.headers())) else {
        return next.run(request).await;
    };
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    if reads && !is_for_programs(request.uri().path()) {
        let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
        return Redirect::permanent(&format!("{public}{path}")).into_response();
    }
    tracing::warn!(target: "security", event = "unencrypted", "refused: it came by plain HTTP");
    let message = "Please ask by HTTPS. This came unencrypted, so a password or token in it may be known to \
                   others by now.";
    Refusal(ApiError::new(ErrorKind::Forbidden, message)).into_response()
}

/// Whether the proxy nearest to us says so. Without a proxy that speaks of it nothing is known.
fn came_unencrypted(headers: &HeaderMap) -> bool {
    let said = headers.get_all("x-forwarded-proto").iter().next_back().and_then(|value| value.to_str().ok());
    said.and_then(|said| said.rsplit(',').next()).is_some_and(|last| last.trim().eq_ignore_ascii_case("http"))
}

fn is_for_programs(path: &str) -> bool {
    FOR_PROGRAMS
        .iter()
        .any(|place| path.strip_prefix(place).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
}
