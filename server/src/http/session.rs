//! Who asks, and from where.

use std::net::{IpAddr, SocketAddr};

use app::{
    access::is_on_the_way_to_a_second_factor,
    cookie::Transport,
    error::{ApiError, ErrorKind},
    ssr::{ClientAddress, OwnPicture, SiteOrigin, Unencrypted, Viewer},
};
use axum::{
    extract::{ConnectInfo, Request, State as Extracted},
    http::{Extensions, HeaderMap, Method, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};
use axum_extra::extract::cookie::CookieJar;
use identity::Principal;
use services::accounts::{self, Device};

use super::{
    observe::is_made_by,
    refusal::{Refusal, wants_html},
};
use crate::State;

/// How browsers reach this server.
pub(crate) fn transport(state: &State, headers: &HeaderMap) -> Transport {
    Transport::of(headers, state.config().server.public_url.as_deref())
}

/// The session's token as the browser sent it.
pub(crate) fn token(state: &State, headers: &HeaderMap) -> Option<String> {
    let name = transport(state, headers).session_cookie();
    CookieJar::from_headers(headers).get(name).map(|cookie| cookie.value().to_owned())
}

/// Middleware: finds out once who asks. Requests without the cookie cost nothing.
pub(crate) async fn attach(Extracted(state): Extracted<State>, mut request: Request, next: Next) -> Response {
    let transport = transport(&state, request.headers());
    let token = token(&state, request.headers());
    let known = match &token {
        None => None,
        Some(token) => match accounts::authenticate(state.services(), token).await {
            Ok(known) => known,
            Err(error) => return Refusal::from(error).into_response(),
        },
    };
    let renewed = known.as_ref().and_then(|known| known.renewed);
    let picture = known.as_ref().and_then(|known| Some(known.picture?.path(known.principal.user_id)));
    let viewer = Viewer(known.map(|known| known.principal));
    if let Some(person) = &viewer.0 {
        is_made_by(person.user_id);
    }
    request.extensions_mut().insert(viewer.clone());
    request.extensions_mut().insert(OwnPicture(picture.clone()));
    request.extensions_mut().insert(transport);
    if let Some(origin) = origin(&state, transport, request.headers()) {
        request.extensions_mut().insert(SiteOrigin(origin));
    }
    let by_tls = match state.config().server.public_url.as_deref() {
        Some(url) => url.starts_with("https://"),
        None => is_ended_by_proxy(request.headers()),
    };
    if transport == Transport::Tls && !by_tls {
        request.extensions_mut().insert(Unencrypted);
    }
    let views = viewer.0.as_ref().is_some_and(|who| who.viewed_by.is_some());
    let owes = viewer.0.as_ref().is_some_and(|who| who.second_factor_due);
    let mut response = if views && !may_be_done_while_viewing(&request) {
        let message =
            "You are looking at somebody else's pages and can change nothing. Go back to your own first.";
        Refusal(ApiError::new(ErrorKind::Forbidden, message)).into_response()
    } else if owes && !is_on_the_way_to_a_second_factor(request.uri().path()) {
        to_a_second_factor(&request)
    } else {
        next.run(request).await
    };
    // An error page around it has their name in its frame, too.
    response.extensions_mut().insert(viewer);
    response.extensions_mut().insert(OwnPicture(picture));
    // The browser keeps the token as long as the session lives on, unless it has just got another.
    if let (Some(renewed), Some(token)) = (renewed, token)
        && !response.headers().contains_key(header::SET_COOKIE)
        && let Some(cookie) = transport.cookie(transport.session_cookie(), &token, renewed.num_seconds())
    {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

/// From where a request comes; for what is answered without a page.
pub(crate) fn device(request: &Parts, who: Option<&Principal>) -> Device {
    let agent = request.headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok());
    Device {
        user_agent: agent.unwrap_or_default().to_owned(),
        address: request.extensions.get::<ClientAddress>().map(|address| address.0),
        session: who.map(|who| who.session_id),
        trust: cookie(request, Transport::trust_cookie).map(Into::into),
        known: cookie(request, Transport::known_cookie).map(Into::into),
    }
}

/// For whoever has a role that needs a second factor, and has given none: nothing else is open to
/// them first.
fn to_a_second_factor(request: &Request) -> Response {
    if *request.method() == Method::GET && wants_html(request.headers()) {
        return Redirect::to("/account/security").into_response();
    }
    let message = "Your role needs a second factor. Set one up at /account/security first.";
    Refusal(ApiError::new(ErrorKind::Forbidden, message)).into_response()
}

/// Whoever looks at another person's pages reads, chooses colours, goes back, or signs out.
fn may_be_done_while_viewing(request: &Request) -> bool {
    matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS)
        || matches!(request.uri().path(), "/api/end_view" | "/api/theme" | "/api/sign_out")
}

/// A cookie of the request, under the name that it has with this transport.
pub(crate) fn cookie(request: &Parts, name: fn(Transport) -> &'static str) -> Option<String> {
    let transport = request.extensions.get::<Transport>().copied().unwrap_or(Transport::Tls);
    let jar = CookieJar::from_headers(&request.headers);
    jar.get(name(transport)).map(|cookie| cookie.value().to_owned())
}

/// Where the browser sees us: where the operator says, or else where the browser asked.
fn origin(state: &State, transport: Transport, headers: &HeaderMap) -> Option<String> {
    if let Some(url) = &state.config().server.public_url {
        return Some(url.clone());
    }
    let host = headers.get(header::HOST)?.to_str().ok()?;
    Some(match transport {
        Transport::Tls => format!("https://{host}"),
        Transport::PlainLocalhost => format!("http://{host}"),
    })
}

/// From where a program asks, which has no session and is no browser.
pub(crate) fn program(request: &Parts) -> Device {
    Device { trust: None, known: None, ..device(request, None) }
}

/// Whether a proxy says that the browser reached it by TLS.
fn is_ended_by_proxy(headers: &HeaderMap) -> bool {
    let says = |name: &str, words: &str| {
        let value = headers.get(name).and_then(|value| value.to_str().ok());
        value.is_some_and(|value| value.to_ascii_lowercase().contains(words))
    };
    says("x-forwarded-proto", "https") || says("forwarded", "proto=https")
}

/// The address of the browser. Each of our `proxies` adds the address it was called from at the end
/// of `X-Forwarded-For`; what stands before those, anybody can have written.
pub(super) fn client_address(headers: &HeaderMap, extensions: &Extensions, proxies: u8) -> Option<IpAddr> {
    let peer = extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip());
    if proxies == 0 {
        return peer;
    }
    let lines = headers.get_all("x-forwarded-for");
    let mut hops: Vec<&str> =
        lines.iter().filter_map(|line| line.to_str().ok()).flat_map(|line| line.split(',')).collect();
    hops.reverse();
    hops.get(usize::from(proxies) - 1).and_then(|hop| hop.trim().parse().ok()).or(peer)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use axum::body::Body;

    use super::*;

    #[test]
    fn only_as_many_hops_are_believed_as_there_are_proxies() {
        let address = |header: &str, proxies| {
            let mut request = Request::new(Body::empty());
            request.extensions_mut().insert(ConnectInfo(SocketAddr::from(([10, 0, 0, 1], 1))));
            request.headers_mut().insert("x-forwarded-for", header.parse().unwrap());
            client_address(request.headers(), request.extensions(), proxies).unwrap().to_string()
        };
        assert_eq!(address("1.1.1.1, 2.2.2.2", 0), "10.0.0.1");
        assert_eq!(address("1.1.1.1, 2.2.2.2", 1), "2.2.2.2");
        assert_eq!(address("1.1.1.1, 2.2.2.2", 2), "1.1.1.1");
        assert_eq!(address("forged", 1), "10.0.0.1");
    }
}
