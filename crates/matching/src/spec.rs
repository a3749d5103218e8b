//! Jobs and profiles reduced to what the engine may know of them.
//!
//! What tells who a person is – name, photo, pronouns – is left behind here.

use chrono::{DateTime, Utc};
use domain::{
    JobId, UserId,
    job::{BudgetKind, Experience, Job, JobStatus},
    language::{Language, LanguageLevel},
    money::{Currency, Money},
    place::{Region, UtcOffset, WorkPlace},
    profile::{PractisedSkill, Profile, SpokenLanguage, Visibility},
    skill::Skill,
};
use rust_decimal::prelude::ToPrimitive;

use crate::vector::Vector;

const _: () = assert!(Language::ALL.len() <= 64, "a set of languages is one 64-bit number");

/// A set of languages, one bit each.
pub(crate) type LanguageSet = u64;

fn language_bit(language: Language) -> LanguageSet {
    1 << language as u32
}

fn region_bit(region: Region) -> u8 {
    1 << region as u32
}

/// An amount an hour, in hundredths of its currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct HourlyAmount {
    pub(crate) hundredths: u64,
    pub(crate) currency: Currency,
}

impl From<Money> for HourlyAmount {
    fn from(money: Money) -> Self {
        let hundredths = money.amount.checked_mul(100.into()).and_then(|amount| amount.round().to_u64());
        // Negative amounts do not pass validation; amounts beyond the numbers here are unpayable.
        let beyond = if money.amount.is_sign_negative() { 0 } else { u64::MAX };
        Self { hundredths: hundredths.unwrap_or(beyond), currency: money.currency }
    }
}

/// What a job asks for, apart from its text and its skills: small and of fixed size, so that an
/// index can keep these side by side.
#[derive(Clone, Copy, Debug)]
pub(crate) struct JobFacts {
    pub(crate) id: JobId,
    pub(crate) client: UserId,
    pub(crate) open: bool,
    pub(crate) has_vector: bool,
    pub(crate) asks_skills: bool,
    pub(crate) work_place: WorkPlace,
    /// Regions from which people may apply; all bits where any will do.
    pub(crate) regions: u8,
    pub(crate) languages: LanguageSet,
    /// The upper end of an hourly budget; none for a fixed price.
    pub(crate) budget: Option<HourlyAmount>,
    pub(crate) weekly_hours: Option<u16>,
    pub(crate) experience: Option<Experience>,
    pub(crate) utc_offset: Option<UtcOffset>,
    pub(crate) published_at: DateTime<Utc>,
}

impl JobFacts {
    pub(crate) fn admits_region(&self, region: Region) -> bool {
        self.regions & region_bit(region) != 0
    }
}

/// What a freelancer offers, apart from text and skills.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CandidateFacts {
    pub(crate) id: UserId,
    pub(crate) visible: bool,
    pub(crate) has_vector: bool,
    pub(crate) on_site: bool,
    pub(crate) region: Region,
    pub(crate) experience: Experience,
    /// Languages spoken at least conversationally.
    pub(crate) languages: LanguageSet,
    pub(crate) rate: HourlyAmount,
    pub(crate) weekly_hours: u16,
    pub(crate) utc_offset: UtcOffset,
}

/// Skills of each list that count. Validation allows fewer; jobs from elsewhere may have more.
const MAX_SKILLS: usize = 100;

/// A job as the engine sees it.
#[derive(Clone, Debug)]
pub struct JobSpec {
    pub(crate) facts: JobFacts,
    pub(crate) required: Vec<Skill>,
    pub(crate) nice_to_have: Vec<Skill>,
    pub(crate) regions: Vec<Region>,
    pub(crate) languages: Vec<Language>,
    pub(crate) budget_kind: BudgetKind,
    pub(crate) vector: Option<Vector>,
}

