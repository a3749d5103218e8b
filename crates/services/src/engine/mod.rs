//! The matching engine at work: the index in memory, the recommender that acts on events, and the
//! reader that embeds texts in the background.

pub mod cards;
mod index;
mod reader;
mod recommender;
mod settle;
mod stages;

use std::{
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
    time::Duration,
};

use chrono::{DateTime, Utc};
use domain::{JobId, UserId, receipt::Receipt};
use embedding::Embedder;
use matching::{Blocks, CandidateSpec, Context, FreelancerIndex, JobIndex, JobSpec, Model, Policy};
use tokio::sync::Mutex;

use crate::{Result, ServiceError};

/// How far the model has come with reading profiles and jobs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    pub done: i64,
    pub total: i64,
    /// One sentence, where matching does less than it could.
    pub notice: Option<String>,
}

impl Reading {
    pub fn is_complete(&self) -> bool {
        self.done >= self.total
    }
}

/// What the index holds. The database is the truth; this can be filled again at any time.
struct State {
    freelancers: FreelancerIndex,
    jobs: JobIndex,
    blocks: Blocks,
}

pub struct Engine {
    embedder: Arc<dyn Embedder>,
    /// See [`Settings::read_within`](crate::Settings::read_within).
    read_within: Duration,
    model: Model,
    policy: Policy,
    notice: Option<String>,
    state: Arc<RwLock<State>>,
    /// Held while matches are compared with what is stored and written, so that this happens for
    /// one job or freelancer after the other.
    turn: Mutex<()>,
    ready: AtomicBool,
    read: AtomicI64,
    to_read: AtomicI64,
}

impl Engine {
    pub(crate) fn new(
        embedder: Arc<dyn Embedder>,
        read_within: Duration,
        policy: Policy,
        notice: Option<String>,
    ) -> Self {
        let dimension = embedder.dimension();
        let state = State {
            freelancers: FreelancerIndex::new(dimension),
            jobs: JobIndex::new(dimension),
            blocks: Blocks::default(),
        };
        Self {
            model: Model { id: embedder.model().to_string(), range: embedder.similarity_range() },
            embedder,
            read_within,
            policy,
            notice,
            state: Arc::new(RwLock::new(state)),
            turn: Mutex::new(()),
            ready: AtomicBool::new(false),
            read: AtomicI64::new(0),
            to_read: AtomicI64::new(0),
        }
    }

    /// Whether the index has been filled, so that new matches are complete.
    pub fn is_ready(&self) -> bool {
        self.ready.load(Ordering::Acquire)
    }

    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    pub fn reading(&self) -> Reading {
        Reading {
            done: self.read.load(Ordering::Relaxed),
            total: self.to_read.load(Ordering::Relaxed),
            notice: self.notice.clone(),
        }
    }

    fn change<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.state.write().unwrap_or_else(PoisonError::into_inner))
    }

    fn look<T>(&self, act: impl FnOnce(&State) -> T) -> T {
        act(&self.state.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether the model has read a freelancer who is in the index; one it has not read yet is not
    /// found, which does not mean that they no longer suit a job.
    fn is_unread(&self, freelancer: UserId) -> bool {
        self.look(|state| state.freelancers.get(freelancer).is_some_and(|spec| spec.dimension().is_none()))
    }

    /// The best freelancers for a job.
    async fn rank_freelancers(&self, job: JobSpec, now: DateTime<Utc>) -> Result<Vec<(UserId, Receipt)>> {
        self.search(move |state, policy, model| {
            let context = Context { policy, model, blocks: &state.blocks, now };
            state.freelancers.best_for(&job, &context, policy.top_n)
        })
        .await
    }

    /// The best jobs for a freelancer.
    async fn rank_jobs(&self, candidate: CandidateSpec, now: DateTime<Utc>) -> Result<Vec<(JobId, Receipt)>> {
        self.search(move |state, policy, model| {
            let context = Context { policy, model, blocks: &state.blocks, now };
            state.jobs.best_for(&candidate, &context, JOBS_PER_FREELANCER)
        })
        .await
    }

    /// Runs a search away from the threads that serve requests. One that panics is an error: "nobody
    /// fits" would take every match away.
    async fn search<T: Send + 'static>(
        &self,
        search: impl FnOnce(&State, &Policy, &Model) -> T + Send + 'static,
    ) -> Result<T> {
        let (state, policy, model) = (self.state.clone(), self.policy.clone(), self.model.clone());
        let started = std::time::Instant::now();
        let found = tokio::task::spawn_blocking(move || {
            search(&state.read().unwrap_or_else(PoisonError::into_inner), &policy, &model)
        })
        .await
        .map_err(ServiceError::internal)?;
        metrics::histogram!("match_search_seconds").record(started.elapsed().as_secs_f64());
        Ok(found)
    }
}

/// The longest feed: the best so many jobs for a freelancer.
const JOBS_PER_FREELANCER: usize = 200;
