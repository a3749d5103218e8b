//! What a server function answers when it does not do what was asked: one shape for forms, islands
//! and programs.

use domain::FieldErrors;
use leptos::server_fn::{
    codec::JsonEncoding,
    error::{FromServerFnError, ServerFnErrorErr},
};
use serde::{Deserialize, Serialize};

/// Why, in the terms that decide the HTTP status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorKind {
    /// The request cannot be read at all.
    Malformed,
    /// One has to sign in first.
    SignedOut,
    /// One is signed in and may not do this.
    Forbidden,
    /// One is signed in and must prove again who one is.
    ProofNeeded,
    /// There is no such thing, or none that one may know of.
    NotFound,
    /// The method is none that this address knows.
    NotAllowed,
    /// It did not arrive in time.
    TooSlow,
    /// It collides with what is there, or with what somebody else did meanwhile.
    Conflict,
    TooLarge,
    /// Fields are wrong; `fields` says which.
    Invalid,
    TooMany,
    /// A fault of ours.
    Internal,
    /// Something needed is away and expected back.
    Unavailable,
}

impl ErrorKind {
    /// The HTTP status.
    pub const fn status(self) -> u16 {
        match self {
            Self::Malformed => 400,
            Self::SignedOut => 401,
            Self::Forbidden | Self::ProofNeeded => 403,
            Self::NotFound => 404,
            Self::NotAllowed => 405,
            Self::TooSlow => 408,
            Self::Conflict => 409,
            Self::TooLarge => 413,
            Self::Invalid => 422,
            Self::TooMany => 429,
            Self::Internal => 500,
            Self::Unavailable => 503,
        }
    }

    /// What to tell a person where nothing more particular is known.
    pub const fn message(self) -> &'static str {
        match self {
            Self::Malformed => "We could not read what was sent.",
            Self::SignedOut => "Please sign in first.",
            Self::Forbidden => "This is not yours to see or change.",
            Self::ProofNeeded => "Please confirm first that it is you.",
            Self::NotFound => "There is nothing here.",
            Self::NotAllowed => "This address does not do that.",
            Self::TooSlow => "This took too long to arrive. Please check your connection and send it again.",
            Self::Conflict => "Somebody changed this meanwhile. Please look at it again.",
            Self::TooLarge => "This is more than we can take at once.",
            Self::Invalid => "Please look at the marked fields.",
            Self::TooMany => "That was too often. Please wait a moment and try again.",
            Self::Internal => "Something went wrong on our side. Nothing of yours was changed.",
            Self::Unavailable => "We are out for a moment. Please try again shortly.",
        }
    }
}

/// An error as it goes to a browser or a program. It never carries a cause: causes are logged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct ApiError {
    pub kind: ErrorKind,
    /// One or two sentences for a person.
    pub message: String,
    #[serde(default, skip_serializing_if = "FieldErrors::is_empty")]
    pub fields: FieldErrors,
    /// After so many seconds it can be tried again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u64>,
}

impl ApiError {
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), fields: FieldErrors::default(), retry_after: None }
    }

    pub fn invalid(fields: FieldErrors) -> Self {
        Self { fields, ..ErrorKind::Invalid.into() }
    }

    /// It was too often, and can be tried again after so many seconds; `what_to_do` is told how long
    /// that is, in words.
    pub fn too_often(seconds: u64, what_to_do: impl FnOnce(&str) -> String) -> Self {
        let wait = match seconds {
            0 | 1 => "a second".to_owned(),
            2..=90 => format!("{seconds} seconds"),
            _ => format!("{} minutes", seconds.div_ceil(60)),
        };
        Self { retry_after: Some(seconds.max(1)), ..Self::new(ErrorKind::TooMany, what_to_do(&wait)) }
    }

    pub const fn status(&self) -> u16 {
        self.kind.status()
    }
}

impl From<ErrorKind> for ApiError {
    fn from(kind: ErrorKind) -> Self {
        Self::new(kind, kind.message())
    }
}

impl FromServerFnError for ApiError {
    type Encoder = JsonEncoding;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        use ServerFnErrorErr as E;
        match error {
            // On the server: the arguments cannot be read. In the browser: the answer cannot.
            E::Args(_) | E::MissingArg(_) | E::Deserialization(_) | E::UnsupportedRequestMethod(_) => {
                ErrorKind::Malformed.into()
            }
            E::Request(_) => Self::new(
                ErrorKind::Unavailable,
                "We could not reach the server. Please check your connection and try again.",
            ),
            _ => ErrorKind::Internal.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_survives_the_wire_with_its_fields() {
        let error = ApiError::invalid(FieldErrors::one("title", "Please fill this in."));
        assert_eq!(ApiError::de(error.ser()), error);
        assert_eq!(error.status(), 422);
    }

    #[test]
    fn how_long_to_wait_is_said_in_words_and_in_seconds() {
        let said = |seconds| {
            let error = ApiError::too_often(seconds, str::to_owned);
            (error.message, error.retry_after)
        };
        assert_eq!(said(0), ("a second".to_owned(), Some(1)));
        assert_eq!(said(90), ("90 seconds".to_owned(), Some(90)));
        assert_eq!(said(91), ("2 minutes".to_owned(), Some(91)));
    }

    #[test]
    fn what_the_framework_says_about_arguments_is_not_passed_on() {
        let error = ApiError::from_server_fn_error(ServerFnErrorErr::Args("secret detail".to_owned()));
        assert_eq!((error.kind, error.message.contains("secret")), (ErrorKind::Malformed, false));
    }
}
