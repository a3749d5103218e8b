//! Filling the index from the database.

use std::{sync::atomic::Ordering, time::Duration};

use futures::TryStreamExt as _;
use matching::{CandidateSpec, JobSpec};
use storage::{embeddings, jobs, profiles};
use tokio_util::sync::CancellationToken;

use crate::Services;

/// The pause before another attempt while the database is away.
const PAUSE: Duration = Duration::from_secs(2);

impl Services {
    /// Fills the index, trying until it works. False if it was told to stop before.
    pub(crate) async fn keep_filling_index(&self, shutdown: &CancellationToken) -> bool {
        loop {
            let filled = tokio::select! {
                () = shutdown.cancelled() => return false,
                filled = self.fill_index() => filled,
            };
            match filled {
                Ok(()) => return true,
                Err(error) => tracing::warn!(%error, "the index could not be filled; it will be tried again"),
            }
            tokio::select! {
                () = shutdown.cancelled() => return false,
                () = tokio::time::sleep(PAUSE) => {}
            }
        }
    }

    /// Fills the index once. Until then matches are not complete and the server is not ready.
    pub async fn fill_index(&self) -> storage::Result<()> {
        let (engine, pool) = (&self.engine, self.database.house());
        let started = std::time::Instant::now();
        let blocks = storage::users::blocks(pool).await?;
        engine.change(|state| state.blocks = blocks.into_iter().collect());
        let mut rows = profiles::visible_with_vectors(pool, &engine.model.id);
        let mut freelancers = 0_usize;
        while let Some((profile, vector)) = rows.try_next().await? {
            let spec = CandidateSpec::new(&profile, vector.as_deref());
            engine.change(|state| state.freelancers.upsert(spec));
            freelancers += 1;
        }
        let mut rows = jobs::open_with_vectors(pool, &engine.model.id);
        let mut open_jobs = 0_usize;
        while let Some((job, vector)) = rows.try_next().await? {
            let spec = JobSpec::new(&job, vector.as_deref());
            engine.change(|state| state.jobs.upsert(spec));
            open_jobs += 1;
        }
        self.count_reading().await?;
        engine.ready.store(true, Ordering::Release);
        tracing::info!(
            freelancers,
            open_jobs,
            seconds = started.elapsed().as_secs_f32(),
            "the index is filled"
        );
        Ok(())
    }

    pub(crate) async fn count_reading(&self) -> storage::Result<()> {
        let progress = embeddings::progress(self.database.house(), &self.engine.model.id).await?;
        self.engine.read.store(progress.done, Ordering::Relaxed);
        self.engine.to_read.store(progress.total, Ordering::Relaxed);
        Ok(())
    }
}
