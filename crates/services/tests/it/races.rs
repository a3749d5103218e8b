//! What guards an account changes while somebody uses what was right until then. The changes hold the
//! account's row; here the tests hold it, until the other one waits.

use domain::{
    PasskeyId, TokenId,
    account::{AccountForm, SignInForm},
    organisation::OrganisationForm,
    private::PrivateForm,
    scope::TokenForm,
};
use identity::Principal;
use services::{
    ServiceError,
    accounts::{self, Device, second_factor as factors},
    organisations, tokens,
};
use sqlx::{PgPool, Postgres, Transaction};
use test_support::{MIGRATOR, PASSWORD, World, app_code};

use crate::people::{begin_app, hold, make_admin};

/// What a new password does, but for the letter.
async fn change_password(mut tx: Transaction<'static, Postgres>, person: &Principal) {
    let id = person.user_id.uuid();
    sqlx::query("update auth.users set password_hash = 'another' where id = $1")
        .bind(id)
        .execute(&mut *tx)
        .await
        .unwrap();
    sqlx::query("delete from auth.sessions where user_id = $1").bind(id).execute(&mut *tx).await.unwrap();
    tx.commit().await.unwrap();
}

async fn count(world: &World, table: &str) -> i64 {
    let count = format!("select count(*) from auth.{table}");
    sqlx::query_scalar(sqlx::AssertSqlSafe(count)).fetch_one(world.pool()).await.unwrap()
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_password_that_was_changed_while_it_was_compared_opens_nothing(pool: PgPool) {
    let world = World::new(pool).await;
    let ada = world.person("Ada", "client").await;
    let held = hold(&world, &ada).await;
    let services = world.services.clone();
    let attempt = tokio::spawn(async move {
        let email = "person0@example.com".to_owned();
        let form = SignInForm { email, password: PASSWORD.into(), next: String::new() };
        accounts::sign_in(&services, &form, &Device::default()).await.map(|_| ())
    });
    world.somebody_waits().await;
    change_password(held, &ada).await;
    assert!(matches!(attempt.await.unwrap(), Err(ServiceError::Invalid(_))));
    assert_eq!((count(&world, "sessions").await, count(&world, "pending_sign_ins").await), (0, 0));
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_token_that_was_being_made_ends_with_the_session_that_made_it(pool: PgPool) {
    let world = World::new(pool).await;
    let ada = world.person("Ada", "client").await;
    let held = hold(&world, &ada).await;
    let (services, who) = (world.services.clone(), ada.clone());
    let attempt = tokio::spawn(async move {
        let form = TokenForm { name: "Ledger".into(), scopes: vec!["jobs:read".into()], days: "30".into() };
        tokens::create(&services, &who, TokenId::new(), &form, &Device::default()).await.map(|_| ())
    });
    world.somebody_waits().await;
    change_password(held, &ada).await;
    assert!(matches!(attempt.await.unwrap(), Err(ServiceError::SignedOut)));
    assert_eq!(count(&world, "personal_tokens").await, 0);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_session_that_was_ended_meanwhile_changes_no_factor(pool: PgPool) {
    let world = World::new(pool).await;
    let s = &world.services;
    let ada = world.person("Ada", "client").await;
    let code = app_code(&begin_app(&world, &ada).await, s.now());
    change_password(hold(&world, &ada).await, &ada).await;
    let refused = factors::confirm_app(s, &ada, &code, &Device::default()).await;
    assert!(matches!(refused, Err(ServiceError::SignedOut)));
    let confirmed: bool = sqlx::query_scalar(
        "select exists (select from auth.authenticator_apps where confirmed_at is not null)",
    )
    .fetch_one(world.pool())
    .await
    .unwrap();
    assert!(!confirmed);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn of_two_who_remove_the_last_two_factors_at_once_one_is_refused(pool: PgPool) {
    let world = World::new(pool).await;
    let s = &world.services;
    let here = Device::default();
    let ada = world.person("Ada", "client").await;
    let code = app_code(&begin_app(&world, &ada).await, s.now());
    let signed_in = factors::confirm_app(s, &ada, &code, &here).await.unwrap().signed_in;
    let passkey = world.passkey_of(&ada).await;
    make_admin(&world, &ada).await;
    let token = secrecy::ExposeSecret::expose_secret(&signed_in.token);
    let ada = accounts::authenticate(s, token).await.unwrap().unwrap().principal;
    let held = hold(&world, &ada).await;
    let (services, who) = (s.clone(), ada.clone());
    let app =
        tokio::spawn(
            async move { factors::remove_app(&services, &who, &Device::default()).await.map(|_| ()) },
        );
    let (services, who) = (s.clone(), ada.clone());
    let key = tokio::spawn(async move {
        factors::remove_passkey(&services, &who, passkey, &Device::default()).await.map(|_| ())
    });
    world.somebody_waits().await;
    held.rollback().await.unwrap();
    let done = [app.await.unwrap(), key.await.unwrap()];
    assert_eq!(done.iter().filter(|done| done.is_ok()).count(), 1, "{done:?}");
    assert_eq!(count(&world, "authenticator_apps").await + count(&world, "passkeys").await, 1);
}

/// Makes a passkey somebody's second factor.
async fn guard(tx: &mut Transaction<'static, Postgres>, person: &Principal) {
    sqlx::query("insert into auth.passkeys values (gen_random_uuid(), $1, 'x', '{}', 'Hers', now())")
        .bind(person.user_id.uuid())
        .execute(&mut **tx)
        .await
        .unwrap();
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_password_proves_nothing_beside_a_second_factor_that_was_set_up_while_it_was_compared(
    pool: PgPool,
) {
    let world = World::new(pool).await;
    let ada = world.person("Ada", "client").await;
    let mut held = hold(&world, &ada).await;
    let (services, who) = (world.services.clone(), ada.clone());
    let attempt = tokio::spawn(async move {
        accounts::confirm(&services, &who, PASSWORD, &Device::default()).await.map(|_| ())
    });
    world.somebody_waits().await;
    guard(&mut held, &ada).await;
    held.commit().await.unwrap();
    assert!(matches!(attempt.await.unwrap(), Err(ServiceError::Invalid(_))));
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn who_signs_in_while_a_second_factor_is_set_up_owes_it(pool: PgPool) {
    let world = World::new(pool).await;
    let ada = world.person("Ada", "client").await;
    let mut held = hold(&world, &ada).await;
    let services = world.services.clone();
    let attempt = tokio::spawn(async move {
        let email = "person0@example.com".to_owned();
        let form = SignInForm { email, password: PASSWORD.into(), next: String::new() };
        accounts::sign_in(&services, &form, &Device::default()).await.unwrap()
    });
    world.somebody_waits().await;
    guard(&mut held, &ada).await;
    held.commit().await.unwrap();
    assert!(matches!(attempt.await.unwrap(), accounts::Admission::SecondFactorDue(_)));
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn an_app_is_set_up_after_whoever_is_coming_in(pool: PgPool) {
    let world = World::new(pool).await;
    let s = &world.services;
    let ada = world.person("Ada", "client").await;
    let code = app_code(&begin_app(&world, &ada).await, s.now());
    // As somebody does who is being let in.
    let mut coming = world.pool().begin().await.unwrap();
    storage::admittance::admittable(&mut coming, ada.user_id).await.unwrap().unwrap();
    let (services, who) = (s.clone(), ada.clone());
    let setting_up = tokio::spawn(async move {
        factors::confirm_app(&services, &who, &code, &Device::default()).await.map(|_| ())
    });
    world.somebody_waits().await;
    coming.commit().await.unwrap();
    setting_up.await.unwrap().unwrap();
}

/// Asserts that whoever gets a connection next is in no transaction of somebody before.
async fn assert_clean(world: &World) {
    let database = world.services.database();
    let mut all = Vec::new();
    for pool in [database.pool(), database.house()] {
        for _ in 0..pool.options().get_max_connections() {
            all.push(pool.acquire().await.unwrap());
        }
    }
    let within = "select count(*) from pg_stat_activity
                  where datname = current_database() and state like 'idle in transaction%'";
    assert_eq!(sqlx::query_scalar::<_, i64>(within).fetch_one(world.pool()).await.unwrap(), 0);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn whoever_gives_up_while_they_wait_leaves_no_transaction_behind(pool: PgPool) {
    let world = World::new(pool).await;
    let ada = world.person("Ada", "client").await;
    for _ in 0..3 {
        let held = hold(&world, &ada).await;
        let (services, who) = (world.services.clone(), ada.clone());
        let change = tokio::spawn(async move {
            let form = PrivateForm { legal_name: "Augusta Ada".into(), phone: String::new() };
            accounts::change_private_details(&services, &who, &form, &Device::default()).await
        });
        let services = world.services.clone();
        let sign_in = tokio::spawn(async move {
            let email = "person0@example.com".to_owned();
            let form = SignInForm { email, password: PASSWORD.into(), next: String::new() };
            accounts::sign_in(&services, &form, &Device::default()).await.map(|_| ())
        });
        world.waiting(2).await;
        change.abort();
        sign_in.abort();
        held.rollback().await.unwrap();
        assert!(change.await.unwrap_err().is_cancelled() && sign_in.await.unwrap_err().is_cancelled());
        assert_clean(&world).await;
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn whoever_waited_in_vain_leaves_no_broken_transaction_behind(pool: PgPool) {
    let world = World::new(pool).await;
    let ada = world.person("Ada", "client").await;
    let held = hold(&world, &ada).await;
    let (services, who) = (world.services.clone(), ada.clone());
    let change = tokio::spawn(async move {
        let form = PrivateForm { legal_name: "Augusta Ada".into(), phone: String::new() };
        accounts::change_private_details(&services, &who, &form, &Device::default()).await
    });
    world.somebody_waits().await;
    let cancel = "select pg_cancel_backend(pid) from pg_stat_activity
         where datname = current_database() and wait_event_type = 'Lock'";
    sqlx::query(cancel).execute(world.pool()).await.unwrap();
    assert!(change.await.unwrap().is_err());
    held.rollback().await.unwrap();
    assert_clean(&world).await;
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn who_has_left_sets_up_no_organisation(pool: PgPool) {
    let world = World::new(pool).await;
    let ada = world.person("Ada", "client").await;
    let mut held = hold(&world, &ada).await;
    let (services, who) = (world.services.clone(), ada.clone());
    let attempt = tokio::spawn(async move {
        let form = OrganisationForm { name: "Ghost Ltd".into() };
        organisations::create(&services, &who, &form, &Device::default()).await
    });
    world.somebody_waits().await;
    let id = ada.user_id.uuid();
    sqlx::query("delete from auth.sessions where user_id = $1").bind(id).execute(&mut *held).await.unwrap();
    held.commit().await.unwrap();
    assert!(matches!(attempt.await.unwrap(), Err(ServiceError::SignedOut)));
    assert_eq!(count(&world, "organisations").await, 0);
}

/// What the house does to Ada's session or roles while a request of hers is under way.
async fn meanwhile(world: &World, ada: &Principal, statement: &'static str) {
    sqlx::query(statement).bind(ada.user_id.uuid()).execute(world.pool()).await.unwrap();
}

/// Whoever withheld the last byte of a form kept a proof that was taken back, and gave it back to themselves.
#[sqlx::test(migrator = "MIGRATOR")]
async fn a_proof_that_was_taken_back_meanwhile_counts_no_more(pool: PgPool) {
    let world = World::new(pool).await;
    let s = &world.services;
    let ada = world.person("Ada", "client").await;
    meanwhile(&world, &ada, "update auth.sessions set proved_at = 'epoch' where user_id = $1").await;
    let token = TokenForm { name: "Ledger".into(), scopes: vec!["jobs:read".into()], days: "30".into() };
    let here = Device::default();
    let refused = [
        factors::begin_app(s, &ada).await.err(),
        factors::renew_recovery_codes(s, &ada, &here).await.map(|_| ()).err(),
        factors::remove_passkey(s, &ada, PasskeyId::new(), &here).await.map(|_| ()).err(),
        accounts::sign_out_others(s, &ada, &here).await.map(|_| ()).err(),
        tokens::create(s, &ada, TokenId::new(), &token, &here).await.map(|_| ()).err(),
        accounts::change(s, &ada, &both("Ada"), &here).await.map(|_| ()).err(),
    ];
    for (i, refused) in refused.into_iter().enumerate() {
        assert!(matches!(refused, Some(ServiceError::ProofNeeded)), "{i}: {refused:?}");
    }
    let taken_back: bool = sqlx::query_scalar("select bool_and(proved_at = 'epoch') from auth.sessions")
        .fetch_one(world.pool())
        .await
        .unwrap();
    assert!(taken_back);
}

fn both(name: &str) -> AccountForm {
    AccountForm { display_name: name.into(), region: "EU".into(), purpose: "both".into() }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_role_that_was_taken_meanwhile_is_not_given_back(pool: PgPool) {
    let world = World::new(pool).await;
    let ada = world.person("Ada", "both").await;
    meanwhile(
        &world,
        &ada,
        "delete from auth.user_roles where user_id = $1 and role <> (select min(role) from auth.user_roles)",
    )
    .await;
    let change = accounts::change(&world.services, &ada, &both("Ada"), &Device::default()).await;
    assert!(matches!(change, Err(ServiceError::Conflict(_))));
    assert_eq!(count(&world, "user_roles").await, 1);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_session_that_was_ended_meanwhile_signs_nobody_out(pool: PgPool) {
    let world = World::new(pool).await;
    let s = &world.services;
    let (ada, here) = (world.person("Ada", "client").await, Device::default());
    let form =
        SignInForm { email: "person0@example.com".into(), password: PASSWORD.into(), next: String::new() };
    accounts::sign_in(s, &form, &here).await.unwrap();
    sqlx::query("delete from auth.sessions where id = $1")
        .bind(ada.session_id.uuid())
        .execute(world.pool())
        .await
        .unwrap();
    let all = accounts::sign_out_others(s, &ada, &here).await;
    assert!(matches!(all, Err(ServiceError::SignedOut)));
    let other: uuid::Uuid =
        sqlx::query_scalar("select id from auth.sessions").fetch_one(world.pool()).await.unwrap();
    let one = accounts::sign_out_device(s, &ada, other.into(), &here).await;
    assert!(matches!(one, Err(ServiceError::SignedOut)));
    assert_eq!(count(&world, "sessions").await, 1);
}
