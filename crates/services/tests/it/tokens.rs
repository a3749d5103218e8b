//! Tokens for programs: whom they stand for, how they are renewed, and what ends them.

use chrono::TimeDelta;
use domain::{
    TokenId, UserId,
    account::ChangePasswordForm,
    permission::Permission,
    scope::{Scope, TokenForm},
};
use identity::Principal;
use secrecy::ExposeSecret as _;
use services::{
    ServiceError, accounts,
    accounts::Device,
    audit, matches,
    tokens::{self, Bearer, Issued, Refused},
};
use sqlx::PgPool;
use test_support::{MIGRATOR, PASSWORD, World, database_engineer, database_job};

fn form(scopes: &[&str]) -> TokenForm {
    TokenForm {
        name: "Ledger".into(),
        scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
        days: "30".into(),
    }
}

pub(crate) async fn personal(world: &World, who: &Principal, scopes: &[&str]) -> String {
    let made = tokens::create(&world.services, who, TokenId::new(), &form(scopes), &Device::default())
        .await
        .unwrap();
    made.expose_secret().to_owned()
}

pub(crate) async fn exchange(world: &World, token: &str) -> Issued {
    tokens::exchange(&world.services, token, None, &Device::default()).await.unwrap()
}

pub(crate) async fn refresh(world: &World, issued: &Issued) -> Result<Issued, Refused> {
    let token = issued.refresh_token.expose_secret();
    tokens::refresh(&world.services, token, None, &Device::default()).await
}

pub(crate) async fn who(world: &World, token: &str) -> Option<Bearer> {
    tokens::authenticate(&world.services, token, &Device::default()).await.unwrap()
}

pub(crate) async fn is_good(world: &World, issued: &Issued) -> bool {
    who(world, issued.access_token.expose_secret()).await.is_some()
}

async fn suspend(world: &World, id: UserId, suspended: bool) {
    let status = if suspended { "suspended" } else { "active" };
    sqlx::query(
        "update auth.users set status = $2, suspended_at = case when $2 = 'suspended' then now() end where id = $1",
    )
    .bind(id.uuid())
    .bind(status)
    .execute(world.pool())
    .await
    .unwrap();
}

