//! The runner: claims what is due and gives it to the handler of its kind.

use std::{collections::HashMap, future::pending, pin::Pin, sync::Arc, time::Duration};

use sqlx::{PgPool, postgres::PgListener};
use tokio::{
    task::JoinSet,
    time::{Instant, timeout, timeout_at},
};
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};
use tracing::Instrument as _;

use crate::{
    Attempt, Failure, Job, Result, Settings, operator,
    queue::{self, Claimed},
};

/// How often finished jobs are removed.
const PRUNE_EVERY: Duration = Duration::from_secs(15 * 60);
/// The pause before the end of an attempt is written again.
const WRITE_AGAIN: Duration = Duration::from_millis(500);

type Outcome = Result<(), Failure>;
type Doing = Pin<Box<dyn Future<Output = Outcome> + Send>>;

#[derive(Clone)]
struct Handler {
    timeout: Duration,
    run: Arc<dyn Fn(serde_json::Value, Attempt) -> Doing + Send + Sync>,
}

/// Does jobs. Only kinds with a handler are touched, so that a program may be older than some of
/// the jobs in its database.
pub struct Runner {
    pool: PgPool,
    settings: Settings,
    handlers: HashMap<&'static str, Handler>,
    kinds: Vec<String>,
}

impl Runner {
    pub fn new(pool: PgPool, settings: Settings) -> Self {
        Self { pool, settings, handlers: HashMap::new(), kinds: Vec::new() }
    }

    /// Gives jobs of the kind `J` to `handler`, in place of an earlier handler of that kind.
    #[must_use]
    pub fn handle<J, F, D>(mut self, handler: F) -> Self
    where
        J: Job,
        F: Fn(J, Attempt) -> D + Send + Sync + 'static,
        D: Future<Output = Outcome> + Send + 'static,
    {
        let run = move |payload, attempt| -> Doing {
            match serde_json::from_value::<J>(payload) {
                Ok(job) => Box::pin(handler(job, attempt)),
                // The error is not told: it may quote what the job holds.
                Err(_) => {
                    let reason = "what the job holds is not what its handler reads";
                    Box::pin(async move { Err(Failure::GiveUp(reason.into())) })
                }
            }
        };
        self.handlers.insert(J::KIND, Handler { timeout: J::TIMEOUT, run: Arc::new(run) });
        self.kinds = self.handlers.keys().map(|kind| (*kind).to_owned()).collect();
        self
    }

    /// Does jobs until it is told to stop, and then ends what it has begun. Losing the database is
    /// survived by connecting anew.
    pub async fn run(&self, shutdown: CancellationToken) {
        let mut running = JoinSet::new();
        while !shutdown.is_cancelled() {
            if let Err(error) = self.serve(&mut running, &shutdown).await {
                tracing::warn!(%error, "the job runner lost its database; it will connect again");
                shutdown.run_until_cancelled(tokio::time::sleep(self.settings.poll)).await;
            }
        }
        while running.join_next().await.is_some() {}
    }

    /// Does what is due now, and what becomes due meanwhile, to its end; gives how many attempts
    /// that took.
    pub async fn run_due(&self) -> Result<usize> {
        let mut attempts = 0;
        loop {
            let mut running = JoinSet::new();
            attempts += match self.begin_due(&mut running).await? {
                0 => return Ok(attempts),
                begun => begun,
            };
            while running.join_next().await.is_some() {}
        }
    }

    async fn serve(&self, running: &mut JoinSet<()>, shutdown: &CancellationToken) -> Result<()> {
        let mut listener = queue::listen(&self.pool).await?;
        let mut prune = tokio::time::interval(PRUNE_EVERY);
        while !shutdown.is_cancelled() {
            while running.try_join_next().is_some() {}
            self.begin_due(running).await?;
            tokio::select! {
                () = shutdown.cancelled() => {}
                // A place is free again.
                Some(_) = running.join_next() => {}
                woken = self.wait(&mut listener) => woken?,
                _ = prune.tick() => {
                    let before = (self.settings.clock)() - self.settings.keep;
                    operator::prune(&self.pool, before).await?;
                }
            }
        }
        Ok(())
    }

    /// Waits for news, or for the time of the next look.
    async fn wait(&self, listener: &mut PgListener) -> Result<()> {
        match timeout(self.settings.poll, listener.recv()).await {
            Ok(heard) => Ok(heard.map(drop)?),
            Err(_elapsed) => Ok(()),
        }
    }

    /// Begins as many due jobs as there are free places; gives how many.
    async fn begin_due(&self, running: &mut JoinSet<()>) -> Result<usize> {
        let free = self.settings.concurrency.saturating_sub(running.len());
        if free == 0 {
            return Ok(0);
        }
        let held_until = Instant::now() + self.settings.lease;
        let now = (self.settings.clock)();
        let until = now + self.settings.lease;
        let claimed = queue::claim(&self.pool, &self.kinds, free as i64, now, until).await?;
        let begun = claimed.len();
        for claimed in claimed {
            if let Some(handler) = self.handlers.get(claimed.kind.as_str()) {
                let worker = Worker {
                    pool: self.pool.clone(),
                    settings: self.settings.clone(),
                    handler: handler.clone(),
                };
                running.spawn(worker.work(claimed, held_until));
            }
        }
        Ok(begun)
    }
}

