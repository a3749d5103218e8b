//! Organisations: whose they are, what proves a domain, and what a required issuer shuts.

#![allow(clippy::unwrap_used)]

use chrono::TimeDelta;
use domain::{
    TokenId,
    account::{AccountForm, AddressForm, SignInForm, SignUpForm},
    organisation::{DomainForm, IssuerForm, OrganisationForm},
    permission::Permission,
    role::Role,
    scope::TokenForm,
};
use identity::Principal;
use secrecy::ExposeSecret as _;
use services::{
    ServiceError, Services,
    accounts::{
        self, Admission, Device,
        second_factor::{self as factors, Answer},
    },
    audit,
    organisations::{self, Own},
    own_data, tokens,
};
use sqlx::PgPool;
use test_support::{MIGRATOR, PASSWORD, World, app_code, enter, link_in};

async fn create(world: &World, who: &Principal) {
    let form = OrganisationForm { name: "Acme Works".into() };
    organisations::create(&world.services, who, &form, &Device::default()).await.unwrap();
}

async fn add(world: &World, who: &Principal, domain: &str) -> Result<(), ServiceError> {
    let form = DomainForm { domain: domain.into() };
    organisations::add_domain(&world.services, who, &form, &Device::default()).await
}

async fn prove(world: &World, who: &Principal, domain: &str) -> Result<(), ServiceError> {
    organisations::prove_domain(&world.services, who, domain, &Device::default()).await
}

async fn own(world: &World, who: &Principal) -> Own {
    organisations::own(&world.services, who).await.unwrap().unwrap()
}

/// Publishes what proves the domains of somebody's organisation.
async fn publish(world: &World, who: &Principal) {
    for domain in own(world, who).await.domains {
        world.records.publish(&domain.record.name, &domain.record.value);
    }
}

fn issuer() -> IssuerForm {
    IssuerForm {
        issuer: "https://login.example.com".into(),
        client_id: "eighth".into(),
        client_secret: "hush-hush".into(),
        otherwise: "user_client".into(),
        ..IssuerForm::default()
    }
}

async fn set_issuer(world: &World, who: &Principal, form: IssuerForm) -> Result<(), ServiceError> {
    organisations::set_issuer(&world.services, who, &form, &Device::default()).await
}

async fn require(world: &World, who: &Principal) -> Result<(), ServiceError> {
    organisations::require(&world.services, who, true, &Device::default()).await
}

/// As if the issuer had let somebody in. That it does is for the tests with a real one.
async fn tried(world: &World) {
    sqlx::query("update auth.organisations set tried_at = now()").execute(world.pool()).await.unwrap();
}

