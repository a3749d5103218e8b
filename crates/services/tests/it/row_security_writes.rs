//! What visitors' connections may write, whatever the program around them asks.

use domain::UserId;
use services::accounts;
use sqlx::{AssertSqlSafe, PgPool};
use storage::database;
use test_support::MIGRATOR;

use crate::row_security::{Market, assert_refused, market};

#[sqlx::test(migrator = "MIGRATOR")]
async fn what_is_anothers_is_neither_written_nor_taken(pool: PgPool) {
    let Market { world, ada, harbour, .. } = market(pool).await;
    let (me, other) = (ada.user_id.uuid(), harbour.user_id.uuid());
    let statements = [
        "select password_hash from auth.users".to_owned(),
        "select * from auth.users".to_owned(),
        format!("update auth.users set status = 'active' where id = '{me}'"),
        format!("update auth.users set email = 'mine@example.com' where id = '{me}'"),
        format!("update auth.users set id = '{other}' where id = '{me}'"),
        "insert into auth.users (id, email, display_name, region)
         values (gen_random_uuid(), 'x@example.com', 'Somebody', 'EU')"
            .to_owned(),
        format!("insert into auth.user_roles values ('{me}', 'admin')"),
        format!("insert into auth.user_roles values ('{other}', 'user_freelancer')"),
        format!("update auth.user_roles set role = 'admin' where user_id = '{me}'"),
        format!("update auth.sessions set user_id = '{other}' where user_id = '{me}'"),
        format!(
            "insert into auth.sessions (id, user_id, token_hash, expires_at)
             values (gen_random_uuid(), '{me}', decode(repeat('00', 32), 'hex'), now())"
        ),
        format!(
            "insert into auth.audit_log
             select seq + 1, now(), '{other}', '{other}', 'nothing.done', '', '', null, null, hash, hash
             from auth.audit_head"
        ),
        format!("insert into core.blocks values ('{other}', '{me}')"),
        format!("update core.profiles set user_id = '{other}' where user_id = '{me}'"),
        "update ai.matches set score = 1000000".to_owned(),
        "delete from ai.feed_messages".to_owned(),
        "select * from core.outbox".to_owned(),
        "update core.outbox set parked_at = now()".to_owned(),
        "select * from core.background_jobs".to_owned(),
        "select * from ai.embeddings".to_owned(),
        "select * from core.demo_plan".to_owned(),
        // What guards an account is written by the house, or as far as its owner does by themselves.
        "update auth.sessions set ends_at = 'infinity', expires_at = 'infinity'".to_owned(),
        "update auth.sessions set last_seen_at = now()".to_owned(),
        format!(
            "insert into auth.pending_sign_ins (token_hash, user_id, first_factor, expires_at)
             values (decode(repeat('00', 32), 'hex'), '{me}', 'password', 'infinity')"
        ),
        "update auth.pending_sign_ins set attempts = 0".to_owned(),
        "delete from auth.code_guesses".to_owned(),
        format!(
            "insert into auth.external_identities
                 (id, user_id, provider, issuer, subject, linked_at, last_used_at)
             values (gen_random_uuid(), '{me}', 'x', 'https://x.example', 'x', now(), now())"
        ),
        format!(
            "insert into auth.organisation_identities (organisation_id, user_id)
             values (gen_random_uuid(), '{me}')"
        ),
        "update auth.passkeys set credential_id = 'x'".to_owned(),
        "delete from auth.passkeys".to_owned(),
        format!(
            "insert into auth.password_resets values ('{me}', decode(repeat('00', 32), 'hex'), 'infinity')"
        ),
        format!(
            "insert into auth.email_changes (user_id, change_id, new_email, new_confirmed_at, expires_at)
             values ('{me}', gen_random_uuid(), 'x@example.com', now(), 'infinity')"
        ),
        format!(
            "insert into auth.email_changes (user_id, change_id, new_email, old_token_hash, expires_at)
             values ('{me}', gen_random_uuid(), 'x@example.com', decode(repeat('00', 32), 'hex'), 'infinity')"
        ),
        "update auth.personal_tokens set expires_at = expires_at + interval '1 day'".to_owned(),
        "update auth.trusted_devices set expires_at = 'infinity'".to_owned(),
        "delete from auth.known_devices".to_owned(),
        format!(
            "insert into auth.exports values ('{me}', now(), now(), now(), decode(repeat('00', 60), 'hex'))"
        ),
    ];
    let database = world.services.database();
    assert_refused(database.pool(), Some(ada.user_id), &statements).await;
    // Where Ada may write what is hers, what is another's is not there.
    let mut tx = database.begin_as(ada.user_id).await.unwrap();
    for sql in [
        format!("update auth.users set display_name = 'Mallory' where id = '{other}'"),
        format!("delete from auth.user_roles where user_id = '{other}'"),
        format!("delete from auth.sessions where user_id = '{other}'"),
        format!("update core.jobs set title = 'Work for nothing' where client_id = '{other}'"),
        format!("delete from core.jobs where client_id = '{other}'"),
        format!("delete from core.blocks where blocker_id <> '{me}'"),
        format!("update core.profiles set visibility = 'paused' where user_id <> '{me}'"),
    ] {
        let done = sqlx::query(AssertSqlSafe(sql.clone())).execute(&mut *tx).await.unwrap();
        assert_eq!(done.rows_affected(), 0, "{sql}");
    }
    // And what is hers, is: her own draft of a role, her block, her sessions.
    for sql in [
        format!("delete from auth.sessions where user_id = '{me}'"),
        format!("delete from core.blocks where blocker_id = '{me}'"),
        format!("insert into auth.user_roles values ('{me}', 'user_client')"),
    ] {
        let done = sqlx::query(AssertSqlSafe(sql.clone())).execute(&mut *tx).await.unwrap();
        assert!(done.rows_affected() > 0, "{sql}");
    }
}

