use std::time::Duration;

use mail::{Content, MailError, Mailer as _, Message, Smtp, smtp::Settings};
use mail_parser::MessageParser;
use tokio::{io::AsyncReadExt as _, net::TcpListener};

use crate::server::{Security, Server};

fn settings(url: &str) -> Settings {
    Settings::new(url.to_owned().into(), "8thDegree <mail@8thdegree.example>")
}

/// Speaks in clear, to this machine alone.
fn plain(server: &Server) -> Smtp {
    Smtp::new(settings(&format!("smtp://127.0.0.1:{}?tls=off", server.port))).unwrap()
}

fn message(to: &str) -> Message {
    let text = format!("{}\n.\n..two dots\nЗдравствуйте, 世界 🌍\ntrailing space \n", "long ".repeat(500));
    let html = "<p>Здравствуйте, 世界 🌍</p>\n".repeat(200);
    Message::new(to, Content { subject: "Grüße aus Lissabon 🌍".into(), text, html })
}

#[tokio::test]
async fn an_accepted_message_arrives_as_it_was_written() {
    let mut server = Server::start(Security::Off).await;
    let sent = message("ada@example.com");
    plain(&server).send(&sent).await.unwrap();
    let taken = server.taken().await;
    assert_eq!(
        (taken.from.as_str(), taken.to),
        ("mail@8thdegree.example", vec!["ada@example.com".to_owned()])
    );
    let parsed = MessageParser::new().parse(taken.mail.as_bytes()).unwrap();
    assert_eq!(parsed.body_text(0).unwrap(), sent.text.replace('\n', "\r\n"));
    assert_eq!(parsed.body_html(0).unwrap(), sent.html.replace('\n', "\r\n"));
    assert_eq!(parsed.subject().unwrap(), sent.subject);
    assert_eq!(parsed.message_id().unwrap(), format!("{}@8thdegree.example", sent.id));
    assert!(taken.mail.contains("\r\nAuto-Submitted: auto-generated\r\n"), "{}", taken.mail);
    assert!((parsed.date().unwrap().to_timestamp() - chrono::Utc::now().timestamp()).abs() < 60);
    assert_eq!(server.stop().await, 0, "nothing else was sent");
}

#[tokio::test]
async fn a_mailbox_that_does_not_exist_is_a_permanent_failure() {
    let server = Server::start(Security::Off).await;
    let error = plain(&server).send(&message("nobody@example.com")).await.unwrap_err();
    assert!(
        matches!(&error, MailError::Refused { code: 550, answer } if answer == "there is no such mailbox"),
        "{error:?}"
    );
    assert!(!error.is_transient());
    assert_eq!(server.stop().await, 0);
}

#[tokio::test]
async fn a_greylisted_message_is_taken_the_second_time() {
    let mut server = Server::start(Security::Off).await;
    let (smtp, message) = (plain(&server), message("grey@example.com"));
    let error = smtp.send(&message).await.unwrap_err();
    assert!(matches!(error, MailError::PutOff { code: 451, .. }), "{error:?}");
    assert!(error.is_transient());
    smtp.send(&message).await.unwrap();
    let id = format!("Message-ID: <{}@8thdegree.example>", message.id);
    assert!(server.taken().await.mail.contains(&id));
    assert_eq!(server.stop().await, 0);
}

#[tokio::test]
async fn a_server_that_does_not_answer_is_not_waited_for_for_ever() {
    let server = Server::start(Security::Off).await;
    let within = Duration::from_millis(300);
    let url = format!("smtp://127.0.0.1:{}?tls=off", server.port);
    let smtp = Smtp::new(Settings { answer_within: within, ..settings(&url) }).unwrap();
    let error = smtp.send(&message("silence@example.com")).await.unwrap_err();
    assert!(matches!(error, MailError::Timeout(limit) if limit == within), "{error:?}");
    assert!(error.is_transient());

    // The next message has a connection of its own, on which nothing late is heard.
    smtp.send(&message("ada@example.com")).await.unwrap();
    assert_eq!(server.stop().await, 1);
}

