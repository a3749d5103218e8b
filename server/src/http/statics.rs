//! Static files, sent as they lie compressed beside themselves.

use axum::{
    body::Body,
    extract::Request,
    http::{HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use tower_http::services::ServeDir;

use super::refusal::Refusal;
use crate::State;
use app::error::ErrorKind;

/// Files whose names hold a hash of their content: a browser need never ask again.
pub(crate) fn hashed(state: &State) -> ServeDir {
    ServeDir::new(state.config().server.site.join("pkg")).precompressed_br().precompressed_gzip()
}

/// Fonts, pictures and the like.
pub(crate) fn others(state: &State) -> ServeDir {
    ServeDir::new(&state.config().server.site)
        .append_index_html_on_directories(false)
        .precompressed_br()
        .precompressed_gzip()
}

/// Middleware around [`hashed`].
pub(crate) async fn keep_for_ever(request: Request, next: Next) -> Response {
    if is_no_file(request.uri().path()) {
        return Refusal::from(ErrorKind::NotFound).into_response();
    }
    let response = next.run(request).await;
    if response.status() == StatusCode::NOT_FOUND {
        return Refusal::from(ErrorKind::NotFound).into_response();
    }
    cached(response, "public, max-age=31536000, immutable")
}

/// Middleware around [`others`].
pub(crate) async fn keep_for_a_while(request: Request, next: Next) -> Response {
    if is_no_file(request.uri().path()) {
        return Refusal::from(ErrorKind::NotFound).into_response();
    }
    let response = next.run(request).await;
    if response.headers().contains_key(header::CACHE_CONTROL) {
        return response;
    }
    cached(response, "public, max-age=86400")
}

/// Whether no file can have this name: the system would refuse to look for it, as if we had failed.
fn is_no_file(path: &str) -> bool {
    path.len() > 2_000 || path.split('/').any(|part| part.len() > 255)
}

fn cached(mut response: Response<Body>, value: &'static str) -> Response<Body> {
    if response.status().is_success() || response.status() == StatusCode::NOT_MODIFIED {
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(value));
    }
    response
}
