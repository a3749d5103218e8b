//! The interface for programs.

use domain::{
    TokenId,
    scope::{Scope, TokenForm},
};
use identity::access_token::{SigningKey, key_named_by};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, jwk::Jwk};
use reqwest::{Response, header};
use secrecy::ExposeSecret as _;
use serde_json::Value;
use services::{accounts::Device, tokens};
use sqlx::PgPool;
use test_support::{database_engineer, database_job};
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;

use crate::{
    site::{Site, Visitor, header_of},
    socket::{Socket, refused},
};

const EXCHANGE: &str = "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange\
                        &subject_token_type=urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Aaccess_token";

/// A personal token of somebody who has just signed in.
pub async fn personal(site: &Site, visitor: &Visitor, scopes: &[Scope]) -> String {
    let form = TokenForm {
        name: "Ledger".into(),
        scopes: scopes.iter().map(ToString::to_string).collect(),
        days: "30".into(),
    };
    let (who, here) = (site.world.anew(&visitor.who).await, Device::default());
    let made = tokens::create(&site.world.services, &who, TokenId::new(), &form, &here);
    let made = made.await.unwrap();
    made.expose_secret().to_owned()
}

async fn get(site: &Site, path: &str, token: &str) -> Response {
    site.get_with(path, &[(header::ACCEPT, "*/*"), (header::AUTHORIZATION, &format!("Bearer {token}"))]).await
}

async fn json(answer: Response) -> Value {
    serde_json::from_str(&answer.text().await.unwrap()).unwrap()
}

