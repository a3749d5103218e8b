//! Providers that are slow, talkative, broken, or send one elsewhere.

use std::time::Duration;

use axum::{
    body::Body,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use chrono::TimeDelta;
use identity::external::{ANSWER_BYTES, Ask, ExternalError, Http};

use crate::{
    visitor::{self, begin, redirect_uri},
    wrong::Wrong,
};

const PATHS: [&str; 3] = ["/.well-known/openid-configuration", "/jwks", "/token"];

/// Valid JSON, and too much of it.
fn too_long() -> Response {
    let body = format!("{{\"padding\": \"{}\"}}", "x".repeat(ANSWER_BYTES));
    ([(header::CONTENT_TYPE, "application/json")], body).into_response()
}

fn silent() -> Response {
    Body::from_stream(futures::stream::pending::<Result<bytes::Bytes, std::io::Error>>()).into_response()
}

fn elsewhere() -> Response {
    (StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, "/elsewhere")]).into_response()
}

fn broken() -> Response {
    (StatusCode::BAD_GATEWAY, "<h1>Bad gateway</h1>").into_response()
}

/// Signs in while the path answers like this.
async fn unavailable(path: &'static str, instead: fn() -> Response, http: &Http) -> String {
    let acme = Wrong::start().await;
    let provider = acme.provider();
    acme.script(|script| script.instead.insert(path, instead));
    let result = match provider.begin(http, &redirect_uri(), Ask::AsUsual, acme.now).await {
        Ok((url, flow)) => {
            let callback = acme.agree(&url);
            provider.finish(http, flow, callback, &redirect_uri(), acme.now).await.map(|_| ())
        }
        Err(error) => Err(error),
    };
    assert_eq!(acme.script(|script| script.asked.get("/elsewhere").copied()), None);
    match result {
        Err(ExternalError::Unavailable(detail)) => detail.to_string(),
        other => panic!("{path}: {other:?}"),
    }
}

#[tokio::test]
async fn an_answer_that_is_too_long_is_not_read() {
    for path in PATHS {
        assert!(unavailable(path, too_long, &visitor::http()).await.contains("longer than"), "{path}");
    }
}

#[tokio::test]
async fn an_answer_that_does_not_come_is_not_awaited() {
    let http = visitor::http().within(Duration::from_millis(200));
    for path in PATHS {
        assert!(unavailable(path, silent, &http).await.contains("no answer within"), "{path}");
    }
}

#[tokio::test]
async fn redirects_are_not_followed() {
    for path in PATHS {
        assert!(unavailable(path, elsewhere, &visitor::http()).await.contains("redirect"), "{path}");
    }
}

#[tokio::test]
async fn a_broken_provider_is_called_unavailable() {
    for path in PATHS {
        assert!(unavailable(path, broken, &visitor::http()).await.contains("502"), "{path}");
    }
}

#[tokio::test]
async fn a_provider_that_is_down_is_asked_again_after_a_while() {
    let acme = Wrong::start().await;
    let provider = acme.provider();
    let document = "/.well-known/openid-configuration";
    acme.script(|script| script.instead.insert(document, broken));
    let http = visitor::http();
    for seconds in [0, 9] {
        let now = acme.now + TimeDelta::seconds(seconds);
        let error = provider.begin(&http, &redirect_uri(), Ask::AsUsual, now).await.map(|_| ()).unwrap_err();
        assert!(matches!(error, ExternalError::Unavailable(_)), "{error}");
    }
    assert_eq!(acme.script(|script| script.asked[document]), 1);
    acme.script(|script| script.instead.clear());
    begin(&provider, acme.now + TimeDelta::seconds(10)).await;
    assert_eq!(acme.script(|script| script.asked[document]), 2);
}
