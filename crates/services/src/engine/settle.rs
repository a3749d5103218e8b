//! Comparing a new ranking with the stored matches, and writing what changed: the matches, the
//! messages of the feeds and the delivery of the event, all in one transaction.

use std::collections::{HashMap, HashSet};

use domain::{
    JobId, UserId,
    feed::{CandidatesChange, FeedEvent, RemovalReason},
    job::{Job, JobStatus},
    receipt::{ComponentKind, Receipt},
};
use events::relay::Delivery;
use serde_json::Value;
use sqlx::{PgConnection, Postgres, Transaction};
use storage::{
    feeds, jobs, matches,
    matches::CandidateRow,
    outbox,
    rankings::{self, Due},
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
    Due(Due),
}

/// Whom a job suits now.
pub(super) struct Ranking {
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
        let Ranking { best: ranked, reason, edited } = ranking;
        let mut tx = self.database.begin_as_house().await?;
        if !claim(&mut tx, cause).await? {
            return Ok(());
        }
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
        let is_news = |(freelancer, receipt): &&(UserId, Receipt)| {
            before.get(freelancer).is_none_or(|old| edited || differs(old, receipt))
        };
        let changed: Vec<_> = ranked.iter().filter(is_news).collect();
        let saved: Vec<_> =
            changed.iter().map(|(freelancer, receipt)| (job.id, *freelancer, receipt)).collect();
        let now = self.now();
        // While the database stores the receipts, the messages about them are written.
        let (stored, rows, messages) = tokio::join!(
            matches::save(&mut tx, &saved, now),
            matches::with_receipts(self.database.house(), changed.iter().map(|&pair| pair.clone()).collect()),
            async {
                let mut messages = Messages::new();
                for (freelancer, receipt) in &changed {
                    let card = match_card(job, receipt);
                    let event = if before.contains_key(freelancer) {
                        FeedEvent::MatchUpdated(card)
                    } else {
                        FeedEvent::MatchAdded(card)
                    };
                    messages.push((*freelancer, message(&event)?));
                }
                for freelancer in &gone {
                    let event = FeedEvent::MatchRemoved { job_id: job.id, reason };
                    messages.push((*freelancer, message(&event)?));
                }
                Ok::<_, ServiceError>(messages)
            }
        );
        stored?;
        let mut messages = messages?;
        let pairs: Vec<_> = gone.iter().map(|id| (job.id, *id)).collect();
        matches::remove(&mut tx, &pairs, now).await?;
        messages.extend(candidates_changed(job, &rows?, gone)?);
        self.finish(tx, cause, messages, stages).await
    }

    /// Makes `ranked` the matches of a freelancer, as far as each job has room for them among its
    /// best.
    pub(super) async fn settle_freelancer(
        &self,
        delivery: Delivery,
        freelancer: UserId,
        ranked: Vec<(JobId, Receipt)>,
        stages: &mut Stages,
    ) -> Result<()> {
        let cause = Cause::Event(delivery);
        let mut tx = self.database.begin_as_house().await?;
        if !claim(&mut tx, cause).await? {
            return Ok(());
        }
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
            let job = jobs::by_id(&mut *tx, *job_id).await?;
            let Some(job) = job.filter(|job| job.status == JobStatus::Open) else { continue };
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

    /// Adds the message that tells a job's client how their candidates changed.
    async fn tell_client(
        &self,
        db: &mut PgConnection,
        job: &Job,
        changed: Vec<(UserId, Receipt)>,
        removed: Vec<UserId>,
        messages: &mut Messages,
    ) -> Result<()> {
        let rows = matches::with_receipts(db, changed).await?;
        messages.extend(candidates_changed(job, &rows, removed)?);
        Ok(())
    }

    /// Numbers the messages, commits, and only then tells the open sockets.
    async fn finish(
        &self,
        mut tx: Transaction<'static, Postgres>,
        cause: Cause,
        messages: Messages,
        stages: &mut Stages,
    ) -> Result<()> {
        let numbers = feeds::append(&mut tx, &messages).await?;
        if let Cause::Due(due) = cause {
            rankings::done(&mut tx, due).await?;
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

/// What tells a job's client how their candidates changed, if they did.
fn candidates_changed(
    job: &Job,
    changed: &[CandidateRow],
    removed: Vec<UserId>,
) -> Result<Option<(UserId, Value)>> {
    if changed.is_empty() && removed.is_empty() {
        return Ok(None);
    }
    let upserted = changed.iter().map(candidate_card).collect();
    let change = CandidatesChange { job_id: job.id, job_title: job.content.title.clone(), upserted, removed };
    Ok(Some((job.client_id, message(&FeedEvent::CandidatesChanged(change))?)))
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
