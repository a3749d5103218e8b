//! Changing one's address, which both ends must confirm.

use chrono::TimeDelta;
use domain::{
    account::{AddressForm, ChangePasswordForm, SignInForm},
    role::Role,
};
use identity::Principal;
use secrecy::ExposeSecret as _;
use services::{
    ServiceError,
    accounts::{self, Agreed, Device, EmailLink, SignedIn},
    admin,
};
use sqlx::PgPool;
use test_support::{MIGRATOR, PASSWORD, World, link_in};

const OLD: &str = "person0@example.com";
const NEW: &str = "ada@new.example";

async fn ask(world: &World, who: &Principal, email: &str) -> Result<(), ServiceError> {
    let form = AddressForm { email: email.into() };
    accounts::ask_email_change(&world.services, who, &form, &Device::default()).await?;
    world.do_jobs().await;
    Ok(())
}

async fn agree(world: &World, link: &str, who: Option<&Principal>) -> Result<Agreed, ServiceError> {
    accounts::confirm_email_change(&world.services, link, who, &Device::default()).await
}

async fn who(world: &World, signed_in: &SignedIn) -> Principal {
    let known = accounts::authenticate(&world.services, signed_in.token.expose_secret()).await.unwrap();
    known.unwrap().principal
}

fn last_link(world: &World, to: &str) -> String {
    link_in(world.letters.to(to).last().unwrap())
}

