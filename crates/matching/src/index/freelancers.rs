//! The best freelancers for a job.

use domain::{
    UserId,
    receipt::{ComponentKind, ONE_PPM, Receipt},
    skill::SkillLevel,
};

use super::shelf::{Search, Shelf};
use crate::{
    assess::{Context, age_hours, assess},
    filter::admit,
    fit,
    policy::Policy,
    spec::{CandidateFacts, CandidateSpec, JobSpec},
};

/// Level and years.
type Practice = (SkillLevel, u16);

/// All freelancers, ready to be searched for a job.
#[derive(Debug)]
pub struct FreelancerIndex {
    shelf: Shelf<UserId, CandidateFacts, Practice>,
    specs: Vec<CandidateSpec>,
}

impl FreelancerIndex {
    /// An empty index for vectors of `dimension` numbers. Profiles whose vector is missing or of
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

    pub fn get(&self, id: UserId) -> Option<&CandidateSpec> {
        self.shelf.row(id).map(|row| &self.specs[row])
    }

    /// Adds a profile, or puts it in the place of its former state.
    pub fn upsert(&mut self, candidate: CandidateSpec) {
        self.remove(candidate.user_id());
        let skills =
            candidate.skills.iter().map(|known| (known.skill.key.as_str(), (known.level, known.years)));
        self.shelf.push(candidate.user_id(), candidate.facts, candidate.vector.clone(), skills);
        self.specs.push(candidate);
    }

    /// Takes a profile out; whether it was there.
    pub fn remove(&mut self, id: UserId) -> bool {
        let row = self.shelf.remove(id);
        row.map(|row| self.specs.swap_remove(row)).is_some()
    }

    /// The best `n` freelancers for a job that reach the policy's threshold, the best first; equal
    /// scores are in the order of their ids. Each receipt is the one [`assess`] gives.
    pub fn best_for(&self, job: &JobSpec, context: &Context<'_>, n: usize) -> Vec<(UserId, Receipt)> {
        let Some(vector) = &job.vector else { return Vec::new() };
        let policy = context.policy;
        let weight = |kind| policy.weights.of(kind);
        let shares = fit::skill_shares(job.required.len(), job.nice_to_have.len(), policy);
        let worth = Worth::new(policy);
        let skills: Vec<_> = job.skills().map(|skill| skill.key.as_str()).collect();
        let freshness = fit::contribution(
            weight(ComponentKind::Freshness),
            fit::freshness(age_hours(job.facts.published_at, context.now), policy),
        );
        let elsewhere = [
            ComponentKind::Experience,
            ComponentKind::Rate,
            ComponentKind::Availability,
            ComponentKind::TimeZone,
            ComponentKind::Meaning,
        ];
        let most_elsewhere = freshness + elsewhere.map(weight).iter().sum::<u32>();
        let needed = policy.threshold.ppm().saturating_sub(most_elsewhere);
        let search = Search {
            vector,
            meaning_weight: weight(ComponentKind::Meaning),
            range: context.model.range,
            skills: &skills,
            least_skill_sum: if job.facts.asks_skills {
                least_sum(needed, weight(ComponentKind::Skills))
            } else {
                0
            },
            threshold: policy.threshold.ppm(),
            n,
        };
        let best = self.shelf.search(
            &search,
            |i, (level, years)| shares[i] * worth.of(level, years),
            |candidate, sum| {
                admit(&job.facts, candidate, context).ok()?;
                Some(freshness + fit::without_meaning(&job.facts, candidate, sum, policy))
            },
        );
        let receipt = |(row, _)| {
            let candidate: &CandidateSpec = &self.specs[row];
            Some((candidate.user_id(), assess(job, candidate, context).ok()?))
        };
        best.into_iter().filter_map(receipt).collect()
    }
}

/// The least sum of shares × worth whose contribution reaches `needed`.
fn least_sum(needed: u32, weight: u32) -> u32 {
    if needed == 0 {
        return 0;
    }
    let fit = (u64::from(needed) * u64::from(ONE_PPM)).div_ceil(u64::from(weight).max(1));
    u32::try_from(fit * 1000).unwrap_or(u32::MAX)
}

/// The worth of every level and number of years, looked up instead of computed.
struct Worth(Vec<[u32; SkillLevel::ALL.len()]>);

impl Worth {
    fn new(policy: &Policy) -> Self {
        let row = |years| std::array::from_fn(|level| fit::worth(SkillLevel::ALL[level], years, policy));
        Self((0..=policy.full_years).map(row).collect())
    }

    fn of(&self, level: SkillLevel, years: u16) -> u32 {
        self.0[usize::from(years).min(self.0.len() - 1)][level as usize]
    }
}
