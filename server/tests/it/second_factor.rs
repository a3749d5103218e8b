//! Second factors over HTTP: half a sign-in, and administrators who have none.

use app::access::{DOORS, is_on_the_way_to_a_second_factor};
use reqwest::header;
use secrecy::ExposeSecret as _;
use services::accounts::{Device, second_factor as factors};
use sqlx::PgPool;
use test_support::{World, app_code};

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
    let wrong = second("123456789&trust=true").await.unwrap();
    assert_eq!(wrong.status(), 422);
    let html = wrong.text().await.unwrap();
    assert!(html.contains("That code is not right") && trusts(&html), "{html}");
    assert!(html.contains(r##"href="#f-code""##), "the fault leads to its field: {html}");
    let code = app_code(key.expose_secret(), s.now());
    let right = second(&code).await.unwrap();
    assert_eq!((right.status().as_u16(), header_of(&right, "location").as_str()), (303, "/account"));
    let session = format!("eighth_session={}", cookie_of(&right, "eighth_session").unwrap());
    assert_eq!(cookie_of(&right, "eighth_pending").as_deref(), Some(""), "half a sign-in is forgotten");
    assert_eq!(site.get_with("/account", &[(header::COOKIE, &session)]).await.status(), 200);
    let over = second(&code).await.unwrap();
    assert_eq!(header_of(&over, "location"), "/sign-in?again=1");
}

/// Whether the box is ticked by which the browser becomes a trusted one.
fn trusts(html: &str) -> bool {
    let (_, rest) = html.split_once("name=\"trust\"").unwrap();
    rest.split('>').next().unwrap().contains("checked")
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn a_browser_that_is_not_ones_own_stays_so_whatever_goes_wrong(pool: PgPool) {
    let world = World::with_settings(pool, |settings| settings.confirm_new_browsers = true).await;
    let site = Site::serving(world, |_| {}).await;
    site.visitor("Ada", "client").await;
    let body = format!(
        "form%5Bemail%5D=ada%40example.com&form%5Bpassword%5D={}",
        test_support::PASSWORD.replace(' ', "+")
    );
    let answer = site.submit("/sign-in", "/api/sign_in", body).await;
    let cookie = format!("eighth_pending={}", cookie_of(&answer, "eighth_pending").unwrap());
    let page = "/sign-in/second?next=%2Faccount";
    let html = site.get_with(page, &[(header::COOKIE, &cookie)]).await.text().await.unwrap();
    assert!(trusts(&html), "one's own browser is what most people use: {html}");

    for (body, ticked) in [("email_code=0&next=%2Faccount", false), ("email_code=0&trust=true", true)] {
        let wrong = site.submit_with(page, "/api/second_factor", body, &cookie).await;
        assert_eq!(wrong.status(), 422);
        let html = wrong.text().await.unwrap();
        assert_eq!(trusts(&html), ticked, "{html}");
        assert!(html.contains(r##"href="#f-email_code""##), "the fault leads to its field: {html}");
    }
    let sent = site.submit_with(page, "/api/send_sign_in_code", "next=%2Faccount", &cookie).await;
    let there = header_of(&sent, "location");
    assert_eq!(there, "/sign-in/second?sent=1&next=%2Faccount&trust=no");
    let html = site.get_with(&there, &[(header::COOKIE, &cookie)]).await.text().await.unwrap();
    assert!(html.contains("Another code is on its way; only the newest works."), "{html}");
    assert!(!trusts(&html), "{html}");
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn whoever_begins_to_set_up_another_app_can_keep_the_present_one(pool: PgPool) {
    let site = Site::new(pool).await;
    let ada = site.visitor("Ada", "client").await;
    let s = &site.world.services;
    let page = "/account/security/app";
    factors::begin_app(s, &ada.who).await.unwrap();
    let key = factors::begun_app(s, &ada.who).await.unwrap().unwrap().manual_key;
    let code = app_code(key.expose_secret(), s.now());
    let done = factors::confirm_app(s, &ada.who, &code, &Device::default()).await.unwrap();
    let cookie = format!("eighth_session={}", done.signed_in.token.expose_secret());
    let shown = || async { site.get_with(page, &[(header::COOKIE, &cookie)]).await.text().await.unwrap() };

    // A second window in which the same set-up is still open.
    let late = site.submit_with(page, "/api/confirm_app", "code=000000", &cookie).await;
    assert_eq!(late.status(), 409);
    let html = late.text().await.unwrap();
    assert!(html.contains("finished already") && html.contains("In use since"), "{html}");

    site.submit_with(page, "/api/begin_app", "", &cookie).await;
    let html = shown().await;
    assert!(html.contains("The present app keeps working until the new one has shown a code."), "{html}");
    assert!(html.contains("Keep the present app"), "{html}");
    let kept = site.submit_with(page, "/api/give_up_app", "", &cookie).await;
    assert_eq!((kept.status().as_u16(), header_of(&kept, "location").as_str()), (303, page));
    let html = shown().await;
    assert!(html.contains("In use since") && !html.contains("Scan this"), "{html}");
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

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn a_refused_form_shows_no_page_that_is_closed_to_its_sender(pool: PgPool) {
    let site = Site::new(pool).await;
    let admin = site.visitor("Ada", "client").await;
    sqlx::query("insert into auth.user_roles values ($1, 'superadmin')")
        .bind(admin.who.user_id.uuid())
        .execute(site.world.pool())
        .await
        .unwrap();
    for page in
        ["/account", "/account/", "/account?x=/confirm", "/admin/people", "/account/security/../../account"]
    {
        let refused = site.submit_with(page, "/api/confirm", "password=wrong", &admin.cookie).await;
        assert_eq!(refused.status(), 422, "{page}");
        let html = refused.text().await.unwrap();
        assert!(html.contains("Is it you, Ada?"), "the form comes back where it stands: {html}");
        assert!(
            !html.contains("ada@example.com") && !html.contains("Sign out on this device"),
            "{page}: {html}"
        );
    }
}
