//! What became of an act of a service, as a browser is told it.

use domain::{permission::Permission, role::Role};
use services::ServiceError;

use crate::error::{ApiError, ErrorKind};

impl From<ServiceError> for ApiError {
    /// A cause that is a fault of ours, or an outage, is logged here and only here; so is a refusal.
    fn from(error: ServiceError) -> Self {
        match error {
            ServiceError::SignedOut => {
                tracing::info!(target: "security", event = "signed_out", "refused: nobody is signed in");
                ErrorKind::SignedOut.into()
            }
            ServiceError::Forbidden(permission) => {
                tracing::warn!(target: "security", event = "forbidden", needs = %permission, "refused");
                Self::new(ErrorKind::Forbidden, needs(permission))
            }
            ServiceError::ProofNeeded => {
                tracing::info!(target: "security", event = "proof_needed", "refused: a fresh proof is needed");
                ErrorKind::ProofNeeded.into()
            }
            ServiceError::OrganisationOnly => {
                tracing::info!(target: "security", event = "organisation_only", "refused: not by its issuer");
                Self::new(ErrorKind::Conflict, ORGANISATION_ONLY)
            }
            ServiceError::NotFound(_) => ErrorKind::NotFound.into(),
            ServiceError::Invalid(fields) => Self::invalid(fields),
            ServiceError::Conflict(what_to_do) => Self::new(ErrorKind::Conflict, what_to_do),
            ServiceError::TooMany(wait) => Self::too_often(wait.num_seconds().unsigned_abs(), |wait| {
                format!("There were too many wrong attempts. Please wait {wait}, then try again.")
            }),
            ServiceError::Unavailable(cause) => {
                tracing::warn!(cause = %causes(&*cause), "not available");
                ErrorKind::Unavailable.into()
            }
            ServiceError::Internal(cause) => {
                tracing::error!(cause = %causes(&*cause), "internal error");
                ErrorKind::Internal.into()
            }
        }
    }
}

const ORGANISATION_ONLY: &str = "Addresses of this domain are let in by their organisation alone. Choose “Sign in with \
                                 your organisation” on the page for signing in.";

/// What somebody without the permission is told; some roles one can take up oneself.
fn needs(permission: Permission) -> &'static str {
    let held_by = |role| permission.holders().contains(&role);
    if held_by(Role::Client) {
        "This is for people who hire. Choose in your account that you hire, and come back."
    } else if held_by(Role::Freelancer) {
        "This is for freelancers. Choose in your account that you freelance, and come back."
    } else {
        ErrorKind::Forbidden.message()
    }
}

/// An error and what caused it, in one line.
fn causes(error: &dyn std::error::Error) -> String {
    let mut line = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        line.push_str(": ");
        line.push_str(&cause.to_string());
        next = cause.source();
    }
    line
}
