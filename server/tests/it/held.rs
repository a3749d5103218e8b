//! Forms that wait until their sender has proved who they are: nothing is lost, nothing is done unseen.

use app::access::DOORS;
use chrono::TimeDelta;
use domain::{TokenId, role::Role};
use reqwest::header;
use sqlx::PgPool;

use crate::{
    site::{Site, header_of},
    visitor::Browser,
};

const NOTHING_DONE: &str = "Nothing has been changed yet.";

/// What the hidden fields of the form for `action` on a page say, as a browser would send them.
fn fields_of(html: &str, action: &str) -> String {
    let (_, form) = html.split_once(&format!("action=\"{action}\"")).expect("the form is there");
    let (form, _) = form.split_once("</form>").unwrap();
    let fields = form.split("<input type=\"hidden\"").skip(1).map(|field| {
        let of = |name: &str| {
            let (_, rest) = field.split_once(&format!("{name}=\"")).unwrap();
            let value = rest.split_once('"').unwrap().0;
            value.replace("&quot;", "\"").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
        };
        (of("name"), of("value"))
    });
    let mut body = url::form_urlencoded::Serializer::new(String::new());
    body.extend_pairs(fields).finish()
}

/// Ada, who confirmed who she is more than ten minutes ago.
async fn stale(site: &Site) -> Browser {
    let ada = site.visitor("Ada", "client").await;
    site.world.advance(TimeDelta::minutes(11));
    Browser::signed_in(site, &ada.cookie)
}

