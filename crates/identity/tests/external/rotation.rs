//! When the real provider signs with another key.

use chrono::{TimeDelta, Utc};
use identity::external::{ExternalError, Provider};
use serde_json::json;

use crate::{
    stand_ins::StandIn,
    visitor::{oidc, sign_in},
};

async fn asked(acme: &StandIn, path: &str) -> u64 {
    acme.control("counts", json!(null)).await[path].as_u64().unwrap_or(0)
}

#[tokio::test]
async fn what_the_provider_publishes_is_asked_for_once_an_hour() {
    let acme = StandIn::oidc(&[]).await;
    let provider = Provider::new(oidc(&acme.url)).unwrap();
    let now = Utc::now();
    for _ in 0..2 {
        sign_in(&provider, now).await.unwrap();
    }
    let document = "/.well-known/openid-configuration";
    assert_eq!((asked(&acme, document).await, asked(&acme, "/jwks").await), (1, 1));
    acme.control("clock", json!({ "ahead": 3600 })).await;
    sign_in(&provider, now + TimeDelta::hours(1)).await.unwrap();
    assert_eq!((asked(&acme, document).await, asked(&acme, "/jwks").await), (2, 2));
}

#[tokio::test]
async fn a_crowd_asks_once() {
    let acme = StandIn::oidc(&[]).await;
    let provider = Provider::new(oidc(&acme.url)).unwrap();
    let now = Utc::now();
    let one = || sign_in(&provider, now);
    for result in futures::future::join_all([one(), one(), one()]).await {
        result.unwrap();
    }
    assert_eq!(asked(&acme, "/jwks").await, 1);
}

#[tokio::test]
async fn a_new_key_is_fetched_when_a_token_names_it() {
    let acme = StandIn::oidc(&[]).await;
    let provider = Provider::new(oidc(&acme.url)).unwrap();
    let now = Utc::now();
    sign_in(&provider, now).await.unwrap();
    acme.control("rotate-keys", json!(null)).await;

    // Not within a minute of the last time: no token may make us ask without end.
    acme.control("clock", json!({ "ahead": 59 })).await;
    for _ in 0..2 {
        let error = sign_in(&provider, now + TimeDelta::seconds(59)).await.unwrap_err();
        assert!(matches!(error, ExternalError::Untrusted(_)), "{error}");
    }
    assert_eq!(asked(&acme, "/jwks").await, 1);

    acme.control("clock", json!({ "ahead": 60 })).await;
    for _ in 0..2 {
        sign_in(&provider, now + TimeDelta::seconds(60)).await.unwrap();
    }
    assert_eq!(asked(&acme, "/jwks").await, 2);
}
