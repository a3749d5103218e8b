//! Tokens that people copy and programs keep: recognisable wherever one turns up by mistake, and
//! checkable without asking anybody, so that those who search for leaks find these and nothing else.

use secrecy::SecretString;
use sha2::{Digest as _, Sha256};

use crate::token::NoRandomness;

/// What a token is, as its first letters say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Label {
    /// A personal access token.
    Personal,
    /// A refresh token.
    Refresh,
}

/// 256 random bits.
const SECRET: usize = 32;
const CHECKSUM: usize = 4;

impl Label {
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Personal => "8th_pat_",
            Self::Refresh => "8th_ref_",
        }
    }

    /// A new token: the prefix, the secret and a checksum, both in hexadecimal.
    pub fn generate(self) -> Result<SecretString, NoRandomness> {
        let mut secret = [0_u8; SECRET];
        getrandom::fill(&mut secret).map_err(|_| NoRandomness)?;
        let body = format!("{}{}", self.prefix(), hex::encode(secret));
        let checksum = checksum(&body);
        Ok((body + &checksum).into())
    }

    /// What is stored of a token, or none if it cannot be one of this kind.
    pub fn hash(self, token: &str) -> Option<[u8; 32]> {
        let body = self.prefix().len() + 2 * SECRET;
        let whole =
            token.len() == body + 2 * CHECKSUM && token.is_ascii() && token.starts_with(self.prefix());
        // Of full entropy, it needs no salt and no slow hash.
        (whole && checksum(&token[..body]) == token[body..]).then(|| Sha256::digest(token.as_bytes()).into())
    }
}

/// The first bytes of the SHA-256 of what stands before it.
fn checksum(body: &str) -> String {
    hex::encode(&Sha256::digest(body.as_bytes())[..CHECKSUM])
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    #[test]
    fn a_token_is_of_one_kind_and_a_typing_error_shows() {
        let token = Label::Personal.generate().unwrap();
        let token = token.expose_secret();
        assert!(token.starts_with("8th_pat_") && token.len() == 80, "{}", token.len());
        assert!(Label::Personal.hash(token).is_some());
        assert!(Label::Refresh.hash(token).is_none());
        assert!(Label::Refresh.hash(&token.replace("pat", "ref")).is_none());
        let last = if token.ends_with('0') { "1" } else { "0" };
        for wrong in ["", "8th_pat_", &token[..79], &format!("{}{last}", &token[..79]), &format!("{token} ")]
        {
            assert!(Label::Personal.hash(wrong).is_none(), "{wrong}");
        }
        assert!(Label::Personal.hash(&token.to_uppercase()).is_none());
        assert!(Label::Personal.hash(&"é".repeat(40)).is_none());
    }
}
