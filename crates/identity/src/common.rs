//! Passwords that are guessed first: those many people use, and those that say little.
//!
//! Nothing is asked of a password but that it is long and not easily guessed; no character is
//! required and none is forbidden.

use std::fmt;

/// The most used passwords of at least 12 characters, in lower case, sorted by byte, one a line;
/// see `common_passwords.LICENSE.md`. Searched where it lies in the program, with nothing to build
/// at the start.
const LIST: &str = include_str!("common_passwords.txt");

/// What is on everybody's mind when asked for a password, and what this site is called.
const IDIOMS: &[&str] = &[
    "8thdegree",
    "admin",
    "administrator",
    "changeme",
    "default",
    "eighthdegree",
    "iloveyou",
    "letmein",
    "login",
    "passphrase",
    "password",
    "passwort",
    "qazwsx",
    "secret",
    "trustno1",
    "welcome",
];

/// The alphabets and the rows and columns of keyboards, which fingers run along.
const ROWS: &[&str] = &[
    "0123456789",
    "1234567890",
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiop",
    "qwertzuiop",
    "azertyuiop",
    "asdfghjkl",
    "qsdfghjklm",
    "zxcvbnm",
    "yxcvbnm",
    "1qaz",
    "2wsx",
    "3edc",
    "4rfv",
    "5tgb",
    "6yhn",
    "7ujm",
    "!@#$%^&*()",
];

/// So many characters must be left that do not follow from others.
const MIN_FREE: usize = 8;

/// A stretch is expected from this length on; two letters in a row happen anywhere.
const MIN_STRETCH: usize = 3;

/// Longer texts are judged by their beginning: no password is so long, and comparing everything
/// with everything takes its time.
const MAX_CHARS: usize = 128;

/// Why a password is guessed easily; shown to the person who chose it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weakness {
    /// It is one of the most used ones.
    Common,
    /// It repeats itself, or runs along an alphabet or a keyboard.
    Regular,
    /// It is mostly made of what is known of the person.
    Personal,
}

impl fmt::Display for Weakness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Common => "Many people use this password, so it is tried first. Please choose another one.",
            Self::Regular => {
                "This password follows a pattern that is easily guessed. Please choose another one."
            }
            Self::Personal => {
                "This password is mostly your name or address, which others know. Please choose another one."
            }
        })
    }
}

/// Whether a password is guessed easily, given what is known of the person: their name, their
/// e-mail address.
pub fn is_common(password: &str, context: &[&str]) -> bool {
    weakness(password, context).is_some()
}

/// Why a password is guessed easily, if it is.
pub fn weakness(password: &str, context: &[&str]) -> Option<Weakness> {
    let password = password.to_lowercase();
    // Digits and marks around a common password make it no rarer.
    let core = password.trim_matches(|c: char| !c.is_alphabetic());
    if listed(&password) || listed(core) {
        return Some(Weakness::Common);
    }
    let chars: Vec<char> = password.chars().take(MAX_CHARS).collect();
    let mut words: Vec<Vec<char>> = IDIOMS.iter().map(|word| folded(word)).collect();
    if free(&chars, &words) < MIN_FREE {
        return Some(Weakness::Regular);
    }
    for text in context {
        let text = text.to_lowercase();
        words.extend(text.split(|c: char| !c.is_alphanumeric()).map(folded));
    }
    (free(&chars, &words) < MIN_FREE).then_some(Weakness::Personal)
}

/// Whether the list has this line.
fn listed(password: &str) -> bool {
    let mut rest = LIST.as_bytes();
    while !rest.is_empty() {
        let middle = rest.len() / 2;
        let (before, after) = rest.split_at(middle);
        let start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let end = after.iter().position(|byte| *byte == b'\n').map_or(rest.len(), |at| middle + at);
        match password.as_bytes().cmp(&rest[start..end]) {
            std::cmp::Ordering::Equal => return true,
            std::cmp::Ordering::Less => rest = &rest[..start],
            std::cmp::Ordering::Greater => rest = rest.get(end + 1..).unwrap_or_default(),
        }
    }
    false
}

/// How many characters do not follow from others: each stretch that runs along a row, repeats an
/// earlier one or is an expected word counts as one.
fn free(chars: &[char], words: &[Vec<char>]) -> usize {
    let letters: Vec<char> = chars.iter().copied().map(fold).collect();
    let (mut at, mut free) = (0, 0);
    while at < chars.len() {
        let stretch = word(&letters[at..], words).max(run(&chars[at..])).max(repetition(chars, at));
        at += if stretch < MIN_STRETCH { 1 } else { stretch };
        free += 1;
    }
    free
}

