//! What is asked for and by whom, as far as that decides how often it may be.

use std::{net::IpAddr, time::Duration};

use axum::http::Method;
use domain::{SessionId, UserId};

use crate::config;

/// What is asked for, as far as it costs or risks something else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// Looking at something.
    Read,
    /// Changing something.
    Write,
    /// Showing a secret that could be guessed.
    Credentials,
    /// What sends a letter, or makes an account.
    Mail,
    /// Tokens of programs.
    Tokens,
    /// Being recognised by the cookie of an earlier sign-in, where the network has no allowance left.
    Recognition,
    /// What is changed in all sessions of an account together.
    Together,
}

pub(super) const CLASSES: [Class; 7] = [
    Class::Read,
    Class::Write,
    Class::Credentials,
    Class::Mail,
    Class::Tokens,
    Class::Recognition,
    Class::Together,
];

/// So many sessions of an account change as much as they may before others of it have to wait.
const SESSIONS_AT_ONCE: u32 = 10;

/// Server functions by which one proves who one is, or begins to.
const CREDENTIALS: &[&str] = &[
    "sign_in",
    "second_factor",
    "passkey_sign_in_options",
    "passkey_second_options",
    "passkey_sign_in",
    "continue_with",
    "continue_with_organisation",
    "confirm",
    "confirm_with",
    "confirm_app",
    "passkey_confirm_options",
    "reset_password",
    "confirm_sign_up",
    "confirm_email_change",
];
/// Server functions that send a letter to an address that somebody typed, or make an account.
const MAIL: &[&str] = &[
    "sign_up",
    "send_sign_up_again",
    "finish_sign_up",
    "ask_reset",
    "ask_email_change",
    "send_sign_in_code",
];
/// By which an owner gets rid of whoever uses their account, beside all that proves who one is; and
/// the pages that lead there. Whoever stole a session uses the same one as its owner, so what is
/// counted by it could be used up for them.
const REMEDIES: &[&str] = &[
    "/account",
    "/account/connections",
    "/account/devices",
    "/account/password",
    "/account/security",
    "/account/security/app",
    "/account/security/codes",
    "/account/security/passkeys",
    "/account/tokens",
    "/confirm",
    "/forgotten",
    "/reset",
    "/sign-in",
    "/sign-in/second",
    "/api/sign_out",
    "/api/sign_out_device",
    "/api/sign_out_others",
    "/api/end_view",
    "/api/change_password",
    "/api/ask_reset",
    "/api/send_sign_in_code",
    "/api/begin_app",
    "/api/give_up_app",
    "/api/remove_app",
    "/api/renew_recovery_codes",
    "/api/recovery_codes_kept",
    "/api/allow_email_codes",
    "/api/passkey_options",
    "/api/add_passkey",
    "/api/remove_passkey",
    "/api/forget_trusted_device",
    "/api/forget_trusted_devices",
    "/api/disconnect",
    "/api/revoke_token",
];
/// Below here lies what other sites send people back to: what they bring is looked at closely.
const OTHER_SITES: &str = "/sign-in/with/";
/// Files that the browser keeps, each under a name of its own.
const KEPT_FILES: [&str; 2] = ["/pkg/", "/avatars/"];

impl Class {
    /// None for what is not counted: files that the browser keeps, and what machines of ours ask.
    pub(crate) fn of(method: &Method, path: &str) -> Option<Self> {
        let is_kept = KEPT_FILES.iter().any(|place| path.starts_with(place));
        if is_kept || matches!(path, "/healthz" | "/readyz" | "/metrics") {
            return None;
        }
        if path.starts_with("/api/v1/auth/") {
            return Some(Self::Tokens);
        }
        if path.starts_with(OTHER_SITES) {
            return Some(Self::Credentials);
        }
        if matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS) {
            return Some(Self::Read);
        }
        let function = path.strip_prefix("/api/").unwrap_or_default();
        Some(if CREDENTIALS.contains(&function) {
            Self::Credentials
        } else if MAIL.contains(&function) {
            Self::Mail
        } else {
            Self::Write
        })
    }

    /// Whether it is counted by network alone, whoever is signed in.
    pub(super) fn is_remedy(self, path: &str) -> bool {
        self == Self::Credentials || REMEDIES.contains(&path)
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Credentials => "credentials",
            Self::Mail => "mail",
            Self::Tokens => "tokens",
            Self::Recognition => "recognition",
            Self::Together => "account",
        }
    }

    /// How often, and in what time. All of it may be used at once, and comes back little by little.
    pub(super) fn allowance(self, limits: &config::Limits) -> (u32, Duration) {
        let minute = Duration::from_secs(60);
        match self {
            Self::Read => (limits.reads_per_minute, minute),
            Self::Write => (limits.writes_per_minute, minute),
            Self::Credentials => (limits.credentials_per_minute, minute),
            Self::Mail => (limits.mail_per_hour, 60 * minute),
            Self::Tokens => (limits.tokens_per_minute, minute),
            // Each costs one look into an index.
            Self::Recognition => (600, minute),
            Self::Together => (limits.writes_per_minute.saturating_mul(SESSIONS_AT_ONCE), minute),
        }
    }
}

