//! Signing in with accounts at other sites: a real OpenID provider, and a stand-in for GitHub.

use chrono::TimeDelta;
use identity::external::{ProviderKind, ProviderSettings, Providers};
use serde_json::json;
use services::{Settings, accounts::external::External};
use sqlx::PgPool;
use test_support::World;

use crate::{
    site::{Site, header_of},
    stand_ins::StandIn,
    visitor::{Browser, CLIENT, SECRET},
};

pub const WITH_GITHUB: &str = "provider=github&next=%2Fjobs%3Fq%3Drust";
pub const WITH_ACME: &str = "provider=acme&next=%2Fjobs";
pub const JOIN: &str = "form%5Bdisplay_name%5D=Ada+Lovelace&form%5Bregion%5D=EU&form%5Bpurpose%5D=client";

/// A site that offers two others.
pub struct Setting {
    pub site: Site,
    pub github: StandIn,
    pub acme: StandIn,
}

pub fn settings(id: &str, label: &str, kind: ProviderKind) -> ProviderSettings {
    ProviderSettings {
        id: id.parse().unwrap(),
        label: label.into(),
        kind,
        client_id: CLIENT.into(),
        client_secret: SECRET.into(),
        scopes: Vec::new(),
        groups_claim: None,
        asks_again: true,
        trusts_addresses: false,
    }
}

impl Setting {
    pub async fn new(pool: PgPool) -> Self {
        Self::with(pool, |_, _| {}).await
    }

    /// With something else than usual, of Acme or of the site.
    pub async fn with(pool: PgPool, change: impl FnOnce(&mut ProviderSettings, &mut Settings)) -> Self {
        let (github, acme) = tokio::join!(StandIn::github(), StandIn::oidc(&["--claims", "token"]));
        let at_github =
            ProviderKind::Github { web: github.url.parse().unwrap(), api: github.url.parse().unwrap() };
        let mut at_acme = settings("acme", "Acme", ProviderKind::Oidc { issuer: acme.url.clone() });
        let world = World::with_settings(pool, |world| {
            change(&mut at_acme, world);
            let providers = Providers::new([settings("github", "GitHub", at_github), at_acme]).unwrap();
            world.external = External::new(providers);
        })
        .await;
        let site = Site::serving(world, |_| {}).await;
        let redirect = format!("{}/sign-in/with/acme/callback", site.origin());
        acme.control(
            "clients",
            json!([{ "client_id": CLIENT, "client_secret": SECRET, "redirect_uris": [redirect] }]),
        )
        .await;
        let setting = Self { site, github, acme };
        setting.tell_time().await;
        setting
    }

    /// The provider's clock shows what ours does.
    async fn tell_time(&self) {
        let ahead = (self.site.world.services.now() - chrono::Utc::now()).num_seconds();
        self.acme.control("clock", json!({ "ahead": ahead })).await;
    }

    pub async fn advance(&self, minutes: i64) {
        self.site.world.advance(TimeDelta::minutes(minutes));
        self.tell_time().await;
    }

    /// Who comes next from GitHub.
    pub async fn person_at_github(&self, id: u64, email: &str, verified: bool) {
        let user = json!({ "id": id, "login": format!("user{id}"), "name": "Somebody" });
        let emails = json!([{ "email": email, "primary": true, "verified": verified, "visibility": null }]);
        self.github.control("sign-in", json!({ "user": user, "emails": emails })).await;
    }

    pub async fn person_at_acme(&self, id: &str, email: &str) {
        let claims = json!({ "email": email, "email_verified": true, "name": "Somebody" });
        self.acme.control("account", json!({ "id": id, "claims": claims })).await;
        self.acme.control("sign-in", json!({ "account": id })).await;
    }

    /// Somebody who has joined with GitHub and has no password.
    pub async fn joined(&self) -> Browser {
        let mut browser = Browser::default();
        assert_eq!(browser.travel(&self.site, "/api/continue_with", WITH_GITHUB).await, "/sign-up/finish");
        let done = browser.submit(&self.site, "/sign-up/finish", "/api/finish_sign_up", JOIN).await;
        assert_eq!((done.status().as_u16(), header_of(&done, "location")), (303, "/jobs?q=rust".into()));
        browser
    }

