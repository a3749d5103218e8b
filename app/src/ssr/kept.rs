//! What a browser keeps for us, in cookies that scripts cannot read.

use secrecy::{ExposeSecret as _, SecretString};
use services::accounts::{
    Admission, SignedIn, SigningUp,
    external::Begun,
    second_factor::{Ceremony, Trust},
};

use super::{cookie, local_path, private, redirect, set_cookie, transport};
use crate::page::{encode, go, query};

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

/// Leads back there once a code was sent, with what was said of the browser. Return after it.
pub fn go_to_sent_code(next: &str, trust: bool) {
    let trust = if trust { "" } else { "&trust=no" };
    redirect(&format!("/sign-in/second?sent=1&next={}{trust}", encode(local_path(next))));
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
