//! Signing up: the account comes into being with the confirmation of its address, and belongs to
//! whoever reads mail there.

use chrono::TimeDelta;
use domain::{
    account::{NewPasswordForm, SignInForm, SignUpForm},
    permission::Permission,
};
use secrecy::ExposeSecret as _;
use services::{
    ServiceError,
    accounts::{self, Device, SignUpLink},
};
use sqlx::PgPool;
use test_support::{MIGRATOR, PASSWORD, World, link_in};

const ADDRESS: &str = "ada@example.com";
const OTHER_PASSWORD: &str = "another good pass phrase";

fn form(password: &str) -> SignUpForm {
    SignUpForm {
        display_name: "Ada".into(),
        email: ADDRESS.into(),
        password: password.into(),
        region: "EU".into(),
        purpose: "client".into(),
        ..SignUpForm::default()
    }
}

/// Signs up; gives what the browser keeps, and the token of the link.
async fn begin(world: &World, password: &str) -> (String, String) {
    let begun = accounts::sign_up(&world.services, &form(password), "/jobs/new", &Device::default()).await;
    world.do_jobs().await;
    let link = link_in(world.letters.to(ADDRESS).last().unwrap());
    (begun.unwrap().browser.expose_secret().to_owned(), link)
}

async fn confirm(
    world: &World,
    link: &str,
    browser: &str,
    password: &str,
) -> Result<accounts::Entered, ServiceError> {
    let form = NewPasswordForm { password: password.into() };
    accounts::confirm_sign_up(&world.services, link, browser, &form, &Device::default()).await
}

async fn can_sign_in(world: &World, password: &str) -> bool {
    let form = SignInForm { email: ADDRESS.into(), password: password.into(), next: String::new() };
    accounts::sign_in(&world.services, &form, &Device::default()).await.is_ok()
}

