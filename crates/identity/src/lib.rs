//! Who somebody is and what they may do: passwords, passkeys and second factors, session tokens, and
//! the principal on whose behalf every use case runs; and how what is secret is encrypted.

pub mod access_token;
pub mod breached;
pub mod common;
pub mod domain_proof;
pub mod email_code;
pub mod external;
pub mod labelled;
pub mod passkeys;
pub mod password;
pub mod principal;
pub mod recovery;
pub mod token;
pub mod totp;
pub mod vault;

pub use domain::permission::Permission;
pub use principal::{Forbidden, Permitted, Principal, ProofNeeded, Proved, ViewedBy};
