//! The audit log shows what was done, and that nobody has rewritten it.

use domain::account::SignInForm;
use services::{
    accounts::{self, Device},
    audit::{self, Act, Verdict},
};
use sqlx::PgPool;
use test_support::{MIGRATOR, PASSWORD, World};

/// Runs SQL as somebody who got hold of the database, whom triggers do not stop.
async fn tamper(pool: &PgPool, sql: &'static str) {
    let mut db = pool.acquire().await.unwrap();
    sqlx::query("set session_replication_role = replica").execute(&mut *db).await.unwrap();
    assert!(sqlx::query(sql).execute(&mut *db).await.unwrap().rows_affected() > 0);
    sqlx::query("set session_replication_role = default").execute(&mut *db).await.unwrap();
}

/// A log of three people who came.
async fn world(pool: PgPool) -> World {
    let world = World::new(pool).await;
    for name in ["Ada", "Bo", "Cy"] {
        world.person(name, "client").await;
    }
    let verdict = audit::verify(&world.services).await.unwrap();
    assert!(matches!(verdict, Verdict::Intact { entries: 3.. }), "{verdict:?}");
    world
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_changed_entry_shows(pool: PgPool) {
    let world = world(pool).await;
    tamper(world.pool(), "update auth.audit_log set action = 'session.closed' where seq = 2").await;
    assert_eq!(audit::verify(&world.services).await.unwrap(), Verdict::Broken { seq: 2 });
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn an_entry_that_waited_for_another_follows_it(pool: PgPool) {
    let world = world(pool).await;
    let s = &world.services;
    let Verdict::Intact { entries } = audit::verify(s).await.unwrap() else { panic!() };
    let mut first = s.database().begin_as_house().await.unwrap();
    audit::record(s, &mut first, Act::of_nobody("test.first"), &Device::default()).await.unwrap();
    let services = s.clone();
    let second = tokio::spawn(async move {
        let mut tx = services.database().begin_as_house().await.unwrap();
        let act = Act::of_nobody("test.second").after(&"ü");
        audit::record(&services, &mut tx, act, &Device::default()).await.unwrap();
        tx.commit().await.unwrap();
    });
    world.somebody_waits().await;
    first.commit().await.unwrap();
    second.await.unwrap();
    assert_eq!(audit::verify(s).await.unwrap(), Verdict::Intact { entries: entries + 2 });
}

/// The database and the program hash on their own, and have to agree.
#[sqlx::test(migrator = "MIGRATOR")]
async fn entries_of_every_length_are_intact(pool: PgPool) {
    let world = world(pool).await;
    let s = &world.services;
    let Verdict::Intact { entries } = audit::verify(s).await.unwrap() else { panic!() };
    let lengths = [0, 1, 127, 128, 253, 254, 255, 256, 257, 3_998];
    for length in lengths {
        let here = Device {
            user_agent: "ü".repeat(length),
            address: Some("2001:db8::1".parse().unwrap()),
            ..Device::default()
        };
        let act = Act::of_nobody("test.length").before(&"a".repeat(length)).after(&"愛".repeat(length));
        let mut tx = s.database().begin_as_house().await.unwrap();
        audit::record(s, &mut tx, act, &here).await.unwrap();
        tx.commit().await.unwrap();
    }
    let verdict = audit::verify(s).await.unwrap();
    assert_eq!(verdict, Verdict::Intact { entries: entries + lengths.len() as i64 });
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn an_entry_taken_out_shows(pool: PgPool) {
    let world = world(pool).await;
    tamper(world.pool(), "delete from auth.audit_log where seq = 2").await;
    assert_eq!(audit::verify(&world.services).await.unwrap(), Verdict::Broken { seq: 2 });
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn an_end_cut_off_shows(pool: PgPool) {
    let world = world(pool).await;
    tamper(world.pool(), "delete from auth.audit_log where seq > 2").await;
    assert_eq!(audit::verify(&world.services).await.unwrap(), Verdict::CutOff { entries: 2 });
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn an_entry_beyond_the_end_shows(pool: PgPool) {
    let world = world(pool).await;
    let Verdict::Intact { entries } = audit::verify(&world.services).await.unwrap() else { panic!() };
    tamper(
        world.pool(),
        "insert into auth.audit_log
         select seq + 1, at, actor_id, subject_id, action, address, user_agent, before, after, hash, hash
         from auth.audit_log order by seq desc limit 1",
    )
    .await;
    assert_eq!(audit::verify(&world.services).await.unwrap(), Verdict::Broken { seq: entries + 1 });
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn nobody_rewrites_the_log_by_mistake(pool: PgPool) {
    let world = world(pool).await;
    for sql in
        ["update auth.audit_log set action = 'xyz'", "delete from auth.audit_log", "truncate auth.audit_log"]
    {
        let refused = sqlx::query(sql).execute(world.pool()).await.unwrap_err();
        assert!(refused.to_string().contains("never changed"), "{refused}");
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn one_reads_what_concerns_oneself_and_nothing_else(pool: PgPool) {
    let world = world(pool).await;
    let s = &world.services;
    let (ada, bo) = (world.person("Ada", "client").await, world.person("Bo", "client").await);
    let form =
        SignInForm { email: "person3@example.com".into(), password: "wrong".into(), next: String::new() };
    let thief = Device {
        user_agent: "Thief\r\n/1.0".into(),
        address: Some([192, 0, 2, 7].into()),
        ..Device::default()
    };
    accounts::sign_in(s, &form, &thief).await.err().unwrap();
    let entries = audit::own(s, &ada, None).await.unwrap();
    let failed = &entries[0];
    assert_eq!((failed.action.as_str(), failed.actor_id), ("sign_in.failed", None));
    assert_eq!((failed.address.as_str(), failed.user_agent.as_str()), ("192.0.2.7", "Thief/1.0"));
    for entry in audit::own(s, &bo, None).await.unwrap() {
        assert!(entry.subject_id == Some(bo.user_id), "{entry:?}");
    }
    let older = audit::own(s, &ada, Some(failed.seq)).await.unwrap();
    assert_eq!(older.len(), entries.len() - 1);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn every_attempt_to_sign_in_is_written_down_with_what_was_given(pool: PgPool) {
    let world = World::new(pool).await;
    let s = &world.services;
    let ada = world.person("Ada", "client").await;
    let attempt = async |password: &str| {
        let form = SignInForm {
            email: "person0@example.com".into(),
            password: password.into(),
            ..SignInForm::default()
        };
        accounts::sign_in(s, &form, &Device::default()).await.is_ok()
    };
    assert!(attempt(PASSWORD).await);
    assert!(!attempt("not the right one").await);
    assert!(!attempt(&"longer than any password ".repeat(50)).await);
    sqlx::query("update auth.users set status = 'suspended', suspended_at = now()")
        .execute(world.pool())
        .await
        .unwrap();
    assert!(!attempt(PASSWORD).await);
    let entries = audit::own(s, &ada, None).await.unwrap();
    let told: Vec<_> = entries.iter().take(4).rev().map(|entry| entry.action.as_str()).collect();
    assert_eq!(told, ["session.opened", "sign_in.failed", "sign_in.failed", "sign_in.refused"]);
    let after = |n: usize| entries[n].after.as_deref().unwrap_or_default();
    assert!(after(3).contains("\"first\":\"password\""), "with which factors: {}", after(3));
    assert_eq!(after(0), r#"{"first":"password","why":"suspended"}"#);
    for entry in &entries {
        let text = format!("{entry:?}");
        assert!(!text.contains(PASSWORD) && !text.contains("longer than") && !text.contains("right one"));
    }
}
