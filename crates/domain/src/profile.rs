//! Freelancers' profiles: what a person offers.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    id::UserId,
    job::{Experience, offset},
    language::{Language, LanguageLevel},
    money::Money,
    place::{Region, UtcOffset},
    skill::{Skill, SkillLevel},
    validate::{FieldErrors, amount, choice, line, paragraphs, whole},
};

text_enum! {
    /// Whether a profile is shown and matched.
    pub enum Visibility {
        Visible = "visible", "Visible to clients";
        Paused = "paused", "Paused";
    }
}

/// A skill with how well and how long it has been practised.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PractisedSkill {
    pub skill: Skill,
    pub level: SkillLevel,
    /// Whole years, 0 to 50.
    pub years: u16,
}

/// A language with how well it is spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpokenLanguage {
    pub language: Language,
    pub level: LanguageLevel,
}

/// A link to work done elsewhere; http or https only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PortfolioLink {
    pub label: String,
    pub url: String,
}

/// Everything about a profile that its owner decides.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProfileContent {
    pub title: String,
    /// Plain text with paragraphs.
    pub summary: String,
    pub skills: Vec<PractisedSkill>,
    pub experience: Experience,
    /// What an hour costs.
    pub rate: Money,
    /// Hours a week open for new work, 0 to 60.
    pub weekly_hours: u16,
    pub utc_offset: UtcOffset,
    /// Whether work on site in the person's own region is welcome.
    pub on_site: bool,
    pub languages: Vec<SpokenLanguage>,
    pub links: Vec<PortfolioLink>,
    pub visibility: Visibility,
}

/// A profile as it is stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Profile {
    pub user_id: UserId,
    pub display_name: String,
    pub region: Region,
    /// Counts the changes, so that an edit of a stale page is noticed.
    pub version: i32,
    pub content: ProfileContent,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// A row of the skills part of the form.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SkillRow {
    pub name: String,
    pub level: String,
    pub years: String,
}

/// A row of the languages part of the form.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LanguageRow {
    pub language: String,
    pub level: String,
}

/// A row of the portfolio part of the form.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LinkRow {
    pub label: String,
    pub url: String,
}

/// What a freelancer fills in to describe themselves. Rows left empty are ignored.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ProfileForm {
    pub title: String,
    pub summary: String,
    pub skills: Vec<SkillRow>,
    pub experience: String,
    pub rate: String,
    pub currency: String,
    pub weekly_hours: String,
    /// Minutes east of UTC.
    pub utc_offset: String,
    /// `on` where the box is ticked, as browsers send it.
    pub on_site: String,
    pub languages: Vec<LanguageRow>,
    pub links: Vec<LinkRow>,
    pub visibility: String,
}

impl ProfileForm {
    pub const TITLE_CHARS: (usize, usize) = (4, 100);
    pub const SUMMARY_CHARS: (usize, usize) = (40, 4000);
    pub const MAX_SKILLS: usize = 20;
    pub const MAX_LANGUAGES: usize = 8;
    pub const MAX_LINKS: usize = 6;

    pub fn validate(&self) -> Result<ProfileContent, FieldErrors> {
        let mut errors = FieldErrors::default();
        let (min, max) = Self::TITLE_CHARS;
        let title = errors.keep("title", line(&self.title, min, max));
        let (min, max) = Self::SUMMARY_CHARS;
        let summary = errors.keep("summary", paragraphs(&self.summary, min, max));
        let skills = self.skills(&mut errors);
        let experience = errors.keep("experience", choice(&self.experience));
        let rate = errors.keep("rate", amount(&self.rate));
        let currency = errors.keep("currency", choice(&self.currency));
        let weekly_hours = errors.keep("weekly_hours", whole(&self.weekly_hours, 0, 60));
        let utc_offset = errors.keep("utc_offset", offset(&self.utc_offset));
        let languages = self.languages(&mut errors);
        let links = self.links(&mut errors);
        let visibility = errors.keep("visibility", choice(&self.visibility));
        let valid = (|| {
            Some(ProfileContent {
                title: title?,
                summary: summary?,
                skills,
                experience: experience?,
                rate: Money::new(rate?, currency?),
                weekly_hours: weekly_hours?,
                utc_offset: utc_offset?,
                on_site: self.on_site == "on",
                languages,
                links,
                visibility: visibility?,
            })
        })();
        match valid {
            Some(content) if errors.is_empty() => Ok(content),
            _ => Err(errors),
        }
    }

    fn skills(&self, errors: &mut FieldErrors) -> Vec<PractisedSkill> {
        let mut skills: Vec<PractisedSkill> = Vec::new();
        for row in self.skills.iter().filter(|row| !row.name.trim().is_empty()) {
            let skill = errors.keep("skills", Skill::parse(&row.name));
            let level = choice(&row.level)
                .map_err(|_| format!("Please choose a level for {}.", skill_name(skill.as_ref())));
            let level = errors.keep("skills", level);
            let years = if row.years.trim().is_empty() { Ok(0) } else { whole(&row.years, 0, 50) };
            let years = errors
                .keep("skills", years.map_err(|_| "Please give years as a number from 0 to 50.".to_owned()));
            let (Some(skill), Some(level), Some(years)) = (skill, level, years) else { continue };
            if skills.iter().any(|known| known.skill.key == skill.key) {
                errors.add("skills", format!("{} is there twice.", skill.label));
            } else {
                skills.push(PractisedSkill { skill, level, years });
            }
        }
        if skills.is_empty() {
            errors.add("skills", "Please name at least one skill.");
        } else if skills.len() > Self::MAX_SKILLS {
            errors.add("skills", format!("Please name at most {} skills.", Self::MAX_SKILLS));
        }
        skills
    }

