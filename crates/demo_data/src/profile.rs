//! Freelancers and what they offer.

use chrono::TimeDelta;
use domain::{
    UserId,
    job::Experience,
    language::{Language, LanguageLevel},
    place::Region,
    profile::{PortfolioLink, PractisedSkill, ProfileContent, SpokenLanguage, Visibility},
    role::{Role, Roles},
    skill::{Skill, SkillLevel},
};

use crate::{
    Person, Plan,
    account::{ago, email, uuid},
    catalogue::{Speciality, Tool, Trade, catalogue},
    demo_accounts,
    dice::{Dice, Kind},
    names, phrases,
    place::{self, Place},
    price,
    profile_text::{self, About},
};

pub(crate) fn freelancer(plan: &Plan, i: usize) -> Person {
    let mut dice = Dice::new(plan.seed, Kind::Freelancer, i);
    let created_at = ago(plan, &mut dice, 0.2, 400.0);
    let id = UserId::from_uuid(uuid(created_at, &mut dice));
    let since = (plan.now - created_at).num_milliseconds() as f64;
    let profile_updated_at = created_at + TimeDelta::milliseconds((since * dice.unit() * 0.999) as i64);
    if i == 0 {
        return Person {
            id,
            display_name: demo_accounts::FREELANCER_NAME.to_owned(),
            email: demo_accounts::email(demo_accounts::FREELANCER_EMAIL),
            region: Region::Eu,
            roles: Roles::from_iter([Role::Freelancer]),
            created_at,
            profile: Some(demo_accounts::freelancer()),
            profile_updated_at,
            speciality: demo_accounts::SPECIALITY,
        };
    }
    let (region, place) = place::somewhere(&mut dice);
    let display_name = names::person(&mut dice, place.cultures);
    let both = dice.chance(4);
    let (trade, speciality) = speciality(&mut dice);
    let email = email(&display_name, "f", i);
    let handle = email.as_str().split('@').next().unwrap_or_default().replace('.', "-");
    Person {
        id,
        display_name,
        email,
        region,
        roles: [Role::Freelancer].into_iter().chain(both.then_some(Role::Client)).collect(),
        created_at,
        profile: Some(content(&mut dice, trade, speciality, place, &handle)),
        profile_updated_at,
        speciality: speciality.name,
    }
}

/// A speciality, as common among people as among jobs.
pub(crate) fn speciality(dice: &mut Dice) -> (&'static Trade, &'static Speciality) {
    let trade = dice.weighted(catalogue(), |trade| trade.weight);
    (trade, dice.pick(&trade.specialities))
}

/// The language besides English of somebody who works between two.
pub(crate) fn other_language(dice: &mut Dice, place: &Place) -> Language {
    const WHERE_ENGLISH_IS_SPOKEN: [Language; 6] =
        [Language::Es, Language::Fr, Language::De, Language::Pt, Language::Ja, Language::Zh];
    place.local.unwrap_or_else(|| *dice.pick(&WHERE_ENGLISH_IS_SPOKEN))
}

/// A skill of the catalogue, its language filled in.
pub(crate) fn skill(tool: Tool, language: Language) -> Skill {
    Skill::parse(&tool.label.replace("{lang}", language.label()))
        .expect("a test parses every skill of the catalogue")
}

