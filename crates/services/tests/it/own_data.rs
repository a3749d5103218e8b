//! One's own data: all of it can be taken along, and nothing is left of who has gone.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{Cursor, Read as _},
};

use chrono::TimeDelta;
use domain::{FieldErrors, JobId, job::JobForm, private::PrivateForm, profile::ProfileForm};
use identity::Principal;
use services::{
    ServiceError, accounts, accounts::Device, blocks, jobs, jobs::Intent, matches, own_data, profiles,
};
use sqlx::{AssertSqlSafe, PgPool};
use storage::own_data::{Export, PERSON_TABLES};
use test_support::{MIGRATOR, World, database_engineer, database_job};

/// In everything that Ada writes.
const ADAS: &str = "Zyxquop";
/// In everything that others write.
const OTHERS: &str = "Wabblex";

fn profile(mark: &str) -> ProfileForm {
    let profile = database_engineer();
    ProfileForm { title: format!("{} {mark}", profile.title), ..profile }
}

fn job(mark: &str) -> JobForm {
    let job = database_job();
    JobForm {
        title: format!("{} {mark}", job.title),
        description: format!("{} {mark}", job.description),
        ..job
    }
}

/// Ada, who hires and freelances; Bo, who suits her job; and a client whose job suits both. All of
/// them have heard of one another.
struct Town {
    world: World,
    ada: Principal,
    bo: Principal,
    client: Principal,
    adas_job: JobId,
}

async fn town(pool: PgPool) -> Town {
    let world = World::new(pool).await;
    let ada = world.person(&format!("Ada {ADAS}"), "both").await;
    let bo = world.freelancer(&format!("Bo {OTHERS}"), &profile(OTHERS)).await;
    let client = world.client(&format!("Cy {OTHERS}")).await;
    let services = &world.services;
    profiles::save(services, &ada, None, &profile(ADAS)).await.unwrap();
    let private = PrivateForm { legal_name: format!("Augusta {ADAS}"), phone: "+49 30 901820".into() };
    accounts::change_private_details(services, &ada, &private, &Device::default()).await.unwrap();
    let adas_job = world.post(&ada, &job(ADAS)).await;
    jobs::create(services, &ada, JobId::new(), &job(ADAS), Intent::Keep).await.unwrap();
    world.post(&client, &job(OTHERS)).await;
    let foe = world.client("Foe").await;
    blocks::block(services, &ada, foe.user_id).await.unwrap();
    world.settle().await;
    Town { world, ada, bo, client, adas_job }
}

/// The tables with a row that has the text somewhere.
async fn tables_with(pool: &PgPool, text: &str) -> Vec<String> {
    let tables: Vec<String> = sqlx::query_scalar(
        "select table_schema || '.' || table_name from information_schema.tables
         where table_schema in ('auth', 'core', 'ai') and table_type = 'BASE TABLE'",
    )
    .fetch_all(pool)
    .await
    .unwrap();
    let mut found = Vec::new();
    for table in tables {
        let sql = format!("select exists (select from {table} t where t::text ilike '%' || $1 || '%')");
        if sqlx::query_scalar(AssertSqlSafe(sql)).bind(text).fetch_one(pool).await.unwrap() {
            found.push(table);
        }
    }
    found
}