/// Who is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Visitor {
    /// A network: one IPv4 address, or the 64 bits of IPv6 that one customer has at least.
    Network(u64, bool),
    /// One browser on which somebody is signed in, wherever it is; and whoever has its cookie.
    Session(SessionId),
    /// The programs of an account, or all its sessions together.
    Account(UserId),
    /// The browsers on which this person has signed in before, whatever their networks are up to.
    /// They count together, for anybody could sign in on many.
    BrowserOf(UserId),
    /// One of a few that all others share, while there are more than can be told apart.
    Crowd(u16),
}

impl Visitor {
    pub(crate) fn at(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self::Network(u64::from(u32::from(address)), false),
            IpAddr::V6(address) => Self::Network((u128::from(address) >> 64) as u64, true),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use app::access::{DOORS, is_on_the_way_to_a_second_factor};

    use super::*;

    #[test]
    fn what_is_named_here_is_there() {
        for function in CREDENTIALS.iter().chain(MAIL) {
            let path = format!("/api/{function}");
            assert!(DOORS.iter().any(|door| door.path == path), "{path}");
        }
        for path in REMEDIES {
            assert!(DOORS.iter().any(|door| door.path == *path), "{path}");
        }
        assert!(DOORS.iter().any(|door| door.path.starts_with(OTHER_SITES)));
        for place in KEPT_FILES {
            assert!(DOORS.iter().any(|door| door.path.starts_with(place)), "{place}");
        }
    }

    #[test]
    fn whoever_owes_a_second_factor_is_not_kept_from_it_by_what_their_session_did() {
        for door in DOORS.iter().filter(|door| is_on_the_way_to_a_second_factor(door.path)) {
            let class = Class::of(&door.method.parse().unwrap(), door.path).unwrap();
            assert!(class.is_remedy(door.path) || door.path == "/api/theme", "{}", door.path);
        }
    }

    #[test]
    fn what_could_be_guessed_costs_more_than_what_is_looked_at() {
        let of = |method, path| Class::of(&method, path);
        assert_eq!(of(Method::GET, "/jobs"), Some(Class::Read));
        assert_eq!(of(Method::GET, "/api/v1/matches"), Some(Class::Read));
        assert_eq!(of(Method::GET, "/ws/feed"), Some(Class::Read));
        assert_eq!(of(Method::POST, "/api/create_job"), Some(Class::Write));
        assert_eq!(of(Method::DELETE, "/nowhere"), Some(Class::Write));
        assert_eq!(of(Method::POST, "/api/second_factor"), Some(Class::Credentials));
        assert_eq!(of(Method::GET, "/sign-in/with/github/callback"), Some(Class::Credentials));
        assert_eq!(of(Method::POST, "/api/ask_reset"), Some(Class::Mail));
        assert_eq!(of(Method::POST, "/api/v1/auth/token"), Some(Class::Tokens));
        for uncounted in ["/healthz", "/readyz", "/metrics", "/pkg/app.wasm", "/avatars/1/2.jpg"] {
            assert_eq!(of(Method::GET, uncounted), None, "{uncounted}");
        }
    }

    #[test]
    fn a_customer_of_ipv6_is_one_visitor_and_a_mapped_address_is_the_one_it_maps() {
        let at = |text: &str| Visitor::at(text.parse().unwrap());
        assert_eq!(at("2001:db8:1:2::1"), at("2001:db8:1:2:ffff::9"));
        assert_ne!(at("2001:db8:1:2::1"), at("2001:db8:1:3::1"));
        assert_eq!(at("::ffff:192.0.2.1"), at("192.0.2.1"));
        assert_ne!(at("192.0.2.1"), at("::c000:201:0:0:0:0"));
    }
}
