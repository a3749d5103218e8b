//! The person on whose behalf something is done.

use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    SessionId, UserId, account::SecondFactor, permission::Permission, place::Region, role::Roles,
    scope::Scopes,
};

/// For so long a proof of who one is counts for changing what guards the account. After it, one
/// is asked again.
pub const PROOF_LASTS: TimeDelta = TimeDelta::minutes(10);

/// A signed-in person, as their session tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    pub user_id: UserId,
    /// Of the session; where a token stands for one, of that.
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
    /// Whether their role needs a second factor and this session has none: until it has, they may do
    /// nothing but give one.
    pub second_factor_due: bool,
    /// What a program may do in their name, where it shows a token of theirs. None for themselves.
    pub scopes: Option<Scopes>,
    /// Who looks at this person's pages through a session of their own. They read; nothing is done
    /// on the person's behalf.
    pub viewed_by: Option<ViewedBy>,
}

/// An administrator who sees what somebody else sees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ViewedBy {
    pub user_id: UserId,
    pub display_name: String,
}

/// The person may not do what the act needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this needs the permission {0}")]
pub struct Forbidden(pub Permission);

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

/// Evidence that the person may do what was asked for. It cannot be made in any other way, so that
/// whoever has one has been asked.
#[derive(Clone, Copy, Debug)]
pub struct Permitted(UserId);

impl Permitted {
    pub fn user_id(self) -> UserId {
        self.0
    }
}

impl Principal {
    /// Asked before anything that not everybody may do.
    pub fn may(&self, permission: Permission) -> Result<Permitted, Forbidden> {
        let within_scopes = self.scopes.as_ref().is_none_or(|scopes| scopes.permit(permission));
        if within_scopes && !self.second_factor_due && permission.is_held_by(self.roles.iter()) {
            Ok(Permitted(self.user_id))
        } else {
            Err(Forbidden(permission))
        }
    }

    /// Asked before anything that guards the account is changed. A program never has such a proof:
    /// a token shows that it was given one, not that its owner is there. Nor does a trusted browser:
    /// it spares its owner the second factor to come in, not to change what guards the account.
    pub fn proved(&self, now: DateTime<Utc>) -> Result<Proved, ProofNeeded> {
        let trusted = self.second_factor == Some(SecondFactor::TrustedDevice);
        let themselves = self.scopes.is_none() && self.viewed_by.is_none();
        if themselves && !trusted && now - self.proved_at <= PROOF_LASTS {
            Ok(Proved(self.user_id))
        } else {
            Err(ProofNeeded)
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::{role::Role, scope::Scope};

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
            second_factor_due: false,
            scopes: None,
            viewed_by: None,
        }
    }

    #[test]
    fn who_looks_at_anothers_pages_proves_nothing_for_them() {
        let now = Utc::now();
        let by = ViewedBy { user_id: UserId::new(), display_name: "Root".into() };
        let viewed = Principal { viewed_by: Some(by), ..freelancer(now) };
        assert_eq!(viewed.proved(now).unwrap_err(), ProofNeeded);
    }

    #[test]
    fn a_proof_is_good_for_ten_minutes() {
        let now = Utc::now();
        assert!(freelancer(now - PROOF_LASTS).proved(now).is_ok());
        let early = freelancer(now - PROOF_LASTS - TimeDelta::seconds(1));
        assert_eq!(early.proved(now).unwrap_err(), ProofNeeded);
    }

    #[test]
    fn a_trusted_browser_is_no_proof() {
        let now = Utc::now();
        let factor = |factor| Principal { second_factor: Some(factor), ..freelancer(now) };
        assert!(factor(SecondFactor::Totp).proved(now).is_ok());
        assert_eq!(factor(SecondFactor::TrustedDevice).proved(now).unwrap_err(), ProofNeeded);
    }

    #[test]
    fn whoever_owes_the_second_factor_may_do_nothing() {
        let due = Principal { second_factor_due: true, ..freelancer(Utc::now()) };
        assert!(Permission::ALL.iter().all(|&permission| due.may(permission).is_err()));
    }

    #[test]
    fn a_permission_comes_with_a_role_that_is_held() {
        let principal = freelancer(Utc::now());
        assert!(principal.may(Permission::SeeMatches).is_ok());
        let refused = principal.may(Permission::PostJobs).unwrap_err();
        assert_eq!(refused, Forbidden(Permission::PostJobs));
    }

    #[test]
    fn who_runs_the_market_takes_no_part_in_it_and_only_one_role_makes_administrators() {
        let holding =
            |role: Role| Principal { roles: [role].into_iter().collect(), ..freelancer(Utc::now()) };
        for &permission in Permission::ALL {
            let admin = holding(Role::Admin).may(permission).is_ok();
            let superadmin = holding(Role::Superadmin).may(permission).is_ok();
            let member = [Role::Freelancer, Role::Client].map(|role| holding(role).may(permission).is_ok());
            assert!(!(member.contains(&true) && (admin || superadmin)), "{permission}");
            assert_eq!(superadmin && !admin, permission == Permission::ChangeRoles, "{permission}");
        }
    }

    #[test]
    fn a_program_does_what_both_its_scopes_and_its_owners_roles_permit_and_proves_nothing() {
        let now = Utc::now();
        let program = |scopes: &[Scope]| Principal {
            scopes: Some(scopes.iter().copied().collect()),
            ..freelancer(now)
        };
        assert!(program(&[Scope::MatchesRead]).may(Permission::SeeMatches).is_ok());
        assert!(program(&[Scope::ProfileRead]).may(Permission::SeeMatches).is_err());
        assert!(program(Scope::ALL).may(Permission::KeepProfile).is_err(), "no scope is for writing");
        assert!(program(Scope::ALL).may(Permission::SeeOwnJobs).is_err(), "not a client");
        assert!(freelancer(now).proved(now).is_ok() && program(Scope::ALL).proved(now).is_err());
    }
}
