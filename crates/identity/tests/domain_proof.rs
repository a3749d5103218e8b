//! Looking for the record of a domain, at a server that speaks the protocol.

#![allow(clippy::unwrap_used)]

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use hickory_resolver::proto::{
    op::{Message, OpCode, ResponseCode},
    rr::{
        Name, RData, Record,
        rdata::{SOA, TXT},
    },
};
use identity::domain_proof::{Dns, DomainProof as _, Found, look_for};
use tokio::net::UdpSocket;

const TEXT: &str = "8thdegree-domain=token";

/// A server for names that say what becomes of a question, and how often it was asked.
async fn server() -> (SocketAddr, Arc<AtomicUsize>) {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let (address, asked) = (socket.local_addr().unwrap(), Arc::new(AtomicUsize::new(0)));
    let count = asked.clone();
    tokio::spawn(async move {
        let mut buffer = [0; 1_500];
        loop {
            let (length, from) = socket.recv_from(&mut buffer).await.unwrap();
            count.fetch_add(1, Ordering::Relaxed);
            let question = Message::from_vec(&buffer[..length]).unwrap();
            if let Some(answer) = answer(&question) {
                socket.send_to(&answer.to_vec().unwrap(), from).await.unwrap();
            }
        }
    });
    (address, asked)
}

fn answer(question: &Message) -> Option<Message> {
    let query = question.queries.first().unwrap().clone();
    let name = query.name().clone();
    let mut answer = Message::response(question.metadata.id, OpCode::Query);
    answer.add_query(query);
    let mut texts = |texts: &[&[&str]]| {
        for pieces in texts {
            let text = TXT::new(pieces.iter().map(|&piece| piece.to_owned()).collect());
            answer.add_answer(Record::from_rdata(name.clone(), 300, RData::TXT(text)));
        }
    };
    let text = name.to_ascii();
    let label =
        text.strip_prefix("_8thdegree.").expect("the name is asked for as it is").split('.').next().unwrap();
    match label {
        "right" => texts(&[&[TEXT]]),
        "several" => texts(&[&["v=spf1 -all"], &[TEXT], &["8thdegree-domain=another"]]),
        "pieces" => texts(&[&["8thdegree-", "domain=", "token"]]),
        "wrong" => texts(&[&["8thdegree-domain=another"]]),
        "longer" => texts(&[&["8thdegree-domain=tokens"]]),
        "silent" => return None,
        "broken" => answer.metadata.response_code = ResponseCode::ServFail,
        "refused" => answer.metadata.response_code = ResponseCode::Refused,
        _ => {
            let root = Name::from_ascii("example.").unwrap();
            let soa = SOA::new(root.clone(), root.clone(), 1, 3_600, 600, 86_400, 300);
            answer.add_authority(Record::from_rdata(root, 300, RData::SOA(soa)));
            if label == "nowhere" {
                answer.metadata.response_code = ResponseCode::NXDomain;
            }
        }
    }
    Some(answer)
}

async fn found(dns: &Dns, label: &str) -> Option<Found> {
    look_for(dns, &format!("_8thdegree.{label}.example"), TEXT).await.ok()
}

#[tokio::test]
async fn the_text_is_found_among_others_and_in_pieces() {
    let dns = Dns::at(server().await.0);
    for label in ["right", "several", "pieces"] {
        assert_eq!(found(&dns, label).await, Some(Found::Proof), "{label}");
    }
}

#[tokio::test]
async fn another_text_is_no_proof_and_neither_is_none() {
    let dns = Dns::at(server().await.0);
    for (label, what) in [
        ("wrong", Found::OtherTexts),
        ("longer", Found::OtherTexts),
        ("nowhere", Found::Nothing),
        ("nothing", Found::Nothing),
    ] {
        assert_eq!(found(&dns, label).await, Some(what), "{label}");
    }
}

#[tokio::test]
async fn that_a_server_fails_says_nothing_of_the_domain() {
    let dns = Dns::at(server().await.0);
    for label in ["broken", "refused"] {
        assert_eq!(found(&dns, label).await, None, "{label}");
    }
    let nobody = UdpSocket::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    assert!(Dns::at(nobody).texts("_8thdegree.right.example").await.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_silent_is_awaited_for_five_seconds_at_most() {
    let dns = Dns::at(server().await.0);
    let begun = tokio::time::Instant::now();
    assert_eq!(found(&dns, "silent").await, None);
    assert!(begun.elapsed() <= Duration::from_secs(5), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn each_look_asks_anew() {
    let (address, asked) = server().await;
    let dns = Dns::at(address);
    for _ in 0..3 {
        assert_eq!(found(&dns, "nowhere").await, Some(Found::Nothing));
        assert_eq!(found(&dns, "right").await, Some(Found::Proof));
    }
    assert_eq!(asked.load(Ordering::Relaxed), 6);
}
