//! The form of a text that is embedded and hashed.

use sha2::{Digest, Sha256};
use unicode_normalization::UnicodeNormalization;

/// The longest text that is looked at, in Unicode scalar values after normalisation: about
/// 1,500 words, more than any model here reads. What lies behind does not change the vector.
pub const MAX_CHARS: usize = 10_000;

/// Brings a text into the form that is embedded: Unicode NFC, every run of white space and
/// control characters one space, none at the ends, at most [`MAX_CHARS`] characters. Applying it
/// twice changes nothing.
pub fn normalise(text: &str) -> String {
    let mut out = String::with_capacity(text.len().min(MAX_CHARS));
    let mut length = 0;
    let mut gap = false;
    for c in text.nfc() {
        if c.is_whitespace() || c.is_control() {
            gap = length > 0;
            continue;
        }
        let needed = if gap { 2 } else { 1 };
        if length + needed > MAX_CHARS {
            break;
        }
        if gap {
            out.push(' ');
            gap = false;
        }
        out.push(c);
        length += needed;
    }
    out
}

/// SHA-256 of the normalised text: texts with the same hash have the same vector, so that no
/// text is embedded twice.
pub fn content_hash(text: &str) -> [u8; 32] {
    Sha256::digest(normalise(text)).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_and_control_characters_fold() {
        assert_eq!(normalise("  a\r\n\tb\u{0}\u{a0} c \u{85}"), "a b c");
        assert_eq!(normalise(" \n\t "), "");
    }

    #[test]
    fn composed_and_decomposed_are_one_text() {
        assert_eq!(content_hash("caf\u{e9}"), content_hash("cafe\u{301}  "));
        assert_ne!(content_hash("cafe"), content_hash("caf\u{e9}"));
    }

    #[test]
    fn length_is_bounded_and_normalising_twice_changes_nothing() {
        for text in ["x".repeat(1_000_000), "ab ".repeat(400_000), "e\u{301} 🦀".repeat(9_000)] {
            let once = normalise(&text);
            assert!(once.chars().count() <= MAX_CHARS);
            assert_eq!(normalise(&once), once);
        }
    }

    #[test]
    fn the_hash_is_of_the_normalised_text() {
        // SHA-256 of "abc", from FIPS 180-2.
        let hash = content_hash(" abc ");
        assert_eq!(hash[..4], [0xba, 0x78, 0x16, 0xbf]);
    }
}
