//! From the session's cookie to the person behind it.

use app::ssr::{SESSION_COOKIE, Viewer};
use axum::{
    extract::{Request, State as Extracted},
    http::HeaderMap,
    middleware::Next,
    response::{IntoResponse, Response},
};
use axum_extra::extract::cookie::CookieJar;
use services::accounts;

use super::refusal::Refusal;
use crate::State;

/// The session's token as the browser sent it.
pub(crate) fn token(headers: &HeaderMap) -> Option<String> {
    CookieJar::from_headers(headers).get(SESSION_COOKIE).map(|cookie| cookie.value().to_owned())
}

/// Middleware: finds out once who asks. Requests without the cookie cost nothing.
pub(crate) async fn attach(Extracted(state): Extracted<State>, mut request: Request, next: Next) -> Response {
    let principal = match token(request.headers()) {
        None => None,
        Some(token) => match accounts::authenticate(state.services(), &token).await {
            Ok(principal) => principal,
            Err(error) => return Refusal::from(error).into_response(),
        },
    };
    request.extensions_mut().insert(Viewer(principal));
    next.run(request).await
}
