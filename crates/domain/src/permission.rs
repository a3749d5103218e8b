//! Who may do what: one table, from which `docs/access.md` is made. What somebody may do is then
//! limited once more to what is their own.

use crate::role::Role;

text_enum! {
    /// Something that not everybody who is signed in may do.
    pub enum Permission {
        SeeOwnJobs = "jobs:see_own", "See the jobs one has posted";
        PostJobs = "jobs:post", "Post, edit, publish and close jobs of one's own";
        SeeCandidates = "candidates:see", "See who suits a job of one's own, and why";
        KeepProfile = "profile:keep", "Keep a freelancer's profile";
        SeeMatches = "matches:see", "See which jobs suit one, and why";
        KeepOrganisation = "organisation:keep", "Set up how the people of one's organisation sign in";
        FindPeople = "people:find", "Find people by name or address, and see their accounts";
        SeeSessions = "sessions:see", "See where somebody is signed in";
        EndSessions = "sessions:end", "Sign somebody out";
        SeeAudit = "audit:see", "Read what was done to somebody's account";
        SuspendAccounts = "accounts:suspend", "Suspend accounts, and let them in again";
        VerifyAccounts = "accounts:verify", "Take somebody's address for confirmed";
        Impersonate = "accounts:impersonate", "See the site as somebody else, without changing anything";
        ChangeRoles = "roles:change", "Give and take the roles of administrators";
    }
}

const CLIENTS: &[Role] = &[Role::Client];
const FREELANCERS: &[Role] = &[Role::Freelancer];
const MEMBERS: &[Role] = &[Role::Freelancer, Role::Client];
const ADMINISTRATORS: &[Role] = &[Role::Admin, Role::Superadmin];
const SUPERADMINISTRATORS: &[Role] = &[Role::Superadmin];

impl Permission {
    /// The roles that have it. An administrator has nobody's own matters for it: who runs the
    /// market takes no part in it, unless they hold that role, too.
    pub const fn holders(self) -> &'static [Role] {
        match self {
            Self::SeeOwnJobs | Self::PostJobs | Self::SeeCandidates => CLIENTS,
            Self::KeepProfile | Self::SeeMatches => FREELANCERS,
            Self::KeepOrganisation => MEMBERS,
            Self::FindPeople
            | Self::SeeSessions
            | Self::EndSessions
            | Self::SeeAudit
            | Self::SuspendAccounts
            | Self::VerifyAccounts
            | Self::Impersonate => ADMINISTRATORS,
            Self::ChangeRoles => SUPERADMINISTRATORS,
        }
    }

    /// Whether somebody with these roles has it.
    pub fn is_held_by(self, roles: impl IntoIterator<Item = Role>) -> bool {
        roles.into_iter().any(|role| self.holders().contains(&role))
    }
}