async fn archive(world: &World, who: &Principal) -> BTreeMap<String, String> {
    own_data::request_export(&world.services, who, &Device::default()).await.unwrap();
    world.do_jobs().await;
    let archive = own_data::download_export(&world.services, who, &Device::default()).await.unwrap();
    let mut zip = zip::ZipArchive::new(Cursor::new(archive.zip)).unwrap();
    (0..zip.len())
        .map(|index| {
            let mut file = zip.by_index(index).unwrap();
            let mut text = String::new();
            file.read_to_string(&mut text).unwrap();
            (file.name().unwrap().into_owned(), text)
        })
        .collect()
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn an_archive_has_all_of_ones_own_and_nothing_of_others(pool: PgPool) {
    let town = town(pool).await;
    let files = archive(&town.world, &town.ada).await;
    for (file, mark) in [
        ("account.json", ADAS),
        ("profile.json", ADAS),
        ("jobs.json", "draft"),
        ("jobs.json", "open"),
        ("jobs.json", ADAS),
        ("private_details.json", "Augusta"),
        ("private_details.json", "+4930901820"),
        ("roles.json", "user_client"),
        ("devices.json", "last_seen_at"),
        ("activity.json", "account.created"),
        ("blocks.json", "blocked_id"),
        ("matches.json", "score"),
        ("README.txt", "matches.json"),
    ] {
        let text = files.get(file).unwrap_or_else(|| panic!("{file} is missing"));
        assert!(text.contains(mark), "{mark} in {file}: {text}");
    }
    for (name, text) in &files {
        assert!(!text.contains(OTHERS), "{name} has what others wrote: {text}");
        assert!(!text.contains("argon2") && !text.contains("token_hash"), "{name} has a secret: {text}");
        let json = name == "README.txt" || serde_json::from_str::<Vec<serde_json::Value>>(text).is_ok();
        assert!(json, "{name} is a list of entries: {text}");
    }
    let letters = town.world.letters.to("person0@example.com");
    assert!(letters.iter().any(|letter| letter.text.contains("/account/data")), "{letters:?}");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn an_archive_is_given_to_its_owner_alone_who_has_proved_it_for_a_week(pool: PgPool) {
    let Town { world, ada, bo, .. } = town(pool).await;
    let services = &world.services;
    let device = Device::default();
    archive(&world, &ada).await;
    assert_eq!(tables_with(world.pool(), "Augusta").await, [""; 0], "the stored archive is sealed");
    let other = own_data::download_export(services, &bo, &device).await;
    assert!(matches!(other, Err(ServiceError::NotFound(_))));
    let again = own_data::request_export(services, &ada, &device).await;
    assert!(matches!(again, Err(ServiceError::Conflict(_))), "{again:?}");

    world.advance(TimeDelta::minutes(11));
    let stale = own_data::download_export(services, &ada, &device).await;
    assert!(matches!(stale, Err(ServiceError::ProofNeeded)));
    let stale = own_data::request_export(services, &ada, &device).await;
    assert!(matches!(stale, Err(ServiceError::ProofNeeded)));

    world.advance(TimeDelta::days(7));
    let later = world.anew(&ada).await;
    let expired = own_data::download_export(services, &later, &device).await;
    assert!(matches!(expired, Err(ServiceError::NotFound(_))));
    let deleted = storage::own_data::delete_expired(world.pool(), services.now()).await.unwrap();
    assert_eq!(deleted, 1);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn nothing_is_left_of_who_has_gone(pool: PgPool) {
    let Town { world, ada, bo, client, adas_job } = town(pool).await;
    let services = &world.services;
    archive(&world, &ada).await;
    let before = tables_with(world.pool(), ADAS).await;
    for table in ["auth.users", "core.jobs", "core.profiles", "ai.feed_messages"] {
        assert!(before.iter().any(|found| found == table), "the test would show nothing: {before:?}");
    }
    own_data::leave(services, &ada, true, &Device::default()).await.unwrap();
    world.settle().await;
    world.do_jobs().await;

    for mark in [ADAS, "Augusta", "901820", "person0@"] {
        assert_eq!(tables_with(world.pool(), mark).await, [""; 0], "{mark}");
    }
    // Only by number is she named still: in the log, in events, and where feeds say who is gone.
    let mut named = tables_with(world.pool(), &ada.user_id.to_string()).await;
    named.sort_unstable();
    assert_eq!(named, ["ai.feed_messages", "auth.audit_log", "auth.users", "core.outbox"]);
    assert!(matches!(profiles::view(services, None, ada.user_id).await, Err(ServiceError::NotFound(_))));
    assert!(matches!(jobs::view(services, None, adas_job).await, Err(ServiceError::NotFound(_))));
    let feed = matches::feed(services, &bo).await.unwrap();
    assert!(feed.cards.iter().all(|card| card.job_id != adas_job));
    let own = jobs::own(services, &client).await.unwrap();
    let candidates = matches::candidates(services, &client, own[0].id).await.unwrap();
    assert!(candidates.cards.iter().all(|card| card.freelancer_id != ada.user_id));
    assert!(!candidates.cards.is_empty(), "others are still there");
    let farewell = world.letters.to("person0@example.com");
    assert!(farewell.last().unwrap().subject.contains("deleted"));
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn feeds_have_no_gap_where_somebody_was_forgotten(pool: PgPool) {
    let Town { world, ada, bo, client, .. } = town(pool).await;
    own_data::leave(&world.services, &ada, true, &Device::default()).await.unwrap();
    world.settle().await;
    world.do_jobs().await;
    for who in [bo, client] {
        let messages = storage::feeds::after(world.pool(), who.user_id, 0, 1_000).await.unwrap();
        let numbers: Vec<i64> = messages.iter().map(|(seq, _)| *seq).collect();
        assert_eq!(numbers, (1..=i64::try_from(numbers.len()).unwrap()).collect::<Vec<_>>());
        for (_, message) in messages {
            let read = serde_json::from_value::<domain::feed::FeedEvent>(message.clone());
            assert!(read.is_ok(), "{message}");
        }
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn what_others_were_shown_goes_only_when_they_have_been_told(pool: PgPool) {
    let Town { world, ada, .. } = town(pool).await;
    own_data::leave(&world.services, &ada, true, &Device::default()).await.unwrap();
    world.do_jobs().await;
    assert!(tables_with(world.pool(), ADAS).await.contains(&"core.jobs".to_owned()));
    assert!(!tables_with(world.pool(), ADAS).await.contains(&"auth.users".to_owned()));
    world.settle().await;
    world.advance(TimeDelta::seconds(10));
    world.do_jobs().await;
    assert_eq!(tables_with(world.pool(), ADAS).await, [""; 0]);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn leaving_needs_a_fresh_proof_and_a_word_and_no_office(pool: PgPool) {
    let Town { world, ada, .. } = town(pool).await;
    let services = &world.services;
    let device = Device::default();
    let unsaid = own_data::leave(services, &ada, false, &device).await;
    assert!(
        matches!(unsaid, Err(ServiceError::Invalid(errors)) if FieldErrors::get(&errors, "understood").is_some())
    );
    let admin = Principal { roles: [domain::role::Role::Admin].into_iter().collect(), ..ada.clone() };
    assert!(matches!(own_data::leave(services, &admin, true, &device).await, Err(ServiceError::Conflict(_))));
    world.advance(TimeDelta::minutes(11));
    assert!(matches!(own_data::leave(services, &ada, true, &device).await, Err(ServiceError::ProofNeeded)));
    assert!(accounts::own(services, &ada).await.unwrap().display_name.contains(ADAS), "nothing was done");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn who_has_gone_is_signed_out_and_gets_in_no_more(pool: PgPool) {
    let Town { world, ada, .. } = town(pool).await;
    own_data::leave(&world.services, &ada, true, &Device::default()).await.unwrap();
    assert!(!accounts::is_open(&world.services, ada.session_id).await.unwrap());
    let (status, password): (String, Option<String>) =
        sqlx::query_as("select status, password_hash from auth.users where id = $1")
            .bind(ada.user_id.uuid())
            .fetch_one(world.pool())
            .await
            .unwrap();
    assert_eq!((status.as_str(), password), ("deleted", None));
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn every_table_about_people_says_what_becomes_of_its_rows(pool: PgPool) {
    let columns: Vec<(String, String)> = sqlx::query_as(
        "select c.conrelid::regclass::text, a.attname::text
         from pg_constraint c
         join pg_attribute a on a.attrelid = c.conrelid and a.attnum = any(c.conkey)
         where c.contype = 'f' and c.confrelid = 'auth.users'::regclass
         union
         select table_schema || '.' || table_name, column_name::text from information_schema.columns
         where table_schema in ('auth', 'core', 'ai') and data_type = 'uuid'
           and column_name in ('user_id', 'client_id', 'freelancer_id', 'actor_id', 'subject_id', 'person_id')
           and table_name in (select table_name from information_schema.tables where table_type = 'BASE TABLE')",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    // The model's texts are about jobs and profiles; they go with what they were read from.
    let in_schema: BTreeSet<_> = columns.into_iter().filter(|(table, _)| table != "ai.texts").collect();
    let listed: BTreeSet<_> =
        PERSON_TABLES.iter().map(|own| (own.table.to_owned(), own.owner.to_owned())).collect();
    let missing: Vec<_> = in_schema.difference(&listed).collect();
    assert!(
        missing.is_empty(),
        "say in storage::own_data::PERSON_TABLES what an export has of these, and what becomes of them when \
         the account is deleted: {missing:?}"
    );
    let stale: Vec<_> = listed.difference(&in_schema).filter(|(table, _)| table != "auth.users").collect();
    assert!(stale.is_empty(), "no longer in the schema: {stale:?}");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn no_hash_and_nothing_sealed_is_in_an_archive(pool: PgPool) {
    for own in PERSON_TABLES {
        let Export::Rows { without, .. } = own.export else { continue };
        let (schema, table) = own.table.split_once('.').unwrap();
        let columns: Vec<(String, String)> = sqlx::query_as(
            "select column_name::text, data_type::text from information_schema.columns
             where table_schema = $1 and table_name = $2",
        )
        .bind(schema)
        .bind(table)
        .fetch_all(&pool)
        .await
        .unwrap();
        for column in without {
            assert!(columns.iter().any(|(name, _)| name == column), "{}.{column} is not there", own.table);
        }
        for (name, kind) in columns.iter().filter(|(name, _)| !without.contains(&name.as_str())) {
            let secret =
                kind == "bytea" || ["hash", "secret", "sealed"].iter().any(|word| name.contains(word));
            assert!(!secret, "{}.{name} must not be in an archive", own.table);
        }
    }
}
