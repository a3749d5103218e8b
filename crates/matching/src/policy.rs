//! The policy: every number that decides about a score, in one versioned value.

use std::collections::BTreeMap;

use domain::{
    money::Currency,
    receipt::{ComponentKind, ONE_PPM, Score},
    skill::SkillLevel,
};
use serde::{Deserialize, Serialize};

/// How much each component counts, in millionths; together they are exactly one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Weights {
    pub meaning: u32,
    pub skills: u32,
    pub experience: u32,
    pub rate: u32,
    pub availability: u32,
    pub time_zone: u32,
    pub freshness: u32,
}

impl Weights {
    pub const fn of(&self, kind: ComponentKind) -> u32 {
        match kind {
            ComponentKind::Meaning => self.meaning,
            ComponentKind::Skills => self.skills,
            ComponentKind::Experience => self.experience,
            ComponentKind::Rate => self.rate,
            ComponentKind::Availability => self.availability,
            ComponentKind::TimeZone => self.time_zone,
            ComponentKind::Freshness => self.freshness,
        }
    }
}

/// What one unit of each currency is worth, in millionths of a US dollar.
///
/// These are reference rates and belong to the policy, so that a receipt can be replayed: they
/// change with its version and not from day to day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<Currency, u32>", into = "BTreeMap<Currency, u32>")]
pub struct ExchangeRates([u32; Currency::ALL.len()]);

impl ExchangeRates {
    /// US cents for an amount in hundredths of a currency, rounded down.
    pub fn us_cents(&self, hundredths: u64, currency: Currency) -> u64 {
        let cents = u128::from(hundredths) * u128::from(self.0[currency as usize]) / 1_000_000;
        u64::try_from(cents).unwrap_or(u64::MAX)
    }
}

impl TryFrom<BTreeMap<Currency, u32>> for ExchangeRates {
    type Error = PolicyError;

    fn try_from(rates: BTreeMap<Currency, u32>) -> Result<Self, PolicyError> {
        let mut all = [0; Currency::ALL.len()];
        for &currency in Currency::ALL {
            let rate = rates.get(&currency).copied().filter(|&rate| rate > 0);
            all[currency as usize] = rate.ok_or(PolicyError::ExchangeRate(currency))?;
        }
        Ok(Self(all))
    }
}

impl From<ExchangeRates> for BTreeMap<Currency, u32> {
    fn from(rates: ExchangeRates) -> Self {
        Currency::ALL.iter().map(|&currency| (currency, rates.0[currency as usize])).collect()
    }
}

/// All that decides about scores. Two policies of the same version must be equal: whoever changes
/// a number gives it a new version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    pub version: String,
    pub weights: Weights,
    /// What the required skills count against the nice-to-have ones, in percent, where a job names
    /// both.
    pub required_share_percent: u32,
    /// The first skill of a list counts 100; each further one so much less …
    pub importance_step: u32,
    /// … down to this, 1 to 100.
    pub least_importance: u32,
    /// What a skill is worth at each level from Learning to Expert, in thousandths.
    pub level_worth: [u32; SkillLevel::ALL.len()],
    /// The part of a skill's worth, in thousandths, that only years of practice bring.
    pub years_share: u32,
    /// Years of practice after which more of them add nothing.
    pub full_years: u16,
    /// What the experience is worth one step and two steps below what is wanted, in millionths.
    pub experience_below: [u32; 2],
    /// By how many percent an hourly rate may exceed the budget; the fit falls to 0 on the way.
    pub rate_tolerance_percent: u32,
    /// The least share of the wanted weekly hours that must be on offer, in percent.
    pub least_hours_percent: u32,
    /// Shared minutes a day that count as full overlap.
    pub full_overlap_minutes: u16,
    /// Hours after which a job's freshness has halved.
    pub freshness_half_life_hours: u32,
    pub exchange_rates: ExchangeRates,
    /// The least score that counts as a match.
    pub threshold: Score,
    /// How many of the best are kept for a job.
    pub top_n: usize,
}

