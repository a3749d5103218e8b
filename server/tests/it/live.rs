//! The live channel.

use domain::feed::FeedEvent;
use services::live::{Frame, MAX_REPLAY};
use sqlx::PgPool;
use storage::feeds;
use test_support::{database_engineer, database_job};
use tokio_tungstenite::tungstenite::Message;

use crate::{
    site::{Site, Visitor, eventually},
    socket::{Silent, Socket, refused, request},
};

/// Writes messages to a person's feed without publishing them, as if the person had been away.
async fn missed(site: &Site, visitor: &Visitor, count: usize) {
    let message = serde_json::json!({
        "type": "match_removed",
        "data": { "job_id": uuid::Uuid::nil(), "reason": "closed" },
    });
    let messages = vec![(visitor.who.user_id, message); count];
    let mut tx = site.world.services.database().begin_as_house().await.unwrap();
    feeds::append(&mut tx, &messages).await.unwrap();
    tx.commit().await.unwrap();
}

/// Hands a message to the open sockets.
fn publish(site: &Site, visitor: &Visitor, seq: i64, text: &str) {
    let frame = Frame { seq, text: text.into(), born: None };
    site.world.services.hub().publish(visitor.who.user_id, &frame);
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn what_was_missed_is_replayed_in_order_and_goes_on_live(pool: PgPool) {
    let site = Site::new(pool).await;
    let ada = site.visitor("Ada", "freelancer").await;
    missed(&site, &ada, 5).await;
    let mut socket = Socket::open(&site, &ada, "?after=2").await;
    for seq in 3..=5 {
        assert_eq!(socket.next().await.seq, seq);
    }
    missed(&site, &ada, 1).await;
    // The sixth was not published: it is fetched when the seventh shows that it is missing.
    missed(&site, &ada, 1).await;
    publish(&site, &ada, 7, "ignored, for the database has it");
    assert_eq!((socket.next().await.seq, socket.next().await.seq), (6, 7));
    publish(&site, &ada, 7, "a second time");
    publish(&site, &ada, 8, r#"{"seq":8}"#);
    assert_eq!(socket.next_text().await, r#"{"seq":8}"#, "nothing comes twice");
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn without_after_only_what_is_new_comes(pool: PgPool) {
    let site = Site::new(pool).await;
    let ada = site.visitor("Ada", "freelancer").await;
    missed(&site, &ada, 3).await;
    let mut socket = Socket::open(&site, &ada, "").await;
    publish(&site, &ada, 4, r#"{"seq":4}"#);
    assert_eq!(socket.next_text().await, r#"{"seq":4}"#);
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn a_gap_that_is_too_large_or_unknown_is_a_reset(pool: PgPool) {
    let site = Site::new(pool).await;
    let ada = site.visitor("Ada", "freelancer").await;
    let many = MAX_REPLAY + 1;
    missed(&site, &ada, usize::try_from(many).unwrap()).await;
    for query in ["?after=0", "?after=9999"] {
        let mut socket = Socket::open(&site, &ada, query).await;
        let first = socket.next().await;
        assert_eq!((first.seq, first.event), (many, FeedEvent::Reset {}), "{query}");
        publish(&site, &ada, many + 1, "{}");
        assert_eq!(socket.next_text().await, "{}", "and it goes on from there");
        drop(socket);
        gone(&site, &ada).await;
    }
    let mut socket = Socket::open(&site, &ada, "?after=1").await;
    assert_eq!(socket.next().await.seq, 2, "as many as can be replayed are");
}

/// Lets earlier sockets go, so that each round stands alone.
async fn gone(site: &Site, visitor: &Visitor) {
    let hub = site.world.services.hub();
    eventually("the socket is gone", || async { hub.count(visitor.who.user_id) == 0 }).await;
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn only_the_signed_in_on_our_own_pages_get_a_socket(pool: PgPool) {
    let site = Site::new(pool).await;
    let ada = site.visitor("Ada", "freelancer").await;
    let own = site.origin();
    let stranger = Visitor { who: ada.who.clone(), cookie: "eighth_session=made-up".into() };
    for (visitor, origin, query, status) in [
        (None, Some(own.as_str()), "", 401),
        (None, None, "", 401),
        (Some(&stranger), Some(own.as_str()), "", 401),
        (Some(&ada), Some("https://evil.example"), "", 403),
        (Some(&ada), Some("null"), "", 403),
        (Some(&ada), None, "", 403),
        (Some(&ada), Some(own.as_str()), "?after=x", 400),
        (Some(&ada), Some(own.as_str()), "?after=-1", 400),
        (Some(&ada), Some(own.as_str()), "?after=1&after=2", 400),
        (Some(&ada), Some(own.as_str()), "?after=0", 101),
    ] {
        let request = request(&site, visitor, origin, query);
        assert_eq!(refused(&site, request).await, status, "{origin:?} {query}");
    }
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn garbage_is_closed_with_its_code(pool: PgPool) {
    let site = Site::configured(pool, |config| config.live.max_sockets_per_user = 100).await;
    let ada = site.visitor("Ada", "freelancer").await;
    for (message, code) in [
        (Message::text("hello"), 1008),
        (Message::text("{\"type\":\"match_added\"}"), 1008),
        (Message::binary(vec![0, 159, 146, 150]), 1003),
        (Message::text("x".repeat(5000)), 1009),
    ] {
        let mut socket = Socket::open(&site, &ada, "").await;
        socket.send(message.clone()).await;
        assert_eq!(socket.closed().await, code, "{message:?}");
    }
    // Frames as no library would write them: masked text of invalid UTF-8; a reserved opcode.
    for (bytes, code) in
        [([0x81, 0x81, 0, 0, 0, 0, 0xff].as_slice(), 1007), ([0x8b, 0x80, 0, 0, 0, 0].as_slice(), 1002)]
    {
        let mut socket = Socket::open(&site, &ada, "").await;
        socket.send_raw(bytes).await;
        assert_eq!(socket.closed().await, code, "{bytes:x?}");
    }
    let mut socket = Socket::open(&site, &ada, "").await;
    socket.send(Message::text("{\"type\":\"ping\"}")).await;
    publish(&site, &ada, 1, "{}");
    assert_eq!(socket.next_text().await, "{}", "a ping is no garbage");
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn who_does_not_read_is_let_go_and_holds_up_nobody(pool: PgPool) {
    let site = Site::configured(pool, |config| config.live.write_timeout_ms = 200).await;
    let (ada, bob) = (site.visitor("Ada", "freelancer").await, site.visitor("Bob", "freelancer").await);
    let mut slow = Socket::open_narrow(&site, &ada).await;
    let mut quick = Socket::open(&site, &bob, "").await;
    let long = format!("{{\"filler\":\"{}\"}}", "x".repeat(1_000_000));
    for seq in 1..=24 {
        publish(&site, &ada, seq, &long);
        publish(&site, &bob, seq, "{}");
        assert_eq!(quick.next_text().await, "{}");
    }
    let hub = site.world.services.hub();
    eventually("the slow one is let go", || async { hub.count(ada.who.user_id) == 0 }).await;
    assert_eq!(slow.closed().await, 4008);
    assert_eq!(hub.count(bob.who.user_id), 1);
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn a_person_has_so_many_sockets_and_no_more(pool: PgPool) {
    let site = Site::configured(pool, |config| config.live.max_sockets_per_user = 2).await;
    let ada = site.visitor("Ada", "freelancer").await;
    let first = Socket::open(&site, &ada, "").await;
    let _second = Socket::open(&site, &ada, "").await;
    assert_eq!(Socket::open(&site, &ada, "").await.closed().await, 4029);
    drop(first);
    let hub = site.world.services.hub();
    eventually("the first is gone", || async { hub.count(ada.who.user_id) == 1 }).await;
    eventually("there is room again", || async {
        let mut socket = Socket::open(&site, &ada, "?after=5").await;
        let first = socket.next_or_close().await;
        first.is_ok()
    })
    .await;
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn at_the_end_of_the_server_every_socket_hears_1012(pool: PgPool) {
    let mut site = Site::new(pool).await;
    let ada = site.visitor("Ada", "freelancer").await;
    let mut sockets = Vec::new();
    for _ in 0..3 {
        sockets.push(Socket::open(&site, &ada, "").await);
    }
    let (codes, ()) =
        tokio::join!(futures::future::join_all(sockets.iter_mut().map(Socket::closed)), site.stop());
    assert_eq!(codes, [1012; 3]);
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn who_is_not_heard_of_is_closed(pool: PgPool) {
    let site = Site::configured(pool, |config| {
        config.live.ping_seconds = 1;
        config.live.idle_seconds = 2;
    })
    .await;
    let ada = site.visitor("Ada", "freelancer").await;
    assert_eq!(Silent::open(&site, &ada).await.closed().await, 4000);
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn who_signs_out_is_cut_off(pool: PgPool) {
    let site = Site::configured(pool, |config| {
        config.live.ping_seconds = 1;
        config.live.idle_seconds = 30;
    })
    .await;
    let ada = site.visitor("Ada", "freelancer").await;
    let mut socket = Socket::open(&site, &ada, "").await;
    services::accounts::sign_out(&site.world.services, &ada.who, &Default::default()).await.unwrap();
    assert_eq!(socket.closed().await, 4401);
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn numbers_have_no_gap_when_many_jobs_are_posted_at_once(pool: PgPool) {
    const JOBS: i64 = 24;
    let site = Site::new(pool).await;
    let ada = site.visitor("Ada", "freelancer").await;
    services::profiles::save(&site.world.services, &ada.who, None, &database_engineer()).await.unwrap();
    let mut clients = Vec::new();
    for n in 0..4 {
        clients.push(site.visitor(&format!("Client{n}"), "client").await);
    }
    let mut socket = Socket::open(&site, &ada, "?after=0").await;
    let form = database_job();
    let posts = (0..JOBS).map(|n| {
        let client = &clients[usize::try_from(n).unwrap() % clients.len()];
        site.world.post(&client.who, &form)
    });
    let posted = futures::future::join_all(posts).await;
    let mut seen = Vec::new();
    let mut seq = 0;
    while seen.len() < posted.len() {
        let message = socket.next().await;
        seq += 1;
        assert_eq!(message.seq, seq);
        if let FeedEvent::MatchAdded(card) = message.event {
            seen.push(card.job_id);
        }
    }
    seen.sort_unstable();
    let mut expected = posted;
    expected.sort_unstable();
    assert_eq!(seen, expected, "each job once");
    let mut again = Socket::open(&site, &ada, "?after=0").await;
    for replayed in 1..=seq {
        assert_eq!(again.next().await.seq, replayed, "a second socket sees the same numbers");
    }
    let metrics = site.get("/metrics").await.text().await.unwrap();
    assert!(metrics.contains("match_delivery_seconds_count"), "delivery is timed");
}
