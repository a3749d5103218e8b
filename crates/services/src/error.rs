use chrono::TimeDelta;
use domain::{FieldErrors, permission::Permission};

/// Why a use case was not done. What a person reads of it is decided where it is shown.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    #[error("nobody is signed in")]
    SignedOut,
    #[error("this needs the permission {0}")]
    Forbidden(Permission),
    /// One has to prove again who one is.
    #[error("this needs a fresh proof of who one is")]
    ProofNeeded,
    /// The address is one of an organisation that lets its people in by its own issuer alone.
    #[error("this address is let in by its organisation's issuer alone")]
    OrganisationOnly,
    /// There is no such thing, or it is not for this person to know of.
    #[error("no such {0}")]
    NotFound(&'static str),
    #[error("the form has {} errors", .0.len())]
    Invalid(FieldErrors),
    /// The act does not fit the present state; the sentence says what to do.
    #[error("{0}")]
    Conflict(&'static str),
    /// It was tried too often; it can be tried again after so long.
    #[error("too many attempts")]
    TooMany(TimeDelta),
    /// Something that the act needs is away for the moment.
    #[error("not available at present")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("internal error")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

pub type Result<T, E = ServiceError> = std::result::Result<T, E>;

impl ServiceError {
    pub(crate) fn internal(error: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::Internal(Box::new(error))
    }
}

impl From<storage::Error> for ServiceError {
    fn from(error: storage::Error) -> Self {
        match error {
            storage::Error::Unavailable(_) => Self::Unavailable(Box::new(error)),
            other => Self::internal(other),
        }
    }
}

/// A search that the database cannot make of the given words is a fault of the words.
pub(crate) fn of_words(error: storage::Error) -> ServiceError {
    if error.is_refused_by(storage::browse::WORDS) {
        FieldErrors::one("q", "We cannot search for this. Please use plain words.").into()
    } else {
        error.into()
    }
}

impl From<sqlx::Error> for ServiceError {
    fn from(error: sqlx::Error) -> Self {
        storage::Error::from(error).into()
    }
}

impl From<identity::Forbidden> for ServiceError {
    fn from(error: identity::Forbidden) -> Self {
        Self::Forbidden(error.0)
    }
}

impl From<identity::ProofNeeded> for ServiceError {
    fn from(_: identity::ProofNeeded) -> Self {
        Self::ProofNeeded
    }
}

impl From<FieldErrors> for ServiceError {
    fn from(errors: FieldErrors) -> Self {
        Self::Invalid(errors)
    }
}

impl From<embedding::EmbedError> for ServiceError {
    fn from(error: embedding::EmbedError) -> Self {
        if error.is_transient() { Self::Unavailable(Box::new(error)) } else { Self::internal(error) }
    }
}
