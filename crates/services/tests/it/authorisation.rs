//! Whoever asks for what is not theirs gets nothing, and learns nothing.

use chrono::TimeDelta;
use domain::{
    JobId,
    account::{AccountForm, SignInForm},
    permission::Permission,
    profile::ProfileForm,
};
use secrecy::ExposeSecret as _;
use services::{ServiceError, accounts, accounts::Device, jobs, jobs::Intent, matches, profiles};
use sqlx::PgPool;
use test_support::{MIGRATOR, PASSWORD, World, database_engineer, database_job};

#[sqlx::test(migrator = "MIGRATOR")]
async fn each_role_does_its_own_things_only(pool: PgPool) {
    let world = World::new(pool).await;
    let (freelancer, client) = (world.person("Ada", "freelancer").await, world.client("Bo").await);
    let s = &world.services;
    let posted = jobs::create(s, &freelancer, JobId::new(), &database_job(), Intent::Publish).await;
    assert!(matches!(posted, Err(ServiceError::Forbidden(Permission::PostJobs))));
    assert!(matches!(jobs::own(s, &freelancer).await, Err(ServiceError::Forbidden(Permission::SeeOwnJobs))));
    let saved = profiles::save(s, &client, None, &database_engineer()).await;
    assert!(matches!(saved, Err(ServiceError::Forbidden(Permission::KeepProfile))));
    assert!(matches!(matches::feed(s, &client).await, Err(ServiceError::Forbidden(Permission::SeeMatches))));
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn anothers_job_is_out_of_reach(pool: PgPool) {
    let world = World::new(pool).await;
    let (owner, thief) = (world.client("Owner").await, world.client("Thief").await);
    let engineer = world.freelancer("Ada", &database_engineer()).await;
    let s = &world.services;
    let open = world.post(&owner, &database_job()).await;
    let draft = JobId::new();
    jobs::create(s, &owner, draft, &database_job(), Intent::Keep).await.unwrap();
    world.settle().await;

    for id in [open, draft] {
        let edited = jobs::edit(s, &thief, id, 1, &database_job(), Intent::Publish).await;
        assert!(matches!(edited, Err(ServiceError::NotFound("job"))));
        assert!(matches!(jobs::close(s, &thief, id).await, Err(ServiceError::NotFound("job"))));
        assert!(matches!(jobs::publish(s, &thief, id).await, Err(ServiceError::NotFound("job"))));
        assert!(matches!(jobs::own_job(s, &thief, id).await, Err(ServiceError::NotFound("job"))));
        assert!(matches!(matches::candidates(s, &thief, id).await, Err(ServiceError::NotFound("job"))));
    }
    assert!(matches!(jobs::view(s, Some(&thief), draft).await, Err(ServiceError::NotFound("job"))));
    assert!(matches!(jobs::view(s, None, draft).await, Err(ServiceError::NotFound("job"))));
    assert!(jobs::view(s, Some(&owner), draft).await.unwrap().own);
    let peeked = matches::receipt(s, &thief, open, engineer.user_id).await;
    assert!(matches!(peeked, Err(ServiceError::NotFound("match"))));
    assert!(jobs::own(s, &thief).await.unwrap().is_empty());
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_paused_profile_is_for_its_owner_alone(pool: PgPool) {
    let world = World::new(pool).await;
    let paused = ProfileForm { visibility: "paused".into(), ..database_engineer() };
    let owner = world.freelancer("Ada", &paused).await;
    let other = world.client("Bo").await;
    let s = &world.services;
    for who in [None, Some(&other)] {
        let seen = profiles::view(s, who, owner.user_id).await;
        assert!(matches!(seen, Err(ServiceError::NotFound("freelancer"))));
    }
    assert!(profiles::view(s, Some(&owner), owner.user_id).await.unwrap().own);
    assert!(profiles::browse(s, &Default::default()).await.unwrap().rows.is_empty());
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_session_opens_the_door_until_it_ends(pool: PgPool) {
    let world = World::new(pool).await;
    let s = &world.services;
    let here = Device::default();
    test_support::enter(s, "Ada", "ada@example.com", "freelancer").await;

    let sign_in = |password: &str| SignInForm {
        email: "Ada@Example.com".into(),
        password: password.into(),
        next: String::new(),
    };
    for wrong in ["", "wrong", &"x".repeat(200_000)] {
        let refused = accounts::sign_in(s, &sign_in(wrong), &here).await;
        assert!(matches!(refused, Err(ServiceError::Invalid(errors)) if errors.get("password").is_some()));
    }
    let token = accounts::sign_in(s, &sign_in(PASSWORD), &here).await.unwrap().signed_in().unwrap().token;
    let who = accounts::authenticate(s, token.expose_secret()).await.unwrap().unwrap().principal;
    accounts::sign_out(s, &who, &here).await.unwrap();
    assert_eq!(accounts::authenticate(s, token.expose_secret()).await.unwrap(), None);

    let token = accounts::sign_in(s, &sign_in(PASSWORD), &here).await.unwrap().signed_in().unwrap().token;
    world.advance(TimeDelta::days(29));
    assert!(accounts::authenticate(s, token.expose_secret()).await.unwrap().is_some());
    world.advance(TimeDelta::days(29));
    assert!(
        accounts::authenticate(s, token.expose_secret()).await.unwrap().is_some(),
        "use prolongs a session"
    );
    world.advance(TimeDelta::days(31));
    assert_eq!(accounts::authenticate(s, token.expose_secret()).await.unwrap(), None);
    assert_eq!(accounts::authenticate(s, "nonsense").await.unwrap(), None);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn giving_up_a_role_leaves_nothing_unattended(pool: PgPool) {
    let world = World::new(pool).await;
    let s = &world.services;
    let who = world.person("Ada", "both").await;
    profiles::save(s, &who, None, &database_engineer()).await.unwrap();
    let job = world.post(&who, &database_job()).await;
    let purpose = |purpose: &str| AccountForm {
        display_name: "Ada Byron".into(),
        region: "NA".into(),
        purpose: purpose.into(),
    };
    let refused = accounts::change(s, &who, &purpose("freelancer"), &Device::default()).await;
    assert!(matches!(refused, Err(ServiceError::Invalid(errors)) if errors.get("purpose").is_some()));
    jobs::close(s, &who, job).await.unwrap();
    accounts::change(s, &who, &purpose("freelancer"), &Device::default()).await.unwrap();
    let who = world.anew(&who).await;
    assert_eq!(profiles::own(s, &who).await.unwrap().unwrap().region, domain::place::Region::Na);
    accounts::change(s, &who, &purpose("client"), &Device::default()).await.unwrap();
    assert!(profiles::browse(s, &Default::default()).await.unwrap().rows.is_empty());
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn an_edit_of_a_stale_page_is_noticed(pool: PgPool) {
    let world = World::new(pool).await;
    let s = &world.services;
    let client = world.client("Bo").await;
    let job = world.post(&client, &database_job()).await;
    jobs::edit(s, &client, job, 1, &database_job(), Intent::Keep).await.unwrap();
    let stale = jobs::edit(s, &client, job, 1, &database_job(), Intent::Keep).await;
    assert!(matches!(stale, Err(ServiceError::Conflict(_))));
    jobs::close(s, &client, job).await.unwrap();
    let closed = jobs::edit(s, &client, job, 3, &database_job(), Intent::Keep).await;
    assert!(matches!(closed, Err(ServiceError::Conflict(text)) if text.contains("closed")));
}
