//! Filling fragments in, and the little grammar that English asks for when one does.

use crate::{dice::Dice, phrases::SECTORS};

/// The values of the named slots of a text.
pub(crate) type Slots<'a> = [(&'a str, String)];

/// A fragment with each `{…}` replaced: `{3-9}` by a number, `{sector}` by a kind of client,
/// `{a:role}` by the slot with its article, `{role}` by the slot. A range that stands there twice
/// gives the same number twice.
pub(crate) fn fill(template: &str, dice: &mut Dice, slots: &Slots<'_>) -> String {
    let mut out = String::with_capacity(template.len() + 24);
    let mut rest = template;
    let mut drawn: Vec<(&str, String)> = Vec::new();
    while let Some((before, after)) = rest.split_once('{') {
        let Some((name, tail)) = after.split_once('}') else { break };
        out.push_str(before);
        let known = drawn.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone());
        let value = known.unwrap_or_else(|| value(name, dice, slots));
        out.push_str(&value);
        drawn.push((name, value));
        rest = tail;
    }
    out.push_str(rest);
    out
}

fn value(name: &str, dice: &mut Dice, slots: &Slots<'_>) -> String {
    if let Some((low, high)) = name.split_once('-')
        && let (Ok(low), Ok(high)) = (low.parse(), high.parse())
    {
        return rounded(dice.between(low, high)).to_string();
    }
    if name == "sector" {
        return (*dice.pick(SECTORS)).to_owned();
    }
    let (article, name) = name.strip_prefix("a:").map_or((false, name), |name| (true, name));
    let value = slots.iter().find(|(slot, _)| *slot == name).map_or("", |(_, value)| value.as_str());
    if article { with_article(value) } else { value.to_owned() }
}

/// People say "about 240", not "about 237".
fn rounded(number: usize) -> usize {
    match number {
        0..=29 => number,
        30..=199 => number / 5 * 5,
        200..=999 => number / 10 * 10,
        _ => number / 100 * 100,
    }
}

/// "a developer", "an editor", "a UX designer", "an HR generalist".
pub(crate) fn with_article(noun: &str) -> String {
    let an = if noun.chars().take(2).all(char::is_uppercase) {
        // Initials go by the name of the first letter.
        noun.starts_with(|c| "AEFHILMNORSX".contains(c))
    } else {
        let lower = noun.to_lowercase();
        let like_you = ["uni", "use", "usa", "uti", "eu", "one", "ukr"];
        lower.starts_with(['a', 'e', 'i', 'o', 'u']) && !like_you.iter().any(|start| lower.starts_with(start))
    };
    format!("{} {noun}", if an { "an" } else { "a" })
}

/// With a capital at the start.
pub(crate) fn sentence_case(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).collect(),
        None => String::new(),
    }
}

/// As inside a sentence: "backend development", but "HR advice".
pub(crate) fn inside(text: &str) -> String {
    let mut chars = text.chars();
    match (chars.next(), text.chars().nth(1)) {
        (Some(first), Some(second)) if !second.is_uppercase() => first.to_lowercase().chain(chars).collect(),
        _ => text.to_owned(),
    }
}

/// "six years", "a year".
pub(crate) fn span(years: u16) -> String {
    const WORDS: [&str; 13] = [
        "some months",
        "a year",
        "two years",
        "three years",
        "four years",
        "five years",
        "six years",
        "seven years",
        "eight years",
        "nine years",
        "ten years",
        "eleven years",
        "twelve years",
    ];
    WORDS.get(usize::from(years)).map_or_else(|| format!("{years} years"), |word| (*word).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn articles_go_by_sound() {
        for (noun, expected) in [
            ("accountant", "an accountant"),
            ("UX designer", "a UX designer"),
            ("HR generalist", "an HR generalist"),
            ("European lawyer", "a European lawyer"),
            ("SEO specialist", "an SEO specialist"),
            ("QA engineer", "a QA engineer"),
            ("Italian translator", "an Italian translator"),
            ("Ukrainian translator", "a Ukrainian translator"),
        ] {
            assert_eq!(with_article(noun), expected);
        }
    }
}
