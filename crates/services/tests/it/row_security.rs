//! The database itself keeps people from what is not theirs: what is asked here is asked without any
//! of the conditions that the program's own queries have.

use std::collections::BTreeSet;

use domain::UserId;
use identity::Principal;
use services::{
    accounts::{self, Device},
    audit::{self, Verdict},
    blocks,
    jobs::{self, Intent},
    profiles,
};
use sqlx::{AssertSqlSafe, PgConnection, PgPool, migrate::Migrator};
use storage::{Database, Guard, database};
use test_support::{MIGRATOR, World, database_engineer, database_job, translator};

/// What a person may see of each table, `$1` being the person; of tables not named here, the rows
/// whose `user_id` they are.
const SEEN: [(&str, &str); 6] = [
    ("auth.users", "id = $1"),
    ("auth.audit_log", "subject_id = $1 or actor_id = $1"),
    ("core.jobs", "status not in ('draft', 'held') or client_id = $1"),
    ("core.profiles", "visibility = 'visible' or user_id = $1"),
    ("core.blocks", "blocker_id = $1"),
    ("ai.matches", "freelancer_id = $1 or job_id in (select id from core.jobs where client_id = $1)"),
];

/// Everybody sees everybody's.
const PICTURES: &str = "core.avatars";

/// The one table without policies of which visitors use something: it holds a number and a hash.
const END_OF_LOG: &str = "auth.audit_head";

/// Two of each kind of person, each with something to hide.
pub(crate) struct Market {
    pub(crate) world: World,
    pub(crate) ada: Principal,
    pub(crate) bo: Principal,
    pub(crate) harbour: Principal,
    pub(crate) quay: Principal,
}

pub(crate) async fn market(pool: PgPool) -> Market {
    let world = World::new(pool).await;
    let s = &world.services;
    let ada = world.freelancer("Ada", &database_engineer()).await;
    let bo = world.freelancer("Bo", &database_engineer()).await;
    let paused = domain::profile::ProfileForm { visibility: "paused".into(), ..translator() };
    world.freelancer("Cy", &paused).await;
    let (harbour, quay) = (world.client("Harbour").await, world.client("Quay").await);
    for client in [&harbour, &quay] {
        world.post(client, &database_job()).await;
        jobs::create(s, client, domain::JobId::new(), &database_job(), Intent::Keep).await.unwrap();
    }
    let held = domain::JobId::new();
    jobs::create(s, &quay, held, &database_job(), Intent::Keep).await.unwrap();
    sqlx::query("update core.jobs set status = 'held', published_at = now() where id = $1")
        .bind(held.uuid())
        .execute(world.pool())
        .await
        .unwrap();
    blocks::block(s, &ada, quay.user_id).await.unwrap();
    blocks::block(s, &bo, harbour.user_id).await.unwrap();
    world.settle().await;
    Market { world, ada, bo, harbour, quay }
}

/// The tables that hold rows of the program, with their names.
async fn tables(owner: &PgPool, condition: &str) -> BTreeSet<String> {
    let sql = format!(
        "select c.oid::regclass::text from pg_class c
         where c.relkind in ('r', 'p')
           and c.relnamespace in ('auth'::regnamespace, 'core'::regnamespace, 'ai'::regnamespace) and {condition}"
    );
    let names: Vec<String> = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_all(owner).await.unwrap();
    names.into_iter().collect()
}

async fn count(db: &mut PgConnection, sql: String, person: Option<UserId>) -> i64 {
    let query = sqlx::query_scalar(AssertSqlSafe(sql));
    let query = if let Some(id) = person { query.bind(id.uuid()) } else { query };
    query.fetch_one(db).await.unwrap()
}

