//! Signing in with others' accounts: with a real OpenID provider, with one that gets the protocol
//! wrong in every way it can, and with a stand-in for GitHub.

#![allow(clippy::unwrap_used)]

mod github;
mod oidc;
mod rotation;
mod stand_ins;
mod tokens;
mod transport;
mod visitor;
mod wrong;
