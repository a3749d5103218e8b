//! How much one visitor may ask for.

use domain::scope::Scope;
use reqwest::{Response, header};
use serde_json::Value;
use sqlx::PgPool;
use test_support::{PASSWORD, World};

use crate::{
    api::personal,
    site::{Site, header_of},
};

async fn limited(pool: PgPool) -> Site {
    Site::configured(pool, |config| {
        config.server.proxies = 1;
        config.limits.enabled = true;
        config.limits.credentials_per_minute = 2;
        config.limits.writes_per_minute = 2;
        config.limits.reads_per_minute = 2;
        config.limits.mail_per_hour = 2;
        config.limits.tokens_per_minute = 2;
    })
    .await
}

async fn post(site: &Site, action: &str, from: &str, cookie: &str, body: &str) -> Response {
    site.post(action)
        .header(header::ORIGIN, site.origin())
        .header("x-forwarded-for", from)
        .header(header::COOKIE, cookie)
        .body(body.to_owned())
        .send()
        .await
        .unwrap()
}

/// Whether it is one too many.
async fn is_too_many(site: &Site, action: &str, from: &str) -> bool {
    post(site, action, from, "", "form%5Bemail%5D=x&theme=dark&token=x").await.status() == 429
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn whoever_asks_too_often_is_told_when_to_come_back(pool: PgPool) {
    let site = limited(pool).await;
    for left in ["r=1", "r=0"] {
        let answer = post(&site, "/api/sign_in", "192.0.2.1", "", "form%5Bemail%5D=x").await;
        assert_ne!(answer.status(), 429);
        assert_eq!(header_of(&answer, "ratelimit-policy"), "\"credentials\";q=2;w=60");
        assert!(header_of(&answer, "ratelimit").contains(left), "{left}");
    }
    let answer = post(&site, "/api/sign_in", "192.0.2.1", "", "form%5Bemail%5D=x").await;
    assert_eq!(answer.status(), 429);
    let wait: u64 = header_of(&answer, "retry-after").parse().unwrap();
    assert!((1..=30).contains(&wait), "{wait}");
    assert!(header_of(&answer, "ratelimit").starts_with("\"credentials\";r=0;t="));
    let told: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
    assert_eq!((&told["kind"], &told["retry_after"]), (&"too_many".into(), &wait.into()));
    assert!(!is_too_many(&site, "/api/sign_in", "192.0.2.2").await, "others are not held up");
    assert!(!is_too_many(&site, "/api/theme", "192.0.2.1").await, "nor is anything else");
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn what_risks_something_has_an_allowance_of_its_own(pool: PgPool) {
    let site = limited(pool).await;
    for action in ["/api/second_factor", "/api/ask_reset", "/api/theme", "/api/v1/auth/token"] {
        let mut refused = Vec::new();
        for _ in 0..3 {
            refused.push(is_too_many(&site, action, "192.0.2.1").await);
        }
        assert_eq!(refused, [false, false, true], "{action}");
    }
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn a_customer_of_ipv6_has_one_allowance_whatever_address_they_take(pool: PgPool) {
    let site = limited(pool).await;
    let mut refused = Vec::new();
    for n in 1..=3 {
        refused.push(is_too_many(&site, "/api/sign_in", &format!("2001:db8:0:7::{n}")).await);
    }
    assert_eq!(refused, [false, false, true]);
    assert!(!is_too_many(&site, "/api/sign_in", "2001:db8:0:8::1").await);
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn only_our_own_proxies_say_where_somebody_is(pool: PgPool) {
    let site = limited(pool).await;
    let mut refused = Vec::new();
    for n in 1..=3 {
        // What stands before the last hop was written by the visitor.
        refused.push(is_too_many(&site, "/api/sign_in", &format!("198.51.100.{n}, 192.0.2.1")).await);
    }
    assert_eq!(refused, [false, false, true]);
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn an_account_has_one_allowance_wherever_it_is_used_from(pool: PgPool) {
    let site = limited(pool).await;
    let (ada, bo) = (site.visitor("Ada", "client").await, site.visitor("Bo", "client").await);
    let mut statuses = Vec::new();
    for n in 1..=3 {
        let from = format!("192.0.2.{n}");
        let answer = post(&site, "/api/theme", &from, &ada.cookie, "theme=dark").await;
        statuses.push(answer.status() == 429);
    }
    assert_eq!(statuses, [false, false, true]);
    assert_ne!(post(&site, "/api/theme", "192.0.2.9", &bo.cookie, "theme=dark").await.status(), 429);
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn a_program_has_the_allowance_of_its_owner_wherever_it_runs(pool: PgPool) {
    let site = limited(pool).await;
    let ada = site.visitor("Ada", "client").await;
    let bearer = format!("Bearer {}", personal(&site, &ada, &[Scope::ProfileRead]).await);
    let forwarded = header::HeaderName::from_static("x-forwarded-for");
    let mut last = None;
    for n in 1..=3 {
        let from = format!("192.0.2.{n}");
        let headers = [(header::ACCEPT, "*/*"), (header::AUTHORIZATION, &bearer), (forwarded.clone(), &from)];
        let answer = site.get_with("/api/v1/me", &headers).await;
        assert_eq!(answer.status().as_u16(), if n < 3 { 200 } else { 429 }, "{n}");
        last = Some(answer);
    }
    let last = last.unwrap();
    assert!(header_of(&last, "ratelimit").starts_with("\"read\";r=0;"), "{:?}", last.headers());
    assert!(!header_of(&last, "retry-after").is_empty());
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn a_browser_that_is_known_is_let_in_beside_neighbours_who_ask_too_often(pool: PgPool) {
    let site = limited(pool).await;
    site.visitor("Ada", "client").await;
    let password = PASSWORD.replace(' ', "+");
    let form = format!("form%5Bemail%5D=ada@example.com&form%5Bpassword%5D={password}");
    let entered = post(&site, "/api/sign_in", "192.0.2.7", "", &form).await;
    let cookies = entered.headers().get_all(header::SET_COOKIE).iter();
    let known = cookies.filter_map(|line| line.to_str().ok()).find(|line| line.starts_with("eighth_known="));
    let known = known.expect("a browser is remembered");
    assert!(known.contains("HttpOnly") && known.contains("SameSite=Lax"), "{known}");
    let known = known.split(';').next().unwrap().to_owned();

    while !is_too_many(&site, "/api/sign_in", "192.0.2.1").await {}
    let status = async |cookie: &str| post(&site, "/api/sign_in", "192.0.2.1", cookie, &form).await.status();
    assert_eq!(status("").await, 429);
    assert_eq!(status("eighth_known=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA").await, 429, "made up");
    assert_ne!(status(&known).await, 429);
    assert_ne!(status(&known).await, 429);
    assert_eq!(status(&known).await, 429, "it is let in, and not without end");
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn a_form_that_is_shown_again_asks_for_what_its_network_owes(pool: PgPool) {
    let site = Site::serving(World::slowing(pool).await, |config| config.server.proxies = 1).await;
    let form = |challenge: &str| {
        format!(
            "form%5Bdisplay_name%5D=Ada&form%5Bemail%5D=ada@example.com&form%5Bpassword%5D={}&\
             form%5Bregion%5D=EU&form%5Bpurpose%5D=client&form%5Bchallenge%5D={challenge}",
            PASSWORD.replace(' ', "+"),
        )
    };
    for _ in 0..5 {
        assert!(post(&site, "/api/sign_up", "192.0.2.1", "", &form("")).await.status().is_success());
    }
    let again = async |challenge: &str| {
        let answer = site
            .post("/api/sign_up")
            .header(header::ACCEPT, "text/html")
            .header(header::ORIGIN, site.origin())
            .header("x-forwarded-for", "192.0.2.1")
            .body(form(challenge))
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 422);
        let page = answer.text().await.unwrap();
        let (_, rest) = page.split_once("name=\"form[challenge]\" value=\"").expect("a challenge");
        rest.split_once('"').unwrap().0.to_owned()
    };
    let first = again("").await;
    assert_eq!(again(&first).await, first, "the one that is being waited for stays");
    assert_eq!(again("").await, first, "and is the network's");
    let elsewhere = post(&site, "/api/sign_up", "192.0.2.2", "", &form("")).await;
    assert!(elsewhere.status().is_success(), "others owe nothing");
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn a_page_asked_for_too_often_says_so_and_probes_are_not_counted(pool: PgPool) {
    let site = limited(pool).await;
    let mut last = site.get("/sign-in").await;
    for _ in 0..2 {
        last = site.get("/sign-in").await;
    }
    assert_eq!(last.status(), 429);
    assert!(!header_of(&last, "retry-after").is_empty());
    let page = last.text().await.unwrap();
    assert!(page.contains("Too often") && page.contains("then reload this page"), "{page}");
    for _ in 0..10 {
        assert_eq!(site.get("/healthz").await.status(), 200);
    }
}