    fn languages(&self, errors: &mut FieldErrors) -> Vec<SpokenLanguage> {
        let mut languages: Vec<SpokenLanguage> = Vec::new();
        for row in self.languages.iter().filter(|row| !row.language.trim().is_empty()) {
            let language = errors.keep("languages", choice(&row.language));
            let level = choice(&row.level).map_err(|_| {
                let name = language.map_or("each language", Language::label);
                format!("Please choose a level for {name}.")
            });
            let level = errors.keep("languages", level);
            let (Some(language), Some(level)) = (language, level) else { continue };
            if languages.iter().any(|known| known.language == language) {
                errors.add("languages", format!("{} is there twice.", language.label()));
            } else {
                languages.push(SpokenLanguage { language, level });
            }
        }
        if languages.is_empty() {
            errors.add("languages", "Please name at least one language you work in.");
        } else if languages.len() > Self::MAX_LANGUAGES {
            errors.add("languages", format!("Please name at most {} languages.", Self::MAX_LANGUAGES));
        }
        languages
    }

    fn links(&self, errors: &mut FieldErrors) -> Vec<PortfolioLink> {
        let mut links = Vec::new();
        for row in self.links.iter().filter(|row| !row.url.trim().is_empty() || !row.label.trim().is_empty())
        {
            let url = errors.keep("links", web_address(&row.url));
            let label = if row.label.trim().is_empty() { &row.url } else { &row.label };
            let label = errors.keep("links", line(label, 1, 200));
            if let (Some(url), Some(label)) = (url, label) {
                links.push(PortfolioLink { label, url });
            }
        }
        if links.len() > Self::MAX_LINKS {
            errors.add("links", format!("Please give at most {} links.", Self::MAX_LINKS));
        }
        links
    }
}

/// What to call a skill in a message.
fn skill_name(skill: Option<&Skill>) -> &str {
    skill.map_or("each skill", |skill| &skill.label)
}

/// An absolute http(s) address. Anything else – `javascript:` above all – never becomes a link.
fn web_address(text: &str) -> Result<String, String> {
    let text = line(text, 1, 200)?;
    let wrong = || "Please give a full web address such as https://example.com/work.".to_owned();
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")).ok_or_else(wrong)?;
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':');
    let clean = !text.chars().any(|c| c.is_whitespace() || matches!(c, '"' | '<' | '>' | '\\' | '`'));
    if host.contains('.') && host.chars().all(plain) && clean { Ok(text) } else { Err(wrong()) }
}

impl From<&ProfileContent> for ProfileForm {
    /// The form filled in with a profile as it stands, to be edited.
    fn from(profile: &ProfileContent) -> Self {
        Self {
            title: profile.title.clone(),
            summary: profile.summary.clone(),
            skills: profile
                .skills
                .iter()
                .map(|practised| SkillRow {
                    name: practised.skill.label.clone(),
                    level: practised.level.to_string(),
                    years: practised.years.to_string(),
                })
                .collect(),
            experience: profile.experience.to_string(),
            rate: profile.rate.amount.normalize().to_string(),
            currency: profile.rate.currency.to_string(),
            weekly_hours: profile.weekly_hours.to_string(),
            utc_offset: profile.utc_offset.minutes().to_string(),
            on_site: if profile.on_site { "on".to_owned() } else { String::new() },
            languages: profile
                .languages
                .iter()
                .map(|spoken| LanguageRow {
                    language: spoken.language.to_string(),
                    level: spoken.level.to_string(),
                })
                .collect(),
            links: profile
                .links
                .iter()
                .map(|link| LinkRow { label: link.label.clone(), url: link.url.clone() })
                .collect(),
            visibility: profile.visibility.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form() -> ProfileForm {
        ProfileForm {
            title: "Database engineer".into(),
            summary: "I move busy systems onto PostgreSQL and keep them quick afterwards.".into(),
            skills: vec![
                SkillRow { name: "postgres".into(), level: "expert".into(), years: "9".into() },
                SkillRow::default(),
            ],
            experience: "expert".into(),
            rate: "85".into(),
            currency: "EUR".into(),
            weekly_hours: "30".into(),
            utc_offset: "60".into(),
            languages: vec![LanguageRow { language: "en".into(), level: "fluent".into() }],
            links: vec![LinkRow { label: String::new(), url: "https://example.com/work".into() }],
            visibility: "visible".into(),
            ..ProfileForm::default()
        }
    }

    #[test]
    fn a_valid_form_becomes_a_profile_and_reads_back_as_the_same_form() {
        let profile = form().validate().unwrap();
        assert_eq!(profile.skills[0].skill.label, "PostgreSQL");
        assert_eq!(ProfileForm::from(&profile).validate().unwrap(), profile);
    }

    #[test]
    fn only_web_addresses_become_links() {
        for wrong in [
            "javascript:alert(1)",
            "https://",
            "https://a b.c",
            "ftp://x.y",
            "https://x.y/\"><script>",
            "//x.y",
        ] {
            assert!(web_address(wrong).is_err(), "{wrong}");
        }
        assert!(web_address("http://example.com:8080/a?b=c#d").is_ok());
    }

    #[test]
    fn the_same_skill_twice_is_named() {
        let mut twice = form();
        twice.skills[1] =
            SkillRow { name: "PostgreSQL".into(), level: "strong".into(), years: String::new() };
        assert_eq!(twice.validate().unwrap_err().get("skills"), Some("PostgreSQL is there twice."));
    }
}
