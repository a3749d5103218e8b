//! The way to issuers that customers name. It leads outside alone: else a customer could have this
//! server ask what only this server can reach.

use std::{
    error::Error,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::{Arc, OnceLock},
};

use identity::external::Http;
use reqwest::{
    dns::{Addrs, Name, Resolve, Resolving},
    redirect::Policy,
};
use url::Host;

use super::CONNECT_WITHIN;

type Cause = Box<dyn Error + Send + Sync>;

/// Resolves names to public addresses and to no others. The connection goes to the very address that
/// was looked at, so that a name cannot lead elsewhere a moment later.
struct PublicOnly;

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let public: Vec<SocketAddr> = found.filter(|address| is_public(address.ip())).collect();
            if public.is_empty() {
                return Err(Cause::from("the name has no public address"));
            }
            Ok(Box::new(public.into_iter()) as Addrs)
        })
    }
}

/// No redirect is followed, and no proxy asked, which would resolve names on its own.
pub(super) fn http() -> Http {
    // Made with the first request: until then the process may not have chosen its TLS.
    let client = Arc::new(OnceLock::new());
    Http::new(move |request| {
        let client = client.clone();
        async move {
            let client: &Result<reqwest::Client, reqwest::Error> = client.get_or_init(|| {
                reqwest::Client::builder()
                    .redirect(Policy::none())
                    .no_proxy()
                    .https_only(true)
                    .connect_timeout(CONNECT_WITHIN)
                    .dns_resolver(Arc::new(PublicOnly))
                    .user_agent("8thDegree")
                    .build()
            });
            let client = client.as_ref().map_err(ToString::to_string)?;
            let request: reqwest::Request = request.try_into()?;
            // An address in numbers would not be resolved, and so not be looked at.
            if !matches!(request.url().host(), Some(Host::Domain(_))) {
                return Err(Cause::from("the address is one of numbers"));
            }
            Ok(http::Response::<reqwest::Body>::from(client.execute(request).await?))
        }
    })
}

/// Whether an address is one of the internet at large.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => match address.to_ipv4_mapped() {
            Some(address) => is_public_v4(address),
            None => is_public_v6(address),
        },
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    !(address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation()
        || a == 0
        // Behind the NAT of a provider; for protocols, and for measuring.
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 198 && (18..20).contains(&b))
        // Multicast, and what is not given out.
        || a >= 224)
}

/// Of what is given out, without what stands for IPv4 addresses, and without examples.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, ..] = address.segments();
    let given_out = a & 0xe000 == 0x2000;
    let special = (a == 0x2001 && (b < 0x0200 || b == 0x0db8)) || a == 0x2002 || (a == 0x3fff && b < 0x1000);
    given_out && !special
}

#[cfg(test)]
mod tests {
    use chrono::Utc;
    use identity::external::{Ask, ExternalError, Provider, ProviderKind, ProviderSettings};

    use super::*;

    #[test]
    fn what_is_inside_is_told_from_what_is_outside() {
        for outside in
            ["93.184.215.14", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "::ffff:93.184.215.14"]
        {
            assert!(is_public(outside.parse().unwrap()), "{outside}");
        }
        for inside in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "192.0.0.8",
            "198.18.0.1",
            "203.0.113.7",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::127.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "2001::1",
            "2001:db8::1",
            "fc00::1",
            "fe80::1",
            "ff02::1",
        ] {
            assert!(!is_public(inside.parse().unwrap()), "{inside}");
        }
    }

    #[tokio::test]
    async fn nothing_inside_is_asked() {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (http, now) = (http(), Utc::now());
        for host in ["127.0.0.1", "localhost", "[::1]", "0x7f.1"] {
            let provider = Provider::new(ProviderSettings {
                id: "inside".parse().unwrap(),
                label: "Inside".into(),
                kind: ProviderKind::Oidc { issuer: format!("https://{host}:{port}") },
                client_id: "client".into(),
                client_secret: "secret".into(),
                scopes: Vec::new(),
                groups_claim: None,
                asks_again: true,
                trusts_addresses: false,
            })
            .unwrap();
            let back = "https://8thdegree.example/back".parse().unwrap();
            let error = provider.begin(&http, &back, Ask::AsUsual, now).await.unwrap_err();
            let refused =
                matches!(&error, ExternalError::Unavailable(why) if why.to_string().contains("address"));
            assert!(refused, "{host}: {error}");
        }
        let knocked = tokio::time::timeout(std::time::Duration::ZERO, listener.accept()).await;
        assert!(knocked.is_err(), "nobody came");
    }
}
