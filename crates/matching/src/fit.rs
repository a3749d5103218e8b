//! How well each part fits, in whole millionths, from its evidence alone.
//!
//! All arithmetic is on whole numbers, or on floating-point operations that IEEE 754 rounds the
//! same way everywhere.

use domain::{
    job::Experience,
    receipt::{Evidence, ONE_PPM, SkillEvidence},
    skill::SkillLevel,
};

use crate::{
    policy::Policy,
    spec::{CandidateFacts, JobFacts},
};

/// The fit that a piece of evidence stands for.
pub(crate) fn of(evidence: &Evidence, policy: &Policy) -> u32 {
    match evidence {
        Evidence::Meaning { cosine, range } => meaning(*cosine, *range),
        Evidence::Skills { required, nice_to_have } => skills(required, nice_to_have, policy),
        Evidence::Experience { wanted, has } => experience(*wanted, *has, policy),
        Evidence::Rate { budget_cents, rate_cents, .. } => rate(*budget_cents, *rate_cents, policy),
        Evidence::Availability { wanted, offered } => availability(*wanted, *offered),
        Evidence::TimeZone { shared_minutes } => time_zone(*shared_minutes, policy),
        Evidence::Freshness { age_hours } => freshness(*age_hours, policy),
    }
}

/// What all components but meaning and freshness contribute between a job and a candidate, for a
/// sum of share × worth over the skills.
pub(crate) fn without_meaning(job: &JobFacts, candidate: &CandidateFacts, sum: u32, policy: &Policy) -> u32 {
    let weights = &policy.weights;
    let skills = if job.asks_skills { skills_fit(sum) } else { ONE_PPM };
    let rates = &policy.exchange_rates;
    let budget = job.budget.map(|budget| rates.us_cents(budget.hundredths, budget.currency));
    let asked = rates.us_cents(candidate.rate.hundredths, candidate.rate.currency);
    let shared = job.utc_offset.map(|offset| offset.shared_minutes(candidate.utc_offset));
    contribution(weights.skills, skills)
        + contribution(weights.experience, experience(job.experience, candidate.experience, policy))
        + contribution(weights.rate, rate(budget, asked, policy))
        + contribution(weights.availability, availability(job.weekly_hours, candidate.weekly_hours))
        + contribution(weights.time_zone, time_zone(shared, policy))
}

/// `weight` × `fit`, rounded down.
pub(crate) fn contribution(weight: u32, fit: u32) -> u32 {
    ratio(u64::from(weight) * u64::from(fit), u64::from(ONE_PPM))
}

/// The cosine's place in the model's range, from 0 to 1. Never falls as the cosine rises, which
/// the indexes rely on.
pub(crate) fn meaning(cosine: f32, range: (f32, f32)) -> u32 {
    let (low, high) = (f64::from(range.0), f64::from(range.1));
    if low < high {
        // The cast saturates, and takes anything that is no number for 0.
        (((f64::from(cosine) - low) / (high - low)).clamp(0.0, 1.0) * f64::from(ONE_PPM)) as u32
    } else {
        0
    }
}

fn skills(required: &[SkillEvidence], nice_to_have: &[SkillEvidence], policy: &Policy) -> u32 {
    let shares = skill_shares(required.len(), nice_to_have.len(), policy);
    if shares.is_empty() {
        return ONE_PPM;
    }
    let worth =
        |skill: &SkillEvidence| skill.practised.map_or(0, |(level, years)| worth(level, years, policy));
    let sum: u32 = shares
        .iter()
        .zip(required.iter().chain(nice_to_have))
        .map(|(share, skill)| share * worth(skill))
        .sum();
    skills_fit(sum)
}

/// The fit for a sum of share × worth.
pub(crate) fn skills_fit(sum: u32) -> u32 {
    sum / 1000
}

