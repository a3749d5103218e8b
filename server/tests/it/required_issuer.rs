//! An organisation that lets its people in by its issuer alone.

use identity::external::{ProviderKind, Providers};
use serde_json::json;
use services::Settings;
use sqlx::PgPool;
use test_support::PASSWORD;

use crate::{
    external::settings,
    organisation::{PAGE, Setting, by_organisation},
    site::header_of,
    stand_ins::StandIn,
    visitor::Browser,
};

fn by_password(email: &str, password: &str) -> String {
    let password = password.replace(' ', "+");
    format!("form%5Bemail%5D={email}&form%5Bpassword%5D={password}&form%5Bnext%5D=%2Fjobs")
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn an_address_of_a_required_domain_leads_on_to_the_issuer_whether_or_not_it_has_an_account(
    pool: PgPool,
) {
    let mut setting = Setting::new(pool).await;
    setting.site.visitor("Ada", "client").await;
    setting.require().await;
    let site = &setting.site;
    let mut led = Vec::new();
    for (email, password) in [
        ("ada@example.com", PASSWORD),
        ("ada@example.com", "not her password"),
        ("ada@example.com", ""),
        ("nobody@example.com", PASSWORD),
        ("nobody@example.com", ""),
    ] {
        let mut browser = Browser::default();
        let sent = browser.submit(site, "/sign-in", "/api/sign_in", &by_password(email, password)).await;
        let location = header_of(&sent, "location");
        assert!(location.starts_with("/sign-in/with/"), "{email} {password}: {location}");
        led.push((sent.status(), location));
    }
    assert!(led.windows(2).all(|pair| pair[0] == pair[1]), "{led:?}");
    // The account that was there is hers, for the address is the organisation's.
    setting.buyer("ada", "ada@example.com").await;
    let mut ada = Browser::default();
    assert_eq!(ada.travel(site, "/api/sign_in", &by_password("ada@example.com", "")).await, "/jobs");
    assert_eq!(setting.who(&mut ada).await, "ada@example.com");
    site.world.do_jobs().await;
    let told: Vec<_> = site.world.letters.to("ada@example.com").into_iter().map(|one| one.subject).collect();
    assert!(told.iter().any(|subject| subject == "Another way to sign in to your account"), "{told:?}");
    let page = ada.get(site, "/account/connections").await.text().await.unwrap();
    assert!(page.contains("Acme Works") && page.contains("Your organisation"), "{page}");
    // Somebody else there with her address does not get her account.
    setting.buyer("impostor", "ada@example.com").await;
    let refused = setting.come(&mut Browser::default(), "ada@example.com").await;
    assert!(refused.starts_with("/sign-in?trouble=has_one"), "{refused}");
    for (page, action, body) in [
        ("/forgotten", "/api/ask_reset", by_organisation("ada@example.com")),
        ("/forgotten", "/api/ask_reset", by_organisation("nobody@example.com")),
    ] {
        let sent = Browser::default().submit(site, page, action, &body).await;
        assert_eq!(sent.status(), 409);
        assert!(sent.text().await.unwrap().contains("Sign in with your organisation"));
    }
    let elsewhere = by_organisation("somebody@other.example");
    let sent =
        Browser::default().submit(site, "/sign-in", "/api/continue_with_organisation", &elsewhere).await;
    assert_eq!(sent.status(), 422);
    assert!(
        sent.text().await.unwrap().contains("No organisation signs people with such an address in here.")
    );
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn an_administrators_account_is_connected_by_its_owner_alone(pool: PgPool) {
    let mut setting = Setting::new(pool).await;
    let root = setting.site.visitor("Root", "client").await;
    sqlx::query("insert into auth.user_roles (user_id, role) values ($1, 'admin')")
        .bind(root.who.user_id.uuid())
        .execute(setting.site.world.pool())
        .await
        .unwrap();
    setting.require().await;
    setting.buyer("root", "root@example.com").await;
    let refused = setting.come(&mut Browser::default(), "root@example.com").await;
    assert!(refused.starts_with("/sign-in?trouble=administrator"), "{refused}");
    let connected: i64 =
        sqlx::query_scalar("select count(*) from auth.organisation_identities where user_id = $1")
            .bind(root.who.user_id.uuid())
            .fetch_one(setting.site.world.pool())
            .await
            .unwrap();
    assert_eq!(connected, 0);
    // Another way in stays open, which leads to the second factor that the role needs.
    let mut browser = Browser::default();
    let sent = browser
        .submit(&setting.site, "/sign-in", "/api/sign_in", &by_password("root@example.com", PASSWORD))
        .await;
    assert_eq!(header_of(&sent, "location"), "/jobs");
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn another_site_does_not_go_round_a_required_issuer(pool: PgPool) {
    let github = StandIn::github().await;
    let url = || github.url.parse().unwrap();
    let settings = settings("github", "GitHub", ProviderKind::Github { web: url(), api: url() });
    let mut setting = Setting::with(pool, Providers::new([settings]).unwrap(), |_| {}).await;
    let visitor = setting.site.visitor("Ada", "client").await;
    let mut ada = Browser::signed_in(&setting.site, &visitor.cookie);
    assert_eq!(
        ada.travel(&setting.site, "/api/connect", "provider=github").await,
        "/account/connections?connected=1"
    );
    let mut browser = Browser::default();
    assert_eq!(
        browser.travel(&setting.site, "/api/continue_with", "provider=github&next=%2Fjobs").await,
        "/jobs"
    );
    setting.require().await;
    assert_eq!(setting.who(&mut browser).await, "", "who came that way is signed out");
    // By an account that is connected, and with an address that nobody has here.
    for (id, email) in [(583_231, "octocat@elsewhere.example"), (2, "new@example.com")] {
        let user = json!({ "id": id, "login": "user", "name": "Somebody" });
        let emails = json!([{ "email": email, "primary": true, "verified": true, "visibility": null }]);
        github.control("sign-in", json!({ "user": user, "emails": emails })).await;
        let refused =
            browser.travel(&setting.site, "/api/continue_with", "provider=github&next=%2Fjobs").await;
        assert!(refused.starts_with("/sign-in?trouble=organisation_only"), "{refused}");
    }
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn an_issuer_is_tried_by_the_very_person_and_again_after_each_change(pool: PgPool) {
    let mut setting = Setting::new(pool).await;
    setting.buyer("other", "other@example.com").await;
    let refused = setting.mina.travel(&setting.site, "/api/try_organisation_issuer", "").await;
    assert!(refused.starts_with(&format!("{PAGE}?trouble=other_address")), "{refused}");
    let page = setting.mina.get(&setting.site, &refused).await.text().await.unwrap();
    assert!(page.contains("Acme Works told another address"), "{page}");
    // In a browser in which nobody is signed in there.
    let cookies = setting.mina.cookies(&setting.site.host);
    let session = cookies.split("; ").find(|one| one.starts_with("eighth_session")).unwrap();
    setting.mina = Browser::signed_in(&setting.site, session);
    let early =
        setting.mina.submit(&setting.site, PAGE, "/api/require_organisation_issuer", "required=true").await;
    assert_eq!(early.status(), 409);
    assert!(early.text().await.unwrap().contains("Try the issuer first"));
    setting.require().await;
    assert!(setting.page().await.contains("Allow other ways again"));
    setting.set_issuer("&form%5Botherwise%5D=user_client").await;
    let page = setting.page().await;
    assert!(page.contains("Not required") && page.contains("It has let nobody in yet."), "{page}");
    // Others cannot try it in their name.
    let bo = setting.site.visitor("Bo", "client").await;
    let mut bo = Browser::signed_in(&setting.site, &bo.cookie);
    let refused = bo.submit(&setting.site, PAGE, "/api/try_organisation_issuer", "").await;
    assert_eq!(refused.status(), 404);
    setting.site.world.advance(chrono::TimeDelta::minutes(11));
    let stale = setting.mina.submit(&setting.site, PAGE, "/api/try_organisation_issuer", "").await;
    assert!(stale.status() == 403 && stale.text().await.unwrap().contains("Nothing has been changed yet."));
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn a_required_issuer_answers_for_whoever_comes_with_a_new_browser(pool: PgPool) {
    let confirming = |settings: &mut Settings| settings.confirm_new_browsers = true;
    let mut setting = Setting::with(pool, Providers::default(), confirming).await;
    let email = "ada@example.com";
    setting.buyer("ada", email).await;
    assert_eq!(setting.come(&mut Browser::default(), email).await, "/jobs", "who joins is not asked");
    let asked = "/sign-in/second?next=%2Fjobs";
    assert_eq!(setting.come(&mut Browser::default(), email).await, asked, "there are other ways in");
    setting.require().await;
    setting.buyer("ada", email).await;
    let mut ada = Browser::default();
    assert_eq!(setting.come(&mut ada, email).await, "/jobs");
    assert_eq!(setting.who(&mut ada).await, email);
    let with_passkey = "insert into auth.passkeys (id, user_id, credential_id, passkey, name, created_at)
                        select gen_random_uuid(), id, '\\x01', '{}', 'Key', now() from auth.users where email = $1";
    sqlx::query(with_passkey).bind(email).execute(setting.site.world.pool()).await.unwrap();
    let led = setting.come(&mut Browser::default(), email).await;
    assert_eq!(led, asked, "what she set up here is asked for");
}
