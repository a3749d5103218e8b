//! The person on whose behalf something is done.

use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    SessionId, UserId,
    account::SecondFactor,
    place::Region,
    role::{Role, Roles},
};

/// For so long a proof of who one is counts for changing what guards the account. After it, one
/// is asked again.
pub const PROOF_LASTS: TimeDelta = TimeDelta::minutes(10);

/// A signed-in person, as their session tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    pub user_id: UserId,
    pub session_id: SessionId,
    pub display_name: String,
    pub region: Region,
    pub roles: Roles,
    /// Whether they have shown that they read mail at their address.
    pub email_verified: bool,
    /// When they last proved who they are.
    pub proved_at: DateTime<Utc>,
    /// What they proved it with beside the first factor.
    pub second_factor: Option<SecondFactor>,
}

/// The person lacks the role that the act needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this needs the role {0}")]
pub struct Forbidden(pub Role);

/// The person has not proved who they are for a while, and must do so again first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this needs a fresh proof of who one is")]
pub struct ProofNeeded;

/// Evidence that a person has just proved who they are. It cannot be made in any other way.
#[derive(Clone, Copy, Debug)]
pub struct Proved(UserId);

impl Proved {
    pub fn user_id(self) -> UserId {
        self.0
    }
}

/// Proof that the person may act as a client. It cannot be made in any other way, so that whoever
/// has one has been asked.
#[derive(Clone, Copy, Debug)]
pub struct AsClient(UserId);

/// Proof that the person may act as a freelancer.
#[derive(Clone, Copy, Debug)]
pub struct AsFreelancer(UserId);

impl AsClient {
    pub fn user_id(self) -> UserId {
        self.0
    }
}

impl AsFreelancer {
    pub fn user_id(self) -> UserId {
        self.0
    }
}

impl Principal {
    pub fn as_client(&self) -> Result<AsClient, Forbidden> {
        self.with(Role::Client).map(AsClient)
    }

    pub fn as_freelancer(&self) -> Result<AsFreelancer, Forbidden> {
        self.with(Role::Freelancer).map(AsFreelancer)
    }

    /// Asked before anything that guards the account is changed.
    pub fn proved(&self, now: DateTime<Utc>) -> Result<Proved, ProofNeeded> {
        if now - self.proved_at <= PROOF_LASTS { Ok(Proved(self.user_id)) } else { Err(ProofNeeded) }
    }

    fn with(&self, role: Role) -> Result<UserId, Forbidden> {
        if self.roles.contains(role) { Ok(self.user_id) } else { Err(Forbidden(role)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn freelancer(proved_at: DateTime<Utc>) -> Principal {
        Principal {
            user_id: UserId::new(),
            session_id: SessionId::new(),
            display_name: "Ada".into(),
            region: Region::Eu,
            roles: [Role::Freelancer].into_iter().collect(),
            email_verified: true,
            proved_at,
            second_factor: None,
        }
    }

    #[test]
    fn a_proof_is_good_for_ten_minutes() {
        let now = Utc::now();
        assert!(freelancer(now - PROOF_LASTS).proved(now).is_ok());
        let early = freelancer(now - PROOF_LASTS - TimeDelta::seconds(1));
        assert_eq!(early.proved(now).unwrap_err(), ProofNeeded);
    }

    #[test]
    fn a_role_must_be_held_to_be_acted_in() {
        let principal = freelancer(Utc::now());
        assert!(principal.as_freelancer().is_ok());
        assert_eq!(principal.as_client().unwrap_err(), Forbidden(Role::Client));
    }
}
