//! The loop that the index is measured against: what one would write first, with care but without
//! an index. For each profile: check the filters, multiply the vectors, add up the score; sort;
//! write receipts for the best.
//!
//! It is given every simple advantage: skills are numbers and not texts, rates are converted
//! beforehand, vectors are of length one and lie one after the other, and the compiler can turn
//! their products into vector instructions.

use std::collections::HashMap;

use domain::{
    UserId,
    job::{BudgetKind, Job},
    language::LanguageLevel,
    place::WorkPlace,
    profile::{Profile, Visibility},
    receipt::Receipt,
    skill::Skill,
};
use matching::{CandidateSpec, Context, JobSpec, Policy, assess};
use rust_decimal::prelude::ToPrimitive;

struct Row {
    profile: Profile,
    /// Number, and worth from 0 to 1.
    skills: Vec<(u32, f32)>,
    rate: f32,
}

pub(crate) struct Loop {
    policy: Policy,
    dimension: usize,
    skill_numbers: HashMap<String, u32>,
    rows: Vec<Row>,
    vectors: Vec<f32>,
    specs: Vec<CandidateSpec>,
}

impl Loop {
    pub(crate) fn new(policy: Policy, dimension: usize) -> Self {
        Self {
            policy,
            dimension,
            skill_numbers: HashMap::new(),
            rows: Vec::new(),
            vectors: Vec::new(),
            specs: Vec::new(),
        }
    }

    pub(crate) fn push(&mut self, profile: Profile, vector: &[f32]) {
        self.specs.push(CandidateSpec::new(&profile, Some(vector)));
        let policy = &self.policy;
        let mut skills = Vec::new();
        for practised in &profile.content.skills {
            let next = self.skill_numbers.len() as u32;
            let number = *self.skill_numbers.entry(practised.skill.key.clone()).or_insert(next);
            let level = policy.level_worth[practised.level as usize] as f32 / 1000.0;
            let years = f32::from(practised.years.min(policy.full_years)) / f32::from(policy.full_years);
            let share = policy.years_share as f32 / 1000.0;
            skills.push((number, level * (1.0 - share * (1.0 - years))));
        }
        let rate = profile.content.rate.amount.to_f32().unwrap_or(f32::MAX);
        self.rows.push(Row { profile, skills, rate });
        let length = vector.iter().map(|x| x * x).sum::<f32>().sqrt();
        self.vectors.extend(vector.iter().map(|x| x / length));
    }

    pub(crate) fn best_for(
        &self,
        job: &Job,
        vector: &[f32],
        context: &Context<'_>,
        n: usize,
    ) -> Vec<(UserId, Receipt)> {
        let length = vector.iter().map(|x| x * x).sum::<f32>().sqrt();
        let vector: Vec<f32> = vector.iter().map(|x| x / length).collect();
        let required = self.importance(&job.content.required);
        let nice = self.importance(&job.content.nice_to_have);
        let share = if job.content.nice_to_have.is_empty() {
            1.0
        } else {
            self.policy.required_share_percent as f32 / 100.0
        };
        let mut found: Vec<(f32, usize)> = Vec::new();
        for (i, row) in self.rows.iter().enumerate() {
            if !self.passes(job, row) {
                continue;
            }
            let theirs = &self.vectors[i * self.dimension..(i + 1) * self.dimension];
            let cosine = dot(theirs, &vector);
            let skills = share * covered(&required, row) + (1.0 - share) * covered(&nice, row);
            let score = self.score(job, row, cosine, skills, context);
            if score >= self.policy.threshold.ppm() as f32 / 1e6 {
                found.push((score, i));
            }
        }
        found.sort_by(|a, b| b.0.total_cmp(&a.0));
        let job = JobSpec::new(job, Some(&vector));
        let receipt = |&(_, i): &(f32, usize)| {
            let receipt = assess(&job, &self.specs[i], context).ok()?;
            Some((self.specs[i].user_id(), receipt))
        };
        found.iter().take(n).filter_map(receipt).collect()
    }