impl Default for Policy {
    /// The first policy: meaning and skills carry 70%, conditions of work the rest.
    fn default() -> Self {
        Self {
            version: "2026-11-v1".to_owned(),
            weights: Weights {
                meaning: 350_000,
                skills: 350_000,
                experience: 80_000,
                rate: 80_000,
                availability: 50_000,
                time_zone: 50_000,
                freshness: 40_000,
            },
            required_share_percent: 80,
            importance_step: 8,
            least_importance: 40,
            level_worth: [300, 700, 950, 1000],
            years_share: 150,
            full_years: 5,
            experience_below: [500_000, 0],
            rate_tolerance_percent: 15,
            least_hours_percent: 50,
            full_overlap_minutes: 240,
            freshness_half_life_hours: 14 * 24,
            exchange_rates: reference_rates(),
            threshold: Score::from_ppm(700_000),
            top_n: 50,
        }
    }
}

/// The marketplace's reference rates. Exactness matters little beside a tolerance of 15%; that
/// everybody is measured alike does. Whoever changes them there gives the policy a new version.
fn reference_rates() -> ExchangeRates {
    let mut all = [0; Currency::ALL.len()];
    for &currency in Currency::ALL {
        all[currency as usize] = currency.usd_millionths();
    }
    ExchangeRates(all)
}

/// Why a policy cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    #[error("the policy has no version")]
    NoVersion,
    #[error("the weights add up to {0} millionths instead of 1,000,000")]
    Weights(u64),
    #[error("there is no exchange rate for {0}")]
    ExchangeRate(Currency),
    #[error("{0} is out of range")]
    OutOfRange(&'static str),
}

impl Policy {
    /// Checks that scores under this policy are what they claim to be.
    pub fn validate(&self) -> Result<(), PolicyError> {
        if self.version.trim().is_empty() {
            return Err(PolicyError::NoVersion);
        }
        let sum = ComponentKind::ALL.iter().map(|&kind| u64::from(self.weights.of(kind))).sum();
        if sum != u64::from(ONE_PPM) {
            return Err(PolicyError::Weights(sum));
        }
        let ranges = [
            ("required_share_percent", self.required_share_percent <= 100),
            ("importance_step", self.importance_step <= 100),
            ("least_importance", (1..=100).contains(&self.least_importance)),
            ("level_worth", self.level_worth.iter().all(|&worth| worth <= 1000)),
            ("years_share", self.years_share <= 1000),
            ("full_years", self.full_years > 0),
            ("experience_below", self.experience_below.iter().all(|&fit| fit <= ONE_PPM)),
            ("rate_tolerance_percent", self.rate_tolerance_percent <= 1000),
            ("least_hours_percent", self.least_hours_percent <= 100),
            ("full_overlap_minutes", self.full_overlap_minutes > 0),
            ("freshness_half_life_hours", self.freshness_half_life_hours > 0),
            ("top_n", self.top_n > 0),
        ];
        match ranges.iter().find(|(_, fine)| !fine) {
            Some((name, _)) => Err(PolicyError::OutOfRange(name)),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_default_is_valid_and_survives_json() {
        let policy = Policy::default();
        policy.validate().unwrap();
        let text = serde_json::to_string(&policy).unwrap();
        assert_eq!(serde_json::from_str::<Policy>(&text).unwrap(), policy);
    }

    #[test]
    fn weights_that_do_not_add_up_are_refused() {
        let mut policy = Policy::default();
        policy.weights.meaning += 1;
        assert_eq!(policy.validate(), Err(PolicyError::Weights(1_000_001)));
    }

    #[test]
    fn every_currency_needs_a_rate() {
        let mut rates: BTreeMap<_, _> = reference_rates().into();
        rates.remove(&Currency::Jpy);
        assert_eq!(ExchangeRates::try_from(rates), Err(PolicyError::ExchangeRate(Currency::Jpy)));
    }

    #[test]
    fn amounts_are_converted_in_hundredths() {
        let rates = reference_rates();
        assert_eq!(rates.us_cents(5_000, Currency::Usd), 5_000);
        assert_eq!(rates.us_cents(5_000, Currency::Eur), 5_800);
        assert_eq!(rates.us_cents(600_000, Currency::Jpy), 3_870);
    }
}
