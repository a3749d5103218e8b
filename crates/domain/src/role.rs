//! Roles. One person may hold several: many clients freelance, and the reverse.

use serde::{Deserialize, Serialize};

text_enum! {
    /// What a person may do on the platform, in the coarsest terms.
    pub enum Role {
        Freelancer = "user_freelancer", "Freelancer";
        Client = "user_client", "Client";
        Admin = "admin", "Administrator";
        Superadmin = "superadmin", "Super administrator";
    }
}

/// The roles one person holds, each at most once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Roles(Vec<Role>);

impl Roles {
    pub fn contains(&self, role: Role) -> bool {
        self.0.contains(&role)
    }

    pub fn iter(&self) -> impl Iterator<Item = Role> + '_ {
        self.0.iter().copied()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<Role> for Roles {
    fn from_iter<T: IntoIterator<Item = Role>>(roles: T) -> Self {
        let mut roles: Vec<_> = roles.into_iter().collect();
        roles.sort_unstable();
        roles.dedup();
        Self(roles)
    }
}
