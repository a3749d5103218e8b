//! Random jobs and profiles from a world small enough that they often match, and as often fail a
//! condition.

use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    JobId, UserId,
    job::{Budget, BudgetKind, Duration, Experience, Job, JobContent, JobStatus},
    language::{Language, LanguageLevel},
    money::{Currency, Money},
    place::{Region, UtcOffset, WorkPlace},
    profile::{PractisedSkill, Profile, ProfileContent, SpokenLanguage, Visibility},
    skill::{Skill, SkillLevel},
};
use matching::{Blocks, Context, Model, Policy};
use proptest::{option, prelude::*, sample::select, sample::subsequence};
use rust_decimal::Decimal;
use uuid::Uuid;

/// Not a whole number of cache lines, so that padding is tested too.
pub(crate) const DIMENSION: usize = 67;

const SKILLS: [&str; 8] = ["postgres", "rust", "js", "docker", "figma", "copywriting", "tax law", "react"];
const LANGUAGES: [Language; 3] = [Language::En, Language::De, Language::Es];
const CURRENCIES: [Currency; 4] = [Currency::Usd, Currency::Eur, Currency::Jpy, Currency::Inr];

pub(crate) fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_000_000, 0).unwrap()
}

/// Owns what a context borrows.
pub(crate) struct Setting {
    pub(crate) policy: Policy,
    pub(crate) model: Model,
    pub(crate) blocks: Blocks,
}

impl Setting {
    pub(crate) fn new() -> Self {
        let model = Model { id: "test".to_owned(), range: (0.1, 0.65) };
        Self { policy: Policy::default(), model, blocks: Blocks::default() }
    }

    /// One under which nearly everybody who passes the conditions is a match.
    pub(crate) fn lenient() -> Self {
        let mut setting = Self::new();
        setting.policy.threshold = domain::receipt::Score::from_ppm(250_000);
        setting
    }

    pub(crate) fn context(&self) -> Context<'_> {
        Context { policy: &self.policy, model: &self.model, blocks: &self.blocks, now: now() }
    }
}

pub(crate) fn user(number: u8) -> UserId {
    UserId::from_uuid(Uuid::from_u128(u128::from(number) + 1))
}

pub(crate) fn skill(name: &str) -> Skill {
    Skill::parse(name).unwrap()
}

/// Three directions and a little noise; one in some ten is missing.
pub(crate) fn vector() -> impl Strategy<Value = Option<Vec<f32>>> {
    let noise = prop::collection::vec(-0.3_f32..0.3, DIMENSION);
    option::weighted(
        0.9,
        (0..3_usize, noise).prop_map(|(towards, mut noise)| {
            noise.iter_mut().skip(towards * 20).take(20).for_each(|x| *x += 0.4);
            noise
        }),
    )
}

fn chance(of_true: f64) -> impl Strategy<Value = bool> {
    prop::bool::weighted(of_true)
}

fn offset() -> impl Strategy<Value = UtcOffset> {
    (-48_i16..=56).prop_map(|quarters| UtcOffset::new(quarters * 15).unwrap())
}

fn amount(currency: Currency, dollars: u32) -> Decimal {
    let per_dollar = match currency {
        Currency::Jpy => 150,
        Currency::Inr => 88,
        _ => 1,
    };
    Decimal::from(dollars * per_dollar)
}

prop_compose! {
    fn practised()(
        names in subsequence(&SKILLS[..], 1..=6),
        levels in prop::collection::vec((select(SkillLevel::ALL), 0_u16..12), 6),
    ) -> Vec<PractisedSkill> {
        let pairs = names.iter().zip(levels);
        pairs.map(|(name, (level, years))| PractisedSkill { skill: skill(name), level, years }).collect()
    }
}

prop_compose! {
    fn spoken()(
        languages in subsequence(&LANGUAGES[..], 1..=3),
        levels in prop::collection::vec(select(LanguageLevel::ALL), 3),
    ) -> Vec<SpokenLanguage> {
        languages.into_iter().zip(levels).map(|(language, level)| SpokenLanguage { language, level }).collect()
    }
}

prop_compose! {
    pub(crate) fn profile()(
        id in 0_u8..60,
        region in select(Region::ALL),
        skills in practised(),
        languages in spoken(),
        experience in select(Experience::ALL),
        (currency, dollars) in (select(&CURRENCIES[..]), 10_u32..120),
        weekly_hours in prop_oneof![1 => Just(0_u16), 9 => 5_u16..50],
        utc_offset in offset(),
        on_site in chance(0.5),
        paused in chance(0.05),
    ) -> Profile {
        let content = ProfileContent {
            title: "Engineer".to_owned(),
            summary: "I build things that last.".to_owned(),
            skills,
            experience,
            rate: Money::new(amount(currency, dollars), currency),
            weekly_hours,
            utc_offset,
            on_site,
            languages,
            links: Vec::new(),
            visibility: if paused { Visibility::Paused } else { Visibility::Visible },
        };
        Profile {
            user_id: user(id),
            display_name: "Somebody".to_owned(),
            region,
            version: 1,
            content,
            created_at: now(),
            updated_at: now(),
        }
    }
}

