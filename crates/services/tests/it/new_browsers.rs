//! Browsers that whoever has no second factor has not called theirs.

use chrono::TimeDelta;
use domain::account::{NewPasswordForm, SecondFactor, SignInForm, SignUpForm};
use secrecy::{ExposeSecret as _, SecretString};
use services::{
    ServiceError,
    accounts::{
        self, Admission, Device, SignedIn,
        second_factor::{self as factors, Answer, Finished},
    },
};
use sqlx::PgPool;
use test_support::{MIGRATOR, PASSWORD, World, link_in};

use crate::people::make_admin;

const ADDRESS: &str = "person0@example.com";

async fn world(pool: PgPool) -> World {
    World::with_settings(pool, |settings| settings.confirm_new_browsers = true).await
}

async fn password(world: &World, device: &Device) -> Admission {
    let form = SignInForm { email: ADDRESS.into(), password: PASSWORD.into(), next: String::new() };
    accounts::sign_in(&world.services, &form, device).await.unwrap()
}

/// The token of half a sign-in, and the code of the letter that came with it.
async fn asked(world: &World, device: &Device) -> (SecretString, String) {
    let Admission::SecondFactorDue(pending) = password(world, device).await else {
        panic!("nothing was asked");
    };
    world.do_jobs().await;
    let letters = world.letters.to(ADDRESS);
    let digits = |line: &str| line.chars().filter(char::is_ascii_digit).collect::<String>();
    let code = letters.last().unwrap().text.lines().map(digits).find(|line| line.len() == 8).unwrap();
    (pending.token, code)
}

async fn answer(
    world: &World,
    token: &SecretString,
    code: &str,
    trust: bool,
) -> Result<Finished, ServiceError> {
    let here = Device::default();
    factors::finish_sign_in(&world.services, token.expose_secret(), &Answer::Email(code), trust, &here).await
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_password_alone_opens_nothing_in_a_browser_that_is_not_ones_own(pool: PgPool) {
    let world = world(pool).await;
    world.person("Ada", "client").await;
    let (token, code) = asked(&world, &Device::default()).await;
    let known = accounts::authenticate(&world.services, token.expose_secret()).await.unwrap();
    assert_eq!(known, None, "the token of half a sign-in is none of a session");
    let shown = factors::pending(&world.services, token.expose_secret()).await.unwrap().unwrap();
    assert!(!shown.guarded && shown.email && shown.email_codes_sent == 1 && shown.may_trust);
    let wrong = answer(&world, &token, "0000 0000", false).await;
    assert!(matches!(wrong, Err(ServiceError::Invalid(errors)) if errors.get("email_code").is_some()));
    let done = answer(&world, &token, &code, true).await.unwrap();
    let known = accounts::authenticate(&world.services, done.signed_in.token.expose_secret()).await.unwrap();
    assert_eq!(known.unwrap().principal.second_factor, Some(SecondFactor::EmailCode));

    let own = Device { trust: Some(done.trust.unwrap().token), ..Device::default() };
    assert!(password(&world, &own).await.signed_in().is_some(), "it is known now");
    asked(&world, &Device::default()).await;
    world.advance(TimeDelta::days(31));
    assert!(password(&world, &own).await.signed_in().is_none(), "for a month");
}

/// Such a browser once counted as a trusted one, with which nothing that guards the account could ever
/// be changed.
#[sqlx::test(migrator = "MIGRATOR")]
async fn in_a_browser_of_ones_own_one_proves_who_one_is(pool: PgPool) {
    let world = world(pool).await;
    world.person("Ada", "client").await;
    let s = &world.services;
    let (token, code) = asked(&world, &Device::default()).await;
    let done = answer(&world, &token, &code, true).await.unwrap();
    let own = Device { trust: Some(done.trust.unwrap().token), ..Device::default() };
    let signed_in = password(&world, &own).await.signed_in().unwrap();
    let who = async |signed_in: &SignedIn| {
        accounts::authenticate(s, signed_in.token.expose_secret()).await.unwrap().unwrap().principal
    };
    assert!(who(&signed_in).await.proved(s.now()).is_ok(), "a password is a proof");
    world.advance(TimeDelta::minutes(11));
    let ada = who(&signed_in).await;
    assert!(ada.proved(s.now()).is_err());
    let confirmed = accounts::confirm(s, &ada, PASSWORD, &own).await.unwrap();
    assert!(who(&confirmed).await.proved(s.now()).is_ok());
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_code_is_for_the_sign_in_that_it_was_sent_for(pool: PgPool) {
    let world = world(pool).await;
    world.person("Ada", "client").await;
    let (_, code) = asked(&world, &Device::default()).await;
    let (other, _) = asked(&world, &Device::default()).await;
    assert!(matches!(answer(&world, &other, &code, false).await, Err(ServiceError::Invalid(_))));
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_mailbox_is_no_second_factor_of_an_administrator(pool: PgPool) {
    let world = world(pool).await;
    let ada = world.person("Ada", "client").await;
    make_admin(&world, &ada).await;
    let (token, code) = asked(&world, &Device::default()).await;
    let done = answer(&world, &token, &code, true).await.unwrap();
    assert!(done.trust.is_none());
    let known = accounts::authenticate(&world.services, done.signed_in.token.expose_secret()).await.unwrap();
    assert!(known.unwrap().principal.second_factor_due);
}

/// Signs somebody up at the address and confirms it in the same browser; gives what that is known by.
async fn joined(world: &World) -> SecretString {
    let (s, here) = (&world.services, Device::default());
    let form = SignUpForm {
        display_name: "Ada".into(),
        email: ADDRESS.into(),
        password: PASSWORD.into(),
        region: "EU".into(),
        purpose: "client".into(),
        ..SignUpForm::default()
    };
    let browser = accounts::sign_up(s, &form, "", &here).await.unwrap().browser;
    world.do_jobs().await;
    let link = link_in(world.letters.to(ADDRESS).last().unwrap());
    let none = NewPasswordForm::default();
    let entered = accounts::confirm_sign_up(s, &link, browser.expose_secret(), &none, &here).await.unwrap();
    // The database goes by a clock of its own.
    sqlx::query("update auth.users set created_at = $1").bind(s.now()).execute(world.pool()).await.unwrap();
    entered.signed_in.known_browser.unwrap()
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn whoever_has_just_confirmed_their_address_is_not_asked_in_that_browser(pool: PgPool) {
    let world = world(pool).await;
    let own = Device { known: Some(joined(&world).await), ..Device::default() };
    assert!(password(&world, &own).await.signed_in().is_some());
    asked(&world, &Device::default()).await;
    world.advance(TimeDelta::minutes(59));
    assert!(password(&world, &own).await.signed_in().is_some());
    world.advance(TimeDelta::minutes(1));
    asked(&world, &own).await;
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_browser_on_which_one_signs_in_is_not_yet_ones_own(pool: PgPool) {
    let world = world(pool).await;
    joined(&world).await;
    world.advance(TimeDelta::hours(2));
    let (token, code) = asked(&world, &Device::default()).await;
    let done = answer(&world, &token, &code, false).await.unwrap();
    asked(&world, &Device { known: done.signed_in.known_browser, ..Device::default() }).await;
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn whoever_becomes_an_administrator_is_asked_at_once(pool: PgPool) {
    let world = world(pool).await;
    let own = Device { known: Some(joined(&world).await), ..Device::default() };
    sqlx::query("insert into auth.user_roles select id, 'admin' from auth.users")
        .execute(world.pool())
        .await
        .unwrap();
    asked(&world, &own).await;
}
