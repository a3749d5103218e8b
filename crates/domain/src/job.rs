//! Jobs: what a client asks for.

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::{
    id::{JobId, UserId},
    language::Language,
    money::{Currency, Money, grouped},
    place::{Region, UtcOffset, WorkPlace},
    skill::Skill,
    validate::{FieldErrors, amount, choice, line, optional_choice, paragraphs, whole},
};

text_enum! {
    /// Where a job stands. Only open jobs are seen by others and matched.
    pub enum JobStatus {
        Draft = "draft", "Draft";
        Open = "open", "Open";
        /// Out of sight while its client's account is suspended.
        Held = "held", "On hold";
        Closed = "closed", "Closed";
    }
}

text_enum! {
    /// How the work is paid.
    pub enum BudgetKind {
        Fixed = "fixed", "Fixed price";
        Hourly = "hourly", "By the hour";
    }
}

text_enum! {
    /// How long the work is expected to take.
    pub enum Duration {
        Days = "days", "A few days";
        Weeks = "weeks", "A few weeks";
        Months = "months", "1–3 months";
        HalfYear = "half_year", "3–6 months";
        Ongoing = "ongoing", "Ongoing";
    }
}

text_enum! {
    /// How much experience a job asks for, or a person has; the order is from least to most.
    pub enum Experience {
        Entry = "entry", "Entry";
        Intermediate = "intermediate", "Intermediate";
        Expert = "expert", "Expert";
    }
}

/// What the client will pay: a range, for the whole job or for an hour of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Budget {
    pub kind: BudgetKind,
    pub min: Decimal,
    pub max: Decimal,
    pub currency: Currency,
}

impl Budget {
    /// "$40–60 an hour", "€1,500".
    pub fn label(&self) -> String {
        let symbol = self.currency.symbol();
        let range = if self.min == self.max {
            format!("{symbol}{}", grouped(self.max))
        } else {
            format!("{symbol}{}–{}", grouped(self.min), grouped(self.max))
        };
        match self.kind {
            BudgetKind::Fixed => range,
            BudgetKind::Hourly => format!("{range} an hour"),
        }
    }

    pub fn highest(&self) -> Money {
        Money::new(self.max, self.currency)
    }
}

/// Everything about a job that its client decides.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JobContent {
    pub title: String,
    /// Plain text with paragraphs.
    pub description: String,
    /// Skills without which the work cannot be done, most important first.
    pub required: Vec<Skill>,
    pub nice_to_have: Vec<Skill>,
    pub budget: Budget,
    pub duration: Duration,
    /// Hours of work a week that the client expects, 1 to 60, where it matters.
    pub weekly_hours: Option<u16>,
    pub experience: Option<Experience>,
    pub work_place: WorkPlace,
    /// The town of work on site.
    pub location: String,
    /// The regions from which people may apply; empty means any.
    pub regions: Vec<Region>,
    /// The client's working time, where shared hours matter.
    pub utc_offset: Option<UtcOffset>,
    /// Languages the work is done in: a freelancer must speak each at least conversationally.
    pub languages: Vec<Language>,
}

/// A job as it is stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Job {
    pub id: JobId,
    pub client_id: UserId,
    pub client_name: String,
    pub region: Region,
    pub status: JobStatus,
    /// Counts the changes, so that an edit of a stale page is noticed.
    pub version: i32,
    pub content: JobContent,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub published_at: Option<DateTime<Utc>>,
    pub closed_at: Option<DateTime<Utc>>,
}

/// What a client fills in to describe a job.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct JobForm {
    pub title: String,
    pub description: String,
    /// Parted by commas.
    pub required_skills: String,
    /// Parted by commas.
    pub nice_skills: String,
    pub budget_kind: String,
    pub budget_min: String,
    pub budget_max: String,
    pub currency: String,
    pub duration: String,
    pub weekly_hours: String,
    pub experience: String,
    pub work_place: String,
    pub location: String,
    pub regions: Vec<String>,
    /// Minutes east of UTC.
    pub utc_offset: String,
    pub languages: Vec<String>,
}

