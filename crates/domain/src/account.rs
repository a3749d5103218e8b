//! Accounts: how one signs up and signs in.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    place::Region,
    role::{Role, Roles},
    validate::{FieldErrors, choice, line},
};

/// An e-mail address in lower case, of the form that mail servers deliver to (RFC 5321, without
/// quoted local parts and address literals).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Email(String);

impl Email {
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = || "Please give an e-mail address such as name@example.com.".to_owned();
        let text = text.trim().to_lowercase();
        let (local, host) = text.split_once('@').ok_or_else(wrong)?;
        let local_ok = (1..=64).contains(&local.len())
            && local.split('.').all(|part| {
                !part.is_empty()
                    && part.chars().all(|c| c.is_ascii_alphanumeric() || "!#$%&'*+/=?^_`{|}~-".contains(c))
            });
        let host_ok = host.len() <= 190
            && host.contains('.')
            && host.split('.').all(|label| {
                (1..=63).contains(&label.len())
                    && !label.starts_with('-')
                    && !label.ends_with('-')
                    && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
            });
        if local_ok && host_ok { Ok(Self(text)) } else { Err(wrong()) }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What stands behind the at sign.
    pub fn domain(&self) -> &str {
        self.0.split_once('@').map_or("", |(_, domain)| domain)
    }
}

/// The length of a password in characters: long enough to resist guessing, short enough to hash.
pub const PASSWORD_LENGTH: std::ops::RangeInclusive<usize> = 12..=128;

text_enum! {
    /// Whether somebody is let in.
    pub enum AccountStatus {
        Active = "active", "Active";
        Suspended = "suspended", "Suspended";
        /// What is left of an account for those who dealt with it.
        Deleted = "deleted", "Deleted";
    }
}

text_enum! {
    /// What somebody proves who they are with to begin with.
    pub enum FirstFactor {
        Password = "password", "Password";
        /// It verifies the person itself, and so stands for both factors.
        Passkey = "passkey", "Passkey";
        EmailLink = "email_link", "Link by e-mail";
        Issuer = "issuer", "Another provider";
        /// The issuer of the organisation that the address belongs to.
        Organisation = "organisation", "The organisation";
    }
}

text_enum! {
    /// What somebody proves who they are with beside the first factor.
    pub enum SecondFactor {
        Totp = "totp", "Authenticator app";
        Passkey = "passkey", "Passkey";
        RecoveryCode = "recovery_code", "Recovery code";
        EmailCode = "email_code", "Code by e-mail";
        TrustedDevice = "trusted_device", "Trusted device";
        Issuer = "issuer", "Second factor of the organisation";
    }
}

text_enum! {
    /// What is to come of it when somebody comes back from another site.
    pub enum FlowPurpose {
        SignIn = "sign_in", "Sign in";
        /// The account there becomes a way into the one here.
        Link = "link", "Connect";
        /// They prove again who they are.
        Confirm = "confirm", "Confirm";
        /// They came back and have no account yet: an account is to be made.
        SignUp = "sign_up", "Join";
        /// Somebody who sets up their organisation's issuer finds out whether it lets people in.
        Try = "try", "Try";
    }
}

/// What a person fills in to sign up.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SignUpForm {
    pub display_name: String,
    pub email: String,
    pub password: String,
    pub region: String,
    /// `freelancer`, `client` or `both`.
    pub purpose: String,
    /// What was to be worked out, where something was, and what came of it.
    pub challenge: String,
    pub answer: String,
}

/// A valid sign-up; the password is still in clear and must be hashed before it is kept.
pub struct SignUp {
    pub display_name: String,
    pub email: Email,
    pub password: String,
    pub region: Region,
    pub roles: Roles,
}

impl SignUpForm {
    pub fn validate(&self) -> Result<SignUp, FieldErrors> {
        let mut errors = FieldErrors::default();
        let display_name = errors.keep("display_name", display_name(&self.display_name));
        let email = errors.keep("email", Email::parse(&self.email));
        let region = errors.keep("region", choice(&self.region));
        let password = errors.keep("password", new_password(&self.password));
        let roles = errors.keep("purpose", roles(&self.purpose));
        match (display_name, email, region, password, roles) {
            (Some(display_name), Some(email), Some(region), Some(password), Some(roles)) => {
                Ok(SignUp { display_name, email, password, region, roles })
            }
            _ => Err(errors),
        }
    }
}

pub fn display_name(text: &str) -> Result<String, String> {
    line(text, 2, 80)
}

