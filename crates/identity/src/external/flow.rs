//! What must be kept between a sign-in's beginning and its end, and what the browser brings back.

use std::borrow::Cow;

use chrono::{DateTime, TimeDelta, Utc};
use oauth2::{AuthorizationCode, PkceCodeVerifier};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq as _;

use super::{ExternalError, ProviderId};
use crate::token;

/// How long a person may take at the provider.
const LIFETIME: TimeDelta = TimeDelta::minutes(10);

/// How far the clocks of two servers may differ.
pub(super) const CLOCK_SKEW: TimeDelta = TimeDelta::seconds(60);

/// The longest code, state or issuer that is looked at.
const LONGEST: usize = 4096;

/// What the provider is to do with somebody who is signed in there already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ask {
    /// Let them through, as it likes.
    #[default]
    AsUsual,
    /// Have them prove once more who they are.
    Again,
}

/// A sign-in that has begun.
///
/// The browser gets [`Flow::state`] as a cookie, and the store keeps the flow under
/// [`Flow::state_hash`]: whoever comes back is asked for the cookie, and its hash finds the flow.
#[derive(Clone, Debug)]
pub struct Flow {
    provider: ProviderId,
    issuer: String,
    state: SecretString,
    state_hash: [u8; 32],
    nonce: SecretString,
    verifier: SecretString,
    ask: Ask,
    begun_at: DateTime<Utc>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is no sign-in that was begun here")]
pub struct UnreadableFlow;

/// A flow with its secrets in clear.
#[derive(Serialize, Deserialize)]
struct Plain<'a> {
    provider: Cow<'a, str>,
    issuer: Cow<'a, str>,
    state: Cow<'a, str>,
    nonce: Cow<'a, str>,
    verifier: Cow<'a, str>,
    ask: Ask,
    begun_at: DateTime<Utc>,
}

impl Flow {
    pub(super) fn new(
        provider: &ProviderId,
        issuer: &str,
        ask: Ask,
        now: DateTime<Utc>,
    ) -> Result<Self, token::NoRandomness> {
        let state = token::generate()?;
        Ok(Self {
            provider: provider.clone(),
            issuer: issuer.to_owned(),
            state_hash: token::hash(state.expose_secret()).ok_or(token::NoRandomness)?,
            state,
            nonce: token::generate()?,
            // 43 characters that RFC 7636 allows.
            verifier: token::generate()?,
            ask,
            begun_at: now,
        })
    }

    /// Which provider is to finish it.
    pub fn provider(&self) -> &ProviderId {
        &self.provider
    }

    /// For the browser's cookie, which must be `HttpOnly` and end with [`Flow::expires_at`].
    pub fn state(&self) -> &SecretString {
        &self.state
    }

    /// What the store finds the flow by: [`token::hash`] of the state.
    pub fn state_hash(&self) -> [u8; 32] {
        self.state_hash
    }

    pub fn expires_at(&self) -> DateTime<Utc> {
        self.begun_at + LIFETIME
    }

    /// The flow as JSON **with its secrets**: encrypt it before it is stored.
    pub fn to_plaintext(&self) -> SecretString {
        let plain = Plain {
            provider: self.provider.as_str().into(),
            issuer: self.issuer.as_str().into(),
            state: self.state.expose_secret().into(),
            nonce: self.nonce.expose_secret().into(),
            verifier: self.verifier.expose_secret().into(),
            ask: self.ask,
            begun_at: self.begun_at,
        };
        serde_json::to_string(&plain).expect("strings and a time are valid JSON").into()
    }

    /// Reads what [`Flow::to_plaintext`] wrote.
    pub fn from_plaintext(text: &SecretString) -> Result<Self, UnreadableFlow> {
        let plain: Plain<'_> = serde_json::from_str(text.expose_secret()).map_err(|_| UnreadableFlow)?;
        Ok(Self {
            provider: plain.provider.parse().map_err(|_| UnreadableFlow)?,
            issuer: plain.issuer.into_owned(),
            state_hash: token::hash(&plain.state).ok_or(UnreadableFlow)?,
            state: plain.state.into_owned().into(),
            nonce: plain.nonce.into_owned().into(),
            verifier: plain.verifier.into_owned().into(),
            ask: plain.ask,
            begun_at: plain.begun_at,
        })
    }

