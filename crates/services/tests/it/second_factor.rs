//! Second factors: what opens a session, once, and for whom.

use chrono::TimeDelta;
use domain::account::{AddressForm, SecondFactor, SignInForm};
use identity::Principal;
use secrecy::{ExposeSecret as _, SecretString};
use services::{
    ServiceError,
    accounts::{
        self, Admission, Device, SignedIn,
        second_factor::{self as factors, Answer, Changed},
    },
};
use sqlx::PgPool;
use test_support::{MIGRATOR, PASSWORD, World, app_code, link_in};

use crate::people::{begin_app, make_admin};

/// Somebody with an authenticator app.
pub(crate) struct Guarded {
    pub(crate) who: Principal,
    pub(crate) key: String,
    codes: Vec<SecretString>,
}

pub(crate) async fn who(world: &World, signed_in: &SignedIn) -> Principal {
    let known = accounts::authenticate(&world.services, signed_in.token.expose_secret()).await.unwrap();
    known.unwrap().principal
}

/// Sets an app up, as its owner does.
pub(crate) async fn with_app(world: &World, person: Principal) -> Guarded {
    let s = &world.services;
    let key = begin_app(world, &person).await;
    let code = app_code(&key, world.services.now());
    let Changed { signed_in, recovery_codes } =
        factors::confirm_app(s, &person, &code, &Device::default()).await.unwrap();
    // The next code is another one.
    world.advance(TimeDelta::seconds(30));
    Guarded { who: who(world, &signed_in).await, key, codes: recovery_codes }
}

/// The token of a sign-in of the nth person that lacks the second factor.
pub(crate) async fn halfway(world: &World, n: usize, device: &Device) -> SecretString {
    match password(world, n, device).await {
        Admission::SecondFactorDue(pending) => pending.token,
        Admission::SignedIn(_) => panic!("the second factor was not asked for"),
    }
}

pub(crate) async fn password(world: &World, n: usize, device: &Device) -> Admission {
    let form = SignInForm {
        email: format!("person{n}@example.com"),
        password: PASSWORD.into(),
        next: String::new(),
    };
    accounts::sign_in(&world.services, &form, device).await.unwrap()
}

async fn finish(world: &World, token: &SecretString, answer: Answer<'_>) -> Result<SignedIn, ServiceError> {
    let here = Device::default();
    let done = factors::finish_sign_in(&world.services, token.expose_secret(), &answer, false, &here);
    done.await.map(|finished| finished.signed_in)
}

fn is_wrong(result: Result<SignedIn, ServiceError>) -> bool {
    matches!(result, Err(ServiceError::Invalid(_)))
}