/// Somebody from elsewhere whose organisation has proved a domain and requires its issuer for it.
async fn with_requirement(world: &World, domain: &str) -> Principal {
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

fn why<T>(result: Result<T, ServiceError>) -> String {
    match result.err().unwrap() {
        ServiceError::Conflict(why) => why.to_owned(),
        ServiceError::Invalid(errors) => {
            errors.iter().map(|(field, why)| format!("{field}: {why}")).collect::<Vec<_>>().join(", ")
        }
        other => other.to_string(),
    }
}

async fn sign_in(services: &Services, email: &str, password: &str) -> Result<Admission, ServiceError> {
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
async fn nobody_requires_an_issuer_that_would_shut_them_out(pool: PgPool) {
    let world = World::new(pool).await;
    let (mina, _) = enter(&world.services, "Mina", "mina@acme.example", "client").await;
    create(&world, &mina).await;
    assert!(why(require(&world, &mina).await).contains("Prove a domain first"));
    add(&world, &mina, "acme.example").await.unwrap();
    publish(&world, &mina).await;
    prove(&world, &mina, "acme.example").await.unwrap();
    assert!(why(require(&world, &mina).await).contains("Try the issuer first"));
    set_issuer(&world, &mina, issuer()).await.unwrap();
    assert!(why(require(&world, &mina).await).contains("Try the issuer first"));
    // It has let somebody in, and yet not her, whose address is in the domain.
    tried(&world).await;
    assert!(why(require(&world, &mina).await).contains("Try the issuer first"));
    assert!(sign_in(&world.services, "mina@acme.example", PASSWORD).await.is_ok());
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_required_issuer_does_not_reach_for_the_address_of_who_set_it_up(pool: PgPool) {
    let world = World::new(pool).await;
    let mina = with_requirement(&world, "acme.example").await;
    add(&world, &mina, "elsewhere.example").await.unwrap();
    publish(&world, &mina).await;
    assert!(
        why(prove(&world, &mina, "elsewhere.example").await).contains("Your own address is in this domain")
    );
    assert!(sign_in(&world.services, "mina@elsewhere.example", PASSWORD).await.is_ok());
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_required_issuer_leaves_no_other_way_in_and_tells_nothing_of_accounts(pool: PgPool) {
    let world = World::new(pool).await;
    let s = &world.services;
    let (ada, session) = enter(s, "Ada", "ada@acme.example", "client").await;
    let form = TokenForm { name: "Ledger".into(), scopes: vec!["jobs:read".into()], days: "30".into() };
    let device = Device::default();
    let token = tokens::create(s, &ada, TokenId::new(), &form, &device).await.unwrap();
    let issued = tokens::exchange(s, token.expose_secret(), None, &device).await.ok().unwrap();
    let mina = with_requirement(&world, "acme.example").await;

    assert!(
        accounts::authenticate(s, &session).await.unwrap().is_none(),
        "who came another way is signed out"
    );
    for (email, password) in [
        ("ada@acme.example", PASSWORD),
        ("ada@acme.example", "a wrong password"),
        ("ada@acme.example", ""),
        ("nobody@acme.example", PASSWORD),
        ("nobody@acme.example", ""),
    ] {
        let refused = sign_in(s, email, password).await;
        assert!(matches!(refused, Err(ServiceError::OrganisationOnly)), "{email} {password}");
    }
    for email in ["ada@acme.example", "nobody@acme.example"] {
        let refused = accounts::ask_reset(s, &AddressForm { email: email.into() }, &device).await;
        assert!(matches!(refused, Err(ServiceError::OrganisationOnly)), "{email}");
        let form = SignUpForm {
            display_name: "Somebody".into(),
            email: email.into(),
            password: "a few words in a row".into(),
            region: "EU".into(),
            purpose: "client".into(),
            ..SignUpForm::default()
        };
        let refused = accounts::sign_up(s, &form, "", &device).await;
        assert!(matches!(refused, Err(ServiceError::OrganisationOnly)), "{email}");
    }
    assert!(tokens::exchange(s, token.expose_secret(), None, &device).await.is_err());
    assert!(tokens::refresh(s, issued.refresh_token.expose_secret(), None, &device).await.is_err());
    for bearer in [token.expose_secret(), issued.access_token.expose_secret()] {
        assert!(tokens::authenticate(s, bearer, &device).await.unwrap().is_none(), "an older token");
    }
    assert!(why(tokens::create(s, &ada, TokenId::new(), &form, &device).await).contains("Your organisation"));
    let away = AddressForm { email: "ada@home.example".into() };
    assert!(why(accounts::ask_email_change(s, &ada, &away, &device).await).contains("Your organisation"));
    // A subdomain is not the domain.
    let (_, other) = enter(s, "Other", "other@mail.acme.example", "client").await;
    assert!(accounts::authenticate(s, &other).await.unwrap().is_some());
    assert!(sign_in(s, "other@mail.acme.example", PASSWORD).await.is_ok());

    organisations::require(s, &mina, false, &device).await.unwrap();
    assert!(sign_in(s, "ada@acme.example", PASSWORD).await.is_ok());
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn what_was_begun_another_way_is_not_finished_once_an_issuer_is_required(pool: PgPool) {
    let world = World::new(pool).await;
    let s = &world.services;
    let device = Device::default();
    let (ada, _) = enter(s, "Ada", "ada@acme.example", "client").await;
    factors::begin_app(s, &ada).await.unwrap();
    let key = factors::begun_app(s, &ada).await.unwrap().unwrap().manual_key;
    let code = app_code(key.expose_secret(), s.now());
    factors::confirm_app(s, &ada, &code, &device).await.unwrap();
    world.advance(TimeDelta::seconds(30));
    let form = TokenForm { name: "Ledger".into(), scopes: vec!["jobs:read".into()], days: "30".into() };
    let token = tokens::create(s, &ada, TokenId::new(), &form, &device).await.unwrap();
    let away = AddressForm { email: "ada@home.example".into() };
    accounts::ask_email_change(s, &ada, &away, &device).await.unwrap();
    world.do_jobs().await;
    let Ok(Admission::SecondFactorDue(pending)) = sign_in(s, "ada@acme.example", PASSWORD).await else {
        panic!("the second factor was not asked for")
    };
    with_requirement(&world, "other.example").await;
    // As if it were required in the very moment in which this was begun.
    sqlx::query("update auth.organisation_domains set domain = 'acme.example'")
        .execute(world.pool())
        .await
        .unwrap();
    let code = app_code(key.expose_secret(), s.now());
    let finished =
        factors::finish_sign_in(s, pending.token.expose_secret(), &Answer::App(&code), false, &device).await;
    assert!(matches!(finished, Err(ServiceError::OrganisationOnly)));
    assert!(tokens::authenticate(s, token.expose_secret(), &device).await.unwrap().is_none());
    let link = link_in(world.letters.to("ada@home.example").last().unwrap());
    let changed = accounts::confirm_email_change(s, &link, None, &device).await;
    assert!(matches!(changed, Err(ServiceError::OrganisationOnly)));
    let told = audit::own(s, &ada, None).await.unwrap();
    assert_eq!(told[0].action, "sign_in.refused");
    assert_eq!(told[0].after.as_deref(), Some(r#"{"first":"password","why":"organisation"}"#));
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn who_is_on_their_way_in_while_an_issuer_is_required_does_not_stay(pool: PgPool) {
    let world = World::new(pool).await;
    let s = &world.services;
    let (ada, _) = enter(s, "Ada", "ada@acme.example", "client").await;
    // As admission does: the account is looked at, and a session opened, before anything is committed.
    let mut tx = world.pool().begin().await.unwrap();
    assert!(!storage::admittance::admittable(&mut tx, ada.user_id).await.unwrap().unwrap().organised);
    let waiting = async {
        world.somebody_waits().await;
        sqlx::query(
            "insert into auth.sessions (id, user_id, token_hash, created_at, last_seen_at, proved_at, expires_at, ends_at)
             values (gen_random_uuid(), $1, sha256('x'), now(), now(), now(), now() + '1 day', now() + '1 day')",
        )
        .bind(ada.user_id.uuid())
        .execute(&mut *tx)
        .await
        .unwrap();
        tx.commit().await.unwrap();
    };
    tokio::join!(with_requirement(&world, "acme.example"), waiting);
    let left: i64 = sqlx::query_scalar("select count(*) from auth.sessions where user_id = $1")
        .bind(ada.user_id.uuid())
        .fetch_one(world.pool())
        .await
        .unwrap();
    assert_eq!(left, 0);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn nobody_moves_to_an_address_whose_organisation_signs_its_people_in(pool: PgPool) {
    let world = World::new(pool).await;
    let s = &world.services;
    let device = Device::default();
    let bo = world.client("Bo").await;
    let new = AddressForm { email: "bo@acme.example".into() };
    accounts::ask_email_change(s, &bo, &new, &device).await.unwrap();
    world.do_jobs().await;
    with_requirement(&world, "acme.example").await;
    let link = link_in(world.letters.to("bo@acme.example").last().unwrap());
    let refused = accounts::confirm_email_change(s, &link, Some(&bo), &device).await.map(|_| ());
    assert!(why(refused).contains("signs its people in by itself"));
    assert!(why(accounts::ask_email_change(s, &bo, &new, &device).await).starts_with("email: "));
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_former_organisation_decides_nothing_more(pool: PgPool) {
    let world = World::new(pool).await;
    let s = &world.services;
    let device = Device::default();
    let (ada, _) = enter(s, "Ada", "ada@acme.example", "client").await;
    let (mina, _) = enter(s, "Mina", "mina@elsewhere.example", "client").await;
    create(&world, &mina).await;
    add(&world, &mina, "acme.example").await.unwrap();
    publish(&world, &mina).await;
    prove(&world, &mina, "acme.example").await.unwrap();
    let by_groups = IssuerForm {
        groups_claim: "groups".into(),
        clients: "buyers".into(),
        otherwise: String::new(),
        ..issuer()
    };
    set_issuer(&world, &mina, by_groups).await.unwrap();
    sqlx::query(
        "insert into auth.organisation_identities (organisation_id, user_id, issuer, subject, linked_at, last_used_at)
         select id, $1, issuer, 'ada', now(), now() from auth.organisations",
    )
    .bind(ada.user_id.uuid())
    .execute(world.pool())
    .await
    .unwrap();
    let both = AccountForm { display_name: "Ada".into(), region: "EU".into(), purpose: "both".into() };
    assert!(why(accounts::change(s, &ada, &both, &device).await).starts_with("purpose: "));
    // Her only way in is that of the organisation, as long as her address is one of its.
    let passkey = world.passkey_of(&ada).await;
    sqlx::query("update auth.users set password_hash = null, email = 'ada@home.example' where id = $1")
        .bind(ada.user_id.uuid())
        .execute(world.pool())
        .await
        .unwrap();
    let last = factors::remove_passkey(s, &ada, passkey, &device).await;
    assert!(why(last).contains("only way in"));
    accounts::change(s, &ada, &both, &device).await.unwrap();
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn no_organisation_decides_how_administrators_come_in(pool: PgPool) {
    let world = World::new(pool).await;
    let s = &world.services;
    let (root, session) = enter(s, "Root", "root@acme.example", "client").await;
    sqlx::query("insert into auth.user_roles (user_id, role) values ($1, 'admin')")
        .bind(root.user_id.uuid())
        .execute(world.pool())
        .await
        .unwrap();
    with_requirement(&world, "acme.example").await;
    assert!(accounts::authenticate(s, &session).await.unwrap().is_some());
    assert!(sign_in(s, "root@acme.example", PASSWORD).await.is_ok());
    // Whoever does not know the password learns nothing of that.
    let refused = sign_in(s, "root@acme.example", "a wrong password").await;
    assert!(matches!(refused, Err(ServiceError::OrganisationOnly)));
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_program_that_is_refused_for_the_organisation_leaves_an_entry_and_keeps_its_token(pool: PgPool) {
    let world = World::new(pool).await;
    let s = &world.services;
    let (ada, _) = enter(s, "Ada", "ada@acme.example", "client").await;
    let form = TokenForm { name: "Ledger".into(), scopes: vec!["jobs:read".into()], days: "30".into() };
    let device = Device { address: Some([192, 0, 2, 7].into()), ..Device::default() };
    let token = tokens::create(s, &ada, TokenId::new(), &form, &device).await.unwrap();
    let issued = tokens::exchange(s, token.expose_secret(), None, &device).await.unwrap();
    let refresh = async || tokens::refresh(s, issued.refresh_token.expose_secret(), None, &device).await;
    // Tokens of an administrator outlast the requirement, and the administrator's role does not last.
    let role = |sql| sqlx::query(sql).bind(ada.user_id.uuid()).execute(world.pool());
    role("insert into auth.user_roles values ($1, 'admin')").await.unwrap();
    with_requirement(&world, "acme.example").await;
    role("delete from auth.user_roles where user_id = $1 and role = 'admin'").await.unwrap();

    assert!(tokens::exchange(s, token.expose_secret(), None, &device).await.is_err());
    assert!(refresh().await.is_err());
    let told = audit::own(s, &ada, None).await.unwrap();
    for (entry, asked) in told.iter().zip(["refresh", "exchange"]) {
        assert_eq!((entry.action.as_str(), entry.actor_id), ("token.refused", None), "{entry:?}");
        let after = format!(r#"{{"asked":"{asked}","why":"organisation"}}"#);
        assert_eq!((entry.after.as_ref(), entry.address.as_str()), (Some(&after), "192.0.2.7"));
    }
    role("insert into auth.user_roles values ($1, 'admin')").await.unwrap();
    assert!(refresh().await.is_ok(), "what was refused has used up nothing");
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