    fn importance(&self, skills: &[Skill]) -> Vec<(u32, f32)> {
        let policy = &self.policy;
        let importance = |place: usize| {
            100_u32.saturating_sub(place as u32 * policy.importance_step).max(policy.least_importance) as f32
        };
        let sum: f32 = (0..skills.len()).map(importance).sum();
        let number = |key: &str| self.skill_numbers.get(key).copied().unwrap_or(u32::MAX);
        skills.iter().enumerate().map(|(i, s)| (number(&s.key), importance(i) / sum)).collect()
    }

    fn passes(&self, job: &Job, row: &Row) -> bool {
        let (wanted, profile) = (&job.content, &row.profile.content);
        let region_fits = wanted.regions.is_empty() || wanted.regions.contains(&row.profile.region);
        let place_fits = wanted.work_place == WorkPlace::Remote || profile.on_site;
        let speaks = |language| {
            let fluent = |level| level >= LanguageLevel::Conversational;
            profile.languages.iter().any(|spoken| spoken.language == language && fluent(spoken.level))
        };
        let hours = f32::from(wanted.weekly_hours.unwrap_or(0));
        let enough =
            f32::from(profile.weekly_hours) >= hours * self.policy.least_hours_percent as f32 / 100.0;
        profile.visibility == Visibility::Visible
            && region_fits
            && place_fits
            && profile.weekly_hours > 0
            && enough
            && wanted.languages.iter().all(|&language| speaks(language))
            && row.rate <= budget(job) * (1.0 + self.policy.rate_tolerance_percent as f32 / 100.0)
            && job.client_id != row.profile.user_id
    }

    fn score(&self, job: &Job, row: &Row, cosine: f32, skills: f32, context: &Context<'_>) -> f32 {
        let (wanted, profile) = (&job.content, &row.profile.content);
        let (low, high) = context.model.range;
        let policy = &self.policy;
        let weights = &policy.weights;
        let meaning = ((cosine - low) / (high - low)).clamp(0.0, 1.0);
        let experience = match wanted.experience {
            Some(level) if profile.experience < level => {
                let steps = level as usize - profile.experience as usize;
                policy.experience_below[steps - 1] as f32 / 1e6
            }
            _ => 1.0,
        };
        let over = (row.rate / budget(job) - 1.0).max(0.0);
        let rate = (1.0 - over * 100.0 / policy.rate_tolerance_percent as f32).max(0.0);
        let hours = wanted.weekly_hours.map_or(1.0, |h| f32::from(profile.weekly_hours) / f32::from(h));
        let shared = wanted.utc_offset.map_or(1.0, |offset| {
            f32::from(offset.shared_minutes(profile.utc_offset)) / f32::from(policy.full_overlap_minutes)
        });
        let age = (context.now - job.published_at.unwrap_or(job.created_at)).num_hours() as f32;
        let freshness = (-age / policy.freshness_half_life_hours as f32).exp2();
        let parts = [
            (weights.meaning, meaning),
            (weights.skills, skills),
            (weights.experience, experience),
            (weights.rate, rate),
            (weights.availability, hours.min(1.0)),
            (weights.time_zone, shared.min(1.0)),
            (weights.freshness, freshness),
        ];
        parts.iter().map(|(weight, fit)| *weight as f32 / 1e6 * fit).sum()
    }
}

/// Eight sums side by side, which the compiler turns into vector instructions.
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0_f32; 8];
    for (a, b) in a.as_chunks::<8>().0.iter().zip(b.as_chunks::<8>().0) {
        for lane in 0..8 {
            sums[lane] += a[lane] * b[lane];
        }
    }
    sums.iter().sum()
}

fn covered(asked: &[(u32, f32)], row: &Row) -> f32 {
    let worth =
        |number| row.skills.iter().find(|(known, _)| *known == number).map_or(0.0, |(_, worth)| *worth);
    asked.iter().map(|&(number, share)| share * worth(number)).sum()
}

fn budget(job: &Job) -> f32 {
    match job.content.budget.kind {
        BudgetKind::Fixed => f32::INFINITY,
        BudgetKind::Hourly => job.content.budget.max.to_f32().unwrap_or(f32::INFINITY),
    }
}