/// What each skill of a job counts, in millionths, the required ones first; together exactly one
/// unless there are none. Their order is their importance.
pub(crate) fn skill_shares(required: usize, nice_to_have: usize, policy: &Policy) -> Vec<u32> {
    let for_required = match (required, nice_to_have) {
        (0, _) => 0,
        (_, 0) => ONE_PPM,
        _ => policy.required_share_percent * (ONE_PPM / 100),
    };
    let mut shares = Vec::with_capacity(required + nice_to_have);
    for (count, total) in [(required, for_required), (nice_to_have, ONE_PPM - for_required)] {
        let first = shares.len();
        let importance = |place: usize| {
            let steps = u32::try_from(place).unwrap_or(u32::MAX).saturating_mul(policy.importance_step);
            u64::from(100_u32.saturating_sub(steps).max(policy.least_importance))
        };
        let sum: u64 = (0..count).map(importance).sum();
        shares.extend((0..count).map(|place| ratio(u64::from(total) * importance(place), sum)));
        // What rounding down has left over goes to the most important.
        let given: u32 = shares[first..].iter().sum();
        if let Some(share) = shares.get_mut(first) {
            *share += total - given;
        }
    }
    shares
}

/// What a skill is worth at a level after some years, in thousandths.
pub(crate) fn worth(level: SkillLevel, years: u16, policy: &Policy) -> u32 {
    let full = u32::from(policy.full_years);
    let missing = full.saturating_sub(u32::from(years));
    let practice = 1000 - policy.years_share * missing / full;
    policy.level_worth[level as usize] * practice / 1000
}

pub(crate) fn experience(wanted: Option<Experience>, has: Experience, policy: &Policy) -> u32 {
    let steps = wanted.map_or(0, |wanted| (wanted as usize).saturating_sub(has as usize));
    match steps {
        0 => ONE_PPM,
        1 => policy.experience_below[0],
        _ => policy.experience_below[1],
    }
}

/// Full up to the budget, then falling to 0 at the end of the tolerance.
pub(crate) fn rate(budget: Option<u64>, rate: u64, policy: &Policy) -> u32 {
    let Some(budget) = budget else { return ONE_PPM };
    let over = rate.saturating_sub(budget);
    if over == 0 {
        return ONE_PPM;
    }
    let most = u128::from(budget) * u128::from(policy.rate_tolerance_percent);
    let share = (u128::from(over) * 100 * u128::from(ONE_PPM)).checked_div(most).unwrap_or(u128::MAX);
    ONE_PPM - u32::try_from(share).unwrap_or(ONE_PPM).min(ONE_PPM)
}

pub(crate) fn availability(wanted: Option<u16>, offered: u16) -> u32 {
    match wanted {
        Some(wanted) if offered < wanted => ratio(u64::from(offered) * u64::from(ONE_PPM), u64::from(wanted)),
        _ => ONE_PPM,
    }
}

pub(crate) fn time_zone(shared_minutes: Option<u16>, policy: &Policy) -> u32 {
    match shared_minutes {
        Some(shared) if shared < policy.full_overlap_minutes => {
            ratio(u64::from(shared) * u64::from(ONE_PPM), u64::from(policy.full_overlap_minutes))
        }
        _ => ONE_PPM,
    }
}

/// Halves with every half-life, in a straight line in between: no exponential function is exact to
/// the last bit on every machine.
pub(crate) fn freshness(age_hours: u32, policy: &Policy) -> u32 {
    let half_life = policy.freshness_half_life_hours;
    let from = ONE_PPM.checked_shr(age_hours / half_life).unwrap_or(0);
    from - ratio(u64::from(from / 2) * u64::from(age_hours % half_life), u64::from(half_life))
}

/// A quotient that is known to fit; 0 where there is nothing to divide by.
fn ratio(numerator: u64, denominator: u64) -> u32 {
    numerator.checked_div(denominator).and_then(|quotient| u32::try_from(quotient).ok()).unwrap_or(0)
}
