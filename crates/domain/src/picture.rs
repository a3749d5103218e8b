//! Pictures of people, named by what they show.

use std::{fmt, str::FromStr};

use crate::id::UserId;

/// The largest file that can be uploaded as a picture, in bytes.
pub const UPLOAD_BYTES: usize = 5 * 1024 * 1024;
/// The most pixels it may have.
pub const UPLOAD_PIXELS: u64 = 40_000_000;
/// The least width and height it may have.
pub const UPLOAD_LEAST_SIDE: u32 = 64;
/// The width and height of a picture as it is kept.
pub const SIDE: u32 = 256;

/// SHA-256 of a picture as it is kept: another picture has another address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PictureHash([u8; 32]);

impl PictureHash {
    pub const fn new(hash: [u8; 32]) -> Self {
        Self(hash)
    }

    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Where the site shows the picture of a person.
    pub fn path(&self, of: UserId) -> String {
        format!("/avatars/{of}/{self}")
    }
}

impl fmt::Display for PictureHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// The text is no hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the hash of a picture")]
pub struct InvalidHash;

impl FromStr for PictureHash {
    type Err = InvalidHash;

    /// Reads the form of [`Display`](fmt::Display) and no other, so that a picture has one address.
    fn from_str(text: &str) -> Result<Self, InvalidHash> {
        let mut hash = [0; 32];
        if text.len() != 64 || !text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
            return Err(InvalidHash);
        }
        for (byte, at) in hash.iter_mut().zip((0..64).step_by(2)) {
            *byte = u8::from_str_radix(&text[at..at + 2], 16).map_err(|_| InvalidHash)?;
        }
        Ok(Self(hash))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_reads_back_from_its_one_form() {
        let hash = PictureHash::new(std::array::from_fn(|i| i as u8 * 7));
        let text = hash.to_string();
        assert_eq!(text.parse(), Ok(hash));
        for wrong in [text.to_uppercase(), text[1..].to_owned(), format!("{text}0"), "../".repeat(22)] {
            assert_eq!(wrong.parse::<PictureHash>(), Err(InvalidHash), "{wrong}");
        }
    }
}
