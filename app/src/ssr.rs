//! The one door to server-only code: what a page or a server function asks of the request and says
//! about the response.

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
use services::{
    ServiceError, Services,
    accounts::{
        Admission, Device, SignedIn, SigningUp,
        external::Begun,
        second_factor::{Ceremony, Trust},
    },
};

use crate::{
    cookie::Transport,
    error::{ApiError, ErrorKind},
    page::{encode, go, query},
    ui,
};

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

/// A secret that an accepted form shows on its page once, because it is stored nowhere. The server
/// puts an empty one into each request of a form and renders the page that was named with it.
#[derive(Clone, Default)]
pub struct Reveal(Arc<Mutex<Option<(&'static str, SecretString)>>>);

impl Reveal {
    /// The page and the secret, if there is one to be shown.
    pub fn take(&self) -> Option<(&'static str, SecretString)> {
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

/// Answers the form with this page and the secret on it, once, instead of leading on.
pub fn reveal(page: &'static str, secret: SecretString) {
    if let Some(Reveal(cell)) = asked(|parts| parts.extensions.get::<Reveal>().cloned()) {
        *cell.lock().unwrap_or_else(PoisonError::into_inner) = Some((page, secret));
    }
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

/// For so long a browser shows that somebody has signed in on it: a year.
pub const KNOWN_FOR_SECONDS: i64 = 365 * 24 * 3_600;

/// Keeps a session's token in the browser for as long as the session can last unused.
pub fn keep_session(signed_in: &SignedIn) {
    let seconds = signed_in.keep_for.num_seconds();
    set_cookie(transport().session_cookie(), signed_in.token.expose_secret(), seconds);
    if let Some(known) = &signed_in.known_browser {
        set_cookie(transport().known_cookie(), known.expose_secret(), KNOWN_FOR_SECONDS);
    }
}

/// Lets somebody in who has given the first factor, and leads them on to `next`; by way of the page
/// that asks for the second, where they owe one. Return after it.
pub fn admit(admission: &Admission, next: &str) {
    match admission {
        Admission::SignedIn(signed_in) => {
            keep_session(signed_in);
            redirect(next);
        }
        Admission::SecondFactorDue(pending) => {
            let seconds = pending.keep_for.num_seconds();
            set_cookie(transport().pending_cookie(), pending.token.expose_secret(), seconds);
            go_to_second_factor(next);
        }
    }
}

/// Leads to the page that asks for the second factor. Return after it.
pub fn go_to_second_factor(next: &str) {
    redirect(&format!("/sign-in/second?next={}", encode(local_path(next))));
}

/// The token of a sign-in that lacks the second factor, empty where there is none.
pub fn pending() -> String {
    cookie(transport().pending_cookie()).unwrap_or_default()
}

pub fn forget_pending() {
    set_cookie(transport().pending_cookie(), "", 0);
}

/// Spares the browser the second factor for a while.
pub fn keep_trust(trust: &Trust) {
    set_cookie(transport().trust_cookie(), trust.token.expose_secret(), trust.keep_for.num_seconds());
}

pub fn forget_trust() {
    set_cookie(transport().trust_cookie(), "", 0);
}

/// The token of what a passkey was asked to sign, empty where there is none.
pub fn ceremony() -> String {
    cookie(transport().ceremony_cookie()).unwrap_or_default()
}

pub fn keep_ceremony(ceremony: &Ceremony) {
    let seconds = ceremony.keep_for.num_seconds();
    set_cookie(transport().ceremony_cookie(), ceremony.token.expose_secret(), seconds);
}

/// For so long new recovery codes can be looked at, in seconds.
const CODES_SHOWN_FOR: i64 = 600;

/// Has the browser keep new recovery codes for the page that shows them: the server stores no code
/// that could be read, and a page that follows a form is asked for anew.
pub fn keep_new_codes(codes: &[SecretString]) {
    let codes: Vec<&str> = codes.iter().map(SecretString::expose_secret).collect();
    set_cookie(transport().codes_cookie(), &codes.join("."), CODES_SHOWN_FOR);
}

/// Those codes, with a point between two; empty where there are none.
pub fn new_codes() -> String {
    cookie(transport().codes_cookie()).unwrap_or_default()
}

pub fn forget_new_codes() {
    set_cookie(transport().codes_cookie(), "", 0);
}

/// Where passkeys work instead, for who came by a number of this machine: browsers give none to
/// numbers.
pub fn passkeys_elsewhere() -> Option<String> {
    let host = request_header(header::HOST).unwrap_or_default();
    let by_number = transport() == Transport::PlainLocalhost && !host.starts_with("localhost");
    let port = host.rsplit_once(':').map(|(_, port)| format!(":{port}")).unwrap_or_default();
    by_number.then(|| format!("http://localhost{port}"))
}

pub fn forget_session() {
    set_cookie(transport().session_cookie(), "", 0);
}

/// Keeps for how long somebody has to look into their mail that this browser signed them up.
pub fn keep_signing_up(signing_up: &SigningUp) {
    let seconds = signing_up.keep_for.num_seconds();
    set_cookie(transport().sign_up_cookie(), signing_up.browser.expose_secret(), seconds);
}

/// What this browser keeps of having signed somebody up; empty where it has not.
pub fn signing_up() -> String {
    cookie(transport().sign_up_cookie()).unwrap_or_default()
}

pub fn forget_signing_up() {
    set_cookie(transport().sign_up_cookie(), "", 0);
}

/// For how long the page of a link may stay open, in seconds.
const LINK_KEPT: i64 = 60 * 60;

/// The token of the link that led to a page, in which it stands as `token`. It leaves the address at
/// once and is kept in a cookie, so that neither the history nor a referrer tells it. None where the
/// browser is sent on for that.
pub fn link(path: &str) -> Option<String> {
    let (token, name) = (query("token"), transport().link_cookie());
    if token.is_empty() {
        private();
        return Some(cookie(name).unwrap_or_default());
    }
    if token.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)) {
        set_cookie(name, &token, LINK_KEPT);
    }
    go(path);
    None
}

/// The token of the link whose page sent this form.
pub fn used_link() -> String {
    cookie(transport().link_cookie()).unwrap_or_default()
}

/// After a link was used.
pub fn forget_link() {
    set_cookie(transport().link_cookie(), "", 0);
}

/// Keeps a page that shows what is private to somebody who is not signed in out of all caches.
pub fn private() {
    if let Some(response) = use_context::<ResponseOptions>() {
        response.insert_header(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    }
}

/// Remembers that the browser is away at another site to sign in there.
pub fn keep_flow(begun: &Begun) {
    set_cookie(transport().flow_cookie(), begun.token.expose_secret(), begun.keep_for.num_seconds());
}

/// The token of what the browser has begun with another site; empty where there is none.
pub fn flow() -> String {
    cookie(transport().flow_cookie()).unwrap_or_default()
}

pub fn forget_flow() {
    set_cookie(transport().flow_cookie(), "", 0);
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

impl From<ServiceError> for ApiError {
    /// A cause that is a fault of ours, or an outage, is logged here and only here; so is a refusal.
    fn from(error: ServiceError) -> Self {
        match error {
            ServiceError::SignedOut => {
                tracing::info!(target: "security", event = "signed_out", "refused: nobody is signed in");
                ErrorKind::SignedOut.into()
            }
            ServiceError::Forbidden(permission) => {
                tracing::warn!(target: "security", event = "forbidden", needs = %permission, "refused");
                Self::new(ErrorKind::Forbidden, needs(permission))
            }
            ServiceError::ProofNeeded => {
                tracing::info!(target: "security", event = "proof_needed", "refused: a fresh proof is needed");
                ErrorKind::ProofNeeded.into()
            }
            ServiceError::OrganisationOnly => {
                tracing::info!(target: "security", event = "organisation_only", "refused: not by its issuer");
                Self::new(ErrorKind::Conflict, ORGANISATION_ONLY)
            }
            ServiceError::NotFound(_) => ErrorKind::NotFound.into(),
            ServiceError::Invalid(fields) => Self::invalid(fields),
            ServiceError::Conflict(what_to_do) => Self::new(ErrorKind::Conflict, what_to_do),
            ServiceError::TooMany(wait) => Self::too_often(wait.num_seconds().unsigned_abs(), |wait| {
                format!("There were too many wrong attempts. Please wait {wait}, then try again.")
            }),
            ServiceError::Unavailable(cause) => {
                tracing::warn!(cause = %causes(&*cause), "not available");
                ErrorKind::Unavailable.into()
            }
            ServiceError::Internal(cause) => {
                tracing::error!(cause = %causes(&*cause), "internal error");
                ErrorKind::Internal.into()
            }
        }
    }
}

const ORGANISATION_ONLY: &str = "Addresses of this domain are let in by their organisation alone. Choose “Sign in with \
                                 your organisation” on the page for signing in.";

/// What somebody without the permission is told; some roles one can take up oneself.
fn needs(permission: Permission) -> &'static str {
    let held_by = |role| permission.holders().contains(&role);
    if held_by(Role::Client) {
        "This is for people who hire. Choose in your account that you hire, and come back."
    } else if held_by(Role::Freelancer) {
        "This is for freelancers. Choose in your account that you freelance, and come back."
    } else {
        ErrorKind::Forbidden.message()
    }
}

/// An error and what caused it, in one line.
fn causes(error: &dyn std::error::Error) -> String {
    let mut line = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        line.push_str(": ");
        line.push_str(&cause.to_string());
        next = cause.source();
    }
    line
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
