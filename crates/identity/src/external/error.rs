//! Why a sign-in did not succeed, by what can be done about it.

use std::{error::Error, fmt};

use domain::validate::is_deceptive;
use oauth2::{RequestTokenError, basic::BasicErrorResponse};
use openidconnect::{ClaimsVerificationError, DiscoveryError, UserInfoError};

use super::http::HttpError;
use crate::token::NoRandomness;

/// Why a sign-in did not succeed. The text is for logs; what a person reads follows from the kind.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExternalError {
    /// The person said no, or the provider on their behalf.
    #[error("the provider says that the sign-in was declined")]
    Denied,
    /// Too late, or a second time: start again.
    #[error("the sign-in or its code is too old, or was used before")]
    Expired,
    /// The answer belongs to another sign-in, or to nobody's: start again.
    #[error("the answer does not belong to this sign-in: {0}")]
    Mismatch(Detail),
    /// Only the operator can help, here or at the provider.
    #[error("the provider is not set up as it must be: {0}")]
    Misconfigured(Detail),
    /// The provider does not answer, or not as it should: try again later.
    #[error("the provider is not available: {0}")]
    Unavailable(Detail),
    /// What the provider sent does not prove who came. Nobody may be let in by it.
    #[error("the provider's answer cannot be trusted: {0}")]
    Untrusted(Detail),
}

/// Particulars for logs: one line of bounded length, for part of it may come from anybody.
#[derive(Clone, PartialEq, Eq)]
pub struct Detail(String);

impl Detail {
    const LONGEST: usize = 300;

    fn new(text: impl fmt::Display) -> Self {
        let visible = |c: char| if is_deceptive(c) || c.is_whitespace() { ' ' } else { c };
        Self(text.to_string().chars().take(Self::LONGEST).map(visible).collect())
    }
}

impl fmt::Display for Detail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Detail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl ExternalError {
    pub(super) fn mismatch(detail: impl fmt::Display) -> Self {
        Self::Mismatch(Detail::new(detail))
    }

    pub(super) fn misconfigured(detail: impl fmt::Display) -> Self {
        Self::Misconfigured(Detail::new(detail))
    }

    pub(super) fn unavailable(detail: impl fmt::Display) -> Self {
        Self::Unavailable(Detail::new(detail))
    }

    pub(super) fn untrusted(detail: impl fmt::Display) -> Self {
        Self::Untrusted(Detail::new(detail))
    }

    /// What an error code of OAuth 2, OpenID Connect or GitHub means to us, whether the browser
    /// brought it or the token endpoint answered it.
    pub(super) fn of_code(code: &str, description: Option<&str>) -> Self {
        let detail = || format!("{code}: {}", description.unwrap_or("no description"));
        match code {
            "access_denied"
            | "account_selection_required"
            | "consent_required"
            | "interaction_required"
            | "login_required"
            // GitHub's word for people who have not confirmed their address there.
            | "unverified_user_email" => Self::Denied,
            // The second one is GitHub's.
            "invalid_grant" | "bad_verification_code" => Self::Expired,
            "server_error" | "temporarily_unavailable" | "slow_down" => Self::unavailable(detail()),
            _ => Self::misconfigured(detail()),
        }
    }
}

/// An error and its causes, in one line.
pub(super) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

impl From<NoRandomness> for ExternalError {
    fn from(error: NoRandomness) -> Self {
        Self::unavailable(error)
    }
}

impl From<HttpError> for ExternalError {
    fn from(error: HttpError) -> Self {
        Self::unavailable(chain(&error))
    }
}

impl From<DiscoveryError<HttpError>> for ExternalError {
    fn from(error: DiscoveryError<HttpError>) -> Self {
        match error {
            DiscoveryError::Request(error) => error.into(),
            other => Self::misconfigured(chain(&other)),
        }
    }
}

impl From<RequestTokenError<HttpError, BasicErrorResponse>> for ExternalError {
    fn from(error: RequestTokenError<HttpError, BasicErrorResponse>) -> Self {
        let refused = |refusal: &BasicErrorResponse| {
            Self::of_code(refusal.error().as_ref(), refusal.error_description().map(String::as_str))
        };
        match error {
            RequestTokenError::Request(error) => error.into(),
            RequestTokenError::ServerResponse(refusal) => refused(&refusal),
            RequestTokenError::Parse(error, body) => match serde_json::from_slice(&body) {
                // GitHub refuses with the status of success.
                Ok(refusal) => refused(&refusal),
                Err(_) => Self::untrusted(format!("the token cannot be read: {}", chain(&error))),
            },
            RequestTokenError::Other(reason) => Self::misconfigured(format!("the token: {reason}")),
        }
    }
}

impl From<ClaimsVerificationError> for ExternalError {
    fn from(error: ClaimsVerificationError) -> Self {
        Self::untrusted(chain(&error))
    }
}

impl From<UserInfoError<HttpError>> for ExternalError {
    fn from(error: UserInfoError<HttpError>) -> Self {
        match error {
            UserInfoError::Request(error) => error.into(),
            UserInfoError::ClaimsVerification(error) => error.into(),
            UserInfoError::Parse(_) => Self::untrusted(format!("user info: {}", chain(&error))),
            other => Self::misconfigured(format!("user info: {}", chain(&other))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_code_means_what_can_be_done_about_it() {
        use ExternalError::{Denied, Expired, Misconfigured, Unavailable};
        assert!(matches!(ExternalError::of_code("access_denied", None), Denied));
        assert!(matches!(ExternalError::of_code("invalid_grant", None), Expired));
        assert!(matches!(ExternalError::of_code("temporarily_unavailable", None), Unavailable(_)));
        assert!(matches!(ExternalError::of_code("invalid_client", None), Misconfigured(_)));
        assert!(matches!(ExternalError::of_code("made up", None), Misconfigured(_)));
    }

    #[test]
    fn what_others_wrote_stays_one_short_line_of_the_log() {
        let error = ExternalError::of_code("x\n2026-01-01 ERROR\u{202e}", Some(&"y".repeat(10_000)));
        let text = error.to_string();
        assert!(!text.contains(['\n', '\u{202e}']), "{text}");
        assert!(text.len() < 400, "{}", text.len());
    }
}
