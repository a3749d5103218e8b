//! How much one visitor may ask for: by address before anything is looked up, and by session and account
//! once it is known who asks. `docs/limits.md` tells how the figures are set.

mod class;
mod count;

use app::{
    cookie::Transport,
    ssr::{ClientAddress, Viewer},
};
use axum::{
    extract::{Request, State as Extracted},
    http::HeaderMap,
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use axum_extra::extract::cookie::CookieJar;
use services::accounts;

pub(crate) use class::{Class, Visitor};
use count::Allowance;
pub(crate) use count::{Exceeded, Limits};

use super::{api, session::transport};
use crate::State;

/// Middleware: counts requests by the address they come from. Where the network has no allowance
/// left, a browser on which somebody has signed in before has one of its own.
pub(crate) async fn by_address(Extracted(state): Extracted<State>, request: Request, next: Next) -> Response {
    let address = request.extensions().get::<ClientAddress>().map(|address| Visitor::at(address.0));
    let class = Class::of(request.method(), request.uri().path());
    let (Some(class), Some(visitor)) = (class, address) else { return next.run(request).await };
    let mut judged = state.limits().check(class, visitor);
    if judged.is_err()
        && let Some(browser) = recognised(&state, visitor, request.headers()).await
    {
        judged = state.limits().check(class, browser);
    }
    answer(judged, class, request, next).await
}

/// The browser, if somebody has signed in on it before.
async fn recognised(state: &State, visitor: Visitor, headers: &HeaderMap) -> Option<Visitor> {
    let name = Transport::known_cookie(transport(state, headers));
    let jar = CookieJar::from_headers(headers);
    let shown = jar.get(name)?.value();
    state.limits().check(Class::Recognition, visitor).ok()?;
    Some(Visitor::BrowserOf(accounts::known_browser(state.services(), shown).await.ok()??))
}

/// Middleware: counts requests by the session of who is signed in, so that whoever stole one slows
/// that one alone, and what they change by the account as well. Remedies against them are not counted
/// here.
pub(crate) async fn by_session(Extracted(state): Extracted<State>, request: Request, next: Next) -> Response {
    let who = request.extensions().get::<Viewer>().and_then(|viewer| viewer.0.as_ref());
    let path = request.uri().path();
    let class = Class::of(request.method(), path).filter(|class| !class.is_remedy(path));
    let (Some(class), Some(who)) = (class, who) else { return next.run(request).await };
    let limits = state.limits();
    let judged = limits.check(class, Visitor::Session(who.session_id)).and_then(|left| {
        if class == Class::Write {
            // Who looks at another person's pages is who does it.
            let actor = who.viewed_by.as_ref().map_or(who.user_id, |viewer| viewer.user_id);
            limits.check(Class::Together, Visitor::Account(actor))?;
        }
        Ok(left)
    });
    answer(judged, class, request, next).await
}

async fn answer(
    judged: Result<Option<Allowance>, Exceeded>,
    class: Class,
    request: Request,
    next: Next,
) -> Response {
    // Pages are kept by browsers and tell nothing of it.
    let told = class != Class::Read || request.uri().path().starts_with(api::PREFIX);
    match judged {
        Err(exceeded) => exceeded.into_response(),
        Ok(left) => {
            let mut response = next.run(request).await;
            if let Some(left) = left.filter(|_| told) {
                left.tell(response.headers_mut());
            }
            response
        }
    }
}
