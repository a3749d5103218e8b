//! Skills: free text, folded onto a shared vocabulary so that "postgres" and "PostgreSQL" meet.

use std::{collections::HashMap, sync::LazyLock};

use serde::{Deserialize, Serialize};

use crate::validate::line;

/// One skill under its canonical key and the name people read.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Skill {
    /// Lower case, words joined by hyphens; two skills are the same if their keys are.
    pub key: String,
    pub label: String,
}

/// A skill the vocabulary knows, with the trade it belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownSkill {
    pub label: &'static str,
    pub trade: &'static str,
}

/// The vocabulary: `label | trade | alias, alias …`, a skill a line, `#` before a comment.
const VOCABULARY: &str = include_str!("skills.txt");

static KNOWN: LazyLock<Vec<KnownSkill>> =
    LazyLock::new(|| entries().map(|(label, trade, _)| KnownSkill { label, trade }).collect());

static BY_ALIAS: LazyLock<HashMap<String, &'static str>> = LazyLock::new(|| {
    entries()
        .flat_map(|(label, _, aliases)| {
            let aliases = aliases.split(',').map(str::trim).filter(|alias| !alias.is_empty());
            std::iter::once(label).chain(aliases).map(move |name| (key(name), label))
        })
        .collect()
});

fn entries() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    VOCABULARY.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).filter_map(|line| {
        let mut parts = line.split('|').map(str::trim);
        Some((parts.next()?, parts.next()?, parts.next().unwrap_or_default()))
    })
}

/// Lower case, with everything but letters, digits and the signs that tell skills apart ("C++",
/// "C#") folded to single hyphens: "Node.js" and "node js" have the same key.
fn key(name: &str) -> String {
    let mut key = String::with_capacity(name.len());
    for c in name.chars().flat_map(char::to_lowercase) {
        if c.is_alphanumeric() || matches!(c, '+' | '#') {
            key.push(c);
        } else if !key.is_empty() && !key.ends_with('-') {
            key.push('-');
        }
    }
    key.truncate(key.trim_end_matches('-').len());
    key
}

/// The skill that these very words name. Short names ("Go", "R") are also ordinary words: they
/// count only as the vocabulary writes them.
fn mentioned(words: &str) -> Option<Skill> {
    let words = words.trim_matches(|c: char| !c.is_alphanumeric() && !matches!(c, '+' | '#'));
    let typed = key(words);
    let label = *BY_ALIAS.get(&typed)?;
    let sure = typed.chars().count() > 3 || words == label;
    sure.then(|| Skill { key: key(label), label: label.to_owned() })
}

impl Skill {
    /// The longest name of a skill, in characters.
    pub const MAX_CHARS: usize = 40;

    /// Reads a skill as a person typed it. An alias becomes the skill it stands for; a name that
    /// the vocabulary does not know is kept as it was typed.
    pub fn parse(text: &str) -> Result<Self, String> {
        let label = line(text, 1, Self::MAX_CHARS)?;
        let typed = key(&label);
        if typed.is_empty() {
            return Err(format!("“{label}” has no letters or digits."));
        }
        Ok(match BY_ALIAS.get(&typed) {
            Some(known) => Self { key: key(known), label: (*known).to_owned() },
            None => Self { key: typed, label },
        })
    }

    /// Reads a list of skills parted by commas, semicolons or lines; duplicates are dropped.
    pub fn parse_list(text: &str, max: usize) -> Result<Vec<Self>, String> {
        let mut skills: Vec<Self> = Vec::new();
        for part in text.split([',', ';', '\n']).filter(|part| !part.trim().is_empty()) {
            let skill = Self::parse(part)?;
            if !skills.iter().any(|known| known.key == skill.key) {
                skills.push(skill);
            }
            if skills.len() > max {
                return Err(format!("Please name at most {max} skills."));
            }
        }
        Ok(skills)
    }

    /// The known skills that a text mentions, in the order of their first mention, at most `max`.
    pub fn mentioned_in(text: &str, max: usize) -> Vec<Self> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let mut skills: Vec<Self> = Vec::new();
        let mut at = 0;
        while at < words.len() && skills.len() < max {
            let longest = (1..=4.min(words.len() - at)).rev();
            let found = longest.filter_map(|n| Some((n, mentioned(&words[at..at + n].join(" "))?))).next();
            if let Some((n, skill)) = found {
                at += n;
                if !skills.iter().any(|known| known.key == skill.key) {
                    skills.push(skill);
                }
            } else {
                at += 1;
            }
        }
        skills
    }

    /// The skills the vocabulary knows, in its order.
    pub fn known() -> &'static [KnownSkill] {
        &KNOWN
    }
}

text_enum! {
    /// How well a person masters a skill; the order is from least to most.
    pub enum SkillLevel {
        Learning = "learning", "Learning";
        Working = "working", "Working knowledge";
        Strong = "strong", "Strong";
        Expert = "expert", "Expert";
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aliases_and_spellings_meet_under_one_key() {
        let same = |a: &str, b: &str| assert_eq!(Skill::parse(a).unwrap(), Skill::parse(b).unwrap());
        same("postgres", "PostgreSQL");
        same("js", "JavaScript");
        assert_eq!(key("Node.js"), key("node JS"));
        assert_ne!(key("C"), key("C++"));
        assert_ne!(key("C"), key("C#"));
    }

    #[test]
    fn a_list_drops_duplicates_and_knows_its_limit() {
        let skills = Skill::parse_list("Postgres, postgresql;\nRust,,", 2).unwrap();
        assert_eq!(skills.iter().map(|s| s.key.as_str()).collect::<Vec<_>>(), ["postgresql", "rust"]);
        assert!(Skill::parse_list("a,b,c", 2).is_err());
        assert!(Skill::parse_list("!!!", 2).is_err());
    }

    #[test]
    fn skills_are_found_in_running_text() {
        let text = "You go far with postgres, and write JavaScript (some Rust) with postgres.";
        let found: Vec<_> = Skill::mentioned_in(text, 10).into_iter().map(|skill| skill.label).collect();
        assert_eq!(found, ["PostgreSQL", "JavaScript", "Rust"]);
        assert_eq!(Skill::mentioned_in(text, 1).len(), 1);
    }

    #[test]
    fn every_line_of_the_vocabulary_reads_back_as_itself() {
        for (label, trade, aliases) in entries() {
            assert!(!trade.is_empty(), "{label} has no trade");
            assert_eq!(Skill::parse(label).unwrap().label, label);
            for alias in aliases.split(',').filter(|alias| !alias.trim().is_empty()) {
                assert_eq!(Skill::parse(alias).unwrap().label, label, "{alias} stands for two skills");
            }
        }
    }
}
