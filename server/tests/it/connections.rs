//! How many connections there may be, and how they end.

use std::time::Duration;

use sqlx::PgPool;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::site::{Site, eventually};

async fn connect(site: &Site) -> TcpStream {
    TcpStream::connect(&site.host).await.unwrap()
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn connections_beyond_the_limit_wait_for_a_place(pool: PgPool) {
    let site = Site::configured(pool, |config| config.server.max_connections = 16).await;
    let mut silent = Vec::new();
    for _ in 0..16 {
        let mut stream = connect(&site).await;
        // Answered once, so that it surely has its place, and then kept open.
        stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
        let mut start = [0; 12];
        stream.read_exact(&mut start).await.unwrap();
        assert_eq!(&start, b"HTTP/1.1 200");
        silent.push(stream);
    }
    let waiting = site.get("/healthz");
    tokio::pin!(waiting);
    let early = tokio::time::timeout(Duration::from_millis(300), &mut waiting).await;
    assert!(early.is_err(), "it was answered beyond the limit");
    drop(silent.pop());
    assert_eq!(waiting.await.status(), 200);
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn a_stopping_server_answers_what_it_was_asked_and_closes_idle_connections(pool: PgPool) {
    let mut site = Site::new(pool).await;
    let mut idle = connect(&site).await;
    idle.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    let mut start = [0; 12];
    idle.read_exact(&mut start).await.unwrap();
    site.stop().await;
    let mut rest = Vec::new();
    idle.read_to_end(&mut rest).await.unwrap();
    let host = site.host.clone();
    eventually("nobody listens", || async { TcpStream::connect(&host).await.is_err() }).await;
}
