//! With a real OpenID provider.

use chrono::{TimeDelta, Utc};
use identity::external::{Ask, ExternalError, Provider, ProviderSettings, Providers};
use secrecy::SecretString;
use serde_json::json;

use crate::{
    stand_ins::StandIn,
    visitor::{begin, copy, finish, oidc, redirect_uri, sign_in, visit},
};

fn provider(issuer: &str) -> Provider {
    Provider::new(oidc(issuer)).unwrap()
}

fn with_groups(issuer: &str) -> ProviderSettings {
    ProviderSettings {
        scopes: ["openid", "email", "profile", "groups"].map(Into::into).into(),
        groups_claim: Some("groups".into()),
        ..oidc(issuer)
    }
}

#[tokio::test]
async fn a_person_signs_in_with_address_name_and_groups() {
    // Some providers put claims into the ID token, others tell them only when asked.
    for claims in ["token", "userinfo"] {
        let acme = StandIn::oidc(&["--claims", claims]).await;
        let provider = Provider::new(with_groups(&acme.url)).unwrap();
        let person = sign_in(&provider, Utc::now()).await.unwrap();
        assert_eq!(person.provider.as_str(), "acme");
        assert_eq!((person.issuer.as_str(), person.subject.as_str()), (acme.url.as_str(), "ada"));
        assert_eq!(person.email.unwrap().as_str(), "ada@example.com");
        assert!(person.email_verified);
        assert_eq!(person.name.as_deref(), Some("Ada Lovelace"));
        assert_eq!(person.groups, ["engineers"]);
        let counts = acme.control("counts", json!(null)).await;
        assert_eq!(counts["/me"].as_u64().unwrap_or(0), u64::from(claims == "userinfo"));
    }
}

#[tokio::test]
async fn groups_are_left_alone_unless_they_are_asked_for() {
    let acme = StandIn::oidc(&["--claims", "token"]).await;
    let provider = Provider::new(ProviderSettings { groups_claim: None, ..with_groups(&acme.url) }).unwrap();
    assert!(sign_in(&provider, Utc::now()).await.unwrap().groups.is_empty());
}

#[tokio::test]
async fn an_address_is_verified_only_if_the_provider_says_so() {
    let acme = StandIn::oidc(&["--claims", "token"]).await;
    let provider = provider(&acme.url);
    for (says, verified) in
        [(json!(true), true), (json!("true"), true), (json!(false), false), (json!("false"), false)]
    {
        let claims = json!({ "email": "ada@example.com", "email_verified": says });
        acme.control("account", json!({ "id": "ada", "claims": claims })).await;
        assert_eq!(sign_in(&provider, Utc::now()).await.unwrap().email_verified, verified, "{says}");
    }
    acme.control("account", json!({ "id": "ada", "claims": { "email": "ada@example.com" } })).await;
    let person = sign_in(&provider, Utc::now()).await.unwrap();
    assert_eq!((person.email.unwrap().as_str(), person.email_verified), ("ada@example.com", false));
}

#[tokio::test]
async fn what_a_trusted_provider_does_not_say_of_an_address_counts_as_a_yes() {
    for claims in ["token", "userinfo"] {
        let acme = StandIn::oidc(&["--claims", claims]).await;
        let trusted = ProviderSettings { trusts_addresses: true, ..oidc(&acme.url) };
        let provider = Provider::new(trusted).unwrap();
        for (claims, verified) in [
            (json!({ "email": "ada@example.com" }), true),
            (json!({ "email": "ada@example.com", "email_verified": false }), false),
            (json!({ "name": "Ada" }), false),
        ] {
            acme.control("account", json!({ "id": "ada", "claims": claims })).await;
            assert_eq!(sign_in(&provider, Utc::now()).await.unwrap().email_verified, verified, "{claims}");
        }
    }
}

#[tokio::test]
async fn one_who_says_no_is_not_signed_in() {
    let acme = StandIn::oidc(&[]).await;
    acme.control("sign-in", json!({ "error": "access_denied" })).await;
    assert_eq!(sign_in(&provider(&acme.url), Utc::now()).await, Err(ExternalError::Denied));
}

#[tokio::test]
async fn an_answer_to_another_flow_is_refused_before_its_code_is_used() {
    let acme = StandIn::oidc(&[]).await;
    let provider = provider(&acme.url);
    let now = Utc::now();
    let (url, flow) = begin(&provider, now).await;
    let (_, other) = begin(&provider, now).await;
    let callback = visit(&url).await;
    let error = finish(&provider, other, callback.clone(), now).await.unwrap_err();
    assert!(matches!(error, ExternalError::Mismatch(_)), "{error}");
    finish(&provider, flow, callback, now).await.expect("the code is still good");
}

