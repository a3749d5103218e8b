//! What answers tell browsers to be careful about.

use reqwest::header;
use sqlx::PgPool;

use crate::site::{Site, header_of};

/// A site that browsers reach by TLS, through a proxy.
async fn behind_tls(pool: PgPool) -> Site {
    Site::configured(pool, |config| config.server.public_url = Some("https://8th.example".into())).await
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn behind_tls_browsers_are_told_to_stay_with_it(pool: PgPool) {
    let site = behind_tls(pool).await;
    for path in ["/", "/healthz", "/api/none", "/pkg/none.js"] {
        let strict = header_of(&site.get(path).await, "strict-transport-security");
        assert_eq!(strict, "max-age=63072000; includeSubDomains", "{path}");
    }
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn at_localhost_nobody_is_forced_to_tls(pool: PgPool) {
    let site = Site::new(pool).await;
    assert_eq!(header_of(&site.get("/").await, "strict-transport-security"), "");
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn behind_tls_every_cookie_is_bound_to_its_host(pool: PgPool) {
    let site = behind_tls(pool).await;
    site.visitor("Ada", "client").await;
    let password = test_support::PASSWORD.replace(' ', "+");
    let sign_in = format!("form%5Bemail%5D=ada%40example.com&form%5Bpassword%5D={password}");
    for (action, body) in [("/api/theme", "theme=dark".to_owned()), ("/api/sign_in", sign_in)] {
        let answer = site
            .post(action)
            .header(header::ACCEPT, "text/html")
            .header(header::ORIGIN, "https://8th.example")
            .body(body)
            .send()
            .await
            .unwrap();
        let cookie = header_of(&answer, "set-cookie");
        assert!(cookie.starts_with("__Host-"), "{action}: {cookie}");
        for part in ["; Path=/;", "; HttpOnly", "; Secure", "; SameSite=Lax"] {
            assert!(cookie.contains(part), "{action}: {cookie}");
        }
    }
    let dark = site.get_with("/", &[(header::COOKIE, "__Host-theme=dark")]).await.text().await.unwrap();
    assert!(dark.contains("data-theme=\"dark\""));
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn no_other_origin_may_read_anything(pool: PgPool) {
    let site = Site::new(pool).await;
    for path in ["/", "/jobs", "/healthz", "/api/none", "/pkg/none.js"] {
        let answer = site.get_with(path, &[(header::ORIGIN, "https://evil.example")]).await;
        assert_eq!(header_of(&answer, "access-control-allow-origin"), "", "{path}");
        assert_eq!(header_of(&answer, "cross-origin-resource-policy"), "same-origin", "{path}");
    }
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn a_page_loads_no_plugin_and_keeps_its_base(pool: PgPool) {
    let site = Site::new(pool).await;
    let policy = header_of(&site.get("/").await, "content-security-policy");
    for part in ["object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'", "'nonce-"] {
        assert!(policy.contains(part), "{policy}");
    }
    assert!(!policy.contains("unsafe-inline"), "{policy}");
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn what_changes_something_is_not_done_by_get(pool: PgPool) {
    let site = Site::new(pool).await;
    let ada = site.visitor("Ada", "client").await;
    let cookie = [(header::COOKIE, ada.cookie.as_str())];
    for function in
        ["sign_out", "sign_out_others", "theme?theme=dark", "close_job", "save_account", "sign_in"]
    {
        let answer = site.get_with(&format!("/api/{function}"), &cookie).await;
        assert_eq!(answer.status(), 405, "{function}");
    }
    assert_eq!(site.get_with("/account", &cookie).await.status(), 200, "still signed in");
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn every_text_names_its_charset(pool: PgPool) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.css"), "a{}").unwrap();
    std::fs::write(folder.path().join("a.svg"), "<svg/>").unwrap();
    let site = Site::configured(pool, |config| config.server.site = folder.path().to_owned()).await;
    for path in ["/", "/nowhere", "/healthz", "/metrics", "/a.css", "/a.svg"] {
        let kind = header_of(&site.get(path).await, "content-type");
        assert!(kind.ends_with("; charset=utf-8"), "{path}: {kind}");
    }
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn people_are_led_to_https_and_programs_are_refused(pool: PgPool) {
    let site = behind_tls(pool).await;
    let plain = |proto: &'static str| ("x-forwarded-proto".parse::<header::HeaderName>().unwrap(), proto);
    for (path, to) in [("/", "/"), ("/jobs?q=a%20b", "/jobs?q=a%20b"), ("/sign-in", "/sign-in")] {
        let answer = site.get_with(path, &[plain("http")]).await;
        let led = (answer.status().as_u16(), header_of(&answer, "location"));
        assert_eq!(led, (308, format!("https://8th.example{to}")));
        assert_eq!(site.get_with(path, &[plain("https")]).await.status(), 200, "{path}");
        assert_eq!(site.get_with(path, &[plain("http, https")]).await.status(), 200, "{path}");
    }
    for path in ["/api/sign_in", "/ws/feed", "/metrics", "/healthz", "/pkg/a.css"] {
        let answer = site.get_with(path, &[plain("http")]).await;
        assert_eq!(
            (answer.status().as_u16(), header_of(&answer, "location")),
            (403, String::new()),
            "{path}"
        );
    }
    let form = site.post("/api/theme").header(header::ORIGIN, "https://8th.example").body("theme=dark");
    let form = form.header("x-forwarded-proto", "http").send().await.unwrap();
    assert_eq!((form.status().as_u16(), header_of(&form, "location")), (403, String::new()));
    assert_eq!(header_of(&form, "set-cookie"), "", "nothing was done");
}
