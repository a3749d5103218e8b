//! Codes sent by e-mail, as a backup of the second factor.
//!
//! A code is short, so that it can be typed; it is safe because it soon expires and only a few
//! attempts are allowed, which is the caller's business. The hash keeps it from whoever glances at
//! the database, not from whoever may search it at leisure.

use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use crate::token::NoRandomness;

/// How many digits a code has.
const DIGITS: usize = 8;

/// One more than the largest code.
const CODES: u32 = 10_u32.pow(DIGITS as u32);

const SALT: usize = 16;

/// What is stored of a code: its salt and the hash of both.
pub const STORED: usize = SALT + 32;

/// A new code: the text is sent, the rest is stored.
pub struct EmailCode {
    /// Eight digits in two groups, `0417 2293`.
    pub text: SecretString,
    pub stored: [u8; STORED],
}

pub fn generate() -> Result<EmailCode, NoRandomness> {
    let mut salt = [0; SALT];
    getrandom::fill(&mut salt).map_err(|_| NoRandomness)?;
    let code = SecretString::from(format!("{:08}", number()?));
    let mut stored = [0; STORED];
    stored[..SALT].copy_from_slice(&salt);
    stored[SALT..].copy_from_slice(&hash(&salt, code.expose_secret()));
    let (first, second) = code.expose_secret().split_at(DIGITS / 2);
    Ok(EmailCode { text: format!("{first} {second}").into(), stored })
}

/// Whether what was typed is the code that `stored` was made with; spaces and hyphens do not matter.
pub fn check(typed: &str, stored: &[u8]) -> bool {
    if stored.len() != STORED {
        return false;
    }
    let significant = typed.chars().filter(|c| !c.is_whitespace() && *c != '-');
    let code: SecretString = significant.take(DIGITS + 1).collect::<String>().into();
    let (salt, expected) = stored.split_at(SALT);
    hash(salt, code.expose_secret()).ct_eq(expected).into()
}

/// A random number below `CODES`, each as likely as any other.
fn number() -> Result<u32, NoRandomness> {
    // The last, incomplete round of the range would favour small numbers.
    const FAIR: u32 = u32::MAX - u32::MAX % CODES;
    loop {
        let random = getrandom::u32().map_err(|_| NoRandomness)?;
        if random < FAIR {
            return Ok(random % CODES);
        }
    }
}

fn hash(salt: &[u8], code: &str) -> [u8; 32] {
    Sha256::new().chain_update(salt).chain_update(code.as_bytes()).finalize().into()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_code_fits_what_was_stored_of_it_and_nothing_else() {
        let (one, other) = (generate().unwrap(), generate().unwrap());
        assert!(check(one.text.expose_secret(), &one.stored));
        assert_ne!(one.stored[..SALT], other.stored[..SALT], "each code has its own salt");
        assert!(!check(one.text.expose_secret(), &other.stored));
    }

    #[test]
    fn a_code_is_eight_digits_and_read_with_or_without_its_space() {
        let code = generate().unwrap();
        let text = code.text.expose_secret();
        let digits = text.replace(' ', "");
        assert_eq!(digits.len(), DIGITS);
        assert!(digits.bytes().all(|byte| byte.is_ascii_digit()), "{text}");
        for typed in [digits.clone(), format!(" {digits}\n"), text.replace(' ', "-")] {
            assert!(check(&typed, &code.stored), "{typed:?}");
        }
    }

    #[test]
    fn wrong_and_malformed_codes_are_refused() {
        let code = generate().unwrap();
        let digits = code.text.expose_secret().replace(' ', "");
        let next = if digits.ends_with('9') { '0' } else { '9' };
        let wrong =
            [String::new(), digits[..7].to_owned(), format!("{digits}0"), format!("{}{next}", &digits[..7])];
        for typed in wrong {
            assert!(!check(&typed, &code.stored), "{typed:?}");
        }
        assert!(!check(&digits, b""));
        assert!(!check(&digits, &code.stored[..STORED - 1]));
    }
}
