//! Comparing a new ranking with the stored matches, and writing what changed: the matches, the
//! messages of the feeds and the delivery of the event, all in one transaction.

use std::collections::{HashMap, HashSet};

use domain::{
    JobId, UserId,
    feed::{CandidatesChange, FeedEvent, RemovalReason},
    job::Job,
    receipt::{ComponentKind, Receipt},
};
use events::relay::Delivery;
use serde_json::Value;
use sqlx::{PgConnection, Postgres, Transaction};
use storage::{
    embeddings::{self, Subject},
    feeds, jobs, matches, outbox, rankings,
};

use crate::{
    Result, ServiceError, Services,
    engine::{
        cards::{candidate_card, match_card},
        stages::{Stage, Stages},
    },
    live,
};

/// What a ranking was made for.
#[derive(Clone, Copy)]
pub(super) enum Cause {
    Event(Delivery),
    Due(JobId),
}

/// A text that stands for a job or a profile from now on.
pub(super) struct Text {
    pub(super) subject: Subject,
    pub(super) hash: [u8; 32],
    pub(super) vector: Vec<f32>,
    /// The model has just read it for the first time.
    pub(super) is_new: bool,
}

/// Whom a job suits now.
pub(super) struct Ranking {
    pub(super) text: Option<Text>,
    pub(super) best: Vec<(UserId, Receipt)>,
    /// Why those who are not among them any more are not.
    pub(super) reason: RemovalReason,
    /// Those who stay are told of it too, for the job itself was edited.
    pub(super) edited: bool,
}

/// What a transaction has to tell people.
type Messages = Vec<(UserId, Value)>;

impl Services {
    /// Makes the best of the ranking the matches of a job.
    pub(super) async fn settle_job(
        &self,
        cause: Cause,
        job: &Job,
        ranking: Ranking,
        stages: &mut Stages,
    ) -> Result<()> {
        let Ranking { text, best: ranked, reason, edited } = ranking;
        let mut tx = self.database.begin().await?;
        if !claim(&mut tx, cause).await? {
            return Ok(());
        }
        self.keep(&mut tx, text).await?;
        let before: HashMap<UserId, Receipt> = matches::of_job(&mut *tx, job.id)
            .await?
            .into_iter()
            .map(|m| (m.freelancer_id, m.receipt))
            .collect();
        let now_in: HashSet<UserId> = ranked.iter().map(|(id, _)| *id).collect();
        let closing = reason == RemovalReason::Closed;
        let gone: Vec<UserId> = before
            .keys()
            .filter(|id| !now_in.contains(id) && (closing || !self.engine.is_unread(**id)))
            .copied()
            .collect();
        let mut messages = Messages::new();
        let mut saved = Vec::new();
        for (freelancer, receipt) in &ranked {
            let event = match before.get(freelancer) {
                None => FeedEvent::MatchAdded(match_card(job, receipt)),
                Some(old) if edited || differs(old, receipt) => {
                    FeedEvent::MatchUpdated(match_card(job, receipt))
                }
                Some(_) => continue,
            };
            saved.push((job.id, *freelancer, receipt));
            messages.push((*freelancer, message(&event)?));
        }
        for freelancer in &gone {
            messages.push((*freelancer, message(&FeedEvent::MatchRemoved { job_id: job.id, reason })?));
        }
        let pairs: Vec<_> = gone.iter().map(|id| (job.id, *id)).collect();
        matches::save(&mut tx, &saved, self.now()).await?;
        matches::remove(&mut tx, &pairs, self.now()).await?;
        let changed = saved.iter().map(|&(_, id, receipt)| (id, receipt.clone())).collect();
        self.tell_client(&mut tx, job, changed, gone, &mut messages).await?;
        self.finish(tx, cause, messages, stages).await
    }

