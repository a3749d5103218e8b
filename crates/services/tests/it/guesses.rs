//! Slowing those who guess, and what an account costs where many are made.

use chrono::TimeDelta;
use domain::account::{SignInForm, SignUpForm};
use identity::Principal;
use secrecy::{ExposeSecret as _, SecretString};
use services::{
    ServiceError, accounts,
    accounts::{
        Admission, Challenge, Device,
        second_factor::{self as factors, Answer},
    },
};
use sha2::{Digest as _, Sha256};
use sqlx::PgPool;
use test_support::{MIGRATOR, PASSWORD, World, app_code};

use crate::people::begin_app;

fn at(last: u8) -> Device {
    Device { address: Some([192, 0, 2, last].into()), ..Device::default() }
}

async fn sign_in(
    world: &World,
    email: &str,
    password: &str,
    device: &Device,
) -> Result<Admission, ServiceError> {
    let form = SignInForm { email: email.into(), password: password.into(), ..SignInForm::default() };
    accounts::sign_in(&world.services, &form, device).await
}

/// How long one has to wait, in seconds; none where the attempt was judged.
async fn guess(world: &World, email: &str, device: &Device) -> Option<i64> {
    match sign_in(world, email, "a wrong one, surely", device).await {
        Err(ServiceError::Invalid(_)) => None,
        Err(ServiceError::TooMany(wait)) => Some(wait.num_seconds()),
        _ => panic!("a wrong password opens nothing"),
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn guessing_is_slowed_more_and_more_and_a_known_browser_is_not(pool: PgPool) {
    let world = World::slowing(pool).await;
    world.person("Ada", "client").await;
    let (ada, nobody) = ("person0@example.com", "nobody@example.com");
    let signed_in = sign_in(&world, ada, PASSWORD, &at(7)).await.unwrap().signed_in().unwrap();
    let known: SecretString = signed_in.known_browser.unwrap();
    for email in [ada, nobody] {
        for _ in 0..9 {
            assert_eq!(guess(&world, email, &at(1)).await, None, "{email}");
        }
        let mut waits = Vec::new();
        while let Some(wait) = guess(&world, email, &at(1)).await {
            waits.push(wait);
            world.advance(TimeDelta::seconds(wait));
            assert_eq!(guess(&world, email, &at(1)).await, None);
            if wait >= 256 {
                break;
            }
        }
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 64, 128, 256], "{email}, with or without an account");
    }
    let stuck = sign_in(&world, ada, PASSWORD, &at(1)).await;
    assert!(matches!(stuck, Err(ServiceError::TooMany(_))), "the right one does not help in between");
    let own = Device { known: Some(known.clone()), ..at(1) };
    assert!(sign_in(&world, ada, PASSWORD, &own).await.is_ok(), "her own browser is none of it");
    assert!(sign_in(&world, ada, PASSWORD, &at(2)).await.is_ok(), "nor is another network");
    let stolen = Device { known: Some(known), ..at(1) };
    assert!(guess(&world, nobody, &stolen).await.is_some(), "and it is known for her alone");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn attempts_at_once_count_too(pool: PgPool) {
    let world = World::slowing(pool).await;
    let at = at(1);
    let attempts = (0..14).map(|_| guess(&world, "nobody@example.com", &at));
    let judged = futures::future::join_all(attempts).await.into_iter().filter(Option::is_none).count();
    assert_eq!(judged, 9);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_right_password_makes_up_for_the_wrong_ones_before(pool: PgPool) {
    let world = World::slowing(pool).await;
    world.person("Ada", "client").await;
    for _ in 0..3 {
        for _ in 0..6 {
            assert_eq!(guess(&world, "person0@example.com", &at(1)).await, None);
        }
        assert!(sign_in(&world, "person0@example.com", PASSWORD, &at(1)).await.is_ok());
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn all_the_world_at_once_cannot_guess_its_way_in_and_cannot_lock_anybody_out(pool: PgPool) {
    let world = World::slowing(pool).await;
    world.person("Ada", "client").await;
    let ada = "person0@example.com";
    let known = sign_in(&world, ada, PASSWORD, &at(7)).await.unwrap().signed_in().unwrap().known_browser;
    // Each time from elsewhere: no network tries more than once.
    let from = |n: u16| {
        let [high, low] = n.to_be_bytes();
        Device { address: Some([198, 51, high, low].into()), ..Device::default() }
    };
    let mailed = |admission| matches!(admission, Ok(Admission::SecondFactorDue(_)));
    assert!(!mailed(sign_in(&world, ada, PASSWORD, &from(9_998)).await));
    for n in 0..130 {
        assert_eq!(guess(&world, ada, &from(n)).await, None, "strangers are judged however many there are");
    }
    let world_away = sign_in(&world, ada, PASSWORD, &from(9_999)).await;
    assert!(mailed(world_away), "but the right password may be one of their guesses: her mailbox is asked");
    world.advance(TimeDelta::hours(25));
    assert!(!mailed(sign_in(&world, ada, PASSWORD, &from(9_997)).await), "and not for ever");
    for n in 200..330 {
        assert_eq!(guess(&world, ada, &from(n)).await, None);
    }
    let own = Device { known, ..from(9_999) };
    let own = sign_in(&world, ada, PASSWORD, &own).await;
    assert!(matches!(own, Ok(Admission::SignedIn(_))), "her own browser is none of it");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn one_network_does_not_try_one_password_on_everybody(pool: PgPool) {
    let world = World::slowing(pool).await;
    let mut judged = 0;
    let wait = loop {
        match guess(&world, &format!("person{judged}@example.com"), &at(1)).await {
            None => judged += 1,
            Some(wait) => break wait,
        }
    };
    assert_eq!((judged, wait), (51, 1));
    assert_eq!(guess(&world, "person99@example.com", &at(2)).await, None, "another network is not slowed");
    // The neighbours' addresses of IPv6 are the same network.
    let neighbour = |last: u16| Device {
        address: Some([0x2001, 0xdb8, 0, 7, 0, 0, 0, last].into()),
        ..Device::default()
    };
    for n in 0..9 {
        assert_eq!(guess(&world, "nobody@example.com", &neighbour(n)).await, None);
    }
    assert!(guess(&world, "nobody@example.com", &neighbour(9)).await.is_some());
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn whoever_came_a_moment_before_another_of_their_network_is_judged(pool: PgPool) {
    let world = World::slowing(pool).await;
    let (ada, bo) = ("person0@example.com", "person1@example.com");
    assert_eq!(guess(&world, ada, &at(1)).await, None);
    // They read the clock first and reach the counter second.
    world.advance(TimeDelta::milliseconds(-5));
    assert_eq!(guess(&world, bo, &at(1)).await, None);
    assert_eq!(guess(&world, ada, &at(1)).await, None);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_browser_that_was_not_used_for_long_is_a_stranger_again(pool: PgPool) {
    let world = World::slowing(pool).await;
    world.person("Ada", "client").await;
    let ada = "person0@example.com";
    let known = sign_in(&world, ada, PASSWORD, &at(1)).await.unwrap().signed_in().unwrap().known_browser;
    let own = Device { known, ..at(1) };
    let shown = own.known.as_ref().unwrap().expose_secret();
    assert!(accounts::known_browser(&world.services, shown).await.unwrap().is_some());
    assert!(accounts::known_browser(&world.services, "made up").await.unwrap().is_none());
    let again = sign_in(&world, ada, PASSWORD, &own).await.unwrap().signed_in().unwrap();
    assert!(again.known_browser.is_none(), "it keeps what it has");
    world.advance(TimeDelta::days(401));
    accounts::tidy(&world.services).await.unwrap();
    assert!(accounts::known_browser(&world.services, shown).await.unwrap().is_none());
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn who_found_a_browser_open_does_not_guess_its_password_for_long(pool: PgPool) {
    let world = World::slowing(pool).await;
    let ada = world.person("Ada", "client").await;
    for _ in 0..6 {
        let wrong = accounts::confirm(&world.services, &ada, "a wrong one, surely", &at(1)).await;
        assert!(matches!(wrong, Err(ServiceError::Invalid(_))));
    }
    let slowed = accounts::confirm(&world.services, &ada, PASSWORD, &at(1)).await;
    assert!(matches!(slowed, Err(ServiceError::TooMany(_))));
    let elsewhere =
        sign_in(&world, "person0@example.com", PASSWORD, &at(2)).await.unwrap().signed_in().unwrap();
    let elsewhere = accounts::authenticate(&world.services, elsewhere.token.expose_secret()).await.unwrap();
    let elsewhere = elsewhere.unwrap().principal;
    let confirmed = accounts::confirm(&world.services, &elsewhere, PASSWORD, &at(2)).await;
    assert!(confirmed.is_ok(), "and does not keep its owner from it elsewhere");
    world.advance(TimeDelta::seconds(1));
    assert!(accounts::confirm(&world.services, &ada, PASSWORD, &at(1)).await.is_ok());
}

/// Sets an authenticator app up; gives its key.
async fn with_app(world: &World, person: &Principal) -> String {
    let s = &world.services;
    let key = begin_app(world, person).await;
    factors::confirm_app(s, person, &app_code(&key, s.now()), &at(1)).await.unwrap();
    world.advance(TimeDelta::seconds(30));
    key
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn codes_of_the_second_factor_are_slowed_where_they_are_guessed_and_nowhere_else(pool: PgPool) {
    let world = World::slowing(pool).await;
    let s = &world.services;
    let ada = world.person("Ada", "client").await;
    let key = with_app(&world, &ada).await;
    let finish = async |code: &str, device: &Device| {
        let admission = sign_in(&world, "person0@example.com", PASSWORD, device).await.unwrap();
        let Admission::SecondFactorDue(pending) = admission else { panic!("it was not asked for") };
        factors::finish_sign_in(s, pending.token.expose_secret(), &Answer::App(code), false, device).await
    };
    for _ in 0..6 {
        assert!(matches!(finish("000000", &at(1)).await, Err(ServiceError::Invalid(_))));
    }
    let right = app_code(&key, s.now());
    assert!(matches!(finish(&right, &at(1)).await, Err(ServiceError::TooMany(_))));
    assert!(finish(&right, &at(2)).await.is_ok(), "who has the password slows down nobody elsewhere");
    world.advance(TimeDelta::seconds(30));
    assert!(finish(&app_code(&key, s.now()), &at(1)).await.is_ok());
    // The same where one is signed in.
    for _ in 0..6 {
        let wrong = factors::confirm_with(s, &ada, &Answer::App("000000"), &at(1)).await;
        assert!(matches!(wrong, Err(ServiceError::Invalid(_))));
    }
    let slowed = factors::confirm_with(s, &ada, &Answer::App("000000"), &at(1)).await;
    assert!(matches!(slowed, Err(ServiceError::TooMany(_))));
}

fn newcomer(n: u32, challenge: &str, answer: &str) -> SignUpForm {
    SignUpForm {
        display_name: "Somebody New".into(),
        email: format!("new{n}@example.com"),
        password: PASSWORD.into(),
        region: "EU".into(),
        purpose: "client".into(),
        challenge: challenge.into(),
        answer: answer.into(),
    }
}

/// Whether somebody may sign up; if not, it is for the challenge.
async fn sign_up(world: &World, challenge: &str, answer: &str, device: &Device) -> bool {
    match accounts::sign_up(&world.services, &newcomer(1, challenge, answer), "", device).await {
        Ok(_) => true,
        Err(ServiceError::Invalid(fields)) if fields.get("challenge").is_some() => false,
        Err(other) => panic!("{other}"),
    }
}

async fn challenge(world: &World, before: &str, device: &Device) -> Option<Challenge> {
    accounts::sign_up_challenge(&world.services, &newcomer(1, before, ""), device).await.unwrap()
}

fn solve(challenge: &Challenge) -> String {
    answers(challenge).next().unwrap()
}

/// All that meet a challenge; each does so once.
fn answers(challenge: &Challenge) -> impl Iterator<Item = String> {
    let zeros = |n: &u64| {
        let hash = Sha256::digest(format!("{}.{n}", challenge.id));
        u32::from_be_bytes([hash[0], hash[1], hash[2], hash[3]]).leading_zeros()
    };
    (0_u64..).filter(move |n| zeros(n) >= challenge.difficulty.into()).map(|n| n.to_string())
}

/// Makes as many accounts from a network as cost nothing.
async fn many(world: &World, device: &Device) {
    for _ in 0..5 {
        assert_eq!(challenge(world, "", device).await, None);
        assert!(sign_up(world, "", "", device).await);
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn the_sixth_account_of_a_day_costs_some_work_which_is_good_once(pool: PgPool) {
    let world = World::slowing(pool).await;
    many(&world, &at(1)).await;
    assert_eq!(challenge(&world, "", &at(2)).await, None, "others pay nothing");
    assert!(!sign_up(&world, "", "", &at(1)).await);
    let asked = challenge(&world, "", &at(1)).await.unwrap();
    let (id, answer) = (asked.id.to_string(), solve(&asked));
    assert!(!sign_up(&world, &id, "0", &at(1)).await, "it is not to be had for nothing");
    let bad = SignUpForm { password: "short".into(), ..newcomer(1, &id, &answer) };
    assert!(accounts::sign_up(&world.services, &bad, "", &at(1)).await.is_err());
    assert!(sign_up(&world, &id, &answer, &at(1)).await, "a form with a fault used nothing up");
    assert!(!sign_up(&world, &id, &answer, &at(1)).await, "it is good once");
    let others: Vec<String> = answers(&asked).skip(1).take(2).collect();
    assert!(sign_up(&world, &id, &others[0], &at(1)).await, "whoever works again need not wait");
    many(&world, &at(3)).await;
    assert!(!sign_up(&world, &id, &others[1], &at(3)).await, "and for nobody else");
    world.advance(TimeDelta::hours(25));
    assert!(sign_up(&world, "", "", &at(1)).await, "the next day it is forgotten");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn of_two_who_use_one_answer_at_once_one_gets_an_account(pool: PgPool) {
    let world = World::slowing(pool).await;
    many(&world, &at(1)).await;
    let asked = challenge(&world, "", &at(1)).await.unwrap();
    let (id, answer) = (asked.id.to_string(), solve(&asked));
    let here = at(1);
    let (one, two) = tokio::join!(sign_up(&world, &id, &answer, &here), sign_up(&world, &id, &answer, &here));
    assert!(one != two, "{one} {two}");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn whoever_cannot_compute_waits_a_minute_and_no_longer(pool: PgPool) {
    let world = World::slowing(pool).await;
    many(&world, &at(1)).await;
    let asked = challenge(&world, "", &at(1)).await.unwrap();
    assert_eq!(asked.wait_seconds, 60);
    let id = asked.id.to_string();
    world.advance(TimeDelta::seconds(40));
    assert!(!sign_up(&world, &id, "", &at(1)).await);
    let again = challenge(&world, &id, &at(1)).await.unwrap();
    assert_eq!((again.id, again.wait_seconds), (asked.id, 20), "nobody waits twice");
    world.advance(TimeDelta::seconds(20));
    assert!(sign_up(&world, &id, "", &at(1)).await);
    assert!(!sign_up(&world, &id, "", &at(1)).await, "it is good once");
    let old = challenge(&world, "", &at(1)).await.unwrap().id.to_string();
    world.advance(TimeDelta::hours(2));
    assert!(!sign_up(&world, &old, "", &at(1)).await, "nobody waits in advance");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn of_those_who_wait_in_one_network_one_a_minute_gets_an_account(pool: PgPool) {
    let world = World::slowing(pool).await;
    many(&world, &at(1)).await;
    let mut asked = Vec::new();
    for _ in 0..10 {
        asked.push(challenge(&world, "", &at(1)).await.unwrap());
    }
    let rows: i64 = sqlx::query_scalar("select count(*) from auth.sign_up_challenges")
        .fetch_one(world.pool())
        .await
        .unwrap();
    assert_eq!(rows, 1, "a page that is only looked at is no reason to write anything");
    // As a server of a former version gives them.
    sqlx::query(
        "insert into auth.sign_up_challenges
         select gen_random_uuid(), network, difficulty, created_at from auth.sign_up_challenges",
    )
    .execute(world.pool())
    .await
    .unwrap();
    let ids: Vec<String> = sqlx::query_scalar("select id::text from auth.sign_up_challenges")
        .fetch_all(world.pool())
        .await
        .unwrap();
    for minute in 0..3 {
        world.advance(TimeDelta::seconds(60));
        let here = at(1);
        let waited = ids.iter().chain(&ids).map(|id| sign_up(&world, id, "", &here));
        let through = futures::future::join_all(waited).await;
        assert_eq!(through.into_iter().filter(|through| *through).count(), 1, "minute {minute}");
    }
    let id = asked[0].id.to_string();
    for answer in answers(&asked[0]).take(3) {
        assert!(sign_up(&world, &id, &answer, &at(1)).await, "whoever computes does not wait");
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn of_many_who_come_at_once_as_many_as_are_free_get_an_account(pool: PgPool) {
    let world = World::slowing(pool).await;
    let here = at(1);
    let at_once = futures::future::join_all((0..30).map(|_| sign_up(&world, "", "", &here))).await;
    assert_eq!(at_once.into_iter().filter(|through| *through).count(), 5);
}
