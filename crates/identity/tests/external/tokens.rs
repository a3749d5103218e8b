//! Tokens and documents that are wrong on purpose.

use axum::{
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use identity::external::{Ask, ExternalError, Provider, ProviderSettings};
use serde_json::{Value, json};

use crate::{
    visitor::{begin, finish, http, oidc, redirect_uri},
    wrong::{Signature, Wrong},
};

/// Signs in with what the change has made of the token, which must not be believed.
async fn refuses(change: impl FnOnce(&mut crate::wrong::Script)) -> String {
    let acme = Wrong::start().await;
    let provider = acme.provider();
    acme.sign_in(&provider).await.expect("left alone, the provider is right");
    acme.script(change);
    match acme.sign_in(&provider).await {
        Err(ExternalError::Untrusted(detail)) => detail.to_string(),
        other => panic!("{other:?}"),
    }
}

async fn refuses_claims(claims: Value) -> String {
    refuses(|script| script.claims = claims).await
}

#[tokio::test]
async fn a_token_for_another_sign_in_is_refused() {
    assert!(refuses_claims(json!({ "nonce": "another" })).await.contains("nonce"));
    assert!(refuses_claims(json!({ "nonce": null })).await.contains("nonce"));
}

#[tokio::test]
async fn a_token_of_another_issuer_is_refused() {
    for issuer in ["https://id.example.com", "http://127.0.0.1"] {
        assert!(refuses_claims(json!({ "iss": issuer })).await.contains("issuer"), "{issuer}");
    }
    refuses_claims(json!({ "iss": null })).await;
}

#[tokio::test]
async fn a_token_for_another_client_is_refused() {
    for audience in
        [json!("another"), json!(["another"]), json!(["eighth", "another"]), json!([]), json!(null)]
    {
        assert!(refuses_claims(json!({ "aud": audience })).await.contains("audience"), "{audience}");
    }
    assert!(refuses_claims(json!({ "azp": "another" })).await.contains("another client"));
}

#[tokio::test]
async fn a_token_brings_no_key_of_its_own() {
    let own = || crate::wrong::verification_key(2);
    for header in [json!({ "jwk": own() }), json!({ "jwk": own(), "kid": null })] {
        refuses(|script| {
            script.header = header;
            script.signature = Signature::OfAnother;
        })
        .await;
    }
    // Nor does it say where one would be: nobody is asked there.
    let acme = Wrong::start().await;
    acme.script(|script| {
        script.header = json!({ "jku": format!("{}/others", acme.issuer), "kid": "another-key" });
        script.signature = Signature::OfAnother;
    });
    assert!(matches!(acme.sign_in_anew().await, Err(ExternalError::Untrusted(_))));
    assert_eq!(acme.script(|script| script.asked.get("/others").copied()), None);
}

#[tokio::test]
async fn who_is_to_be_asked_once_more_must_have_been() {
    let acme = Wrong::start().await;
    let provider = acme.provider();
    let again = async |auth_time: Value| {
        let (url, flow) = provider.begin(&http(), &redirect_uri(), Ask::Again, acme.now).await.unwrap();
        assert!(url.as_str().contains("prompt=login") && url.as_str().contains("max_age=0"), "{url}");
        acme.script(|script| script.claims = json!({ "auth_time": auth_time }));
        finish(&provider, flow, acme.agree(&url), acme.now).await
    };
    let now = acme.now.timestamp();
    assert!(again(json!(now)).await.is_ok());
    for wrong in [json!(null), json!(now - 3600), json!(now - 62)] {
        let refused = again(wrong.clone()).await;
        assert!(matches!(refused, Err(ExternalError::Untrusted(_))), "{wrong}: {refused:?}");
    }
    let cannot = Provider::new(ProviderSettings { asks_again: false, ..oidc(&acme.issuer) }).unwrap();
    let (url, _) = cannot.begin(&http(), &redirect_uri(), Ask::Again, acme.now).await.unwrap();
    assert!(!cannot.asks_again() && !url.as_str().contains("prompt"), "{url}");
}

#[tokio::test]
async fn a_token_that_anybody_could_have_made_is_refused() {
    for signature in [
        Signature::None,
        Signature::Secret,
        Signature::PublicKey,
        Signature::OfAnother,
        Signature::Unnamed,
        Signature::Rubbish,
    ] {
        refuses(|script| script.signature = signature).await;
    }
    // Signed rightly, but it says otherwise.
    for alg in ["none", "NONE", "HS256", "RS256", "made-up"] {
        refuses(|script| script.header = json!({ "alg": alg })).await;
    }
    let critical = json!({ "crit": ["exp"] });
    assert!(refuses(|script| script.header = critical).await.contains("critical"));
    // An access token is no ID token.
    assert!(refuses(|script| script.header = json!({ "typ": "at+jwt" })).await.contains("type"));
}

#[tokio::test]
async fn a_signature_of_a_kind_that_the_provider_does_not_announce_is_refused() {
    let acme = Wrong::start().await;
    acme.script(|script| {
        script.discovery = json!({ "id_token_signing_alg_values_supported": ["RS256", "HS256", "none"] });
    });
    let error = acme.sign_in_anew().await.unwrap_err();
    assert!(matches!(&error, ExternalError::Untrusted(_)), "{error}");
    assert!(error.to_string().contains("algorithm"), "{error}");
}

#[tokio::test]
async fn a_token_is_refused_outside_its_time() {
    let now = chrono::Utc::now().timestamp();
    assert!(refuses_claims(json!({ "exp": now - 61 })).await.contains("expired"));
    assert!(refuses_claims(json!({ "iat": now + 120 })).await.contains("yet to come"));
    assert!(refuses_claims(json!({ "iat": now - 660 })).await.contains("long before"));
    for missing in ["exp", "iat"] {
        refuses_claims(json!({ missing: null })).await;
    }
}

#[tokio::test]
async fn clocks_may_differ_by_less_than_a_minute() {
    let acme = Wrong::start().await;
    let provider = acme.provider();
    let now = acme.now.timestamp();
    for (issued, expires) in [(now - 300, now + 1), (now + 55, now + 300), (now, now - 55)] {
        acme.script(|script| script.claims = json!({ "iat": issued, "exp": expires }));
        acme.sign_in(&provider).await.unwrap();
    }
}

#[tokio::test]
async fn a_token_issued_with_another_access_token_is_refused() {
    assert!(refuses_claims(json!({ "at_hash": "AAAAAAAAAAAAAAAAAAAAAA" })).await.contains("access token"));
    let exchanged = json!({ "access_token": "another" });
    assert!(refuses(|script| script.answer = exchanged).await.contains("access token"));
    let acme = Wrong::start().await;
    acme.script(|script| script.claims = json!({ "at_hash": null }));
    acme.sign_in_anew().await.expect("not every provider sends the hash");
}

#[tokio::test]
async fn an_answer_without_a_token_is_refused() {
    for answer in [
        json!({ "id_token": null }),
        json!({ "id_token": "" }),
        json!({ "id_token": "a.b.c" }),
        json!({ "id_token": "a.b.c.d.e" }),
        json!({ "id_token": 1 }),
        json!({ "access_token": null }),
    ] {
        refuses(|script| script.answer = answer).await;
    }
}

#[tokio::test]
async fn a_subject_that_names_nobody_is_refused() {
    for subject in [json!(""), json!("x".repeat(256)), json!("a\nb"), json!(null), json!(7)] {
        refuses_claims(json!({ "sub": subject })).await;
    }
}

#[tokio::test]
async fn user_info_about_somebody_else_is_refused() {
    let thin = json!({ "email": null, "email_verified": null });
    let acme = Wrong::start().await;
    let provider = acme.provider();
    acme.script(|script| {
        script.claims = thin;
        script.user_info = json!({ "email": "ada@example.org", "email_verified": true });
    });
    let person = acme.sign_in(&provider).await.unwrap();
    assert_eq!(person.email.unwrap().as_str(), "ada@example.org");

    acme.script(|script| script.user_info["sub"] = json!("eve"));
    let error = acme.sign_in(&provider).await.unwrap_err();
    assert!(matches!(error, ExternalError::Untrusted(_)), "{error}");
}

#[tokio::test]
async fn user_info_is_not_asked_for_what_the_token_says() {
    let acme = Wrong::start().await;
    acme.script(|script| script.user_info = json!({ "sub": "eve" }));
    acme.sign_in_anew().await.unwrap();
    assert_eq!(acme.script(|script| script.asked.get("/userinfo").copied()), None);
}

#[tokio::test]
async fn a_provider_without_user_info_leaves_out_what_it_does_not_tell() {
    let acme = Wrong::start().await;
    acme.script(|script| {
        script.discovery = json!({ "userinfo_endpoint": null });
        script.claims = json!({ "email": null, "email_verified": true });
    });
    let person = acme.sign_in_anew().await.unwrap();
    assert_eq!((person.email, person.email_verified), (None, false));
}

#[tokio::test]
async fn an_access_token_that_no_header_can_have_is_refused() {
    refuses(|script| {
        script.claims = json!({ "email": null, "at_hash": null });
        script.answer = json!({ "access_token": "a\r\nCookie: b" });
    })
    .await;
}

#[tokio::test]
async fn a_provider_that_names_itself_must_do_so_each_time() {
    let acme = Wrong::start().await;
    acme.script(|script| {
        script.discovery = json!({ "authorization_response_iss_parameter_supported": true });
    });
    let provider = acme.provider();
    let error = acme.sign_in(&provider).await.unwrap_err();
    assert!(matches!(error, ExternalError::Mismatch(_)), "{error}");
    let (url, flow) = begin(&provider, acme.now).await;
    let mut callback = acme.agree(&url);
    callback.iss = Some(acme.issuer.clone());
    finish(&provider, flow, callback, acme.now).await.unwrap();
}

#[tokio::test]
async fn a_document_that_cannot_be_used_safely_is_refused() {
    for discovery in [
        json!({ "issuer": "https://id.example.com" }),
        json!({ "token_endpoint": null }),
        json!({ "token_endpoint": "http://id.example.com/token" }),
        json!({ "jwks_uri": "http://id.example.com/jwks" }),
        json!({ "userinfo_endpoint": "ftp://id.example.com/userinfo" }),
        json!({ "authorization_endpoint": "javascript:alert(1)" }),
        json!({ "id_token_signing_alg_values_supported": ["HS256", "none"] }),
        json!({ "token_endpoint_auth_methods_supported": ["private_key_jwt"] }),
    ] {
        let acme = Wrong::start().await;
        acme.script(|script| script.discovery = discovery.clone());
        let provider = acme.provider();
        let error =
            provider.begin(&http(), &redirect_uri(), Ask::AsUsual, acme.now).await.map(|_| ()).unwrap_err();
        assert!(matches!(error, ExternalError::Misconfigured(_)), "{discovery}: {error}");
    }
}

#[tokio::test]
async fn what_is_no_provider_is_called_a_mistake_of_the_operators() {
    for instead in [no_such_page, a_page] {
        let acme = Wrong::start().await;
        acme.script(|script| script.instead.insert("/.well-known/openid-configuration", instead));
        let error = acme
            .provider()
            .begin(&http(), &redirect_uri(), Ask::AsUsual, acme.now)
            .await
            .map(|_| ())
            .unwrap_err();
        assert!(matches!(error, ExternalError::Misconfigured(_)), "{error}");
    }
}

fn no_such_page() -> Response {
    StatusCode::NOT_FOUND.into_response()
}

fn a_page() -> Response {
    "<h1>Welcome</h1>".into_response()
}

#[tokio::test]
async fn the_secret_is_sent_the_way_the_provider_takes_it() {
    for methods in
        [json!(["client_secret_basic"]), json!(["private_key_jwt", "client_secret_post"]), json!(null)]
    {
        let acme = Wrong::start().await;
        acme.script(|script| script.discovery = json!({ "token_endpoint_auth_methods_supported": methods }));
        acme.sign_in_anew().await.unwrap();
        let basic = acme.script(|script| script.basic);
        assert_eq!(basic, methods != json!(["private_key_jwt", "client_secret_post"]), "{methods}");
    }
}

#[tokio::test]
async fn groups_come_as_a_list_or_alone() {
    let acme = Wrong::start().await;
    let settings = ProviderSettings {
        // Auth0 wants names of its own for claims of one's own.
        groups_claim: Some("https://example.com/roles".into()),
        ..oidc(&acme.issuer)
    };
    let provider = Provider::new(settings).unwrap();
    for (claim, groups) in [
        (json!(["a", "b"]), vec!["a", "b"]),
        (json!("a"), vec!["a"]),
        (json!(["a", 1, null, { "b": "c" }]), vec!["a"]),
        (json!({ "a": "b" }), vec![]),
        (json!(null), vec![]),
    ] {
        acme.script(|script| script.claims = json!({ "https://example.com/roles": claim }));
        assert_eq!(acme.sign_in(&provider).await.unwrap().groups, groups, "{claim}");
    }
}
