//! Envelope encryption of what must be read again and never leak: secrets of authenticator apps,
//! tokens of other providers, telephone numbers.
//!
//! Values are sealed with a [`DataKey`], which is stored beside them, wrapped by a key-encryption key
//! that is not: that one comes from the operator ([`KeyRing`]). What a value is for and whose it is
//! are authenticated with it, so that a sealed value that was moved elsewhere does not open.

mod cipher;
mod data_key;
mod ring;

pub use data_key::{DataKey, key_of};
pub use ring::{InvalidKeys, KeyRing};

/// What a sealed value is for. A value that was sealed for one purpose opens for no other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// What the server shares with an authenticator app.
    TotpSecret,
    /// What is remembered while somebody signs in at another provider.
    ExternalFlow,
    /// A token that another provider gave us.
    ExternalToken,
    /// The secret that an organisation's issuer knows us by.
    IssuerClientSecret,
    /// The private half of a key that signs our tokens.
    SigningKey,
    Phone,
    LegalName,
    /// All of one's data, ready to be downloaded.
    Export,
}

impl Purpose {
    /// Part of what is authenticated: it stays as it is for as long as anything is sealed with it.
    fn name(self) -> &'static str {
        match self {
            Self::TotpSecret => "totp_secret",
            Self::ExternalFlow => "external_flow",
            Self::ExternalToken => "external_token",
            Self::IssuerClientSecret => "issuer_client_secret",
            Self::SigningKey => "signing_key",
            Self::Phone => "phone",
            Self::LegalName => "legal_name",
            Self::Export => "export",
        }
    }
}

/// Why something could not be sealed or opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    /// It was changed, or belongs to somebody else, or is for something else, or another key wrapped it.
    #[error("it does not open: it was changed, is another's or for something else, or the key is another")]
    DoesNotOpen,
    /// It was not sealed by any version of this program.
    #[error("this is no sealed value")]
    NotSealed,
    /// No key of this name is in the ring.
    #[error("the key that wraps it is not among the keys of the configuration")]
    KeyMissing,
    #[error("it could not be sealed")]
    NotEncrypted,
    #[error(transparent)]
    NoRandomness(#[from] crate::token::NoRandomness),
}
