//! Which characters of a text can be seen, and which only disguise it.

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// Marks in a row that some script needs: Burmese and pointed Hebrew have the most.
const MAX_MARKS: usize = 5;

/// Of the accents any letter can bear; languages stack two, phonetics three.
const MAX_ACCENTS: usize = 3;

/// Whether a character can disguise text: controls, marks that reorder or hide what follows, and
/// characters that show nothing (Unicode's `Default_Ignorable_Code_Point`, and blanks that are no
/// white space).
///
/// The joiners U+200C and U+200D are not among them: Persian and Hindi words and emoji need them.
pub fn is_deceptive(c: char) -> bool {
    (c.is_control() && c != '\n' && c != '\t')
        || is_variation_selector(c)
        || matches!(c,
            '\u{00ad}' | '\u{034f}' | '\u{061c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180e}'
            | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{2800}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
            | '\u{1bca0}'..='\u{1bca3}' | '\u{1d159}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// Chooses among the shapes of the character before it; alone it shows nothing.
fn is_variation_selector(c: char) -> bool {
    matches!(c, '\u{180b}'..='\u{180d}' | '\u{180f}' | '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}')
}

fn is_joiner(c: char) -> bool {
    matches!(c, '\u{200c}' | '\u{200d}')
}

/// Whether a joiner beside this character does something: a letter or sign of a script whose letters
/// join, or a part of an emoji.
fn joins(c: char) -> bool {
    let letter = c.is_alphabetic() || is_combining_mark(c);
    let joining = matches!(c,
        '\u{0600}'..='\u{1cff}' | '\u{a800}'..='\u{abff}' | '\u{fb50}'..='\u{fdff}' | '\u{10a00}'..='\u{11fff}');
    let emoji = matches!(c, '\u{2190}'..='\u{27bf}' | '\u{2b00}'..='\u{2bff}' | '\u{1f000}'..='\u{1faff}');
    (letter && joining) || emoji
}

/// The text in NFC without what it reads the same without: variation selectors, which come along
/// with emoji and pasted names, and joiners that join nothing.
pub(crate) fn plain(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text.chars().filter(|c| !is_variation_selector(*c)).peekable();
    while let Some(c) = rest.next() {
        let between = kept.chars().next_back().is_some_and(joins) && rest.peek().copied().is_some_and(joins);
        if !is_joiner(c) || between {
            kept.push(c);
        }
    }
    kept.nfc().collect()
}

/// Whether more marks are stacked on one character than any language does.
pub(crate) fn is_overloaded(text: &str) -> bool {
    let (mut marks, mut accents) = (0, 0);
    text.chars().any(|c| {
        let accent = matches!(c,
            '\u{0300}'..='\u{036f}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}'
            | '\u{fe20}'..='\u{fe2f}');
        marks = if is_combining_mark(c) { marks + 1 } else { 0 };
        accents = if accent { accents + 1 } else { 0 };
        marks > MAX_MARKS || accents > MAX_ACCENTS
    })
}

/// How many letters and digits a text has: what is left to read when signs and spaces say nothing.
pub(crate) fn letters(text: &str) -> usize {
    text.chars().filter(|c| c.is_alphanumeric() && !is_deceptive(*c)).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joiners_stay_where_they_join_and_only_there() {
        for needed in ["می\u{200c}خواهم", "क्\u{200d}ष", "👩\u{200d}💻"] {
            assert_eq!(plain(needed), needed.nfc().collect::<String>());
        }
        assert_eq!(plain("An\u{200c}na\u{200d}"), "Anna");
        assert_eq!(plain("e\u{200d}\u{0301}"), "é");
        assert_eq!(plain("می\u{200c}\u{200c}خواهم"), "می\u{200c}خواهم");
        assert_eq!(plain("葛\u{e0100}城 ❤\u{fe0f}"), "葛城 ❤");
        assert_eq!(plain("\u{200d}".repeat(9).as_str()), "");
    }

    #[test]
    fn marks_are_stacked_as_far_as_a_language_needs_it() {
        for word in ["လျှော့", "שָּׁ֣לוֹם", "ọ̀nà", "r̥̄́", "ที่"] {
            assert!(!is_overloaded(word), "{word}");
        }
        for stack in ["\u{0335}", "\u{0e47}"] {
            assert!(is_overloaded(&format!("ก{}", stack.repeat(MAX_MARKS + 1))), "{stack:?}");
        }
        assert!(is_overloaded("x\u{0335}\u{0321}\u{031b}\u{0356}"));
    }
}
