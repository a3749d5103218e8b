//! A letter outlives a mail server that puts it off, is away, or does not take it.

use std::{process::Stdio, sync::Arc};

use chrono::TimeDelta;
use domain::account::AddressForm;
use mail::{Smtp, smtp::Settings};
use serde_json::{Value, json};
use services::accounts::{self, Device};
use sqlx::PgPool;
use test_support::{MIGRATOR, World};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
};

/// The mail server of the tests of `mail`, in clear on this machine.
struct Server {
    said: Lines<BufReader<ChildStdout>>,
    port: u64,
    _stdin: ChildStdin,
    _child: Child,
}

impl Server {
    async fn start() -> Self {
        let mut child = Command::new("node")
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/../mail/tests/it/smtp-server.cjs"))
            .arg(json!({ "tls": "off" }).to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("the tests need Node");
        let said = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut server = Self { said, port: 0, _stdin: child.stdin.take().unwrap(), _child: child };
        server.port = server.next().await["port"].as_u64().unwrap();
        server
    }

    async fn next(&mut self) -> Value {
        let line = self.said.next_line().await.unwrap();
        serde_json::from_str(&line.expect("it runs, if `npm ci` was run in the repository")).unwrap()
    }
}

async fn world(pool: PgPool, port: u64) -> World {
    let url = format!("smtp://127.0.0.1:{port}?tls=off");
    let smtp = Smtp::new(Settings::new(url.into(), "8thDegree <mail@8thdegree.example>")).unwrap();
    World::with_mailer(pool, Arc::new(smtp)).await
}

async fn ask(world: &World, email: &str) {
    let form = AddressForm { email: email.into() };
    accounts::ask_reset(&world.services, &form, &Device::default()).await.unwrap();
    world.do_jobs().await;
}

async fn waiting_and_parked(world: &World) -> (i64, i64) {
    let health = jobs::health(world.pool(), world.services.now()).await.unwrap();
    (health.waiting, health.parked)
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_greylisted_letter_arrives_with_a_later_attempt(pool: PgPool) {
    let mut server = Server::start().await;
    let world = world(pool, server.port).await;
    ask(&world, "grey@example.com").await;
    assert_eq!(waiting_and_parked(&world).await, (1, 0), "put off, and not given up");
    world.advance(TimeDelta::minutes(1));
    world.do_jobs().await;
    assert_eq!(server.next().await["to"], json!(["grey@example.com"]));
    assert_eq!(waiting_and_parked(&world).await, (0, 0));
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_letter_waits_for_a_server_that_is_away(pool: PgPool) {
    let server = Server::start().await;
    let world = world(pool, server.port).await;
    drop(server);
    ask(&world, "ada@example.com").await;
    for _ in 0..5 {
        world.advance(TimeDelta::hours(1));
        world.do_jobs().await;
    }
    assert_eq!(waiting_and_parked(&world).await, (1, 0));
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_letter_that_is_refused_is_parked_for_an_operator(pool: PgPool) {
    let server = Server::start().await;
    let world = world(pool, server.port).await;
    ask(&world, "nobody@example.com").await;
    assert_eq!(waiting_and_parked(&world).await, (0, 1));
    let parked = jobs::parked(world.pool(), 10).await.unwrap();
    assert!(parked[0].last_error.contains("550"), "{}", parked[0].last_error);
    assert_eq!(jobs::retry_parked(world.pool(), Some(parked[0].id)).await.unwrap(), 1);
    world.do_jobs().await;
    let parked = jobs::parked(world.pool(), 10).await.unwrap();
    assert!(jobs::discard_parked(world.pool(), parked[0].id).await.unwrap());
    assert_eq!(waiting_and_parked(&world).await, (0, 0));
}
