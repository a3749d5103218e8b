//! Headers that make browsers careful.

use app::cookie::Transport;
use axum::{
    extract::{Request, State as Extracted},
    http::{HeaderName, HeaderValue, StatusCode, header},
    middleware::Next,
    response::Response,
};

use super::session::transport;
use crate::State;

/// What every response says unless it says otherwise. The referrer stays within the site, where a
/// form that is shown again needs it.
const BASELINE: [(HeaderName, &str); 6] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "strict-origin-when-cross-origin"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (
        HeaderName::from_static("permissions-policy"),
        "accelerometer=(), camera=(), geolocation=(), gyroscope=(), microphone=(), payment=(), usb=()",
    ),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// The policy of what is no page: it may load nothing but our own style sheet and fonts.
const QUIET_POLICY: &str = "default-src 'none'; style-src 'self'; font-src 'self'; img-src 'self' data:; \
                            base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// For two years, browsers ask by TLS alone. They heed it only where it came by TLS.
const STRICT_TRANSPORT: HeaderValue = HeaderValue::from_static("max-age=63072000; includeSubDomains");

/// Middleware: adds them.
pub(crate) async fn baseline(Extracted(state): Extracted<State>, request: Request, next: Next) -> Response {
    let transport = transport(&state, request.headers());
    let mut response = next.run(request).await;
    if transport == Transport::Tls {
        response.headers_mut().insert(header::STRICT_TRANSPORT_SECURITY, STRICT_TRANSPORT);
    }
    let is_kept = response.status() == StatusCode::NOT_MODIFIED;
    let headers = response.headers_mut();
    for (name, value) in BASELINE {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    // The copy that a browser has was made with a nonce, and keeps the policy that it came with.
    if is_kept {
        return response;
    }
    if let Some(kind) = headers.get(header::CONTENT_TYPE).and_then(with_charset) {
        headers.insert(header::CONTENT_TYPE, kind);
    }
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(QUIET_POLICY));
    response
}

/// The type of a text with its charset, where it was left out: all our texts are UTF-8.
fn with_charset(kind: &HeaderValue) -> Option<HeaderValue> {
    let kind = kind.to_str().ok()?;
    let text = kind.starts_with("text/") || kind == "image/svg+xml" || kind == "application/manifest+json";
    (text && !kind.contains("charset"))
        .then(|| HeaderValue::from_str(&format!("{kind}; charset=utf-8")).ok())?
}

/// The policy of a page: scripts of our own, inline ones only with the nonce; no inline styles.
pub(crate) fn page_policy(nonce: &str) -> HeaderValue {
    let policy = format!(
        "default-src 'self'; script-src 'self' 'nonce-{nonce}' 'wasm-unsafe-eval' 'inline-speculation-rules'; \
         style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; object-src 'none'; \
         base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    );
    // A nonce is base64; should it ever be something else, the strict policy is the safe one.
    HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static(QUIET_POLICY))
}
