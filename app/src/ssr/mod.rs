//! The one door to server-only code: what a page or a server function asks of the request and says
//! about the response.

mod failure;
mod kept;

use std::{
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
};

use axum::http::{HeaderValue, StatusCode, header, request::Parts};
use domain::{permission::Permission, role::Role};
use identity::Principal;
use leptos::{prelude::*, reactive::owner::with_context};
use leptos_axum::ResponseOptions;
use secrecy::{ExposeSecret as _, SecretString};
use services::{ServiceError, Services, accounts::Device};

pub use self::kept::*;
use crate::{account::Held, cookie::Transport, error::ApiError, ui};

/// Who asks, as the server found out before the page or the server function runs.
#[derive(Clone, Debug, Default)]
pub struct Viewer(pub Option<Principal>);

/// Where the picture of who asks is shown, if they have one.
#[derive(Clone, Debug, Default)]
pub struct OwnPicture(pub Option<String>);

/// The picture of who is signed in.
pub fn own_picture() -> OwnPicture {
    asked(|parts| parts.extensions.get::<OwnPicture>().cloned()).unwrap_or_default()
}

impl Viewer {
    /// As far as the frame of a page must know them.
    pub fn of_frame(self, OwnPicture(picture): OwnPicture) -> Option<ui::Viewer> {
        self.0.map(|who| ui::Viewer {
            is_freelancer: who.roles.contains(Role::Freelancer),
            picture,
            is_client: who.roles.contains(Role::Client),
            is_admin: who.may(Permission::FindPeople).is_ok(),
            viewed_by: who.viewed_by.map(|by| by.display_name),
            name: who.display_name,
        })
    }
}

/// From which network address the request comes, as far as it is known.
#[derive(Clone, Copy, Debug)]
pub struct ClientAddress(pub IpAddr);

/// The scheme and authority by which the browser knows the site.
#[derive(Clone, Debug)]
pub struct SiteOrigin(pub String);

/// Marks a request that came without TLS although cookies are bound to it.
#[derive(Clone, Copy, Debug)]
pub struct Unencrypted;

/// A form that was refused and is shown again on the page it came from.
#[derive(Clone, Debug)]
pub struct FormReplay {
    /// The server function's path: `/api/…`.
    pub action: String,
    /// The fields as they were sent, urlencoded; known to be valid UTF-8.
    pub body: String,
    pub error: ApiError,
}

