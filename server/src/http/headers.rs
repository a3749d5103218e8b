//! Headers that make browsers careful.

use axum::{
    extract::Request,
    http::{HeaderName, HeaderValue, StatusCode, header},
    middleware::Next,
    response::Response,
};

/// What every response says unless it says otherwise. The referrer stays within the site, where a
/// form that is shown again needs it.
const BASELINE: [(HeaderName, &str); 5] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "strict-origin-when-cross-origin"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (
        HeaderName::from_static("permissions-policy"),
        "accelerometer=(), camera=(), geolocation=(), gyroscope=(), microphone=(), payment=(), usb=()",
    ),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
];

/// The policy of what is no page: it may load nothing but our own style sheet and fonts.
const QUIET_POLICY: &str = "default-src 'none'; style-src 'self'; font-src 'self'; img-src 'self' data:; \
                            base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// Middleware: adds them.
pub(crate) async fn baseline(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    // What came with the copy that a browser has stays valid for it.
    if response.status() == StatusCode::NOT_MODIFIED {
        return response;
    }
    let headers = response.headers_mut();
    for (name, value) in BASELINE {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(QUIET_POLICY));
    response
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
