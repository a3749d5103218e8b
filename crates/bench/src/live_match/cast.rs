//! The jobs that are posted, and the people who watch.

use std::{cmp::Reverse, collections::HashMap};

use anyhow::ensure;
use chrono::{DateTime, TimeDelta, Utc};
use demo_data::Plan;
use domain::{
    JobId, UserId,
    job::{Job, JobContent, JobForm, JobStatus},
    place::Region,
};
use embedding::Embedder;
use futures::TryStreamExt as _;
use matching::{Blocks, CandidateSpec, Context, FreelancerIndex, JobSpec, Model, Policy, job_text};
use storage::{Database, profiles};

/// Of another seed than the people's, so that jobs and profiles do not share their dice.
const SEED: u64 = 88;
const WORDS: std::ops::RangeInclusive<usize> = 120..=200;

/// Jobs of 120 to 200 words.
pub(super) fn jobs(count: usize) -> anyhow::Result<Vec<JobForm>> {
    let plan = Plan::new(1, count * 3, SEED, DateTime::UNIX_EPOCH + TimeDelta::days(20_000));
    let fitting = demo_data::jobs(plan)
        .filter(|job| WORDS.contains(&job.content.description.split_whitespace().count()))
        .map(|job| JobForm::from(&job.content));
    let jobs: Vec<_> = fitting.take(count).collect();
    ensure!(jobs.len() == count, "only {} of the made-up jobs have the right length", jobs.len());
    Ok(jobs)
}

/// The people whom most of these jobs suit: they get frames. Found with the product's own engine,
/// before the server starts.
pub(super) async fn audience(
    database: &Database,
    embedder: &dyn Embedder,
    jobs: &[JobForm],
    count: usize,
) -> anyhow::Result<Vec<UserId>> {
    let mut index = FreelancerIndex::new(embedder.dimension());
    let mut everybody = Vec::new();
    let mut rows = profiles::visible_with_vectors(database.house(), embedder.model().as_str());
    while let Some((profile, vector)) = rows.try_next().await? {
        everybody.push(profile.user_id);
        index.upsert(CandidateSpec::new(&profile, vector.as_deref()));
    }
    let model = Model { id: embedder.model().to_string(), range: embedder.similarity_range() };
    let (policy, blocks) = (Policy::default(), Blocks::default());
    let context = Context { policy: &policy, model: &model, blocks: &blocks, now: Utc::now() };
    let contents: Vec<_> = jobs.iter().filter_map(|form| form.validate().ok()).collect();
    ensure!(contents.len() == jobs.len(), "some of the made-up jobs are not valid");
    let texts: Vec<_> = contents.iter().map(job_text).collect();
    let vectors = embedder.embed_bulk(&texts).await?;
    let mut matches: HashMap<UserId, usize> = everybody.into_iter().map(|id| (id, 0)).collect();
    for (content, vector) in contents.into_iter().zip(&vectors) {
        let spec = JobSpec::new(&posted(content, context.now), Some(vector));
        for (id, _) in index.best_for(&spec, &context, policy.top_n) {
            *matches.entry(id).or_default() += 1;
        }
    }
    let mut ranked: Vec<_> = matches.into_iter().collect();
    ranked.sort_unstable_by_key(|&(id, matches)| (Reverse(matches), id));
    Ok(ranked.into_iter().take(count).map(|(id, _)| id).collect())
}

/// The job as it will be stored.
fn posted(content: JobContent, now: DateTime<Utc>) -> Job {
    Job {
        id: JobId::new(),
        client_id: UserId::new(),
        client_name: String::new(),
        region: Region::Eu,
        status: JobStatus::Open,
        version: 1,
        content,
        created_at: now,
        updated_at: now,
        published_at: Some(now),
        closed_at: None,
    }
}