#[tokio::test]
async fn an_answer_of_one_provider_does_not_finish_a_flow_of_another() {
    let (acme, evil) = (StandIn::oidc(&[]).await, StandIn::oidc(&[]).await);
    let providers = Providers::new([
        oidc(&acme.url),
        ProviderSettings { id: "evil".parse().unwrap(), ..oidc(&evil.url) },
    ])
    .unwrap();
    let [acme, evil] = ["acme", "evil"].map(|id| providers.get(id).unwrap());
    let now = Utc::now();
    let (_, flow) = begin(acme, now).await;
    let (url, evil_flow) = begin(evil, now).await;
    let answer = visit(&url).await;

    // The other provider answers with the state of our flow: it gives itself away by its name.
    let mixed = identity::external::CallbackQuery { state: Some(flow.state().clone()), ..answer.clone() };
    let error = finish(acme, copy(&flow), mixed.clone(), now).await.unwrap_err();
    assert!(matches!(error, ExternalError::Mismatch(_)), "{error}");
    // Not naming itself does not help, for ours always does.
    let nameless = identity::external::CallbackQuery { iss: None, ..mixed };
    let error = finish(acme, flow, nameless, now).await.unwrap_err();
    assert!(matches!(error, ExternalError::Mismatch(_)), "{error}");
    // Nor does the wrong callback address.
    let error = finish(acme, evil_flow, answer, now).await.unwrap_err();
    assert!(matches!(error, ExternalError::Mismatch(_)), "{error}");
}

#[tokio::test]
async fn a_code_is_good_once() {
    let acme = StandIn::oidc(&[]).await;
    let provider = provider(&acme.url);
    let now = Utc::now();
    let (url, flow) = begin(&provider, now).await;
    let callback = visit(&url).await;
    finish(&provider, copy(&flow), callback.clone(), now).await.unwrap();
    assert_eq!(finish(&provider, flow, callback, now).await, Err(ExternalError::Expired));
}

#[tokio::test]
async fn a_code_is_good_for_a_short_time() {
    let acme = StandIn::oidc(&[]).await;
    let provider = provider(&acme.url);
    let now = Utc::now();
    let (url, flow) = begin(&provider, now).await;
    let callback = visit(&url).await;
    acme.control("clock", json!({ "ahead": 120 })).await;
    assert_eq!(finish(&provider, flow, callback, now).await, Err(ExternalError::Expired));
}

#[tokio::test]
async fn a_flow_is_good_for_ten_minutes() {
    let acme = StandIn::oidc(&[]).await;
    let provider = provider(&acme.url);
    let now = Utc::now();
    let (url, flow) = begin(&provider, now).await;
    let callback = visit(&url).await;
    let late = now + TimeDelta::minutes(10);
    assert_eq!(finish(&provider, flow, callback, late).await, Err(ExternalError::Expired));
}

#[tokio::test]
async fn a_stolen_code_is_worth_nothing_in_another_browser() {
    let acme = StandIn::oidc(&[]).await;
    let provider = provider(&acme.url);
    let now = Utc::now();
    let (url, _) = begin(&provider, now).await;
    let (_, own) = begin(&provider, now).await;
    // Whoever took the code puts it into an answer to a flow of their own.
    let stolen = identity::external::CallbackQuery { state: Some(own.state().clone()), ..visit(&url).await };
    assert_eq!(finish(&provider, own, stolen, now).await, Err(ExternalError::Expired));
}

#[tokio::test]
async fn what_the_operator_set_up_wrongly_is_called_so() {
    let acme = StandIn::oidc(&[]).await;
    let now = Utc::now();
    let wrong_secret = SecretString::from("not-the-secret");
    let provider =
        Provider::new(ProviderSettings { client_secret: wrong_secret, ..oidc(&acme.url) }).unwrap();
    let error = sign_in(&provider, now).await.unwrap_err();
    assert!(matches!(error, ExternalError::Misconfigured(_)), "{error}");
    // The provider's own name for itself has no slash.
    let provider = Provider::new(oidc(&format!("{}/", acme.url))).unwrap();
    let error = provider
        .begin(&crate::visitor::http(), &redirect_uri(), Ask::AsUsual, now)
        .await
        .map(|_| ())
        .unwrap_err();
    assert!(matches!(error, ExternalError::Misconfigured(_)), "{error}");
}

#[tokio::test]
async fn the_browser_is_sent_away_with_proof_keys_and_without_secrets() {
    let acme = StandIn::oidc(&[]).await;
    let (url, _) = begin(&provider(&acme.url), Utc::now()).await;
    let pairs: std::collections::BTreeMap<_, _> = url.query_pairs().into_owned().collect();
    assert_eq!(pairs["response_type"], "code");
    assert_eq!(pairs["code_challenge_method"], "S256");
    assert_eq!(pairs["scope"], "openid email profile");
    assert_eq!(pairs["redirect_uri"], redirect_uri().as_str());
    for random in ["state", "nonce", "code_challenge"] {
        assert_eq!(pairs[random].len(), 43, "{random}");
    }
    assert!(!url.as_str().contains(crate::visitor::SECRET));
}