impl JobSpec {
    /// `vector` is the embedded [`job_text`](crate::job_text), of any length but zero. Without one
    /// the job has no matches yet.
    pub fn new(job: &Job, vector: Option<&[f32]>) -> Self {
        let content = &job.content;
        let vector = vector.and_then(Vector::unit);
        // Work on site happens in the job's own region where it names no other.
        let regions = match content.work_place {
            WorkPlace::OnSite if content.regions.is_empty() => vec![job.region],
            _ => content.regions.clone(),
        };
        let region_bits = regions.iter().fold(0, |bits, &region| bits | region_bit(region));
        let compared = content.budget.kind == BudgetKind::Hourly && !content.budget.max.is_zero();
        let facts = JobFacts {
            id: job.id,
            client: job.client_id,
            open: job.status == JobStatus::Open,
            has_vector: vector.is_some(),
            asks_skills: !(content.required.is_empty() && content.nice_to_have.is_empty()),
            work_place: content.work_place,
            regions: if region_bits == 0 { u8::MAX } else { region_bits },
            languages: content.languages.iter().fold(0, |set, &language| set | language_bit(language)),
            budget: compared.then(|| content.budget.highest().into()),
            weekly_hours: content.weekly_hours,
            experience: content.experience,
            utc_offset: content.utc_offset,
            published_at: job.published_at.unwrap_or(job.created_at),
        };
        Self {
            facts,
            required: content.required.iter().take(MAX_SKILLS).cloned().collect(),
            nice_to_have: content.nice_to_have.iter().take(MAX_SKILLS).cloned().collect(),
            regions,
            languages: content.languages.clone(),
            budget_kind: content.budget.kind,
            vector,
        }
    }

    pub fn id(&self) -> JobId {
        self.facts.id
    }

    pub fn client_id(&self) -> UserId {
        self.facts.client
    }

    /// The dimension of the vector, where there is one.
    pub fn dimension(&self) -> Option<usize> {
        self.vector.as_ref().map(|vector| vector.as_slice().len())
    }

    /// All skills asked for, the required ones first.
    pub(crate) fn skills(&self) -> impl Iterator<Item = &Skill> {
        self.required.iter().chain(&self.nice_to_have)
    }
}

/// A freelancer as the engine sees them.
#[derive(Clone, Debug)]
pub struct CandidateSpec {
    pub(crate) facts: CandidateFacts,
    pub(crate) skills: Vec<PractisedSkill>,
    pub(crate) languages: Vec<SpokenLanguage>,
    pub(crate) vector: Option<Vector>,
}

impl CandidateSpec {
    /// `vector` is the embedded [`profile_text`](crate::profile_text), of any length but zero.
    /// Without one the profile has no matches yet.
    pub fn new(profile: &Profile, vector: Option<&[f32]>) -> Self {
        let content = &profile.content;
        let vector = vector.and_then(Vector::unit);
        let spoken = content.languages.iter().filter(|spoken| spoken.level >= LanguageLevel::Conversational);
        // Of a skill named twice the first counts, in every part of the engine.
        let mut skills: Vec<PractisedSkill> = Vec::with_capacity(content.skills.len());
        for practised in &content.skills {
            if !skills.iter().any(|known| known.skill.key == practised.skill.key) {
                skills.push(practised.clone());
            }
        }
        let facts = CandidateFacts {
            id: profile.user_id,
            visible: content.visibility == Visibility::Visible,
            has_vector: vector.is_some(),
            on_site: content.on_site,
            region: profile.region,
            experience: content.experience,
            languages: spoken.fold(0, |set, spoken| set | language_bit(spoken.language)),
            rate: content.rate.into(),
            weekly_hours: content.weekly_hours,
            utc_offset: content.utc_offset,
        };
        Self { facts, skills, languages: content.languages.clone(), vector }
    }

    pub fn user_id(&self) -> UserId {
        self.facts.id
    }

    /// The dimension of the vector, where there is one.
    pub fn dimension(&self) -> Option<usize> {
        self.vector.as_ref().map(|vector| vector.as_slice().len())
    }

    pub(crate) fn practised(&self, key: &str) -> Option<&PractisedSkill> {
        self.skills.iter().find(|practised| practised.skill.key == key)
    }
}
