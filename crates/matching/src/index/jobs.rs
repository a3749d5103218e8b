//! The best jobs for a freelancer.

use std::collections::HashMap;

use domain::{
    JobId,
    receipt::{ComponentKind, Receipt},
};

use super::shelf::{Search, Shelf};
use crate::{
    assess::{Context, age_hours, assess},
    filter::admit,
    fit,
    spec::{CandidateSpec, JobFacts, JobSpec},
};

/// Where a skill stands in a job's list, and how many required and nice-to-have ones that has.
#[derive(Clone, Copy, Debug)]
struct Asked {
    place: u16,
    required: u16,
    nice_to_have: u16,
}

/// All jobs, ready to be searched for a freelancer.
#[derive(Debug)]
pub struct JobIndex {
    shelf: Shelf<JobId, JobFacts, Asked>,
    specs: Vec<JobSpec>,
}

impl JobIndex {
    /// An empty index for vectors of `dimension` numbers. Jobs whose vector is missing or of
    /// another dimension are kept and never found.
    pub fn new(dimension: usize) -> Self {
        Self { shelf: Shelf::new(dimension), specs: Vec::new() }
    }

    pub fn len(&self) -> usize {
        self.shelf.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn get(&self, id: JobId) -> Option<&JobSpec> {
        self.shelf.row(id).map(|row| &self.specs[row])
    }

    /// Adds a job, or puts it in the place of its former state.
    pub fn upsert(&mut self, job: JobSpec) {
        self.remove(job.id());
        // Far from saturating: a specification holds no more than `MAX_SKILLS`.
        let short = |number: usize| u16::try_from(number).unwrap_or(u16::MAX);
        let (required, nice_to_have) = (short(job.required.len()), short(job.nice_to_have.len()));
        let asked = |(place, skill)| (skill, Asked { place: short(place), required, nice_to_have });
        let skills = job.skills().map(|skill| skill.key.as_str()).enumerate().map(asked);
        self.shelf.push(job.id(), job.facts, job.vector.clone(), skills);
        self.specs.push(job);
    }

    /// Takes a job out; whether it was there.
    pub fn remove(&mut self, id: JobId) -> bool {
        let row = self.shelf.remove(id);
        row.map(|row| self.specs.swap_remove(row)).is_some()
    }

    /// The best `n` jobs for a freelancer that reach the policy's threshold, the best first; equal
    /// scores are in the order of their ids. Each receipt is the one [`assess`] gives.
    pub fn best_for(
        &self,
        candidate: &CandidateSpec,
        context: &Context<'_>,
        n: usize,
    ) -> Vec<(JobId, Receipt)> {
        let Some(vector) = &candidate.vector else { return Vec::new() };
        let policy = context.policy;
        let skills: Vec<_> = candidate.skills.iter().map(|known| known.skill.key.as_str()).collect();
        let worth: Vec<_> =
            candidate.skills.iter().map(|known| fit::worth(known.level, known.years, policy)).collect();
        let mut shares: HashMap<(u16, u16), Vec<u32>> = HashMap::new();
        let search = Search {
            vector,
            meaning_weight: policy.weights.meaning,
            range: context.model.range,
            skills: &skills,
            least_skill_sum: 0,
            threshold: policy.threshold.ppm(),
            n,
        };
        let best = self.shelf.search(
            &search,
            |i, Asked { place, required, nice_to_have }| {
                let shares = shares.entry((required, nice_to_have)).or_insert_with(|| {
                    fit::skill_shares(usize::from(required), usize::from(nice_to_have), policy)
                });
                shares[usize::from(place)] * worth[i]
            },
            |job, sum| {
                admit(job, &candidate.facts, context).ok()?;
                let freshness = fit::freshness(age_hours(job.published_at, context.now), policy);
                let freshness = fit::contribution(policy.weights.of(ComponentKind::Freshness), freshness);
                Some(freshness + fit::without_meaning(job, &candidate.facts, sum, policy))
            },
        );
        let receipt = |(row, _)| {
            let job: &JobSpec = &self.specs[row];
            Some((job.id(), assess(job, candidate, context).ok()?))
        };
        best.into_iter().filter_map(receipt).collect()
    }
}
