use std::{io, time::Duration};

use lettre::transport::smtp;

/// How much of a server's answer is kept.
const ANSWER_LENGTH: usize = 300;

/// Why a message was not sent. An operator reads it; it holds nothing of the message but what the
/// server repeats of the address.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// The message itself cannot be sent, to nobody and by no server.
    #[error("the message cannot be sent: {0}")]
    Invalid(&'static str),
    /// The server asks to come back later (4xx), as in greylisting.
    #[error("the mail server put it off with {code}: {answer}")]
    PutOff { code: u16, answer: String },
    /// The server will not take it (5xx): no such mailbox, or wrong credentials.
    #[error("the mail server refused it with {code}: {answer}")]
    Refused { code: u16, answer: String },
    /// There is no server, no trusted certificate, or the connection broke.
    #[error("the mail server cannot be reached: {0}")]
    Unreachable(smtp::Error),
    #[error("the mail server did not answer within {0:?}")]
    Timeout(Duration),
    /// The server does not offer STARTTLS, and nothing is sent in clear.
    #[error("the mail server offers no encryption")]
    Unencrypted,
    /// The server lacks what the message or the credentials need.
    #[error("the mail server cannot do it: {0}")]
    Unsupported(smtp::Error),
    #[error("the mail folder cannot be written")]
    Folder(#[from] io::Error),
}

impl MailError {
    /// Whether sending the same message again may succeed without anybody's doing.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::PutOff { .. } | Self::Unreachable(_) | Self::Timeout(_) => true,
            // A server that was set up wrongly, or somebody in between: it may pass.
            Self::Unencrypted | Self::Folder(_) => true,
            Self::Invalid(_) | Self::Refused { .. } | Self::Unsupported(_) => false,
        }
    }
}

impl From<smtp::Error> for MailError {
    fn from(error: smtp::Error) -> Self {
        let Some(code) = error.status() else {
            return if error.is_client() { Self::Unsupported(error) } else { Self::Unreachable(error) };
        };
        let answer = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
        let answer = answer.chars().filter(|c| !c.is_control()).take(ANSWER_LENGTH).collect();
        let code = code.into();
        if error.is_transient() { Self::PutOff { code, answer } } else { Self::Refused { code, answer } }
    }
}

/// What is wrong with how mail is set up. It never quotes the address of the server, for that holds
/// the password.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    #[error("the address of the mail server: {0}")]
    Url(&'static str),
    #[error("the address letters come from is not one")]
    From,
    #[error("the root certificate cannot be read: {0}")]
    Certificate(smtp::Error),
    #[error("the mail folder cannot be made")]
    Folder(#[from] io::Error),
}