    pub(super) fn nonce(&self) -> &SecretString {
        &self.nonce
    }

    pub(super) fn verifier(&self) -> PkceCodeVerifier {
        PkceCodeVerifier::new(self.verifier.expose_secret().to_owned())
    }

    pub(super) fn ask(&self) -> Ask {
        self.ask
    }

    pub(super) fn begun_at(&self) -> DateTime<Utc> {
        self.begun_at
    }

    /// Whether this provider began it, not long ago.
    pub(super) fn check(
        &self,
        provider: &ProviderId,
        issuer: &str,
        now: DateTime<Utc>,
    ) -> Result<(), ExternalError> {
        if self.provider != *provider {
            Err(ExternalError::mismatch(format!("{} began it, not {provider}", self.provider)))
        } else if self.issuer != issuer {
            Err(ExternalError::mismatch(format!("the issuer was {}, now it is {issuer}", self.issuer)))
        } else if now >= self.expires_at() || now + CLOCK_SKEW < self.begun_at {
            Err(ExternalError::Expired)
        } else {
            Ok(())
        }
    }
}

/// What the browser brings back from the provider in the address. A parameter that comes twice is
/// a malformed query, and the standard's other parameters are of no use here.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct CallbackQuery {
    pub code: Option<SecretString>,
    pub state: Option<SecretString>,
    pub error: Option<String>,
    pub error_description: Option<String>,
    /// Who answers (RFC 9207).
    pub iss: Option<String>,
}

impl CallbackQuery {
    /// Whether it answers the flow; nothing else of it may be believed before.
    pub(super) fn check_state(&self, flow: &Flow) -> Result<(), ExternalError> {
        let state = self.state.as_ref().map_or("", |state| state.expose_secret());
        if state.as_bytes().ct_eq(flow.state.expose_secret().as_bytes()).into() {
            Ok(())
        } else {
            Err(ExternalError::mismatch("the state is another one"))
        }
    }

    /// Whether the issuer answers that was asked, so that a code never goes to somebody else's
    /// token endpoint (RFC 9207). One that is named must be right; one that announces that it
    /// names itself must be named.
    pub(super) fn check_issuer(&self, expected: &str, announced: bool) -> Result<(), ExternalError> {
        match self.iss.as_deref() {
            Some(found) if found == expected => Ok(()),
            Some(found) => Err(ExternalError::mismatch(format!("{found} answers, not {expected}"))),
            None if announced => Err(ExternalError::mismatch(format!("{expected} must name itself"))),
            None => Ok(()),
        }
    }