async fn actions(world: &World, who: &Principal) -> Vec<String> {
    let entries = audit::own(&world.services, who, None).await.unwrap();
    entries.into_iter().map(|entry| entry.action).collect()
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_form_that_is_sent_twice_makes_one_token(pool: PgPool) {
    let world = World::new(pool).await;
    let (ada, bo) = (world.person("Ada", "freelancer").await, world.person("Bo", "freelancer").await);
    let (id, form, device) = (TokenId::new(), form(&["profile:read"]), Device::default());
    let make = async |who| tokens::create(&world.services, who, id, &form, &device).await;
    let first = make(&ada).await.unwrap();
    assert!(matches!(make(&ada).await, Err(ServiceError::Conflict(_))), "a page that is loaded again");
    assert!(matches!(make(&bo).await, Err(ServiceError::Conflict(_))), "nor is it anybody else's");
    assert_eq!(tokens::list(&world.services, &ada).await.unwrap().len(), 1);
    assert!(tokens::list(&world.services, &bo).await.unwrap().is_empty());
    assert!(who(&world, first.expose_secret()).await.is_some(), "the one that was shown is good");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_token_does_what_it_was_made_for_and_nothing_else(pool: PgPool) {
    let world = World::new(pool).await;
    let ada = world.freelancer("Ada", &database_engineer()).await;
    let token = personal(&world, &ada, &["matches:read"]).await;
    let issued = exchange(&world, &token).await;
    for token in [token.as_str(), issued.access_token.expose_secret()] {
        let bearer = who(&world, token).await.unwrap();
        assert_eq!(bearer.principal.user_id, ada.user_id);
        assert!(bearer.has(Scope::MatchesRead) && !bearer.has(Scope::ProfileRead));
        assert!(matches::after(&world.services, &bearer.principal, None, 10).await.is_ok());
        let saved =
            services::profiles::save(&world.services, &bearer.principal, Some(1), &database_engineer()).await;
        assert!(matches!(saved, Err(ServiceError::Forbidden(Permission::KeepProfile))));
        let another = tokens::create(
            &world.services,
            &bearer.principal,
            TokenId::new(),
            &form(&["jobs:read"]),
            &Device::default(),
        )
        .await;
        assert!(matches!(another, Err(ServiceError::ProofNeeded)), "no token makes another one");
        let form =
            ChangePasswordForm { current: PASSWORD.into(), password: "another one, long enough".into() };
        let changed =
            accounts::change_password(&world.services, &bearer.principal, &form, &Device::default()).await;
        assert!(matches!(changed, Err(ServiceError::ProofNeeded)));
    }
    let refused = tokens::exchange(&world.services, &token, Some("profile:read"), &Device::default()).await;
    assert!(matches!(refused, Err(Refused::Scope)));
    let refresh = issued.refresh_token.expose_secret();
    assert!(who(&world, refresh).await.is_none(), "a refresh token opens nothing itself");
    let crossed = tokens::exchange(&world.services, refresh, None, &Device::default()).await;
    assert!(matches!(crossed, Err(Refused::Grant)));
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_token_is_made_by_its_owner_who_has_just_proved_it(pool: PgPool) {
    let world = World::new(pool).await;
    let ada = world.person("Ada", "freelancer").await;
    let token = personal(&world, &ada, &["profile:read"]).await;
    let stored: Vec<u8> = sqlx::query_scalar("select token_hash from auth.personal_tokens")
        .fetch_one(world.pool())
        .await
        .unwrap();
    assert_ne!(stored, token.as_bytes());
    world.do_jobs().await;
    let letters = world.letters.to("person0@example.com");
    let letter = letters.iter().find(|letter| letter.subject.contains("token")).unwrap();
    assert!(letter.text.contains("Ledger") && !letter.text.contains(&token));
    world.advance(TimeDelta::minutes(11));
    let late =
        tokens::create(&world.services, &ada, TokenId::new(), &form(&["profile:read"]), &Device::default())
            .await;
    assert!(matches!(late, Err(ServiceError::ProofNeeded)));
    world.advance(TimeDelta::days(30));
    assert!(who(&world, &token).await.is_none(), "it has expired");
    assert_eq!(tokens::list(&world.services, &ada).await.unwrap().len(), 1, "and is still listed");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn one_sees_and_revokes_ones_own_tokens_and_no_others(pool: PgPool) {
    let world = World::new(pool).await;
    let (ada, bo) = (world.person("Ada", "freelancer").await, world.person("Bo", "client").await);
    let token = personal(&world, &ada, &["profile:read"]).await;
    let issued = exchange(&world, &token).await;
    let id = tokens::list(&world.services, &ada).await.unwrap()[0].id;
    assert!(tokens::list(&world.services, &bo).await.unwrap().is_empty());
    let stolen = tokens::revoke_own(&world.services, &bo, id, &Device::default()).await;
    assert!(matches!(stolen, Err(ServiceError::NotFound("token"))));
    assert!(is_good(&world, &issued).await);
    tokens::revoke_own(&world.services, &ada, id, &Device::default()).await.unwrap();
    assert!(who(&world, &token).await.is_none());
    assert!(!is_good(&world, &issued).await, "what was given out for it ends with it");
    assert!(matches!(refresh(&world, &issued).await, Err(Refused::Grant)));
    assert_eq!(actions(&world, &ada).await[..3], ["token.revoked", "token.exchanged", "token.created"]);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn each_refresh_token_is_good_once_and_a_second_use_ends_the_family(pool: PgPool) {
    let world = World::new(pool).await;
    let ada = world.person("Ada", "freelancer").await;
    let token = personal(&world, &ada, &["profile:read", "matches:read"]).await;
    let (first, other) = (exchange(&world, &token).await, exchange(&world, &token).await);
    let second = refresh(&world, &first).await.unwrap();
    assert_eq!(second.scopes, first.scopes);
    let third = refresh(&world, &second).await.unwrap();
    assert!(is_good(&world, &third).await && is_good(&world, &first).await);
    // A thief comes with one that was used before, or its owner does after the thief.
    assert!(matches!(refresh(&world, &first).await, Err(Refused::Grant)));
    assert!(!is_good(&world, &third).await, "nobody knows whose the later ones are");
    assert!(matches!(refresh(&world, &third).await, Err(Refused::Grant)));
    assert_eq!(actions(&world, &ada).await[0], "token.reused");
    assert!(is_good(&world, &other).await, "another family is none of it");
    assert!(refresh(&world, &other).await.is_ok());
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn of_two_that_refresh_at_once_at_most_one_gets_something_and_the_family_ends(pool: PgPool) {
    let world = World::new(pool).await;
    let ada = world.person("Ada", "freelancer").await;
    let token = personal(&world, &ada, &["profile:read"]).await;
    for _ in 0..5 {
        let issued = exchange(&world, &token).await;
        let (one, two) = tokio::join!(refresh(&world, &issued), refresh(&world, &issued));
        let given: Vec<_> = [one, two].into_iter().filter_map(Result::ok).collect();
        assert_eq!(given.len(), 1, "one of them was first");
        assert!(!is_good(&world, &given[0]).await, "and the other one gave it away");
        assert!(refresh(&world, &given[0]).await.is_err());
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn access_ends_after_ten_minutes_and_a_family_at_its_end(pool: PgPool) {
    let world = World::new(pool).await;
    let ada = world.person("Ada", "freelancer").await;
    let token = personal(&world, &ada, &["profile:read"]).await;
    let mut issued = exchange(&world, &token).await;
    world.advance(TimeDelta::minutes(10));
    assert!(!is_good(&world, &issued).await);
    issued = refresh(&world, &issued).await.unwrap();
    assert!(is_good(&world, &issued).await);
    for _ in 0..29 {
        world.advance(TimeDelta::days(1));
        issued = refresh(&world, &issued).await.unwrap();
    }
    world.advance(TimeDelta::days(1));
    assert!(
        refresh(&world, &issued).await.is_err(),
        "it ends with the personal token, however often refreshed"
    );
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_family_ends_after_ninety_days_though_its_personal_token_is_good_for_longer(pool: PgPool) {
    let world = World::new(pool).await;
    let ada = world.person("Ada", "freelancer").await;
    let for_a_year = TokenForm { days: "365".into(), ..form(&["profile:read"]) };
    let token =
        tokens::create(&world.services, &ada, TokenId::new(), &for_a_year, &Device::default()).await.unwrap();
    let token = token.expose_secret();
    let mut issued = exchange(&world, token).await;
    for _ in 0..89 {
        world.advance(TimeDelta::days(1));
        issued = refresh(&world, &issued).await.unwrap();
    }
    world.advance(TimeDelta::days(1) - TimeDelta::seconds(1));
    issued = refresh(&world, &issued).await.unwrap();
    assert!(is_good(&world, &issued).await);
    world.advance(TimeDelta::seconds(1));
    assert!(!is_good(&world, &issued).await, "an access token ends with its family");
    assert!(matches!(refresh(&world, &issued).await, Err(Refused::Grant)), "ninety days are the end");
    assert!(who(&world, token).await.is_some(), "the personal token is good for nine months more");
    assert!(is_good(&world, &exchange(&world, token).await).await, "and begins another family");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_new_password_ends_every_token_and_a_suspension_each_use(pool: PgPool) {
    let world = World::new(pool).await;
    let (ada, bo) = (world.person("Ada", "freelancer").await, world.person("Bo", "freelancer").await);
    let token = personal(&world, &ada, &["profile:read"]).await;
    let bos = personal(&world, &bo, &["profile:read"]).await;
    let issued = exchange(&world, &token).await;
    suspend(&world, ada.user_id, true).await;
    assert!(who(&world, &token).await.is_none() && !is_good(&world, &issued).await);
    assert!(refresh(&world, &issued).await.is_err());
    let none = tokens::exchange(&world.services, &token, None, &Device::default()).await;
    assert!(matches!(none, Err(Refused::Grant)));
    suspend(&world, ada.user_id, false).await;
    assert!(is_good(&world, &issued).await);
    let form = ChangePasswordForm { current: PASSWORD.into(), password: "another one, long enough".into() };
    accounts::change_password(&world.services, &ada, &form, &Device::default()).await.unwrap();
    assert!(who(&world, &token).await.is_none() && !is_good(&world, &issued).await);
    assert!(refresh(&world, &issued).await.is_err());
    assert!(who(&world, &bos).await.is_some(), "others keep theirs");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn whoever_has_a_token_can_end_it_and_learns_nothing_of_others(pool: PgPool) {
    let world = World::new(pool).await;
    let s = &world.services;
    let ada = world.person("Ada", "freelancer").await;
    let token = personal(&world, &ada, &["profile:read"]).await;
    let revoke = async |token: &str| tokens::revoke(s, token, &Device::default()).await.unwrap();
    for rubbish in ["", "x", "8th_pat_", "a.b.c"] {
        revoke(rubbish).await;
    }
    let by_access = exchange(&world, &token).await;
    revoke(by_access.access_token.expose_secret()).await;
    assert!(!is_good(&world, &by_access).await && refresh(&world, &by_access).await.is_err());
    let by_refresh = exchange(&world, &token).await;
    revoke(by_refresh.refresh_token.expose_secret()).await;
    assert!(!is_good(&world, &by_refresh).await);
    revoke(&token).await;
    assert!(who(&world, &token).await.is_none());
    assert_eq!(actions(&world, &ada).await[0], "token.revoked");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn keys_are_published_before_they_sign_and_until_their_last_token_has_ended(pool: PgPool) {
    let world = World::new(pool).await;
    let s = &world.services;
    let ada = world.person("Ada", "freelancer").await;
    let token = personal(&world, &ada, &["profile:read"]).await;
    let key_of = |issued: &Issued| {
        identity::access_token::key_named_by(issued.access_token.expose_secret()).unwrap().to_string()
    };
    let published = async || -> Vec<String> {
        let keys = tokens::published_keys(s).await.unwrap();
        let keys = keys["keys"].as_array().unwrap().clone();
        assert!(keys.iter().all(|key| key.get("d").is_none() && key["crv"] == "Ed25519"), "{keys:?}");
        keys.iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
    };
    let before = exchange(&world, &token).await;
    assert_eq!(published().await, [key_of(&before)]);
    tokens::rotate_signing_key(s).await.unwrap();
    tokens::rotate_signing_key(s).await.unwrap();
    let both = published().await;
    assert_eq!(both.len(), 2, "one new key waits, not two");
    assert_eq!(key_of(&exchange(&world, &token).await), key_of(&before), "it does not sign yet");
    world.advance(TimeDelta::minutes(10));
    let last = refresh(&world, &before).await.unwrap();
    assert_eq!(key_of(&last), both[0], "now it does");
    assert!(is_good(&world, &last).await);
    tokens::tidy(s).await.unwrap();
    assert_eq!(published().await.len(), 2, "what the old one has signed may still be about");
    world.advance(TimeDelta::minutes(15));
    tokens::tidy(s).await.unwrap();
    assert_eq!(published().await, both[..1]);
    world.advance(TimeDelta::days(29));
    tokens::tidy(s).await.unwrap();
    assert_eq!(published().await.len(), 1);
    world.advance(TimeDelta::days(2));
    tokens::tidy(s).await.unwrap();
    assert_eq!(published().await.len(), 2, "every month there is a new one");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_key_that_became_known_is_dropped_with_all_it_has_signed(pool: PgPool) {
    let world = World::new(pool).await;
    let ada = world.person("Ada", "freelancer").await;
    let token = personal(&world, &ada, &["profile:read"]).await;
    let issued = exchange(&world, &token).await;
    tokens::revoke_signing_keys(&world.services).await.unwrap();
    assert!(!is_good(&world, &issued).await);
    let anew = refresh(&world, &issued).await.unwrap();
    assert!(is_good(&world, &anew).await);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_page_of_matches_goes_on_where_the_one_before_ended(pool: PgPool) {
    let world = World::new(pool).await;
    let ada = world.freelancer("Ada", &database_engineer()).await;
    let client = world.client("Bo").await;
    for _ in 0..5 {
        world.post(&client, &database_job()).await;
    }
    world.settle().await;
    let all = matches::after(&world.services, &ada, None, 100).await.unwrap();
    assert_eq!(all.len(), 5);
    let mut paged = Vec::new();
    let mut after = None;
    loop {
        let page = matches::after(&world.services, &ada, after, 2).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some((last.score, last.job_id));
        paged.extend(page);
    }
    assert_eq!(paged, all, "each once, ties included");
}