fn is_refused<T>(result: Result<T, ServiceError>) -> bool {
    matches!(result, Err(ServiceError::Conflict(_)))
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn the_link_opens_the_account_once_and_leads_where_the_person_was_going(pool: PgPool) {
    let world = World::new(pool).await;
    let s = &world.services;
    let (browser, link) = begin(&world, PASSWORD).await;
    assert!(!can_sign_in(&world, PASSWORD).await, "there is no account before the confirmation");
    assert_eq!(accounts::signing_up(s, &browser).await.unwrap().as_deref(), Some(ADDRESS));
    for _ in 0..2 {
        let looked = accounts::sign_up_link(s, &link, &browser).await.unwrap();
        assert!(matches!(looked, SignUpLink::Good { elsewhere: false, .. }), "looking uses nothing up");
    }
    let entered = confirm(&world, &link, &browser, "").await.unwrap();
    assert_eq!(entered.next, "/jobs/new");
    let token = entered.signed_in.token.expose_secret();
    let who = accounts::authenticate(s, token).await.unwrap().unwrap().principal;
    assert!(who.email_verified && who.may(Permission::PostJobs).is_ok());
    assert!(can_sign_in(&world, PASSWORD).await);
    assert!(is_refused(confirm(&world, &link, &browser, "").await), "a link works once");
    assert_eq!(accounts::sign_up_link(s, &link, &browser).await.unwrap(), SignUpLink::Unknown);
    assert_eq!(accounts::signing_up(s, &browser).await.unwrap(), None);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_password_chosen_by_a_stranger_opens_nothing(pool: PgPool) {
    let world = World::new(pool).await;
    let (stranger, link) = begin(&world, PASSWORD).await;
    // The owner of the address follows the link, in a browser of their own.
    let looked = accounts::sign_up_link(&world.services, &link, "").await.unwrap();
    assert!(matches!(looked, SignUpLink::Good { elsewhere: true, .. }));
    for weak in ["", "short", "password1234", ADDRESS] {
        let refused = confirm(&world, &link, "", weak).await;
        assert!(matches!(refused, Err(ServiceError::Invalid(_))), "{weak:?}");
    }
    confirm(&world, &link, "", OTHER_PASSWORD).await.unwrap();
    assert!(!can_sign_in(&world, PASSWORD).await);
    assert!(can_sign_in(&world, OTHER_PASSWORD).await);
    assert!(is_refused(accounts::send_again(&world.services, &stranger, "").await));
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_browser_that_signed_up_somebody_else_does_not_count(pool: PgPool) {
    let world = World::new(pool).await;
    let (mine, my_link) = begin(&world, PASSWORD).await;
    let (strange, strange_link) = begin(&world, OTHER_PASSWORD).await;
    assert_ne!(my_link, strange_link);
    // The letter of the stranger's sign-up came last, and its link is followed in my browser.
    let refused = confirm(&world, &strange_link, &mine, "").await;
    assert!(matches!(refused, Err(ServiceError::Invalid(_))));
    confirm(&world, &my_link, &mine, "").await.unwrap();
    assert!(is_refused(confirm(&world, &strange_link, &strange, "").await), "the address has its account");
    assert!(can_sign_in(&world, PASSWORD).await && !can_sign_in(&world, OTHER_PASSWORD).await);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn of_two_who_confirm_at_once_one_does(pool: PgPool) {
    let world = World::new(pool).await;
    let (browser, link) = begin(&world, PASSWORD).await;
    let (one, other) =
        tokio::join!(confirm(&world, &link, &browser, ""), confirm(&world, &link, &browser, ""));
    assert_eq!([one.is_ok(), other.is_ok()].iter().filter(|done| **done).count(), 1);
    let accounts: i64 =
        sqlx::query_scalar("select count(*) from auth.users").fetch_one(world.pool()).await.unwrap();
    assert_eq!(accounts, 1);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_link_lives_a_day_and_a_newer_one_takes_its_place(pool: PgPool) {
    let world = World::new(pool).await;
    let s = &world.services;
    let (browser, first) = begin(&world, PASSWORD).await;
    world.advance(TimeDelta::hours(25));
    let looked = accounts::sign_up_link(s, &first, "").await.unwrap();
    assert_eq!(looked, SignUpLink::Old { email: ADDRESS.into() });
    assert!(is_refused(confirm(&world, &first, &browser, "").await));
    // By the old link itself, as on another device.
    accounts::send_again(s, "", &first).await.unwrap();
    world.do_jobs().await;
    let second = link_in(world.letters.to(ADDRESS).last().unwrap());
    assert_ne!(first, second);
    assert_eq!(accounts::sign_up_link(s, &first, &browser).await.unwrap(), SignUpLink::Unknown);
    confirm(&world, &second, &browser, "").await.unwrap();
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn an_address_with_an_account_gets_a_letter_and_nothing_else(pool: PgPool) {
    let world = World::new(pool).await;
    let s = &world.services;
    test_support::enter(s, "Ada", ADDRESS, "client").await;
    let begun = accounts::sign_up(s, &form(OTHER_PASSWORD), "", &Device::default()).await.unwrap();
    world.do_jobs().await;
    let letters = world.letters.to(ADDRESS);
    let subjects: Vec<_> = letters.iter().map(|letter| letter.subject.as_str()).collect();
    assert_eq!(subjects, ["You already have an account"]);
    assert!(!letters[0].text.contains("token="));
    // Whoever asked sees what they would see otherwise.
    let browser = begun.browser.expose_secret();
    assert_eq!(accounts::signing_up(s, browser).await.unwrap().as_deref(), Some(ADDRESS));
    accounts::send_again(s, browser, "").await.unwrap();
    assert!(can_sign_in(&world, PASSWORD).await && !can_sign_in(&world, OTHER_PASSWORD).await);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn nobodys_mailbox_is_flooded_and_the_last_link_works_meanwhile(pool: PgPool) {
    let world = World::new(pool).await;
    let (browser, _) = begin(&world, PASSWORD).await;
    for _ in 0..10 {
        accounts::send_again(&world.services, &browser, "").await.unwrap();
        world.do_jobs().await;
    }
    let letters = world.letters.to(ADDRESS);
    assert_eq!(letters.len(), 4);
    confirm(&world, &link_in(&letters[3]), &browser, "").await.unwrap();
    world.advance(TimeDelta::minutes(30));
    accounts::sign_up(&world.services, &form(PASSWORD), "", &Device::default()).await.unwrap();
    world.do_jobs().await;
    assert_eq!(world.letters.to(ADDRESS).len(), 5);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_link_is_stored_as_a_hash_and_in_no_job(pool: PgPool) {
    let world = World::new(pool).await;
    let (browser, link) = begin(&world, PASSWORD).await;
    let dump: String = sqlx::query_scalar(
        "select coalesce(string_agg(signing::text, ''), '') || coalesce((select string_agg(job::text, '')
         from core.background_jobs job), '') from auth.sign_ups signing",
    )
    .fetch_one(world.pool())
    .await
    .unwrap();
    assert!(dump.contains(ADDRESS));
    assert!(!dump.contains(&link) && !dump.contains(&browser) && !dump.contains(PASSWORD));
}