/// What is wrong with what somebody sees, table by table, when they ask for everything.
async fn seen_amiss(world: &World, who: Option<&Principal>) -> Vec<String> {
    let readable =
        tables(world.pool(), "c.relrowsecurity and has_any_column_privilege('eighth_app', c.oid, 'select')")
            .await;
    assert!(SEEN.iter().all(|(table, _)| readable.contains(*table)), "{readable:?}");
    let mut owner = world.pool().acquire().await.unwrap();
    let mut amiss = Vec::new();
    for table in readable {
        let condition = match SEEN.iter().find(|(name, _)| *name == table) {
            Some((_, own)) => own,
            None if table == PICTURES => "$1 = $1",
            None => "user_id = $1",
        };
        let nobody = UserId::from(uuid::Uuid::nil());
        let id = who.map_or(nobody, |who| who.user_id);
        let theirs = format!("select count(*) from {table} where {condition}");
        let expected = count(&mut owner, theirs, Some(id)).await;
        let mut db = world.services.database().begin_for(who.map(|who| who.user_id)).await.unwrap();
        let seen = count(&mut db, format!("select count(*) from {table}"), None).await;
        if seen != expected {
            amiss.push(format!("{table}: {seen} rows instead of {expected}"));
        }
    }
    amiss
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_query_without_its_condition_finds_nothing_of_others(pool: PgPool) {
    let Market { world, ada, bo, harbour, quay } = market(pool).await;
    for who in [&ada, &bo, &harbour, &quay] {
        assert_eq!(seen_amiss(&world, Some(who)).await, Vec::<String>::new());
    }
    // Each of them has something that the others must not see, or the above would show nothing.
    for (table, own) in SEEN {
        let mut owner = world.pool().acquire().await.unwrap();
        let all = count(&mut owner, format!("select count(*) from {table}"), None).await;
        let theirs =
            count(&mut owner, format!("select count(*) from {table} where {own}"), Some(ada.user_id)).await;
        assert!(0 < theirs && theirs < all, "{table}: Ada has {theirs} of {all}");
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_visitor_who_is_not_signed_in_finds_what_is_public_and_nothing_else(pool: PgPool) {
    let Market { world, .. } = market(pool).await;
    assert_eq!(seen_amiss(&world, None).await, Vec::<String>::new());
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_transaction_ends_with_its_person(pool: PgPool) {
    let Market { world, ada, bo, .. } = market(pool).await;
    let database = world.services.database();
    let me = "select auth.me()";
    for who in [&ada, &bo] {
        let mut tx = database.begin_as(who.user_id).await.unwrap();
        let id: Option<uuid::Uuid> = sqlx::query_scalar(me).fetch_one(&mut *tx).await.unwrap();
        assert_eq!(id, Some(who.user_id.uuid()));
        tx.commit().await.unwrap();
        // As many connections as the pool may have: one of them is that of the transaction.
        let mut all = Vec::new();
        for _ in 0..database.pool().options().get_max_connections() {
            let mut db = database.pool().acquire().await.unwrap();
            let id: Option<uuid::Uuid> = sqlx::query_scalar(me).fetch_one(&mut *db).await.unwrap();
            assert_eq!(id, None);
            all.push(db);
        }
    }
}

/// Asserts that each of these is refused to the connection, whatever became of the others.
pub(crate) async fn assert_refused(pool: &PgPool, person: Option<UserId>, statements: &[String]) {
    for sql in statements {
        let mut tx = pool.begin().await.unwrap();
        if let Some(id) = person {
            let set = format!("set local eighth.person = '{}'", id.uuid());
            sqlx::query(AssertSqlSafe(set)).execute(&mut *tx).await.unwrap();
        }
        match sqlx::query(AssertSqlSafe(sql.clone())).execute(&mut *tx).await {
            Err(sqlx::Error::Database(refused)) => {
                assert_eq!(refused.code().as_deref(), Some("42501"), "{sql}: {refused}");
            }
            other => panic!("{sql}: {other:?}"),
        }
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn neither_role_rewrites_the_audit_log_or_takes_its_guard_away(pool: PgPool) {
    let Market { world, ada, .. } = market(pool).await;
    let statements = [
        "update auth.audit_log set action = 'nothing.done'",
        "delete from auth.audit_log",
        "truncate auth.audit_log",
        "alter table auth.audit_log disable trigger all",
        "drop trigger audit_log_is_append_only on auth.audit_log",
        "set session_replication_role = replica",
        "insert into auth.audit_head (seq, hash) values (0, decode(repeat('00', 32), 'hex'))",
        "delete from auth.audit_head",
        "update auth.audit_head set seq = seq - 1",
        "drop policy house on auth.audit_log",
        "alter table auth.sessions disable row level security",
        "create policy all_of_it on auth.sessions using (true)",
        "create table auth.mine (id integer)",
        "create table public.mine (id integer)",
        "drop table core.outbox",
        "truncate core.jobs cascade",
        "select * from public._sqlx_migrations",
        "delete from public._sqlx_migrations",
        "create role somebody superuser",
    ]
    .map(String::from);
    assert_refused(world.services.database().house(), None, &statements).await;
    assert_refused(world.services.database().pool(), Some(ada.user_id), &statements).await;
}

/// Whoever may speak to the database as the program does can add entries, and nothing worse.
#[sqlx::test(migrator = "MIGRATOR")]
async fn an_entry_of_the_audit_log_goes_to_the_end_wherever_it_was_meant_for(pool: PgPool) {
    let Market { world, ada, .. } = market(pool).await;
    let database = world.services.database();
    let Verdict::Intact { entries } = audit::verify(&world.services).await.unwrap() else { panic!() };
    let insert = "insert into auth.audit_log
         select seq + 7, now() - interval '30 days', auth.me(), auth.me(), 'nothing.done', 'ü', '', null, '{}',
                decode(repeat('ab', 32), 'hex'), decode(repeat('cd', 32), 'hex')
         from auth.audit_head";
    let move_on = "update auth.audit_head set seq = entry.seq, hash = entry.hash
         from auth.audit_log entry where entry.seq = audit_head.seq + 1";
    for person in [None, Some(ada.user_id)] {
        let begin = async || match person {
            Some(id) => database.begin_as(id).await.unwrap(),
            None => database.begin_as_house().await.unwrap(),
        };
        let mut tx = begin().await;
        sqlx::query(insert).execute(&mut *tx).await.unwrap();
        let refused = tx.commit().await.unwrap_err();
        assert!(refused.to_string().contains("moves on with each entry"), "{refused}");
        let mut tx = begin().await;
        sqlx::query(insert).execute(&mut *tx).await.unwrap();
        sqlx::query(move_on).execute(&mut *tx).await.unwrap();
        tx.commit().await.unwrap();
    }
    assert_eq!(audit::verify(&world.services).await.unwrap(), Verdict::Intact { entries: entries + 2 });
}

/// The tables with a rule of their own that `migrations/README.md` tells of.
fn told() -> BTreeSet<String> {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../migrations/README.md"));
    let page = page.unwrap();
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` |"));
    rows.map(|(table, _)| table.to_owned()).collect()
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn no_table_is_forgotten(pool: PgPool) {
    let open = tables(
        &pool,
        "(has_any_column_privilege('eighth_app', c.oid, 'select, insert, update, references')
          or has_table_privilege('eighth_app', c.oid, 'delete, truncate, trigger'))
         and not (c.relrowsecurity
                  and exists (select from pg_policy where polrelid = c.oid and polroles @> array['eighth_app'::regrole::oid]))",
    )
    .await;
    assert_eq!(
        open,
        BTreeSet::from([END_OF_LOG.to_owned()]),
        "visitors may use these tables, and no policy says which rows: `call auth.only_own('…')` in the migration"
    );
    let open_to_all =
        tables(&pool, "exists (select from pg_policy where polrelid = c.oid and polroles @> array[0::oid])")
            .await;
    assert_eq!(open_to_all, BTreeSet::new(), "a policy without a role is one for everybody");
    let barred = tables(
        &pool,
        "c.relrowsecurity and not exists (select from pg_policy
             where polrelid = c.oid and polroles @> array['eighth_house'::regrole::oid])",
    )
    .await;
    assert_eq!(barred, BTreeSet::new(), "the house can see nothing in these");
    let with_own_rules = tables(
        &pool,
        "has_any_column_privilege('eighth_app', c.oid, 'select, insert, update')
         and not (exists (select from pg_attribute where attrelid = c.oid and attname = 'user_id')
                  and array(select polname::text from pg_policy
                            where polrelid = c.oid and polroles @> array['eighth_app'::regrole::oid]) = array['own'])",
    )
    .await;
    assert_eq!(with_own_rules, told(), "the list in migrations/README.md");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_database_that_does_not_hold_its_roles_is_noticed(pool: PgPool) {
    let world = World::new(pool).await;
    let database = world.services.database();
    // The login of tests is the owner, who may be anybody.
    assert_eq!(database.guard().await.unwrap(), Guard::OneLogin);
    sqlx::query("alter table auth.sessions disable row level security").execute(world.pool()).await.unwrap();
    let error = database.guard().await.unwrap_err();
    assert!(error.to_string().contains(database::PEOPLE), "{error}");
}

#[sqlx::test(migrations = false)]
async fn what_was_there_before_is_kept_and_guarded(pool: PgPool) {
    // What new databases are copied from may be up to date already.
    sqlx::raw_sql(
        "drop schema if exists auth, core, ai cascade; drop table if exists public._sqlx_migrations",
    )
    .execute(&pool)
    .await
    .unwrap();
    let before = MIGRATOR.iter().filter(|migration| migration.version < 30).cloned().collect();
    Migrator::with_migrations(before).run(&pool).await.unwrap();
    let (ada, draft) = (UserId::new(), domain::JobId::new());
    sqlx::query(
        "insert into auth.users (id, email, display_name, region) values ($1, 'a@example.com', 'Ada', 'EU')",
    )
    .bind(ada.uuid())
    .execute(&pool)
    .await
    .unwrap();
    sqlx::query(
        "insert into core.jobs (id, client_id, region, status, title, description, required_skills, nice_skills,
             skill_keys, budget_kind, budget_min, budget_max, currency, budget_usd, duration, work_place, location,
             regions, languages)
         values ($1, $2, 'EU', 'draft', 'A draft of long ago', repeat('long ago ', 9), '[]', '[]', '{sql}', 'fixed',
             1, 2, 'EUR', 2, 'months', 'remote', '', '{}', '{}')",
    )
    .bind(draft.uuid())
    .bind(ada.uuid())
    .execute(&pool)
    .await
    .unwrap();
    let (bo, cy) = (UserId::new(), UserId::new());
    for (id, email) in [(bo, "b@example.com"), (cy, "c@example.com")] {
        sqlx::query("insert into auth.users (id, email, display_name, region) values ($1, $2, 'Bo', 'EU')")
            .bind(id.uuid())
            .bind(email)
            .execute(&pool)
            .await
            .unwrap();
    }
    sqlx::query("insert into ai.matches (job_id, freelancer_id, score, receipt) values ($1, $2, 1, '{}')")
        .bind(draft.uuid())
        .bind(bo.uuid())
        .execute(&pool)
        .await
        .unwrap();
    MIGRATOR.run(&pool).await.unwrap();
    let database: Database = test_support::database(&pool);
    for (who, seen) in [(ada, 1), (bo, 1), (cy, 0)] {
        let mut as_them = database.begin_as(who).await.unwrap();
        let matches = sqlx::query("select from ai.matches").fetch_all(&mut *as_them).await.unwrap();
        assert_eq!(matches.len(), seen, "whom a match of long ago concerns");
    }
    assert!(storage::jobs::by_id(database.house(), draft).await.unwrap().is_some());
    assert!(storage::jobs::by_id(database.pool(), draft).await.unwrap().is_none());
    let mut as_ada = database.begin_as(ada).await.unwrap();
    assert!(storage::jobs::by_id(&mut *as_ada, draft).await.unwrap().is_some());
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn people_do_under_their_policies_what_they_always_did(pool: PgPool) {
    let Market { world, ada, harbour, .. } = market(pool).await;
    let s = &world.services;
    assert_eq!(services::matches::feed(s, &ada).await.unwrap().cards.len(), 1, "Quay is blocked");
    let own = jobs::own(s, &harbour).await.unwrap();
    assert_eq!(own.len(), 2);
    let published = own.iter().find(|job| job.published_at.is_some()).unwrap();
    assert_eq!(published.candidates, 1, "Bo blocked Harbour");
    let seen = services::matches::candidates(s, &harbour, published.id).await.unwrap();
    assert_eq!(seen.cards.len(), 1);
    assert!(profiles::view(s, Some(&harbour), ada.user_id).await.is_ok());
    assert!(profiles::view(s, None, ada.user_id).await.is_ok());
    accounts::sign_out_others(s, &ada, &Device::default()).await.unwrap();
}
