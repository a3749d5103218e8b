//! Reading texts that the model has not read yet, in the background: all of them after a change of
//! model, many after an import, one where an event was late.
//!
//! The pages are served meanwhile, and events go ahead: what somebody waits for is embedded first.

use std::time::Duration;

use domain::{JobId, UserId, job::JobStatus, profile::Visibility};
use matching::{CandidateSpec, JobSpec, job_text, profile_text};
use storage::{
    embeddings::{self, Subject},
    jobs, profiles, rankings,
};
use tokio_util::sync::CancellationToken;

use crate::{Result, Services};

/// How often to look for rankings that are due.
const IDLE: Duration = Duration::from_secs(2);

/// How often to look for texts that nobody told of, such as another process brought in. The question
/// is put to every profile, so it is not asked more often than needed.
const LOOK_EVERY: Duration = Duration::from_secs(30);

/// Jobs are ranked anew after so many profiles were read, so that feeds fill while reading goes on.
const RANK_AFTER: usize = 500;

/// A text that is to be read, and what it stands for.
enum Unread {
    Job(Box<domain::job::Job>),
    Profile(Box<domain::profile::Profile>),
}

impl Services {
    pub(crate) async fn keep_reading(&self, shutdown: CancellationToken) {
        let mut since_ranking = 0;
        let mut look_at = tokio::time::Instant::now();
        loop {
            let mut read = 0;
            if tokio::time::Instant::now() >= look_at {
                let done = tokio::select! {
                    () = shutdown.cancelled() => return,
                    done = self.read_some() => done,
                };
                match done {
                    Ok(0) => look_at = tokio::time::Instant::now() + LOOK_EVERY,
                    Ok(some) => read = some,
                    Err(error) => tracing::warn!(%error, "reading texts failed; it will be tried again"),
                }
            }
            since_ranking += read;
            if read == 0 || since_ranking >= RANK_AFTER {
                since_ranking = 0;
                let ranked = tokio::select! {
                    () = shutdown.cancelled() => return,
                    ranked = self.rank_due() => ranked,
                };
                if let Err(error) = ranked {
                    tracing::warn!(%error, "ranking jobs failed; it will be tried again");
                }
            }
            if read == 0 {
                tokio::select! {
                    () = shutdown.cancelled() => return,
                    () = tokio::time::sleep(IDLE) => {}
                }
            }
        }
    }

    /// Reads one batch of unread texts; gives how many there were.
    pub async fn read_some(&self) -> Result<usize> {
        let engine = &self.engine;
        let batch = i64::try_from(engine.embedder.batch_size()).unwrap_or(32);
        let subjects = embeddings::unread(self.database.house(), &engine.model.id, batch).await?;
        if subjects.is_empty() {
            if !engine.reading().is_complete() {
                self.count_reading().await?;
            }
            return Ok(0);
        }
        let mut unread = Vec::with_capacity(subjects.len());
        let mut texts = Vec::with_capacity(subjects.len());
        for subject in subjects {
            match self.load(subject).await? {
                Some(Unread::Job(job)) => {
                    texts.push(job_text(&job.content));
                    unread.push(Unread::Job(job));
                }
                Some(Unread::Profile(profile)) => {
                    texts.push(profile_text(&profile.content, &profile.display_name));
                    unread.push(Unread::Profile(profile));
                }
                // Closed or paused since.
                None => {}
            }
        }
        let vectors = engine.embedder.embed_bulk(&texts).await?;
        let hashes: Vec<_> = texts.iter().map(|text| embedding::content_hash(text)).collect();
        let subjects: Vec<_> = unread.iter().map(Unread::subject).zip(hashes.iter().copied()).collect();
        let read: Vec<_> = hashes.iter().copied().zip(vectors.iter().cloned()).collect();
        let mut tx = self.database.begin_as_house().await?;
        embeddings::insert(&mut *tx, &engine.model.id, &read).await?;
        embeddings::set_texts(&mut tx, &subjects).await?;
        if unread.iter().any(|unread| matches!(unread, Unread::Profile(_))) {
            rankings::request_all(&mut tx).await?;
        }
        let jobs: Vec<JobId> = unread.iter().filter_map(Unread::job_id).collect();
        rankings::request(&mut tx, &jobs).await?;
        tx.commit().await?;
        for (unread, vector) in unread.iter().zip(&vectors) {
            // Reading took a while. What was edited, closed or paused meanwhile has an event of its
            // own, which knows better.
            let now = self.load(unread.subject()).await?;
            if now.is_some_and(|now| now.version() == unread.version()) {
                self.put_in_index(unread, vector);
            }
        }
        self.index_twins(&read, &subjects).await?;
        self.count_reading().await?;
        Ok(unread.len())
    }

    fn put_in_index(&self, unread: &Unread, vector: &[f32]) {
        self.engine.change(|state| match unread {
            Unread::Job(job) => {
                state.jobs.upsert(JobSpec::new(job, Some(vector)));
            }
            Unread::Profile(profile) => {
                state.freelancers.upsert(CandidateSpec::new(profile, Some(vector)));
            }
        });
    }

    /// Two profiles may read alike: with the text of one, the other has been read as well.
    async fn index_twins(&self, read: &[([u8; 32], Vec<f32>)], known: &[(Subject, [u8; 32])]) -> Result<()> {
        let hashes: Vec<_> = read.iter().map(|(hash, _)| *hash).collect();
        for (subject, hash) in embeddings::subjects_of(self.database.house(), &hashes).await? {
            if known.iter().any(|(other, _)| *other == subject) {
                continue;
            }
            let vector = read.iter().find(|(other, _)| *other == hash).map(|(_, vector)| vector);
            if let (Some(twin), Some(vector)) = (self.load(subject).await?, vector) {
                self.put_in_index(&twin, vector);
            }
        }
        Ok(())
    }

    async fn load(&self, subject: Subject) -> Result<Option<Unread>> {
        let pool = self.database.house();
        Ok(match subject {
            Subject::Job(id) => jobs::by_id(pool, JobId::from(id))
                .await?
                .filter(|job| job.status == JobStatus::Open)
                .map(|job| Unread::Job(Box::new(job))),
            Subject::Profile(id) => profiles::by_user(pool, UserId::from(id))
                .await?
                .filter(|profile| profile.content.visibility == Visibility::Visible)
                .map(|profile| Unread::Profile(Box::new(profile))),
        })
    }

    /// Ranks every job that is due.
    pub async fn rank_due(&self) -> Result<()> {
        loop {
            let due = rankings::due(self.database.house(), 64).await?;
            if due.is_empty() {
                return Ok(());
            }
            for due in due {
                self.rank_again(due).await?;
            }
        }
    }
}

impl Unread {
    fn version(&self) -> i32 {
        match self {
            Self::Job(job) => job.version,
            Self::Profile(profile) => profile.version,
        }
    }

    fn subject(&self) -> Subject {
        match self {
            Self::Job(job) => Subject::Job(job.id.uuid()),
            Self::Profile(profile) => Subject::Profile(profile.user_id.uuid()),
        }
    }

    fn job_id(&self) -> Option<JobId> {
        match self {
            Self::Job(job) => Some(job.id),
            Self::Profile(_) => None,
        }
    }
}