fn is_over(result: Result<SignedIn, ServiceError>) -> bool {
    matches!(result, Err(ServiceError::SignedOut))
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_password_opens_nothing_without_the_app_and_each_code_works_once(pool: PgPool) {
    let world = World::new(pool).await;
    let ada = with_app(&world, world.person("Ada", "client").await).await;
    assert_eq!(ada.who.second_factor, Some(SecondFactor::Totp));
    assert_eq!(ada.codes.len(), 10);
    let token = halfway(&world, 0, &Device::default()).await;
    let known = accounts::authenticate(&world.services, token.expose_secret()).await.unwrap();
    assert_eq!(known, None, "the token of half a sign-in is none of a session");
    let code = app_code(&ada.key, world.services.now());
    let signed_in = finish(&world, &token, Answer::App(&code)).await.unwrap();
    assert_eq!(who(&world, &signed_in).await.second_factor, Some(SecondFactor::Totp));
    assert!(is_over(finish(&world, &token, Answer::App(&code)).await), "the sign-in is finished");
    let again = halfway(&world, 0, &Device::default()).await;
    assert!(is_wrong(finish(&world, &again, Answer::App(&code)).await), "seen over a shoulder");
    world.advance(TimeDelta::seconds(30));
    let next = app_code(&ada.key, world.services.now());
    assert!(finish(&world, &again, Answer::App(&next)).await.is_ok());
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn an_app_counts_only_once_it_has_shown_a_code(pool: PgPool) {
    let world = World::new(pool).await;
    let ada = world.person("Ada", "client").await;
    let s = &world.services;
    factors::begin_app(s, &ada).await.unwrap();
    assert!(matches!(password(&world, 0, &Device::default()).await, Admission::SignedIn(_)));
    let refused = factors::confirm_app(s, &ada, "000000", &Device::default()).await;
    assert!(matches!(refused, Err(ServiceError::Invalid(errors)) if errors.get("code").is_some()));
    let mut stale = ada.clone();
    stale.proved_at -= TimeDelta::hours(1);
    assert!(matches!(factors::begun_app(s, &stale).await, Err(ServiceError::ProofNeeded)));
    let key = factors::begun_app(s, &ada).await.unwrap().unwrap().manual_key;
    world.advance(TimeDelta::minutes(31));
    let fresh = world.anew(&ada).await;
    let code = app_code(key.expose_secret(), s.now());
    let late = factors::confirm_app(s, &fresh, &code, &Device::default()).await;
    assert!(matches!(late, Err(ServiceError::Conflict(_))), "a set-up that nobody finished is over");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn wrong_codes_end_a_sign_in_and_too_many_are_not_listened_to(pool: PgPool) {
    let world = World::new(pool).await;
    let ada = with_app(&world, world.person("Ada", "client").await).await;
    let mut wrong = 0;
    while wrong < 30 {
        let token = halfway(&world, 0, &Device::default()).await;
        for attempt in 1..=5 {
            let refused = finish(&world, &token, Answer::App("no code")).await;
            assert!(if attempt < 5 { is_wrong(refused) } else { is_over(refused) }, "{attempt}");
            wrong += 1;
        }
        let code = app_code(&ada.key, world.services.now());
        assert!(is_over(finish(&world, &token, Answer::App(&code)).await), "void, right code or not");
    }
    let token = halfway(&world, 0, &Device::default()).await;
    let code = app_code(&ada.key, world.services.now());
    assert!(is_wrong(finish(&world, &token, Answer::App(&code)).await), "whoever guesses is not told");
    let recovery = ada.codes[0].expose_secret();
    assert!(finish(&world, &token, Answer::Recovery(recovery)).await.is_ok(), "its owner is not locked out");
    world.advance(TimeDelta::days(1));
    let token = halfway(&world, 0, &Device::default()).await;
    let code = app_code(&ada.key, world.services.now());
    assert!(finish(&world, &token, Answer::App(&code)).await.is_ok());
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn of_two_who_use_a_recovery_code_at_once_one_wins(pool: PgPool) {
    let world = World::new(pool).await;
    let ada = with_app(&world, world.person("Ada", "client").await).await;
    let code = ada.codes[3].expose_secret();
    let (one, other) =
        (halfway(&world, 0, &Device::default()).await, halfway(&world, 0, &Device::default()).await);
    let (first, second) = tokio::join!(
        finish(&world, &one, Answer::Recovery(code)),
        finish(&world, &other, Answer::Recovery(code)),
    );
    assert!(first.is_ok() != second.is_ok(), "one of them");
    let left = factors::check_up(&world.services, &ada.who).await.unwrap().factors.recovery_codes;
    assert_eq!(left, 9);
    world.do_jobs().await;
    let letters = world.letters.to("person0@example.com");
    let told = letters.iter().filter(|letter| letter.text.contains("recovery code was used")).count();
    assert_eq!(told, 1, "the owner hears of it");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn of_two_who_use_a_code_of_the_app_at_once_one_wins(pool: PgPool) {
    let world = World::new(pool).await;
    let ada = with_app(&world, world.person("Ada", "client").await).await;
    let code = app_code(&ada.key, world.services.now());
    let (one, other) =
        (halfway(&world, 0, &Device::default()).await, halfway(&world, 0, &Device::default()).await);
    let (first, second) =
        tokio::join!(finish(&world, &one, Answer::App(&code)), finish(&world, &other, Answer::App(&code)));
    assert!(first.is_ok() != second.is_ok(), "one of them");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn another_persons_factor_finishes_no_sign_in(pool: PgPool) {
    let world = World::new(pool).await;
    let ada = with_app(&world, world.person("Ada", "client").await).await;
    let mallory = with_app(&world, world.person("Mallory", "client").await).await;
    let token = halfway(&world, 0, &Device::default()).await;
    let own = app_code(&mallory.key, world.services.now());
    assert!(is_wrong(finish(&world, &token, Answer::App(&own)).await));
    assert!(is_wrong(finish(&world, &token, Answer::Recovery(mallory.codes[0].expose_secret())).await));
    // A planted cookie of half a sign-in makes Ada sign in as nobody but Mallory, and only with
    // Mallory's own factor.
    let planted = halfway(&world, 1, &Device::default()).await;
    let code = app_code(&ada.key, world.services.now());
    assert!(is_wrong(finish(&world, &planted, Answer::App(&code)).await));
    let left = factors::check_up(&world.services, &mallory.who).await.unwrap().factors.recovery_codes;
    assert_eq!(left, 10, "what was tried elsewhere is not used up");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn half_a_sign_in_does_not_wait_for_ever(pool: PgPool) {
    let world = World::new(pool).await;
    let ada = with_app(&world, world.person("Ada", "client").await).await;
    let token = halfway(&world, 0, &Device::default()).await;
    world.advance(TimeDelta::minutes(11));
    let code = app_code(&ada.key, world.services.now());
    assert!(is_over(finish(&world, &token, Answer::App(&code)).await));
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn whoever_has_a_second_factor_proves_with_it_and_not_with_the_password(pool: PgPool) {
    let world = World::new(pool).await;
    let s = &world.services;
    let here = Device::default();
    let person = world.person("Ada", "client").await;
    let elsewhere = password(&world, 0, &here).await.signed_in().unwrap();
    let ada = with_app(&world, person).await;
    let other = who(&world, &elsewhere).await;
    let refused = factors::remove_app(s, &other, &here).await;
    assert!(matches!(refused, Err(ServiceError::ProofNeeded)), "what was proved elsewhere was less");
    assert!(matches!(accounts::confirm(s, &other, PASSWORD, &here).await, Err(ServiceError::Invalid(_))));
    let wrong = factors::confirm_with(s, &other, &Answer::App("123"), &here).await;
    assert!(matches!(wrong, Err(ServiceError::Invalid(_))));
    let code = app_code(&ada.key, s.now());
    let proved = factors::confirm_with(s, &other, &Answer::App(&code), &here).await.unwrap();
    let proved = who(&world, &proved).await;
    assert_eq!(proved.second_factor, Some(SecondFactor::Totp));
    let changed = factors::remove_app(s, &proved, &here).await.unwrap();
    assert!(matches!(password(&world, 0, &here).await, Admission::SignedIn(_)));
    let without = who(&world, &changed.signed_in).await;
    let left = factors::check_up(s, &without).await.unwrap().factors;
    assert_eq!((left.recovery_codes, left.guard()), (0, false), "what only stands in goes with it");
    world.do_jobs().await;
    let letters = world.letters.to("person0@example.com");
    assert!(letters.iter().any(|letter| letter.text.contains("no longer guards your account")));
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn an_administrator_without_a_second_factor_may_only_give_one(pool: PgPool) {
    let world = World::new(pool).await;
    let s = &world.services;
    let here = Device::default();
    let person = world.person("Ada", "client").await;
    make_admin(&world, &person).await;
    let signed_in = password(&world, 0, &here).await.signed_in().unwrap();
    let admin = who(&world, &signed_in).await;
    assert!(admin.second_factor_due);
    let refused = services::jobs::own(s, &admin).await;
    assert!(matches!(refused, Err(ServiceError::Forbidden(_))), "the role it has beside is held back, too");
    let ada = with_app(&world, admin).await;
    assert!(!ada.who.second_factor_due);
    assert!(services::jobs::own(s, &ada.who).await.is_ok());
    let refused = factors::remove_app(s, &ada.who, &here).await;
    assert!(matches!(refused, Err(ServiceError::Conflict(_))), "the last one stays");
    let refused = factors::allow_email_codes(s, &ada.who, true, &here).await;
    assert!(matches!(refused, Err(ServiceError::Conflict(_))));
    let token = halfway(&world, 0, &here).await;
    let code = app_code(&ada.key, s.now());
    let done =
        factors::finish_sign_in(s, token.expose_secret(), &Answer::App(&code), true, &here).await.unwrap();
    assert!(done.trust.is_none(), "no browser is trusted with an administrator's account");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn codes_by_e_mail_are_for_those_who_allow_them_and_for_one_sign_in(pool: PgPool) {
    let world = World::new(pool).await;
    let s = &world.services;
    let here = Device::default();
    let mut ada = with_app(&world, world.person("Ada", "client").await).await;
    let token = halfway(&world, 0, &here).await;
    let refused = factors::send_sign_in_code(s, token.expose_secret(), &here).await;
    assert!(matches!(refused, Err(ServiceError::Conflict(_))), "off unless it is allowed");
    ada.who.email_verified = false;
    let refused = factors::allow_email_codes(s, &ada.who, true, &here).await;
    assert!(matches!(refused, Err(ServiceError::Conflict(_))), "the address must be confirmed");
    ada.who.email_verified = true;
    factors::allow_email_codes(s, &ada.who, true, &here).await.unwrap();

    let (one, other) = (halfway(&world, 0, &here).await, halfway(&world, 0, &here).await);
    factors::send_sign_in_code(s, one.expose_secret(), &here).await.unwrap();
    world.do_jobs().await;
    let letters = world.letters.to("person0@example.com");
    let text = &letters.last().unwrap().text;
    let code = text
        .split_whitespace()
        .collect::<Vec<_>>()
        .windows(2)
        .find(|pair| {
            pair.iter().all(|word| word.len() == 4 && word.bytes().all(|byte| byte.is_ascii_digit()))
        })
        .map(<[&str]>::concat)
        .unwrap_or_else(|| panic!("no code in {text}"));
    assert!(is_wrong(finish(&world, &other, Answer::Email(&code)).await), "it is for the other sign-in");
    let signed_in = finish(&world, &one, Answer::Email(&code)).await.unwrap();
    assert_eq!(who(&world, &signed_in).await.second_factor, Some(SecondFactor::EmailCode));

    let late = halfway(&world, 0, &here).await;
    for _ in 0..3 {
        factors::send_sign_in_code(s, late.expose_secret(), &here).await.unwrap();
    }
    let fourth = factors::send_sign_in_code(s, late.expose_secret(), &here).await;
    assert!(matches!(fourth, Err(ServiceError::Conflict(_))), "a mailbox is not flooded");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn new_recovery_codes_end_the_former_and_are_shown_to_their_owner_alone(pool: PgPool) {
    let world = World::new(pool).await;
    let s = &world.services;
    let ada = with_app(&world, world.person("Ada", "client").await).await;
    let eve = world.person("Eve", "client").await;
    let shown: Vec<&str> = ada.codes.iter().map(SecretString::expose_secret).collect();
    assert!(factors::are_current(s, &ada.who, &shown).await.unwrap());
    assert!(!factors::are_current(s, &eve, &shown).await.unwrap());
    assert!(!factors::are_current(s, &ada.who, &[]).await.unwrap());
    let renewed = factors::renew_recovery_codes(s, &ada.who, &Device::default()).await.unwrap();
    assert_eq!(renewed.recovery_codes.len(), 10);
    assert!(!factors::are_current(s, &ada.who, &shown).await.unwrap());
    let token = halfway(&world, 0, &Device::default()).await;
    assert!(is_wrong(finish(&world, &token, Answer::Recovery(shown[0])).await));
    let refused = factors::renew_recovery_codes(s, &eve, &Device::default()).await;
    assert!(
        matches!(refused, Err(ServiceError::Conflict(_))),
        "without a factor there is nothing to recover"
    );
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn anothers_passkey_is_neither_renamed_nor_removed(pool: PgPool) {
    let world = World::new(pool).await;
    let s = &world.services;
    let here = Device::default();
    let (ada, eve) = (world.person("Ada", "client").await, world.person("Eve", "client").await);
    let id = world.passkey_of(&ada).await;
    let renamed = factors::rename_passkey(s, &eve, id, "Mine", &here).await;
    assert!(matches!(renamed, Err(ServiceError::NotFound(_))));
    let removed = factors::remove_passkey(s, &eve, id, &here).await;
    assert!(matches!(removed, Err(ServiceError::NotFound(_))));
    assert!(factors::passkeys(s, &eve).await.unwrap().is_empty());
    // What Eve is asked to sign makes no passkey of Ada's.
    let ceremony = factors::start_registration(s, &eve).await.unwrap().token;
    let added = factors::add_passkey(s, &ada, ceremony.expose_secret(), "{}", "", &here).await;
    assert!(matches!(added, Err(ServiceError::Invalid(_))));
    let left: i64 = sqlx::query_scalar("select count(*) from auth.passkey_ceremonies")
        .fetch_one(world.pool())
        .await
        .unwrap();
    assert_eq!(left, 1, "it was not even taken away");
    let mut stale = ada.clone();
    stale.proved_at -= TimeDelta::hours(1);
    assert!(matches!(factors::remove_passkey(s, &stale, id, &here).await, Err(ServiceError::ProofNeeded)));
    // Nor does its owner remove it where it is the only way in.
    let password = "update auth.users set password_hash = $2 where id = $1";
    sqlx::query(password).bind(ada.user_id.uuid()).bind(None::<String>).execute(world.pool()).await.unwrap();
    let last = factors::remove_passkey(s, &ada, id, &here).await;
    assert!(matches!(last, Err(ServiceError::Conflict(why)) if why.contains("only way in")));
    sqlx::query(password).bind(ada.user_id.uuid()).bind("some hash").execute(world.pool()).await.unwrap();
    factors::remove_passkey(s, &ada, id, &here).await.unwrap();
    assert!(factors::passkeys(s, &ada).await.unwrap().is_empty());
}

/// Whoever reads the mailbox that the account had once had a way in left.
#[sqlx::test(migrator = "MIGRATOR")]
async fn what_was_begun_at_the_former_address_ends_with_it(pool: PgPool) {
    let world = World::new(pool).await;
    let s = &world.services;
    let here = Device::default();
    let Guarded { who: ada, key, .. } = with_app(&world, world.person("Ada", "client").await).await;
    let token = halfway(&world, 0, &here).await;
    let code = app_code(&key, s.now());
    let trusted = factors::finish_sign_in(s, token.expose_secret(), &Answer::App(&code), true, &here).await;
    let trust = trusted.unwrap().trust.unwrap().token;
    let half = halfway(&world, 0, &here).await;
    let form = AddressForm { email: "ada@new.example".into() };
    accounts::ask_email_change(s, &ada, &form, &here).await.unwrap();
    world.do_jobs().await;
    for end in ["person0@example.com", "ada@new.example"] {
        let link = link_in(world.letters.to(end).last().unwrap());
        accounts::confirm_email_change(s, &link, Some(&ada), &here).await.unwrap();
    }
    world.advance(TimeDelta::seconds(60));
    let code = app_code(&key, s.now());
    assert!(is_over(finish(&world, &half, Answer::App(&code)).await));
    let form = SignInForm { email: "ada@new.example".into(), password: PASSWORD.into(), next: String::new() };
    let there = Device { trust: Some(trust), ..Device::default() };
    let admission = accounts::sign_in(s, &form, &there).await.unwrap();
    assert!(matches!(admission, Admission::SecondFactorDue(_)), "no browser is trusted any more");
}

/// Where every connection was taken by somebody who waited for a second one, nobody went on.
#[sqlx::test(migrator = "MIGRATOR")]
async fn one_connection_is_enough_for_a_second_factor(pool: PgPool) {
    let world = World::new(pool).await;
    let Guarded { key, .. } = with_app(&world, world.person("Ada", "client").await).await;
    let token = halfway(&world, 0, &Device::default()).await;
    // It has learned no key yet.
    let fresh = world.process(&["test"]);
    let house = fresh.database().house();
    let mut taken = Vec::new();
    for _ in 1..house.options().get_max_connections() {
        taken.push(house.acquire().await.unwrap());
    }
    let code = app_code(&key, fresh.now());
    let (answer, here) = (Answer::App(&code), Device::default());
    factors::finish_sign_in(&fresh, token.expose_secret(), &answer, false, &here).await.unwrap();
}
