//! The database goes away and comes back.

use private_postgres::{Options, PrivatePostgres};
use reqwest::header;
use sqlx::PgPool;
use test_support::World;

use crate::site::{Site, eventually};

/// Starts a PostgreSQL of this test's own in the folder, away from the executor.
async fn start(dir: &std::path::Path) -> PrivatePostgres {
    let options = Options::throwaway(dir);
    tokio::task::spawn_blocking(move || PrivatePostgres::start(&options)).await.unwrap().unwrap()
}

async fn stop(postgres: PrivatePostgres) {
    tokio::task::spawn_blocking(move || postgres.stop()).await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_database_the_site_says_so_and_recovers_by_itself() {
    let dir = tempfile::tempdir().unwrap();
    let postgres = start(dir.path()).await;
    let port = postgres.port();
    postgres.ensure_database("eighth").unwrap();
    let owner = PgPool::connect(&postgres.url("eighth")).await.unwrap();
    storage::MIGRATOR.run(&owner).await.unwrap();
    let world = World::new(owner.clone()).await;
    let site = Site::serving(world, |_| {}).await;
    site.running().begin_work();
    let ada = site.visitor("Ada", "client").await;
    let cookie = [(header::COOKIE, ada.cookie.as_str())];
    eventually("ready", || async { site.get("/readyz").await.status() == 200 }).await;
    assert_eq!(site.get_with("/account", &cookie).await.status(), 200);

    stop(postgres).await;
    let ready = site.get("/readyz").await;
    assert_eq!(ready.status(), 503);
    assert!(ready.text().await.unwrap().contains("database"));
    let page = site.get_with("/account", &cookie).await;
    assert_eq!(page.status(), 503);
    assert_eq!(page.headers()["retry-after"], "5");
    assert!(page.text().await.unwrap().contains("Back in a moment"));
    assert_eq!(site.get("/jobs").await.status(), 503, "a page that reads the database");
    let refused = site
        .submit("/sign-in", "/api/sign_in", "form%5Bemail%5D=ada%40example.com&form%5Bpassword%5D=x")
        .await;
    assert_eq!(refused.status(), 503);
    assert!(refused.text().await.unwrap().contains("ada@example.com"), "what was typed is kept");
    assert_eq!(site.get("/healthz").await.status(), 200, "the process itself is well");

    let postgres = start(dir.path()).await;
    assert_eq!(postgres.port(), port, "it comes back where it was");
    eventually("ready again", || async { site.get("/readyz").await.status() == 200 }).await;
    assert_eq!(site.get_with("/account", &cookie).await.status(), 200);
    drop(site);
    owner.close().await;
    stop(postgres).await;
}
