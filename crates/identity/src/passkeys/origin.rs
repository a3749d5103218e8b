//! Origins that browsers allow passkeys to.

use std::net::IpAddr;

use webauthn_rs::prelude::Url;

/// The origin of a site: encrypted, or on this machine, where a number becomes `localhost`.
pub(super) fn parse(text: &str) -> Option<Url> {
    let mut url = Url::parse(text).ok()?;
    let host = url.host_str()?;
    let number: Option<IpAddr> = host.trim_start_matches('[').trim_end_matches(']').parse().ok();
    let here = number.map_or(host == "localhost" || host.ends_with(".localhost"), |ip| ip.is_loopback());
    if number.is_some() && here {
        url.set_host(Some("localhost")).ok()?;
    }
    let secure = url.scheme() == "https" || (url.scheme() == "http" && here);
    secure.then(|| Url::parse(&url.origin().ascii_serialization()).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use crate::passkeys::RelyingParty;

    #[test]
    fn a_site_is_encrypted_or_on_this_machine() {
        for (given, origin) in [
            ("https://8thdegree.example", "https://8thdegree.example"),
            ("https://8thdegree.example:8443/path?query", "https://8thdegree.example:8443"),
            ("http://localhost:3000", "http://localhost:3000"),
            ("http://127.0.0.1:3000/", "http://localhost:3000"),
            ("http://[::1]:3000", "http://localhost:3000"),
            ("http://eighth.localhost:3000", "http://eighth.localhost:3000"),
        ] {
            let site = RelyingParty::new(given).map(|site| site.origin().to_owned());
            assert_eq!(site.ok().as_deref(), Some(origin), "{given}");
        }
    }

    #[test]
    fn other_places_get_no_passkeys() {
        for given in [
            "",
            "8thdegree.example",
            "http://8thdegree.example",
            "http://localhost.example",
            "https://192.0.2.1",
            "http://192.0.2.1",
            "ftp://localhost",
            "file:///index.html",
        ] {
            assert!(RelyingParty::new(given).is_err(), "{given}");
        }
    }
}
