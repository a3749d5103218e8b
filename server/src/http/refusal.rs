//! Errors that arise before or around a page: one value inside, and at the edge a page for people
//! and JSON for programs.

use app::{
    cookie::Transport,
    error::{ApiError, ErrorKind},
    error_page::error_page,
    ssr::{OwnPicture, Viewer},
    ui::Theme,
};
use axum::{
    Json,
    body::{Body, HttpBody as _},
    extract::{Request, State as Extracted},
    http::{HeaderMap, StatusCode, header},
    middleware::Next,
    response::{Html, IntoResponse, Response},
};
use axum_extra::extract::cookie::CookieJar;

use super::{observe::RequestId, session::transport};
use crate::State;

/// An answer that is an error and has no body yet. [`render`] gives it one that suits the asker.
#[derive(Clone, Debug)]
pub(crate) struct Refusal(pub(crate) ApiError);

impl From<ErrorKind> for Refusal {
    fn from(kind: ErrorKind) -> Self {
        Self(kind.into())
    }
}

impl From<services::ServiceError> for Refusal {
    fn from(error: services::ServiceError) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = status(&self.0).into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// Tells when it can be tried again, where that is known.
pub(crate) fn tell_when(error: &ApiError, headers: &mut HeaderMap) {
    if let Some(seconds) = error.retry_after {
        headers.insert(header::RETRY_AFTER, seconds.into());
    }
}

/// The HTTP status of an error.
pub(crate) fn status(error: &ApiError) -> StatusCode {
    StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// Whether the asker is a browser that shows pages.
pub(crate) fn wants_html(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    accept.is_some_and(|accept| accept.contains("text/html"))
}

/// Middleware: writes the body of refusals.
pub(crate) async fn render(Extracted(state): Extracted<State>, request: Request, next: Next) -> Response {
    let html = wants_html(request.headers());
    let theme = theme(transport(&state, request.headers()), request.headers());
    let id = request.extensions().get::<RequestId>().cloned();
    let mut response = next.run(request).await;
    let refusal = response.extensions_mut().remove::<Refusal>().or_else(|| bare(&response));
    let Some(Refusal(error)) = refusal else { return response };
    let written = if html {
        let id = id.map(|id| id.to_string());
        let picture = response.extensions_mut().remove::<OwnPicture>().unwrap_or_default();
        let viewer = response.extensions_mut().remove::<Viewer>().and_then(|viewer| viewer.of_frame(picture));
        Html(error_page(&error, id, viewer, theme, state.stylesheet())).into_response()
    } else {
        Json(&error).into_response()
    };
    let (parts, body) = written.into_parts();
    *response.body_mut() = body;
    response.headers_mut().remove(header::CONTENT_LENGTH);
    response.headers_mut().extend(parts.headers);
    response.headers_mut().insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-store"));
    if error.kind == ErrorKind::Unavailable {
        response.headers_mut().insert(header::RETRY_AFTER, header::HeaderValue::from_static("5"));
    }
    tell_when(&error, response.headers_mut());
    response
}

/// The colours the visitor chose.
fn theme(transport: Transport, headers: &HeaderMap) -> Theme {
    let cookies = CookieJar::from_headers(headers);
    cookies.get(transport.theme_cookie()).map(|cookie| Theme::parse(cookie.value())).unwrap_or_default()
}

/// The error that a bare status stands for, as the router and the file service answer it.
fn bare(response: &Response) -> Option<Refusal> {
    if response.body().size_hint().exact() != Some(0) {
        return None;
    }
    match response.status() {
        StatusCode::BAD_REQUEST => Some(ErrorKind::Malformed.into()),
        StatusCode::NOT_FOUND => Some(ErrorKind::NotFound.into()),
        StatusCode::METHOD_NOT_ALLOWED => Some(ErrorKind::NotAllowed.into()),
        StatusCode::INTERNAL_SERVER_ERROR => Some(ErrorKind::Internal.into()),
        StatusCode::SERVICE_UNAVAILABLE => Some(ErrorKind::Unavailable.into()),
        _ => None,
    }
}

/// A response with a body that is known to be whole.
pub(crate) fn with_body(mut response: Response, body: impl Into<Body>) -> Response {
    response.headers_mut().remove(header::CONTENT_LENGTH);
    *response.body_mut() = body.into();
    response
}
