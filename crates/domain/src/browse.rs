//! Looking through jobs and freelancers: filters, order, and pages that do not shift.

use std::{fmt, str::FromStr};

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    id::{JobId, UserId},
    job::{Budget, BudgetKind, Duration, Experience},
    language::Language,
    money::Money,
    place::{Region, UtcOffset, WorkPlace},
    profile::PractisedSkill,
    skill::Skill,
    validate::{FieldErrors, UnknownValue, amount, line, optional_choice},
};

/// How many rows a page has.
pub const PAGE_SIZE: usize = 20;

text_enum! {
    /// The order of a list of jobs.
    pub enum JobOrder {
        Newest = "newest", "Newest first";
        Budget = "budget", "Highest budget first";
        Relevance = "relevance", "Best match to the search";
    }
}

text_enum! {
    /// The order of a list of freelancers.
    pub enum FreelancerOrder {
        Recent = "recent", "Recently updated";
        RateLow = "rate_low", "Lowest rate first";
        RateHigh = "rate_high", "Highest rate first";
        Relevance = "relevance", "Best match to the search";
    }
}

/// Where a page of a list begins: right after this row. Written as `key~id`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cursor {
    /// The row's place in the chosen order.
    pub key: f64,
    /// Settles ties.
    pub id: Uuid,
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}~{}", self.key, self.id.simple())
    }
}

impl FromStr for Cursor {
    type Err = UnknownValue;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = UnknownValue { kind: "Cursor" };
        let (key, id) = text.split_once('~').ok_or(wrong)?;
        let key: f64 = key.parse().map_err(|_| wrong)?;
        let id = id.parse().map_err(|_| wrong)?;
        // Every order's keys, microseconds since 1970 among them, lie far within this.
        if key.abs() <= 9e15 && text.len() <= 100 { Ok(Self { key, id }) } else { Err(wrong) }
    }
}

/// What stands in the address of a list, for jobs and freelancers alike; empty means any.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct BrowseForm {
    /// Words to search for, in the syntax of web searches (quotes, `or`, `-`).
    pub q: String,
    pub skill: String,
    pub kind: String,
    /// Lowest budget of a job.
    pub min: String,
    /// Highest rate of a freelancer.
    pub max: String,
    pub region: String,
    pub place: String,
    pub language: String,
    pub experience: String,
    pub sort: String,
    pub after: String,
}

/// Which jobs to list.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct JobFilter {
    pub words: Option<String>,
    pub skill: Option<Skill>,
    pub kind: Option<BudgetKind>,
    /// In US dollars at reference exchange rates.
    pub min_budget: Option<Decimal>,
    /// Jobs open to people of this region.
    pub region: Option<Region>,
    pub place: Option<WorkPlace>,
    pub language: Option<Language>,
    pub experience: Option<Experience>,
    pub order: Option<JobOrder>,
    pub after: Option<Cursor>,
}

/// Which freelancers to list.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FreelancerFilter {
    pub words: Option<String>,
    pub skill: Option<Skill>,
    /// In US dollars an hour at reference exchange rates.
    pub max_rate: Option<Decimal>,
    pub region: Option<Region>,
    pub language: Option<Language>,
    pub experience: Option<Experience>,
    pub order: Option<FreelancerOrder>,
    pub after: Option<Cursor>,
}

impl BrowseForm {
    /// The filter for jobs, or all that is wrong with it.
    pub fn jobs(&self) -> Result<JobFilter, FieldErrors> {
        let mut errors = FieldErrors::default();
        let filter = JobFilter {
            words: errors.keep("q", words(&self.q)).flatten(),
            skill: errors.keep("skill", skill(&self.skill)).flatten(),
            kind: errors.keep("kind", optional_choice(&self.kind)).flatten(),
            min_budget: errors.keep("min", optional_amount(&self.min)).flatten(),
            region: errors.keep("region", optional_choice(&self.region)).flatten(),
            place: errors.keep("place", optional_choice(&self.place)).flatten(),
            language: errors.keep("language", optional_choice(&self.language)).flatten(),
            experience: errors.keep("experience", optional_choice(&self.experience)).flatten(),
            order: errors.keep("sort", optional_choice(&self.sort)).flatten(),
            after: errors.keep("after", cursor(&self.after)).flatten(),
        };
        if errors.is_empty() { Ok(filter) } else { Err(errors) }
    }

