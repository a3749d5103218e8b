//! The person on whose behalf something is done.

use domain::{
    SessionId, UserId,
    place::Region,
    role::{Role, Roles},
};

/// A signed-in person, as their session tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    pub user_id: UserId,
    pub session_id: SessionId,
    pub display_name: String,
    pub region: Region,
    pub roles: Roles,
}

/// The person lacks the role that the act needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this needs the role {0}")]
pub struct Forbidden(pub Role);

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

    fn with(&self, role: Role) -> Result<UserId, Forbidden> {
        if self.roles.contains(role) { Ok(self.user_id) } else { Err(Forbidden(role)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_must_be_held_to_be_acted_in() {
        let principal = Principal {
            user_id: UserId::new(),
            session_id: SessionId::new(),
            display_name: "Ada".into(),
            region: Region::Eu,
            roles: [Role::Freelancer].into_iter().collect(),
        };
        assert!(principal.as_freelancer().is_ok());
        assert_eq!(principal.as_client().unwrap_err(), Forbidden(Role::Client));
    }
}
