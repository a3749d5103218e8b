//! What the validation of every form has in common.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

pub use crate::visible::is_deceptive;
use crate::{
    money::{Money, grouped},
    visible::{is_overloaded, letters, plain},
};

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

/// One line of text of at most `max` characters, `min` of them letters or digits: NFC, white space
/// folded. Where `min` is 0, it may also be empty or all signs.
pub fn line(text: &str, min: usize, max: usize) -> Result<String, String> {
    let text = plain(text).split_whitespace().collect::<Vec<_>>().join(" ");
    bounded(text, min, max, min)
}

/// Several lines of text between `min` and `max` characters: NFC, trimmed, Unix line ends. Half of
/// the least must be letters or digits, for code and lists have many signs.
pub fn paragraphs(text: &str, min: usize, max: usize) -> Result<String, String> {
    let text = plain(text).replace("\r\n", "\n").replace('\r', "\n");
    bounded(text.trim().to_owned(), min, max, min / 2)
}

fn bounded(text: String, min: usize, max: usize, min_letters: usize) -> Result<String, String> {
    let (length, letters) = (text.chars().count(), letters(&text));
    if length == 0 && min > 0 {
        Err("Please fill this in.".to_owned())
    } else if length > max {
        Err(format!("Please keep this to {max} characters; this is {length}."))
    } else if text.chars().any(is_deceptive) {
        Err("This contains invisible or direction-changing characters; please remove them.".to_owned())
    } else if is_overloaded(&text) {
        Err("This has more accents on one letter than can be read; please remove some.".to_owned())
    } else if length < min {
        Err(format!("Please write at least {min} characters; this is {length}."))
    } else if letters < min_letters {
        Err(format!("Please write at least {min_letters} letters or digits; this has {letters}."))
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

/// An amount of money: positive, at most two decimals after a point or a comma, thousands set apart
/// by commas or spaces if at all. What could be read in two ways is refused.
pub fn amount(text: &str) -> Result<Decimal, String> {
    let text = text.trim();
    if text.is_empty() {
        return Err("Please give an amount.".to_owned());
    }
    let malformed = || "Please write the amount like 1250 or 37.50.".to_owned();
    let amount: Decimal = plain_amount(text).and_then(|plain| plain.parse().ok()).ok_or_else(malformed)?;
    if amount <= Decimal::ZERO {
        Err("Please give an amount above zero.".to_owned())
    } else if amount > Money::MAX {
        Err(format!("Please give an amount of at most {}.", grouped(Money::MAX)))
    } else {
        Ok(amount)
    }
}

/// An amount as digits and a point, if it has only one meaning.
fn plain_amount(text: &str) -> Option<String> {
    if text.chars().count() > 20 {
        return None;
    }
    let is_decimals = |part: &str| (1..=2).contains(&part.len()) && is_digits(part);
    let (whole, decimals) = match (text.rsplit_once('.'), text.rsplit_once(',')) {
        (Some((whole, decimals)), _) => (whole, Some(decimals)),
        // One or two digits after the only comma are decimals, as half of the world writes them.
        (None, Some((whole, decimals))) if is_decimals(decimals) && !whole.contains(',') => {
            (whole, Some(decimals))
        }
        _ => (text, None),
    };
    if decimals.is_some_and(|decimals| !is_decimals(decimals)) {
        return None;
    }
    let groups: Vec<&str> = match whole.find(|c: char| !c.is_ascii_digit()) {
        Some(at) => {
            let separator = whole[at..].chars().next()?;
            matches!(separator, ',' | ' ' | '\u{a0}' | '\u{202f}')
                .then(|| whole.split(separator).collect())?
        }
        None => vec![whole],
    };
    let well_formed = match groups.as_slice() {
        [one] => is_digits(one),
        [first, rest @ ..] => {
            (1..=3).contains(&first.len())
                && !first.starts_with('0')
                && rest.iter().all(|group| group.len() == 3)
                && groups.iter().all(|group| is_digits(group))
        }
        [] => false,
    };
    well_formed.then(|| format!("{}.{}", groups.concat(), decimals.unwrap_or("0")))
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_digit())
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
    fn a_line_of_invisible_characters_is_not_filled_in() {
        for c in [
            '\u{200c}',
            '\u{200d}',
            '\u{3164}',
            '\u{2800}',
            '\u{034f}',
            '\u{e0100}',
            '\u{115f}',
            '\u{1160}',
            '\u{ffa0}',
            '\u{fe0f}',
            '\u{180e}',
            '\u{17b4}',
            '\u{e0061}',
            '\u{2003}',
            '\u{0301}',
        ] {
            let hostile = c.to_string().repeat(60);
            assert!(line(&hostile, 1, 200).is_err(), "{c:?}");
            assert!(paragraphs(&hostile, 40, 200).is_err(), "{c:?}");
            assert!(line(&format!("A{hostile}"), 2, 200).is_err(), "{c:?} after a letter");
        }
    }

    #[test]
    fn signs_alone_are_no_name() {
        assert!(line("— — — —", 2, 20).is_err());
        assert!(line("A.", 2, 20).is_err());
        assert!(paragraphs(&".".repeat(60), 40, 200).is_err());
        for name in ["Jo", "李明", "José", "علی", "राम", "M2"] {
            assert_eq!(line(name, 2, 20), Ok(name.to_owned()));
        }
        assert_eq!(line("?!", 0, 20), Ok("?!".to_owned()), "a search may be for signs");
    }

    #[test]
    fn text_that_runs_over_its_neighbours_is_refused() {
        let zalgo = format!("Z{}algo", "\u{0335}\u{0321}\u{0356}\u{033d}".repeat(4));
        assert!(line(&zalgo, 2, 80).is_err());
        assert!(paragraphs(&zalgo, 2, 80).is_err());
    }

    #[test]
    fn amounts_are_positive_with_two_decimals_at_most() {
        assert_eq!(amount("1,250.50"), Ok("1250.50".parse().unwrap()));
        for wrong in ["", "0", "0.00", "-5", "+5", "1e9", "1.005", "abc", "100000000", "٣٤", "$5"] {
            assert!(amount(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_decimal_comma_does_not_multiply_by_a_hundred() {
        for (written, meant) in [
            ("37,50", "37.50"),
            ("60,5", "60.5"),
            ("37.5", "37.5"),
            ("37.50", "37.50"),
            ("1250", "1250"),
            ("1,250", "1250"),
            ("1,250.50", "1250.50"),
            ("1 250", "1250"),
            ("1\u{a0}250,50", "1250.50"),
            ("12\u{202f}345\u{202f}678.9", "12345678.9"),
            (" 99,999,999.99 ", "99999999.99"),
        ] {
            assert_eq!(amount(written), Ok(meant.parse().unwrap()), "{written}");
        }
    }

    #[test]
    fn an_amount_that_could_mean_two_things_is_refused() {
        for wrong in [
            "1,2,3",
            "1,25,50",
            "1,2500",
            "12,3456",
            "1234,567",
            "0,500",
            "1.250,50",
            "1.250",
            "1.2.3",
            "1,250 500",
            "1, 250",
            "1  250",
            "1,",
            ",50",
            ".5",
            "5.",
            "1,250,5",
            ",",
            ".",
            "1,,250",
            "1,250.5.0",
        ] {
            let refused = amount(wrong).unwrap_err();
            assert_eq!(refused, "Please write the amount like 1250 or 37.50.", "{wrong}");
        }
    }
}