    /// The filter for freelancers, or all that is wrong with it.
    pub fn freelancers(&self) -> Result<FreelancerFilter, FieldErrors> {
        let mut errors = FieldErrors::default();
        let filter = FreelancerFilter {
            words: errors.keep("q", words(&self.q)).flatten(),
            skill: errors.keep("skill", skill(&self.skill)).flatten(),
            max_rate: errors.keep("max", optional_amount(&self.max)).flatten(),
            region: errors.keep("region", optional_choice(&self.region)).flatten(),
            language: errors.keep("language", optional_choice(&self.language)).flatten(),
            experience: errors.keep("experience", optional_choice(&self.experience)).flatten(),
            order: errors.keep("sort", optional_choice(&self.sort)).flatten(),
            after: errors.keep("after", cursor(&self.after)).flatten(),
        };
        if errors.is_empty() { Ok(filter) } else { Err(errors) }
    }
}

fn words(text: &str) -> Result<Option<String>, String> {
    line(text, 0, 200).map(|text| Some(text).filter(|text| !text.is_empty()))
}

fn skill(text: &str) -> Result<Option<Skill>, String> {
    if text.trim().is_empty() { Ok(None) } else { Skill::parse(text).map(Some) }
}

fn optional_amount(text: &str) -> Result<Option<Decimal>, String> {
    if text.trim().is_empty() { Ok(None) } else { amount(text).map(Some) }
}

fn cursor(text: &str) -> Result<Option<Cursor>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    text.parse()
        .map(Some)
        .map_err(|_| "This page marker is not valid; please start from the first page.".to_owned())
}

/// A job as a list shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct JobListing {
    pub id: JobId,
    pub title: String,
    /// The beginning of the description.
    pub excerpt: String,
    pub client_name: String,
    pub budget: Budget,
    pub required: Vec<Skill>,
    pub duration: Duration,
    pub experience: Option<Experience>,
    pub work_place: WorkPlace,
    pub location: String,
    pub regions: Vec<Region>,
    pub published_at: DateTime<Utc>,
}

/// A freelancer as a list shows them.
#[derive(Clone, Debug, PartialEq)]
pub struct FreelancerListing {
    pub user_id: UserId,
    pub display_name: String,
    pub title: String,
    /// The beginning of the summary.
    pub excerpt: String,
    pub skills: Vec<PractisedSkill>,
    pub experience: Experience,
    pub rate: Money,
    pub weekly_hours: u16,
    pub region: Region,
    pub utc_offset: UtcOffset,
    pub updated_at: DateTime<Utc>,
}

/// One page of a list, and where the next one begins.
#[derive(Clone, Debug, PartialEq)]
pub struct Page<T> {
    pub rows: Vec<T>,
    pub next: Option<Cursor>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_back_as_itself_and_nonsense_does_not() {
        let cursor = Cursor { key: 1_763_654_400_123_456.0, id: Uuid::from_u128(7) };
        assert_eq!(cursor.to_string().parse::<Cursor>(), Ok(cursor));
        for wrong in [
            "",
            "~",
            "1~",
            "nan~00000000000000000000000000000007",
            "inf~7",
            "1~x",
            "1",
            "1e308~00000000000000000000000000000007",
        ] {
            assert!(wrong.parse::<Cursor>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_address_with_a_wrong_filter_says_which() {
        let form = BrowseForm { region: "MARS".into(), ..BrowseForm::default() };
        assert!(form.jobs().unwrap_err().get("region").is_some());
        assert_eq!(BrowseForm::default().jobs(), Ok(JobFilter::default()));
        let several = BrowseForm { min: "much".into(), after: "x".into(), ..form };
        let errors = several.jobs().unwrap_err();
        assert_eq!(errors.iter().map(|(field, _)| field).collect::<Vec<_>>(), ["after", "min", "region"]);
    }
}
