//! Several workers, and workers that are killed.

use std::{sync::Arc, time::Duration};

use jobs::{Attempt, Failure, Runner, Settings, parked};
use sqlx::PgPool;
use tokio::sync::{Notify, mpsc};

use crate::support::{Errand, LONG, TellsEnd, World};

/// Does errands by writing their number, in one transaction with the end of the job.
fn writer(pool: PgPool, settings: Settings) -> Runner {
    Runner::new(pool.clone(), settings).handle(move |errand: Errand, attempt: Attempt| {
        let pool = pool.clone();
        async move {
            let mut tx = pool.begin().await.map_err(Failure::retry)?;
            let insert = sqlx::query("insert into public.effects (n) values ($1)").bind(errand.n);
            insert.execute(&mut *tx).await.map_err(Failure::retry)?;
            attempt.finish(&mut tx).await?;
            if errand.n < 0 && attempt.number() == 1 {
                return Err(Failure::Retry("stopped before the commit".into()));
            }
            tx.commit().await.map_err(Failure::retry)
        }
    })
}

async fn effects(pool: &PgPool) -> Vec<i32> {
    sqlx::query_scalar("select n from public.effects order by n").fetch_all(pool).await.unwrap()
}

#[sqlx::test(migrations = "../../migrations")]
async fn two_runners_at_once_do_each_job_once(pool: PgPool) {
    sqlx::query("create table public.effects (n integer not null)").execute(&pool).await.unwrap();
    let world = World::new(pool.clone());
    for n in 0..40 {
        world.enqueue(n).await;
    }
    let (one, other) = (writer(pool.clone(), world.settings()), writer(pool.clone(), world.settings()));
    let (one, other) = tokio::join!(one.run_due(), other.run_due());
    let (one, other) = (one.unwrap(), other.unwrap());
    assert_eq!(one + other, 40, "attempts");
    assert!(one > 0 && other > 0, "both worked: {one} and {other}");
    assert_eq!(effects(&pool).await, (0..40).collect::<Vec<_>>());
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_effect_that_is_not_committed_leaves_its_job_to_be_done(pool: PgPool) {
    sqlx::query("create table public.effects (n integer not null)").execute(&pool).await.unwrap();
    let world = World::new(pool.clone());
    let id = world.enqueue(-1).await;
    assert_eq!(writer(pool.clone(), world.settings()).run_due().await.unwrap(), 2);
    assert_eq!(effects(&pool).await, [-1]);
    assert!(world.row(id).await.finished_at.is_some());
}

/// A runner whose handler never ends, and what tells of its beginning and its end.
fn stuck(world: &World, settings: Settings) -> (Runner, mpsc::UnboundedReceiver<&'static str>) {
    let (tell, told) = mpsc::unbounded_channel();
    let runner = Runner::new(world.pool.clone(), settings).handle(move |_: Errand, _| {
        let tell = tell.clone();
        async move {
            tell.send("begun").unwrap();
            let _end = TellsEnd(tell);
            std::future::pending().await
        }
    });
    (runner, told)
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_job_of_a_killed_worker_is_taken_again_when_its_lease_has_lapsed(pool: PgPool) {
    let world = World::new(pool.clone());
    let id = world.enqueue(1).await;
    let (runner, mut told) = stuck(&world, world.settings());
    let killed = tokio::spawn(async move { runner.run_due().await });
    assert_eq!(told.recv().await, Some("begun"));
    killed.abort();
    assert!(killed.await.unwrap_err().is_cancelled());
    assert_eq!(told.recv().await, Some("dropped"));

    let other = Runner::new(pool, world.settings()).handle(|errand: Errand, attempt: Attempt| async move {
        assert_eq!((errand.n, attempt.number()), (1, 2));
        Ok(())
    });
    assert_eq!(other.run_due().await.unwrap(), 0, "the lease still holds");
    world.advance(world.settings().lease);
    assert_eq!(other.run_due().await.unwrap(), 1);
    let row = world.row(id).await;
    assert_eq!((row.attempts, row.finished_at), (2, Some(world.now())));
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_job_that_takes_its_worker_with_it_each_time_is_parked(pool: PgPool) {
    let world = World::new(pool.clone());
    world.enqueue(1).await;
    let settings = Settings { attempts: 1, ..world.settings() };
    let (runner, mut told) = stuck(&world, settings.clone());
    let killed = tokio::spawn(async move { runner.run_due().await });
    assert_eq!(told.recv().await, Some("begun"));
    killed.abort();
    assert!(killed.await.unwrap_err().is_cancelled());

    world.advance(settings.lease);
    let (other, mut told) = stuck(&world, settings);
    assert_eq!(other.run_due().await.unwrap(), 1);
    assert!(told.try_recv().is_err(), "it must not be begun again");
    let parked = parked(&pool, 10).await.unwrap();
    assert_eq!(parked.len(), 1);
    assert!(parked[0].last_error.contains("its worker was lost"), "{}", parked[0].last_error);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_lease_is_prolonged_while_the_handler_works(pool: PgPool) {
    let world = World::new(pool.clone());
    let id = world.enqueue(1).await;
    let settings = Settings { lease: Duration::from_secs(3), ..world.settings() };
    let (begun, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (tell, wait) = (begun.clone(), go_on.clone());
    let runner = Runner::new(pool.clone(), settings).handle(move |_: Errand, _| {
        let (tell, wait) = (tell.clone(), wait.clone());
        async move {
            tell.notify_one();
            wait.notified().await;
            Ok(())
        }
    });
    let working = tokio::spawn(async move { runner.run_due().await });
    begun.notified().await;
    world.advance(LONG);
    // Each look takes a turn of the database; the clock stands still meanwhile.
    while world.row(id).await.run_at <= world.now() {}
    let (other, _told) = stuck(&world, world.settings());
    assert_eq!(other.run_due().await.unwrap(), 0, "the lease was prolonged");
    go_on.notify_one();
    assert_eq!(working.await.unwrap().unwrap(), 1);
    let row = world.row(id).await;
    assert_eq!((row.attempts, row.claimed), (1, false));
    assert!(row.finished_at.is_some());
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_worker_that_lost_its_claim_stops_and_changes_nothing(pool: PgPool) {
    let world = World::new(pool.clone());
    let id = world.enqueue(1).await;
    let (runner, mut told) =
        stuck(&world, Settings { lease: Duration::from_millis(300), ..world.settings() });
    let working = tokio::spawn(async move { runner.run_due().await });
    assert_eq!(told.recv().await, Some("begun"));
    let taken = "update core.background_jobs set claim = gen_random_uuid(), run_at = $1";
    sqlx::query(taken).bind(world.now() + LONG).execute(&pool).await.unwrap();
    assert_eq!(told.recv().await, Some("dropped"));
    working.await.unwrap().unwrap();
    let row = world.row(id).await;
    assert_eq!((row.claimed, row.run_at), (true, world.now() + LONG), "the other worker's claim");
    assert_eq!((row.finished_at, row.parked_at, row.last_error), (None, None, None));
}
