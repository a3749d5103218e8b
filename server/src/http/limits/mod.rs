//! How much one visitor may ask for: by address before anything is looked up, and by account once it
//! is known who asks. `docs/limits.md` tells how the figures are set.

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

/// Middleware: counts requests by the account of who is signed in.
pub(crate) async fn by_account(Extracted(state): Extracted<State>, request: Request, next: Next) -> Response {
    let account = request.extensions().get::<Viewer>().and_then(|viewer| viewer.0.as_ref());
    let account = account.map(|who| Visitor::Account(who.user_id));
    let class = Class::of(request.method(), request.uri().path());
    let (Some(class), Some(account)) = (class, account) else { return next.run(request).await };
    answer(state.limits().check(class, account), class, request, next).await
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
