//! So many wrong codes are listened to in a day. What is tried beyond them is written down, and ends
//! what it was tried for, all the same.

use domain::account::SignInForm;
use identity::Principal;
use secrecy::{ExposeSecret as _, SecretString};
use services::{
    ServiceError,
    accounts::{
        self, Admission, Device,
        second_factor::{self as factors, Answer},
    },
    audit,
};
use sqlx::PgPool;
use test_support::{MIGRATOR, PASSWORD, World, app_code};

use crate::people::begin_app;

/// What is left in the log where nobody looked at a code.
const TOO_OFTEN: Option<&str> = Some("\"too many wrong codes\"");

/// Somebody with an authenticator app; gives its key, too.
async fn guarded(world: &World) -> (Principal, String) {
    let s = &world.services;
    let person = world.person("Ada", "client").await;
    let key = begin_app(world, &person).await;
    let code = app_code(&key, s.now());
    let changed = factors::confirm_app(s, &person, &code, &Device::default()).await.unwrap();
    world.advance(chrono::TimeDelta::seconds(30));
    let token = changed.signed_in.token.expose_secret();
    let known = accounts::authenticate(s, token).await.unwrap().unwrap();
    (known.principal, key)
}

/// As if so many wrong codes had been tried today.
async fn tried(world: &World, who: &Principal, guesses: i32) {
    sqlx::query(
        "insert into auth.code_guesses (user_id, since, guesses) values ($1, $2, $3)
         on conflict (user_id) do update set since = $2, guesses = $3",
    )
    .bind(who.user_id.uuid())
    .bind(world.services.now())
    .bind(guesses)
    .execute(world.pool())
    .await
    .unwrap();
}

async fn guesses(world: &World) -> i32 {
    sqlx::query_scalar("select guesses from auth.code_guesses").fetch_one(world.pool()).await.unwrap()
}

async fn halfway(world: &World) -> SecretString {
    let form =
        SignInForm { email: "person0@example.com".into(), password: PASSWORD.into(), ..Default::default() };
    match accounts::sign_in(&world.services, &form, &Device::default()).await.unwrap() {
        Admission::SecondFactorDue(pending) => pending.token,
        Admission::SignedIn(_) => panic!("the second factor was not asked for"),
    }
}

/// How often a code was not even looked at, as the owner's log tells by this act.
async fn refused(world: &World, who: &Principal, act: &str) -> usize {
    let entries = audit::own(&world.services, who, None).await.unwrap();
    entries.iter().filter(|entry| entry.action == act && entry.after.as_deref() == TOO_OFTEN).count()
}

fn tells_of_the_limit<T>(result: Result<T, ServiceError>) -> bool {
    let Err(ServiceError::Invalid(errors)) = result else { return false };
    errors.get("code").is_some_and(|message| message.starts_with("Too many wrong codes were tried"))
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn beyond_the_limit_each_attempt_is_written_down_and_the_fifth_ends_the_sign_in(pool: PgPool) {
    let world = World::new(pool).await;
    let (ada, key) = guarded(&world).await;
    let token = halfway(&world).await;
    tried(&world, &ada, 30).await;
    let right = app_code(&key, world.services.now());
    let finish = async || {
        let answer = Answer::App(&right);
        let here = Device::default();
        let done = factors::finish_sign_in(&world.services, token.expose_secret(), &answer, false, &here);
        done.await.map(|_| ())
    };
    for attempt in 1..=4 {
        assert!(tells_of_the_limit(finish().await), "{attempt}");
        assert_eq!(refused(&world, &ada, "sign_in.second_factor_failed").await, attempt);
    }
    assert!(matches!(finish().await, Err(ServiceError::SignedOut)), "the fifth is the last");
    assert_eq!(refused(&world, &ada, "sign_in.second_factor_failed").await, 5);
    assert_eq!(guesses(&world).await, 35, "they are counted");
    tried(&world, &ada, 0).await;
    assert!(matches!(finish().await, Err(ServiceError::SignedOut)), "it stays ended, right code or not");
    assert_eq!(guesses(&world).await, 0, "nothing was compared");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn beyond_the_limit_a_proof_is_refused_and_that_is_written_down(pool: PgPool) {
    let world = World::new(pool).await;
    let (ada, key) = guarded(&world).await;
    tried(&world, &ada, 30).await;
    let right = app_code(&key, world.services.now());
    for attempt in 1..=2 {
        let answer = Answer::App(&right);
        let refused_one = factors::confirm_with(&world.services, &ada, &answer, &Device::default()).await;
        assert!(tells_of_the_limit(refused_one));
        assert_eq!(refused(&world, &ada, "proof.failed").await, attempt);
    }
    assert_eq!(guesses(&world).await, 32);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_wrong_code_at_the_set_up_of_an_app_is_written_down_also_beyond_the_limit(pool: PgPool) {
    let world = World::new(pool).await;
    let s = &world.services;
    let ada = world.person("Ada", "client").await;
    let key = begin_app(&world, &ada).await;
    let confirm =
        async |code: &str| factors::confirm_app(s, &ada, code, &Device::default()).await.map(|_| ());
    assert!(matches!(confirm("000000").await, Err(ServiceError::Invalid(_))));
    let entries = audit::own(s, &ada, None).await.unwrap();
    assert_eq!(entries[0].action, "app.refused");
    assert_eq!(entries[0].after.as_deref(), Some("\"wrong code\""));
    tried(&world, &ada, 30).await;
    let right = app_code(&key, s.now());
    assert!(tells_of_the_limit(confirm(&right).await));
    assert_eq!((refused(&world, &ada, "app.refused").await, guesses(&world).await), (1, 31));
}