/// What an accepted form is answered with instead of being led on.
pub enum Shown {
    /// A page with a secret on it, this once, because it is stored nowhere.
    Secret(&'static str, SecretString),
    /// The form that waited for a proof, which has been given.
    Held(Held),
}

/// Room for what an accepted form shows. The server puts an empty one into each request of a form and
/// renders a page with what it finds there.
#[derive(Clone, Default)]
pub struct Reveal(Arc<Mutex<Option<Shown>>>);

impl Reveal {
    /// What is to be shown, if anything is.
    pub fn take(&self) -> Option<Shown> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// The secret for the page that is being rendered.
#[derive(Clone)]
pub struct Revealed(pub SecretString);

/// What `read` finds in the request being answered. The request stays where it is: copying all of
/// it for each question would cost more than the answers.
fn asked<T>(read: impl FnOnce(&Parts) -> Option<T>) -> Option<T> {
    with_context::<Parts, _>(read).flatten()
}

/// The use cases. The server provides them to every page and server function.
pub fn services() -> Services {
    expect_context::<Services>()
}

/// The person who is signed in.
pub fn viewer() -> Option<Principal> {
    asked(|parts| parts.extensions.get::<Viewer>()?.0.clone())
}

/// The person who is signed in, or the error that asks to sign in.
pub fn signed_in() -> Result<Principal, ApiError> {
    viewer().ok_or_else(|| ServiceError::SignedOut.into())
}

/// Whether they may do it, for a page that tells in its own words why not. A refusal is logged.
pub fn may(who: &Principal, permission: Permission) -> Result<(), ApiError> {
    who.may(permission).map(drop).map_err(|refused| ServiceError::from(refused).into())
}

/// The refused form to show again, if it was meant for `action` (such as `/api/sign_in`).
pub fn replay(action: &str) -> Option<FormReplay> {
    asked(|parts| parts.extensions.get::<FormReplay>().filter(|replay| replay.action == action).cloned())
}

/// The refused form, whatever it was meant for: for the page of those who were signed out.
pub fn held_back() -> Option<FormReplay> {
    asked(|parts| parts.extensions.get::<FormReplay>().cloned())
}

/// Answers the form with this, instead of leading on. Programs are not shown it.
pub fn show(shown: Shown) {
    if let Some(Reveal(cell)) = asked(|parts| parts.extensions.get::<Reveal>().cloned()) {
        *cell.lock().unwrap_or_else(PoisonError::into_inner) = Some(shown);
    }
}

/// The form that waited for the proof that was just given.
pub fn held() -> Option<Held> {
    asked(|parts| parts.extensions.get::<Held>().cloned())
}

/// The secret that this page shows once.
pub fn revealed() -> Option<String> {
    asked(|parts| Some(parts.extensions.get::<Revealed>()?.0.expose_secret().to_owned()))
}

/// A request header, if it is text.
pub fn request_header(name: header::HeaderName) -> Option<String> {
    asked(|parts| parts.headers.get(name)?.to_str().ok().map(str::to_owned))
}

/// The path of the page that is asked for.
pub fn path() -> Option<String> {
    asked(|parts| Some(parts.uri.path().to_owned()))
}

/// The query of the page that is asked for, as it was sent.
pub fn query_string() -> Option<String> {
    asked(|parts| parts.uri.query().map(str::to_owned))
}

/// A cookie of the request.
pub fn cookie(name: &str) -> Option<String> {
    request_header(header::COOKIE)?.split(';').find_map(|pair| {
        let (key, value) = pair.trim().split_once('=')?;
        (key == name).then(|| value.to_owned())
    })
}

/// Sets a cookie for the whole site that scripts cannot read. `max_age` is in seconds; 0 removes it.
pub fn set_cookie(name: &str, value: &str, max_age: i64) {
    let Some(response) = use_context::<ResponseOptions>() else { return };
    if let Some(cookie) = transport().cookie(name, value, max_age) {
        response.append_header(header::SET_COOKIE, cookie);
    }
}

/// Where passkeys work instead, for who came by a number of this machine: browsers give none to
/// numbers.
pub fn passkeys_elsewhere() -> Option<String> {
    let host = request_header(header::HOST).unwrap_or_default();
    let by_number = transport() == Transport::PlainLocalhost && !host.starts_with("localhost");
    let port = host.rsplit_once(':').map(|(_, port)| format!(":{port}")).unwrap_or_default();
    by_number.then(|| format!("http://localhost{port}"))
}

/// Keeps a page that shows what is private to somebody who is not signed in out of all caches.
pub fn private() {
    if let Some(response) = use_context::<ResponseOptions>() {
        response.insert_header(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    }
}

/// This site as the browser knows it, such as `https://8thdegree.example`.
pub fn origin() -> String {
    asked(|parts| parts.extensions.get::<SiteOrigin>().map(|origin| origin.0.clone())).unwrap_or_default()
}

/// How the browser reaches the site.
pub fn transport() -> Transport {
    asked(|parts| parts.extensions.get::<Transport>().copied()).unwrap_or(Transport::Tls)
}

/// Whether the browser will keep a session: not where it reaches this server by another name than
/// localhost and without TLS, which no proxy in between says it ended.
pub fn keeps_sessions() -> bool {
    let plain = asked(|parts| Some(parts.extensions.get::<Unencrypted>().is_some())).unwrap_or_default();
    !plain
}

/// From where the request comes.
pub fn device() -> Device {
    Device {
        user_agent: request_header(header::USER_AGENT).unwrap_or_default(),
        address: asked(|parts| parts.extensions.get::<ClientAddress>().map(|address| address.0)),
        session: viewer().map(|who| who.session_id),
        trust: cookie(transport().trust_cookie()).map(Into::into),
        known: cookie(transport().known_cookie()).map(Into::into),
    }
}

/// Sets the status of the page.
pub fn set_status(status: u16) {
    if let (Some(response), Ok(status)) = (use_context::<ResponseOptions>(), StatusCode::from_u16(status)) {
        response.set_status(status);
    }
}

/// Makes what a service answered into what a browser is told.
pub fn fail(error: impl Into<ApiError>) -> ApiError {
    error.into()
}

/// Sends the browser on to a path of this site. Anything that is not one leads to `/`, so that a
/// link sent by a stranger cannot lead away from here. Return after it.
pub fn redirect(path: &str) {
    leptos_axum::redirect(local_path(path));
}

/// The path if it is one of this site, else `/`.
pub fn local_path(path: &str) -> &str {
    let local = path.starts_with('/')
        && !path.starts_with("//")
        && path.len() <= 2_000
        && path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    if local { path } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_of_this_site_are_followed() {
        for fine in ["/", "/jobs?q=a%20b&sort=new#top", "/matches"] {
            assert_eq!(local_path(fine), fine);
        }
        for wrong in [
            "",
            "jobs",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "/a b",
            "/a\r\nX: y",
            "/é",
        ] {
            assert_eq!(local_path(wrong), "/", "{wrong:?}");
        }
    }
}
