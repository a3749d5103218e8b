//! Ways in that go by mail: what they tell to whom, and where their links lead.

use std::time::{Duration, Instant};

use mail::Folder;
use reqwest::{Response, header};
use sqlx::PgPool;
use test_support::{PASSWORD, World, link_in};

use crate::site::{Site, header_of};

const KNOWN: &str = "ada@example.com";
const UNKNOWN: &str = "eve@example.com";

/// A site whose letters are written when a test says so, with one account.
async fn site(pool: PgPool) -> Site {
    let site = Site::serving(World::new(pool).await, |_| {}).await;
    site.visitor("Ada", "client").await;
    site
}

fn form(fields: &[(&str, &str)]) -> String {
    serde_urlencoded::to_string(fields).unwrap()
}

fn sign_up(email: &str) -> String {
    form(&[
        ("form[display_name]", "Noor"),
        ("form[email]", email),
        ("form[password]", "another good pass phrase"),
        ("form[region]", "EU"),
        ("form[purpose]", "client"),
        ("next", "/jobs?q=rust"),
    ])
}

/// Every form that takes an address: its page, its action, and what is sent.
fn forms(email: &str) -> [(&'static str, &'static str, String); 3] {
    [
        ("/sign-up", "/api/sign_up", sign_up(email)),
        ("/forgotten", "/api/ask_reset", form(&[("form[email]", email)])),
        (
            "/sign-in",
            "/api/sign_in",
            form(&[("form[email]", email), ("form[password]", "not the right one")]),
        ),
    ]
}

/// The cookies that an answer sets, as a browser sends them back.
fn cookies(response: &Response) -> String {
    let set = response.headers().get_all(header::SET_COOKIE).iter();
    let pairs = set.map(|cookie| cookie.to_str().unwrap().split(';').next().unwrap().to_owned());
    pairs.collect::<Vec<_>>().join("; ")
}

/// What an answer tells, without what differs each time.
async fn told(response: Response, email: &str) -> (u16, Vec<String>, String) {
    let status = response.status().as_u16();
    let varying = ["date", "x-request-id", "content-security-policy", "content-length"];
    let headers = response.headers().iter().filter(|(name, _)| !varying.contains(&name.as_str()));
    let headers = headers.map(|(name, value)| match name.as_str() {
        "set-cookie" => {
            let value = value.to_str().unwrap();
            let (pair, attributes) = value.split_once(';').unwrap();
            format!("{}={attributes}", pair.split('=').next().unwrap())
        }
        _ => format!("{name}: {}", value.to_str().unwrap()),
    });
    let headers = headers.collect();
    let text = response.text().await.unwrap().replace(email, "(address)");
    (status, headers, without_nonces(&text))
}

fn without_nonces(text: &str) -> String {
    let mut parts = text.split("nonce=\"");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + part.split_once('"').map_or(part, |(_, rest)| rest))
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn no_answer_tells_whether_an_address_has_an_account(pool: PgPool) {
    let site = site(pool).await;
    for ((page, action, known), (_, _, unknown)) in forms(KNOWN).into_iter().zip(forms(UNKNOWN)) {
        let known = site.submit(page, action, known).await;
        let unknown = site.submit(page, action, unknown).await;
        let kept = [cookies(&known), cookies(&unknown)];
        let next = header_of(&known, "location");
        assert_eq!(told(known, KNOWN).await, told(unknown, UNKNOWN).await, "{action}");
        // The page that follows, before the letters are written and after it.
        for _ in 0..2 {
            let [known, unknown] = [&kept[0], &kept[1]].map(|cookie| [(header::COOKIE, cookie.as_str())]);
            if !next.is_empty() {
                let known = told(site.get_with(&next, &known).await, KNOWN).await;
                assert_eq!(known.0, 200, "{next}");
                let known = (known.0, without_tag(known.1), known.2);
                let unknown = told(site.get_with(&next, &unknown).await, UNKNOWN).await;
                assert_eq!(known, (unknown.0, without_tag(unknown.1), unknown.2), "{next}");
            }
            site.world.do_jobs().await;
        }
    }
    assert_eq!(site.world.letters.to(KNOWN).len(), 2);
    assert_eq!(site.world.letters.to(UNKNOWN).len(), 2);
}

