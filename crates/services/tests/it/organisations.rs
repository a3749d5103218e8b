//! Organisations: whose they are, what proves a domain, and what a required issuer shuts.

use chrono::TimeDelta;
use domain::{
    account::SignInForm,
    organisation::{DomainForm, IssuerForm, OrganisationForm},
    permission::Permission,
    role::Role,
};
use identity::Principal;
use services::{
    ServiceError, Services,
    accounts::{self, Admission, Device},
    organisations::{self, Own},
    own_data,
};
use sqlx::PgPool;
use test_support::{MIGRATOR, PASSWORD, World, enter};

pub(crate) async fn create(world: &World, who: &Principal) {
    let form = OrganisationForm { name: "Acme Works".into() };
    organisations::create(&world.services, who, &form, &Device::default()).await.unwrap();
}

pub(crate) async fn add(world: &World, who: &Principal, domain: &str) -> Result<(), ServiceError> {
    let form = DomainForm { domain: domain.into() };
    organisations::add_domain(&world.services, who, &form, &Device::default()).await
}

pub(crate) async fn prove(world: &World, who: &Principal, domain: &str) -> Result<(), ServiceError> {
    organisations::prove_domain(&world.services, who, domain, &Device::default()).await
}

async fn own(world: &World, who: &Principal) -> Own {
    organisations::own(&world.services, who).await.unwrap().unwrap()
}

/// Publishes what proves the domains of somebody's organisation.
pub(crate) async fn publish(world: &World, who: &Principal) {
    for domain in own(world, who).await.domains {
        world.records.publish(&domain.record.name, &domain.record.value);
    }
}

pub(crate) fn issuer() -> IssuerForm {
    IssuerForm {
        issuer: "https://login.example.com".into(),
        client_id: "eighth".into(),
        client_secret: "hush-hush".into(),
        otherwise: "user_client".into(),
        ..IssuerForm::default()
    }
}

pub(crate) async fn set_issuer(world: &World, who: &Principal, form: IssuerForm) -> Result<(), ServiceError> {
    organisations::set_issuer(&world.services, who, &form, &Device::default()).await
}

pub(crate) async fn require(world: &World, who: &Principal) -> Result<(), ServiceError> {
    organisations::require(&world.services, who, true, &Device::default()).await
}

/// As if the issuer had let somebody in. That it does is for the tests with a real one.
pub(crate) async fn tried(world: &World) {
    sqlx::query("update auth.organisations set tried_at = now()").execute(world.pool()).await.unwrap();
}

/// Somebody from elsewhere whose organisation has proved a domain and requires its issuer for it.
pub(crate) async fn with_requirement(world: &World, domain: &str) -> Principal {
    let (mina, _) = enter(&world.services, "Mina", "mina@elsewhere.example", "client").await;
    create(world, &mina).await;
    add(world, &mina, domain).await.unwrap();
    publish(world, &mina).await;
    prove(world, &mina, domain).await.unwrap();
    set_issuer(world, &mina, issuer()).await.unwrap();
    tried(world).await;
    require(world, &mina).await.unwrap();
    mina
}

pub(crate) fn why<T>(result: Result<T, ServiceError>) -> String {
    match result.err().unwrap() {
        ServiceError::Conflict(why) => why.to_owned(),
        ServiceError::Invalid(errors) => {
            errors.iter().map(|(field, why)| format!("{field}: {why}")).collect::<Vec<_>>().join(", ")
        }
        other => other.to_string(),
    }
}