/// Why an account is suspended, for those who look after accounts.
pub fn suspension_reason(text: &str) -> Result<String, String> {
    line(text, 5, 500)
}

fn new_password(text: &str) -> Result<String, String> {
    let length = text.chars().count();
    if PASSWORD_LENGTH.contains(&length) {
        Ok(text.to_owned())
    } else if length < *PASSWORD_LENGTH.start() {
        Err("Please use at least 12 characters; a few words in a row work well.".to_owned())
    } else {
        Err("Please keep the password to 128 characters.".to_owned())
    }
}

fn roles(purpose: &str) -> Result<Roles, String> {
    match purpose {
        "freelancer" => Ok([Role::Freelancer].into_iter().collect()),
        "client" => Ok([Role::Client].into_iter().collect()),
        "both" => Ok([Role::Freelancer, Role::Client].into_iter().collect()),
        _ => Err("Please say what brings you here.".to_owned()),
    }
}

/// What a person fills in to sign in.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SignInForm {
    pub email: String,
    pub password: String,
    /// Where to go afterwards; only paths on this site are followed.
    pub next: String,
}

/// Shows no field: passwords do not belong in logs.
impl fmt::Debug for SignUpForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignUpForm").finish_non_exhaustive()
    }
}

/// Shows no field: passwords do not belong in logs.
impl fmt::Debug for SignInForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignInForm").finish_non_exhaustive()
    }
}

/// A new password for oneself.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct NewPasswordForm {
    pub password: String,
}

impl NewPasswordForm {
    /// The password in clear; it must be hashed before it is kept.
    pub fn validate(&self) -> Result<String, FieldErrors> {
        new_password(&self.password).map_err(|message| FieldErrors::one("password", message))
    }
}

/// Shows no field: passwords do not belong in logs.
impl fmt::Debug for NewPasswordForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewPasswordForm").finish_non_exhaustive()
    }
}

/// Another password in place of the present one.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ChangePasswordForm {
    /// The present one; empty where there is none.
    pub current: String,
    pub password: String,
}

impl ChangePasswordForm {
    /// The new password in clear; it must be hashed before it is kept. Whether the present one is
    /// right is compared elsewhere.
    pub fn validate(&self) -> Result<String, FieldErrors> {
        new_password(&self.password).map_err(|message| FieldErrors::one("password", message))
    }
}

/// Shows no field: passwords do not belong in logs.
impl fmt::Debug for ChangePasswordForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChangePasswordForm").finish_non_exhaustive()
    }
}

/// An address that somebody gives: to choose a new password, or to be reached at from now on.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct AddressForm {
    pub email: String,
}

impl AddressForm {
    pub fn validate(&self) -> Result<Email, FieldErrors> {
        Email::parse(&self.email).map_err(|message| FieldErrors::one("email", message))
    }
}

/// What a person may change of their own account.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct AccountForm {
    pub display_name: String,
    pub region: String,
    pub purpose: String,
}

/// Valid changes to an account.
#[derive(Clone, Debug)]
pub struct AccountChange {
    pub display_name: String,
    pub region: Region,
    pub roles: Roles,
}

impl AccountForm {
    pub fn validate(&self) -> Result<AccountChange, FieldErrors> {
        let mut errors = FieldErrors::default();
        let display_name = errors.keep("display_name", display_name(&self.display_name));
        let region = errors.keep("region", choice(&self.region));
        let roles = errors.keep("purpose", roles(&self.purpose));
        match (display_name, region, roles) {
            (Some(display_name), Some(region), Some(roles)) => {
                Ok(AccountChange { display_name, region, roles })
            }
            _ => Err(errors),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_deliver_are_taken_and_others_refused() {
        for right in ["a@b.co", "First.Last+tag@Sub.Example.org", "o'hara@example.ie"] {
            assert!(Email::parse(right).is_ok(), "{right}");
        }
        for wrong in
            ["", "a", "a@b", "a@@b.co", "a b@c.de", ".a@b.co", "a@-b.co", "a@b..co", "a@b.co\n.x", "ä@b.co"]
        {
            assert!(Email::parse(wrong).is_err(), "{wrong}");
        }
        assert_eq!(Email::parse(" A@B.Co ").unwrap().as_str(), "a@b.co");
    }

    #[test]
    fn every_fault_of_a_sign_up_is_named_at_its_field() {
        let errors = SignUpForm::default().validate().err().unwrap();
        let fields: Vec<_> = errors.iter().map(|(field, _)| field).collect();
        assert_eq!(fields, ["display_name", "email", "password", "purpose", "region"]);
    }
}
