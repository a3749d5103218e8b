//! The address that other sites send people back to.

use app::{
    cookie::Transport,
    page::encode,
    ssr::{KNOWN_FOR_SECONDS, Viewer, local_path},
};
use axum::{
    extract::{Path, Query, Request, State as Extracted},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use identity::external::CallbackQuery;
use secrecy::ExposeSecret as _;
use services::{
    ServiceError,
    accounts::{
        Admission, SignedIn,
        external::{self, Arrived, Failed},
    },
};

use super::{
    refusal::Refusal,
    session::{cookie, device},
};
use crate::State;

/// Handler of `/sign-in/with/{provider}/callback`. It asks by GET, as the protocol has it, and does
/// something all the same: what stands in for the usual guard is the cookie of whoever began.
pub(crate) async fn come_back(
    Extracted(state): Extracted<State>,
    Path(provider): Path<String>,
    request: Request,
) -> Response {
    let (parts, _) = request.into_parts();
    let Ok(Query(callback)) = Query::<CallbackQuery>::try_from_uri(&parts.uri) else {
        return to(&back(&provider, &Failed::lost(), false), &[]);
    };
    let transport = parts.extensions.get::<Transport>().copied().unwrap_or(Transport::Tls);
    let who = parts.extensions.get::<Viewer>().and_then(|viewer| viewer.0.clone());
    let device = device(&parts, who.as_ref());
    let cookie = cookie(&parts, Transport::flow_cookie);
    let cookie = cookie.as_deref();
    let came = external::come_back(state.services(), &provider, cookie, callback, who.as_ref(), &device);
    let forget = || transport.cookie(transport.flow_cookie(), "", 0);
    let keep = |name, value: &str, seconds| transport.cookie(name, value, seconds);
    match came.await {
        Ok(Ok(Arrived::Known { admission: Admission::SignedIn(signed_in), next })) => {
            to(&next, &[session(transport, &signed_in), known(transport, &signed_in), forget()])
        }
        Ok(Ok(Arrived::Known { admission: Admission::SecondFactorDue(pending), next })) => {
            let seconds = pending.keep_for.num_seconds();
            let pending = keep(transport.pending_cookie(), pending.token.expose_secret(), seconds);
            to(&format!("/sign-in/second?next={}", encode(local_path(&next))), &[pending, forget()])
        }
        Ok(Ok(Arrived::New { token, keep_for })) => {
            let flow = keep(transport.flow_cookie(), token.expose_secret(), keep_for.num_seconds());
            to("/sign-up/finish", &[flow])
        }
        Ok(Ok(Arrived::Linked)) => to("/account/connections?connected=1", &[forget()]),
        Ok(Ok(Arrived::Tried)) => to("/account/organisation?done=tried", &[forget()]),
        Ok(Ok(Arrived::Confirmed { renewed, next })) => to(&next, &[session(transport, &renewed), forget()]),
        Ok(Err(failed)) => to(&back(&provider, &failed, who.is_some()), &[]),
        Err(ServiceError::SignedOut) => to("/sign-in", &[forget()]),
        Err(error) => Refusal::from(error).into_response(),
    }
}

fn session(transport: Transport, signed_in: &SignedIn) -> Option<HeaderValue> {
    let seconds = signed_in.keep_for.num_seconds();
    transport.cookie(transport.session_cookie(), signed_in.token.expose_secret(), seconds)
}

/// By which the browser is known from now on, where it was not.
fn known(transport: Transport, signed_in: &SignedIn) -> Option<HeaderValue> {
    let token = signed_in.known_browser.as_ref()?;
    transport.cookie(transport.known_cookie(), token.expose_secret(), KNOWN_FOR_SECONDS)
}

/// The page where it began, which tells what went wrong.
fn back(provider: &str, failed: &Failed, signed_in: bool) -> String {
    let page = match failed.purpose {
        Some(purpose) => external::origin_page(purpose),
        // Whoever is signed in has no use for the page to sign in.
        None if signed_in => "/account/connections",
        None => "/sign-in",
    };
    let (with, next) = (encode(provider), encode(&failed.next));
    format!("{page}?trouble={}&with={with}&next={next}", failed.trouble.as_str())
}

/// Leads on within this site.
fn to(path: &str, cookies: &[Option<HeaderValue>]) -> Response {
    let mut answer =
        (StatusCode::SEE_OTHER, [(header::LOCATION, local_path(path).to_owned())]).into_response();
    for cookie in cookies.iter().flatten() {
        answer.headers_mut().append(header::SET_COOKIE, cookie.clone());
    }
    answer.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}
