//! Administration as the site shows it.

use domain::role::Role;
use reqwest::header;
use services::accounts;
use sqlx::PgPool;

use crate::site::{Site, Visitor};

/// Makes a visitor an administrator, whose session goes on as if a second factor had been given.
async fn appointed(site: &Site, visitor: &Visitor, role: Role) {
    for change in [
        "update auth.user_roles set role = $2 where user_id = $1",
        "update auth.sessions set second_factor = 'totp' where user_id = $1 and $2 <> ''",
    ] {
        sqlx::query(change)
            .bind(visitor.who.user_id.uuid())
            .bind(role.as_str())
            .execute(site.world.pool())
            .await
            .unwrap();
    }
}

async fn page(site: &Site, path: &str, visitor: &Visitor) -> (u16, String) {
    let answer = site.get_with(path, &[(header::COOKIE, &visitor.cookie)]).await;
    (answer.status().as_u16(), answer.text().await.unwrap())
}

async fn post(site: &Site, visitor: &Visitor, action: &str, body: String) -> reqwest::Response {
    site.post(action)
        .header(header::ORIGIN, site.origin())
        .header(header::COOKIE, &visitor.cookie)
        .header(header::ACCEPT, "text/html")
        .body(body)
        .send()
        .await
        .unwrap()
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn an_administrator_finds_people_and_looks_after_them(pool: PgPool) {
    let site = Site::new(pool).await;
    let (admin, ada) = (site.visitor("Root", "client").await, site.visitor("Ada", "client").await);
    assert!(!page(&site, "/", &ada).await.1.contains("/admin/people"));
    appointed(&site, &admin, Role::Admin).await;
    let (status, people) = page(&site, "/admin/people?q=ad", &admin).await;
    assert!(
        status == 200 && people.contains("ada@example.com") && !people.contains("root@example.com"),
        "{people}"
    );
    let path = format!("/admin/people/{}", ada.who.user_id);
    let (status, account) = page(&site, &path, &admin).await;
    assert!(status == 200 && account.contains("Suspend this account"), "{account}");
    assert!(!account.contains("/api/change_roles"), "roles are for superadmins");

    let user = format!("user={}", ada.who.user_id);
    let refused = post(&site, &admin, "/api/suspend_account", format!("{user}&reason=x")).await;
    assert_eq!(refused.status(), 422);
    assert!(refused.text().await.unwrap().contains("f-reason-error"));
    let done = post(&site, &admin, "/api/suspend_account", format!("{user}&reason=Complaints")).await;
    assert_eq!(done.headers()[header::LOCATION], format!("{path}?done=suspended").as_str());
    assert_eq!(page(&site, "/account", &ada).await.0, 303, "she is signed out");
    let (_, trail) = page(&site, "/admin/trail", &admin).await;
    assert!(trail.contains("account.suspended") && trail.contains("Complaints"), "{trail}");
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn whoever_sees_what_another_sees_can_change_nothing(pool: PgPool) {
    let site = Site::new(pool).await;
    let (admin, ada) = (site.visitor("Root", "client").await, site.visitor("Ada", "both").await);
    appointed(&site, &admin, Role::Admin).await;
    let begun = post(&site, &admin, "/api/begin_view", format!("user={}", ada.who.user_id)).await;
    assert_eq!(begun.status(), 303);
    let (_, account) = page(&site, "/account", &admin).await;
    assert!(account.contains("ada@example.com") && account.contains("view-banner"), "{account}");
    for (action, body) in [
        ("/api/save_account", "form%5Bdisplay_name%5D=Eve&form%5Bregion%5D=EU&form%5Bpurpose%5D=client"),
        ("/api/sign_out_others", ""),
        ("/api/change_password", "form%5Bpassword%5D=a+few+words+in+a+row"),
    ] {
        assert_eq!(post(&site, &admin, action, body.to_owned()).await.status(), 403, "{action}");
    }
    let socket = [(header::COOKIE, admin.cookie.as_str()), (header::ORIGIN, &site.origin())];
    assert_eq!(site.get_with("/ws/feed", &socket).await.status(), 403);
    let own = accounts::own(&site.world.services, &ada.who).await.unwrap();
    assert_eq!(own.display_name, "Ada");
    assert_eq!(accounts::devices(&site.world.services, &ada.who).await.unwrap().len(), 1);

    let ended = post(&site, &admin, "/api/end_view", String::new()).await;
    assert_eq!(ended.headers()[header::LOCATION], format!("/admin/people/{}", ada.who.user_id).as_str());
    let (_, account) = page(&site, "/account", &admin).await;
    assert!(account.contains("root@example.com") && !account.contains("view-banner"), "{account}");

    // Signing out is for oneself, in the middle of it, too.
    post(&site, &admin, "/api/begin_view", format!("user={}", ada.who.user_id)).await;
    assert_eq!(post(&site, &admin, "/api/sign_out", String::new()).await.status(), 303);
    assert_eq!(page(&site, "/account", &admin).await.0, 303, "the administrator is signed out");
    assert_eq!(page(&site, "/account", &ada).await.0, 200, "she is not");
}
