//! How jobs come into the queue and wait there, and how a runner wakes and stops.

use std::{sync::Arc, time::Duration};

use jobs::{Attempt, Failure, Options, Runner, Settings, enqueue};
use sqlx::PgPool;
use tokio::sync::{Notify, mpsc};
use tokio_util::sync::CancellationToken;

use crate::support::{Errand, World};

/// A runner that tells the numbers of the errands it does.
fn telling(pool: &PgPool, settings: Settings) -> (Runner, mpsc::UnboundedReceiver<i32>) {
    let (tell, told) = mpsc::unbounded_channel();
    let runner = Runner::new(pool.clone(), settings).handle(move |errand: Errand, _| {
        let tell = tell.clone();
        async move { tell.send(errand.n).map_err(Failure::give_up) }
    });
    (runner, told)
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_job_exists_exactly_if_its_cause_was_committed(pool: PgPool) {
    let world = World::new(pool.clone());
    let (runner, mut told) = telling(&pool, world.settings());

    let mut tx = pool.begin().await.unwrap();
    enqueue(&mut tx, &Errand { n: 1 }, Options::at(world.now())).await.unwrap();
    assert_eq!(runner.run_due().await.unwrap(), 0, "not before the commit");
    tx.rollback().await.unwrap();
    assert_eq!(runner.run_due().await.unwrap(), 0);
    assert_eq!(world.count().await, 0);

    let mut tx = pool.begin().await.unwrap();
    enqueue(&mut tx, &Errand { n: 2 }, Options::at(world.now())).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(runner.run_due().await.unwrap(), 1);
    assert_eq!(told.recv().await, Some(2));
}

#[sqlx::test(migrations = "../../migrations")]
async fn jobs_wait_for_their_time_and_are_done_in_its_order(pool: PgPool) {
    let world = World::new(pool.clone());
    let minute = Duration::from_secs(60);
    for (n, minutes) in [(3, 3), (1, 1), (2, 2)] {
        world.enqueue_with(n, Options::at(world.now() + minute * minutes)).await.unwrap();
    }
    let (runner, mut told) = telling(&pool, Settings { concurrency: 1, ..world.settings() });
    assert_eq!(runner.run_due().await.unwrap(), 0);
    world.advance(2 * minute);
    assert_eq!(runner.run_due().await.unwrap(), 2);
    assert_eq!((told.recv().await, told.recv().await), (Some(1), Some(2)));
    assert!(told.try_recv().is_err());
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_second_job_of_the_same_key_is_dropped_while_the_first_waits(pool: PgPool) {
    let world = World::new(pool.clone());
    let later = world.now() + Duration::from_secs(3600);
    let key = |at| Options::at(at).unique("shop:7");
    let first = world.enqueue_with(1, key(later)).await.unwrap();
    assert_eq!(world.enqueue_with(2, key(world.now())).await, None);
    assert_eq!(world.row(first).await.run_at, world.now(), "the earlier time of the two");
    assert!(world.enqueue_with(3, Options::at(world.now()).unique("shop:8")).await.is_some());

    let (runner, mut told) = telling(&pool, Settings { concurrency: 1, ..world.settings() });
    assert_eq!(runner.run_due().await.unwrap(), 2);
    assert_eq!((told.recv().await, told.recv().await), (Some(1), Some(3)));
    assert!(world.enqueue_with(4, key(world.now())).await.is_some(), "the first is done");
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_job_that_made_another_superfluous_sees_what_the_other_was_for(pool: PgPool) {
    let world = World::new(pool.clone());
    let key = Options::at(world.now()).unique("shop:7");
    world.enqueue_with(1, key.clone()).await.unwrap();
    let (runner, _told) = telling(&pool, world.settings());

    let mut tx = pool.begin().await.unwrap();
    assert_eq!(enqueue(&mut tx, &Errand { n: 2 }, key).await.unwrap(), None);
    assert_eq!(runner.run_due().await.unwrap(), 0, "it waits for the transaction that counts on it");
    tx.commit().await.unwrap();
    assert_eq!(runner.run_due().await.unwrap(), 1);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_job_that_is_being_done_does_not_stand_for_a_new_one(pool: PgPool) {
    let world = World::new(pool.clone());
    let key = Options::at(world.now()).unique("shop:7");
    let first = world.enqueue_with(1, key.clone()).await.unwrap();
    let (tell, mut told) = mpsc::unbounded_channel();
    let inside = world.clone();
    let runner = Runner::new(pool, Settings { concurrency: 1, ..world.settings() }).handle(
        move |errand: Errand, attempt: Attempt| {
            let (world, key, tell) = (inside.clone(), key.clone(), tell.clone());
            async move {
                tell.send((errand.n, attempt.number())).unwrap();
                if errand.n == 1 {
                    assert!(world.enqueue_with(2, key.clone()).await.is_some(), "the first is not waiting");
                    assert_eq!(world.enqueue_with(3, key).await, None, "the second is");
                    return Err(Failure::Retry("the second does it".into()));
                }
                Ok(())
            }
        },
    );
    assert_eq!(runner.run_due().await.unwrap(), 2);
    assert_eq!((told.recv().await, told.recv().await), (Some((1, 1)), Some((2, 1))));
    assert!(world.row(first).await.finished_at.is_some(), "its place was taken by the second");
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_commit_wakes_the_runner(pool: PgPool) {
    let world = World::new(pool.clone());
    let (tell, mut told) = mpsc::unbounded_channel();
    let go_on = CancellationToken::new();
    let wait = go_on.clone();
    let runner = Runner::new(pool, world.settings()).handle(move |errand: Errand, _| {
        let (tell, wait) = (tell.clone(), wait.clone());
        async move {
            tell.send(errand.n).unwrap();
            wait.cancelled().await;
            Ok(())
        }
    });
    let shutdown = CancellationToken::new();
    let until = shutdown.clone();
    let running = tokio::spawn(async move { runner.run(until).await });
    // It does not poll, and no job ends: from the third on only a notification can tell of them.
    for n in 1..=4 {
        world.enqueue(n).await;
        assert_eq!(told.recv().await, Some(n));
    }
    go_on.cancel();
    shutdown.cancel();
    running.await.unwrap();
}

#[sqlx::test(migrations = "../../migrations")]
async fn what_no_notification_tells_of_is_found_by_polling(pool: PgPool) {
    let world = World::new(pool.clone());
    let (runner, mut told) = telling(&pool, Settings { poll: Duration::from_millis(10), ..world.settings() });
    world.enqueue_with(1, Options::at(world.now() + Duration::from_secs(60))).await.unwrap();
    world.enqueue(0).await;
    let shutdown = CancellationToken::new();
    let until = shutdown.clone();
    let running = tokio::spawn(async move { runner.run(until).await });
    assert_eq!(told.recv().await, Some(0));
    world.advance(Duration::from_secs(60));
    assert_eq!(told.recv().await, Some(1));
    shutdown.cancel();
    running.await.unwrap();
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_runner_outlives_the_loss_of_its_connections(pool: PgPool) {
    let world = World::new(pool.clone());
    let (runner, mut told) = telling(&pool, Settings { poll: Duration::from_millis(10), ..world.settings() });
    let shutdown = CancellationToken::new();
    let until = shutdown.clone();
    let running = tokio::spawn(async move { runner.run(until).await });
    world.enqueue(1).await;
    assert_eq!(told.recv().await, Some(1));
    let end = "select count(pg_terminate_backend(pid)) from pg_stat_activity \
               where datname = current_database() and pid <> pg_backend_pid()";
    let ended: i64 = sqlx::query_scalar(end).fetch_one(&pool).await.unwrap();
    assert!(ended > 0);
    world.enqueue(2).await;
    assert_eq!(told.recv().await, Some(2));
    shutdown.cancel();
    running.await.unwrap();
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_runner_that_is_told_to_stop_ends_what_it_has_begun_and_begins_nothing(pool: PgPool) {
    let world = World::new(pool.clone());
    let id = world.enqueue(1).await;
    let (begun, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (tell, wait) = (begun.clone(), go_on.clone());
    let runner = Runner::new(pool, world.settings()).handle(move |_: Errand, _| {
        let (tell, wait) = (tell.clone(), wait.clone());
        async move {
            tell.notify_one();
            wait.notified().await;
            Ok(())
        }
    });
    let shutdown = CancellationToken::new();
    let until = shutdown.clone();
    let running = tokio::spawn(async move { runner.run(until).await });
    begun.notified().await;
    shutdown.cancel();
    let next = world.enqueue(2).await;
    assert!(world.row(id).await.claimed, "it is still being done");
    go_on.notify_one();
    running.await.unwrap();
    assert!(world.row(id).await.finished_at.is_some());
    assert_eq!(world.row(next).await.attempts, 0);
}
