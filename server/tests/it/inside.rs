//! What stays inside: other people's addresses, fields that are nobody's to set, and causes of errors.

use domain::JobId;
use reqwest::header;
use services::{jobs, jobs::Intent, profiles};
use sqlx::PgPool;
use test_support::{database_engineer, database_job};

use crate::{
    site::{Site, Visitor},
    walk::pages,
};

async fn text(site: &Site, sql: &'static str) -> String {
    sqlx::query_scalar(sql).fetch_one(site.world.pool()).await.unwrap()
}

async fn send(site: &Site, visitor: Option<&Visitor>, action: &str, fields: &[(&str, &str)]) -> u16 {
    let body = serde_urlencoded::to_string(fields).unwrap();
    let request = site.post(action).header(header::ORIGIN, site.origin()).body(body);
    let request = match visitor {
        Some(visitor) => request.header(header::COOKIE, &visitor.cookie),
        None => request,
    };
    request.send().await.unwrap().status().as_u16()
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn nobody_sets_a_field_that_is_not_theirs(pool: PgPool) {
    let site = Site::new(pool).await;
    let ada = site.visitor("Ada", "client").await;
    let bo = site.visitor("Bo", "freelancer").await;
    let everybody = "select string_agg(concat_ws(' ', u.id, email, email_verified_at, status, role), E'\n'
                                       order by u.id, role)
                     from auth.users u left join auth.user_roles r on r.user_id = u.id";
    let before = text(&site, everybody).await;
    let other = bo.who.user_id.to_string();
    let forged = [
        ("form[roles]", "admin"),
        ("form[roles][]", "superadmin"),
        ("form[role]", "superadmin"),
        ("roles[]", "admin"),
        ("form[id]", &other),
        ("form[user_id]", &other),
        ("user_id", &other),
        ("form[email]", "thief@example.com"),
        ("form[email_verified]", "true"),
        ("form[email_verified_at]", "2026-01-01T00:00:00Z"),
        ("form[status]", "active"),
    ];
    let own = [("form[display_name]", "Ada"), ("form[region]", "EU"), ("form[purpose]", "client")];
    // What is not in the form is not read at all: it is done as if it had not been sent, or refused.
    let sent = send(&site, Some(&ada), "/api/save_account", &[&own[..], &forged[..]].concat()).await;
    assert!([200, 302, 303, 400, 422].contains(&sent), "{sent}");
    assert_eq!(text(&site, everybody).await, before);
    for role in ["admin", "superadmin"] {
        let purpose = [("form[display_name]", "Ada"), ("form[region]", "EU"), ("form[purpose]", role)];
        assert_eq!(send(&site, Some(&ada), "/api/save_account", &purpose).await, 422, "{role}");
        let form = [
            ("form[display_name]", "Eve"),
            ("form[email]", "eve@example.com"),
            ("form[password]", test_support::PASSWORD),
            ("form[region]", "EU"),
            ("form[purpose]", role),
        ];
        assert_eq!(send(&site, None, "/api/sign_up", &form).await, 422, "{role}");
    }
    assert_eq!(text(&site, everybody).await, before);
    let eve = [
        ("form[display_name]", "Eve"),
        ("form[password]", test_support::PASSWORD),
        ("form[region]", "EU"),
        ("form[purpose]", "client"),
    ];
    send(&site, None, "/api/sign_up", &[&eve[..], &forged[..]].concat()).await;
    let powerful = "select count(*)::text from auth.user_roles where role in ('admin', 'superadmin')";
    assert_eq!(text(&site, powerful).await, "0");
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn nobody_reads_anothers_address_on_any_page(pool: PgPool) {
    let site = Site::new(pool).await;
    let s = &site.world.services;
    let (ada, bo) = (site.visitor("Ada", "freelancer").await, site.visitor("Bo", "client").await);
    let eve = site.visitor("Eve", "both").await;
    profiles::save(s, &ada.who, None, &database_engineer()).await.unwrap();
    profiles::save(s, &eve.who, None, &database_engineer()).await.unwrap();
    let job = JobId::new();
    jobs::create(s, &bo.who, job, &database_job(), Intent::Publish).await.unwrap();
    site.world.settle().await;
    let fill = |template: &str| {
        let path = template.replace("/jobs/{id}", &format!("/jobs/{job}"));
        let path = path.replace("/matches/{job}", &format!("/matches/{job}"));
        let path = path.replace("/freelancers/{id}", &format!("/freelancers/{}", ada.who.user_id));
        let path = path.replace("{freelancer}", &ada.who.user_id.to_string());
        (!path.contains('{')).then_some(path)
    };
    let (mut own, mut met) = (0, 0);
    for (name, cookie) in [("", None), ("ada", Some(&ada)), ("bo", Some(&bo)), ("eve", Some(&eve))] {
        let cookie = cookie.map(|visitor| visitor.cookie.as_str());
        for page in pages(&site, cookie, fill).await {
            for other in ["ada", "bo", "eve"] {
                let shown = page.html.contains(&format!("{other}@example.com"));
                if other == name {
                    own += usize::from(shown);
                } else {
                    assert!(!shown, "{} shows {name:?} the address of {other}", page.path);
                }
            }
            met += usize::from(page.status == 200 && (page.html.contains("Ada") && name != "ada"));
        }
    }
    assert!(own >= 3, "each sees their own address somewhere: the search finds addresses");
    assert!(met >= 4, "others do see Ada, though not how to write to her: {met}");
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn the_product_comes_without_accounts(pool: PgPool) {
    let site = Site::new(pool).await;
    assert_eq!(text(&site, "select count(*)::text from auth.users").await, "0");
    for email in [demo_data::CLIENT_EMAIL, demo_data::FREELANCER_EMAIL] {
        let fields = [("form[email]", email), ("form[password]", "eight degrees of fit")];
        assert_eq!(send(&site, None, "/api/sign_in", &fields).await, 422, "{email}");
    }
}

/// What only the inside knows.
const INSIDE: [&str; 12] = [
    "core.jobs",
    "audit_log",
    "elsewhere",
    "does not exist",
    "relation",
    "sqlx",
    "Postgres",
    "postgres",
    "database",
    "panicked",
    ".rs:",
    "internal error",
];

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn an_error_inside_tells_nothing_of_the_inside(pool: PgPool) {
    let site = Site::new(pool).await;
    for sql in ["drop table core.jobs cascade", "alter table auth.audit_log rename to elsewhere"] {
        sqlx::query(sql).execute(site.world.pool()).await.unwrap();
    }
    let sign_in = "form%5Bemail%5D=ada%40example.com&form%5Bpassword%5D=wrong";
    let for_programs =
        site.post("/api/sign_in").header(header::ORIGIN, site.origin()).body(sign_in).send().await.unwrap();
    for (what, answer) in [
        ("a page", site.get("/jobs").await),
        ("a page with a number", site.get(&format!("/jobs/{}", crate::walk::NOTHING)).await),
        ("a form", site.submit("/sign-in", "/api/sign_in", sign_in).await),
        ("a program", for_programs),
    ] {
        assert_eq!(answer.status(), 500, "{what}");
        assert!(answer.headers().get("server").is_none() && answer.headers().get("x-powered-by").is_none());
        let kind = crate::site::header_of(&answer, "content-type");
        let body = answer.text().await.unwrap();
        for word in INSIDE {
            assert!(!body.contains(word), "{what} tells of {word:?}: {body}");
        }
        assert!(body.contains("Something went wrong on our side"), "{what}: {body}");
        if kind.contains("json") {
            let error: serde_json::Value = serde_json::from_str(&body).unwrap();
            let keys: Vec<_> = error.as_object().unwrap().keys().collect();
            assert_eq!(keys, ["kind", "message"], "{what}: {body}");
        }
    }
}
