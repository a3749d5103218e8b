//! A dump of the database, restored elsewhere, opens with the keys that the operator has by then.

use std::{
    process::{Output, Stdio},
    sync::Arc,
};

use chrono::{DateTime, Utc};
use domain::private::PrivateForm;
use identity::Principal;
use private_postgres::Binaries;
use services::{
    Services, Settings,
    accounts::{self, Device},
    audit::{self, Verdict},
    vault,
};
use sqlx::{AssertSqlSafe, ConnectOptions as _, PgPool, postgres::PgConnectOptions};
use test_support::{Letters, MIGRATOR, World, keys, lexical};
use tokio::{io::AsyncWriteExt as _, process::Command};

/// A process of an operator who has these keys, on the database of a pool.
fn process(pool: &PgPool, now: DateTime<Utc>, names: &[&str]) -> Services {
    Services::open(Settings {
        clock: Arc::new(move || now),
        ..Settings::new(test_support::database(pool), lexical(), Arc::new(Letters::default()), keys(names))
    })
}

async fn tell(services: &Services, who: &Principal, phone: &str) {
    let form = PrivateForm { legal_name: "Augusta Ada King".into(), phone: phone.into() };
    accounts::change_private_details(services, who, &form, &Device::default()).await.unwrap();
}

/// One of the programs of PostgreSQL, for the database of these options.
fn program(name: &str, options: &PgConnectOptions) -> Command {
    let mut command = Command::new(Binaries::newest().unwrap().program(name));
    for (variable, _) in std::env::vars_os() {
        if variable.to_string_lossy().starts_with("PG") {
            command.env_remove(variable);
        }
    }
    // The password in the environment, where other people of the machine do not see it.
    let url = options.to_url_lossy();
    command
        .env("PGPASSWORD", url.password().unwrap_or_default())
        .args(["--host", options.get_host(), "--port", &options.get_port().to_string()])
        .args(["--username", options.get_username(), "--dbname", options.get_database().unwrap()])
        .kill_on_drop(true);
    command
}

fn succeeded(output: Output) -> Vec<u8> {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

async fn dump(pool: &PgPool) -> Vec<u8> {
    let mut command = program("pg_dump", &pool.connect_options());
    succeeded(command.arg("--format=custom").output().await.unwrap())
}

/// Restores a dump into a new database, lets `look` at it, and drops it, whatever was found.
async fn restored<L: Future<Output = ()> + Send + 'static>(
    pool: &PgPool,
    dump: &[u8],
    look: impl FnOnce(PgPool) -> L,
) {
    let name = format!("restored_{}", uuid::Uuid::new_v4().simple());
    sqlx::query(AssertSqlSafe(format!("create database {name} template template0")))
        .execute(pool)
        .await
        .unwrap();
    let options = PgConnectOptions::clone(&pool.connect_options()).database(&name);
    let restoring = restore(&options, dump).await;
    let elsewhere = PgPool::connect_with(options).await.unwrap();
    let looked = tokio::spawn(look(elsewhere.clone())).await;
    elsewhere.close().await;
    let drop = format!("drop database {name} with (force)");
    sqlx::query(AssertSqlSafe(drop)).execute(pool).await.unwrap();
    succeeded(restoring.unwrap());
    looked.unwrap();
}

async fn restore(options: &PgConnectOptions, dump: &[u8]) -> std::io::Result<Output> {
    let mut restoring = program("pg_restore", options)
        .arg("--exit-on-error")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let mut stdin = restoring.stdin.take().unwrap();
    // Should it end early, its own words say why.
    let _ = stdin.write_all(dump).await;
    drop(stdin);
    restoring.wait_with_output().await
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_dump_restored_elsewhere_opens_with_the_keys_the_operator_has_by_then(pool: PgPool) {
    let world = World::new(pool.clone()).await;
    let now = world.services.now();
    let ada = world.client("Ada").await;
    tell(&world.services, &ada, "+49 30 901820").await;
    let Verdict::Intact { entries: first } = audit::verify(&world.services).await.unwrap() else { panic!() };
    let before = dump(&pool).await;

    // The operator adds a key of theirs, and seals everything anew; the old one can go.
    let rotating = process(&pool, now, &["newer", "test"]);
    vault::rotate(&rotating, |_, _| {}).await.unwrap();
    tell(&rotating, &ada, "+49 30 1111111").await;
    let Verdict::Intact { entries: second } = audit::verify(&rotating).await.unwrap() else { panic!() };
    let after = dump(&pool).await;
    tell(&rotating, &ada, "+49 30 2222222").await;

    let who = ada.clone();
    restored(&pool, &before, |elsewhere| async move {
        let without = process(&elsewhere, now, &["newer"]);
        assert!(without.vault().check().await.is_err(), "what is older needs the older key");
        let both = process(&elsewhere, now, &["newer", "test"]);
        both.vault().check().await.unwrap();
        let own = accounts::private_details(&both, &who).await.unwrap();
        assert_eq!(own.phone.as_deref(), Some("+4930901820"), "as it was then");
        assert_eq!(audit::verify(&both).await.unwrap(), Verdict::Intact { entries: first });
        // It is not only read: the chain goes on, and what is sealed opens again.
        tell(&both, &who, "+49 30 3333333").await;
        let own = accounts::private_details(&both, &who).await.unwrap();
        assert_eq!(own.phone.as_deref(), Some("+49303333333"));
        assert_eq!(audit::verify(&both).await.unwrap(), Verdict::Intact { entries: first + 1 });
    })
    .await;

    let who = ada.clone();
    restored(&pool, &after, |elsewhere| async move {
        let newer = process(&elsewhere, now, &["newer"]);
        newer.vault().check().await.unwrap();
        let own = accounts::private_details(&newer, &who).await.unwrap();
        assert_eq!(own.phone.as_deref(), Some("+49301111111"));
        assert_eq!(audit::verify(&newer).await.unwrap(), Verdict::Intact { entries: second });
    })
    .await;

    let own = accounts::private_details(&rotating, &ada).await.unwrap();
    assert_eq!(own.phone.as_deref(), Some("+49302222222"), "the one it was taken from went on");
}
