//! The match receipt: a score together with everything it was made from.
//!
//! Scores are whole millionths ("ppm"), so that the parts of a receipt add up exactly and two
//! machines agree to the last digit.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    job::{BudgetKind, Experience},
    language::{Language, LanguageLevel},
    money::Currency,
    place::{Region, WorkPlace},
    skill::SkillLevel,
};

/// One whole, in millionths.
pub const ONE_PPM: u32 = 1_000_000;

/// A calibrated score from 0 to 1,000,000 millionths. People read it in degrees, 0° to 100°.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Score(u32);

impl Score {
    pub const fn from_ppm(ppm: u32) -> Self {
        Self(if ppm > ONE_PPM { ONE_PPM } else { ppm })
    }

    pub const fn ppm(self) -> u32 {
        self.0
    }

    /// Whole degrees, 0 to 100, rounded down: a fit is never shown as better than it is.
    pub const fn degrees(self) -> u32 {
        self.0 / 10_000
    }
}

text_enum! {
    /// The parts a score is made of.
    pub enum ComponentKind {
        Meaning = "meaning", "Field of work";
        Skills = "skills", "Skills";
        Experience = "experience", "Experience";
        Rate = "rate", "Rate and budget";
        Availability = "availability", "Availability";
        TimeZone = "time_zone", "Shared working hours";
        Freshness = "freshness", "Freshness";
    }
}

/// One part of a score: `contribution` = `weight` × `fit`, all in millionths.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Component {
    pub kind: ComponentKind,
    pub weight: u32,
    pub fit: u32,
    pub contribution: u32,
    pub evidence: Evidence,
}

/// What a component was judged by: the inputs of its `fit`, enough to compute it again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "of", rename_all = "snake_case")]
pub enum Evidence {
    /// Cosine similarity of the two texts, and the range that counts as 0 to 1 for the model.
    Meaning {
        cosine: f32,
        range: (f32, f32),
    },
    Skills {
        required: Vec<SkillEvidence>,
        nice_to_have: Vec<SkillEvidence>,
    },
    Experience {
        wanted: Option<Experience>,
        has: Experience,
    },
    /// Amounts an hour in US cents at the policy's exchange rates; `budget` is the upper end. For
    /// a fixed price there is no hourly budget to compare with.
    Rate {
        kind: BudgetKind,
        budget_cents: Option<u64>,
        rate_cents: u64,
        /// The same in people's own currency, for them to read; the score does not depend on it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        entered: Option<Entered>,
    },
    /// Hours a week.
    Availability {
        wanted: Option<u16>,
        offered: u16,
    },
    /// Minutes a day in which both are at work; none where the job does not ask.
    TimeZone {
        shared_minutes: Option<u16>,
    },
    /// Whole hours since the job was published.
    Freshness {
        age_hours: u32,
    },
}

/// Amounts an hour as people entered them, where both sides did in one currency other than the US
/// dollar; in its hundredths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entered {
    pub currency: Currency,
    pub budget: Option<u64>,
    pub rate: u64,
}

/// A skill the job names, and what the profile shows for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SkillEvidence {
    pub key: String,
    pub label: String,
    /// Level and years, where the profile has the skill.
    pub practised: Option<(SkillLevel, u16)>,
}

/// A condition that had to hold for there to be a score at all, and how it was met.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "condition", rename_all = "snake_case")]
pub enum Condition {
    Place {
        work_place: WorkPlace,
        regions: Vec<Region>,
        home: Region,
    },
    Language {
        language: Language,
        level: LanguageLevel,
    },
    /// The rate exceeds the budget by at most the tolerance, both in percent.
    RateWithinBudget {
        over_percent: i32,
        tolerance_percent: u32,
    },
    Availability {
        wanted: u16,
        offered: u16,
    },
}

/// Why a score is what it is. The same inputs under the same policy and model give the same one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Receipt {
    pub score: Score,
    /// The version of the weights and rules.
    pub policy: String,
    /// The model that read the two texts.
    pub model: String,
    /// The moment for which the score holds; freshness depends on it.
    pub as_of: DateTime<Utc>,
    pub conditions: Vec<Condition>,
    pub components: Vec<Component>,
}

impl Receipt {
    pub fn component(&self, kind: ComponentKind) -> Option<&Component> {
        self.components.iter().find(|component| component.kind == kind)
    }

    /// The receipt in one line of plain words: "8 of 9 required skills · 3 h/day overlap · rate
    /// 10% under budget".
    pub fn summary(&self) -> String {
        let parts: Vec<_> = self.components.iter().filter_map(|part| part.evidence.in_brief()).collect();
        parts.join(" · ")
    }
}

impl Evidence {
    /// The evidence in a few words, where there is something to say.
    pub fn in_brief(&self) -> Option<String> {
        match self {
            Self::Skills { required, .. } if !required.is_empty() => {
                let met = required.iter().filter(|skill| skill.practised.is_some()).count();
                let noun = if required.len() == 1 { "skill" } else { "skills" };
                Some(format!("{met} of {} required {noun}", required.len()))
            }
            Self::TimeZone { shared_minutes: Some(minutes) } => Some(match minutes {
                0 => "no shared working hours".to_owned(),
                minutes if minutes % 60 == 0 => format!("{} h/day overlap", minutes / 60),
                minutes => format!("{:.1} h/day overlap", f32::from(*minutes) / 60.0),
            }),
            Self::Rate { budget_cents: Some(budget), rate_cents, .. } => {
                Some(rate_in_words(*budget, *rate_cents))
            }
            Self::Availability { wanted: Some(wanted), offered } => {
                Some(format!("{offered} h/week free, {wanted} wanted"))
            }
            _ => None,
        }
    }
}

/// How a rate stands to a budget: "rate 10% under budget".
fn rate_in_words(budget: u64, rate: u64) -> String {
    if budget == 0 {
        return "no budget given".to_owned();
    }
    let percent = rate.abs_diff(budget) * 100 / budget;
    match rate.cmp(&budget) {
        _ if percent == 0 => "rate on budget".to_owned(),
        std::cmp::Ordering::Greater => format!("rate {percent}% over budget"),
        _ => format!("rate {percent}% under budget"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_put_in_words() {
        assert_eq!(rate_in_words(5000, 4500), "rate 10% under budget");
        assert_eq!(rate_in_words(5000, 5000), "rate on budget");
        assert_eq!(rate_in_words(5000, 5500), "rate 10% over budget");
    }

    #[test]
    fn degrees_are_rounded_down() {
        assert_eq!(Score::from_ppm(879_999).degrees(), 87);
        assert_eq!(Score::from_ppm(2_000_000).degrees(), 100);
    }

    #[test]
    fn a_receipt_stored_before_currencies_were_noted_is_read() {
        let stored = r#"{"of":"rate","kind":"hourly","budget_cents":5000,"rate_cents":4500}"#;
        let read: Evidence = serde_json::from_str(stored).unwrap();
        let rate = Evidence::Rate {
            kind: BudgetKind::Hourly,
            budget_cents: Some(5000),
            rate_cents: 4500,
            entered: None,
        };
        assert_eq!(read, rate);
        assert_eq!(serde_json::to_string(&rate).unwrap(), stored);
    }
}