    /// The code, unless the answer is an error.
    pub(super) fn into_code(self) -> Result<AuthorizationCode, ExternalError> {
        if let Some(error) = &self.error {
            return Err(ExternalError::of_code(error, self.error_description.as_deref()));
        }
        let code = self.code.as_ref().map_or("", |code| code.expose_secret());
        if code.is_empty() || code.len() > LONGEST {
            return Err(ExternalError::mismatch("there is no code of a sensible length"));
        }
        Ok(AuthorizationCode::new(code.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flow() -> Flow {
        Flow::new(&"acme".parse().unwrap(), "https://id.example.com", Ask::AsUsual, Utc::now()).unwrap()
    }

    fn with_state(state: &str) -> CallbackQuery {
        CallbackQuery { state: Some(state.into()), ..CallbackQuery::default() }
    }

    #[test]
    fn a_flow_that_was_stored_is_the_same_flow() {
        let flow = flow();
        let read = Flow::from_plaintext(&flow.to_plaintext()).unwrap();
        assert_eq!(read.to_plaintext().expose_secret(), flow.to_plaintext().expose_secret());
        assert_eq!(read.state_hash(), flow.state_hash());
        assert_eq!(token::hash(flow.state().expose_secret()), Some(flow.state_hash()));
    }

    #[test]
    fn what_is_no_flow_is_refused() {
        let right = flow().to_plaintext().expose_secret().to_owned();
        for wrong in ["", "{}", "null", &right.replace("acme", "A/B"), &right[..right.len() - 1]] {
            assert_eq!(Flow::from_plaintext(&wrong.into()).unwrap_err(), UnreadableFlow, "{wrong}");
        }
    }

    #[test]
    fn secrets_are_new_each_time_and_not_shown() {
        let (a, b) = (flow(), flow());
        let secrets = |flow: &Flow| {
            [&flow.state, &flow.nonce, &flow.verifier].map(|secret| secret.expose_secret().to_owned())
        };
        let shown = format!("{a:?}");
        for (i, secret) in secrets(&a).into_iter().enumerate() {
            assert!(!shown.contains(&secret));
            assert!(!secrets(&b).contains(&secret), "secret {i} came twice");
        }
    }

    #[test]
    fn only_the_state_itself_answers_a_flow() {
        let flow = flow();
        let right = flow.state.expose_secret().to_owned();
        with_state(&right).check_state(&flow).unwrap();
        for wrong in ["", &right[1..], &format!("{right}x"), &right.to_lowercase()] {
            let error = with_state(wrong).check_state(&flow).unwrap_err();
            assert!(matches!(error, ExternalError::Mismatch(_)), "{wrong}");
        }
        assert!(CallbackQuery::default().check_state(&flow).is_err());
    }

    #[test]
    fn a_flow_is_finished_in_time_by_the_provider_that_began_it() {
        let flow = flow();
        let check = |provider: &str, issuer: &str, later: TimeDelta| {
            flow.check(&provider.parse().unwrap(), issuer, flow.begun_at + later)
        };
        let issuer = "https://id.example.com";
        let second = TimeDelta::seconds(1);
        check("acme", issuer, LIFETIME - second).unwrap();
        check("acme", issuer, -CLOCK_SKEW).unwrap();
        assert_eq!(check("acme", issuer, LIFETIME), Err(ExternalError::Expired));
        assert_eq!(check("acme", issuer, -CLOCK_SKEW - second), Err(ExternalError::Expired));
        assert!(matches!(check("other", issuer, second), Err(ExternalError::Mismatch(_))));
        assert!(matches!(check("acme", "https://id.example.org", second), Err(ExternalError::Mismatch(_))));
    }

    #[test]
    fn an_issuer_that_is_named_must_be_right_and_one_that_is_announced_must_be_named() {
        let query =
            |iss: Option<&str>| CallbackQuery { iss: iss.map(Into::into), ..CallbackQuery::default() };
        let expected = "https://id.example.com";
        for announced in [true, false] {
            query(Some(expected)).check_issuer(expected, announced).unwrap();
            for wrong in ["", "https://id.example.com/", "https://evil.example.com"] {
                assert!(query(Some(wrong)).check_issuer(expected, announced).is_err(), "{wrong}");
            }
        }
        query(None).check_issuer(expected, false).unwrap();
        assert!(query(None).check_issuer(expected, true).is_err());
    }

    #[test]
    fn a_parameter_that_comes_twice_is_no_answer() {
        assert!(serde_json::from_str::<CallbackQuery>(r#"{"code":"a","session_state":"b"}"#).is_ok());
        assert!(serde_json::from_str::<CallbackQuery>(r#"{"code":"a","code":"b"}"#).is_err());
    }

    #[test]
    fn an_error_goes_before_a_code_and_a_code_is_bounded() {
        let query = |code: &str, error: Option<&str>| CallbackQuery {
            code: Some(code.into()),
            error: error.map(Into::into),
            ..CallbackQuery::default()
        };
        assert_eq!(query("abc", None).into_code().unwrap().secret(), "abc");
        assert_eq!(query("abc", Some("access_denied")).into_code().unwrap_err(), ExternalError::Denied);
        for wrong in [String::new(), "x".repeat(LONGEST + 1)] {
            assert!(matches!(query(&wrong, None).into_code(), Err(ExternalError::Mismatch(_))));
        }
        assert!(!format!("{:?}", query("abc-def", None)).contains("abc-def"));
    }
}
