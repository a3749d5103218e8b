//! What the validation of every form has in common.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

/// A stored or sent text that stands for no value of its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a known {kind}")]
pub struct UnknownValue {
    pub kind: &'static str,
}

/// What is wrong with a form: for each field at fault, one sentence that says what to do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FieldErrors(BTreeMap<String, String>);

impl FieldErrors {
    pub fn one(field: &str, message: impl Into<String>) -> Self {
        let mut errors = Self::default();
        errors.add(field, message);
        errors
    }

    /// Notes a fault; the first one of a field is the one that is shown.
    pub fn add(&mut self, field: &str, message: impl Into<String>) {
        self.0.entry(field.to_owned()).or_insert_with(|| message.into());
    }

    pub fn get(&self, field: &str) -> Option<&str> {
        self.0.get(field).map(String::as_str)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(field, message)| (field.as_str(), message.as_str()))
    }

    /// Keeps the value if it is valid, or its fault under the field's name.
    pub(crate) fn keep<T>(&mut self, field: &str, value: Result<T, String>) -> Option<T> {
        value.map_err(|message| self.add(field, message)).ok()
    }
}

/// Whether a character can disguise text: controls, and marks that reorder or hide what follows.
///
/// The joiners U+200C and U+200D stay allowed: Persian and Hindi words and emoji need them.
pub fn is_deceptive(c: char) -> bool {
    (c.is_control() && c != '\n' && c != '\t')
        || matches!(c,
            '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{061c}' | '\u{feff}' | '\u{00ad}'
            | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}')
}

/// One line of text between `min` and `max` characters: NFC, white space folded.
pub fn line(text: &str, min: usize, max: usize) -> Result<String, String> {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    bounded(text.nfc().collect(), min, max)
}

/// Several lines of text between `min` and `max` characters: NFC, trimmed, Unix line ends.
pub fn paragraphs(text: &str, min: usize, max: usize) -> Result<String, String> {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    bounded(text.trim().nfc().collect(), min, max)
}

fn bounded(text: String, min: usize, max: usize) -> Result<String, String> {
    let length = text.chars().count();
    if length == 0 && min > 0 {
        Err("Please fill this in.".to_owned())
    } else if length < min {
        Err(format!("Please write at least {min} characters; this is {length}."))
    } else if length > max {
        Err(format!("Please keep this to {max} characters; this is {length}."))
    } else if text.chars().any(is_deceptive) {
        Err("This contains invisible or direction-changing characters; please remove them.".to_owned())
    } else {
        Ok(text)
    }
}

/// A value from a fixed set.
pub fn choice<T: std::str::FromStr>(text: &str) -> Result<T, String> {
    text.trim().parse().map_err(|_| "Please choose one of the options.".to_owned())
}

/// A value from a fixed set, or none where nothing was chosen.
pub fn optional_choice<T: std::str::FromStr>(text: &str) -> Result<Option<T>, String> {
    if text.trim().is_empty() { Ok(None) } else { choice(text).map(Some) }
}

/// A whole number between `min` and `max`.
pub fn whole(text: &str, min: u16, max: u16) -> Result<u16, String> {
    match text.trim().parse::<u16>() {
        Ok(number) if (min..=max).contains(&number) => Ok(number),
        _ => Err(format!("Please give a whole number from {min} to {max}.")),
    }
}

/// An amount of money: positive, at most two decimals, thousands optionally set apart by commas.
pub fn amount(text: &str) -> Result<rust_decimal::Decimal, String> {
    use crate::money::Money;
    let text = text.trim();
    if text.is_empty() {
        return Err("Please give an amount.".to_owned());
    }
    let plain: String = text.chars().filter(|c| *c != ',').collect();
    let well_formed = plain.len() <= 12 && plain.chars().all(|c| c.is_ascii_digit() || c == '.');
    match plain.parse::<rust_decimal::Decimal>() {
        Ok(amount) if well_formed && amount > rust_decimal::Decimal::ZERO && amount <= Money::MAX => {
            if amount.normalize().scale() > 2 {
                Err("Please give at most two decimals.".to_owned())
            } else {
                Ok(amount)
            }
        }
        _ => Err("Please give an amount such as 1250 or 37.50.".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_folded_and_bounded_by_characters() {
        assert_eq!(line("  two\u{a0}\n words ", 1, 20), Ok("two words".to_owned()));
        assert!(line("", 1, 20).is_err());
        assert!(line(&"é".repeat(21), 1, 20).is_err());
        assert!(line(&"é".repeat(20), 1, 20).is_ok());
    }

    #[test]
    fn direction_marks_and_controls_are_refused() {
        for hostile in ["a\u{202e}b", "a\u{200f}b", "a\u{0}b", "a\u{2066}b", "a\u{feff}b"] {
            assert!(line(hostile, 1, 20).is_err(), "{hostile:?}");
            assert!(paragraphs(hostile, 1, 20).is_err(), "{hostile:?}");
        }
        assert!(line("می‌خواهم", 1, 20).is_ok(), "a zero-width non-joiner belongs to Persian");
    }

    #[test]
    fn amounts_are_positive_with_two_decimals_at_most() {
        assert_eq!(amount("1,250.50"), Ok("1250.50".parse().unwrap()));
        for wrong in ["", "0", "-5", "1e9", "1.005", "abc", "100000000", "٣٤"] {
            assert!(amount(wrong).is_err(), "{wrong}");
        }
    }
}
