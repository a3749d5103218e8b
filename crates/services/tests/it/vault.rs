//! What is secret is sealed in the database, for its owner alone, and stays readable while the keys
//! are changed.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use domain::private::PrivateForm;
use identity::Principal;
use services::{
    ServiceError, Services,
    accounts::{self, Device},
    vault::{self, SEALED},
};
use sqlx::PgPool;
use test_support::{MIGRATOR, World};

async fn tell(services: &Services, who: &Principal, phone: &str) {
    let form = PrivateForm { legal_name: "Augusta Ada King".into(), phone: phone.into() };
    accounts::change_private_details(services, who, &form, &Device::default()).await.unwrap();
}

async fn phone(services: &Services, who: &Principal) -> Option<String> {
    accounts::private_details(services, who).await.unwrap().phone
}

fn cause(error: ServiceError) -> String {
    match error {
        ServiceError::Internal(cause) => cause.to_string(),
        other => panic!("{other:?}"),
    }
}

/// How many values the keys have sealed, the present one first, then the retired ones.
async fn values(services: &Services) -> Vec<i64> {
    services.vault().keys().await.unwrap().iter().map(|key| key.values).collect()
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn private_details_are_read_by_their_owner_and_nowhere_in_the_database(pool: PgPool) {
    let world = World::new(pool).await;
    let (ada, bo) = (world.client("Ada").await, world.client("Bo").await);
    tell(&world.services, &ada, "+49 30 901820").await;
    let own = accounts::private_details(&world.services, &ada).await.unwrap();
    assert_eq!(own.phone.as_deref(), Some("+4930901820"));
    assert_eq!(own.legal_name.as_deref(), Some("Augusta Ada King"));
    assert_eq!(phone(&world.services, &bo).await, None);
    let stored: String = sqlx::query_scalar(
        "select string_agg(encode(coalesce(phone_sealed, '') || coalesce(legal_name_sealed, ''), 'escape'), '')
         from auth.private_details",
    )
    .fetch_one(world.pool())
    .await
    .unwrap();
    assert!(!stored.contains("901820") && !stored.contains("Augusta"), "{stored}");
    let log: String = sqlx::query_scalar("select string_agg(coalesce(after, ''), '') from auth.audit_log")
        .fetch_one(world.pool())
        .await
        .unwrap();
    assert!(log.contains("phone") && !log.contains("901820"), "{log}");

    accounts::change_private_details(&world.services, &ada, &PrivateForm::default(), &Device::default())
        .await
        .unwrap();
    assert_eq!(phone(&world.services, &ada).await, None);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_value_that_was_moved_to_somebody_else_does_not_open(pool: PgPool) {
    let world = World::new(pool).await;
    let (ada, bo) = (world.client("Ada").await, world.client("Bo").await);
    tell(&world.services, &ada, "+49 30 901820").await;
    tell(&world.services, &bo, "+49 30 1234567").await;
    sqlx::query(
        "update auth.private_details set phone_sealed =
             (select phone_sealed from auth.private_details where user_id = $1) where user_id = $2",
    )
    .bind(ada.user_id.uuid())
    .bind(bo.user_id.uuid())
    .execute(world.pool())
    .await
    .unwrap();
    let error = accounts::private_details(&world.services, &bo).await.unwrap_err();
    assert!(cause(error).contains("does not open"));
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn after_a_rotation_everything_opens_and_the_old_key_goes_when_nothing_needs_it(pool: PgPool) {
    let world = World::new(pool).await;
    let ada = world.client("Ada").await;
    tell(&world.services, &ada, "+49 30 901820").await;
    let vault = world.services.vault();
    vault.begin_rotation().await.unwrap();
    assert_eq!(values(&world.services).await, [0, 2]);
    assert_eq!(phone(&world.services, &ada).await.as_deref(), Some("+4930901820"), "during it, too");
    let done = vault.reseal(|_| {}).await.unwrap();
    assert_eq!(
        (done.values, done.broken, done.deleted_keys),
        (2, 0, 0),
        "a process may still use the old one"
    );
    assert_eq!(values(&world.services).await, [2, 0]);
    world.advance(TimeDelta::hours(1));
    assert_eq!(vault.reseal(|_| {}).await.unwrap().deleted_keys, 1);
    assert_eq!(values(&world.services).await, [2]);
    // As after a restart.
    assert_eq!(phone(&world.process(&["test"]), &ada).await.as_deref(), Some("+4930901820"));
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn changing_the_keys_is_written_down_with_how_much_was_sealed_anew(pool: PgPool) {
    let world = World::new(pool).await;
    let ada = world.client("Ada").await;
    tell(&world.services, &ada, "+49 30 901820").await;
    let mut told = Vec::new();
    let done = vault::rotate(&world.services, |done, total| told.push((done.values, total))).await.unwrap();
    assert_eq!((done.values, told.last()), (2, Some(&(2, 2))));
    assert_noted(&world, r#"{"broken":0,"values":2}"#).await;
}

/// Asserts that the last entry of the audit log tells of a rotation that came to this.
async fn assert_noted(world: &World, after: &str) {
    let last: (Option<uuid::Uuid>, Option<uuid::Uuid>, String, Option<String>) = sqlx::query_as(
        "select actor_id, subject_id, action, after from auth.audit_log order by seq desc limit 1",
    )
    .fetch_one(world.pool())
    .await
    .unwrap();
    assert_eq!(last, (None, None, "keys.rotated".into(), Some(after.to_owned())));
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_rotation_that_was_broken_off_goes_on_where_it_was_and_is_written_down(pool: PgPool) {
    let world = World::new(pool).await;
    // More than one batch, of which the first is done when the process dies.
    let ada = world.client("Ada").await;
    tell(&world.services, &ada, "+49 30 901820").await;
    for _ in 0..210 {
        sqlx::query(
            "with person as (
                 insert into auth.users (id, email, display_name, region)
                 values (gen_random_uuid(), gen_random_uuid() || '@example.com', 'Somebody', 'EU') returning id)
             insert into auth.private_details (user_id, phone_sealed, updated_at)
             select id, (select phone_sealed from auth.private_details where user_id = $1), now() from person",
        )
        .bind(ada.user_id.uuid())
        .execute(world.pool())
        .await
        .unwrap();
    }
    // Those are Ada's value with other owners, which do not open; give each one of its own.
    let people: Vec<uuid::Uuid> =
        sqlx::query_scalar("select user_id from auth.private_details").fetch_all(world.pool()).await.unwrap();
    for person in people.iter().filter(|person| **person != ada.user_id.uuid()) {
        sqlx::query(
            "insert into auth.sessions (id, user_id, token_hash, expires_at, ends_at)
             values ($1, $1, sha256($1::text::bytea), $2, $2)",
        )
        .bind(person)
        .bind(world.services.now() + TimeDelta::days(1))
        .execute(world.pool())
        .await
        .unwrap();
        let who = Principal {
            user_id: (*person).into(),
            session_id: (*person).into(),
            roles: Default::default(),
            ..ada.clone()
        };
        tell(&world.services, &who, "+49 30 901820").await;
    }
    world.services.vault().begin_rotation().await.unwrap();
    let dying = world.services.clone();
    let died = tokio::spawn(async move {
        dying.vault().reseal(|done| panic!("after {} values", done.values)).await.unwrap();
    });
    assert!(died.await.unwrap_err().is_panic());
    let [new, old] = values(&world.services).await[..] else { panic!("two keys") };
    assert_eq!((new, old), (200, 222));
    vault::finish_rotation(&world.process(&["test"])).await.unwrap();
    assert_eq!(values(&world.services).await, [422, 0]);
    assert_noted(&world, r#"{"broken":0,"values":222}"#).await;
    let who = Principal { user_id: people[0].into(), ..ada };
    assert_eq!(phone(&world.services, &who).await.as_deref(), Some("+4930901820"));
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn what_is_written_during_a_rotation_is_not_lost(pool: PgPool) {
    let world = World::new(pool).await;
    let people = [world.client("Ada").await, world.client("Bo").await];
    let [ada, bo] = &people;
    tell(&world.services, ada, "+49 30 901820").await;
    tell(&world.services, bo, "+49 30 901820").await;
    // A second process rotates; this one does not hear of it and goes on with the key it knows.
    let other = world.process(&["test"]);
    other.vault().begin_rotation().await.unwrap();
    tell(&world.services, ada, "+49 30 1111111").await;
    assert_eq!(other.vault().reseal(|_| {}).await.unwrap().values, 4);
    tell(&world.services, bo, "+49 30 2222222").await;
    assert_eq!(values(&other).await, [2, 2], "written with the old key after the walk");
    assert_eq!(phone(&other, bo).await.as_deref(), Some("+49302222222"));
    // An hour later the straggler is taken along before its key goes.
    world.advance(TimeDelta::hours(2));
    let later = world.process(&["test"]);
    let done = later.vault().reseal(|_| {}).await.unwrap();
    assert_eq!((done.values, done.deleted_keys), (2, 1));
    assert_eq!(phone(&later, ada).await.as_deref(), Some("+49301111111"));
    assert_eq!(phone(&later, bo).await.as_deref(), Some("+49302222222"));
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_new_key_of_the_operator_takes_over_and_the_old_one_can_go(pool: PgPool) {
    let world = World::new(pool).await;
    let ada = world.client("Ada").await;
    tell(&world.services, &ada, "+49 30 901820").await;
    let both = world.process(&["newer", "test"]);
    both.vault().begin_rotation().await.unwrap();
    let keys = both.vault().keys().await.unwrap();
    assert!(keys.iter().all(|key| key.kek == "newer"), "{keys:?}");
    let newer = world.process(&["newer"]);
    newer.vault().check().await.unwrap();
    assert_eq!(phone(&newer, &ada).await.as_deref(), Some("+4930901820"));
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn without_the_right_key_of_the_operator_one_is_told_which_is_missing(pool: PgPool) {
    let world = World::new(pool).await;
    let ada = world.client("Ada").await;
    tell(&world.services, &ada, "+49 30 901820").await;
    let other = world.process(&["another"]);
    let told = cause(other.vault().check().await.unwrap_err());
    assert!(told.contains("`test`") && told.contains("keys.file"), "{told}");
    assert!(accounts::private_details(&other, &ada).await.is_err());
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn values_that_were_tampered_with_stay_and_are_counted(pool: PgPool) {
    let world = World::new(pool).await;
    let ada = world.client("Ada").await;
    tell(&world.services, &ada, "+49 30 901820").await;
    sqlx::query(
        "update auth.private_details
         set phone_sealed = set_byte(phone_sealed, 40, 255 - get_byte(phone_sealed, 40))",
    )
    .execute(world.pool())
    .await
    .unwrap();
    let vault = world.services.vault();
    vault.begin_rotation().await.unwrap();
    world.advance(TimeDelta::hours(2));
    let done = vault.reseal(|_| {}).await.unwrap();
    assert_eq!((done.values, done.broken, done.deleted_keys), (1, 1, 0));
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn two_processes_that_need_the_first_key_at_once_agree_on_one(pool: PgPool) {
    let world = World::new(pool).await;
    let (ada, bo) = (world.client("Ada").await, world.client("Bo").await);
    let other = world.process(&["test"]);
    tokio::join!(tell(&world.services, &ada, "+49 30 901820"), tell(&other, &bo, "+49 30 901820"));
    assert_eq!(values(&world.services).await, [4]);
    assert_eq!(phone(&other, &ada).await, phone(&world.services, &bo).await);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn every_sealed_column_of_the_schema_is_in_the_list(pool: PgPool) {
    let columns: Vec<String> = sqlx::query_scalar(
        "select table_schema || '.' || table_name || '.' || column_name from information_schema.columns
         where column_name like '%\\_sealed'",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    let in_schema: BTreeSet<String> = columns.into_iter().collect();
    let listed = SEALED.iter().map(|column| format!("{}.{}", column.at.table, column.at.column)).collect();
    assert_eq!(in_schema, listed, "columns of the schema, and those of `SEALED`");
}