/// Work that is handed in for somebody, as the statement that does it.
fn hands_in(kind: &str, payload: &str, key: &str) -> String {
    format!("select * from core.enqueue_job('{kind}', '{payload}', {key}, now())")
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn visitors_have_no_work_done_but_their_own(pool: PgPool) {
    let Market { world, ada, harbour, .. } = market(pool).await;
    let (me, other) = (ada.user_id, harbour.user_id);
    let letter = |to: &str, what: &str| {
        let letter = format!(r#"{{"letter": "{what}", "link": "https://x.example", "minutes": 9}}"#);
        format!(r#"{{"id": "{}", "to": "{to}", "letter": {letter}}}"#, uuid::Uuid::nil())
    };
    let (hers, his) = ("person0@example.com", "person3@example.com");
    let change = uuid::Uuid::now_v7();
    let end = |to: &str, new_email: &str, old_end: bool| {
        format!(
            r#"{{"change_id": "{change}", "old_end": {old_end}, "to": "{to}", "new_email": "{new_email}"}}"#
        )
    };
    let user = |id: UserId| format!(r#"{{"user_id": "{id}"}}"#);
    let refused = [
        hands_in("erase_account", &user(me), "null"),
        hands_in("make_export", &user(other), "null"),
        hands_in("make_export", &user(me), "'key'"),
        hands_in("send_letter", &letter(his, "password_changed"), "null"),
        hands_in("send_letter", &letter(hers, "reset_password"), "null"),
        hands_in("write_about_new_address", &end(hers, "wanted@example.com", true), "null"),
    ];
    let database = world.services.database();
    assert_refused(database.pool(), Some(me), &refused).await;
    assert_refused(database.pool(), None, &refused).await;

    sqlx::query(
        "insert into auth.email_changes (user_id, change_id, new_email, expires_at) values ($1, $2, $3, $4)",
    )
    .bind(me.uuid())
    .bind(change)
    .bind("wanted@example.com")
    .bind(world.services.now())
    .execute(world.pool())
    .await
    .unwrap();
    let refused = [
        hands_in("write_about_new_address", &end(his, "wanted@example.com", true), "null"),
        hands_in("write_about_new_address", &end(his, "wanted@example.com", false), "null"),
        hands_in("write_about_new_address", &end(his, his, false), "null"),
        hands_in("erase_account", &user(me), "null"),
    ];
    assert_refused(database.pool(), Some(me), &refused).await;
    let allowed = [
        hands_in("send_letter", &letter(hers, "password_changed"), "null"),
        hands_in("write_about_new_address", &end(hers, "wanted@example.com", true), "null"),
        hands_in("write_about_new_address", &end("wanted@example.com", "wanted@example.com", false), "null"),
        hands_in("make_export", &user(me), "null"),
    ];
    let mut tx = database.begin_as(me).await.unwrap();
    for sql in &allowed {
        sqlx::query(AssertSqlSafe(sql.clone())).execute(&mut *tx).await.unwrap();
    }
    drop(tx);
    // With a login for each, nobody puts a role on.
    for (login, sql, is_done) in [
        (database::PEOPLE, &refused[3], false),
        (database::PEOPLE, &allowed[3], true),
        (database::HOUSE, &refused[3], true),
    ] {
        let mut tx = world.pool().begin().await.unwrap();
        let set = format!("set local session authorization {login}; set local eighth.person = '{me}'");
        sqlx::raw_sql(AssertSqlSafe(set)).execute(&mut *tx).await.unwrap();
        let done = sqlx::query(AssertSqlSafe(sql.clone())).execute(&mut *tx).await;
        assert_eq!(done.is_ok(), is_done, "{login}: {sql}: {done:?}");
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_client_opens_the_market_to_nobody_but_the_parties(pool: PgPool) {
    let Market { world, ada, harbour, quay, .. } = market(pool).await;
    // A draft becomes nobody's by changing its client, and no published job can be deleted.
    let own = format!("update core.jobs set client_id = '{}'", quay.user_id.uuid());
    assert_refused(world.services.database().pool(), Some(harbour.user_id), &[own]).await;
    let mut tx = world.services.database().begin_as(harbour.user_id).await.unwrap();
    let gone = sqlx::query("delete from core.jobs").execute(&mut *tx).await.unwrap();
    assert_eq!(gone.rows_affected(), 1, "the draft alone");
    drop(tx);
    let accounts = [&ada, &harbour].map(|who| accounts::own(&world.services, who));
    for (account, who) in futures::future::try_join_all(accounts).await.unwrap().iter().zip([&ada, &harbour])
    {
        assert_eq!(account.id, who.user_id);
    }
}