fn is_refused<T>(result: Result<T, ServiceError>) -> bool {
    matches!(result, Err(ServiceError::Conflict(_)))
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn both_ends_confirm_and_then_the_address_is_another(pool: PgPool) {
    let world = World::new(pool).await;
    let s = &world.services;
    let ada = world.person("Ada", "client").await;
    let sign_in =
        |email: &str| SignInForm { email: email.into(), password: PASSWORD.into(), next: String::new() };
    accounts::sign_in(s, &sign_in(OLD), &Device::default()).await.unwrap();
    ask(&world, &ada, NEW).await.unwrap();
    let (old_link, new_link) = (last_link(&world, OLD), last_link(&world, NEW));
    let looked = accounts::email_link(s, &old_link).await.unwrap();
    assert_eq!(looked, Some(EmailLink { new_email: NEW.into(), to_old: true }));
    assert!(matches!(agree(&world, &new_link, None).await.unwrap(), Agreed::Half));
    assert_eq!(accounts::own(s, &ada).await.unwrap().email, OLD, "one end is not enough");
    assert!(
        is_refused(agree(&world, &new_link, None).await),
        "a link works once, and never for the other end"
    );
    assert!(matches!(agree(&world, &old_link, Some(&ada)).await.unwrap(), Agreed::Done(Some(_))));
    assert_eq!(accounts::own(s, &ada).await.unwrap().email, NEW);
    assert_eq!(accounts::devices(s, &ada).await.unwrap().len(), 1, "every other device is signed out");
    assert!(accounts::sign_in(s, &sign_in(OLD), &Device::default()).await.is_err());
    assert!(accounts::sign_in(s, &sign_in(NEW), &Device::default()).await.is_ok());
    world.do_jobs().await;
    assert_eq!(world.letters.to(OLD).last().unwrap().subject, "Your e-mail address was changed");
}

/// A link from a letter, and any other act, once made the last proof look new.
#[sqlx::test(migrator = "MIGRATOR")]
async fn a_new_token_is_no_new_proof_of_who_one_is(pool: PgPool) {
    let world = World::new(pool).await;
    let s = &world.services;
    let ada = world.person("Ada", "client").await;
    ask(&world, &ada, NEW).await.unwrap();
    agree(&world, &last_link(&world, NEW), None).await.unwrap();
    world.advance(TimeDelta::minutes(11));
    let Agreed::Done(Some(changed)) = agree(&world, &last_link(&world, OLD), Some(&ada)).await.unwrap()
    else {
        panic!("the second link of two");
    };
    assert!(who(&world, &changed).await.proved(s.now()).is_err(), "a link proves who reads the letters");

    let bo = world.person("Bo", "client").await;
    let password =
        ChangePasswordForm { current: PASSWORD.into(), password: "another good pass phrase".into() };
    world.advance(TimeDelta::minutes(6));
    let changed = accounts::change_password(s, &bo, &password, &Device::default()).await.unwrap();
    let bo = who(&world, &changed).await;
    assert!(bo.proved(s.now()).is_ok());
    world.advance(TimeDelta::minutes(5));
    assert!(bo.proved(s.now()).is_err(), "eleven minutes after signing in");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn it_needs_a_fresh_proof_and_another_address(pool: PgPool) {
    let world = World::new(pool).await;
    let ada = world.person("Ada", "client").await;
    for wrong in [OLD, " PERSON0@example.com", "nonsense"] {
        assert!(matches!(ask(&world, &ada, wrong).await, Err(ServiceError::Invalid(_))), "{wrong}");
    }
    world.advance(TimeDelta::minutes(11));
    assert!(matches!(ask(&world, &ada, NEW).await, Err(ServiceError::ProofNeeded)));
    assert!(world.letters.to(NEW).is_empty());
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn an_address_with_an_account_is_told_there_and_nowhere_else(pool: PgPool) {
    let world = World::new(pool).await;
    let (ada, bo) = (world.person("Ada", "client").await, world.person("Bo", "client").await);
    ask(&world, &ada, "person1@example.com").await.unwrap();
    let letters = world.letters.to("person1@example.com");
    assert_eq!(letters.len(), 1);
    assert!(letters[0].subject.contains("has an account already") && !letters[0].text.contains("token="));
    let change = accounts::own_email(&world.services, &ada).await.unwrap().change.unwrap();
    assert_eq!(change.new_email, "person1@example.com", "who asked sees what they would see otherwise");
    assert!(accounts::own_email(&world.services, &bo).await.unwrap().change.is_none());
    agree(&world, &last_link(&world, OLD), Some(&ada)).await.unwrap();
    assert_eq!(accounts::own(&world.services, &ada).await.unwrap().email, OLD);
}

/// Whoever named an address often enough once kept its owner from leaving it.
#[sqlx::test(migrator = "MIGRATOR")]
async fn strangers_who_name_an_address_keep_nobody_from_changing_it(pool: PgPool) {
    let world = World::new(pool).await;
    let (ada, mallory) = (world.person("Ada", "client").await, world.person("Mallory", "client").await);
    for _ in 0..6 {
        ask(&world, &mallory, OLD).await.unwrap();
    }
    assert_eq!(world.letters.to(OLD).len(), 4, "strangers have had enough sent");
    ask(&world, &ada, NEW).await.unwrap();
    agree(&world, &last_link(&world, NEW), None).await.unwrap();
    assert!(matches!(agree(&world, &last_link(&world, OLD), None).await.unwrap(), Agreed::Done(_)));
    assert_eq!(accounts::own(&world.services, &ada).await.unwrap().email, NEW);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn an_address_that_is_taken_meanwhile_stays_with_its_owner(pool: PgPool) {
    let world = World::new(pool).await;
    let ada = world.person("Ada", "client").await;
    ask(&world, &ada, NEW).await.unwrap();
    agree(&world, &last_link(&world, OLD), None).await.unwrap();
    let (other, _) = test_support::enter(&world.services, "Bo", NEW, "client").await;
    assert!(is_refused(agree(&world, &last_link(&world, NEW), None).await));
    assert_eq!(accounts::own(&world.services, &ada).await.unwrap().email, OLD);
    assert_eq!(accounts::own(&world.services, &other).await.unwrap().email, NEW);
    assert!(accounts::own_email(&world.services, &ada).await.unwrap().change.is_none(), "it is given up");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn both_ends_at_once_make_one_change(pool: PgPool) {
    let world = World::new(pool).await;
    let ada = world.person("Ada", "client").await;
    ask(&world, &ada, NEW).await.unwrap();
    let (old_link, new_link) = (last_link(&world, OLD), last_link(&world, NEW));
    let (one, other) = tokio::join!(agree(&world, &old_link, None), agree(&world, &new_link, None));
    let done = [one.unwrap(), other.unwrap()];
    assert_eq!(done.iter().filter(|agreed| matches!(agreed, Agreed::Done(None))).count(), 1);
    assert_eq!(accounts::own(&world.services, &ada).await.unwrap().email, NEW);
    world.do_jobs().await;
    let told = world.letters.to(OLD).into_iter().filter(|letter| letter.subject.contains("was changed"));
    assert_eq!(told.count(), 1);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_change_ends_with_a_newer_one_its_day_or_its_owners_will(pool: PgPool) {
    let world = World::new(pool).await;
    let s = &world.services;
    let ada = world.person("Ada", "client").await;
    ask(&world, &ada, "typo@new.example").await.unwrap();
    let stale = [last_link(&world, OLD), last_link(&world, "typo@new.example")];
    ask(&world, &ada, NEW).await.unwrap();
    for link in &stale {
        assert!(is_refused(agree(&world, link, Some(&ada)).await));
    }
    accounts::give_up_email_change(s, &ada, &Device::default()).await.unwrap();
    assert!(is_refused(agree(&world, &last_link(&world, NEW), None).await));
    ask(&world, &ada, NEW).await.unwrap();
    world.advance(TimeDelta::hours(25));
    assert!(is_refused(agree(&world, &last_link(&world, NEW), None).await));
    assert_eq!(accounts::email_link(s, &last_link(&world, NEW)).await.unwrap(), None);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn whoever_is_suspended_finishes_no_change(pool: PgPool) {
    let world = World::new(pool).await;
    let ada = world.person("Ada", "client").await;
    ask(&world, &ada, NEW).await.unwrap();
    let (old_end, new_end) = (last_link(&world, OLD), last_link(&world, NEW));
    sqlx::query("update auth.users set status = 'suspended', suspended_at = now() where id = $1")
        .bind(ada.user_id.uuid())
        .execute(world.pool())
        .await
        .unwrap();
    for link in [&old_end, &new_end] {
        assert!(is_refused(agree(&world, link, None).await));
    }
    // Nor does it go on where they are let in again: it ended with the suspension.
    sqlx::query("update auth.users set status = 'active', suspended_at = null")
        .execute(world.pool())
        .await
        .unwrap();
    let admin = world.administrator("Admin", Role::Admin).await;
    let (s, here) = (&world.services, Device::default());
    admin::suspend(s, &admin, ada.user_id, "Complaints about payment", &here).await.unwrap();
    admin::reinstate(s, &admin, ada.user_id, &here).await.unwrap();
    for link in [&old_end, &new_end] {
        assert!(is_refused(agree(&world, link, None).await));
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_link_followed_in_another_persons_browser_signs_nobody_in(pool: PgPool) {
    let world = World::new(pool).await;
    let s = &world.services;
    let (ada, bo) = (world.person("Ada", "client").await, world.person("Bo", "client").await);
    ask(&world, &ada, NEW).await.unwrap();
    agree(&world, &last_link(&world, OLD), Some(&bo)).await.unwrap();
    let done = agree(&world, &last_link(&world, NEW), Some(&bo)).await.unwrap();
    assert!(matches!(done, Agreed::Done(None)));
    assert!(accounts::is_open(s, bo.session_id).await.unwrap(), "Bo is not concerned");
    assert!(!accounts::is_open(s, ada.session_id).await.unwrap());
    assert_eq!(accounts::own(s, &bo).await.unwrap().email, "person1@example.com");
}