async fn ask(site: &Site, form: String) -> (u16, Value) {
    let answer = site.post("/api/v1/auth/token").body(form).send().await.unwrap();
    assert_eq!(header_of(&answer, "cache-control"), "no-store");
    (answer.status().as_u16(), json(answer).await)
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn a_program_exchanges_refreshes_and_gives_back(pool: PgPool) {
    let site = Site::new(pool).await;
    let ada = site.visitor("Ada", "freelancer").await;
    let personal = personal(&site, &ada, &[Scope::ProfileRead, Scope::MatchesRead]).await;
    let (status, given) = ask(&site, format!("{EXCHANGE}&subject_token={personal}&scope=profile:read")).await;
    assert_eq!(status, 200, "{given}");
    assert_eq!((text(&given, "token_type"), text(&given, "scope")), ("Bearer", "profile:read"));
    assert_eq!(given["expires_in"], 600);
    let me = json(get(&site, "/api/v1/me", text(&given, "access_token")).await).await;
    assert_eq!((text(&me, "name"), text(&me, "scope")), ("Ada", "profile:read"));
    let narrow = get(&site, "/api/v1/matches", text(&given, "access_token")).await;
    assert_eq!(narrow.status(), 403);
    assert!(
        header_of(&narrow, "www-authenticate")
            .contains(r#"error="insufficient_scope", scope="matches:read""#)
    );
    let refresh = format!("grant_type=refresh_token&refresh_token={}", text(&given, "refresh_token"));
    let (status, again) = ask(&site, refresh.clone()).await;
    assert_eq!(status, 200, "{again}");
    assert_ne!(text(&again, "refresh_token"), text(&given, "refresh_token"));
    let back = format!("token={}", text(&again, "refresh_token"));
    assert_eq!(site.post("/api/v1/auth/revoke").body(back).send().await.unwrap().status(), 200);
    let gone = get(&site, "/api/v1/me", text(&again, "access_token")).await;
    assert_eq!(gone.status(), 401);
    assert!(header_of(&gone, "www-authenticate").contains("invalid_token"));
    let (status, error) = ask(&site, refresh).await;
    assert_eq!((status, text(&error, "error")), (400, "invalid_grant"));
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn what_is_asked_wrongly_is_told_in_the_terms_of_oauth(pool: PgPool) {
    let site = Site::new(pool).await;
    let password =
        format!("grant_type=password&username=ada%40example.com&password={}", test_support::PASSWORD);
    site.visitor("Ada", "freelancer").await;
    for (form, error) in [
        (String::new(), "invalid_request"),
        ("grant_type=refresh_token".into(), "invalid_request"),
        ("grant_type=refresh_token&grant_type=refresh_token".into(), "invalid_request"),
        (EXCHANGE.into(), "invalid_request"),
        (format!("{EXCHANGE}&subject_token=8th_pat_made_up"), "invalid_grant"),
        (password, "unsupported_grant_type"),
        ("grant_type=authorization_code&code=x".into(), "unsupported_grant_type"),
    ] {
        let (status, answer) = ask(&site, form.clone()).await;
        assert_eq!((status, text(&answer, "error")), (400, error), "{form}");
    }
    let plain = site.post_of("/api/v1/auth/token", "text/plain");
    assert_eq!(plain.body("x").send().await.unwrap().status(), 400);
    assert_eq!(site.get("/api/v1/auth/token").await.status(), 405);
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn json_is_as_good_as_a_form(pool: PgPool) {
    let site = Site::new(pool).await;
    let ada = site.visitor("Ada", "freelancer").await;
    let personal = personal(&site, &ada, &[Scope::ProfileRead]).await;
    let body = serde_json::json!({
        "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
        "subject_token_type": "urn:ietf:params:oauth:token-type:access_token",
        "subject_token": personal,
    });
    let asked = site.post_of("/api/v1/auth/token", "application/json").body(body.to_string());
    let answer = asked.send().await.unwrap();
    assert_eq!(answer.status(), 200);
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn who_asks_is_told_by_the_header_alone(pool: PgPool) {
    let site = Site::new(pool).await;
    let (ada, bo) = (site.visitor("Ada", "freelancer").await, site.visitor("Bo", "client").await);
    let token = personal(&site, &ada, &[Scope::ProfileRead]).await;
    let bearer = format!("Bearer {token}");
    let cookie = (header::COOKIE, bo.cookie.as_str());
    assert_eq!(
        site.get_with("/api/v1/me", std::slice::from_ref(&cookie)).await.status(),
        401,
        "a cookie opens nothing"
    );
    let in_query = site.get(&format!("/api/v1/me?access_token={token}")).await;
    assert_eq!(in_query.status(), 401, "nor does an address");
    let both = site.get_with("/api/v1/me", &[cookie.clone(), (header::AUTHORIZATION, &bearer)]).await;
    assert_eq!(text(&json(both).await, "name"), "Ada", "the header counts");
    // Pages know nothing of tokens.
    let page = site.get_with("/account", &[(header::AUTHORIZATION, &bearer)]).await;
    assert!(header_of(&page, "location").starts_with("/sign-in"));
    let page = site.get_with("/account", &[cookie.clone(), (header::AUTHORIZATION, &bearer)]).await;
    assert!(page.text().await.unwrap().contains("Bo"));
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn a_header_opens_no_way_round_the_defence_of_forms(pool: PgPool) {
    let site = Site::new(pool).await;
    let ada = site.visitor("Ada", "freelancer").await;
    let bearer = format!("Bearer {}", personal(&site, &ada, &[Scope::ProfileRead]).await);
    for origin in [None, Some("https://evil.example")] {
        let request = site.post("/api/sign_out").header(header::COOKIE, &ada.cookie);
        let request = request.header(header::AUTHORIZATION, &bearer);
        let request =
            origin.into_iter().fold(request, |request, origin| request.header(header::ORIGIN, origin));
        assert_eq!(request.send().await.unwrap().status(), 403, "{origin:?}");
    }
    assert_eq!(site.get_with("/account", &[(header::COOKIE, &ada.cookie)]).await.status(), 200);
    // Other sites have no business at the token endpoint, though no cookie counts there.
    for (name, value) in
        [("origin", "https://evil.example"), ("origin", "null"), ("sec-fetch-site", "cross-site")]
    {
        let answer = site.post("/api/v1/auth/token").header(name, value).body("grant_type=x").send().await;
        assert_eq!(answer.unwrap().status(), 403, "{name}: {value}");
    }
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn programs_read_matches_page_by_page_and_jobs(pool: PgPool) {
    let site = Site::new(pool).await;
    let engineer = site.world.freelancer("Eva", &database_engineer()).await;
    let client = site.visitor("Bo", "client").await;
    for _ in 0..3 {
        site.world.post(&client.who, &database_job()).await;
    }
    site.world.settle().await;
    let eva = Visitor { who: engineer, cookie: String::new() };
    let token = personal(&site, &eva, Scope::ALL).await;
    let (mut path, mut ids) = ("/api/v1/matches?limit=2".to_owned(), Vec::new());
    loop {
        let page = json(get(&site, &path, &token).await).await;
        ids.extend(page["matches"].as_array().unwrap().iter().map(|card| card["job_id"].to_string()));
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/api/v1/matches?limit=2&after={next}");
    }
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 3);
    for wrong in ["limit=0", "limit=101", "limit=x", "after=x", "after=1.x", "after=9999999.x"] {
        let answer = get(&site, &format!("/api/v1/matches?{wrong}"), &token).await;
        assert_eq!(answer.status(), 400, "{wrong}");
    }
    let jobs = json(get(&site, "/api/v1/jobs", &personal(&site, &client, Scope::ALL).await).await).await;
    assert_eq!(jobs["jobs"].as_array().unwrap().len(), 3);
    assert_eq!(get(&site, "/api/v1/jobs", &token).await.status(), 403, "she posts none");
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn everybody_can_check_our_tokens_with_the_published_keys(pool: PgPool) {
    let site = Site::new(pool).await;
    let ada = site.visitor("Ada", "freelancer").await;
    let personal = personal(&site, &ada, &[Scope::ProfileRead]).await;
    let (_, given) = ask(&site, format!("{EXCHANGE}&subject_token={personal}")).await;
    let keys = site.get("/.well-known/jwks.json").await;
    assert_eq!(header_of(&keys, "cache-control"), "public, max-age=300");
    let keys = json(keys).await;
    let token = text(&given, "access_token");
    let kid = key_named_by(token).unwrap().to_string();
    let key = &keys["keys"][0];
    assert_eq!(key["kid"], kid);
    assert!(key.get("d").is_none());
    // As somebody does who knows nothing but what is published.
    let said = |key: &Value| {
        let key: Jwk = serde_json::from_value(key.clone()).unwrap();
        let mut rules = Validation::new(Algorithm::EdDSA);
        rules.set_audience(&["http://localhost:3000/api/v1"]);
        // The world's clock shows another time.
        rules.validate_exp = false;
        let key = DecodingKey::from_jwk(&key).unwrap();
        jsonwebtoken::decode::<Value>(token, &key, &rules).ok().map(|token| token.claims)
    };
    assert_eq!(said(key).unwrap()["sub"], ada.who.user_id.to_string());
    let mut another = key.clone();
    another["x"] = SigningKey::generate().unwrap().public().to_jwk()["x"].clone();
    assert_eq!(said(&another), None, "no other key has signed it");
}

/// A socket asked for with a token.
fn socket(site: &Site, token: &str) -> tokio_tungstenite::tungstenite::handshake::client::Request {
    let mut request = format!("ws://{}/ws/feed", site.host).into_client_request().unwrap();
    request.headers_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
    request
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn a_token_opens_the_live_channel_if_it_is_for_it(pool: PgPool) {
    let site = Site::new(pool).await;
    let ada = site.visitor("Ada", "freelancer").await;
    let fit = personal(&site, &ada, &[Scope::MatchesRead]).await;
    let unfit = personal(&site, &ada, &[Scope::ProfileRead]).await;
    assert_eq!(refused(&site, socket(&site, &fit)).await, 101, "without an Origin");
    assert_eq!(refused(&site, socket(&site, &unfit)).await, 403);
    assert_eq!(refused(&site, socket(&site, "made-up")).await, 401);
    let mut mixed = socket(&site, "made-up");
    mixed.headers_mut().insert("cookie", ada.cookie.parse().unwrap());
    mixed.headers_mut().insert("origin", site.origin().parse().unwrap());
    assert_eq!(refused(&site, mixed).await, 401, "where there is a token, the cookie does not count");
    let mut foreign = socket(&site, &fit);
    foreign.headers_mut().insert("origin", "https://evil.example".parse().unwrap());
    assert_eq!(refused(&site, foreign).await, 403);
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn a_socket_ends_with_its_token(pool: PgPool) {
    let site = Site::configured(pool, |config| config.live.ping_seconds = 1).await;
    let ada = site.visitor("Ada", "freelancer").await;
    let personal = personal(&site, &ada, &[Scope::MatchesRead]).await;
    let (_, given) = ask(&site, format!("{EXCHANGE}&subject_token={personal}")).await;
    // Three seconds before its end, the socket is closed by its own clock.
    site.world.advance(chrono::TimeDelta::seconds(597));
    let mut ending = Socket::ask(&site, socket(&site, text(&given, "access_token"))).await;
    let mut revoked = Socket::ask(&site, socket(&site, &personal)).await;
    assert_eq!(ending.closed().await, 4401);
    tokens::revoke(&site.world.services, &personal, &Device::default()).await.unwrap();
    assert_eq!(revoked.closed().await, 4401);
}
