//! A made-up marketplace, the same for the same seed: people and jobs cluster by trade.
//!
//! A vector is the unit vector of a mixture: a direction that all texts share, the centre of the
//! trade, the centre of one of its specialities, and noise. With the parts chosen here the cosine
//! is about 0.12 between trades, 0.40 within one and 0.60 within a speciality, near what sentence
//! models give for such texts.

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
use rand::{Rng, RngCore, SeedableRng, seq::IndexedRandom};
use rand_chacha::ChaCha8Rng;
use rust_decimal::Decimal;
use uuid::Uuid;

pub(crate) const DIMENSION: usize = 384;
const SPECIALITIES: usize = 5;
const SKILLS_PER_TRADE: usize = 40;
const COMMON_SKILLS: usize = 12;

pub(crate) struct World {
    rng: ChaCha8Rng,
    shared: Vec<f32>,
    trades: Vec<Trade>,
    common: Vec<Skill>,
    pub(crate) now: DateTime<Utc>,
}

struct Trade {
    centre: Vec<f32>,
    specialities: Vec<Vec<f32>>,
    skills: Vec<Skill>,
    /// What an hour usually costs, in US dollars.
    price: f64,
}

impl World {
    pub(crate) fn new(seed: u64, trades: usize) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let shared = direction(&mut rng);
        let trades = (0..trades)
            .map(|trade| Trade {
                centre: direction(&mut rng),
                specialities: (0..SPECIALITIES).map(|_| direction(&mut rng)).collect(),
                skills: (0..SKILLS_PER_TRADE).map(|i| skill(&format!("trade {trade} skill {i}"))).collect(),
                price: rng.random_range(25.0..90.0),
            })
            .collect();
        let common = (0..COMMON_SKILLS).map(|i| skill(&format!("common skill {i}"))).collect();
        let now = DateTime::from_timestamp(1_795_000_000, 0).expect("a moment within chrono's range");
        Self { rng, shared, trades, common, now }
    }

    fn vector(&mut self, trade: usize, speciality: usize) -> Vec<f32> {
        let noise = direction(&mut self.rng);
        let trade = &self.trades[trade];
        let parts = [
            (0.12_f32, &self.shared),
            (0.28, &trade.centre),
            (0.20, &trade.specialities[speciality]),
            (0.40, &noise),
        ];
        let mut sum = vec![0.0; DIMENSION];
        for (share, part) in parts {
            sum.iter_mut().zip(part).for_each(|(sum, x)| *sum += share.sqrt() * x);
        }
        sum
    }

    /// Skills of a speciality first, then of its trade, then what everybody knows.
    fn skills(&mut self, trade: usize, speciality: usize, count: usize) -> Vec<Skill> {
        let mut chosen: Vec<Skill> = Vec::new();
        while chosen.len() < count {
            let skill = match self.rng.random_range(0..10) {
                0..6 => {
                    let own = SKILLS_PER_TRADE / SPECIALITIES;
                    &self.trades[trade].skills[speciality * own + self.rng.random_range(0..own)]
                }
                6..9 => self.trades[trade].skills.choose(&mut self.rng).expect("trades have skills"),
                _ => self.common.choose(&mut self.rng).expect("there are common skills"),
            };
            if !chosen.contains(skill) {
                chosen.push(skill.clone());
            }
        }
        chosen
    }

    fn place(&mut self) -> (usize, usize) {
        (self.rng.random_range(0..self.trades.len()), self.rng.random_range(0..SPECIALITIES))
    }

    fn id(&mut self) -> Uuid {
        let mut bytes = [0; 16];
        self.rng.fill_bytes(&mut bytes);
        uuid::Builder::from_random_bytes(bytes).into_uuid()
    }

    fn region(&mut self) -> Region {
        *Region::ALL.choose(&mut self.rng).expect("there are regions")
    }

    fn experience(&mut self) -> Experience {
        *Experience::ALL.choose(&mut self.rng).expect("there are levels")
    }

    fn offset(&mut self, region: Region) -> UtcOffset {
        let hours = match region {
            Region::Na => self.rng.random_range(-8..=-5),
            Region::Sa => self.rng.random_range(-5..=-3),
            Region::Eu => self.rng.random_range(0..=3),
            Region::Asia => self.rng.random_range(5..=10),
        };
        UtcOffset::new(hours * 60).expect("whole hours within the world")
    }

    pub(crate) fn profile(&mut self) -> (Profile, Vec<f32>) {
        let (trade, speciality) = self.place();
        let region = self.region();
        let count = self.rng.random_range(5..=12);
        let skills = self.skills(trade, speciality, count);
        let skills = skills
            .into_iter()
            .map(|skill| PractisedSkill {
                skill,
                level: *SkillLevel::ALL[1..].choose(&mut self.rng).expect("there are levels"),
                years: self.rng.random_range(0..12),
            })
            .collect();
        let mut languages = vec![Language::En];
        if self.rng.random_bool(0.5) {
            languages.push(*Language::ALL[1..].choose(&mut self.rng).expect("there are languages"));
        }
        let spoken = |language, level| SpokenLanguage { language, level };
        let languages =
            languages.into_iter().map(|language| spoken(language, LanguageLevel::Fluent)).collect();
        let price = self.trades[trade].price * self.rng.random_range(0.6..1.5);
        let content = ProfileContent {
            title: "Specialist".to_owned(),
            summary: String::new(),
            skills,
            experience: self.experience(),
            rate: Money::new(Decimal::from(price as u32), Currency::Usd),
            weekly_hours: *[0, 10, 20, 30, 40].choose(&mut self.rng).expect("hours to choose from"),
            utc_offset: self.offset(region),
            on_site: self.rng.random_bool(0.4),
            languages,
            links: Vec::new(),
            visibility: if self.rng.random_bool(0.95) { Visibility::Visible } else { Visibility::Paused },
        };
        let profile = Profile {
            user_id: UserId::from_uuid(self.id()),
            display_name: "Somebody".to_owned(),
            region,
            version: 1,
            content,
            created_at: self.now,
            updated_at: self.now,
        };
        (profile, self.vector(trade, speciality))
    }

    pub(crate) fn job(&mut self) -> (Job, Vec<f32>) {
        let (trade, speciality) = self.place();
        let region = self.region();
        let count = self.rng.random_range(3..=8);
        let mut required = self.skills(trade, speciality, count);
        let nice_to_have = required.split_off(count.div_ceil(2).max(3));
        let on_site = self.rng.random_bool(0.15);
        let regional = on_site || self.rng.random_bool(0.25);
        let price = self.trades[trade].price * self.rng.random_range(0.9..1.6);
        let kind = if self.rng.random_bool(0.6) { BudgetKind::Hourly } else { BudgetKind::Fixed };
        let price = Decimal::from(if kind == BudgetKind::Fixed { price * 40.0 } else { price } as u32);
        let content = JobContent {
            title: "Work for a specialist".to_owned(),
            description: String::new(),
            required,
            nice_to_have,
            budget: Budget { kind, min: price, max: price, currency: Currency::Usd },
            duration: Duration::Weeks,
            weekly_hours: self.rng.random_bool(0.6).then(|| self.rng.random_range(10..=40)),
            experience: self.rng.random_bool(0.6).then(|| self.experience()),
            work_place: if on_site { WorkPlace::OnSite } else { WorkPlace::Remote },
            location: String::new(),
            regions: if regional { vec![region] } else { Vec::new() },
            utc_offset: self.rng.random_bool(0.5).then(|| self.offset(region)),
            languages: vec![Language::En],
        };
        let published = self.now - TimeDelta::hours(self.rng.random_range(0..72));
        let job = Job {
            id: JobId::from_uuid(self.id()),
            client_id: UserId::from_uuid(self.id()),
            client_name: "Somebody".to_owned(),
            region,
            status: JobStatus::Open,
            version: 1,
            content,
            created_at: published,
            updated_at: published,
            published_at: Some(published),
            closed_at: None,
        };
        (job, self.vector(trade, speciality))
    }
}

fn skill(name: &str) -> Skill {
    Skill::parse(name).expect("short names with letters are skills")
}

/// A random direction: a sum of uniform numbers is near enough to a normal one.
fn direction(rng: &mut ChaCha8Rng) -> Vec<f32> {
    let mut vector: Vec<f32> =
        (0..DIMENSION).map(|_| (0..4).map(|_| rng.random_range(-1.0_f32..1.0)).sum()).collect();
    let length = vector.iter().map(|x| x * x).sum::<f32>().sqrt();
    vector.iter_mut().for_each(|x| *x /= length);
    vector
}