/// Does one attempt at one job.
struct Worker {
    pool: PgPool,
    settings: Settings,
    handler: Handler,
}

impl Worker {
    async fn work(self, claimed: Claimed, held_until: Instant) {
        let Claimed { id, kind, payload, claim, attempts } = claimed;
        let attempt = Attempt {
            id,
            claim,
            number: attempts,
            last: attempts >= self.settings.attempts,
            clock: self.settings.clock.clone(),
            finishing: Arc::default(),
        };
        let begun = Instant::now();
        let outcome = if attempts > self.settings.attempts {
            // Every attempt ended with its worker: perhaps it is the job that kills them.
            Err(Failure::GiveUp("the last attempt never ended; its worker was lost".into()))
        } else {
            match self.attempt(payload, &attempt, &kind, held_until).await {
                Some(outcome) => outcome,
                None => {
                    tracing::warn!(job = id, kind, "a claim was lost; another worker does the job");
                    return;
                }
            }
        };
        metrics::counter!("background_jobs_run_total", "kind" => kind.clone()).increment(1);
        metrics::histogram!("background_job_seconds", "kind" => kind.clone()).record(begun.elapsed());
        self.conclude(&attempt, &kind, outcome).await;
    }

    /// Lets the handler work while the claim is prolonged. None if the claim was lost, and with it
    /// the right to go on.
    async fn attempt(
        &self,
        payload: serde_json::Value,
        attempt: &Attempt,
        kind: &str,
        held_until: Instant,
    ) -> Option<Outcome> {
        let span = tracing::info_span!("job", id = attempt.id, kind, attempt = attempt.number);
        // A task of its own: neither its panic nor its slowness is this one's. However this one
        // ends, the handler goes with it.
        let (run, given) = (self.handler.run.clone(), attempt.clone());
        let doing = async move { run(payload, given).await }.instrument(span);
        let doing = AbortOnDropHandle::new(tokio::spawn(doing));
        tokio::select! {
            ended = timeout(self.handler.timeout, doing) => Some(match ended {
                Ok(Ok(outcome)) => outcome,
                Ok(Err(broken)) if broken.is_panic() => Err(Failure::Retry("the handler panicked".into())),
                Ok(Err(_)) => Err(Failure::Retry("the handler was broken off".into())),
                Err(_) => Err(Failure::Retry(format!("not done within {:?}", self.handler.timeout))),
            }),
            () = self.keep_claim(attempt, held_until) => None,
        }
    }

    /// Prolongs the claim until it is lost: taken by another worker, or lapsed because the database
    /// could not be reached.
    async fn keep_claim(&self, attempt: &Attempt, mut held_until: Instant) {
        loop {
            tokio::time::sleep(self.settings.lease / 3).await;
            if attempt.is_finishing() {
                return pending().await;
            }
            let asked = Instant::now();
            let until = (self.settings.clock)() + self.settings.lease;
            let prolonged = queue::prolong(&self.pool, attempt.id, attempt.claim, until);
            match timeout_at(held_until, prolonged).await {
                Ok(Ok(true)) => held_until = asked + self.settings.lease,
                Ok(Err(error)) => {
                    tracing::warn!(%error, job = attempt.id, "a claim could not be prolonged");
                }
                // The handler has begun to end the job itself meanwhile.
                Ok(Ok(false)) | Err(_) if attempt.is_finishing() => return pending().await,
                Ok(Ok(false)) | Err(_) => return,
            }
        }
    }

    /// Writes down how the attempt ended, again and again if the database is away; should that last
    /// for longer than a lease, the job is due again anyway.
    async fn conclude(&self, attempt: &Attempt, kind: &str, outcome: Outcome) {
        let give_up_at = Instant::now() + self.settings.lease;
        while let Err(error) = self.write_down(attempt, kind, &outcome).await {
            if Instant::now() > give_up_at {
                tracing::error!(%error, job = attempt.id, "the end of a job could not be written down");
                return;
            }
            tokio::time::sleep(WRITE_AGAIN).await;
        }
    }

    async fn write_down(&self, attempt: &Attempt, kind: &str, outcome: &Outcome) -> Result<()> {
        let (id, claim, now) = (attempt.id, attempt.claim, (self.settings.clock)());
        match outcome {
            Ok(()) => {
                queue::finish(&self.pool, id, claim, now).await?;
            }
            Err(Failure::Retry(reason)) if !attempt.last => {
                let pause = self.settings.backoff.pause(attempt.number, rand::random());
                queue::try_again(&self.pool, id, claim, reason, now + pause, now).await?;
                metrics::counter!("background_jobs_failed_total", "kind" => kind.to_owned()).increment(1);
                tracing::warn!(
                    job = id,
                    kind,
                    attempt = attempt.number,
                    reason,
                    "a job failed; it will be tried again"
                );
            }
            Err(Failure::Retry(reason) | Failure::GiveUp(reason)) => {
                queue::park(&self.pool, id, claim, reason, now).await?;
                metrics::counter!("background_jobs_failed_total", "kind" => kind.to_owned()).increment(1);
                metrics::counter!("background_jobs_parked_total", "kind" => kind.to_owned()).increment(1);
                tracing::error!(job = id, kind, reason, "a job was parked");
            }
        }
        Ok(())
    }
}