impl JobForm {
    pub const TITLE_CHARS: (usize, usize) = (8, 120);
    pub const DESCRIPTION_CHARS: (usize, usize) = (40, 8000);
    pub const MAX_SKILLS: usize = 15;
    pub const MAX_LANGUAGES: usize = 5;

    pub fn validate(&self) -> Result<JobContent, FieldErrors> {
        let mut errors = FieldErrors::default();
        let (min, max) = Self::TITLE_CHARS;
        let title = errors.keep("title", line(&self.title, min, max));
        let (min, max) = Self::DESCRIPTION_CHARS;
        let description = errors.keep("description", paragraphs(&self.description, min, max));
        let (required, nice_to_have) = self.skills(&mut errors);
        let budget = self.budget(&mut errors);
        let duration = errors.keep("duration", choice(&self.duration));
        let weekly_hours = errors.keep("weekly_hours", optional_whole(&self.weekly_hours, 1, 60));
        let experience = errors.keep("experience", optional_choice(&self.experience));
        let utc_offset = errors.keep("utc_offset", optional_offset(&self.utc_offset));
        let languages = errors.keep("languages", choices(&self.languages, Self::MAX_LANGUAGES));
        let place = self.place(&mut errors);
        let valid = (|| {
            let (work_place, location, regions) = place?;
            Some(JobContent {
                title: title?,
                description: description?,
                required,
                nice_to_have,
                budget: budget?,
                duration: duration?,
                weekly_hours: weekly_hours?,
                experience: experience?,
                work_place,
                location,
                regions,
                utc_offset: utc_offset?,
                languages: languages?,
            })
        })();
        match valid {
            Some(content) if errors.is_empty() => Ok(content),
            _ => Err(errors),
        }
    }

    fn skills(&self, errors: &mut FieldErrors) -> (Vec<Skill>, Vec<Skill>) {
        let required = Skill::parse_list(&self.required_skills, Self::MAX_SKILLS);
        let required = errors.keep("required_skills", required).unwrap_or_default();
        if required.is_empty() {
            errors.add("required_skills", "Please name at least one skill the work needs.");
        }
        let nice = Skill::parse_list(&self.nice_skills, Self::MAX_SKILLS);
        let mut nice = errors.keep("nice_skills", nice).unwrap_or_default();
        nice.retain(|skill| required.iter().all(|needed| needed.key != skill.key));
        (required, nice)
    }

    fn budget(&self, errors: &mut FieldErrors) -> Option<Budget> {
        let kind = errors.keep("budget_kind", choice(&self.budget_kind));
        let currency = errors.keep("currency", choice(&self.currency));
        let max = errors.keep("budget_max", amount(&self.budget_max));
        // One figure is a budget too: the lower end is then the same.
        let min = if self.budget_min.trim().is_empty() {
            max
        } else {
            errors.keep("budget_min", amount(&self.budget_min))
        };
        let budget = Budget { kind: kind?, min: min?, max: max?, currency: currency? };
        if budget.min > budget.max {
            errors.add("budget_max", "The upper end is below the lower one.");
            return None;
        }
        Some(budget)
    }

    fn place(&self, errors: &mut FieldErrors) -> Option<(WorkPlace, String, Vec<Region>)> {
        let work_place = errors.keep("work_place", choice(&self.work_place));
        let regions: Option<Vec<Region>> = errors.keep("regions", choices(&self.regions, 4));
        let needed = usize::from(work_place == Some(WorkPlace::OnSite)) * 2;
        let location = errors.keep("location", line(&self.location, needed, 80));
        if work_place == Some(WorkPlace::OnSite) && regions.as_ref().is_some_and(|regions| regions.len() != 1)
        {
            errors.add("regions", "Work on site happens in exactly one region; please choose it.");
        }
        Some((work_place?, location?, regions?))
    }
}

