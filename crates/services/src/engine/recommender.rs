//! The recommender: what each event means for the matches.

use domain::{
    JobId, UserId,
    feed::RemovalReason,
    job::{Job, JobStatus},
    profile::{Profile, Visibility},
};
use events::{
    Event,
    relay::{Consumer, Delivery, Refusal},
};
use matching::{CandidateSpec, JobSpec, job_text, profile_text};
use storage::{
    embeddings::{self, Subject},
    jobs, outbox, profiles, rankings,
};

use crate::{Result, ServiceError, Services, engine::settle::Cause};

impl Consumer for Services {
    async fn deliver(&self, delivery: Delivery) -> Result<(), Refusal> {
        let done = match delivery.event {
            Event::JobPosted { job_id } | Event::JobEdited { job_id } | Event::JobClosed { job_id } => {
                self.job_changed(delivery, job_id).await
            }
            Event::ProfileSaved { user_id } => self.profile_changed(delivery, user_id).await,
            Event::BlockChanged { blocker_id, blocked_id } => {
                self.block_changed(delivery, blocker_id, blocked_id).await
            }
        };
        done.map_err(|error| match error {
            ServiceError::Unavailable(cause) => match cause.downcast::<storage::Error>() {
                Ok(error) => Refusal::Unavailable(*error),
                Err(cause) => Refusal::Failed(chain(cause.as_ref())),
            },
            other => Refusal::Failed(chain(&other)),
        })
    }
}

/// An error with its causes, for the operator who finds the event parked.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

impl Services {
    async fn job_changed(&self, delivery: Delivery, id: JobId) -> Result<()> {
        let engine = &self.engine;
        let Some(job) = jobs::by_id(self.database.pool(), id).await? else {
            engine.change(|state| state.jobs.remove(id));
            return self.only_delivered(delivery).await;
        };
        let edited = matches!(delivery.event, Event::JobEdited { .. });
        if job.status == JobStatus::Open {
            let vector = self.vector_of(Subject::Job(id.uuid()), job_text(&job.content)).await?;
            let spec = JobSpec::new(&job, Some(&vector));
            engine.change(|state| state.jobs.upsert(spec.clone()));
            let _turn = engine.turn.lock().await;
            let ranked = engine.rank_freelancers(spec, self.now()).await;
            self.settle_job(Cause::Event(delivery), &job, ranked, RemovalReason::NoLongerFits, edited).await
        } else {
            engine.change(|state| state.jobs.remove(id));
            let _turn = engine.turn.lock().await;
            self.settle_job(Cause::Event(delivery), &job, Vec::new(), RemovalReason::Closed, false).await
        }
    }

    async fn profile_changed(&self, delivery: Delivery, id: UserId) -> Result<()> {
        let engine = &self.engine;
        let profile = profiles::by_user(self.database.pool(), id).await?;
        let visible = profile.filter(|profile| profile.content.visibility == Visibility::Visible);
        let Some(profile) = visible else {
            engine.change(|state| state.freelancers.remove(id));
            let _turn = engine.turn.lock().await;
            return self.settle_freelancer(delivery, id, Vec::new()).await;
        };
        let spec = self.read_profile(&profile).await?;
        engine.change(|state| state.freelancers.upsert(spec.clone()));
        let _turn = engine.turn.lock().await;
        let ranked = engine.rank_jobs(spec, self.now()).await;
        self.settle_freelancer(delivery, id, ranked).await
    }

    async fn block_changed(&self, delivery: Delivery, one: UserId, other: UserId) -> Result<()> {
        let blocked = storage::users::is_blocked(self.database.pool(), one, other).await?;
        self.engine.change(|state| {
            if blocked { state.blocks.insert(one, other) } else { state.blocks.remove(one, other) }
        });
        let mut tx = self.database.begin().await?;
        if outbox::claim(&mut tx, delivery.id).await? {
            rankings::request_of_clients(&mut tx, &[one, other]).await?;
            outbox::delivered(&mut tx, delivery.id).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// Ranks a job anew on the reader's behalf.
    pub(super) async fn rank_again(&self, id: JobId) -> Result<()> {
        let engine = &self.engine;
        let job: Option<Job> = jobs::by_id(self.database.pool(), id).await?;
        let open = job.filter(|job| job.status == JobStatus::Open);
        let spec = engine.look(|state| state.jobs.get(id).cloned()).filter(|spec| spec.dimension().is_some());
        let (Some(job), Some(spec)) = (open, spec) else {
            // Closed meanwhile, or not read yet: its own event, or the reader, ranks it.
            let mut tx = self.database.begin().await?;
            rankings::done(&mut tx, id).await?;
            tx.commit().await?;
            return Ok(());
        };
        let _turn = engine.turn.lock().await;
        let ranked = engine.rank_freelancers(spec, self.now()).await;
        self.settle_job(Cause::Due(id), &job, ranked, RemovalReason::NoLongerFits, false).await
    }

    async fn read_profile(&self, profile: &Profile) -> Result<CandidateSpec> {
        let text = profile_text(&profile.content, &profile.display_name);
        let vector = self.vector_of(Subject::Profile(profile.user_id.uuid()), text).await?;
        Ok(CandidateSpec::new(profile, Some(&vector)))
    }

    /// The vector of a text: from the database if the model has read it before, else from the
    /// model, ahead of anything that is read in bulk.
    async fn vector_of(&self, subject: Subject, text: String) -> Result<Vec<f32>> {
        let (pool, model) = (self.database.pool(), self.engine.model.id.as_str());
        let hash = embedding::content_hash(&text);
        let known = embeddings::vector(pool, model, &hash).await?;
        let vector = match known {
            Some(vector) => vector,
            None => {
                let vectors = self.engine.embedder.embed(&[text]).await?;
                let vector = vectors.into_iter().next().ok_or(ServiceError::NotFound("vector"))?;
                embeddings::insert(pool, model, &[(hash, vector.clone())]).await?;
                vector
            }
        };
        embeddings::set_text(pool, subject, &hash).await?;
        Ok(vector)
    }

    async fn only_delivered(&self, delivery: Delivery) -> Result<()> {
        let mut tx = self.database.begin().await?;
        if outbox::claim(&mut tx, delivery.id).await? {
            outbox::delivered(&mut tx, delivery.id).await?;
        }
        tx.commit().await?;
        Ok(())
    }
}
