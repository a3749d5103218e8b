//! Texts that the model has not read yet: after an import, and after a change of the model.

use std::{path::PathBuf, sync::Arc};

use async_trait::async_trait;
use domain::{
    account::Email,
    job::{Budget, BudgetKind, Duration},
    money::Currency,
};
use embedding::{EmbedError, Embedder, ModelId};
use matching::Policy;
use services::{demo, import, matches};
use sqlx::PgPool;
use test_support::{MIGRATOR, PASSWORD, World, database_engineer, database_job, lexical};

async fn read_all(world: &World) -> usize {
    let mut read = 0;
    loop {
        match world.services.read_some().await.unwrap() {
            0 => break,
            n => read += n,
        }
    }
    world.services.rank_due().await.unwrap();
    read
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn what_was_imported_is_read_once_and_matched(pool: PgPool) {
    let world = World::new(pool.clone()).await;
    demo::seed(&world.services, 200, 40, 7, PASSWORD, |_, _| {}).await.unwrap();
    assert!(world.services.engine().reading().is_complete(), "nobody has counted yet");
    let read = read_all(&world).await;
    let reading = world.services.engine().reading();
    assert!(reading.is_complete() && reading.total as usize == read, "{reading:?}");
    let stats = storage::stats::overview(world.pool(), Default::default()).await.unwrap();
    assert!(stats.matches > 0);
    assert_eq!(read_all(&world).await, 0);
    // A server that starts later finds everything read, and the same matches.
    let later = World::new(pool).await;
    assert_eq!(read_all(&later).await, 0);
    assert_eq!(
        storage::stats::overview(later.pool(), Default::default()).await.unwrap().matches,
        stats.matches
    );
}

/// The lexical embedder under another name: what a change of the model looks like.
struct Renamed(Arc<dyn Embedder>, ModelId);

#[async_trait]
impl Embedder for Renamed {
    fn model(&self) -> &ModelId {
        &self.1
    }
    fn dimension(&self) -> usize {
        self.0.dimension()
    }
    fn batch_size(&self) -> usize {
        1
    }
    fn similarity_range(&self) -> (f32, f32) {
        self.0.similarity_range()
    }
    async fn embed(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, EmbedError> {
        self.0.embed(texts).await
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_change_of_the_model_takes_no_match_away_while_texts_are_read_again(pool: PgPool) {
    let world = World::new(pool.clone()).await;
    let client = world.client("Harbour").await;
    let job = world.post(&client, &database_job()).await;
    let (one, other) = (
        world.freelancer("Ada", &database_engineer()).await,
        world.freelancer("Bo", &database_engineer()).await,
    );
    world.settle().await;

    let renamed: Arc<dyn Embedder> = Arc::new(Renamed(lexical(), ModelId::custom("renamed-v1/384")));
    let world = World::with_embedder(pool, Policy::default(), renamed).await;
    assert!(!world.services.engine().reading().is_complete());
    for _ in 0..4 {
        // One text at a time, the job first; the matches are there all along.
        world.services.read_some().await.unwrap();
        world.services.rank_due().await.unwrap();
        for who in [&one, &other] {
            assert_eq!(matches::feed(&world.services, who).await.unwrap().cards.len(), 1);
        }
    }
    let reading = world.services.engine().reading();
    assert_eq!((reading.done, reading.total), (3, 3));
    for who in [&one, &other] {
        let (_, explained) = matches::receipt(&world.services, who, job, who.user_id).await.unwrap();
        assert_eq!(explained.receipt.model, "renamed-v1/384");
    }
}

/// The public postings beside the checkout, where they are.
fn real_postings() -> Option<Vec<u8>> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/postings");
    std::fs::read(root.join("microsoft_careers_sample.json")).ok()
}

fn terms() -> import::Terms {
    import::Terms {
        client: Email::parse(demo_data::CLIENT_EMAIL).unwrap(),
        budget: Budget { kind: BudgetKind::Hourly, min: 40.into(), max: 120.into(), currency: Currency::Usd },
        duration: Duration::Months,
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn real_postings_become_jobs_and_find_people(pool: PgPool) {
    let Some(json) = real_postings() else {
        eprintln!("skipped: the public postings are not beside this checkout");
        return;
    };
    let world = World::new(pool).await;
    demo::seed(&world.services, 300, 4, 7, PASSWORD, |_, _| {}).await.unwrap();
    let outcome = import::postings(&world.services, &json, &terms()).await.unwrap();
    assert_eq!(outcome.imported + outcome.left_out.len(), 182);
    assert!(outcome.imported >= 170, "left out: {:?}", outcome.left_out);
    import::postings(&world.services, &json, &terms()).await.unwrap();
    let jobs: i64 =
        sqlx::query_scalar("select count(*) from core.jobs").fetch_one(world.pool()).await.unwrap();
    assert_eq!(jobs as usize, outcome.imported + 4, "a second import adds nothing");
    read_all(&world).await;
    assert!(world.services.engine().reading().is_complete());
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_posting_that_cannot_be_a_job_is_left_out_with_the_reason(pool: PgPool) {
    let world = World::new(pool).await;
    demo::seed(&world.services, 1, 4, 7, PASSWORD, |_, _| {}).await.unwrap();
    let json = br#"[
        {"id": "1", "title": "Short", "description": "Rust, but too short."},
        {"id": "2", "title": "Nothing that anybody knows", "description": "We look for somebody who can do things for us."},
        {"id": "3", "title": "Rust engineer\u202e for us", "description": "We look for somebody who writes Rust and SQL for us.", "extra": 1}
    ]"#;
    let outcome = import::postings(&world.services, json, &terms()).await.unwrap();
    assert_eq!(outcome.imported, 1);
    assert_eq!(outcome.left_out.iter().map(|(id, _)| id.as_str()).collect::<Vec<_>>(), ["1", "2"]);
    assert!(import::postings(&world.services, b"{ not json", &terms()).await.is_err());
}
