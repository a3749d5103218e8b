//! Errors that arise before or around a page: one value inside, and at the edge a page for people
//! and JSON for programs.

use app::error::{ApiError, ErrorKind};
use axum::{
    Json,
    body::{Body, HttpBody as _},
    extract::{Request, State as Extracted},
    http::{HeaderMap, StatusCode, header},
    middleware::Next,
    response::{Html, IntoResponse, Response},
};

use super::observe::RequestId;
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
    let id = request.extensions().get::<RequestId>().cloned();
    let mut response = next.run(request).await;
    let refusal = response.extensions_mut().remove::<Refusal>().or_else(|| bare(&response));
    let Some(Refusal(error)) = refusal else { return response };
    let written = if html {
        Html(page(&error, id.as_ref(), state.stylesheet())).into_response()
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
    response
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

const fn heading(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Malformed => "We could not read that",
        ErrorKind::SignedOut => "Please sign in",
        ErrorKind::Forbidden => "Not allowed",
        ErrorKind::ProofNeeded => "Is it you?",
        ErrorKind::NotFound => "Not found",
        ErrorKind::NotAllowed => "Not possible here",
        ErrorKind::TooSlow => "That took too long",
        ErrorKind::Conflict => "Changed meanwhile",
        ErrorKind::TooLarge => "Too large",
        ErrorKind::Invalid => "Something needs your attention",
        ErrorKind::TooMany => "Too often",
        ErrorKind::Internal => "Something went wrong",
        ErrorKind::Unavailable => "Back in a moment",
    }
}

/// A page that needs nothing but itself: it is shown when all else may be broken.
fn page(error: &ApiError, id: Option<&RequestId>, stylesheet: &str) -> String {
    let (heading, status) = (heading(error.kind), error.status());
    let message = escape(&error.message);
    let (way, to) = match error.kind {
        ErrorKind::SignedOut => ("Sign in", "/sign-in"),
        _ => ("To the start page", "/"),
    };
    let id = id.map(|id| format!("<p class=\"hint\">Request {id}</p>")).unwrap_or_default();
    let stylesheet = match stylesheet {
        "" => String::new(),
        href => format!("<link rel=\"stylesheet\" href=\"{}\">", escape(href)),
    };
    format!(
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>{heading} · 8thDegree</title>{stylesheet}</head><body>\
         <header class=\"site-header\"><div class=\"page site-bar\"><a href=\"/\">8thDegree</a></div></header>\
         <main id=\"main\" class=\"page page-main page-narrow\"><p class=\"hint\">{status}</p>\
         <h1>{heading}</h1><p>{message}</p><p><a href=\"{to}\">{way}</a></p>{id}</main></body></html>"
    )
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// A response with a body that is known to be whole.
pub(crate) fn with_body(mut response: Response, body: impl Into<Body>) -> Response {
    response.headers_mut().remove(header::CONTENT_LENGTH);
    *response.body_mut() = body.into();
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_cannot_bring_markup_into_the_page() {
        let error = ApiError::new(ErrorKind::Invalid, "<script>\"&");
        let page = page(&error, None, "/pkg/x.css");
        assert!(page.contains("&lt;script&gt;&quot;&amp;") && !page.contains("<script>"));
    }
}