#[tokio::test]
async fn a_server_that_does_not_greet_is_not_waited_for_for_ever() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("smtp://{}?tls=off", listener.local_addr().unwrap());
    let within = Duration::from_millis(100);
    let smtp = Smtp::new(Settings { connect_within: within, ..settings(&url) }).unwrap();
    let error = smtp.send(&message("ada@example.com")).await.unwrap_err();
    assert!(matches!(error, MailError::Timeout(limit) if limit == within), "{error:?}");
    let (mut connection, _) = listener.accept().await.unwrap();
    assert_eq!(connection.read(&mut [0; 64]).await.unwrap(), 0, "it hung up, and had said nothing");
}

#[tokio::test]
async fn a_server_that_is_not_there_may_come_back() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("smtp://{}?tls=off", listener.local_addr().unwrap());
    drop(listener);
    let error = Smtp::new(settings(&url)).unwrap().send(&message("ada@example.com")).await.unwrap_err();
    assert!(matches!(error, MailError::Unreachable(_)), "{error:?}");
    assert!(error.is_transient());
}

#[tokio::test]
async fn a_message_that_was_taken_is_sent_even_if_the_server_hangs_up_then() {
    let mut server = Server::start(Security::Off).await;
    plain(&server).send(&message("rude@example.com")).await.unwrap();
    assert_eq!(server.taken().await.to, ["rude@example.com"]);
}

/// With the user that the server knows, by name and over TLS.
fn encrypted(scheme: &str, server: &Server, password: &str) -> Settings {
    let url = format!("{scheme}://me%40example.com:{password}@localhost:{}", server.port);
    Settings { root_certificate: Some(server.certificate.clone()), ..settings(&url) }
}

const PASSWORD: &str = "p%3A%C3%A4%2Fss";

#[tokio::test]
async fn credentials_and_messages_go_over_tls_both_ways() {
    for (scheme, tls) in [("smtp", Security::StartTls), ("smtps", Security::FromTheStart)] {
        let mut server = Server::start(tls).await;
        let smtp = Smtp::new(encrypted(scheme, &server, PASSWORD)).unwrap();
        smtp.send(&message("ada@example.com")).await.unwrap();
        let taken = server.taken().await;
        assert!(taken.encrypted, "{scheme}");
        assert_eq!(taken.user.as_deref(), Some("me@example.com"), "{scheme}");
    }
}

#[tokio::test]
async fn wrong_credentials_are_a_permanent_failure_that_does_not_tell_them() {
    let server = Server::start(Security::StartTls).await;
    let smtp = Smtp::new(encrypted("smtp", &server, "guess")).unwrap();
    let error = smtp.send(&message("ada@example.com")).await.unwrap_err();
    assert!(matches!(error, MailError::Refused { code: 535, .. }), "{error:?}");
    assert!(!error.is_transient());
    assert!(!format!("{error} {error:?}").contains("guess"));
    assert_eq!(server.stop().await, 0);
}

#[tokio::test]
async fn a_server_without_encryption_is_told_nothing() {
    let server = Server::start(Security::Off).await;
    let smtp = Smtp::new(encrypted("smtp", &server, PASSWORD)).unwrap();
    let error = smtp.send(&message("ada@example.com")).await.unwrap_err();
    assert!(matches!(error, MailError::Unencrypted), "{error:?}");
    assert_eq!(server.stop().await, 0);
}

#[tokio::test]
async fn a_server_that_cannot_show_who_it_is_is_told_nothing() {
    for (scheme, tls) in [("smtp", Security::StartTls), ("smtps", Security::FromTheStart)] {
        let server = Server::start(tls).await;
        let settings = Settings { root_certificate: None, ..encrypted(scheme, &server, PASSWORD) };
        let error = Smtp::new(settings).unwrap().send(&message("ada@example.com")).await.unwrap_err();
        assert!(matches!(error, MailError::Unreachable(_)), "{scheme}: {error:?}");
        assert_eq!(server.stop().await, 0, "{scheme}");
    }
}
