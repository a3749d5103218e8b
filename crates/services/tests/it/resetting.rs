//! Choosing a new password by a link, and what a new device sets off.

use chrono::TimeDelta;
use domain::account::{AddressForm, ChangePasswordForm, NewPasswordForm, SignInForm, SignUpForm};
use secrecy::ExposeSecret as _;
use services::{
    ServiceError,
    accounts::{self, Admission, Device, SignedIn, second_factor},
};
use sqlx::PgPool;
use test_support::{MIGRATOR, PASSWORD, World, link_in};

const ADDRESS: &str = "person0@example.com";
const NEW: &str = "another good pass phrase";

async fn ask(world: &World, email: &str) -> Option<String> {
    let form = AddressForm { email: email.into() };
    accounts::ask_reset(&world.services, &form, &Device::default()).await.unwrap();
    let before = world.letters.to(email).len();
    world.do_jobs().await;
    world.letters.to(email).get(before).filter(|letter| letter.text.contains("token=")).map(link_in)
}

async fn reset(world: &World, link: &str, password: &str) -> Result<SignedIn, ServiceError> {
    let form = NewPasswordForm { password: password.into() };
    let admission = accounts::reset_password(&world.services, link, &form, &Device::default()).await?;
    Ok(admission.signed_in().unwrap())
}

async fn sign_in(world: &World, password: &str, device: &Device) -> Result<SignedIn, ServiceError> {
    let form = SignInForm { email: ADDRESS.into(), password: password.into(), next: String::new() };
    Ok(accounts::sign_in(&world.services, &form, device).await?.signed_in().unwrap())
}

fn is_refused<T>(result: Result<T, ServiceError>) -> bool {
    matches!(result, Err(ServiceError::Conflict(_)))
}

