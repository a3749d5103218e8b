//! Recovery codes: the way in for somebody whose second factor is lost. Each opens once.

use secrecy::SecretString;
use sha2::{Digest as _, Sha256};

use crate::token::NoRandomness;

/// How many codes one gets at a time.
pub const CODES: usize = 10;

/// 120 random bits make 24 characters. With fewer than 112, a plain hash would not protect a code.
const BYTES: usize = 15;
const CHARS: usize = 24;

/// Crockford's Base32: without i, l, o and u, which are taken for other characters, or make words.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// A new code: the text is shown once, the hash is stored.
pub struct RecoveryCode {
    pub text: SecretString,
    pub hash: [u8; 32],
}

/// A new set of codes, which takes the place of an earlier one.
pub fn generate() -> Result<Vec<RecoveryCode>, NoRandomness> {
    (0..CODES).map(|_| one()).collect()
}

/// What is stored of a code as a person typed it, or none if it cannot be one. Case, spaces and
/// hyphens do not matter, nor does o for 0 or i and l for 1.
pub fn hash(text: &str) -> Option<[u8; 32]> {
    let mut code = [0; CHARS];
    let mut places = code.iter_mut();
    for c in text.chars().filter(|c| !c.is_whitespace() && !matches!(c, '-' | '–' | '—')) {
        let c = match c.to_ascii_lowercase() {
            'o' => '0',
            'i' | 'l' => '1',
            other => other,
        };
        *places.next()? = u8::try_from(c).ok().filter(|byte| ALPHABET.contains(byte))?;
    }
    // A code of full entropy needs no salt and no slow hash.
    places.next().is_none().then(|| Sha256::digest(code).into())
}

fn one() -> Result<RecoveryCode, NoRandomness> {
    let mut random = [0; BYTES];
    getrandom::fill(&mut random).map_err(|_| NoRandomness)?;
    let text = encode(random);
    let hash = hash(&text).ok_or(NoRandomness)?;
    Ok(RecoveryCode { text: text.into(), hash })
}

/// Five bits a character, in groups of four: `x7k2-9mqp-04tz-c8vd-1rgh-5n3w`.
fn encode(bytes: [u8; BYTES]) -> String {
    let number = bytes.iter().fold(0_u128, |number, byte| (number << 8) | u128::from(*byte));
    let mut text = String::with_capacity(CHARS + CHARS / 4 - 1);
    for place in 0..CHARS {
        if place > 0 && place % 4 == 0 {
            text.push('-');
        }
        let digit = (number >> (5 * (CHARS - 1 - place))) & 31;
        text.push(char::from(ALPHABET[digit as usize]));
    }
    text
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::collections::BTreeSet;

    use secrecy::ExposeSecret as _;

    use super::*;

    #[test]
    fn ten_codes_differ_and_each_is_known_by_its_hash() {
        let codes = generate().unwrap();
        let hashes: BTreeSet<_> = codes.iter().map(|code| code.hash).collect();
        assert_eq!(hashes.len(), CODES);
        for code in &codes {
            assert_eq!(hash(code.text.expose_secret()), Some(code.hash));
        }
    }

    #[test]
    fn a_code_carries_a_hundred_and_twenty_bits() {
        assert_eq!(encode([0; BYTES]), "0000-0000-0000-0000-0000-0000");
        assert_eq!(encode([0xff; BYTES]), "zzzz-zzzz-zzzz-zzzz-zzzz-zzzz");
        let (mut last, mut first) = ([0; BYTES], [0; BYTES]);
        (last[BYTES - 1], first[0]) = (33, 0x80);
        assert_eq!(encode(last), "0000-0000-0000-0000-0000-0011");
        assert_eq!(encode(first), "g000-0000-0000-0000-0000-0000");
    }

    #[test]
    fn a_code_is_read_as_people_type_it() {
        let exact = hash("a0b1-c2d3-e4f5-g6h1-j7k8-m9n0");
        assert!(exact.is_some());
        for typed in [
            "A0B1-C2D3-E4F5-G6H1-J7K8-M9N0",
            " a0b1 c2d3 e4f5 g6h1 j7k8 m9n0\n",
            "a0b1c2d3e4f5g6h1j7k8m9n0",
            "aob1–c2d3–e4f5–g6h1–j7k8–m9no",
            "aObi-c2d3-e4f5-g6hL-j7k8-m9nO",
        ] {
            assert_eq!(hash(typed), exact, "{typed:?}");
        }
        assert_ne!(hash("a0b1-c2d3-e4f5-g6h1-j7k8-m9n1"), exact);
    }

    #[test]
    fn what_cannot_be_a_code_has_no_hash() {
        for wrong in [
            "",
            "a0b1-c2d3-e4f5-g6h1-j7k8-m9n",
            "a0b1-c2d3-e4f5-g6h1-j7k8-m9n00",
            "a0b1-c2d3-e4f5-g6h1-j7k8-m9nu",
            "a0b1-c2d3-e4f5-g6h1-j7k8-m9né",
        ] {
            assert_eq!(hash(wrong), None, "{wrong:?}");
        }
        assert_eq!(hash(&"a".repeat(1_000_000)), None);
    }
}