fn password() -> String {
    format!("&password={}", test_support::PASSWORD.replace(' ', "+"))
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn what_was_typed_outlives_the_proof_and_is_sent_by_a_button(pool: PgPool) {
    let site = Site::new(pool).await;
    let mut ada = stale(&site).await;
    let body = "form%5Bemail%5D=new%2Bada%40example.com&form%5Bpassword%5D=hush";
    let refused = ada.submit(&site, "/account/email", "/api/ask_email_change", body).await;
    assert_eq!(
        (refused.status().as_u16(), header_of(&refused, "cache-control").as_str()),
        (403, "private, no-store")
    );
    let html = refused.text().await.unwrap();
    assert!(html.contains(NOTHING_DONE) && html.contains("Is it you, Ada?"), "{html}");
    assert!(!html.contains("hush"), "no secret is on it: {html}");

    let fields = fields_of(&html, "/api/confirm");
    let wrong =
        ada.submit(&site, "/api/ask_email_change", "/api/confirm", &format!("{fields}&password=no")).await;
    assert_eq!(wrong.status(), 422);
    let html = wrong.text().await.unwrap();
    assert!(html.contains(NOTHING_DONE), "{html}");
    let fields = fields_of(&html, "/api/confirm");

    let right = ada.submit(&site, "/api/confirm", "/api/confirm", &(fields + &password())).await;
    assert_eq!(right.status(), 200);
    assert!(right.headers().contains_key(header::SET_COOKIE), "the proof goes with the session");
    let html = right.text().await.unwrap();
    assert!(html.contains("Change your e-mail address") && html.contains("new+ada@example.com"), "{html}");
    assert!(html.contains("Send it now") && html.contains(NOTHING_DONE) && !html.contains("hush"), "{html}");

    let fields = fields_of(&html, "/api/ask_email_change");
    let sent = ada.submit(&site, "/api/confirm", "/api/ask_email_change", &fields).await;
    assert_eq!((sent.status().as_u16(), header_of(&sent, "location").as_str()), (303, "/account/email"));
    assert!(ada.get(&site, "/account/email").await.text().await.unwrap().contains("new+ada@example.com"));
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn whatever_is_to_ask_for_a_proof_does_and_says_that_nothing_was_done(pool: PgPool) {
    let site = Site::new(pool).await;
    let mut ada = stale(&site).await;
    // Only whoever may come in is asked for a proof, and administrators with a second factor alone do.
    let every_door = "with roles as (
             insert into auth.user_roles select id, unnest($1::text[]) from auth.users
         ) update auth.sessions set second_factor = 'totp'";
    let roles = [Role::Freelancer, Role::Superadmin].map(|role| role.as_str().to_owned());
    sqlx::query(every_door).bind(roles.as_slice()).execute(site.world.pool()).await.unwrap();
    let mut wrong = Vec::new();
    for door in DOORS.iter().filter(|door| door.method == "POST" && !door.path.starts_with("/api/v1/")) {
        if matches!(door.path, "/api/sign_out" | "/account/picture") {
            continue;
        }
        let program = site.post(door.path).header(header::ORIGIN, site.origin());
        let program =
            program.header(header::COOKIE, ada.cookies(&site.host)).body(door.form).send().await.unwrap();
        let asks = program.text().await.unwrap().contains("\"proof_needed\"");
        // What leads to another site asks once there is one; the tests of those sites look at it.
        let elsewhere = matches!(door.path, "/api/connect" | "/api/try_organisation_issuer");
        if asks != door.proof && !elsewhere {
            wrong.push(door.path);
        }
        if !asks {
            continue;
        }
        let answer = ada.submit(&site, "/account/devices", door.path, door.form).await;
        let (status, to) = (answer.status().as_u16(), header_of(&answer, "location"));
        let says_so = match status {
            303 => to == "/confirm?next=%2Faccount%2Fdevices%3Funsent%3D1",
            _ => answer.text().await.unwrap().contains(NOTHING_DONE),
        };
        assert!(says_so, "{}: {status} {to}", door.path);
    }
    assert!(wrong.is_empty(), "the list of doors says otherwise of {wrong:?}");
    let page = ada.get(&site, "/account/devices?unsent=1").await.text().await.unwrap();
    assert!(page.contains("Nothing has been changed yet. Please send the form again."), "{page}");
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn nothing_is_sent_with_a_proof_that_its_sender_has_not_seen(pool: PgPool) {
    let site = Site::new(pool).await;
    let mut ada = stale(&site).await;
    let confirm = |action: &str, fields: &str| {
        let mut body = url::form_urlencoded::Serializer::new(String::new());
        body.extend_pairs([("next", "/account"), ("held[action]", action), ("held[fields]", fields)]);
        body.finish() + &password()
    };
    let foreign = site.post("/api/confirm").header(header::ORIGIN, "https://evil.example");
    let foreign = foreign.header(header::COOKIE, ada.cookies(&site.host));
    let foreign = foreign.body(confirm("/api/delete_account", "understood=true")).send().await.unwrap();
    assert_eq!(foreign.status(), 403, "from elsewhere none comes");
    for action in
        ["https://evil.example", "//evil.example", "/api/change_password", "/api/close_job", "/api/confirm"]
    {
        let led_on = ada.submit(&site, "/confirm", "/api/confirm", &confirm(action, "a=b")).await;
        assert_eq!(
            (led_on.status().as_u16(), header_of(&led_on, "location").as_str()),
            (303, "/account"),
            "{action}"
        );
    }
    let fields = "understood=true&password=hush&x=%22%3E%3Cscript%3E";
    let shown = ada.submit(&site, "/confirm", "/api/confirm", &confirm("/api/delete_account", fields)).await;
    let html = shown.text().await.unwrap();
    assert!(html.contains("Delete your account, for good"), "{html}");
    assert!(!html.contains("hush") && !html.contains("\"><script>"), "{html}");
    assert_eq!(ada.get(&site, "/account").await.status(), 200, "and nothing was done");
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn a_form_with_a_secret_comes_back_to_be_completed(pool: PgPool) {
    let site = Site::new(pool).await;
    let mut ada = stale(&site).await;
    let body = "form%5Bname%5D=Acme";
    let held = ada.submit(&site, "/account/organisation", "/api/create_organisation", body).await;
    let fields = fields_of(&held.text().await.unwrap(), "/api/confirm");
    let now = ada.submit(&site, "/confirm", "/api/confirm", &(fields + &password())).await;
    let fields = fields_of(&now.text().await.unwrap(), "/api/create_organisation");
    let made = ada.submit(&site, "/api/confirm", "/api/create_organisation", &fields).await;
    assert_eq!(made.status(), 303);
    site.world.advance(TimeDelta::minutes(11));

    let body = "form%5Bissuer%5D=https%3A%2F%2Flogin.acme.example&form%5Bclient_id%5D=8th&form%5Bclient_secret%5D=hush";
    let held = ada.submit(&site, "/account/organisation", "/api/set_organisation_issuer", body).await;
    let html = held.text().await.unwrap();
    assert!(html.contains(NOTHING_DONE) && !html.contains("hush"), "{html}");
    let fields = fields_of(&html, "/api/confirm");
    let back = ada.submit(&site, "/confirm", "/api/confirm", &(fields + &password())).await;
    let html = back.text().await.unwrap();
    assert!(html.contains("https://login.acme.example") && html.contains("value=\"8th\""), "{html}");
    assert!(html.contains("We did not keep the client secret") && !html.contains("hush"), "{html}");
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn a_page_with_a_new_token_can_be_loaded_again(pool: PgPool) {
    let site = Site::new(pool).await;
    let ada = site.visitor("Ada", "client").await;
    let mut browser = Browser::signed_in(&site, &ada.cookie);
    let form = browser.get(&site, "/account/tokens/new").await.text().await.unwrap();
    let body = fields_of(&form, "/api/create_token")
        + "&form%5Bname%5D=Ledger&form%5Bscopes%5D%5B%5D=jobs%3Aread&form%5Bdays%5D=30";
    let made = browser.submit(&site, "/account/tokens/new", "/api/create_token", &body).await;
    assert!(made.text().await.unwrap().contains("8th_pat_"));
    let again = browser.submit(&site, "/account/tokens/new", "/api/create_token", &body).await;
    assert_eq!(again.status(), 409);
    let html = again.text().await.unwrap();
    assert!(html.contains("has made its token already"), "{html}");
    let (_, before) = body.split_once("token=").unwrap();
    let before: TokenId = before.split_once('&').unwrap().0.parse().unwrap();
    assert!(!html.contains(&before.to_string()), "another one can be made: {html}");
    let tokens = services::tokens::list(&site.world.services, &ada.who).await.unwrap();
    assert_eq!(tokens.len(), 1);
}