pub(crate) async fn sign_in(
    services: &Services,
    email: &str,
    password: &str,
) -> Result<Admission, ServiceError> {
    let form = SignInForm { email: email.into(), password: password.into(), next: String::new() };
    accounts::sign_in(services, &form, &Device::default()).await
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_domain_is_proved_by_its_record_alone(pool: PgPool) {
    let world = World::new(pool).await;
    let mina = world.client("Mina").await;
    create(&world, &mina).await;
    for wrong in ["co.uk", "com", "localhost", "acme"] {
        assert!(why(add(&world, &mina, wrong).await).starts_with("domain: "), "{wrong}");
    }
    add(&world, &mina, "Acme.Example").await.unwrap();
    assert!(why(add(&world, &mina, "acme.example").await).contains("already"));
    assert!(why(prove(&world, &mina, "acme.example").await).contains("no TXT record"));
    let record = own(&world, &mina).await.domains[0].record.clone();
    assert_eq!(record.name, "_8thdegree.acme.example");
    world.records.publish(&record.name, "v=spf1 -all");
    assert!(why(prove(&world, &mina, "acme.example").await).contains("says something else"));
    world.records.silence(true);
    assert!(why(prove(&world, &mina, "acme.example").await).contains("no answer"));
    world.records.silence(false);
    assert!(own(&world, &mina).await.domains[0].proved_at.is_none());
    world.records.publish(&record.name, &record.value);
    prove(&world, &mina, "acme.example").await.unwrap();
    assert!(own(&world, &mina).await.domains[0].proved_at.is_some());
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn of_two_who_publish_at_once_one_has_the_domain(pool: PgPool) {
    let world = World::new(pool).await;
    let (mina, bo) = (world.client("Mina").await, world.client("Bo").await);
    for who in [&mina, &bo] {
        create(&world, who).await;
        add(&world, who, "acme.example").await.unwrap();
        publish(&world, who).await;
    }
    let (one, other) = tokio::join!(prove(&world, &mina, "acme.example"), prove(&world, &bo, "acme.example"));
    let lost = if one.is_ok() { other } else { one };
    assert!(why(lost).contains("Another organisation has proved this domain"));
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn an_organisation_is_theirs_who_set_it_up(pool: PgPool) {
    let world = World::new(pool).await;
    let (mina, bo) = (world.client("Mina").await, world.client("Bo").await);
    let s = &world.services;
    create(&world, &mina).await;
    add(&world, &mina, "acme.example").await.unwrap();
    assert!(
        why(organisations::create(s, &mina, &OrganisationForm { name: "Two".into() }, &Device::default())
            .await)
        .contains("one can set up one")
    );
    let admin = Principal { roles: [Role::Superadmin].into_iter().collect(), ..world.client("Root").await };
    world.advance(TimeDelta::minutes(11));
    let stale = mina.clone();
    let now = s.now();
    let bo = world.anew(&bo).await;
    let admin = Principal { proved_at: now, ..admin };
    assert!(organisations::own(s, &bo).await.unwrap().is_none());
    for (who, refused) in [
        (&bo, "no such organisation"),
        (&admin, "this needs the permission organisation:keep"),
        (&stale, "this needs a fresh proof of who one is"),
    ] {
        let device = Device::default();
        for result in [
            add(&world, who, "other.example").await,
            prove(&world, who, "acme.example").await,
            organisations::remove_domain(s, who, "acme.example", &device).await,
            set_issuer(&world, who, issuer()).await,
            require(&world, who).await,
            organisations::require(s, who, false, &device).await,
            organisations::remove(s, who, true, &device).await,
        ] {
            assert_eq!(why(result), refused);
        }
    }
    assert!(matches!(
        organisations::own(s, &admin).await,
        Err(ServiceError::Forbidden(Permission::KeepOrganisation))
    ));
    let mina = world.anew(&mina).await;
    assert!(why(organisations::remove(s, &mina, false, &Device::default()).await).contains("understood"));
    assert!(
        why(own_data::leave(s, &mina, true, &Device::default()).await)
            .contains("Remove the organisation first")
    );
    organisations::remove(s, &mina, true, &Device::default()).await.unwrap();
    assert!(organisations::own(s, &mina).await.unwrap().is_none());
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn the_secret_is_sealed_and_goes_to_nobody_it_was_not_meant_for(pool: PgPool) {
    let world = World::new(pool).await;
    let mina = world.client("Mina").await;
    create(&world, &mina).await;
    for inside in [
        "http://127.0.0.1:9",
        "https://localhost",
        "https://10.0.0.1",
        "https://[::1]",
        "http://login.example.com",
    ] {
        let form = IssuerForm { issuer: inside.into(), ..issuer() };
        assert!(why(set_issuer(&world, &mina, form).await).starts_with("issuer: "), "{inside}");
    }
    assert!(
        why(set_issuer(&world, &mina, IssuerForm { client_secret: String::new(), ..issuer() }).await)
            .starts_with("client_secret: ")
    );
    set_issuer(&world, &mina, issuer()).await.unwrap();
    let stored: Vec<u8> = sqlx::query_scalar("select client_secret_sealed from auth.organisations")
        .fetch_one(world.pool())
        .await
        .unwrap();
    assert!(!String::from_utf8_lossy(&stored).contains("hush-hush"));
    assert!(own(&world, &mina).await.form.client_secret.is_empty());
    // With another issuer, the one that is stored does not go along.
    let moved =
        IssuerForm { issuer: "https://evil.example".into(), client_secret: String::new(), ..issuer() };
    assert!(why(set_issuer(&world, &mina, moved).await).starts_with("client_secret: "));
    tried(&world).await;
    let groups = IssuerForm {
        client_secret: String::new(),
        groups_claim: "groups".into(),
        freelancers: "makers".into(),
        otherwise: String::new(),
        ..issuer()
    };
    set_issuer(&world, &mina, groups).await.unwrap();
    let kept = own(&world, &mina).await;
    assert!(kept.tried_at.is_some(), "people come in by it as before");
    assert_eq!((kept.form.freelancers.as_str(), kept.form.otherwise.as_str()), ("makers", ""));
    set_issuer(&world, &mina, issuer()).await.unwrap();
    assert!(own(&world, &mina).await.tried_at.is_none(), "another secret is to be tried");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_proof_ends_three_days_after_its_record_and_with_it_the_requirement(pool: PgPool) {
    let world = World::new(pool).await;
    let s = &world.services;
    enter(s, "Ada", "ada@acme.example", "client").await;
    let mina = with_requirement(&world, "acme.example").await;
    let days = |days| world.advance(TimeDelta::days(days));
    let requirement = async || sign_in(s, "ada@acme.example", PASSWORD).await.is_err();
    let missing = async || own(&world, &mina).await.domains[0].missing_since.is_some();

    days(2);
    organisations::recheck(s).await.unwrap();
    assert!(!missing().await && requirement().await, "the record is there");
    // That nobody answers says nothing, however long.
    world.records.silence(true);
    for _ in 0..5 {
        days(2);
        organisations::recheck(s).await.unwrap();
    }
    assert!(!missing().await && requirement().await);
    world.records.silence(false);
    let record = own(&world, &mina).await.domains[0].record.clone();
    world.records.remove(&record.name);
    days(2);
    organisations::recheck(s).await.unwrap();
    assert!(missing().await && requirement().await, "there is time to publish it again");
    world.records.publish(&record.name, &record.value);
    days(2);
    organisations::recheck(s).await.unwrap();
    assert!(!missing().await, "it is back");
    world.records.remove(&record.name);
    for _ in 0..2 {
        days(2);
        organisations::recheck(s).await.unwrap();
        assert!(requirement().await);
    }
    days(2);
    organisations::recheck(s).await.unwrap();
    assert!(own(&world, &mina).await.domains[0].proved_at.is_none());
    assert!(!requirement().await, "whoever holds the domain has freed its people");
    let lapsed: i64 =
        sqlx::query_scalar("select count(*) from auth.audit_log where action = 'organisation.domain_lapsed'")
            .fetch_one(world.pool())
            .await
            .unwrap();
    assert_eq!(lapsed, 1);
}

/// Whoever is connected holds their account, for which the manager who requires the issuer waits.
#[sqlx::test(migrator = "MIGRATOR")]
async fn whoever_is_being_connected_does_not_wait_for_who_manages(pool: PgPool) {
    let world = World::new(pool).await;
    let mina = world.client("Mina").await;
    create(&world, &mina).await;
    let mut managing = world.pool().begin().await.unwrap();
    storage::organisations::of_manager(&mut managing, mina.user_id).await.unwrap().unwrap();
    // As the foreign key of a connection does.
    let connecting = "select from auth.organisations for key share nowait";
    sqlx::query(connecting).execute(world.pool()).await.unwrap();
    managing.rollback().await.unwrap();
}