prop_compose! {
    fn asked()(
        names in subsequence(&SKILLS[..], 0..=6).prop_shuffle(),
        required in 0_usize..6,
    ) -> (Vec<Skill>, Vec<Skill>) {
        let mut required_skills: Vec<_> = names.iter().map(|name| skill(name)).collect();
        let nice = required_skills.split_off(required.min(required_skills.len()));
        (required_skills, nice)
    }
}

prop_compose! {
    fn conditions()(
        work_place in prop_oneof![4 => Just(WorkPlace::Remote), 1 => Just(WorkPlace::OnSite)],
        regions in prop_oneof![2 => Just(Vec::new()), 1 => subsequence(Region::ALL, 1..=3)],
        languages in subsequence(&LANGUAGES[..], 0..=1),
        weekly_hours in option::of(1_u16..50),
        experience in option::of(select(Experience::ALL)),
        utc_offset in option::of(offset()),
    ) -> JobContent {
        JobContent {
            title: "Build things".to_owned(),
            description: "We need somebody to build things that last.".to_owned(),
            required: Vec::new(),
            nice_to_have: Vec::new(),
            budget: Budget {
                kind: BudgetKind::Fixed,
                min: Decimal::ZERO,
                max: Decimal::ZERO,
                currency: Currency::Usd,
            },
            duration: Duration::Weeks,
            weekly_hours,
            experience,
            work_place,
            location: String::new(),
            regions,
            utc_offset,
            languages,
        }
    }
}

prop_compose! {
    pub(crate) fn job()(
        id in 0_u8..60,
        client in 0_u8..60,
        region in select(Region::ALL),
        mut content in conditions(),
        (required, nice_to_have) in asked(),
        kind in select(BudgetKind::ALL),
        (currency, dollars) in (select(&CURRENCIES[..]), 0_u32..150),
        age in -5_i64..3000,
        status in prop_oneof![1 => Just(JobStatus::Closed), 12 => Just(JobStatus::Open)],
    ) -> Job {
        let max = amount(currency, dollars);
        content.budget = Budget { kind, min: max, max, currency };
        content.required = required;
        content.nice_to_have = nice_to_have;
        let published = now() - TimeDelta::hours(age);
        Job {
            id: JobId::from_uuid(Uuid::from_u128(u128::from(id) + 1000)),
            client_id: user(client),
            client_name: "Somebody".to_owned(),
            region,
            status,
            version: 1,
            content,
            created_at: published,
            updated_at: published,
            published_at: Some(published),
            closed_at: None,
        }
    }
}

/// A job and a profile that are made for each other: every part fits in full.
pub(crate) fn made_for_each_other() -> (Job, Profile) {
    let published = now();
    let utc = UtcOffset::UTC;
    let required = ["postgres", "rust"].map(skill).to_vec();
    let practised =
        |skill: &Skill| PractisedSkill { skill: skill.clone(), level: SkillLevel::Expert, years: 8 };
    let skills = required.iter().map(practised).collect();
    let job = Job {
        id: JobId::from_uuid(Uuid::from_u128(1000)),
        client_id: user(100),
        client_name: "Client".to_owned(),
        region: Region::Eu,
        status: JobStatus::Open,
        version: 1,
        content: JobContent {
            title: "Speed up a database".to_owned(),
            description: "Our PostgreSQL is slow; we want it quick.".to_owned(),
            required,
            nice_to_have: Vec::new(),
            budget: Budget {
                kind: BudgetKind::Hourly,
                min: 80.into(),
                max: 100.into(),
                currency: Currency::Usd,
            },
            duration: Duration::Weeks,
            weekly_hours: Some(20),
            experience: Some(Experience::Expert),
            work_place: WorkPlace::OnSite,
            location: "Lisbon".to_owned(),
            regions: vec![Region::Eu],
            utc_offset: Some(utc),
            languages: vec![Language::En],
        },
        created_at: published,
        updated_at: published,
        published_at: Some(published),
        closed_at: None,
    };
    let profile = Profile {
        user_id: user(1),
        display_name: "Maria Lopez".to_owned(),
        region: Region::Eu,
        version: 1,
        content: ProfileContent {
            title: "Database engineer".to_owned(),
            summary: "I make databases quick.".to_owned(),
            skills,
            experience: Experience::Expert,
            rate: Money::new(90.into(), Currency::Usd),
            weekly_hours: 30,
            utc_offset: utc,
            on_site: true,
            languages: vec![SpokenLanguage { language: Language::En, level: LanguageLevel::Conversational }],
            links: Vec::new(),
            visibility: Visibility::Visible,
        },
        created_at: published,
        updated_at: published,
    };
    (job, profile)
}
