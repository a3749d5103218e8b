//! What no browser sends: requests written byte by byte, as somebody who means harm writes them.

use std::{io::ErrorKind, time::Duration};

use sqlx::PgPool;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::site::Site;

/// Sends the bytes and gives all that is answered until the server closes the connection.
async fn exchange(site: &Site, bytes: impl AsRef<[u8]>) -> String {
    let mut stream = TcpStream::connect(&site.host).await.unwrap();
    stream.write_all(bytes.as_ref()).await.unwrap();
    let mut answer = Vec::new();
    // Shorter than the server waits for a further request: it must close by itself.
    let read = tokio::time::timeout(Duration::from_secs(10), stream.read_to_end(&mut answer));
    match read.await.expect("the connection is closed") {
        Ok(_) => {}
        Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{error}"),
    }
    String::from_utf8(answer).unwrap()
}

/// The status of each answer.
fn statuses(answers: &str) -> Vec<&str> {
    answers.split("HTTP/1.1 ").skip(1).map(|answer| &answer[..3]).collect()
}

/// What an attacker wants answered as if it had come by itself.
const SMUGGLED: &str = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";

/// The head of a form with these further headers, without the line that ends it.
fn form(site: &Site, headers: &str) -> String {
    format!(
        "POST /api/theme HTTP/1.1\r\nHost: {}\r\nOrigin: {}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\n{headers}",
        site.host,
        site.origin()
    )
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn nothing_follows_a_message_whose_end_could_be_read_in_two_ways(pool: PgPool) {
    let site = Site::new(pool).await;
    let all = SMUGGLED.len() + 5;
    for headers in [
        format!("Content-Length: {all}\r\nTransfer-Encoding: chunked\r\n"),
        format!("Transfer-Encoding: chunked\r\nContent-Length: {all}\r\n"),
        "Content-Length: 0\r\nTransfer-Encoding: chunked\r\n".to_owned(),
        "Content-Length: 4\r\ntransfer-encoding: CHUNKED\r\n".to_owned(),
        "Transfer-Encoding: chunked\r\n".to_owned(),
    ] {
        let answers = exchange(&site, form(&site, &headers) + "\r\n0\r\n\r\n" + SMUGGLED).await;
        assert_eq!(statuses(&answers).len(), 1, "{headers}{answers}");
        assert!(!answers.contains("ok\n"), "{headers}{answers}");
    }
    let chunked = form(&site, "Transfer-Encoding: chunked\r\n") + "\r\na\r\ntheme=dark\r\n0\r\n\r\n";
    let answer = exchange(&site, chunked).await;
    assert_eq!(statuses(&answer), ["200"], "chunks as such are fine: {answer}");
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn a_message_that_breaks_the_rules_is_refused_and_its_connection_closed(pool: PgPool) {
    let site = Site::new(pool).await;
    for wrong in [
        "Content-Length: 5\r\nContent-Length: 6\r\n",
        "Content-Length: 5, 6\r\n",
        "Content-Length: +5\r\n",
        "Content-Length: -5\r\n",
        "Content-Length: 0x5\r\n",
        "Content-Length : 5\r\n",
        "Content-Length: 99999999999999999999\r\n",
        "Transfer-Encoding: xchunked\r\n",
        "Transfer-Encoding: chunked, identity\r\n",
        "Transfer-Encoding:\u{b}chunked\r\n",
        "X: folded\r\n over two lines\r\n",
        "X: a\rTransfer-Encoding: chunked\r\n",
        "X: a\0b\r\n",
        ": nameless\r\n",
    ] {
        let answers = exchange(&site, form(&site, wrong) + "\r\n0\r\n\r\n" + SMUGGLED).await;
        assert_eq!(statuses(&answers), ["400"], "{wrong:?}: {answers}");
    }
    let old = "POST /api/theme HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
    let answers = exchange(&site, old.to_owned() + SMUGGLED).await;
    assert!(answers.contains(" 400 ") && answers.matches("HTTP/1.").count() == 1, "{answers}");
    for chunks in ["fffffffffffffffff\r\na", "5\nhello\n0\n\n", "-1\r\n", "5\r\nhelloworld\r\n0\r\n\r\n"] {
        let head = form(&site, "Transfer-Encoding: chunked\r\n");
        let answers = exchange(&site, head + "\r\n" + chunks + SMUGGLED).await;
        assert!(statuses(&answers) == ["400"] || answers.is_empty(), "{chunks:?}: {answers}");
    }
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn no_path_however_it_is_written_leads_out_of_the_folder_of_the_site(pool: PgPool) {
    let folder = tempfile::tempdir().unwrap();
    let site_folder = folder.path().join("site");
    std::fs::create_dir_all(site_folder.join("pkg")).unwrap();
    std::fs::write(folder.path().join("secret.txt"), "the key of the house").unwrap();
    std::fs::write(site_folder.join("robots.txt"), "for everybody").unwrap();
    let site = Site::configured(pool, |config| config.server.site = site_folder).await;
    let ask = async |path: &str| {
        let request = format!("GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", site.host);
        exchange(&site, request).await
    };
    assert!(ask("/robots.txt").await.contains("for everybody"), "what is inside is found");
    let absolute = folder.path().join("secret.txt");
    for path in [
        "/../secret.txt",
        "/%2e%2e/secret.txt",
        "/%2E%2E%2Fsecret.txt",
        "/..%2fsecret.txt",
        "/..%5csecret.txt",
        "/..\\secret.txt",
        "/%252e%252e/secret.txt",
        "/....//secret.txt",
        "/./../secret.txt",
        "/robots.txt/../../secret.txt",
        "/pkg/../../secret.txt",
        "/pkg/%2e%2e/%2e%2e/secret.txt",
        "/pkg/..%2f..%2fsecret.txt",
        "/pkg%2f..%2f..%2fsecret.txt",
        "/robots.txt%00/../../secret.txt",
        "/../secret.txt%00.css",
        "/%c0%ae%c0%ae/secret.txt",
        "../secret.txt",
        &format!("/{}", absolute.display()),
        &format!("//{}", absolute.display()),
        &format!("/pkg/{}", absolute.display()),
    ] {
        let answer = ask(path).await;
        assert!(["400", "404"].contains(&statuses(&answer)[0]), "{path}: {answer}");
        assert!(!answer.contains("key of the house"), "{path}");
    }
}
