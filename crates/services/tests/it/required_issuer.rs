//! What an organisation that requires its issuer shuts, for whom, and for how long.

use chrono::TimeDelta;
use domain::{
    TokenId,
    account::{AccountForm, AddressForm, SignUpForm},
    organisation::IssuerForm,
    scope::TokenForm,
};
use secrecy::ExposeSecret as _;
use services::{
    ServiceError,
    accounts::{
        self, Admission, Device,
        second_factor::{self as factors, Answer},
    },
    audit, organisations, tokens,
};
use sqlx::PgPool;
use test_support::{MIGRATOR, PASSWORD, World, app_code, enter, link_in};

use crate::{
    organisations::{
        add, create, issuer, prove, publish, require, set_issuer, sign_in, tried, why, with_requirement,
    },
    people::begin_app,
};

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
    let key = begin_app(&world, &ada).await;
    let code = app_code(&key, s.now());
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
    let code = app_code(&key, s.now());
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
