//! The nouns of the marketplace, and the rules that make a value of each valid.
//!
//! Everything here is pure and compiles for the browser as well as for the server, so that a form
//! is judged by the same code on both sides. Input arrives as `…Form` types full of strings; their
//! `validate` methods return either a valid noun or [`FieldErrors`], one message per field.

#[macro_use]
mod text_enum;

pub mod account;
pub mod browse;
pub mod browser;
pub mod feed;
pub mod id;
pub mod job;
pub mod language;
pub mod money;
pub mod organisation;
pub mod permission;
pub mod picture;
pub mod place;
pub mod private;
pub mod profile;
pub mod receipt;
pub mod role;
pub mod scope;
pub mod skill;
pub mod validate;
mod visible;

pub use id::{
    ExternalIdentityId, JobId, OrganisationId, PasskeyId, SessionId, TokenId, TrustedDeviceId, UserId,
};
pub use validate::FieldErrors;
