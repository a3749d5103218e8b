//! Pages: rendered whole, with what browsers need to keep and to trust them.

use app::{
    head::Head,
    ssr::{FormReplay, Viewer, local_path},
};
use axum::{
    body::{Body, Bytes},
    extract::Request,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};
use http_body_util::BodyExt as _;
use leptos::nonce::Nonce;
use memchr::memmem;
use sha2::{Digest as _, Sha256};
use tracing::Instrument as _;

use super::{headers::page_policy, refusal::with_body};

/// The value that marks the page's own scripts. Made here, because the policy that names it is
/// written here.
#[derive(Clone)]
pub(crate) struct PageNonce(pub(crate) Nonce);

/// Middleware: renders the page to its end and gives it its headers.
///
/// The reactive owner of a page is freed only when its body has been read to the end. So that is
/// done in a task of its own, which a visitor who leaves does not interrupt.
pub(crate) async fn finish(mut request: Request, next: Next) -> Response {
    let (nonce, head) = (Nonce::new(), Head::default());
    request.extensions_mut().insert(PageNonce(nonce.clone()));
    request.extensions_mut().insert(head.clone());
    let personal = is_personal(&request);
    let conditional = matches!(*request.method(), Method::GET | Method::HEAD);
    let known = request.headers().get(header::IF_NONE_MATCH).cloned();
    let whole = tokio::spawn(render(request, next).in_current_span());
    let (mut response, body) = match whole.await {
        Ok(rendered) => rendered,
        // The net above turns it into a 500.
        Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
        Err(_) => return StatusCode::SERVICE_UNAVAILABLE.into_response(),
    };
    if !is_html(response.headers()) {
        return with_body(response, body);
    }
    let body = with_head(body, &head.html());
    let cache = HeaderValue::from_static(if personal { "private, no-store" } else { "no-cache" });
    response.headers_mut().entry(header::CACHE_CONTROL).or_insert(cache);
    response.headers_mut().append(header::VARY, HeaderValue::from_static("cookie"));
    if conditional && !personal && response.status() == StatusCode::OK {
        let tag = entity_tag(&body, &nonce);
        response.headers_mut().insert(header::ETAG, tag.clone());
        if known.is_some_and(|known| matches(&known, &tag)) {
            // Without a policy: the browser keeps the one that came with the page it has.
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            response.headers_mut().remove(header::CONTENT_TYPE);
            return with_body(response, Body::empty());
        }
    }
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, page_policy(&nonce));
    with_body(response, body)
}

/// Middleware: a page has one address, without a slash at its end; the other leads to it.
pub(crate) async fn without_slash(request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let bare = path.trim_end_matches('/');
    if !reads || bare.is_empty() || bare == path || local_path(bare) != bare {
        return next.run(request).await;
    }
    let to = match request.uri().query() {
        Some(query) => format!("{bare}?{query}"),
        None => bare.to_owned(),
    };
    Redirect::permanent(&to).into_response()
}

async fn render(request: Request, next: Next) -> (Response, Bytes) {
    let response = next.run(request).await;
    let (parts, body) = response.into_parts();
    let body = match body.collect().await {
        Ok(collected) => collected.to_bytes(),
        Err(error) => {
            tracing::error!(%error, "a page broke off while it was rendered");
            Bytes::new()
        }
    };
    (Response::from_parts(parts, Body::empty()), body)
}

/// The document with these tags at the end of its head.
fn with_head(document: Bytes, tags: &str) -> Bytes {
    match memmem::find(&document, b"</head>") {
        Some(at) if !tags.is_empty() => [&document[..at], tags.as_bytes(), &document[at..]].concat().into(),
        _ => document,
    }
}

/// Whether the page is one person's and must not be kept by anybody.
fn is_personal(request: &Request) -> bool {
    let signed_in = request.extensions().get::<Viewer>().is_some_and(|viewer| viewer.0.is_some());
    signed_in || request.extensions().get::<FormReplay>().is_some()
}

fn is_html(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    kind.is_some_and(|kind| kind.starts_with("text/html"))
}

/// Identifies the content of a page. The nonce differs each time and does not count; the tag is
/// weak, because compression changes the bytes.
fn entity_tag(body: &[u8], nonce: &str) -> HeaderValue {
    let mut hash = Sha256::new();
    let mut rest = body;
    while let Some(at) = memmem::find(rest, nonce.as_bytes()).filter(|_| !nonce.is_empty()) {
        hash.update(&rest[..at]);
        hash.update([0]);
        rest = &rest[at + nonce.len()..];
    }
    hash.update(rest);
    let tag = format!("W/\"{}\"", hex::encode(&hash.finalize()[..16]));
    HeaderValue::from_str(&tag).unwrap_or(HeaderValue::from_static("W/\"\""))
}

fn matches(known: &HeaderValue, tag: &HeaderValue) -> bool {
    let (Ok(known), Ok(tag)) = (known.to_str(), tag.to_str()) else { return false };
    let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    known == "*" || known.split(',').any(|one| opaque(one) == opaque(tag))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_the_same_whatever_its_nonce() {
        let tag = |nonce: &str, text: &str| entity_tag(format!("<a n={nonce}>{text}").as_bytes(), nonce);
        assert_eq!(tag("abc", "x"), tag("xyz", "x"));
        assert_ne!(tag("abc", "x"), tag("abc", "y"));
    }

    #[test]
    fn tags_are_compared_weakly() {
        let tag = HeaderValue::from_static("W/\"a\"");
        for known in ["W/\"a\"", "\"a\"", "\"b\", W/\"a\"", "*"] {
            assert!(matches(&HeaderValue::from_static(known), &tag), "{known}");
        }
        assert!(!matches(&HeaderValue::from_static("\"b\""), &tag));
    }
}
