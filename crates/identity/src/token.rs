//! Opaque tokens: 256 random bits, of which only the hash is stored.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use secrecy::SecretString;
use sha2::{Digest as _, Sha256};

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the system gave no randomness")]
pub struct NoRandomness;

/// A new token, in URL-safe Base64 of 43 characters.
pub fn generate() -> Result<SecretString, NoRandomness> {
    let mut bytes = [0_u8; 32];
    getrandom::fill(&mut bytes).map_err(|_| NoRandomness)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes).into())
}

/// What is stored of a token, or none if it cannot be one of ours.
pub fn hash(token: &str) -> Option<[u8; 32]> {
    // A token of full entropy needs no salt and no slow hash.
    (token.len() == 43).then(|| Sha256::digest(token.as_bytes()).into())
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    #[test]
    fn tokens_differ_and_hash_to_the_same_value_each_time() {
        let (a, b) = (generate().unwrap(), generate().unwrap());
        assert_ne!(a.expose_secret(), b.expose_secret());
        assert_eq!(hash(a.expose_secret()), hash(a.expose_secret()));
        assert!(hash(a.expose_secret()).is_some());
        assert!(hash("").is_none());
    }
}
