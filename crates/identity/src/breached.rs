//! Passwords that were stolen somewhere, asked of a collection of them without telling it which
//! password is meant: the range protocol of Have I Been Pwned. Only the first five hexadecimal digits
//! of the password's SHA-1 go out; the collection answers with the rest of every hash that begins so.

use std::{fmt, time::Duration};

use http::{Request, StatusCode, header};
use sha1::{Digest as _, Sha1};

use crate::external::{Http, HttpError};

/// How long somebody who chooses a password waits for the collection.
pub const ANSWER_WITHIN: Duration = Duration::from_secs(2);

/// How many digits of the hash go out, of forty.
const PREFIX: usize = 5;

#[derive(Debug, thiserror::Error)]
pub enum BreachedError {
    #[error("the collection of breached passwords cannot be asked: {0}")]
    Away(#[from] HttpError),
    #[error("the collection of breached passwords answered with {0}")]
    Status(StatusCode),
    #[error("the collection of breached passwords gave no list of hashes")]
    Unreadable,
    #[error("the address of the collection of breached passwords cannot be used: {0}")]
    Address(#[from] http::Error),
}

/// A collection of breached passwords at an address.
#[derive(Clone)]
pub struct Breached {
    http: Http,
    url: String,
}

impl Breached {
    /// The collection at an address such as `https://api.pwnedpasswords.com/range`.
    pub fn at(url: &str, http: Http) -> Self {
        Self { http: http.within(ANSWER_WITHIN), url: url.trim_end_matches('/').to_owned() }
    }

    /// Whether the password is in the collection.
    ///
    /// # Errors
    /// Where the collection does not answer in time, or not with a list.
    pub async fn has(&self, password: &str) -> Result<bool, BreachedError> {
        let hash = format!("{:X}", Hex(&Sha1::digest(password.as_bytes())));
        let (prefix, rest) = hash.split_at(PREFIX);
        let request = Request::get(format!("{}/{prefix}", self.url))
            // Otherwise the length of the answer would tell, to who reads along, which one it is.
            .header("add-padding", "true")
            .header(header::USER_AGENT, "8thDegree")
            .body(Vec::new())?;
        let answer = self.http.send(request).await?;
        if answer.status() != StatusCode::OK {
            return Err(BreachedError::Status(answer.status()));
        }
        let list = std::str::from_utf8(answer.body()).map_err(|_| BreachedError::Unreadable)?;
        let mut found = false;
        for line in list.lines() {
            let (hash, times) = line.trim().split_once(':').ok_or(BreachedError::Unreadable)?;
            let times: u64 = times.parse().map_err(|_| BreachedError::Unreadable)?;
            // What only fills up the answer was seen no times.
            found |= times > 0 && hash.eq_ignore_ascii_case(rest);
        }
        Ok(found)
    }
}

impl fmt::Debug for Breached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Breached").field("url", &self.url).finish_non_exhaustive()
    }
}

/// Bytes as hexadecimal digits.
struct Hex<'a>(&'a [u8]);

impl fmt::UpperHex for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02X}"))
    }
}
