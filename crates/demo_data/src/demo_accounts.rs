//! The two accounts that visitors of the demo sign in with.

use domain::{
    account::Email,
    job::Experience,
    language::{Language, LanguageLevel},
    money::{Currency, Money},
    place::UtcOffset,
    profile::{PortfolioLink, PractisedSkill, ProfileContent, SpokenLanguage, Visibility},
    skill::{Skill, SkillLevel},
};
use rust_decimal::Decimal;

pub const CLIENT_EMAIL: &str = "client@demo.8thdegree.example";
pub const CLIENT_NAME: &str = "Ines Carvalho";
pub const FREELANCER_EMAIL: &str = "freelancer@demo.8thdegree.example";
pub const FREELANCER_NAME: &str = "Mara Lindner";

/// The speciality of the demo freelancer.
pub(crate) const SPECIALITY: &str = "Full-stack web development";

/// The specialities of the demo client's jobs, in their order.
pub(crate) const CLIENT_JOBS: [&str; 6] = [
    SPECIALITY,
    "Brand design",
    "Bookkeeping",
    "Copywriting and content",
    "Marketing and literary translation",
    "Video editing",
];

pub(crate) fn email(text: &str) -> Email {
    Email::parse(text).expect("the constants above are addresses")
}

pub(crate) fn freelancer() -> ProfileContent {
    let skill = |name: &str, level, years| PractisedSkill {
        skill: Skill::parse(name).expect("the constants below are skills"),
        level,
        years,
    };
    let speaks = |language, level| SpokenLanguage { language, level };
    let link = |label: &str, url: &str| PortfolioLink { label: label.to_owned(), url: url.to_owned() };
    ProfileContent {
        title: "Full-stack developer – Rust, PostgreSQL and the web".to_owned(),
        summary: "I build web applications from the first table to the last button, most of them in Rust \
                  on PostgreSQL. Last year I moved the booking platform of a hostel network off an ageing \
                  monolith: live availability over WebSockets, pages that work without JavaScript, and not \
                  one lost reservation on the night of the switch.\n\nBefore that I spent five years on \
                  billing and logistics back ends, where I learned to make wrong states impossible in the \
                  schema. You get small pull requests, tests where they pay, and notes that let somebody \
                  else carry on."
            .to_owned(),
        skills: vec![
            skill("Rust", SkillLevel::Expert, 7),
            skill("PostgreSQL", SkillLevel::Expert, 10),
            skill("Axum", SkillLevel::Strong, 4),
            skill("Leptos", SkillLevel::Strong, 3),
            skill("TypeScript", SkillLevel::Strong, 8),
            skill("REST APIs", SkillLevel::Expert, 10),
            skill("WebSockets", SkillLevel::Strong, 5),
            skill("Tailwind CSS", SkillLevel::Working, 4),
            skill("Docker", SkillLevel::Strong, 7),
            skill("Query tuning", SkillLevel::Strong, 6),
            skill("Web accessibility", SkillLevel::Working, 4),
        ],
        experience: Experience::Expert,
        rate: Money::new(Decimal::from(72), Currency::Eur),
        weekly_hours: 30,
        utc_offset: UtcOffset::new(60).unwrap_or(UtcOffset::UTC),
        on_site: true,
        languages: vec![
            speaks(Language::De, LanguageLevel::Native),
            speaks(Language::En, LanguageLevel::Fluent),
            speaks(Language::Pt, LanguageLevel::Conversational),
        ],
        links: vec![
            link("Selected work", "https://mara-lindner.example.com/work"),
            link("Notes on PostgreSQL", "https://mara-lindner.example.org/notes"),
        ],
        visibility: Visibility::Visible,
    }
}
