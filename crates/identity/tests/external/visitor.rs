//! Whoever signs in: a browser without a screen, and the site that it comes back to.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use identity::external::{
    Ask, CallbackQuery, ExternalError, ExternalIdentity, Flow, Http, Provider, ProviderKind, ProviderSettings,
};
use reqwest::{Client, header, redirect::Policy};
use url::Url;

pub(crate) const CLIENT: &str = "eighth";
pub(crate) const SECRET: &str = "a-secret-between-us-and-the-provider";
/// Nobody listens there: the browser stops before it.
pub(crate) const REDIRECT: &str = "http://127.0.0.1:9/auth/callback";

pub(crate) fn client() -> Client {
    // The client panics where the process has no TLS provider.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder().redirect(Policy::none()).no_proxy().build().unwrap()
}

pub(crate) fn http() -> Http {
    let client = client();
    Http::new(move |request| {
        let client = client.clone();
        async move { client.execute(request.try_into()?).await.map(http::Response::<reqwest::Body>::from) }
    })
}

pub(crate) fn redirect_uri() -> Url {
    Url::parse(REDIRECT).unwrap()
}

pub(crate) fn settings(id: &str, kind: ProviderKind) -> ProviderSettings {
    ProviderSettings {
        id: id.parse().unwrap(),
        label: "Acme".into(),
        kind,
        client_id: CLIENT.into(),
        client_secret: SECRET.into(),
        scopes: Vec::new(),
        groups_claim: None,
        asks_again: true,
        trusts_addresses: false,
    }
}

pub(crate) fn oidc(issuer: &str) -> ProviderSettings {
    settings("acme", ProviderKind::Oidc { issuer: issuer.into() })
}

/// Follows the redirects with cookies, as a browser does, until they lead back to the site.
pub(crate) async fn visit(start: &Url) -> CallbackQuery {
    let client = client();
    let mut cookies = BTreeMap::new();
    let mut url = start.clone();
    for _ in 0..10 {
        if url.as_str().starts_with(REDIRECT) {
            return query(&url);
        }
        let sent =
            cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ");
        let response = client.get(url.clone()).header(header::COOKIE, sent).send().await.unwrap();
        for cookie in response.headers().get_all(header::SET_COOKIE) {
            let (pair, _) = cookie.to_str().unwrap().split_once(';').unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            if value.is_empty() {
                cookies.remove(name)
            } else {
                cookies.insert(name.to_owned(), value.to_owned())
            };
        }
        let Some(location) = response.headers().get(header::LOCATION) else {
            panic!("{url} does not lead on: {} {}", response.status(), response.text().await.unwrap());
        };
        url = url.join(location.to_str().unwrap()).unwrap();
    }
    panic!("the redirects have no end");
}

/// The query as the site reads it from the address.
pub(crate) fn query(url: &Url) -> CallbackQuery {
    let pairs: serde_json::Map<_, _> =
        url.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned().into())).collect();
    serde_json::from_value(pairs.into()).unwrap()
}

/// The flow as it is after it was stored.
pub(crate) fn copy(flow: &Flow) -> Flow {
    Flow::from_plaintext(&flow.to_plaintext()).unwrap()
}

pub(crate) async fn begin(provider: &Provider, now: DateTime<Utc>) -> (Url, Flow) {
    provider.begin(&http(), &redirect_uri(), Ask::AsUsual, now).await.unwrap()
}

pub(crate) async fn finish(
    provider: &Provider,
    flow: Flow,
    callback: CallbackQuery,
    now: DateTime<Utc>,
) -> Result<ExternalIdentity, ExternalError> {
    provider.finish(&http(), flow, callback, &redirect_uri(), now).await
}

/// A whole sign-in.
pub(crate) async fn sign_in(
    provider: &Provider,
    now: DateTime<Utc>,
) -> Result<ExternalIdentity, ExternalError> {
    let (url, flow) = begin(provider, now).await;
    finish(provider, flow, visit(&url).await, now).await
}
