//! Nothing is lost, nothing comes twice.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use domain::job::JobForm;
use embedding::{EmbedError, Embedder, ModelId};
use services::{
    Services, Settings, blocks,
    live::{Ended, LiveFeed, MAX_REPLAY},
};
use sqlx::PgPool;
use storage::outbox;
use test_support::{MIGRATOR, World, database_engineer, database_job, lexical};

/// The lexical embedder, which never answers where a text asks for silence.
struct Silent(Arc<dyn Embedder>);

#[async_trait]
impl Embedder for Silent {
    fn model(&self) -> &ModelId {
        self.0.model()
    }

    fn dimension(&self) -> usize {
        self.0.dimension()
    }

    fn batch_size(&self) -> usize {
        self.0.batch_size()
    }

    fn similarity_range(&self) -> (f32, f32) {
        self.0.similarity_range()
    }

    async fn embed(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, EmbedError> {
        if texts.iter().any(|text| text.contains("silence")) {
            std::future::pending::<()>().await;
        }
        self.0.embed(texts).await
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_model_that_never_answers_holds_up_no_other_event(pool: PgPool) {
    let mut world = World::new(pool).await;
    world.services = Services::open(Settings {
        read_within: Duration::from_millis(20),
        ..Settings::new(
            world.services.database().clone(),
            Arc::new(Silent(lexical())),
            Arc::new(world.letters.clone()),
            test_support::keys(&["test"]),
        )
    });
    let engineer = world.freelancer("Ada", &database_engineer()).await;
    let client = world.client("Harbour").await;
    let other = world.client("Other").await;
    world.settle().await;
    let job = JobForm { title: "We ask for silence".into(), ..database_job() };
    world.post(&client, &job).await;
    blocks::block(&world.services, &engineer, other.user_id).await.unwrap();
    let relay = world.services.relay();
    tokio::time::timeout(Duration::from_secs(20), relay.deliver_due()).await.unwrap().unwrap();

    let health = outbox::health(world.pool()).await.unwrap();
    assert_eq!((health.pending, health.parked), (1, 0), "only the job waits, to be tried again");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn two_relays_at_once_deliver_an_event_once(pool: PgPool) {
    let world = World::new(pool).await;
    let engineer = world.freelancer("Ada", &database_engineer()).await;
    let client = world.client("Harbour").await;
    world.settle().await;
    for _ in 0..5 {
        world.post(&client, &database_job()).await;
    }
    let (one, other) = (world.services.relay(), world.services.relay());
    let drain =
        async |relay: &events::relay::Relay<services::Services>| while relay.deliver_due().await.unwrap() {};
    let ((), ()) = futures::join!(drain(&one), drain(&other));
    let messages = storage::feeds::after(world.pool(), engineer.user_id, 0, 100).await.unwrap();
    assert_eq!(messages.iter().map(|(seq, _)| *seq).collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_poison_event_is_parked_and_holds_up_nothing(pool: PgPool) {
    let world = World::new(pool).await;
    let engineer = world.freelancer("Ada", &database_engineer()).await;
    let client = world.client("Harbour").await;
    let poison = serde_json::json!({ "v": 1, "type": "job_exploded" });
    let mut db = world.pool().acquire().await.unwrap();
    outbox::append(&mut db, client.user_id.uuid(), &poison).await.unwrap();
    world.post(&client, &database_job()).await;
    world.settle().await;

    let parked = outbox::parked(world.pool(), 10).await.unwrap();
    assert_eq!(parked.len(), 1);
    assert!(parked[0].last_error.as_deref().unwrap().contains("job_exploded"), "{:?}", parked[0].last_error);
    assert_eq!(storage::feeds::position(world.pool(), engineer.user_id).await.unwrap().last_seq, 1);
    let health = outbox::health(world.pool()).await.unwrap();
    assert_eq!((health.pending, health.parked), (0, 1));
    assert_eq!(outbox::unpark(world.pool(), None).await.unwrap(), 1);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn events_of_one_aggregate_wait_for_one_another(pool: PgPool) {
    let world = World::new(pool).await;
    let mut db = world.pool().acquire().await.unwrap();
    let (one, other) = (uuid::Uuid::from_u128(1), uuid::Uuid::from_u128(2));
    for (aggregate, n) in [(one, 1), (one, 2), (other, 3)] {
        outbox::append(&mut db, aggregate, &serde_json::json!({ "n": n })).await.unwrap();
    }
    let due = outbox::due(world.pool(), 10).await.unwrap();
    let numbers: Vec<_> = due.iter().map(|pending| pending.event["n"].as_i64().unwrap()).collect();
    assert_eq!(numbers, [1, 3]);
    let later = chrono::Utc::now() + chrono::TimeDelta::hours(1);
    outbox::failed(world.pool(), due[0].id, "for now", Some(later)).await.unwrap();
    let due = outbox::due(world.pool(), 10).await.unwrap();
    assert_eq!(due.len(), 1, "the second event of the aggregate waits for the first");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_feed_replays_what_was_missed_and_goes_on_live(pool: PgPool) {
    let world = World::new(pool).await;
    let engineer = world.freelancer("Ada", &database_engineer()).await;
    let client = world.client("Harbour").await;
    for _ in 0..3 {
        world.post(&client, &database_job()).await;
    }
    world.settle().await;
    let mut feed = LiveFeed::open(&world.services, &engineer, Some(1)).await.unwrap();
    assert_eq!(feed.next().await.unwrap().seq, 2);
    world.post(&client, &database_job()).await;
    world.settle().await;
    assert_eq!(feed.next().await.unwrap().seq, 3);
    assert_eq!(feed.next().await.unwrap().seq, 4);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_message_published_out_of_order_is_fetched_from_the_database(pool: PgPool) {
    let world = World::new(pool).await;
    let engineer = world.freelancer("Ada", &database_engineer()).await;
    let mut feed = LiveFeed::open(&world.services, &engineer, None).await.unwrap();
    let messages =
        [1, 2].map(|n| (engineer.user_id, serde_json::json!({ "type": "reset", "data": {}, "n": n })));
    let mut tx = world.services.database().begin_as_house().await.unwrap();
    storage::feeds::append(&mut tx, &messages).await.unwrap();
    tx.commit().await.unwrap();
    // The first message never reaches the hub.
    let second = services::live::Frame { seq: 2, text: "{}".into(), born: None };
    world.services.hub().publish(engineer.user_id, &second);
    assert_eq!(feed.next().await.unwrap().seq, 1);
    assert_eq!(feed.next().await.unwrap().seq, 2);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn who_missed_too_much_or_knows_the_future_starts_afresh(pool: PgPool) {
    let world = World::new(pool).await;
    let engineer = world.freelancer("Ada", &database_engineer()).await;
    let last = MAX_REPLAY + 2;
    let many: Vec<_> =
        (0..last).map(|_| (engineer.user_id, serde_json::json!({ "type": "reset", "data": {} }))).collect();
    let mut tx = world.services.database().begin_as_house().await.unwrap();
    storage::feeds::append(&mut tx, &many).await.unwrap();
    tx.commit().await.unwrap();
    for after in [0, last + 1] {
        let mut feed = LiveFeed::open(&world.services, &engineer, Some(after)).await.unwrap();
        let frame = feed.next().await.unwrap();
        assert_eq!(frame.seq, last);
        assert!(frame.text.contains(r#""type":"reset""#), "{}", frame.text);
    }
    let mut feed = LiveFeed::open(&world.services, &engineer, Some(last - MAX_REPLAY)).await.unwrap();
    assert_eq!(feed.next().await.unwrap().seq, 3);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn pruned_messages_are_never_replayed_in_part(pool: PgPool) {
    let world = World::new(pool).await;
    let engineer = world.freelancer("Ada", &database_engineer()).await;
    let mut tx = world.services.database().begin_as_house().await.unwrap();
    let message = (engineer.user_id, serde_json::json!({ "type": "reset", "data": {} }));
    storage::feeds::append(&mut tx, &[message.clone(), message.clone()]).await.unwrap();
    tx.commit().await.unwrap();
    let mut tx = world.services.database().begin_as_house().await.unwrap();
    let soon = chrono::Utc::now() + chrono::TimeDelta::minutes(1);
    assert_eq!(storage::feeds::prune(&mut tx, soon).await.unwrap(), 2);
    storage::feeds::append(&mut tx, &[message]).await.unwrap();
    tx.commit().await.unwrap();
    let mut behind = LiveFeed::open(&world.services, &engineer, Some(1)).await.unwrap();
    assert!(behind.next().await.unwrap().text.contains("reset"));
    let mut current = LiveFeed::open(&world.services, &engineer, Some(2)).await.unwrap();
    assert_eq!(current.next().await.unwrap().seq, 3);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_socket_that_reads_too_slowly_is_let_go(pool: PgPool) {
    let world = World::new(pool).await;
    let engineer = world.freelancer("Ada", &database_engineer()).await;
    let mut feed = LiveFeed::open(&world.services, &engineer, None).await.unwrap();
    for seq in 1..100 {
        let frame = services::live::Frame { seq, text: "{}".into(), born: None };
        world.services.hub().publish(engineer.user_id, &frame);
    }
    let end = loop {
        if let Err(end) = feed.next().await {
            break end;
        }
    };
    assert!(matches!(end, Ended::Lagged(_)));
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn numbers_have_no_gap_when_many_write_at_once(pool: PgPool) {
    let world = World::new(pool).await;
    let engineer = world.freelancer("Ada", &database_engineer()).await;
    let client = world.client("Harbour").await;
    let append = async |commit: bool| {
        let message = serde_json::json!({ "type": "reset", "data": {} });
        let both = [(client.user_id, message.clone()), (engineer.user_id, message)];
        let mut tx = world.services.database().begin_as_house().await.unwrap();
        storage::feeds::append(&mut tx, &both).await.unwrap();
        if commit {
            tx.commit().await.unwrap();
        } else {
            tx.rollback().await.unwrap();
        }
    };
    futures::future::join_all((0..20).map(|n| append(n % 3 != 0))).await;
    for who in [&engineer, &client] {
        let messages = storage::feeds::after(world.pool(), who.user_id, 0, 100).await.unwrap();
        let numbers: Vec<_> = messages.iter().map(|(seq, _)| *seq).collect();
        assert_eq!(numbers, (1..=13).collect::<Vec<_>>());
    }
}
