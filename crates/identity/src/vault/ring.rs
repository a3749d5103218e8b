//! The operator's keys, which wrap the keys of the database.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use secrecy::{ExposeSecret as _, SecretString};

use super::cipher::Key;
use crate::token::NoRandomness;

/// The longest name of a key.
const NAME_CHARS: usize = 32;

/// The key-encryption keys, newest first. The newest wraps; the others open what they wrapped.
pub struct KeyRing(Vec<(String, Key)>);

/// Why a text is no ring of keys; no part of the text is repeated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidKeys {
    #[error("there is no key in it")]
    Empty,
    #[error(
        "entry {0} is not of the form `name:key`, with a name of at most 32 small letters, digits and \
         hyphens and a key of 32 bytes in Base64"
    )]
    Form(usize),
    #[error("two keys have the name of entry {0}")]
    Twice(usize),
}

impl KeyRing {
    /// Reads entries `name:key`, newest first, with white space between them. Lines that begin with
    /// `#` are comments.
    pub fn parse(text: &SecretString) -> Result<Self, InvalidKeys> {
        let lines = text.expose_secret().lines().filter(|line| !line.trim_start().starts_with('#'));
        let mut keys: Vec<(String, Key)> = Vec::new();
        for (index, entry) in lines.flat_map(str::split_whitespace).enumerate() {
            let number = index + 1;
            let (name, key) = entry.split_once(':').ok_or(InvalidKeys::Form(number))?;
            let key = STANDARD.decode(key).ok().and_then(|bytes| Key::from_bytes(&bytes));
            let (true, Some(key)) = (is_name(name), key) else { return Err(InvalidKeys::Form(number)) };
            if keys.iter().any(|(known, _)| known == name) {
                return Err(InvalidKeys::Twice(number));
            }
            keys.push((name.to_owned(), key));
        }
        if keys.is_empty() { Err(InvalidKeys::Empty) } else { Ok(Self(keys)) }
    }

    /// A new entry, for a name that can be one.
    pub fn generate_line(name: &str) -> Result<SecretString, NoRandomness> {
        debug_assert!(is_name(name));
        Ok(format!("{name}:{}", STANDARD.encode(Key::generate()?.as_bytes())).into())
    }

    /// The names of the keys, newest first.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }

    pub(super) fn newest(&self) -> (&str, &Key) {
        let (name, key) = &self.0[0];
        (name, key)
    }

    pub(super) fn get(&self, name: &str) -> Option<&Key> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, key)| key)
    }
}

/// Shows names alone.
impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.names()).finish()
    }
}

/// Whether this can be the name of a key.
fn is_name(name: &str) -> bool {
    (1..=NAME_CHARS).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(name: &str) -> String {
        KeyRing::generate_line(name).unwrap().expose_secret().to_owned()
    }

    #[test]
    fn the_first_key_is_the_newest() {
        let (new, old) = (line("k-2027"), line("k-2026"));
        for text in [format!("# ours\n{new}\n\n  {old} \n"), format!("{new} {old}")] {
            let ring = KeyRing::parse(&text.into()).unwrap();
            assert_eq!(ring.names().collect::<Vec<_>>(), ["k-2027", "k-2026"]);
            assert_eq!(ring.newest().0, "k-2027");
        }
    }

    #[test]
    fn a_wrong_entry_is_named_by_its_number_and_never_repeated() {
        let (good, short) = (line("good"), "k:aHVudGVyMg==");
        let wrong = |text: String| KeyRing::parse(&text.into()).unwrap_err();
        assert_eq!(wrong(String::new()), InvalidKeys::Empty);
        assert_eq!(wrong("# nothing".into()), InvalidKeys::Empty);
        assert_eq!(wrong(format!("{good}\n{short}")), InvalidKeys::Form(2));
        assert_eq!(wrong(good.replace("good:", "")), InvalidKeys::Form(1));
        assert_eq!(wrong(good.replace("good", "Good")), InvalidKeys::Form(1));
        assert_eq!(wrong(format!("{good}\n{}", line("good"))), InvalidKeys::Twice(2));
        let error = wrong(short.into());
        assert!(!format!("{error} {error:?}").contains("aHVudGVyMg"));
    }

    #[test]
    fn a_ring_does_not_show_its_keys() {
        let text = line("k");
        let secret = text.split_once(':').unwrap().1.to_owned();
        let shown = format!("{:?}", KeyRing::parse(&text.into()).unwrap());
        assert!(shown.contains('k') && !shown.contains(&secret), "{shown}");
    }
}
