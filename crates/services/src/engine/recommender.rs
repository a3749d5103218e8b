//! The recommender: what each event means for the matches.

use domain::{
    JobId, UserId,
    feed::RemovalReason,
    job::{Job, JobStatus},
    profile::Visibility,
};
use embedding::EmbedError;
use events::{
    Event,
    relay::{Consumer, Delivery, Refusal},
};
use matching::{CandidateSpec, JobSpec, job_text, profile_text};
use storage::{
    embeddings::{self, Subject},
    jobs, outbox, profiles,
    rankings::{self, Due},
};

use crate::{
    Result, ServiceError, Services,
    engine::{
        settle::{Cause, Ranking},
        stages::{Stage, Stages},
    },
};

/// A text that stands for a job or a profile from now on.
struct Text {
    subject: Subject,
    hash: [u8; 32],
    vector: Vec<f32>,
    /// The model has just read it for the first time.
    is_new: bool,
}

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
        let mut stages = Stages::begin(delivery.written_at);
        let engine = &self.engine;
        let Some(job) = jobs::by_id(self.database.house(), id).await? else {
            engine.change(|state| state.jobs.remove(id));
            return self.only_delivered(delivery).await;
        };
        if job.status != JobStatus::Open {
            engine.change(|state| state.jobs.remove(id));
            let _turn = engine.turn.lock().await;
            let ranking = Ranking { best: Vec::new(), reason: RemovalReason::Closed, edited: false };
            return self.settle_job(Cause::Event(delivery), &job, ranking, &mut stages).await;
        }
        let text = self.read(Subject::Job(id.uuid()), job_text(&job.content)).await?;
        let spec = JobSpec::new(&job, Some(&text.vector));
        engine.change(|state| state.jobs.upsert(spec.clone()));
        stages.reached(Stage::Embed);
        let edited = matches!(delivery.event, Event::JobEdited { .. });
        // Nobody waits for the vector to be stored. Should that fail alone, the reader finds the job
        // unread and reads it again.
        let (kept, settled) = tokio::join!(self.keep(&text), async {
            let _turn = engine.turn.lock().await;
            let best = engine.rank_freelancers(spec, self.now()).await?;
            stages.reached(Stage::Search);
            let ranking = Ranking { best, reason: RemovalReason::NoLongerFits, edited };
            self.settle_job(Cause::Event(delivery), &job, ranking, &mut stages).await
        });
        settled?;
        kept?;
        stages.tell(id);
        Ok(())
    }

    async fn profile_changed(&self, delivery: Delivery, id: UserId) -> Result<()> {
        let mut stages = Stages::begin(delivery.written_at);
        let engine = &self.engine;
        let profile = profiles::by_user(self.database.house(), id).await?;
        let visible = profile.filter(|profile| profile.content.visibility == Visibility::Visible);
        let Some(profile) = visible else {
            engine.change(|state| state.freelancers.remove(id));
            let _turn = engine.turn.lock().await;
            return self.settle_freelancer(delivery, id, Vec::new(), &mut stages).await;
        };
        let text = profile_text(&profile.content, &profile.display_name);
        let text = self.read(Subject::Profile(id.uuid()), text).await?;
        let spec = CandidateSpec::new(&profile, Some(&text.vector));
        engine.change(|state| state.freelancers.upsert(spec.clone()));
        stages.reached(Stage::Embed);
        let _turn = engine.turn.lock().await;
        let (kept, ranked) = tokio::join!(self.keep(&text), engine.rank_jobs(spec, self.now()));
        kept?;
        stages.reached(Stage::Search);
        self.settle_freelancer(delivery, id, ranked?, &mut stages).await
    }

    async fn block_changed(&self, delivery: Delivery, one: UserId, other: UserId) -> Result<()> {
        let blocked = storage::users::is_blocked(self.database.house(), one, other).await?;
        self.engine.change(|state| {
            if blocked { state.blocks.insert(one, other) } else { state.blocks.remove(one, other) }
        });
        let mut tx = self.database.begin_as_house().await?;
        if outbox::claim(&mut tx, delivery.id).await? {
            rankings::request_of_clients(&mut tx, &[one, other]).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// Ranks a job anew on the reader's behalf.
    pub(super) async fn rank_again(&self, due: Due) -> Result<()> {
        let (engine, id) = (&self.engine, due.job_id);
        let job: Option<Job> = jobs::by_id(self.database.house(), id).await?;
        let open = job.filter(|job| job.status == JobStatus::Open);
        let spec = engine.look(|state| state.jobs.get(id).cloned()).filter(|spec| spec.dimension().is_some());
        let (Some(job), Some(spec)) = (open, spec) else {
            // Closed meanwhile, or not read yet: its own event, or the reader, ranks it.
            let mut tx = self.database.begin_as_house().await?;
            rankings::done(&mut tx, due).await?;
            tx.commit().await?;
            return Ok(());
        };
        let _turn = engine.turn.lock().await;
        let mut stages = Stages::without_event();
        let best = engine.rank_freelancers(spec, self.now()).await?;
        stages.reached(Stage::Search);
        let ranking = Ranking { best, reason: RemovalReason::NoLongerFits, edited: false };
        self.settle_job(Cause::Due(due), &job, ranking, &mut stages).await
    }

    /// Reads a text: its vector comes from the database if the model has read it before, else from
    /// the model, ahead of anything that is read in bulk. A model that does not answer is asked again
    /// with the next delivery of the event, so that other events come in between.
    async fn read(&self, subject: Subject, text: String) -> Result<Text> {
        let hash = embedding::content_hash(&text);
        let known = embeddings::vector(self.database.house(), &self.engine.model.id, &hash).await?;
        let is_new = known.is_none();
        let vector = match known {
            Some(vector) => vector,
            None => {
                let limit = self.engine.read_within;
                let vectors = tokio::time::timeout(limit, self.engine.embedder.embed(&[text]))
                    .await
                    .map_err(|_elapsed| EmbedError::Unavailable(format!("no answer within {limit:?}")))??;
                vectors.into_iter().next().ok_or(ServiceError::NotFound("vector"))?
            }
        };
        Ok(Text { subject, hash, vector, is_new })
    }

    async fn keep(&self, text: &Text) -> storage::Result<()> {
        let new = text.is_new.then_some(text.vector.as_slice());
        embeddings::set_text(self.database.house(), &self.engine.model.id, text.subject, &text.hash, new)
            .await
    }

    async fn only_delivered(&self, delivery: Delivery) -> Result<()> {
        let mut tx = self.database.begin_as_house().await?;
        outbox::claim(&mut tx, delivery.id).await?;
        tx.commit().await?;
        Ok(())
    }
}
