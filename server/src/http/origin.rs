//! Whether a request comes from a page of our own.

use app::error::{ApiError, ErrorKind};
use axum::{
    extract::{Request, State as Extracted},
    http::{HeaderMap, Method, Uri, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::{api, refusal::Refusal};
use crate::State;

/// What the `Origin` header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// There is none: no browser, or a navigation.
    Absent,
    Own,
    Foreign,
}

/// Judges the `Origin` header against the configured public URL, or else against the host that
/// the browser asked for.
pub(crate) fn origin(headers: &HeaderMap, public_url: Option<&str>) -> Origin {
    let Some(origin) = headers.get(header::ORIGIN) else { return Origin::Absent };
    let Ok(origin) = origin.to_str() else { return Origin::Foreign };
    let own = match public_url {
        Some(url) => origin.eq_ignore_ascii_case(url),
        None => {
            let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
            host.is_some_and(|host| {
                ["http://", "https://"]
                    .iter()
                    .any(|scheme| origin.strip_prefix(scheme).is_some_and(|at| at.eq_ignore_ascii_case(host)))
            })
        }
    };
    if own { Origin::Own } else { Origin::Foreign }
}

/// Whether a browser says that the request was made by a page of ours, or by the person directly.
fn fetched_from_here(headers: &HeaderMap) -> bool {
    headers.get("sec-fetch-site").is_some_and(|site| site == "same-origin" || site == "none")
}

/// Middleware: refuses to change anything for a request that another site may have caused.
pub(crate) async fn protect(
    Extracted(state): Extracted<State>,
    mut request: Request,
    next: Next,
) -> Response {
    // HTTP/2 carries the host in the URI; everything behind this reads one place.
    if !request.headers().contains_key(header::HOST)
        && let Some(host) = request.uri().authority().and_then(|host| host.as_str().parse().ok())
    {
        request.headers_mut().insert(header::HOST, host);
    }
    let safe = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    let trusted = safe
        || match origin(request.headers(), state.config().server.public_url.as_deref()) {
            Origin::Own => true,
            Origin::Foreign => false,
            // Programs say neither. For them that is enough where no cookie is read.
            Origin::Absent if request.uri().path().starts_with(api::PREFIX) => {
                !request.headers().contains_key("sec-fetch-site") || fetched_from_here(request.headers())
            }
            Origin::Absent => fetched_from_here(request.headers()),
        };
    if trusted {
        return next.run(request).await;
    }
    let origin = request.headers().get(header::ORIGIN);
    tracing::warn!(target: "security", event = "cross_site", ?origin, "refused: not sent by a page of this site");
    let message = "This request did not come from a page of this site.";
    Refusal(ApiError::new(ErrorKind::Forbidden, message)).into_response()
}

/// The path and query of the page that a form was sent from, if it is one of this site.
pub(crate) fn referring_page(headers: &HeaderMap, public_url: Option<&str>) -> Option<String> {
    let referer: Uri = headers.get(header::REFERER)?.to_str().ok()?.parse().ok()?;
    let authority = referer.authority()?.as_str();
    let own = match public_url {
        Some(url) => url.split_once("://").is_some_and(|(_, own)| own.eq_ignore_ascii_case(authority)),
        None => headers.get(header::HOST)?.to_str().ok()?.eq_ignore_ascii_case(authority),
    };
    let path = referer.path_and_query()?.as_str();
    // A server function is no page; going there would only fail.
    (own && !path.starts_with("/api/")).then(|| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    fn an_origin_is_own_if_it_names_the_host_asked() {
        let judge = |value: &str, public| {
            origin(&headers(&[("host", "Example.com:3000"), ("origin", value)]), public)
        };
        assert_eq!(judge("http://example.com:3000", None), Origin::Own);
        for foreign in
            ["http://example.com", "http://evil.example", "null", "http://example.com:3000.evil.example", ""]
        {
            assert_eq!(judge(foreign, None), Origin::Foreign, "{foreign}");
        }
        assert_eq!(judge("https://8th.example", Some("https://8th.example")), Origin::Own);
        assert_eq!(judge("http://8th.example", Some("https://8th.example")), Origin::Foreign);
        assert_eq!(origin(&headers(&[("host", "a")]), None), Origin::Absent);
    }

    #[test]
    fn one_returns_only_to_pages_of_this_site() {
        let page = |referer: &str| referring_page(&headers(&[("host", "a:1"), ("referer", referer)]), None);
        assert_eq!(page("http://a:1/jobs?q=x").as_deref(), Some("/jobs?q=x"));
        for wrong in ["http://evil.example/jobs", "/jobs", "http://a:1/api/sign_in", "::"] {
            assert_eq!(page(wrong), None, "{wrong}");
        }
    }
}