fn optional_whole(text: &str, min: u16, max: u16) -> Result<Option<u16>, String> {
    if text.trim().is_empty() { Ok(None) } else { whole(text, min, max).map(Some) }
}

fn optional_offset(text: &str) -> Result<Option<UtcOffset>, String> {
    if text.trim().is_empty() { Ok(None) } else { offset(text).map(Some) }
}

pub(crate) fn offset(text: &str) -> Result<UtcOffset, String> {
    text.trim()
        .parse()
        .ok()
        .and_then(UtcOffset::new)
        .ok_or_else(|| "Please choose one of the time zones.".to_owned())
}

/// Several values from a fixed set, each once, sorted.
fn choices<T: std::str::FromStr + Ord>(texts: &[String], max: usize) -> Result<Vec<T>, String> {
    let chosen = texts.iter().filter(|text| !text.trim().is_empty());
    let mut values = chosen.map(|text| choice(text)).collect::<Result<Vec<T>, _>>()?;
    values.sort_unstable();
    values.dedup();
    if values.len() > max { Err(format!("Please choose at most {max}.")) } else { Ok(values) }
}

impl From<&JobContent> for JobForm {
    /// The form filled in with a job as it stands, to be edited.
    fn from(job: &JobContent) -> Self {
        let labels =
            |skills: &[Skill]| skills.iter().map(|skill| skill.label.as_str()).collect::<Vec<_>>().join(", ");
        Self {
            title: job.title.clone(),
            description: job.description.clone(),
            required_skills: labels(&job.required),
            nice_skills: labels(&job.nice_to_have),
            budget_kind: job.budget.kind.to_string(),
            budget_min: job.budget.min.normalize().to_string(),
            budget_max: job.budget.max.normalize().to_string(),
            currency: job.budget.currency.to_string(),
            duration: job.duration.to_string(),
            weekly_hours: job.weekly_hours.map(|hours| hours.to_string()).unwrap_or_default(),
            experience: job.experience.map(|level| level.to_string()).unwrap_or_default(),
            work_place: job.work_place.to_string(),
            location: job.location.clone(),
            regions: job.regions.iter().map(ToString::to_string).collect(),
            utc_offset: job.utc_offset.map(|offset| offset.minutes().to_string()).unwrap_or_default(),
            languages: job.languages.iter().map(ToString::to_string).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form() -> JobForm {
        JobForm {
            title: "Move our booking system to Postgres".into(),
            description: "We run a booking system for small hotels and outgrow our database.".into(),
            required_skills: "postgres, Rust".into(),
            nice_skills: "rust, Terraform".into(),
            budget_kind: "hourly".into(),
            budget_max: "60".into(),
            currency: "EUR".into(),
            duration: "weeks".into(),
            work_place: "remote".into(),
            ..JobForm::default()
        }
    }

    #[test]
    fn a_valid_form_becomes_a_job_and_reads_back_as_the_same_form() {
        let job = form().validate().unwrap();
        assert_eq!(job.budget.label(), "€60 an hour");
        assert_eq!(job.nice_to_have.len(), 1, "a required skill is not also nice to have");
        assert_eq!(JobForm::from(&job).validate().unwrap(), job);
    }

    #[test]
    fn a_budget_upside_down_and_site_work_without_a_place_are_refused() {
        let wrong = JobForm { budget_min: "70".into(), work_place: "on_site".into(), ..form() };
        let errors = wrong.validate().unwrap_err();
        assert!(errors.get("budget_max").is_some());
        assert!(errors.get("location").is_some());
        assert!(errors.get("regions").is_some());
    }

    #[test]
    fn an_empty_form_names_each_field_it_needs() {
        let errors = JobForm::default().validate().unwrap_err();
        for field in [
            "title",
            "description",
            "required_skills",
            "budget_kind",
            "budget_max",
            "currency",
            "duration",
            "work_place",
        ] {
            assert!(errors.get(field).is_some(), "{field}");
        }
    }
}