    /// Somebody with a password, signed in.
    pub async fn member(&self, name: &str) -> Browser {
        Browser::signed_in(&self.site, &self.site.visitor(name, "client").await.cookie)
    }

    async fn who(&self, browser: &mut Browser) -> String {
        let html = browser.get(&self.site, "/account").await.text().await.unwrap();
        let (_, rest) = html.split_once("E-mail address</dt><dd>").unwrap_or(("", "<nobody>"));
        rest.split('<').next().unwrap().to_owned()
    }

    /// The identity that the page of connections offers to disconnect.
    pub async fn connected(&self, browser: &mut Browser) -> Vec<String> {
        let html = browser.get(&self.site, "/account/connections").await.text().await.unwrap();
        let forms = html.split("name=\"identity\" value=\"").skip(1);
        forms.map(|rest| rest.split('"').next().unwrap().to_owned()).collect()
    }

    pub async fn identities(&self) -> i64 {
        sqlx::query_scalar("select count(*) from auth.external_identities")
            .fetch_one(self.site.world.pool())
            .await
            .unwrap()
    }
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn somebody_new_joins_without_a_password_and_is_known_from_then_on(pool: PgPool) {
    let setting = Setting::new(pool).await;
    let site = &setting.site;
    let mut browser = Browser::default();
    let page = browser.get(site, "/sign-in").await.text().await.unwrap();
    assert!(page.contains("Continue with GitHub") && page.contains("Continue with Acme"));
    assert_eq!(browser.travel(site, "/api/continue_with", WITH_GITHUB).await, "/sign-up/finish");
    let form = browser.get(site, "/sign-up/finish").await.text().await.unwrap();
    assert!(form.contains("octocat@example.com") && form.contains("value=\"The Octocat\""), "{form}");
    let wrong =
        browser.submit(site, "/sign-up/finish", "/api/finish_sign_up", "form%5Bdisplay_name%5D=").await;
    assert_eq!(wrong.status(), 422);
    assert!(wrong.text().await.unwrap().contains("octocat@example.com"), "the form is still theirs");
    let done = browser.submit(site, "/sign-up/finish", "/api/finish_sign_up", JOIN).await;
    assert_eq!((done.status().as_u16(), header_of(&done, "location")), (303, "/jobs?q=rust".into()));
    assert_eq!(setting.who(&mut browser).await, "octocat@example.com");
    let verified: bool =
        sqlx::query_scalar("select email_verified_at is not null and password_hash is null from auth.users")
            .fetch_one(site.world.pool())
            .await
            .unwrap();
    assert!(verified, "GitHub has verified the address, and there is no password");
    // Whatever address they have there by now: they are known by their number.
    setting.person_at_github(583_231, "moved@example.com", true).await;
    let mut another = Browser::default();
    assert_eq!(another.travel(site, "/api/continue_with", WITH_GITHUB).await, "/jobs?q=rust");
    assert_eq!(setting.who(&mut another).await, "octocat@example.com");
    let again = browser.submit(site, "/sign-up/finish", "/api/finish_sign_up", JOIN).await;
    assert_eq!(again.status(), 409, "joining works once");
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn an_openid_provider_lets_people_in_and_may_change_its_keys(pool: PgPool) {
    let setting = Setting::new(pool).await;
    let site = &setting.site;
    let mut browser = Browser::default();
    assert_eq!(browser.travel(site, "/api/continue_with", WITH_ACME).await, "/sign-up/finish");
    browser.submit(site, "/sign-up/finish", "/api/finish_sign_up", JOIN).await;
    assert_eq!(setting.who(&mut browser).await, "ada@example.com");
    setting.acme.control("rotate-keys", json!({})).await;
    setting.advance(2).await;
    let mut another = Browser::default();
    assert_eq!(another.travel(site, "/api/continue_with", WITH_ACME).await, "/jobs");
    assert_eq!(setting.who(&mut another).await, "ada@example.com");
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn an_account_is_never_connected_because_of_an_address(pool: PgPool) {
    let setting = Setting::new(pool).await;
    let site = &setting.site;
    let mut ada = setting.member("Ada").await;
    setting.person_at_github(1, "ada@example.com", true).await;
    let mut stranger = Browser::default();
    let refused = stranger.travel(site, "/api/continue_with", WITH_GITHUB).await;
    assert_eq!(refused, "/sign-in?trouble=address_taken&with=github&next=%2Fjobs%3Fq%3Drust");
    let page = stranger.get(site, &refused).await.text().await.unwrap();
    assert!(page.contains("You have an account already") && page.contains("%2Fjobs%3Fq%3Drust"), "{page}");
    assert_eq!((setting.identities().await, setting.who(&mut stranger).await), (0, String::new()));
    // Its owner connects it.
    assert_eq!(ada.travel(site, "/api/connect", "provider=github").await, "/account/connections?connected=1");
    assert_eq!(setting.connected(&mut ada).await.len(), 1);
    assert_eq!(stranger.travel(site, "/api/continue_with", WITH_GITHUB).await, "/jobs?q=rust");
    assert_eq!(setting.who(&mut stranger).await, "ada@example.com");
    site.world.do_jobs().await;
    let told: Vec<_> = site.world.letters.to("ada@example.com").into_iter().map(|one| one.subject).collect();
    assert!(told.iter().any(|subject| subject == "Another way to sign in to your account"), "{told:?}");
    let log = ada.get(site, "/account/activity").await.text().await.unwrap();
    assert!(log.contains("Another site became a way to sign in"), "{log}");
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn an_address_that_nobody_verified_counts_for_nothing(pool: PgPool) {
    let setting = Setting::new(pool).await;
    setting.person_at_github(1, "ada@example.com", false).await;
    let mut browser = Browser::default();
    let refused = browser.travel(&setting.site, "/api/continue_with", WITH_GITHUB).await;
    assert!(refused.starts_with("/sign-in?trouble=no_address&with=github"), "{refused}");
    let claims = json!({ "email": "eve@example.com", "email_verified": false, "name": "Eve" });
    setting.acme.control("account", json!({ "id": "eve", "claims": claims })).await;
    setting.acme.control("sign-in", json!({ "account": "eve" })).await;
    let refused = browser.travel(&setting.site, "/api/continue_with", WITH_ACME).await;
    assert!(refused.starts_with("/sign-in?trouble=no_address&with=acme"), "{refused}");
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn an_address_that_the_operator_answers_for_counts_unless_it_is_called_unverified(pool: PgPool) {
    let setting = Setting::with(pool, |acme, _| acme.trusts_addresses = true).await;
    let site = &setting.site;
    let come = async |id: &str, claims| {
        setting.acme.control("account", json!({ "id": id, "claims": claims })).await;
        setting.acme.control("sign-in", json!({ "account": id })).await;
        let mut browser = Browser::default();
        let led = browser.travel(site, "/api/continue_with", WITH_ACME).await;
        (browser, led)
    };
    let (_, refused) = come("eve", json!({ "email": "eve@example.com", "email_verified": false })).await;
    assert!(refused.starts_with("/sign-in?trouble=no_address&with=acme"), "{refused}");
    let (_, refused) = come("nobody", json!({ "name": "Nobody" })).await;
    assert!(refused.starts_with("/sign-in?trouble=no_address&with=acme"), "{refused}");
    let (mut ada, led) = come("ada", json!({ "email": "ada@example.com", "name": "Ada" })).await;
    assert_eq!(led, "/sign-up/finish");
    let done = ada.submit(site, "/sign-up/finish", "/api/finish_sign_up", JOIN).await;
    assert_eq!(done.status(), 303);
    assert_eq!(setting.who(&mut ada).await, "ada@example.com");
    // An account that is there is connected by its owner, as ever.
    site.visitor("Bo", "client").await;
    let (_, refused) = come("bo", json!({ "email": "bo@example.com" })).await;
    assert!(refused.starts_with("/sign-in?trouble=address_taken&with=acme"), "{refused}");
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn who_joins_is_not_asked_whether_it_is_them_and_neither_when_they_come_back_at_once(pool: PgPool) {
    let setting = Setting::with(pool, |_, settings| settings.confirm_new_browsers = true).await;
    let site = &setting.site;
    let mut ada = setting.joined().await;
    assert_eq!(setting.who(&mut ada).await, "octocat@example.com");
    assert_eq!(ada.submit(site, "/account", "/api/sign_out", "").await.status(), 303);
    assert_eq!(setting.who(&mut ada).await, "");
    assert_eq!(ada.travel(site, "/api/continue_with", WITH_GITHUB).await, "/jobs?q=rust");
    let elsewhere = Browser::default().travel(site, "/api/continue_with", WITH_GITHUB).await;
    assert_eq!(elsewhere, "/sign-in/second?next=%2Fjobs%3Fq%3Drust");
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn an_answer_counts_once_and_in_the_browser_that_began(pool: PgPool) {
    let setting = Setting::new(pool).await;
    let site = &setting.site;
    setting.joined().await;
    let mut browser = Browser::default();
    let url = browser.leave(site, "/api/continue_with", WITH_GITHUB).await;
    let back = browser.agree(site, &url).await;
    // Somebody else's browser: without a cookie, and with that of a flow of its own.
    let mut other = Browser::default();
    assert!(header_of(&other.get(site, &back).await, "location").starts_with("/sign-in?trouble=lost"));
    other.leave(site, "/api/continue_with", WITH_GITHUB).await;
    let before = browser.clone();
    assert!(header_of(&other.get(site, &back).await, "location").starts_with("/sign-in?trouble=lost"));
    for wrong in ["", "?state=x", "?code=a&code=b", "?error=access_denied"] {
        let answer = browser.get(site, &format!("/sign-in/with/github/callback{wrong}")).await;
        assert!(header_of(&answer, "location").starts_with("/sign-in?trouble=lost"), "{wrong}");
    }
    let answer = browser.get(site, &back).await;
    assert_eq!(header_of(&answer, "location"), "/jobs?q=rust", "none of that has spoilt it");
    assert!(!browser.cookies(&site.host).contains("eighth_flow"), "the cookie is gone");
    let mut again = before;
    assert!(header_of(&again.get(site, &back).await, "location").starts_with("/sign-in?trouble=expired"));
    assert!(setting.who(&mut again).await.is_empty());
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn the_answer_of_one_site_is_not_taken_for_that_of_another(pool: PgPool) {
    let setting = Setting::new(pool).await;
    let site = &setting.site;
    setting.joined().await;
    let mut browser = Browser::default();
    let url = browser.leave(site, "/api/continue_with", WITH_GITHUB).await;
    assert!(url.as_str().contains("with%2Fgithub%2Fcallback"), "each has an address of its own: {url}");
    let back = browser.agree(site, &url).await.replace("/github/", "/acme/");
    assert!(header_of(&browser.get(site, &back).await, "location").starts_with("/sign-in?trouble=lost"));
    assert!(setting.who(&mut browser).await.is_empty());
    let url = browser.leave(site, "/api/continue_with", WITH_ACME).await;
    let back = browser.agree(site, &url).await;
    assert!(back.contains("iss="), "{back}");
    let named = format!("{}&iss=https%3A%2F%2Fevil.example", back.split("&iss=").next().unwrap());
    assert!(header_of(&browser.get(site, &named).await, "location").starts_with("/sign-in?trouble=lost"));
    assert_eq!(browser.get(site, "/sign-in/with/nobody/callback?state=x").await.status(), 404);
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn who_is_late_or_says_no_is_told_what_to_do(pool: PgPool) {
    let setting = Setting::new(pool).await;
    let site = &setting.site;
    let mut browser = Browser::default();
    let url = browser.leave(site, "/api/continue_with", WITH_GITHUB).await;
    let back = browser.agree(site, &url).await;
    setting.advance(11).await;
    let late = header_of(&browser.get(site, &back).await, "location");
    assert!(late.starts_with("/sign-in?trouble=expired"), "{late}");
    assert!(browser.get(site, &late).await.text().await.unwrap().contains("Please begin once more"));
    setting.acme.control("sign-in", json!({ "error": "access_denied" })).await;
    let declined = browser.travel(site, "/api/continue_with", WITH_ACME).await;
    assert_eq!(declined, "/sign-in?trouble=declined&with=acme&next=%2Fjobs");
    assert!(browser.get(site, &declined).await.text().await.unwrap().contains("You did not agree at Acme."));
    let unknown = browser.get(site, "/sign-in?trouble=%3Cscript%3E&with=acme").await.text().await.unwrap();
    assert!(!unknown.contains("<script>"), "{unknown}");
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn a_site_that_does_not_answer_is_called_so_on_the_page(pool: PgPool) {
    let Setting { site, acme, .. } = Setting::new(pool).await;
    drop(acme);
    let mut browser = Browser::default();
    let refused = browser.submit(&site, "/sign-in?next=%2Fjobs", "/api/continue_with", WITH_ACME).await;
    assert_eq!(refused.status(), 409);
    assert!(refused.text().await.unwrap().contains("That site does not answer at present."));
    let unknown = browser.submit(&site, "/sign-in", "/api/continue_with", "provider=nobody").await;
    assert_eq!(unknown.status(), 404);
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn afterwards_one_is_led_to_pages_of_this_site_alone(pool: PgPool) {
    let setting = Setting::new(pool).await;
    setting.joined().await;
    let mut browser = Browser::default();
    let away = "provider=github&next=https%3A%2F%2Fevil.example";
    assert_eq!(browser.travel(&setting.site, "/api/continue_with", away).await, "/");
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn whoever_is_suspended_does_not_come_in_from_elsewhere(pool: PgPool) {
    let setting = Setting::new(pool).await;
    let site = &setting.site;
    setting.joined().await;
    sqlx::query("update auth.users set status = 'suspended', suspended_at = now()")
        .execute(site.world.pool())
        .await
        .unwrap();
    let mut browser = Browser::default();
    let url = browser.leave(site, "/api/continue_with", WITH_GITHUB).await;
    let back = browser.agree(site, &url).await;
    let refused = browser.get(site, &back).await;
    assert_eq!(refused.status(), 409);
    assert!(refused.text().await.unwrap().contains("suspended"));
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn nothing_secret_of_a_flow_is_readable_in_the_database(pool: PgPool) {
    let setting = Setting::new(pool).await;
    let mut browser = Browser::default();
    let url = browser.leave(&setting.site, "/api/continue_with", WITH_ACME).await;
    let sealed: Vec<u8> = sqlx::query_scalar("select flow_sealed from auth.external_flows")
        .fetch_one(setting.site.world.pool())
        .await
        .unwrap();
    let text = String::from_utf8_lossy(&sealed);
    for (name, value) in url.query_pairs().filter(|(name, _)| name == "state" || name == "nonce") {
        assert!(!text.contains(&*value), "{name}");
    }
    assert!(!text.contains("verifier") && !text.contains("127.0.0.1"), "{text}");
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn another_site_does_not_go_round_the_second_factor(pool: PgPool) {
    let setting = Setting::new(pool).await;
    let site = &setting.site;
    let mut ada = setting.joined().await;
    sqlx::query(
        "insert into auth.passkeys (id, user_id, credential_id, passkey, name, created_at)
         select gen_random_uuid(), id, '\\x01', '{}', 'Key', now() from auth.users",
    )
    .execute(site.world.pool())
    .await
    .unwrap();
    let mut browser = Browser::default();
    let due = browser.travel(site, "/api/continue_with", WITH_GITHUB).await;
    assert_eq!(due, "/sign-in/second?next=%2Fjobs%3Fq%3Drust");
    assert!(setting.who(&mut browser).await.is_empty(), "one factor is not enough");
    setting.advance(11).await;
    let page = ada.get(site, "/confirm?next=%2Faccount").await.text().await.unwrap();
    assert!(!page.contains("Confirm with GitHub"));
    let refused = ada.submit(site, "/confirm", "/api/confirm_with", "provider=github").await;
    assert_eq!(refused.status(), 409);
    assert!(refused.text().await.unwrap().contains("Confirm with that"));
    assert_eq!(ada.get(site, "/account/password").await.status(), 303);
}