/// The length of the longest expected word at the beginning.
fn word(letters: &[char], words: &[Vec<char>]) -> usize {
    words.iter().filter(|word| letters.starts_with(word)).map(Vec::len).max().unwrap_or(0)
}

/// How far the beginning runs along a row, in either direction, or stays on one key.
fn run(chars: &[char]) -> usize {
    let along = |row: &mut dyn Iterator<Item = char>| {
        let row = row.skip_while(|c| Some(c) != chars.first());
        chars.iter().zip(row).take_while(|(a, b)| **a == *b).count()
    };
    let still = chars.iter().take_while(|c| Some(*c) == chars.first()).count();
    ROWS.iter().map(|row| along(&mut row.chars()).max(along(&mut row.chars().rev()))).fold(still, usize::max)
}

/// How much from `at` on has stood before.
fn repetition(chars: &[char], at: usize) -> usize {
    let same = |from: usize| chars[from..].iter().zip(&chars[at..]).take_while(|(a, b)| a == b).count();
    (0..at).map(same).max().unwrap_or(0)
}

/// A word as its letters, with the digits and marks that stand for letters read as such.
fn folded(word: &str) -> Vec<char> {
    word.chars().map(fold).collect()
}

fn fold(c: char) -> char {
    match c {
        '0' => 'o',
        '1' | 'l' | '!' | '|' => 'i',
        '3' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        '7' | '+' => 't',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADA: &[&str] = &["Ada Lovelace", "countess.ada@analytical-engines.example"];

    #[test]
    fn every_line_of_the_list_is_found_and_the_list_is_as_the_search_needs_it() {
        let lines: Vec<&str> = LIST.lines().collect();
        assert!(lines.len() > 20_000);
        assert!(lines.is_sorted_by(|a, b| a.as_bytes() < b.as_bytes()));
        for line in &lines {
            assert!(line.chars().count() >= 12 && line.to_lowercase() == *line, "{line}");
            assert!(listed(line), "{line}");
        }
        assert!(LIST.ends_with('\n') && LIST.len() <= 400_000);
    }

    #[test]
    fn what_is_not_in_the_list_is_not_found() {
        let (first, last) = (LIST.lines().next().unwrap(), LIST.lines().last().unwrap());
        let beside = [format!("{first}x"), format!("{last}x")];
        for text in
            beside.iter().map(String::as_str).chain(["", " ", "\n", "~~~~~~~~~~~~~~~~", "naïve café crème"])
        {
            assert!(!listed(text), "{text:?}");
        }
    }

    #[test]
    fn a_common_password_is_recognised_whatever_its_case_and_what_surrounds_it() {
        for password in
            ["passwordpassword", "QwertyUiop123", "1qaz2wsx3edc", "Administrator", "manchesterunited!2026"]
        {
            assert_eq!(weakness(password, &[]), Some(Weakness::Common), "{password}");
        }
    }

    #[test]
    fn repetitions_runs_and_idioms_are_refused() {
        for password in [
            "aaaaaaaaaaaaaaaaaaaaaaa",
            "123412341234",
            "1234567890123",
            "abcdefghijklm",
            "zyxwvutsrqponml",
            "qwertyuiopas",
            "poiuytrewqlkjhgfdsa",
            "aaaabbbbccccdddd",
            "P@ssw0rd!P@ssw0rd!",
            "Welcome-2026",
            "8thDegree2026!",
            "........................",
        ] {
            assert!(is_common(password, &[]), "{password}");
        }
    }

    #[test]
    fn what_is_mostly_the_persons_name_or_address_is_refused_for_that_person_alone() {
        for password in ["AdaLovelace1815", "Lovelace-2026!", "countess.ada@analytical", "4da_L0v3l4ce.4da"] {
            assert_eq!(weakness(password, ADA), Some(Weakness::Personal), "{password}");
            assert_eq!(weakness(password, &["Grace Hopper"]), None, "{password}");
        }
    }

    #[test]
    fn passphrases_and_random_passwords_are_welcome_even_with_a_name_in_them() {
        for password in [
            "purple monkey dishwasher",
            "lovelace wrote programs first",
            "my welcome mat is 12345 years old",
            "kX9#mQ2v!pLw",
            "384629174105",
            "señorita ñandú",
            "правильная лошадь",
            "正しい馬の電池のホッチキスだよ",
        ] {
            assert_eq!(weakness(password, ADA), None, "{password}");
        }
    }

    #[test]
    fn a_long_text_is_judged_by_its_beginning() {
        let long = "ab ".repeat(1_000_000);
        assert_eq!(weakness(&long, ADA), Some(Weakness::Regular));
    }
}
