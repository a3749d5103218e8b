//! How much one visitor may ask for.

use chrono::TimeDelta;
use domain::{account::SignInForm, scope::Scope};
use reqwest::{Response, header};
use secrecy::ExposeSecret as _;
use serde_json::Value;
use services::accounts::{self, Device};
use sqlx::PgPool;
use test_support::{PASSWORD, World};

use crate::{
    api::personal,
    site::{Site, Visitor, header_of},
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

    // Each session may change as much, until ten have done so.
    let mut sessions = Vec::new();
    for _ in 0..14 {
        sessions.push(again(&site, "ada@example.com").await);
    }
    let (mut changes, mut held_up) = (2, None);
    'all: for (n, session) in (1..).zip(sessions) {
        for _ in 0..2 {
            let answer = post(&site, "/api/theme", &format!("198.51.100.{n}"), &session, "theme=dark").await;
            if answer.status() == 429 {
                held_up = Some((answer.text().await.unwrap(), session));
                break 'all;
            }
            changes += 1;
        }
    }
    let (told, session) = held_up.expect("an account has an end");
    assert!(changes >= 20 && told.contains("with your account"), "{changes}: {told}");
    let left = post(&site, "/api/sign_out", "192.0.2.10", &session, "").await;
    assert_ne!(left.status(), 429, "signing out is for all");
}

/// One more session of somebody's, as a cookie.
async fn again(site: &Site, email: &str) -> String {
    let form = SignInForm { email: email.to_owned(), password: PASSWORD.to_owned(), ..SignInForm::default() };
    let admission = accounts::sign_in(&site.world.services, &form, &Device::default()).await.unwrap();
    format!("eighth_session={}", admission.signed_in().unwrap().token.expose_secret())
}

/// Uses up all that a session may ask for, from one network after another.
async fn use_up(site: &Site, session: &str) {
    let forms = [
        ("/api/theme", "theme=dark"),
        ("/api/confirm", "password=wrong"),
        ("/api/ask_email_change", "form%5Bemail%5D=x"),
    ];
    for n in 1..=3 {
        let from = format!("198.51.100.{n}");
        for (action, body) in forms {
            post(site, action, &from, session, body).await;
        }
        page(site, "/jobs", &from, session).await;
    }
    let refused = post(site, "/api/theme", "198.51.100.4", session, "theme=dark").await;
    assert_eq!(refused.status(), 429);
    let told = refused.text().await.unwrap();
    assert!(told.contains("with your sign-in on this browser") && !told.contains("where you are"), "{told}");
    assert_eq!(page(site, "/jobs", "198.51.100.4", session).await.status(), 429);
}

async fn page(site: &Site, path: &str, from: &str, cookie: &str) -> Response {
    let forwarded = header::HeaderName::from_static("x-forwarded-for");
    site.get_with(path, &[(forwarded, from), (header::COOKIE, cookie)]).await
}

/// Proves who they are, ends what else is signed in by `action`, and changes the password; each from a
/// network where nothing was asked for.
async fn get_rid_of_the_others(site: &Site, owner: &Visitor, action: &str, body: &str) {
    let mut cookie = owner.cookie.clone();
    let password = PASSWORD.replace(' ', "+");
    let change = format!("form%5Bcurrent%5D={password}&form%5Bpassword%5D=a+few+words+in+a+row");
    let steps = [
        ("/confirm", "/api/confirm", format!("password={password}")),
        ("/account/devices", action, body.to_owned()),
        ("/account/password", "/api/change_password", change),
    ];
    for (n, (form, action, body)) in (1..).zip(&steps) {
        let from = format!("203.0.113.{n}");
        assert_eq!(page(site, form, &from, &cookie).await.status(), 200, "{form}");
        let done = post(site, action, &from, &cookie, body).await;
        assert!(done.status().is_success(), "{action}: {}", done.status());
        // A proof and a new password change the token.
        let set = header_of(&done, "set-cookie");
        if set.starts_with("eighth_session=") {
            cookie = set.split(';').next().unwrap().to_owned();
        }
    }
    let left = accounts::devices(&site.world.services, &owner.who).await.unwrap();
    assert!(left.iter().all(|device| device.this) && left.len() == 1, "{left:?}");
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn what_a_thief_does_with_one_session_slows_the_owner_in_no_other(pool: PgPool) {
    let site = limited(pool).await;
    let ada = site.visitor("Ada", "client").await;
    let stolen = again(&site, "ada@example.com").await;
    site.world.advance(TimeDelta::minutes(11));
    use_up(&site, &stolen).await;
    assert_ne!(post(&site, "/api/theme", "203.0.113.9", &ada.cookie, "theme=dark").await.status(), 429);
    let devices = accounts::devices(&site.world.services, &ada.who).await.unwrap();
    let id = devices.iter().find(|device| !device.this).unwrap().id;
    get_rid_of_the_others(&site, &ada, "/api/sign_out_device", &format!("session={id}")).await;
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn a_thief_with_the_cookie_of_the_owner_does_not_keep_them_from_ending_it(pool: PgPool) {
    let site = limited(pool).await;
    let ada = site.visitor("Ada", "client").await;
    site.world.advance(TimeDelta::minutes(11));
    use_up(&site, &ada.cookie).await;
    get_rid_of_the_others(&site, &ada, "/api/sign_out_others", "").await;
    let thief = page(&site, "/account", "203.0.113.8", &ada.cookie).await;
    assert_eq!(thief.status(), 303, "the stolen cookie is good for nothing");
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn whoever_shares_a_session_with_a_thief_can_sign_out_and_in(pool: PgPool) {
    let site = limited(pool).await;
    let ada = site.visitor("Ada", "client").await;
    use_up(&site, &ada.cookie).await;
    let form = format!("form%5Bemail%5D=ada@example.com&form%5Bpassword%5D={}", PASSWORD.replace(' ', "+"));
    let (from, cookie) = ("203.0.113.1", &ada.cookie);
    assert_ne!(page(&site, "/sign-in", from, cookie).await.status(), 429);
    assert!(post(&site, "/api/sign_in", from, cookie, &form).await.status().is_success());
    assert!(post(&site, "/api/sign_out", from, cookie, "").await.status().is_success());
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
