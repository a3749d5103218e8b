//! Who somebody is and what they may do: passwords, session tokens, and the principal on whose
//! behalf every use case runs.

pub mod password;
pub mod principal;
pub mod token;

pub use principal::{Forbidden, Principal};