fn subjects(world: &World) -> Vec<String> {
    world.letters.to(ADDRESS).into_iter().map(|letter| letter.subject).collect()
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_link_gives_a_new_password_once_and_signs_everybody_out(pool: PgPool) {
    let world = World::new(pool).await;
    let s = &world.services;
    let ada = world.person("Ada", "client").await;
    let link = ask(&world, "Person0@Example.com ").await;
    assert!(link.is_none(), "letters go to the address in lower case");
    let link = link_in(world.letters.to(ADDRESS).last().unwrap());
    assert_eq!(accounts::reset_link(s, &link).await.unwrap().as_deref(), Some(ADDRESS));
    for weak in ["short", "password1234", ADDRESS] {
        assert!(matches!(reset(&world, &link, weak).await, Err(ServiceError::Invalid(_))), "{weak}");
    }
    let signed_in = reset(&world, &link, NEW).await.unwrap();
    assert!(!accounts::is_open(s, ada.session_id).await.unwrap(), "every session ends");
    let token = signed_in.token.expose_secret();
    assert_eq!(accounts::authenticate(s, token).await.unwrap().unwrap().principal.user_id, ada.user_id);
    assert!(sign_in(&world, PASSWORD, &Device::default()).await.is_err());
    assert!(sign_in(&world, NEW, &Device::default()).await.is_ok());
    assert!(is_refused(reset(&world, &link, PASSWORD).await), "a link works once");
    assert_eq!(accounts::reset_link(s, &link).await.unwrap(), None);
    world.do_jobs().await;
    assert_eq!(subjects(&world), ["Choose a new password", "Your password was changed"]);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_link_does_not_go_round_the_second_factor(pool: PgPool) {
    let world = World::new(pool).await;
    let ada = world.person("Ada", "client").await;
    sqlx::query("insert into auth.authenticator_apps values ($1, decode(repeat('00', 20), 'hex'), 0, now())")
        .bind(ada.user_id.uuid())
        .execute(world.pool())
        .await
        .unwrap();
    sqlx::query("update auth.users set email_codes_allowed = true").execute(world.pool()).await.unwrap();
    let (link, here) = (ask(&world, ADDRESS).await.unwrap(), Device::default());
    let form = NewPasswordForm { password: NEW.into() };
    let admission = accounts::reset_password(&world.services, &link, &form, &here).await.unwrap();
    let Admission::SecondFactorDue(pending) = admission else {
        panic!("the second factor was not asked for")
    };
    let code = second_factor::send_sign_in_code(&world.services, pending.token.expose_secret(), &here).await;
    assert!(matches!(code, Err(ServiceError::Conflict(_))), "a mailbox is not both factors");
    let sessions: i64 =
        sqlx::query_scalar("select count(*) from auth.sessions").fetch_one(world.pool()).await.unwrap();
    assert_eq!(sessions, 0, "the old ones are ended, and there is no new one yet");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_link_lives_half_an_hour_and_a_newer_one_takes_its_place(pool: PgPool) {
    let world = World::new(pool).await;
    world.person("Ada", "client").await;
    let first = ask(&world, ADDRESS).await.unwrap();
    let second = ask(&world, ADDRESS).await.unwrap();
    assert!(is_refused(reset(&world, &first, NEW).await));
    world.advance(TimeDelta::minutes(31));
    assert!(is_refused(reset(&world, &second, NEW).await));
    assert!(sign_in(&world, PASSWORD, &Device::default()).await.is_ok(), "nothing was changed");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn of_two_who_use_a_link_at_once_one_does(pool: PgPool) {
    let world = World::new(pool).await;
    world.person("Ada", "client").await;
    let link = ask(&world, ADDRESS).await.unwrap();
    let (one, other) = tokio::join!(reset(&world, &link, NEW), reset(&world, &link, "a third pass phrase"));
    assert_eq!([one.is_ok(), other.is_ok()].iter().filter(|done| **done).count(), 1);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_password_changed_by_its_owner_ends_links_and_changes_of_address(pool: PgPool) {
    let world = World::new(pool).await;
    let s = &world.services;
    let ada = world.person("Ada", "client").await;
    let link = ask(&world, ADDRESS).await.unwrap();
    let elsewhere = AddressForm { email: "thief@example.com".into() };
    accounts::ask_email_change(s, &ada, &elsewhere, &Device::default()).await.unwrap();
    let form = ChangePasswordForm { current: PASSWORD.into(), password: NEW.into() };
    accounts::change_password(s, &ada, &form, &Device::default()).await.unwrap();
    assert!(is_refused(reset(&world, &link, PASSWORD).await));
    world.do_jobs().await;
    assert!(world.letters.to("thief@example.com").is_empty());
    assert!(accounts::own_email(s, &ada).await.unwrap().change.is_none());
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_link_is_good_for_its_own_purpose_alone(pool: PgPool) {
    let world = World::new(pool).await;
    let s = &world.services;
    let ada = world.person("Ada", "client").await;
    let link = ask(&world, ADDRESS).await.unwrap();
    let here = Device::default();
    let form = NewPasswordForm { password: NEW.into() };
    assert!(is_refused(accounts::confirm_sign_up(s, &link, "", &form, &here).await));
    assert!(is_refused(accounts::confirm_email_change(s, &link, Some(&ada), &here).await));
    for made_up in ["", "short", &"x".repeat(43), &"x".repeat(100_000)] {
        assert!(is_refused(reset(&world, made_up, NEW).await));
    }
    assert!(reset(&world, &link, NEW).await.is_ok());
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn sign_ups_in_somebodys_name_do_not_keep_the_link_for_a_new_password_from_them(pool: PgPool) {
    let world = World::new(pool).await;
    world.person("Ada", "client").await;
    for _ in 0..6 {
        let form = SignUpForm {
            display_name: "Somebody".into(),
            email: ADDRESS.into(),
            password: NEW.into(),
            region: "EU".into(),
            purpose: "client".into(),
            ..SignUpForm::default()
        };
        accounts::sign_up(&world.services, &form, "", &Device::default()).await.unwrap();
    }
    world.do_jobs().await;
    assert_eq!(world.letters.to(ADDRESS).len(), 4, "more would be a nuisance");
    assert!(ask(&world, ADDRESS).await.is_some());
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn an_address_without_an_account_is_told_so_by_letter_alone(pool: PgPool) {
    let world = World::new(pool).await;
    assert_eq!(ask(&world, "nobody@example.com").await, None);
    let letters = world.letters.to("nobody@example.com");
    assert_eq!(letters.len(), 1);
    assert_eq!(letters[0].subject, "There is no account with this address");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn whoever_is_suspended_does_not_get_in_by_a_link(pool: PgPool) {
    let world = World::new(pool).await;
    world.person("Ada", "client").await;
    sqlx::query("update auth.users set status = 'suspended', suspended_at = now()")
        .execute(world.pool())
        .await
        .unwrap();
    assert_eq!(ask(&world, ADDRESS).await, None);
    assert_eq!(subjects(&world), ["Your account has been suspended"]);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_sign_in_from_a_new_device_is_told_once(pool: PgPool) {
    let world = World::new(pool).await;
    world.person("Ada", "client").await;
    let firefox = |address: [u8; 4]| Device {
        user_agent: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0".into(),
        address: Some(address.into()),
        ..Device::default()
    };
    sign_in(&world, PASSWORD, &Device::default()).await.unwrap();
    world.do_jobs().await;
    assert!(world.letters.to(ADDRESS).is_empty(), "the device of the sign-up is known");
    sign_in(&world, PASSWORD, &firefox([192, 0, 2, 1])).await.unwrap();
    sign_in(&world, PASSWORD, &firefox([192, 0, 2, 9])).await.unwrap();
    assert!(sign_in(&world, "wrong", &firefox([198, 51, 100, 1])).await.is_err());
    world.do_jobs().await;
    let letters = world.letters.to(ADDRESS);
    assert_eq!(letters.len(), 1);
    assert!(letters[0].text.contains("Firefox on Linux") && letters[0].text.contains("192.0.2.1"));
}
