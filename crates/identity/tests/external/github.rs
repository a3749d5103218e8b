//! With a stand-in for GitHub.

use chrono::Utc;
use identity::external::{ExternalError, Provider, ProviderKind, ProviderSettings};
use serde_json::{Value, json};

use crate::{
    stand_ins::StandIn,
    visitor::{begin, copy, finish, settings, sign_in, visit},
};

fn configured(github: &StandIn) -> ProviderSettings {
    let url: url::Url = github.url.parse().unwrap();
    settings("github", ProviderKind::Github { web: url.clone(), api: url })
}

fn provider(github: &StandIn) -> Provider {
    Provider::new(configured(github)).unwrap()
}

fn somebody(emails: Value) -> Value {
    json!({ "user": { "id": 7, "login": "ada", "name": null }, "emails": emails })
}

#[tokio::test]
async fn a_person_signs_in_with_number_name_and_primary_address() {
    let github = StandIn::github().await;
    let person = sign_in(&provider(&github), Utc::now()).await.unwrap();
    assert_eq!((person.provider.as_str(), person.issuer), ("github", github.url.clone()));
    assert_eq!(person.subject, "583231");
    assert_eq!(person.email.unwrap().as_str(), "octocat@example.com");
    assert!(person.email_verified);
    assert_eq!(person.name.as_deref(), Some("The Octocat"));
    assert!(person.groups.is_empty());
}

#[tokio::test]
async fn who_gives_no_name_is_called_by_their_login() {
    let github = StandIn::github().await;
    github.control("sign-in", somebody(json!([]))).await;
    let person = sign_in(&provider(&github), Utc::now()).await.unwrap();
    assert_eq!(person.name.as_deref(), Some("ada"));
}

#[tokio::test]
async fn only_the_primary_address_counts_and_only_if_it_is_verified() {
    let github = StandIn::github().await;
    let provider = provider(&github);
    let address = |email: &str, primary: bool, verified: bool| json!({ "email": email, "primary": primary, "verified": verified });
    for emails in [
        json!([]),
        json!([address("ada@example.com", true, false)]),
        json!([address("ada@example.com", true, false), address("other@example.com", false, true)]),
        json!([address("no address", true, true)]),
    ] {
        github.control("sign-in", somebody(emails.clone())).await;
        let person = sign_in(&provider, Utc::now()).await.unwrap();
        assert_eq!((person.email, person.email_verified), (None, false), "{emails}");
    }
}

#[tokio::test]
async fn without_the_scope_for_addresses_there_is_none() {
    let github = StandIn::github().await;
    github.control("scopes", json!({ "scopes": "read:user" })).await;
    let person = sign_in(&provider(&github), Utc::now()).await.unwrap();
    assert_eq!((person.subject.as_str(), person.email), ("583231", None));
}

#[tokio::test]
async fn a_refused_token_signs_nobody_in() {
    let github = StandIn::github().await;
    github.control("refuse", json!({ "refuse": true })).await;
    let error = sign_in(&provider(&github), Utc::now()).await.unwrap_err();
    assert!(matches!(error, ExternalError::Untrusted(_)), "{error}");
}

#[tokio::test]
async fn one_who_says_no_is_not_signed_in() {
    let github = StandIn::github().await;
    github.control("sign-in", json!({ "error": "access_denied" })).await;
    assert_eq!(sign_in(&provider(&github), Utc::now()).await, Err(ExternalError::Denied));
}

#[tokio::test]
async fn a_code_is_good_once_and_for_one_flow() {
    let github = StandIn::github().await;
    let provider = provider(&github);
    let now = Utc::now();
    let (url, flow) = begin(&provider, now).await;
    let callback = visit(&url).await;
    finish(&provider, copy(&flow), callback.clone(), now).await.unwrap();
    assert_eq!(finish(&provider, flow, callback, now).await, Err(ExternalError::Expired));

    let (url, _) = begin(&provider, now).await;
    let (_, own) = begin(&provider, now).await;
    let mut stolen = visit(&url).await;
    stolen.state = Some(own.state().clone());
    assert_eq!(finish(&provider, own, stolen, now).await, Err(ExternalError::Expired));
}

#[tokio::test]
async fn a_wrong_secret_is_the_operators_to_mend() {
    let github = StandIn::github().await;
    let provider =
        Provider::new(ProviderSettings { client_secret: "not-the-secret".into(), ..configured(&github) })
            .unwrap();
    let error = sign_in(&provider, Utc::now()).await.unwrap_err();
    assert!(matches!(error, ExternalError::Misconfigured(_)), "{error}");
}

#[tokio::test]
async fn another_state_or_another_issuers_answer_is_refused() {
    let github = StandIn::github().await;
    let provider = provider(&github);
    let now = Utc::now();
    let (url, flow) = begin(&provider, now).await;
    let (_, other) = begin(&provider, now).await;
    let callback = visit(&url).await;
    let error = finish(&provider, other, callback.clone(), now).await.unwrap_err();
    assert!(matches!(error, ExternalError::Mismatch(_)), "{error}");
    let mut foreign = callback.clone();
    foreign.iss = Some("https://id.example.com".into());
    let error = finish(&provider, copy(&flow), foreign, now).await.unwrap_err();
    assert!(matches!(error, ExternalError::Mismatch(_)), "{error}");
    let mut own = callback;
    own.iss = Some(format!("{}/login/oauth", github.url));
    finish(&provider, flow, own, now).await.expect("GitHub may say who it is");
}
