//! Forms without JavaScript: what was typed stays, what is wrong is said, and only our own pages may
//! send them.

use reqwest::header;
use sqlx::PgPool;

use crate::site::{Site, header_of};

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn a_refused_form_comes_back_with_what_was_typed(pool: PgPool) {
    let site = Site::new(pool).await;
    let body = "form%5Bemail%5D=ada%40example.com&form%5Bpassword%5D=not+the+right+one";
    let answer = site.submit("/sign-in?next=%2Fmatches", "/api/sign_in", body).await;
    assert_eq!(answer.status(), 422);
    assert_eq!(header_of(&answer, "cache-control"), "private, no-store");
    let page = answer.text().await.unwrap();
    assert!(page.contains("ada@example.com"), "the address is still there");
    assert!(page.contains("The e-mail address or the password is not right."), "and what is wrong is said");
    assert!(!page.contains("not the right one"), "a password is not sent back");
    // The refused page stands at the address of the action, which the browser then says it comes from.
    let again = site.submit("/api/sign_in", "/api/sign_in", body).await;
    assert_eq!(again.status(), 422);
    assert!(again.text().await.unwrap().contains("ada@example.com"), "however often it is refused");
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn hostile_content_comes_back_as_text(pool: PgPool) {
    let site = Site::new(pool).await;
    let body =
        "form%5Bemail%5D=%22%3E%3C%2Ftextarea%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E&form%5Bpassword%5D=x";
    let answer = site.submit("/sign-in", "/api/sign_in", body).await;
    assert_eq!(answer.status(), 422);
    assert!(!answer.text().await.unwrap().contains("<script>alert(1)"));
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn an_accepted_form_leads_on(pool: PgPool) {
    let site = Site::new(pool).await;
    let answer = site.submit("/jobs?q=rust", "/api/theme", "theme=dark&next=%2Fjobs%3Fq%3Drust").await;
    assert_eq!((answer.status().as_u16(), header_of(&answer, "location")), (303, "/jobs?q=rust".into()));
    assert!(header_of(&answer, "set-cookie").starts_with("theme=dark;"));
    for away in ["https%3A%2F%2Fevil.example", "%2F%2Fevil.example", "%2F%5Cevil.example"] {
        let answer = site.submit("/jobs", "/api/theme", format!("theme=dark&next={away}")).await;
        assert_eq!(header_of(&answer, "location"), "/", "{away}");
    }
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn signing_in_with_a_plain_form_opens_a_session(pool: PgPool) {
    let site = Site::new(pool).await;
    site.visitor("Ada", "freelancer").await;
    let password = test_support::PASSWORD.replace(' ', "+");
    let body =
        format!("form%5Bemail%5D=ada%40example.com&form%5Bpassword%5D={password}&form%5Bnext%5D=%2Faccount");
    let answer = site.submit("/sign-in", "/api/sign_in", body).await;
    assert_eq!((answer.status().as_u16(), header_of(&answer, "location")), (303, "/account".into()));
    let cookie = header_of(&answer, "set-cookie");
    for part in ["eighth_session=", "HttpOnly", "SameSite=Lax", "Path=/"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    let session = cookie.split(';').next().unwrap();
    let page = site.get_with("/account", &[(header::COOKIE, session)]).await;
    assert_eq!(page.status(), 200);
    assert_eq!(header_of(&page, "cache-control"), "private, no-store");
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn only_our_own_pages_may_change_anything(pool: PgPool) {
    let site = Site::new(pool).await;
    let own = site.origin();
    let post = |name: &'static str, value: String| {
        site.post("/api/theme").header(name, value).body("theme=dark").send()
    };
    assert_eq!(post("origin", own.clone()).await.unwrap().status(), 200);
    assert_eq!(post("sec-fetch-site", "same-origin".into()).await.unwrap().status(), 200);
    assert_eq!(post("origin", "https://evil.example".into()).await.unwrap().status(), 403);
    assert_eq!(post("origin", "null".into()).await.unwrap().status(), 403);
    assert_eq!(post("sec-fetch-site", "cross-site".into()).await.unwrap().status(), 403);
    assert_eq!(post("sec-fetch-site", "same-site".into()).await.unwrap().status(), 403);
    assert_eq!(post("x-nothing", String::new()).await.unwrap().status(), 403);
    let both = site.post("/api/theme").header("origin", "https://evil.example");
    let both = both.header("sec-fetch-site", "same-origin").body("theme=dark").send().await.unwrap();
    assert_eq!(both.status(), 403, "an Origin that is foreign counts whatever else is said");
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn what_is_no_form_is_refused_clearly(pool: PgPool) {
    let site = Site::new(pool).await;
    for body in ["theme=%FF", "theme=%zz", "theme=%C3%28"] {
        let answer = site.submit("/", "/api/theme", body).await;
        assert_eq!(answer.status(), 400, "{body}");
        assert!(answer.text().await.unwrap().contains("We could not read that"));
    }
    let raw = site.submit("/", "/api/theme", b"theme=\xff".to_vec()).await;
    assert_eq!(raw.status(), 400);
    let missing = site.submit("/", "/api/theme", "other=1").await;
    assert_eq!(missing.status(), 400, "a field that the form always has");
    let large = site.submit("/", "/api/theme", format!("theme={}", "x".repeat(10_000_000))).await;
    assert_eq!(large.status(), 413);
    assert!(large.text().await.unwrap().contains("1024 KiB"));
    assert_eq!(site.submit("/", "/api/nothing", "a=b").await.status(), 404);
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn programs_get_json_with_a_fitting_status(pool: PgPool) {
    let site = Site::new(pool).await;
    let post = |path: &str, body: &'static str| {
        site.post(path).header(header::ORIGIN, site.origin()).body(body).send()
    };
    let answer =
        post("/api/sign_in", "form%5Bemail%5D=ada%40example.com&form%5Bpassword%5D=wrong").await.unwrap();
    assert_eq!(answer.status(), 422);
    let error: serde_json::Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
    assert_eq!(error["kind"], "invalid");
    assert!(error["fields"]["password"].is_string(), "{error}");
    let answer = post("/api/theme", "x=1").await.unwrap();
    assert_eq!(
        (answer.status().as_u16(), header_of(&answer, "content-type")),
        (400, "application/json".into())
    );
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn what_somebody_wrote_outlives_their_session(pool: PgPool) {
    let site = Site::new(pool).await;
    let body =
        "job_id=00000000-0000-7000-8000-000000000001&form%5Btitle%5D=Half+an+hour+of+writing&intent=publish";
    let answer = site.submit("/jobs/new", "/api/create_job", body).await;
    assert_eq!(answer.status(), 401);
    let html = answer.text().await.unwrap();
    assert!(
        html.contains("Half an hour of writing") && html.contains("action=\"/api/create_job\""),
        "{html}"
    );
    let alone = site.get("/signed-out").await;
    assert_eq!((alone.status().as_u16(), header_of(&alone, "location")), (303, "/sign-in".into()));
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn choosing_colours_keeps_the_search(pool: PgPool) {
    let site = Site::new(pool).await;
    let page = site.get("/jobs?q=rust&sort=budget").await.text().await.unwrap();
    assert!(page.contains("name=\"next\" value=\"/jobs?q=rust&amp;sort=budget\""));
    let answer = site.submit("/jobs?q=rust", "/api/theme", "theme=dark&next=").await;
    assert_eq!(header_of(&answer, "location"), "/jobs?q=rust");
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn whoever_was_signed_out_is_not_told_that_a_password_is_kept(pool: PgPool) {
    let site = Site::new(pool).await;
    let answer = site.submit("/confirm?next=%2Faccount", "/api/confirm", "password=secret").await;
    let to = header_of(&answer, "location");
    assert_eq!(
        (answer.status().as_u16(), to.as_str()),
        (303, "/sign-in?next=%2Fconfirm%3Fnext%3D%252Faccount")
    );
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn where_no_session_is_kept_the_sign_in_page_says_why(pool: PgPool) {
    let site = Site::new(pool).await;
    let shows = async |host: &str, proto: &str| {
        let headers = [(header::HOST, host), ("x-forwarded-proto".parse().unwrap(), proto)];
        let page = site.get_with("/sign-in", &headers).await.text().await.unwrap();
        page.contains("keep nobody signed in")
    };
    assert!(shows("box.lan:3000", "http").await);
    assert!(!shows("box.lan:3000", "https").await);
    assert!(!shows("localhost:3000", "http").await);
}
