//! Organisations whose people come in by an issuer of their own: a real OpenID provider.

use identity::external::Providers;
use serde_json::{Value, json};
use services::{Settings, accounts::external::External, jobs};
use sqlx::PgPool;
use test_support::{World, database_job, enter};

use crate::{
    site::{Site, header_of},
    stand_ins::StandIn,
    visitor::{Browser, CLIENT, SECRET},
};

pub const PAGE: &str = "/account/organisation";

pub struct Setting {
    pub site: Site,
    pub acme: StandIn,
    /// Whoever sets the organisation up: `mina@example.com`.
    pub mina: Browser,
}

pub fn by_organisation(email: &str) -> String {
    format!("form%5Bemail%5D={email}&form%5Bnext%5D=%2Fjobs")
}

/// What stands as the value of the control with this id.
fn value(html: &str, id: &str) -> String {
    let (_, rest) = html.split_once(&format!("id=\"{id}\"")).expect(id);
    let (_, rest) = rest.split_once("value=\"").unwrap();
    rest.split('"').next().unwrap().to_owned()
}

impl Setting {
    /// A site where `example.com` is proved to be Acme's, and its issuer is set up.
    pub async fn new(pool: PgPool) -> Self {
        Self::with(pool, Providers::default(), |_| {}).await
    }

    pub async fn with(pool: PgPool, providers: Providers, change: impl FnOnce(&mut Settings)) -> Self {
        let acme = StandIn::oidc(&["--claims", "token"]).await;
        let world = World::with_settings(pool, |settings| {
            settings.external = External::new(providers).with_local_issuers();
            change(settings);
        });
        let site = Site::serving(world.await, |_| {}).await;
        let ahead = (site.world.services.now() - chrono::Utc::now()).num_seconds();
        acme.control("clock", json!({ "ahead": ahead })).await;
        let mina = Browser::signed_in(&site, &site.visitor("Mina", "client").await.cookie);
        let mut setting = Self { site, acme, mina };
        setting.act("create_organisation", "form%5Bname%5D=Acme+Works", "created").await;
        setting.act("add_organisation_domain", "form%5Bdomain%5D=example.com", "domain_added").await;
        let page = setting.page().await;
        let (name, text) = (value(&page, "record-name-0"), value(&page, "record-text-0"));
        setting.site.world.records.publish(&name, &text);
        setting.act("prove_organisation_domain", "domain=example.com", "domain_proved").await;
        let redirect = value(&page, "callback");
        setting
            .acme
            .control(
                "clients",
                json!([{ "client_id": CLIENT, "client_secret": SECRET, "redirect_uris": [redirect] }]),
            )
            .await;
        setting.set_issuer("").await;
        setting
    }

    pub async fn page(&mut self) -> String {
        self.mina.get(&self.site, PAGE).await.text().await.unwrap()
    }

    /// Something that whoever sets it up does, and succeeds in.
    async fn act(&mut self, action: &str, body: &str, done: &str) {
        let sent = self.mina.submit(&self.site, PAGE, &format!("/api/{action}"), body).await;
        let led = header_of(&sent, "location");
        assert_eq!(led, format!("{PAGE}?done={done}"), "{action}: {}", sent.text().await.unwrap());
    }

    pub async fn set_issuer(&mut self, more: &str) {
        let issuer = self.acme.url.replace(':', "%3A").replace('/', "%2F");
        let form = format!(
            "form%5Bissuer%5D={issuer}&form%5Bclient_id%5D={CLIENT}&form%5Bclient_secret%5D={SECRET}\
             &form%5Bgroups_claim%5D=groups&form%5Bscopes%5D=groups&form%5Bclients%5D=buyers\
             &form%5Bfreelancers%5D=makers{more}"
        );
        self.act("set_organisation_issuer", &form, "issuer_set").await;
    }

    /// Who comes next from the issuer.
    pub async fn person(&self, id: &str, claims: Value) {
        self.acme.control("account", json!({ "id": id, "claims": claims })).await;
        self.acme.control("sign-in", json!({ "account": id })).await;
    }

    pub async fn buyer(&self, id: &str, email: &str) {
        self.person(id, json!({ "email": email, "name": "Ada Byron", "groups": ["buyers"] })).await;
    }

    pub async fn require(&mut self) {
        self.buyer("mina", "mina@example.com").await;
        let tried = self.mina.travel(&self.site, "/api/try_organisation_issuer", "").await;
        assert_eq!(tried, format!("{PAGE}?done=tried"));
        self.act("require_organisation_issuer", "required=true", "required").await;
    }

