//! How attempts end: done, failed, broken, given up.

use std::{sync::Arc, time::Duration};

use jobs::{
    Attempt, Backoff, Failure, Job, Runner, Settings, discard_parked, health, parked, prune, retry_parked,
};
use serde::{Deserialize, Serialize};
use sqlx::PgPool;
use tokio::sync::mpsc;

use crate::support::{Errand, TellsEnd, World};

fn failing(pool: &PgPool, settings: Settings) -> Runner {
    Runner::new(pool.clone(), settings)
        .handle(|_: Errand, _| async { Err(Failure::Retry("the shop is closed".into())) })
}

fn succeeding(pool: &PgPool, settings: Settings) -> Runner {
    Runner::new(pool.clone(), settings).handle(|_: Errand, _| async { Ok(()) })
}

#[sqlx::test(migrations = "../../migrations")]
async fn pauses_between_attempts_grow_by_the_clock_and_the_last_failure_parks(pool: PgPool) {
    let world = World::new(pool.clone());
    let id = world.enqueue(1).await;
    let second = Duration::from_secs(1);
    let backoff = Backoff { first: 10 * second, most: 3600 * second };
    let runner = failing(&pool, Settings { attempts: 3, backoff, ..world.settings() });

    assert_eq!(runner.run_due().await.unwrap(), 1);
    for (shortest, rest) in [(5 * second, 5 * second), (10 * second, 10 * second)] {
        world.advance(shortest - second);
        assert_eq!(runner.run_due().await.unwrap(), 0, "no pause is so short");
        world.advance(rest + second);
        assert_eq!(runner.run_due().await.unwrap(), 1, "no pause is longer");
    }
    world.advance(3600 * second);
    assert_eq!(runner.run_due().await.unwrap(), 0, "it is parked");

    let parked = parked(&pool, 10).await.unwrap();
    assert_eq!(parked.len(), 1);
    assert_eq!((parked[0].id, parked[0].kind.as_str(), parked[0].attempts), (id, "errand", 3));
    assert_eq!(parked[0].last_error, "the shop is closed");
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_operator_puts_a_parked_job_back_or_away(pool: PgPool) {
    let world = World::new(pool.clone());
    let (first, second) = (world.enqueue(1).await, world.enqueue(2).await);
    assert_eq!(failing(&pool, world.settings()).run_due().await.unwrap(), 6);
    let before = health(&pool, world.now()).await.unwrap();
    assert_eq!((before.waiting, before.running, before.parked), (0, 0, 2));

    assert_eq!(retry_parked(&pool, Some(first)).await.unwrap(), 1);
    world.advance(Duration::from_secs(7));
    let between = health(&pool, world.now()).await.unwrap();
    assert_eq!((between.waiting, between.parked, between.lag_seconds), (1, 1, 7.0));
    assert_eq!(succeeding(&pool, world.settings()).run_due().await.unwrap(), 1);
    assert_eq!(world.row(first).await.attempts, 1, "all attempts were given anew");

    assert!(!discard_parked(&pool, first).await.unwrap(), "it is not parked");
    assert!(discard_parked(&pool, second).await.unwrap());
    assert_eq!(retry_parked(&pool, None).await.unwrap(), 0);
    assert_eq!(world.count().await, 1);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_panic_is_a_failed_attempt(pool: PgPool) {
    let world = World::new(pool.clone());
    let id = world.enqueue(1).await;
    let runner = Runner::new(pool, Settings { attempts: 2, ..world.settings() })
        .handle(|_: Errand, _| async { panic!("on purpose") });
    assert_eq!(runner.run_due().await.unwrap(), 2);
    let row = world.row(id).await;
    assert_eq!(row.last_error.as_deref(), Some("the handler panicked"));
    assert!(row.parked_at.is_some());
}

#[derive(Serialize, Deserialize)]
struct Impatient;

impl Job for Impatient {
    const KIND: &'static str = "impatient";
    const TIMEOUT: Duration = Duration::from_millis(20);
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_attempt_that_takes_too_long_is_broken_off(pool: PgPool) {
    let world = World::new(pool.clone());
    let mut db = pool.acquire().await.unwrap();
    let id = jobs::enqueue(&mut db, &Impatient, jobs::Options::at(world.now())).await.unwrap().unwrap();
    let (tell, mut told) = mpsc::unbounded_channel();
    let runner = Runner::new(pool.clone(), Settings { attempts: 1, ..world.settings() }).handle(
        move |_: Impatient, _| {
            let end = TellsEnd(tell.clone());
            async move {
                let _end = end;
                std::future::pending().await
            }
        },
    );
    assert_eq!(runner.run_due().await.unwrap(), 1);
    assert_eq!(told.recv().await, Some("dropped"));
    let row = world.row(id).await;
    assert_eq!(row.last_error.as_deref(), Some("not done within 20ms"));
    assert!(row.parked_at.is_some());
}

#[sqlx::test(migrations = "../../migrations")]
async fn what_is_given_up_is_parked_at_once(pool: PgPool) {
    let world = World::new(pool.clone());
    let id = world.enqueue(1).await;
    let runner = Runner::new(pool, world.settings())
        .handle(|_: Errand, _| async { Err(Failure::GiveUp("no such shop".into())) });
    assert_eq!(runner.run_due().await.unwrap(), 1);
    let row = world.row(id).await;
    assert_eq!((row.attempts, row.last_error.as_deref()), (1, Some("no such shop")));
    assert!(row.parked_at.is_some());
}

#[sqlx::test(migrations = "../../migrations")]
async fn what_does_not_read_back_is_parked_and_an_unknown_kind_is_left_alone(pool: PgPool) {
    let world = World::new(pool.clone());
    let (unreadable, foreign) = (world.enqueue(1).await, world.enqueue(2).await);
    let change = "update core.background_jobs set payload = '\"a secret\"' where id = $1";
    sqlx::query(change).bind(unreadable).execute(&pool).await.unwrap();
    let change = "update core.background_jobs set kind = 'of_a_newer_program' where id = $1";
    sqlx::query(change).bind(foreign).execute(&pool).await.unwrap();

    assert_eq!(succeeding(&pool, world.settings()).run_due().await.unwrap(), 1);
    let row = world.row(unreadable).await;
    assert!(row.parked_at.is_some());
    assert!(!row.last_error.unwrap().contains("secret"));
    assert_eq!(world.row(foreign).await.attempts, 0);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_finished_job_forgets_what_it_held_and_is_removed_after_a_while(pool: PgPool) {
    let world = World::new(pool.clone());
    let id = world.enqueue(1).await;
    assert!(world.row(id).await.payload.is_some());
    assert_eq!(succeeding(&pool, world.settings()).run_due().await.unwrap(), 1);
    assert_eq!(world.row(id).await.payload, None);

    let failed = world.enqueue(2).await;
    assert_eq!(failing(&pool, world.settings()).run_due().await.unwrap(), 3);
    world.advance(Duration::from_secs(60));
    assert_eq!(prune(&pool, world.now() - Duration::from_secs(61)).await.unwrap(), 0);
    assert_eq!(prune(&pool, world.now()).await.unwrap(), 1);
    assert!(world.row(failed).await.parked_at.is_some(), "what is parked stays");
    assert_eq!(world.count().await, 1);
}

#[sqlx::test(migrations = "../../migrations")]
async fn the_last_attempt_is_known_as_such(pool: PgPool) {
    let world = World::new(pool.clone());
    let id = world.enqueue(1).await;
    let (tell, mut told) = mpsc::unbounded_channel();
    let tell = Arc::new(tell);
    let runner = Runner::new(pool, world.settings()).handle(move |_: Errand, attempt: Attempt| {
        let seen = (attempt.job_id(), attempt.number(), attempt.is_last());
        tell.send(seen).unwrap();
        async { Err(Failure::Retry("again".into())) }
    });
    runner.run_due().await.unwrap();
    let mut seen = Vec::new();
    while let Ok(one) = told.try_recv() {
        seen.push(one);
    }
    assert_eq!(seen, [(id, 1, false), (id, 2, false), (id, 3, true)]);
}
