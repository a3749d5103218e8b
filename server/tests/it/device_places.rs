//! Where people are signed in, as pages show it.

use std::io::Write as _;

use domain::role::Role;
use reqwest::header;
use serde_json::json;
use services::Places;
use sqlx::PgPool;
use test_support::World;

use crate::site::Site;

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn sessions_are_listed_with_their_places(pool: PgPool) {
    let entry = json!({
        "city": { "names": { "en": "Lisbon" } },
        "country": { "names": { "en": "Portugal" } },
    });
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(&test_support::places(&[("192.0.2.0/24", entry)])).unwrap();
    let places = Places::open(file.path()).unwrap();
    let world = World::with_settings(pool, |settings| settings.places = places).await;
    let site = Site::serving(world, |_| {}).await;
    let (ada, root) = (site.visitor("Ada", "client").await, site.visitor("Root", "client").await);
    for change in [
        "update auth.sessions set address = '192.0.2.7' where user_id = $1",
        "insert into auth.trusted_devices values
             (gen_random_uuid(), $1, sha256('1'), '', '8.8.8.8', now(), now(), '2099-01-01')",
    ] {
        sqlx::query(change).bind(ada.who.user_id.uuid()).execute(site.world.pool()).await.unwrap();
    }
    let devices = site.get_with("/account/devices", &[(header::COOKIE, &ada.cookie)]).await;
    let devices = devices.text().await.unwrap();
    assert!(devices.contains("Lisbon, Portugal · 192.0.2.7 · "), "{devices}");
    assert!(devices.contains("place unknown · 8.8.8.8 · "), "{devices}");

    for change in [
        "update auth.user_roles set role = $2 where user_id = $1",
        "update auth.sessions set second_factor = 'totp' where user_id = $1 and $2 <> ''",
    ] {
        let change = sqlx::query(change).bind(root.who.user_id.uuid()).bind(Role::Admin.as_str());
        change.execute(site.world.pool()).await.unwrap();
    }
    let path = format!("/admin/people/{}", ada.who.user_id);
    let person = site.get_with(&path, &[(header::COOKIE, &root.cookie)]).await.text().await.unwrap();
    assert!(person.contains("Lisbon, Portugal · 192.0.2.7 · "), "{person}");
}