    pub async fn who(&self, browser: &mut Browser) -> String {
        let html = browser.get(&self.site, "/account").await.text().await.unwrap();
        let (_, rest) = html.split_once("E-mail address</dt><dd>").unwrap_or(("", "<nobody>"));
        rest.split('<').next().unwrap().to_owned()
    }

    pub async fn roles(&self, email: &str) -> Vec<String> {
        sqlx::query_scalar(
            "select role from auth.user_roles r join auth.users u on u.id = r.user_id where email = $1 order by role",
        )
        .bind(email)
        .fetch_all(self.site.world.pool())
        .await
        .unwrap()
    }

    pub async fn come(&self, browser: &mut Browser, email: &str) -> String {
        browser.travel(&self.site, "/api/continue_with_organisation", &by_organisation(email)).await
    }
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn an_organisations_people_come_in_by_its_issuer_and_their_roles_follow_their_groups(pool: PgPool) {
    let mut setting = Setting::new(pool).await;
    setting.require().await;
    let mut ada = Browser::default();
    setting.buyer("ada", "ada@example.com").await;
    assert_eq!(setting.come(&mut ada, "ada@example.com").await, "/jobs");
    assert_eq!(setting.who(&mut ada).await, "ada@example.com");
    assert_eq!(setting.roles("ada@example.com").await, ["user_client"]);
    let (without_password, verified): (bool, bool) = sqlx::query_as(
        "select password_hash is null, email_verified_at is not null from auth.users where email = 'ada@example.com'",
    )
    .fetch_one(setting.site.world.pool())
    .await
    .unwrap();
    assert!(without_password && verified);
    // Known by who she is there, whatever her address is by now; and her roles are those of today.
    let moved = json!({ "email": "byron@example.com", "name": "Ada", "groups": ["makers", "others"] });
    setting.person("ada", moved).await;
    let mut again = Browser::default();
    assert_eq!(setting.come(&mut again, "anybody@example.com").await, "/jobs");
    assert_eq!(setting.who(&mut again).await, "ada@example.com");
    assert_eq!(setting.roles("ada@example.com").await, ["user_freelancer"]);
    let log = again.get(&setting.site, "/account/activity").await.text().await.unwrap();
    assert!(log.contains("Your organisation changed what you do here"), "{log}");
    // A group that makes administrators exists nowhere.
    setting.person("ada", json!({ "email": "ada@example.com", "groups": ["admin", "superadmin"] })).await;
    let refused = setting.come(&mut Browser::default(), "ada@example.com").await;
    assert!(refused.starts_with("/sign-in?trouble=no_group"), "{refused}");
    // Whoever sets it up comes in all the same.
    setting.person("mina", json!({ "email": "mina@example.com", "groups": [] })).await;
    let mut mina = Browser::default();
    assert_eq!(setting.come(&mut mina, "mina@example.com").await, "/jobs");
    assert_eq!(setting.who(&mut mina).await, "mina@example.com");
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn who_leaves_a_group_leaves_the_market_and_takes_no_role_up_alone(pool: PgPool) {
    let setting = Setting::new(pool).await;
    let world = &setting.site.world;
    let s = &world.services;
    let (ada, _) = enter(s, "Ada", "ada@example.com", "client").await;
    let job = world.post(&ada, &database_job()).await;
    let makers = json!({ "email": "ada@example.com", "email_verified": true, "groups": ["makers"] });
    setting.person("ada", makers).await;
    let mut browser = Browser::default();
    assert_eq!(setting.come(&mut browser, "ada@example.com").await, "/jobs");
    assert_eq!(setting.roles("ada@example.com").await, ["user_freelancer"]);
    assert!(jobs::view(s, None, job).await.is_err(), "who hires no more has no open jobs");
    // She cannot give herself back what her organisation took.
    let form = "form%5Bdisplay_name%5D=Ada&form%5Bregion%5D=EU&form%5Bpurpose%5D=both";
    let refused = browser.submit(&setting.site, "/account", "/api/save_account", form).await;
    assert_eq!(refused.status(), 422);
    assert!(refused.text().await.unwrap().contains("Your organisation decides what you do here"));
    assert_eq!(setting.roles("ada@example.com").await, ["user_freelancer"]);
    // With the group her jobs come back.
    setting.buyer("ada", "ada@example.com").await;
    assert_eq!(setting.come(&mut Browser::default(), "ada@example.com").await, "/jobs");
    assert!(jobs::view(s, None, job).await.is_ok());
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn a_refused_form_still_tells_the_whole_redirect_address(pool: PgPool) {
    let mut setting = Setting::new(pool).await;
    let sent =
        setting.mina.submit(&setting.site, PAGE, "/api/set_organisation_issuer", "form%5Bissuer%5D=").await;
    assert_eq!(sent.status(), 422);
    let callback = value(&sent.text().await.unwrap(), "callback");
    assert!(callback.starts_with(&setting.site.origin()), "{callback}");
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn an_issuer_vouches_for_addresses_of_its_organisation_and_for_no_others(pool: PgPool) {
    let setting = Setting::new(pool).await;
    setting.site.visitor("Ada", "client").await;
    for (claims, trouble) in [
        (json!({ "email": "victim@elsewhere.example", "groups": ["buyers"] }), "foreign_address"),
        (json!({ "email": "victim@sub.example.com", "groups": ["buyers"] }), "foreign_address"),
        (json!({ "email": "ada@example.com", "email_verified": false, "groups": ["buyers"] }), "no_address"),
        (json!({ "groups": ["buyers"] }), "no_address"),
    ] {
        setting.person("eve", claims.clone()).await;
        let mut browser = Browser::default();
        let refused = setting.come(&mut browser, "eve@example.com").await;
        assert!(refused.starts_with(&format!("/sign-in?trouble={trouble}")), "{claims}: {refused}");
        assert_eq!(setting.who(&mut browser).await, "");
        let page = browser.get(&setting.site, &refused).await;
        assert_eq!(page.status(), 200);
    }
    // An account that has left for another address is its owner's alone.
    setting.buyer("ada", "ada@example.com").await;
    assert_eq!(setting.come(&mut Browser::default(), "ada@example.com").await, "/jobs");
    sqlx::query("update auth.users set email = 'ada@home.example' where email = 'ada@example.com'")
        .execute(setting.site.world.pool())
        .await
        .unwrap();
    let refused = setting.come(&mut Browser::default(), "ada@example.com").await;
    assert!(refused.starts_with("/sign-in?trouble=foreign_address"), "{refused}");
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn what_was_begun_with_a_former_issuer_is_not_finished_with_the_next(pool: PgPool) {
    let mut setting = Setting::new(pool).await;
    let other = StandIn::oidc(&["--claims", "token"]).await;
    setting.buyer("ada", "ada@example.com").await;
    let mut browser = Browser::default();
    let body = by_organisation("ada@example.com");
    let url = browser.leave(&setting.site, "/api/continue_with_organisation", &body).await;
    let back = browser.agree(&setting.site, &url).await;
    let former = std::mem::replace(&mut setting.acme, other);
    setting.set_issuer("").await;
    let refused = header_of(&browser.get(&setting.site, &back).await, "location");
    assert!(refused.starts_with("/sign-in?trouble=lost"), "{refused}");
    drop(former);
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn who_comes_by_the_issuer_confirms_there_that_it_is_them(pool: PgPool) {
    let setting = Setting::new(pool).await;
    let site = &setting.site;
    setting.buyer("ada", "ada@example.com").await;
    let mut ada = Browser::default();
    setting.come(&mut ada, "ada@example.com").await;
    site.world.advance(chrono::TimeDelta::minutes(11));
    let ahead = (site.world.services.now() - chrono::Utc::now()).num_seconds();
    setting.acme.control("clock", json!({ "ahead": ahead })).await;
    let page = ada.get(site, "/confirm?next=%2Faccount%2Fpassword").await.text().await.unwrap();
    assert!(page.contains("Confirm with Acme Works"), "{page}");
    let (_, rest) = page.split_once("name=\"provider\" value=\"").unwrap();
    let provider = rest.split('"').next().unwrap();
    let body = format!("provider={provider}&next=%2Faccount%2Fpassword");
    let url = ada.leave(site, "/api/confirm_with", &body).await;
    assert!(url.as_str().contains("prompt=login"), "{url}");
    let back = ada.agree(site, &url).await;
    assert_eq!(header_of(&ada.get(site, &back).await, "location"), "/account/password");
    assert_eq!(ada.get(site, "/account/password").await.status(), 200, "the proof is fresh");
}
