//! Second factors over HTTP: half a sign-in, and administrators who have none.

use app::access::{DOORS, is_on_the_way_to_a_second_factor};
use reqwest::header;
use secrecy::ExposeSecret as _;
use services::accounts::{Device, second_factor as factors};
use sqlx::PgPool;
use test_support::app_code;

use crate::site::{Site, header_of};

/// The value of a cookie that an answer sets.
fn cookie_of(answer: &reqwest::Response, name: &str) -> Option<String> {
    let set = answer.headers().get_all(header::SET_COOKIE).iter().map(|value| value.to_str().unwrap());
    let pair =
        set.filter_map(|cookie| cookie.split(';').next()?.strip_prefix(&format!("{name}="))).next_back();
    pair.map(str::to_owned)
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn half_a_sign_in_is_no_session_and_the_second_factor_makes_it_one(pool: PgPool) {
    let site = Site::new(pool).await;
    let ada = site.visitor("Ada", "client").await.who;
    let s = &site.world.services;
    factors::begin_app(s, &ada).await.unwrap();
    let key = factors::begun_app(s, &ada).await.unwrap().unwrap().manual_key;
    let code = app_code(key.expose_secret(), s.now());
    factors::confirm_app(s, &ada, &code, &Device::default()).await.unwrap();
    site.world.advance(chrono::TimeDelta::seconds(30));

    let body = format!(
        "form%5Bemail%5D=ada%40example.com&form%5Bpassword%5D={}&form%5Bnext%5D=%2Faccount",
        test_support::PASSWORD.replace(' ', "+")
    );
    let answer = site.submit("/sign-in?next=%2Faccount", "/api/sign_in", body).await;
    assert_eq!(header_of(&answer, "location"), "/sign-in/second?next=%2Faccount");
    assert_eq!(cookie_of(&answer, "eighth_session"), None);
    let pending = cookie_of(&answer, "eighth_pending").unwrap();
    let forged = format!("eighth_session={pending}");
    let refused = site.get_with("/account", &[(header::COOKIE, &forged)]).await;
    assert_eq!(refused.status(), 303, "the token of half a sign-in opens nothing");

    let cookie = format!("eighth_pending={pending}");
    let page = site.get_with("/sign-in/second?next=%2Faccount", &[(header::COOKIE, &cookie)]).await;
    let html = page.text().await.unwrap();
    assert!(html.contains("Code of your authenticator app") && !html.contains("ada@example.com"), "{html}");
    let second = |code: &str| {
        site.post("/api/second_factor")
            .header(header::ACCEPT, "text/html")
            .header(header::ORIGIN, site.origin())
            .header(header::REFERER, format!("{}/sign-in/second?next=%2Faccount", site.origin()))
            .header(header::COOKIE, &cookie)
            .body(format!("code={code}&next=%2Faccount"))
            .send()
    };
    let wrong = second("123456789").await.unwrap();
    assert_eq!(wrong.status(), 422);
    assert!(wrong.text().await.unwrap().contains("That code is not right"));
    let code = app_code(key.expose_secret(), s.now());
    let right = second(&code).await.unwrap();
    assert_eq!((right.status().as_u16(), header_of(&right, "location").as_str()), (303, "/account"));
    let session = format!("eighth_session={}", cookie_of(&right, "eighth_session").unwrap());
    assert_eq!(cookie_of(&right, "eighth_pending").as_deref(), Some(""), "half a sign-in is forgotten");
    assert_eq!(site.get_with("/account", &[(header::COOKIE, &session)]).await.status(), 200);
    let over = second(&code).await.unwrap();
    assert_eq!(header_of(&over, "location"), "/sign-in?again=1");
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn an_administrator_without_a_second_factor_comes_no_further_than_to_one(pool: PgPool) {
    let site = Site::new(pool).await;
    let admin = site.visitor("Ada", "client").await;
    sqlx::query("insert into auth.user_roles values ($1, 'admin')")
        .bind(admin.who.user_id.uuid())
        .execute(site.world.pool())
        .await
        .unwrap();
    let cookie = admin.cookie.as_str();
    // What is asked for apart from sessions answers everybody the same.
    let machines = ["/healthz", "/readyz", "/metrics", "/pkg/{file}"];
    let is_for_programs = |path: &str| path.starts_with("/api/v1/") || path.starts_with("/.well-known/");
    for door in DOORS.iter().filter(|door| !machines.contains(&door.path) && !is_for_programs(door.path)) {
        let path = door.path.replace("{id}", "1").replace("{freelancer}", "1").replace("{job}", "1");
        if path.contains('{') || path == "/api/sign_out" {
            continue;
        }
        let answer = if door.method == "GET" {
            let origin = site.origin();
            site.get_with(&path, &[(header::COOKIE, cookie), (header::ORIGIN, origin.as_str())]).await
        } else {
            let post = site.post(&path).header(header::ORIGIN, site.origin());
            post.header(header::COOKIE, cookie).body(door.form).send().await.unwrap()
        };
        let (status, to) = (answer.status().as_u16(), header_of(&answer, "location"));
        let turned_away = status == 403 || (status == 303 && to == "/account/security");
        let open = is_on_the_way_to_a_second_factor(door.path);
        assert!(open || turned_away, "{} {path}: {status} {to}", door.method);
    }
    let page = site.get_with("/account/security", &[(header::COOKIE, cookie)]).await;
    assert_eq!(page.status(), 200);
    assert!(page.text().await.unwrap().contains("Your role needs a second factor."));
}
