//! Changing the password: by whoever knows the present one, where there is one.

use domain::account::{ChangePasswordForm, SignInForm};
use identity::Principal;
use services::{
    ServiceError, Services,
    accounts::{self, Device},
    audit,
};
use sqlx::PgPool;
use test_support::{MIGRATOR, PASSWORD, World};

const NEW: &str = "another good pass phrase";

async fn change(
    services: &Services,
    who: &Principal,
    current: &str,
    password: &str,
) -> Result<(), ServiceError> {
    let form = ChangePasswordForm { current: current.into(), password: password.into() };
    accounts::change_password(services, who, &form, &Device::default()).await.map(|_| ())
}

/// What is said of the present password, if it is refused.
fn fault(result: Result<(), ServiceError>) -> Option<String> {
    match result {
        Ok(()) => None,
        Err(ServiceError::Invalid(errors)) => errors.get("current").map(str::to_owned),
        Err(other) => panic!("{other:?}"),
    }
}

async fn opens(world: &World, password: &str) -> bool {
    let form = SignInForm {
        email: "person0@example.com".into(),
        password: password.into(),
        ..SignInForm::default()
    };
    accounts::sign_in(&world.services, &form, &Device::default()).await.is_ok()
}

async fn acts(world: &World, who: &Principal, act: &str) -> usize {
    let entries = audit::own(&world.services, who, None).await.unwrap();
    entries.iter().filter(|entry| entry.action == act).count()
}

/// Takes the password away, as of somebody who signs in another way.
async fn forget_password(world: &World) {
    sqlx::query("update auth.users set password_hash = null").execute(world.pool()).await.unwrap();
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_password_is_changed_by_who_gives_the_present_one(pool: PgPool) {
    let world = World::new(pool).await;
    let s = &world.services;
    let ada = world.person("Ada", "client").await;
    assert!(accounts::has_password(s, &ada).await.unwrap());
    let missing = fault(change(s, &ada, "", NEW).await).unwrap();
    assert_eq!(missing, "Please give your present password.");
    for wrong in ["not this one, surely", NEW, &PASSWORD.repeat(20)] {
        let fault = fault(change(s, &ada, wrong, NEW).await);
        assert_eq!(fault.as_deref(), Some("That is not your present password."), "{wrong}");
    }
    assert_eq!(acts(&world, &ada, "proof.failed").await, 3, "each that was given is written down");
    assert!(opens(&world, PASSWORD).await && !opens(&world, NEW).await, "nothing was changed");
    change(s, &ada, PASSWORD, NEW).await.unwrap();
    assert_eq!(acts(&world, &ada, "password.changed").await, 1);
    assert!(opens(&world, NEW).await && !opens(&world, PASSWORD).await);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn who_has_no_password_chooses_one_and_from_then_on_gives_it(pool: PgPool) {
    let world = World::new(pool).await;
    let s = &world.services;
    let ada = world.person("Ada", "client").await;
    forget_password(&world).await;
    assert!(!accounts::has_password(s, &ada).await.unwrap());
    let mut stale = ada.clone();
    stale.proved_at -= chrono::TimeDelta::hours(1);
    assert!(matches!(change(s, &stale, "", NEW).await, Err(ServiceError::ProofNeeded)));
    change(s, &ada, "", NEW).await.unwrap();
    assert!(opens(&world, NEW).await);
    assert!(fault(change(s, &ada, "", PASSWORD).await).is_some());
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn who_found_a_browser_open_does_not_guess_the_present_password_for_long(pool: PgPool) {
    let world = World::slowing(pool).await;
    let s = &world.services;
    let ada = world.person("Ada", "client").await;
    // Right ones make up for the wrong ones before; wrong ones do not begin anew at another form.
    for _ in 0..3 {
        assert!(fault(change(s, &ada, "a wrong one, surely", NEW).await).is_some());
    }
    change(s, &ada, PASSWORD, PASSWORD).await.unwrap();
    for _ in 0..3 {
        assert!(fault(change(s, &ada, "a wrong one, surely", NEW).await).is_some());
        let wrong = accounts::confirm(s, &ada, "a wrong one, surely", &Device::default()).await;
        assert!(matches!(wrong, Err(ServiceError::Invalid(_))));
    }
    let slowed = change(s, &ada, PASSWORD, NEW).await;
    assert!(matches!(slowed, Err(ServiceError::TooMany(_))));
    assert!(opens(&world, PASSWORD).await);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_present_password_that_was_changed_while_it_was_compared_changes_nothing(pool: PgPool) {
    let world = World::new(pool).await;
    let ada = world.person("Ada", "client").await;
    let mut held = world.pool().begin().await.unwrap();
    sqlx::query("select from auth.users for update").execute(&mut *held).await.unwrap();
    let (services, who) = (world.services.clone(), ada.clone());
    let attempt = tokio::spawn(async move { change(&services, &who, PASSWORD, NEW).await });
    world.somebody_waits().await;
    // Within the same session: nothing else would stop the one that waits.
    sqlx::query("update auth.users set password_hash = 'another'").execute(&mut *held).await.unwrap();
    held.commit().await.unwrap();
    assert!(fault(attempt.await.unwrap()).is_some());
    let hash: String =
        sqlx::query_scalar("select password_hash from auth.users").fetch_one(world.pool()).await.unwrap();
    assert_eq!(hash, "another");
    assert_eq!(acts(&world, &ada, "password.changed").await, 0);
    assert!(accounts::is_open(&world.services, ada.session_id).await.unwrap());
}
