//! The hard conditions: a pair that fails one is no match, however well the rest fits.

use domain::place::WorkPlace;

use crate::{
    assess::Context,
    policy::Policy,
    spec::{CandidateFacts, JobFacts},
};

/// Why a pair has no score.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Exclusion {
    #[error("the job is not open")]
    NotOpen,
    #[error("the job is the freelancer's own")]
    OwnJob,
    #[error("one of the two has blocked the other")]
    Blocked,
    #[error("the profile is paused")]
    Paused,
    #[error("people of the freelancer's region may not apply")]
    Region,
    #[error("the work is on site and the freelancer works remotely")]
    OnSite,
    #[error("a language of the job is not spoken well enough")]
    Language,
    #[error("the hourly rate exceeds the budget")]
    Rate,
    #[error("there are too few hours a week on offer")]
    Availability,
    #[error("a text has not been embedded yet, or the two not by the same model")]
    NoVector,
}

/// Checks every condition between a job and a freelancer.
pub(crate) fn admit(
    job: &JobFacts,
    candidate: &CandidateFacts,
    context: &Context<'_>,
) -> Result<(), Exclusion> {
    if !job.open {
        return Err(Exclusion::NotOpen);
    }
    if !candidate.visible {
        return Err(Exclusion::Paused);
    }
    if !job.admits_region(candidate.region) {
        return Err(Exclusion::Region);
    }
    if job.work_place == WorkPlace::OnSite && !candidate.on_site {
        return Err(Exclusion::OnSite);
    }
    if candidate.languages & job.languages != job.languages {
        return Err(Exclusion::Language);
    }
    if !enough_hours(job.weekly_hours, candidate.weekly_hours, context.policy) {
        return Err(Exclusion::Availability);
    }
    if !affordable(job, candidate, context.policy) {
        return Err(Exclusion::Rate);
    }
    if job.client == candidate.id {
        return Err(Exclusion::OwnJob);
    }
    if context.blocks.contains(job.client, candidate.id) {
        return Err(Exclusion::Blocked);
    }
    if !(job.has_vector && candidate.has_vector) {
        return Err(Exclusion::NoVector);
    }
    Ok(())
}

fn enough_hours(wanted: Option<u16>, offered: u16, policy: &Policy) -> bool {
    let wanted = u32::from(wanted.unwrap_or(0));
    offered > 0 && u32::from(offered) * 100 >= wanted * policy.least_hours_percent
}

/// A fixed price is not compared: how many hours it will take is the freelancer's to judge.
fn affordable(job: &JobFacts, candidate: &CandidateFacts, policy: &Policy) -> bool {
    let Some(budget) = job.budget else { return true };
    let budget = policy.exchange_rates.us_cents(budget.hundredths, budget.currency);
    let rate = policy.exchange_rates.us_cents(candidate.rate.hundredths, candidate.rate.currency);
    u128::from(rate) * 100 <= u128::from(budget) * u128::from(100 + policy.rate_tolerance_percent)
}
