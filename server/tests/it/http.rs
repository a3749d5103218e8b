//! Pages, their headers, and the addresses for machines.

use domain::{JobId, job::JobForm};
use futures::StreamExt as _;
use reqwest::header;
use services::{jobs, jobs::Intent};
use sqlx::PgPool;

use crate::site::{Site, eventually, header_of};

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn a_public_page_can_be_kept_and_asked_for_again(pool: PgPool) {
    let site = Site::new(pool).await;
    let page = site.get("/sign-in").await;
    assert_eq!(page.status(), 200);
    assert_eq!(header_of(&page, "cache-control"), "no-cache");
    let tag = header_of(&page, "etag");
    assert!(tag.starts_with("W/\""), "{tag}");
    let again = site.get_with("/sign-in", &[(header::IF_NONE_MATCH, &tag)]).await;
    assert_eq!(again.status(), 304);
    assert!(again.headers().get("content-security-policy").is_none(), "the kept page keeps its policy");
    assert_eq!(header_of(&again, "x-content-type-options"), "nosniff");
    assert_eq!(header_of(&again, "referrer-policy"), "strict-origin-when-cross-origin");
    assert_eq!(again.bytes().await.unwrap().len(), 0);
    let ada = site.visitor("Ada", "client").await;
    let own =
        site.get_with("/sign-in", &[(header::IF_NONE_MATCH, &tag), (header::COOKIE, &ada.cookie)]).await;
    assert_ne!(own.status(), 304, "a person's page is never a kept one");
    assert_eq!(header_of(&own, "cache-control"), "private, no-store");
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn an_address_with_a_slash_at_its_end_leads_to_the_page(pool: PgPool) {
    let site = Site::new(pool).await;
    let answer = site.get("/jobs/?q=rust").await;
    assert_eq!((answer.status().as_u16(), header_of(&answer, "location").as_str()), (308, "/jobs?q=rust"));
    for path in ["//evil.example/", "/nothing/here"] {
        assert_eq!(site.get(path).await.status(), 404, "{path}");
    }
    assert_eq!(site.get("/").await.status(), 200);
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn an_address_too_long_for_a_file_is_not_found_and_no_fault_of_ours(pool: PgPool) {
    let site = Site::new(pool).await;
    for path in [format!("/{}", "a".repeat(256)), format!("/pkg/{}", "a".repeat(300)), "/a".repeat(2_500)] {
        assert_eq!(site.get(&path).await.status(), 404, "{} bytes", path.len());
    }
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn an_error_page_does_not_make_one_believe_to_be_signed_out(pool: PgPool) {
    let site = Site::new(pool).await;
    let ada = site.visitor("Ada", "client").await;
    let page = site.get_with("/api/none", &[(header::COOKIE, &ada.cookie)]).await;
    assert_eq!(page.status(), 404);
    let html = page.text().await.unwrap();
    assert!(html.contains("Sign out") && html.contains("Ada") && !html.contains("/sign-up"), "{html}");
    assert!(site.get("/api/none").await.text().await.unwrap().contains("/sign-up"));
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn who_lacks_a_role_is_told_where_to_take_it_up(pool: PgPool) {
    let site = Site::new(pool).await;
    let ada = site.visitor("Ada", "freelancer").await;
    let page = site.get_with("/jobs/new", &[(header::COOKIE, &ada.cookie)]).await;
    assert_eq!(page.status(), 403);
    let html = page.text().await.unwrap();
    assert!(html.contains("Posting jobs is for clients") && html.contains("href=\"/account\""));
    let page = site.get_with("/my/jobs", &[(header::COOKIE, &ada.cookie)]).await.text().await.unwrap();
    assert!(page.contains("for people who hire") && page.contains("href=\"/account\""));
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn what_a_page_says_in_its_head_never_gets_into_another_one(pool: PgPool) {
    let site = Site::new(pool).await;
    let ada = site.visitor("Ada", "client").await;
    let secret = JobForm {
        description: format!("TOPSECRETPLAN {}", test_support::database_job().description),
        ..test_support::database_job()
    };
    let draft = JobId::new();
    jobs::create(&site.world.services, &ada.who, draft, &secret, Intent::Keep).await.unwrap();
    let own = format!("/jobs/{draft}");
    let cookie = [(header::COOKIE, ada.cookie.as_str())];
    let read = async |path: &str, headers: &[(header::HeaderName, &str)]| {
        let html = site.get_with(path, headers).await.text().await.unwrap();
        html.split("</head>").next().unwrap().to_owned()
    };
    let rounds = futures::stream::iter(0..120).map(|round| {
        let (read, own, cookie) = (&read, &own, &cookie);
        async move {
            match round % 4 {
                0 | 1 => {
                    let head = read(own, cookie).await;
                    assert!(
                        head.contains("TOPSECRETPLAN") && head.contains(&format!("href=\"{own}\"")),
                        "{head}"
                    );
                }
                2 => {
                    let head = read("/jobs", &[]).await;
                    assert!(
                        head.contains("Open freelance jobs") && head.contains("href=\"/jobs\""),
                        "{head}"
                    );
                    assert!(!head.contains("TOPSECRETPLAN"), "{head}");
                }
                _ => {
                    let head = read("/sign-in", &[]).await;
                    assert!(!head.contains("canonical") && !head.contains("description"), "{head}");
                }
            }
        }
    });
    rounds.buffer_unordered(12).collect::<()>().await;
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn every_answer_is_careful_and_has_an_id(pool: PgPool) {
    let site = Site::new(pool).await;
    for path in ["/", "/nothing/here", "/healthz", "/pkg/none.js", "/api/none"] {
        let answer = site.get_with(path, &[("x-request-id".parse().unwrap(), "forged")]).await;
        assert_eq!(header_of(&answer, "x-content-type-options"), "nosniff", "{path}");
        assert_eq!(header_of(&answer, "referrer-policy"), "strict-origin-when-cross-origin", "{path}");
        assert!(header_of(&answer, "content-security-policy").contains("frame-ancestors 'none'"), "{path}");
        let id = header_of(&answer, "x-request-id");
        assert!(id.len() == 32 && id != "forged", "{path}: {id}");
    }
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn inline_scripts_of_a_page_carry_the_nonce_of_its_policy(pool: PgPool) {
    let site = Site::new(pool).await;
    for path in ["/", "/sign-in", "/nothing/here"] {
        let page = site.get(path).await;
        let policy = header_of(&page, "content-security-policy");
        let nonce = policy.split("'nonce-").nth(1).unwrap().split('\'').next().unwrap().to_owned();
        let html = page.text().await.unwrap();
        for script in html.split("<script").skip(1) {
            let tag = script.split('>').next().unwrap();
            let data = tag.contains("application/ld+json");
            assert!(data || tag.contains("src=") || tag.contains(&nonce), "{path}: <script{tag}>");
        }
        assert!(!html.contains(" style=\""), "{path}: the policy forbids inline styles");
    }
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn what_is_not_there_is_404_and_what_cannot_be_done_is_405(pool: PgPool) {
    let site = Site::new(pool).await;
    for path in
        ["/nothing", "/nothing/here.css", "/pkg/nothing.js", "/../../etc/passwd", "/%2e%2e/etc/passwd"]
    {
        let answer = site.get(path).await;
        assert_eq!(answer.status(), 404, "{path}");
        assert!(answer.text().await.unwrap().contains("<html"), "{path}: a page for people");
    }
    let post = site.post("/jobs").header(header::ORIGIN, site.origin()).send().await.unwrap();
    assert_eq!(post.status(), 405);
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn pages_are_compressed_for_those_who_can_read_it(pool: PgPool) {
    let site = Site::new(pool).await;
    for encoding in ["br", "gzip"] {
        let page = site.get_with("/", &[(header::ACCEPT_ENCODING, encoding)]).await;
        assert_eq!(header_of(&page, "content-encoding"), encoding);
    }
    assert_eq!(header_of(&site.get("/").await, "content-encoding"), "");
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn files_whose_names_hold_their_hash_are_kept_for_ever(pool: PgPool) {
    let folder = tempfile::tempdir().unwrap();
    let pkg = folder.path().join("pkg");
    std::fs::create_dir(&pkg).unwrap();
    std::fs::write(pkg.join("eighth.0123.css"), "body{}").unwrap();
    std::fs::write(pkg.join("eighth.0123.css.br"), "compressed").unwrap();
    std::fs::write(folder.path().join("hash.txt"), "css: 0123\njs: 4567\nwasm: 89ab\n").unwrap();
    std::fs::write(folder.path().join("robots.txt"), "hello").unwrap();
    let site = Site::configured(pool, |config| config.server.site = folder.path().into()).await;
    let css = site.get_with("/pkg/eighth.0123.css", &[(header::ACCEPT_ENCODING, "br, gzip")]).await;
    assert_eq!(header_of(&css, "cache-control"), "public, max-age=31536000, immutable");
    assert_eq!(
        (header_of(&css, "content-encoding"), css.text().await.unwrap()),
        ("br".into(), "compressed".into())
    );
    assert_eq!(site.get("/robots.txt").await.text().await.unwrap(), "hello");
    let page = site.get("/").await.text().await.unwrap();
    assert!(page.contains("/pkg/eighth.0123.css"), "pages name the style sheet by its hash");
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn probes_tell_alive_from_ready(pool: PgPool) {
    let site = Site::serving(test_support::World::new(pool).await, |_| {}).await;
    assert_eq!(site.get("/healthz").await.status(), 200);
    let waiting = site.get("/readyz").await;
    assert_eq!(waiting.status(), 503);
    assert!(waiting.text().await.unwrap().contains("migrated"));
    site.running().begin_work();
    eventually("ready", || async { site.get("/readyz").await.status() == 200 }).await;
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn metrics_are_for_this_machine_or_for_who_has_the_token(pool: PgPool) {
    let site = Site::new(pool.clone()).await;
    site.get("/healthz").await;
    let metrics = site.get("/metrics").await.text().await.unwrap();
    for name in ["http_requests_total", "http_request_seconds_bucket", "process_resident_memory_bytes"] {
        assert!(metrics.contains(name), "{name}");
    }
    assert!(metrics.contains("route=\"/healthz\""), "labelled with the route's template");
    let proxied = site.get_with("/metrics", &[("x-forwarded-for".parse().unwrap(), "203.0.113.9")]).await;
    assert_eq!(proxied.status(), 403);

    let site = Site::configured(pool, |config| config.metrics.token = Some("let me in".into())).await;
    assert_eq!(site.get("/metrics").await.status(), 403);
    let asked = site.get_with("/metrics", &[(header::AUTHORIZATION, "Bearer let me in")]).await;
    assert_eq!(asked.status(), 200);
}