    /// Makes `ranked` the matches of a freelancer, as far as each job has room for them among its
    /// best.
    pub(super) async fn settle_freelancer(
        &self,
        delivery: Delivery,
        freelancer: UserId,
        text: Option<Text>,
        ranked: Vec<(JobId, Receipt)>,
        stages: &mut Stages,
    ) -> Result<()> {
        let cause = Cause::Event(delivery);
        let mut tx = self.database.begin().await?;
        if !claim(&mut tx, cause).await? {
            return Ok(());
        }
        self.keep(&mut tx, text).await?;
        let before: HashMap<JobId, Receipt> = matches::of_freelancer(&mut *tx, freelancer)
            .await?
            .into_iter()
            .map(|m| (m.job_id, m.receipt))
            .collect();
        let fill: HashMap<JobId, _> = {
            let wanted: Vec<JobId> = ranked.iter().map(|(id, _)| *id).chain(before.keys().copied()).collect();
            let rows = matches::fill_of_jobs(&mut *tx, &wanted).await?;
            rows.into_iter().map(|(job, count, last, lowest)| (job, (count, last, lowest))).collect()
        };
        let top_n = self.engine.policy.top_n as i64;
        let mut messages = Messages::new();
        let mut now_in = HashSet::new();
        let mut rank_again = Vec::new();
        for (job_id, receipt) in &ranked {
            let old = before.get(job_id);
            let full = fill.get(job_id).filter(|(count, ..)| *count >= top_n);
            if old.is_none() && full.is_some_and(|(.., lowest)| receipt.score <= *lowest) {
                continue;
            }
            now_in.insert(*job_id);
            if old.is_some_and(|old| !differs(old, receipt)) {
                continue;
            }
            // The job may have been closed a moment ago: its own event is then on its way.
            let Some(job) = jobs::by_id(&mut *tx, *job_id).await? else { continue };
            let card = match_card(&job, receipt);
            matches::save(&mut tx, &[(*job_id, freelancer, receipt)], self.now()).await?;
            let mut displaced = Vec::new();
            match (old, full) {
                (None, Some((_, last, _))) => {
                    messages.push((freelancer, message(&FeedEvent::MatchAdded(card))?));
                    let removed =
                        FeedEvent::MatchRemoved { job_id: *job_id, reason: RemovalReason::NoLongerFits };
                    messages.push((*last, message(&removed)?));
                    matches::remove(&mut tx, &[(*job_id, *last)], self.now()).await?;
                    displaced.push(*last);
                }
                (None, None) => messages.push((freelancer, message(&FeedEvent::MatchAdded(card))?)),
                (Some(old), _) => {
                    messages.push((freelancer, message(&FeedEvent::MatchUpdated(card))?));
                    // Who fell back in a full list may have fallen behind somebody not in it.
                    if full.is_some() && receipt.score < old.score {
                        rank_again.push(*job_id);
                    }
                }
            }
            let changed = vec![(freelancer, receipt.clone())];
            self.tell_client(&mut tx, &job, changed, displaced, &mut messages).await?;
        }
        for job_id in before.keys().filter(|id| !now_in.contains(id)) {
            let removed = FeedEvent::MatchRemoved { job_id: *job_id, reason: RemovalReason::NoLongerFits };
            messages.push((freelancer, message(&removed)?));
            matches::remove(&mut tx, &[(*job_id, freelancer)], self.now()).await?;
            if let Some(job) = jobs::by_id(&mut *tx, *job_id).await? {
                self.tell_client(&mut tx, &job, Vec::new(), vec![freelancer], &mut messages).await?;
            }
            // A place in a full list is free again: somebody behind may take it.
            if fill.get(job_id).is_some_and(|(count, ..)| *count >= top_n) {
                rank_again.push(*job_id);
            }
        }
        rankings::request(&mut tx, &rank_again).await?;
        self.finish(tx, cause, messages, stages).await
    }

    /// Keeps a vector that is new, and notes which text it stands for.
    async fn keep(&self, db: &mut PgConnection, text: Option<Text>) -> Result<()> {
        let Some(Text { subject, hash, vector, is_new }) = text else { return Ok(()) };
        if is_new {
            embeddings::insert(&mut *db, &self.engine.model.id, &[(hash, vector)]).await?;
        }
        embeddings::set_text(db, subject, &hash).await?;
        Ok(())
    }

    /// Adds the message that tells a job's client how their candidates changed.
    async fn tell_client(
        &self,
        db: &mut PgConnection,
        job: &Job,
        changed: Vec<(UserId, Receipt)>,
        removed: Vec<UserId>,
        messages: &mut Messages,
    ) -> Result<()> {
        if changed.is_empty() && removed.is_empty() {
            return Ok(());
        }
        let rows = matches::with_receipts(db, changed).await?;
        let upserted = rows.iter().map(candidate_card).collect();
        let change =
            CandidatesChange { job_id: job.id, job_title: job.content.title.clone(), upserted, removed };
        messages.push((job.client_id, message(&FeedEvent::CandidatesChanged(change))?));
        Ok(())
    }

    /// Numbers the messages, marks the cause as dealt with, commits, and only then tells the open
    /// sockets.
    async fn finish(
        &self,
        mut tx: Transaction<'static, Postgres>,
        cause: Cause,
        messages: Messages,
        stages: &mut Stages,
    ) -> Result<()> {
        let numbers = feeds::append(&mut tx, &messages).await?;
        match cause {
            Cause::Event(delivery) => outbox::delivered(&mut tx, delivery.id).await?,
            Cause::Due(job) => rankings::done(&mut tx, job).await?,
        }
        tx.commit().await?;
        stages.reached(Stage::Settle);
        let born = match cause {
            Cause::Event(delivery) => Some(delivery.written_at),
            Cause::Due(_) => None,
        };
        for ((user, message), seq) in messages.into_iter().zip(numbers) {
            let frame = live::Frame { born, ..live::frame(seq, message) };
            self.hub.publish(user, &frame);
        }
        stages.reached(Stage::Publish);
        Ok(())
    }
}

/// Takes the cause for this transaction; false if it has been dealt with already.
async fn claim(db: &mut PgConnection, cause: Cause) -> Result<bool> {
    match cause {
        Cause::Event(delivery) => Ok(outbox::claim(db, delivery.id).await?),
        Cause::Due(_) => Ok(true),
    }
}

fn message(event: &FeedEvent) -> Result<Value> {
    serde_json::to_value(event).map_err(ServiceError::internal)
}

/// Whether two receipts say different things. Freshness, which changes by the hour without anything
/// having happened, does not count.
fn differs(old: &Receipt, new: &Receipt) -> bool {
    let lasting = |receipt: &Receipt| {
        let parts = receipt.components.iter().filter(|part| part.kind != ComponentKind::Freshness);
        parts.cloned().collect::<Vec<_>>()
    };
    old.policy != new.policy
        || old.model != new.model
        || old.conditions != new.conditions
        || lasting(old) != lasting(new)
}
