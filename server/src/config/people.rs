//! How surely people are known, and how much each may ask for.

use std::{net::SocketAddr, path::PathBuf};

use domain::role::Role;
use serde::{Deserialize, Serialize};

/// How sure the site is of who people are.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Identity {
    /// The roles that may do nothing without a second factor, with commas between them.
    pub second_factor_for: String,
    /// Whether a code by e-mail is asked of who has no second factor and signs in with a new browser;
    /// left out: unless this is a demonstration, whose people have no mailboxes.
    pub confirm_new_browsers: Option<bool>,
}

impl Identity {
    /// None if one of them is no role.
    pub fn second_factor_for(&self) -> Option<Vec<Role>> {
        self.second_factor_for.split(',').map(|role| role.trim().parse().ok()).collect()
    }
}

impl Default for Identity {
    fn default() -> Self {
        Self { second_factor_for: "admin, superadmin".into(), confirm_new_browsers: None }
    }
}

/// What is asked of new passwords beside their length and the list in the program.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Passwords {
    /// A collection of breached passwords that speaks the range protocol of Have I Been Pwned.
    pub breached_url: Option<String>,
}

/// Where the addresses are from which people sign in.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Places {
    /// A database in the format of MaxMind; without one every place is unknown.
    pub database: Option<PathBuf>,
}

/// Organisations that sign their people in with an issuer of their own.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Organisations {
    /// The server of the domain name system that is asked for their records; those that the machine
    /// asks where there is none.
    pub name_server: Option<SocketAddr>,
    /// Lets them name issuers on this machine, for trying things out.
    pub local_issuers: bool,
}

/// How much one visitor may ask for; `docs/limits.md` tells how the figures are set.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Off for measurements alone: guesses are then not slowed either.
    pub enabled: bool,
    pub reads_per_minute: u32,
    pub writes_per_minute: u32,
    /// Attempts to prove who one is.
    pub credentials_per_minute: u32,
    /// What sends a letter, or makes an account.
    pub mail_per_hour: u32,
    /// At the token endpoint.
    pub tokens_per_minute: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            enabled: true,
            reads_per_minute: 3_000,
            writes_per_minute: 240,
            credentials_per_minute: 30,
            mail_per_hour: 30,
            tokens_per_minute: 60,
        }
    }
}
