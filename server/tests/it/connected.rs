//! Accounts at other sites that belong to an account of this one: connecting, disconnecting, and proving
//! with one of them who one is.

use sqlx::PgPool;

use crate::{
    external::{JOIN, Setting, WITH_ACME},
    site::header_of,
    visitor::Browser,
};

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn the_last_way_in_stays(pool: PgPool) {
    let setting = Setting::new(pool).await;
    let site = &setting.site;
    let mut ada = setting.joined().await;
    let only = format!("identity={}", setting.connected(&mut ada).await[0]);
    let refused = ada.submit(site, "/account/connections", "/api/disconnect", &only).await;
    assert_eq!(refused.status(), 409);
    assert!(refused.text().await.unwrap().contains("This is your only way in."));
    assert_eq!(ada.travel(site, "/api/connect", "provider=acme").await, "/account/connections?connected=1");
    // Of two that go at once, one stays.
    let both = setting.connected(&mut ada).await;
    let cookies = ada.cookies(&site.host);
    let forms: Vec<_> = both.iter().map(|id| format!("identity={id}")).collect();
    let (one, other) = tokio::join!(
        site.submit_with("/account/connections", "/api/disconnect", &forms[0], &cookies),
        site.submit_with("/account/connections", "/api/disconnect", &forms[1], &cookies),
    );
    let mut statuses = [one.status().as_u16(), other.status().as_u16()];
    statuses.sort_unstable();
    assert_eq!((statuses, setting.identities().await), ([303, 409], 1));
    // With a password, the other may go as well.
    let password = "form%5Bpassword%5D=a+few+words+in+a+row";
    let changed = ada.submit(site, "/account/password", "/api/change_password", password).await;
    assert_eq!(changed.status(), 303);
    let last = format!("identity={}", setting.connected(&mut ada).await[0]);
    let done = ada.submit(site, "/account/connections", "/api/disconnect", &last).await;
    assert_eq!(header_of(&done, "location"), "/account/connections?removed=1");
    assert_eq!(setting.identities().await, 0);
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn connections_are_their_owners_alone(pool: PgPool) {
    let setting = Setting::new(pool).await;
    let site = &setting.site;
    let mut ada = setting.joined().await;
    let mut bo = setting.member("Bo").await;
    let taken = bo.travel(site, "/api/connect", "provider=github").await;
    assert!(taken.starts_with("/account/connections?trouble=taken&with=github"), "{taken}");
    let theirs = format!("identity={}", setting.connected(&mut ada).await[0]);
    let refused = bo.submit(site, "/account/connections", "/api/disconnect", &theirs).await;
    assert_eq!((refused.status().as_u16(), setting.identities().await), (404, 1));
    // What one began is not finished by whoever signs in with the same browser meanwhile.
    setting.person_at_github(2, "other@example.com", true).await;
    let url = bo.leave(site, "/api/connect", "provider=github").await;
    let back = bo.agree(site, &url).await;
    let cy = site.visitor("Cy", "client").await;
    let flow =
        bo.cookies(&site.host).split("; ").find(|one| one.starts_with("eighth_flow")).unwrap().to_owned();
    let cookies = format!("{flow}; {}", cy.cookie);
    let answer = site.get_with(&back, &[(reqwest::header::COOKIE, &cookies)]).await;
    assert!(header_of(&answer, "location").contains("trouble=somebody_else"), "{answer:?}");
    assert_eq!(setting.identities().await, 1);
    // One account there at a time.
    let mut dee = setting.member("Dee").await;
    dee.travel(site, "/api/connect", "provider=github").await;
    setting.person_at_github(3, "third@example.com", true).await;
    let second = dee.travel(site, "/api/connect", "provider=github").await;
    assert!(second.starts_with("/account/connections?trouble=has_one"), "{second}");
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn who_has_no_password_proves_who_they_are_where_they_come_from(pool: PgPool) {
    let setting = Setting::new(pool).await;
    let site = &setting.site;
    let mut ada = Browser::default();
    ada.travel(site, "/api/continue_with", WITH_ACME).await;
    ada.submit(site, "/sign-up/finish", "/api/finish_sign_up", JOIN).await;
    setting.advance(11).await;
    for (action, body) in [
        ("/api/connect", "provider=github"),
        ("/api/disconnect", "identity=00000000-0000-7000-8000-000000000001"),
    ] {
        let asked = ada.submit(site, "/account/connections", action, body).await;
        assert_eq!(asked.status(), 403, "{action}");
        let page = asked.text().await.unwrap();
        assert!(page.contains("Nothing has been changed yet."), "{action}: {page}");
        // A form does not come along to another site; its page says so.
        assert!(page.contains("value=\"/account/connections?unsent=1\""), "{action}: {page}");
    }
    let page = ada.get(site, "/confirm?next=%2Faccount%2Fpassword").await.text().await.unwrap();
    assert!(page.contains("Confirm with Acme") && !page.contains("type=\"password\""), "{page}");
    assert!(!page.contains("Confirm with GitHub"), "nothing of theirs is there");
    let url = ada.leave(site, "/api/confirm_with", "provider=acme&next=%2Faccount%2Fpassword").await;
    assert!(url.as_str().contains("prompt=login") && url.as_str().contains("max_age=0"), "{url}");
    let before = ada.cookies(&site.host);
    let back = ada.agree(site, &url).await;
    assert_eq!(header_of(&ada.get(site, &back).await, "location"), "/account/password");
    assert_eq!(ada.get(site, "/account/password").await.status(), 200, "the proof is fresh");
    let old = site.get_with("/account", &[(reqwest::header::COOKIE, &before)]).await;
    assert_eq!(old.status(), 303, "the session has another token");
    // Another account there proves nothing.
    setting.advance(11).await;
    setting.person_at_acme("eve", "eve@example.com").await;
    let refused = ada.travel(site, "/api/confirm_with", "provider=acme&next=%2Faccount%2Fpassword").await;
    assert!(refused.starts_with("/confirm?trouble=somebody_else&with=acme"), "{refused}");
    assert_eq!(ada.get(site, "/account/password").await.status(), 303);
    let elsewhere = ada.submit(site, "/confirm", "/api/confirm_with", "provider=github").await;
    assert_eq!(elsewhere.status(), 404, "only where one is connected");
}
