//! The trades and their specialities, read from the files of fragments.
//!
//! A file holds one trade. Lines are `key: text`; a line `== name | low-high` opens a speciality
//! with the US dollars that an hour of it costs at the price level of New York.
//!
//! | key | what it is |
//! |---|---|
//! | `trade`, `weight` | the trade's name, and how many of a hundred people practise it |
//! | `way` | a sentence about how one works, first person |
//! | `role` | what such a person is called, without an article |
//! | `core` | skills that belong together, one combination a line; `*` marks a tool with a name |
//! | `more` | skills that some have besides |
//! | `title` | a profile's title |
//! | `does` | what one does, as an infinitive without "to" |
//! | `did` | what one has done, as a past tense without "I" |
//! | `need` | a client's situation, as a sentence |
//! | `good` | a good result, as a clause that could follow "so that" |
//! | `job` | a job's title; the first goes with the first `need`, and so on |
//!
//! `{20-80}` stands for a number in that range, `{sector}` for a kind of client, `{s1}` and `{s2}`
//! for the first two tools, `{lang}` for a language.

use std::sync::LazyLock;

/// A skill's name, and whether it is the proper name of a tool.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tool {
    pub(crate) label: &'static str,
    pub(crate) named: bool,
}

#[derive(Default)]
pub(crate) struct Speciality {
    pub(crate) name: &'static str,
    /// US dollars an hour, from a newcomer's to a master's.
    pub(crate) rate: (f64, f64),
    pub(crate) roles: Vec<&'static str>,
    pub(crate) cores: Vec<Vec<Tool>>,
    pub(crate) more: Vec<Tool>,
    pub(crate) titles: Vec<&'static str>,
    pub(crate) does: Vec<&'static str>,
    pub(crate) did: Vec<&'static str>,
    pub(crate) needs: Vec<&'static str>,
    pub(crate) good: Vec<&'static str>,
    pub(crate) jobs: Vec<&'static str>,
}

impl Speciality {
    /// Whether the work is between English and another language.
    pub(crate) fn bilingual(&self) -> bool {
        self.cores.iter().flatten().any(|tool| tool.label.contains("{lang}"))
    }
}

#[derive(Default)]
pub(crate) struct Trade {
    pub(crate) name: &'static str,
    pub(crate) weight: usize,
    pub(crate) ways: Vec<&'static str>,
    pub(crate) specialities: Vec<Speciality>,
}

const FILES: &[&str] = &[
    include_str!("trades/software.txt"),
    include_str!("trades/data.txt"),
    include_str!("trades/design.txt"),
    include_str!("trades/writing.txt"),
    include_str!("trades/translation.txt"),
    include_str!("trades/accounting.txt"),
    include_str!("trades/marketing.txt"),
    include_str!("trades/engineering.txt"),
    include_str!("trades/legal.txt"),
    include_str!("trades/support.txt"),
    include_str!("trades/video.txt"),
    include_str!("trades/audio.txt"),
    include_str!("trades/education.txt"),
    include_str!("trades/hr.txt"),
    include_str!("trades/sales.txt"),
    include_str!("trades/architecture.txt"),
];

static CATALOGUE: LazyLock<Vec<Trade>> = LazyLock::new(|| FILES.iter().map(|text| trade(text)).collect());

pub(crate) fn catalogue() -> &'static [Trade] {
    &CATALOGUE
}

/// The speciality of that name with its trade, or the first one there is.
pub(crate) fn named(name: &str) -> (&'static Trade, &'static Speciality) {
    let all = || catalogue().iter().flat_map(|trade| trade.specialities.iter().map(move |s| (trade, s)));
    all().find(|(_, speciality)| speciality.name == name).unwrap_or_else(|| {
        let first = &catalogue()[0];
        (first, &first.specialities[0])
    })
}

fn trade(text: &'static str) -> Trade {
    let mut trade = Trade::default();
    for line in text.lines() {
        if let Some(heading) = line.strip_prefix("== ") {
            let (name, rate) = heading.split_once(" | ").unwrap_or((heading, ""));
            let rate =
                rate.split_once('-').and_then(|(low, high)| Some((low.parse().ok()?, high.parse().ok()?)));
            let rate = rate.unwrap_or((30.0, 80.0));
            trade.specialities.push(Speciality { name, rate, ..Speciality::default() });
        } else if let Some((key, text)) = line.split_once(": ") {
            match trade.specialities.last_mut() {
                None => trade_line(&mut trade, key, text),
                Some(speciality) => speciality_line(speciality, key, text),
            }
        }
    }
    trade
}

fn trade_line(trade: &mut Trade, key: &str, text: &'static str) {
    match key {
        "trade" => trade.name = text,
        "weight" => trade.weight = text.parse().unwrap_or(1),
        "way" => trade.ways.push(text),
        _ => unreachable!("the files are part of the program, and a test reads them all: {key}"),
    }
}

fn speciality_line(speciality: &mut Speciality, key: &str, text: &'static str) {
    match key {
        "role" => speciality.roles.push(text),
        "core" => speciality.cores.push(tools(text)),
        "more" => speciality.more.extend(tools(text)),
        "title" => speciality.titles.push(text),
        "does" => speciality.does.push(text),
        "did" => speciality.did.push(text),
        "need" => speciality.needs.push(text),
        "good" => speciality.good.push(text),
        "job" => speciality.jobs.push(text),
        _ => unreachable!("the files are part of the program, and a test reads them all: {key}"),
    }
}

fn tools(text: &'static str) -> Vec<Tool> {
    text.split(", ")
        .map(|name| match name.strip_prefix('*') {
            Some(label) => Tool { label, named: true },
            None => Tool { label: name, named: false },
        })
        .collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use domain::skill::Skill;

    use super::*;

    #[test]
    fn every_trade_is_complete() {
        assert!(catalogue().len() >= 14);
        for trade in catalogue() {
            assert!(trade.ways.len() >= 6, "{}", trade.name);
            assert!(trade.specialities.len() >= 2, "{}", trade.name);
            for s in &trade.specialities {
                assert!(s.rate.0 < s.rate.1, "{}", s.name);
                assert!(!s.roles.is_empty() && s.cores.len() >= 2 && s.more.len() >= 6, "{}", s.name);
                assert_eq!(s.needs.len(), s.jobs.len(), "{}: needs and jobs come in pairs", s.name);
                for slot in [&s.titles, &s.does, &s.did, &s.needs, &s.good, &s.jobs] {
                    assert!(slot.len() >= 6, "{} has a slot of {}", s.name, slot.len());
                }
            }
        }
    }

    #[test]
    fn every_skill_is_one_the_vocabulary_knows() {
        for s in catalogue().iter().flat_map(|trade| &trade.specialities) {
            for tool in s.cores.iter().flatten().chain(&s.more).filter(|t| !t.label.contains('{')) {
                let known = Skill::known().iter().any(|known| known.label == tool.label);
                assert!(known, "{}: {} is not in the vocabulary", s.name, tool.label);
            }
        }
    }
}