fn content(
    dice: &mut Dice,
    trade: &Trade,
    speciality: &Speciality,
    place: &Place,
    handle: &str,
) -> ProfileContent {
    let experience = *dice.weighted(Experience::ALL, |experience| match experience {
        Experience::Entry => 20,
        Experience::Intermediate => 48,
        Experience::Expert => 32,
    });
    let years = match experience {
        Experience::Entry => dice.between(1, 2),
        Experience::Intermediate => dice.between(3, 7),
        Experience::Expert => dice.between(8, 22),
    } as u16;
    let language = other_language(dice, place);
    let mut tools = dice.pick(&speciality.cores).clone();
    let core = tools.len();
    let besides: Vec<_> = speciality.more.iter().filter(|tool| !tools.contains(tool)).copied().collect();
    let count = dice.between(2, 5) + usize::from(experience == Experience::Expert);
    tools.extend(dice.sample(&besides, count));
    let weekly_hours = *dice.pick(&[5, 8, 10, 12, 15, 20, 20, 25, 30, 30, 35, 40, 40, 40]);
    let about = About { town: place.town, years, weekly_hours, tools: &tools, lang: language.label() };
    let title = profile_text::title(dice, speciality, &about);
    let summary = profile_text::summary(dice, trade, speciality, &about);
    let dollars = price::hourly(dice, speciality.rate, experience) * place.level;
    let skills = tools.iter().enumerate().map(|(i, tool)| PractisedSkill {
        skill: skill(*tool, language),
        level: level(dice, experience, i < core),
        years: practised(dice, years, i < core),
    });
    let skills = skills.collect();
    ProfileContent {
        title,
        summary,
        skills,
        experience,
        rate: price::hourly_rate(dollars, place.currency),
        weekly_hours,
        utc_offset: place.offset(),
        on_site: dice.chance(35),
        languages: languages(dice, place, speciality.bilingual().then_some(language)),
        links: links(dice, handle),
        visibility: if dice.chance(3) { Visibility::Paused } else { Visibility::Visible },
    }
}

fn level(dice: &mut Dice, experience: Experience, core: bool) -> SkillLevel {
    use SkillLevel::{Expert, Learning, Strong, Working};
    let likely = match (experience, core) {
        (Experience::Entry, true) => [Working, Working, Strong],
        (Experience::Entry, false) => [Learning, Learning, Working],
        (Experience::Intermediate, true) => [Strong, Strong, Working],
        (Experience::Intermediate, false) => [Working, Working, Strong],
        (Experience::Expert, true) => [Expert, Expert, Strong],
        (Experience::Expert, false) => [Strong, Working, Strong],
    };
    *dice.pick(&likely)
}

fn practised(dice: &mut Dice, years: u16, core: bool) -> u16 {
    let years = usize::from(years);
    let least = if core { years / 2 } else { 0 };
    dice.between(least.max(1).min(years), years) as u16
}

fn languages(dice: &mut Dice, place: &Place, needed: Option<Language>) -> Vec<SpokenLanguage> {
    let english = match place.local {
        None => LanguageLevel::Native,
        Some(_) if needed.is_some() || dice.chance(70) => LanguageLevel::Fluent,
        Some(_) => LanguageLevel::Conversational,
    };
    let mut spoken = vec![SpokenLanguage { language: Language::En, level: english }];
    let mut add = |language: Language, level: LanguageLevel| {
        if spoken.iter().all(|known| known.language != language) {
            spoken.push(SpokenLanguage { language, level });
        }
    };
    if let Some(local) = place.local {
        add(local, LanguageLevel::Native);
    }
    if let Some(language) = needed {
        add(language, LanguageLevel::Fluent);
    }
    if dice.chance(28) {
        let further = [
            Language::Es,
            Language::Fr,
            Language::De,
            Language::Pt,
            Language::It,
            Language::Ar,
            Language::Zh,
        ];
        let level = [LanguageLevel::Basic, LanguageLevel::Conversational, LanguageLevel::Fluent];
        add(*dice.pick(&further), *dice.pick(&level));
    }
    spoken
}

/// None to two links, under domains reserved for examples.
fn links(dice: &mut Dice, handle: &str) -> Vec<PortfolioLink> {
    let count = *dice.pick(&[0, 1, 1, 2]);
    let chosen = dice.sample(phrases::LINK_LABELS, count);
    let links = chosen.into_iter().map(|(label, path)| {
        let domain = if dice.chance(70) { "example.com" } else { "example.org" };
        PortfolioLink { label: label.to_owned(), url: format!("https://{handle}.{domain}/{path}") }
    });
    links.collect()
}
