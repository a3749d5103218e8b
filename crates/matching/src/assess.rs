//! The one scorer.

use chrono::{DateTime, Utc};
use domain::money::Currency;
use domain::receipt::{
    Component, ComponentKind, Condition, Entered, Evidence, Receipt, Score, SkillEvidence,
};
use domain::skill::Skill;
use serde::{Deserialize, Serialize};

use crate::{
    blocks::Blocks,
    filter::{Exclusion, admit},
    fit,
    policy::Policy,
    spec::{CandidateSpec, JobSpec},
};

/// The model that made the vectors.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Model {
    pub id: String,
    /// The cosine at which two texts of this model have nothing in common, and the one from which
    /// on they are about the same; in between the fit rises in a straight line.
    pub range: (f32, f32),
}

/// What a score depends on besides the pair itself.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    pub policy: &'a Policy,
    pub model: &'a Model,
    pub blocks: &'a Blocks,
    /// The moment for which the score holds.
    pub now: DateTime<Utc>,
}

/// Judges how well a freelancer suits a job, with everything the judgement rests on; or says which
/// condition is not met.
pub fn assess(job: &JobSpec, candidate: &CandidateSpec, context: &Context<'_>) -> Result<Receipt, Exclusion> {
    admit(&job.facts, &candidate.facts, context)?;
    let (Some(job_vector), Some(candidate_vector)) = (&job.vector, &candidate.vector) else {
        return Err(Exclusion::NoVector);
    };
    if job.dimension() != candidate.dimension() {
        return Err(Exclusion::NoVector);
    }
    let evidence = [
        Evidence::Meaning { cosine: job_vector.cosine(candidate_vector), range: context.model.range },
        Evidence::Skills {
            required: skill_evidence(&job.required, candidate),
            nice_to_have: skill_evidence(&job.nice_to_have, candidate),
        },
        Evidence::Experience { wanted: job.facts.experience, has: candidate.facts.experience },
        rate_evidence(job, candidate, context.policy),
        Evidence::Availability { wanted: job.facts.weekly_hours, offered: candidate.facts.weekly_hours },
        Evidence::TimeZone {
            shared_minutes: job
                .facts
                .utc_offset
                .map(|offset| offset.shared_minutes(candidate.facts.utc_offset)),
        },
        Evidence::Freshness { age_hours: age_hours(job.facts.published_at, context.now) },
    ];
    let components: Vec<_> =
        evidence.into_iter().map(|evidence| component(evidence, context.policy)).collect();
    Ok(Receipt {
        score: total(&components),
        policy: context.policy.version.clone(),
        model: context.model.id.clone(),
        as_of: context.now,
        conditions: conditions(job, candidate, context.policy),
        components,
    })
}

/// The score that the evidence in a receipt yields under a policy: the receipt's own score where
/// the policy is of the receipt's version.
pub fn replay(receipt: &Receipt, policy: &Policy) -> Score {
    let components: Vec<_> =
        receipt.components.iter().map(|part| component(part.evidence.clone(), policy)).collect();
    total(&components)
}

fn component(evidence: Evidence, policy: &Policy) -> Component {
    let kind = kind(&evidence);
    let (weight, fit) = (policy.weights.of(kind), fit::of(&evidence, policy));
    Component { kind, weight, fit, contribution: fit::contribution(weight, fit), evidence }
}

fn kind(evidence: &Evidence) -> ComponentKind {
    match evidence {
        Evidence::Meaning { .. } => ComponentKind::Meaning,
        Evidence::Skills { .. } => ComponentKind::Skills,
        Evidence::Experience { .. } => ComponentKind::Experience,
        Evidence::Rate { .. } => ComponentKind::Rate,
        Evidence::Availability { .. } => ComponentKind::Availability,
        Evidence::TimeZone { .. } => ComponentKind::TimeZone,
        Evidence::Freshness { .. } => ComponentKind::Freshness,
    }
}

fn total(components: &[Component]) -> Score {
    Score::from_ppm(components.iter().map(|part| part.contribution).fold(0, u32::saturating_add))
}

fn skill_evidence(skills: &[Skill], candidate: &CandidateSpec) -> Vec<SkillEvidence> {
    let evidence = |skill: &Skill| SkillEvidence {
        key: skill.key.clone(),
        label: skill.label.clone(),
        practised: candidate.practised(&skill.key).map(|practised| (practised.level, practised.years)),
    };
    skills.iter().map(evidence).collect()
}

fn rate_evidence(job: &JobSpec, candidate: &CandidateSpec, policy: &Policy) -> Evidence {
    let rate = candidate.facts.rate;
    let cents = |hundredths, currency| policy.exchange_rates.us_cents(hundredths, currency);
    let same = job.facts.budget.is_none_or(|budget| budget.currency == rate.currency);
    let entered = (same && rate.currency != Currency::Usd).then(|| Entered {
        currency: rate.currency,
        budget: job.facts.budget.map(|budget| budget.hundredths),
        rate: rate.hundredths,
    });
    Evidence::Rate {
        kind: job.budget_kind,
        budget_cents: job.facts.budget.map(|budget| cents(budget.hundredths, budget.currency)),
        rate_cents: cents(rate.hundredths, rate.currency),
        entered,
    }
}

/// Whole hours from one moment to the next; 0 where the second is the earlier one.
pub(crate) fn age_hours(published_at: DateTime<Utc>, now: DateTime<Utc>) -> u32 {
    let hours = (now - published_at).num_hours().max(0);
    u32::try_from(hours).unwrap_or(u32::MAX)
}

fn conditions(job: &JobSpec, candidate: &CandidateSpec, policy: &Policy) -> Vec<Condition> {
    let (asked, offered) = (&job.facts, &candidate.facts);
    let mut conditions = vec![Condition::Place {
        work_place: asked.work_place,
        regions: job.regions.clone(),
        home: offered.region,
    }];
    for &language in &job.languages {
        if let Some(spoken) = candidate
            .languages
            .iter()
            .filter(|spoken| spoken.language == language)
            .max_by_key(|spoken| spoken.level)
        {
            conditions.push(Condition::Language { language, level: spoken.level });
        }
    }
    if let Evidence::Rate { budget_cents: Some(budget), rate_cents, .. } =
        rate_evidence(job, candidate, policy)
    {
        let difference = i128::from(rate_cents) - i128::from(budget);
        let percent = (difference * 100).checked_div(i128::from(budget)).unwrap_or(0);
        conditions.push(Condition::RateWithinBudget {
            over_percent: i32::try_from(percent).unwrap_or(i32::MAX),
            tolerance_percent: policy.rate_tolerance_percent,
        });
    }
    if let Some(wanted) = asked.weekly_hours {
        conditions.push(Condition::Availability { wanted, offered: offered.weekly_hours });
    }
    conditions
}
