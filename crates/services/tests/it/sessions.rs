//! Sessions: when they end, what they may do, and on which devices they are.

use chrono::TimeDelta;
use domain::{
    account::{AccountForm, ChangePasswordForm, SignInForm},
    role::Role,
};
use identity::Principal;
use secrecy::ExposeSecret as _;
use services::{
    ServiceError,
    accounts::{self, Device, SignedIn},
};
use sqlx::PgPool;
use test_support::{MIGRATOR, PASSWORD, World};

use crate::people::make_admin;

/// Of [`PASSWORD`], with a single pass over 8 KiB.
const WEAK_HASH: &str =
    "$argon2id$v=19$m=8,t=1,p=1$oYvWlywllHpF/m2Av9XzOA$5wVyBWX7Rwp550VGNJBsVN7Rk4ct2RXLp1Wg/ma1SKQ";

async fn sign_in(world: &World, password: &str, device: &Device) -> Result<SignedIn, ServiceError> {
    let form =
        SignInForm { email: "person0@example.com".into(), password: password.into(), next: String::new() };
    Ok(accounts::sign_in(&world.services, &form, device).await?.signed_in().unwrap())
}

async fn who(world: &World, signed_in: &SignedIn) -> Option<Principal> {
    let known = accounts::authenticate(&world.services, signed_in.token.expose_secret()).await.unwrap();
    known.map(|known| known.principal)
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_session_ends_however_much_it_is_used(pool: PgPool) {
    let world = World::new(pool).await;
    world.person("Ada", "client").await;
    let signed_in = sign_in(&world, PASSWORD, &Device::default()).await.unwrap();
    for _ in 0..8 {
        world.advance(TimeDelta::days(11));
        assert!(who(&world, &signed_in).await.is_some());
    }
    world.advance(TimeDelta::days(2));
    assert!(who(&world, &signed_in).await.is_none(), "ninety days are the end");
}

/// The session of somebody who administers the site.
async fn administrator(world: &World) -> SignedIn {
    let ada = world.person("Ada", "client").await;
    make_admin(world, &ada).await;
    sign_in(world, PASSWORD, &Device::default()).await.unwrap()
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn administrators_are_signed_out_soon(pool: PgPool) {
    let world = World::new(pool).await;
    let signed_in = administrator(&world).await;
    assert_eq!(signed_in.keep_for, TimeDelta::hours(1));
    world.advance(TimeDelta::minutes(59));
    assert!(who(&world, &signed_in).await.is_some());
    world.advance(TimeDelta::minutes(59));
    assert!(who(&world, &signed_in).await.is_some(), "an hour from its last use");
    world.advance(TimeDelta::minutes(60));
    assert!(who(&world, &signed_in).await.is_none());
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn administrators_are_signed_out_after_twelve_hours_however_busy_they_are(pool: PgPool) {
    let world = World::new(pool).await;
    let signed_in = administrator(&world).await;
    for _ in 0..23 {
        world.advance(TimeDelta::minutes(30));
        assert!(who(&world, &signed_in).await.is_some());
    }
    world.advance(TimeDelta::minutes(30) - TimeDelta::seconds(1));
    assert!(who(&world, &signed_in).await.is_some());
    world.advance(TimeDelta::seconds(1));
    assert!(who(&world, &signed_in).await.is_none(), "twelve hours are the end");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn signing_in_again_ends_the_session_that_the_browser_had(pool: PgPool) {
    let world = World::new(pool).await;
    let ada = world.person("Ada", "client").await;
    let first = sign_in(&world, PASSWORD, &Device::default()).await.unwrap();
    let session = who(&world, &first).await.unwrap().session_id;
    let here = Device { session: Some(session), ..Device::default() };
    let second = sign_in(&world, PASSWORD, &here).await.unwrap();
    assert!(who(&world, &first).await.is_none(), "a planted session is of no use after a sign-in");
    assert!(who(&world, &second).await.is_some());
    assert!(
        accounts::is_open(&world.services, ada.session_id).await.unwrap(),
        "other devices stay signed in"
    );
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn what_guards_the_account_needs_a_fresh_proof(pool: PgPool) {
    let world = World::new(pool).await;
    let s = &world.services;
    world.person("Ada", "client").await;
    let signed_in = sign_in(&world, PASSWORD, &Device::default()).await.unwrap();
    world.advance(TimeDelta::minutes(11));
    let ada = who(&world, &signed_in).await.unwrap();
    let form = ChangePasswordForm { current: PASSWORD.into(), password: "another good pass phrase".into() };
    let here = Device::default();
    let refused = accounts::change_password(s, &ada, &form, &here).await;
    assert!(matches!(refused, Err(ServiceError::ProofNeeded)));
    let refused = accounts::confirm(s, &ada, "wrong", &here).await;
    assert!(matches!(refused, Err(ServiceError::Invalid(_))));

    let renewed = accounts::confirm(s, &ada, PASSWORD, &here).await.unwrap();
    assert!(who(&world, &signed_in).await.is_none(), "the old token opens nothing");
    let ada = who(&world, &renewed).await.unwrap();
    let other = sign_in(&world, PASSWORD, &here).await.unwrap();
    let changed = accounts::change_password(s, &ada, &form, &here).await.unwrap();
    world.do_jobs().await;
    let told = world.letters.to("person0@example.com");
    assert_eq!(
        told.iter().map(|letter| letter.subject.as_str()).collect::<Vec<_>>(),
        ["Your password was changed"]
    );
    assert!(who(&world, &changed).await.is_some());
    assert!(who(&world, &other).await.is_none(), "signed out everywhere else");
    assert!(sign_in(&world, PASSWORD, &here).await.is_err());
    assert!(sign_in(&world, "another good pass phrase", &here).await.is_ok());
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn other_roles_need_a_fresh_proof_and_give_another_token(pool: PgPool) {
    let world = World::new(pool).await;
    let s = &world.services;
    world.person("Ada", "client").await;
    let here = Device::default();
    let signed_in = sign_in(&world, PASSWORD, &here).await.unwrap();
    let form = |name: &str, purpose: &str| AccountForm {
        display_name: name.into(),
        region: "EU".into(),
        purpose: purpose.into(),
    };
    world.advance(TimeDelta::minutes(11));
    let ada = who(&world, &signed_in).await.unwrap();
    let refused = accounts::change(s, &ada, &form("Ada", "both"), &here).await;
    assert!(matches!(refused, Err(ServiceError::ProofNeeded)));
    let renamed = accounts::change(s, &ada, &form("Ada B", "client"), &here).await.unwrap();
    assert!(renamed.is_none() && who(&world, &signed_in).await.is_some(), "a name opens nothing");
    let proved = accounts::confirm(s, &ada, PASSWORD, &here).await.unwrap();
    let ada = who(&world, &proved).await.unwrap();
    let changed = accounts::change(s, &ada, &form("Ada B", "both"), &here).await.unwrap().unwrap();
    assert!(who(&world, &proved).await.is_none(), "the former token opens nothing");
    assert!(who(&world, &changed).await.unwrap().roles.contains(Role::Freelancer));
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn one_signs_out_ones_own_devices_and_no_others(pool: PgPool) {
    let world = World::new(pool).await;
    let s = &world.services;
    let (ada, bo) = (world.person("Ada", "client").await, world.person("Bo", "client").await);
    let phone =
        Device { user_agent: "Phone".into(), address: Some([192, 0, 2, 1].into()), ..Device::default() };
    sign_in(&world, PASSWORD, &phone).await.unwrap();
    let devices = accounts::devices(s, &ada).await.unwrap();
    assert_eq!(devices.iter().filter(|device| device.this).count(), 1);
    let phone = devices.iter().find(|device| device.user_agent == "Phone").unwrap();
    assert_eq!(phone.address, "192.0.2.1");
    let stolen = accounts::sign_out_device(s, &bo, phone.id, &Device::default()).await;
    assert!(matches!(stolen, Err(ServiceError::NotFound("device"))));
    accounts::sign_out_device(s, &ada, phone.id, &Device::default()).await.unwrap();
    assert_eq!(accounts::devices(s, &ada).await.unwrap().len(), 1);
    sign_in(&world, PASSWORD, &Device::default()).await.unwrap();
    assert_eq!(accounts::sign_out_others(s, &ada, &Device::default()).await.unwrap(), 1);
    world.advance(TimeDelta::minutes(11));
    let found_open = accounts::sign_out_others(s, &ada, &Device::default()).await;
    assert!(
        matches!(found_open, Err(ServiceError::ProofNeeded)),
        "whoever finds a browser open ends nothing"
    );
    let found_open = accounts::sign_out_device(s, &ada, ada.session_id, &Device::default()).await;
    assert!(matches!(found_open, Err(ServiceError::ProofNeeded)));
    assert!(accounts::is_open(s, ada.session_id).await.unwrap());
    assert!(accounts::is_open(s, bo.session_id).await.unwrap());
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn whoever_is_suspended_is_out_at_once(pool: PgPool) {
    let world = World::new(pool).await;
    let ada = world.person("Ada", "client").await;
    let signed_in = sign_in(&world, PASSWORD, &Device::default()).await.unwrap();
    sqlx::query("update auth.users set status = 'suspended', suspended_at = now() where id = $1")
        .bind(ada.user_id.uuid())
        .execute(world.pool())
        .await
        .unwrap();
    assert!(who(&world, &signed_in).await.is_none());
    assert!(!accounts::is_open(&world.services, ada.session_id).await.unwrap());
    let refused = sign_in(&world, PASSWORD, &Device::default()).await;
    assert!(matches!(refused, Err(ServiceError::Conflict(message)) if message.contains("suspended")));
    let refused = sign_in(&world, "wrong", &Device::default()).await;
    assert!(matches!(refused, Err(ServiceError::Invalid(_))), "who guesses learns nothing");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_password_that_is_guessed_first_is_refused(pool: PgPool) {
    let world = World::new(pool).await;
    let ada = world.person("Ada Lovelace", "client").await;
    for weak in ["password1234", "person0@example.com", "adalovelace1", "abcdefghijklmnop"] {
        let form = ChangePasswordForm { current: PASSWORD.into(), password: weak.into() };
        let refused = accounts::change_password(&world.services, &ada, &form, &Device::default()).await;
        let Err(ServiceError::Invalid(errors)) = refused else { panic!("{weak}") };
        assert!(errors.get("password").is_some(), "{weak}: {errors:?}");
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_hash_of_former_times_is_renewed_at_the_next_sign_in(pool: PgPool) {
    let world = World::new(pool).await;
    world.person("Ada", "client").await;
    sqlx::query("update auth.users set password_hash = $1")
        .bind(WEAK_HASH)
        .execute(world.pool())
        .await
        .unwrap();
    sign_in(&world, PASSWORD, &Device::default()).await.unwrap();
    let hash: String =
        sqlx::query_scalar("select password_hash from auth.users").fetch_one(world.pool()).await.unwrap();
    assert!(hash.starts_with("$argon2id$v=19$m=65536,t=1,p=1$"), "{hash}");
    assert!(sign_in(&world, PASSWORD, &Device::default()).await.is_ok());
}