/// The tag of a page is of its text, which has the address in it.
fn without_tag(headers: Vec<String>) -> Vec<String> {
    headers.into_iter().filter(|header| !header.starts_with("etag:")).collect()
}

const FORMER: &str = "former@example.com";
/// Of the password of everybody, as passwords were hashed before.
const FORMER_HASH: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$mOCG0oOiS8S6e5QV0HtlwQ$BXRNlJN2jjrYzTmOV+rXoz/C6EOOSGRsCo4pId6EJAM";

/// Medians of interleaved attempts: whatever else the machine does weighs on both alike.
#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn no_time_tells_whether_an_address_has_an_account(pool: PgPool) {
    const ROUNDS: usize = 15;
    let site = site(pool).await;
    site.visitor("Former", "client").await;
    sqlx::query("update auth.users set password_hash = $1 where email = $2")
        .bind(FORMER_HASH)
        .bind(FORMER)
        .execute(site.world.pool())
        .await
        .unwrap();
    for (place, (page, action, _)) in forms(KNOWN).into_iter().enumerate() {
        let mut took = [Vec::new(), Vec::new(), Vec::new()];
        for round in 0..=ROUNDS {
            for (email, took) in [KNOWN, UNKNOWN, FORMER].into_iter().zip(&mut took) {
                let body = forms(email)[place].2.clone();
                let begun = Instant::now();
                site.submit(page, action, body).await.text().await.unwrap();
                // The first round warms things up.
                if round > 0 {
                    took.push(begun.elapsed());
                }
            }
        }
        let medians = took.map(|mut took| {
            took.sort_unstable();
            took[ROUNDS / 2]
        });
        let (less, more) = (medians.iter().min().unwrap(), medians.iter().max().unwrap());
        // A hash that is made for one and not for the other would be several times this.
        let margin = less.mul_f64(0.5).max(Duration::from_millis(10));
        assert!(
            *more - *less < margin,
            "{action}: with an account, without, with a former hash: {medians:?}"
        );
    }
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn one_signs_up_by_plain_forms_and_a_link(pool: PgPool) {
    let site = site(pool).await;
    let answer = site.submit("/sign-up", "/api/sign_up", sign_up(UNKNOWN)).await;
    assert_eq!((answer.status().as_u16(), header_of(&answer, "location")), (303, "/sign-up/sent".into()));
    assert!(!cookies(&answer).contains("session"), "nobody is signed in yet");
    let browser = cookies(&answer);
    site.world.do_jobs().await;
    let link = link_in(site.world.letters.to(UNKNOWN).last().unwrap());

    // The token leaves the address at once; looking, as programs do, uses nothing up.
    let mut kept = String::new();
    for _ in 0..2 {
        let followed = site.get(&format!("/sign-up/confirm?token={link}")).await;
        assert_eq!(header_of(&followed, "location"), "/sign-up/confirm");
        assert_eq!(followed.status(), 303);
        kept = cookies(&followed);
    }
    let cookie = format!("{browser}; {kept}");
    let page = site.get_with("/sign-up/confirm", &[(header::COOKIE, cookie.as_str())]).await;
    assert_eq!(header_of(&page, "cache-control"), "private, no-store");
    let page = page.text().await.unwrap();
    assert!(page.contains(UNKNOWN) && !page.contains(&link) && !page.contains("type=\"password\""));

    let confirm = |cookie: String| {
        site.post("/api/confirm_sign_up")
            .header(header::ACCEPT, "text/html")
            .header(header::ORIGIN, site.origin())
            .header(header::COOKIE, cookie)
            .send()
    };
    // In another browser a password is asked for, and the page says so.
    let elsewhere = confirm(kept).await.unwrap();
    assert_eq!(elsewhere.status(), 422);
    assert!(elsewhere.text().await.unwrap().contains("type=\"password\""));
    let entered = confirm(cookie.clone()).await.unwrap();
    assert_eq!((entered.status().as_u16(), header_of(&entered, "location")), (303, "/jobs?q=rust".into()));
    assert!(cookies(&entered).contains("eighth_session="));
    let again = confirm(cookie).await.unwrap();
    assert_eq!(again.status(), 409);
    assert!(again.text().await.unwrap().contains("does not work any more"));
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn a_forgotten_password_is_replaced_by_plain_forms_and_a_link(pool: PgPool) {
    let site = site(pool).await;
    site.submit("/forgotten", "/api/ask_reset", form(&[("form[email]", KNOWN)])).await;
    site.world.do_jobs().await;
    let link = link_in(site.world.letters.to(KNOWN).last().unwrap());
    let followed = site.get(&format!("/reset?token={link}")).await;
    assert_eq!(header_of(&followed, "location"), "/reset");
    let cookie = cookies(&followed);
    let send = async |password: &str| {
        site.post("/api/reset_password")
            .header(header::ACCEPT, "text/html")
            .header(header::ORIGIN, site.origin())
            .header(header::COOKIE, &cookie)
            .body(form(&[("form[password]", password)]))
            .send()
            .await
            .unwrap()
    };
    let weak = send("password1234").await;
    assert_eq!(weak.status(), 422);
    let weak = weak.text().await.unwrap();
    assert!(weak.contains("f-password-error") && !weak.contains("password1234"), "{weak}");
    let done = send("another good pass phrase").await;
    assert_eq!(done.status(), 303);
    assert!(cookies(&done).contains("eighth_session="));
    let old = form(&[("form[email]", KNOWN), ("form[password]", PASSWORD)]);
    assert_eq!(site.submit("/sign-in", "/api/sign_in", old).await.status(), 422);
    assert_eq!(send("a third good pass phrase").await.status(), 409);
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn a_token_that_is_none_is_kept_nowhere(pool: PgPool) {
    let site = site(pool).await;
    let followed = site.get("/reset?token=a%3B%20Domain%3Devil.example").await;
    assert_eq!((header_of(&followed, "location"), cookies(&followed)), ("/reset".into(), String::new()));
    for page in ["/reset", "/sign-up/confirm", "/account/email/confirm"] {
        let page = site.get(page).await;
        assert_eq!(page.status(), 200);
        assert!(page.text().await.unwrap().contains("does not work any more"));
    }
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn letters_are_to_be_read_in_a_demonstration_alone(pool: PgPool) {
    let site = site(pool.clone()).await;
    for page in ["/mailbox", "/mailbox/00000000-0000-7000-8000-000000000001"] {
        assert_eq!(site.get(page).await.status(), 404, "{page}");
    }
    assert!(!site.get("/forgotten?sent=1").await.text().await.unwrap().contains("/mailbox"));

    let dir = tempfile::tempdir().unwrap();
    let folder = Folder::open(dir.path().join("mail"), "8thDegree <mail@8thdegree.example>", 10).unwrap();
    let demo = Site::serving(World::with_mailbox(pool, folder).await, |_| {}).await;
    assert!(demo.get("/mailbox").await.text().await.unwrap().contains("No letters yet"));
    demo.submit("/forgotten", "/api/ask_reset", form(&[("form[email]", KNOWN)])).await;
    demo.world.do_jobs().await;
    assert!(demo.get("/forgotten?sent=1").await.text().await.unwrap().contains("href=\"/mailbox\""));
    let list = demo.get("/mailbox").await.text().await.unwrap();
    let (_, letter) = list.split_once("href=\"/mailbox/").unwrap();
    let letter = format!("/mailbox/{}", letter.split('"').next().unwrap());
    let letter = demo.get(&letter).await.text().await.unwrap();
    assert!(letter.contains("/reset?token="), "{letter}");
    assert_eq!(demo.get("/mailbox/00000000-0000-7000-8000-000000000001").await.status(), 404);
}
