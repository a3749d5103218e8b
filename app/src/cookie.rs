//! Cookies: where they are bound to TLS, and where a browser would not take such a one.

use axum::http::{HeaderMap, HeaderValue, header};

/// How browsers reach the site.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// By TLS: cookies are `Secure`, and the prefix `__Host-` binds them to this host.
    Tls,
    /// At a loopback address without TLS, as in development: plain cookies.
    PlainLocalhost,
}

impl Transport {
    /// Told from the configured public address, or else from the host that the browser asked for.
    pub fn of(headers: &HeaderMap, public_url: Option<&str>) -> Self {
        let authority = match public_url {
            Some(url) if url.starts_with("https://") => return Self::Tls,
            Some(url) => url.trim_start_matches("http://"),
            None => headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default(),
        };
        let name = match authority.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
            _ => authority,
        };
        if matches!(name, "localhost" | "127.0.0.1" | "[::1]") { Self::PlainLocalhost } else { Self::Tls }
    }

    /// The name of the cookie that holds the session's token.
    pub const fn session_cookie(self) -> &'static str {
        match self {
            Self::Tls => "__Host-eighth_session",
            Self::PlainLocalhost => "eighth_session",
        }
    }

    /// The name of the cookie that holds the token of a sign-in that lacks the second factor.
    pub const fn pending_cookie(self) -> &'static str {
        match self {
            Self::Tls => "__Host-eighth_pending",
            Self::PlainLocalhost => "eighth_pending",
        }
    }

    /// The name of the cookie that spares a browser the second factor.
    pub const fn trust_cookie(self) -> &'static str {
        match self {
            Self::Tls => "__Host-eighth_trust",
            Self::PlainLocalhost => "eighth_trust",
        }
    }

    /// The name of the cookie by which a browser is known to have signed somebody up.
    pub const fn sign_up_cookie(self) -> &'static str {
        match self {
            Self::Tls => "__Host-sign_up",
            Self::PlainLocalhost => "sign_up",
        }
    }

    /// The name of the cookie that holds the token of a link from a letter while its page is open.
    pub const fn link_cookie(self) -> &'static str {
        match self {
            Self::Tls => "__Host-link",
            Self::PlainLocalhost => "link",
        }
    }

    /// The name of the cookie that holds the token of what a passkey is asked to sign.
    pub const fn ceremony_cookie(self) -> &'static str {
        match self {
            Self::Tls => "__Host-eighth_ceremony",
            Self::PlainLocalhost => "eighth_ceremony",
        }
    }

    /// The name of the cookie that holds new recovery codes until they are written down.
    pub const fn codes_cookie(self) -> &'static str {
        match self {
            Self::Tls => "__Host-eighth_codes",
            Self::PlainLocalhost => "eighth_codes",
        }
    }

    /// The name of the cookie that holds the token of whoever is away at another site to sign in.
    pub const fn flow_cookie(self) -> &'static str {
        match self {
            Self::Tls => "__Host-eighth_flow",
            Self::PlainLocalhost => "eighth_flow",
        }
    }

    /// The name of the cookie by which a browser is known on which somebody has signed in before.
    pub const fn known_cookie(self) -> &'static str {
        match self {
            Self::Tls => "__Host-eighth_known",
            Self::PlainLocalhost => "eighth_known",
        }
    }

    /// The name of the cookie that holds the colours a person chose.
    pub const fn theme_cookie(self) -> &'static str {
        match self {
            Self::Tls => "__Host-theme",
            Self::PlainLocalhost => "theme",
        }
    }

    /// A cookie for the whole site that scripts cannot read. `max_age` is in seconds; 0 removes it.
    pub fn cookie(self, name: &str, value: &str, max_age: i64) -> Option<HeaderValue> {
        let secure = match self {
            Self::Tls => "; Secure",
            Self::PlainLocalhost => "",
        };
        let cookie = format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={max_age}{secure}");
        HeaderValue::from_str(&cookie).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(host: &'static str, public_url: Option<&str>) -> Transport {
        let headers = HeaderMap::from_iter([(header::HOST, HeaderValue::from_static(host))]);
        Transport::of(&headers, public_url)
    }

    #[test]
    fn only_this_machine_does_without_tls() {
        for host in ["localhost", "127.0.0.1:3000", "[::1]:3000"] {
            assert_eq!(of(host, None), Transport::PlainLocalhost, "{host}");
        }
        for host in ["example.com", "localhost.example.com", "127.0.0.1.example.com:3000", ""] {
            assert_eq!(of(host, None), Transport::Tls, "{host}");
        }
        assert_eq!(
            of("localhost", Some("https://8th.example")),
            Transport::Tls,
            "a proxy's host counts for nothing"
        );
        assert_eq!(of("x", Some("http://localhost:3000")), Transport::PlainLocalhost);
    }

    #[test]
    fn a_session_is_bound_to_its_host_and_hidden_from_scripts() {
        let tls = Transport::Tls;
        let cookie = tls.cookie(tls.session_cookie(), "abc", 60).unwrap();
        let cookie = cookie.to_str().unwrap();
        assert_eq!(cookie, "__Host-eighth_session=abc; Path=/; HttpOnly; SameSite=Lax; Max-Age=60; Secure");
        assert!(tls.cookie("a", "b\r\nSet-Cookie: c", 1).is_none());
    }
}
