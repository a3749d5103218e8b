//! AES-256-GCM with a random nonce for each message, which stands before the ciphertext.

use aes_gcm::{
    Aes256Gcm, KeyInit as _,
    aead::{Aead as _, Payload},
};
use secrecy::{ExposeSecret as _, SecretBox, SecretSlice};

use super::VaultError;
use crate::token::NoRandomness;

pub(super) const KEY_BYTES: usize = 32;
const NONCE_BYTES: usize = 12;

/// 256 random bits. A random nonce may be drawn four thousand million times before two of one key
/// are likely enough to be alike to matter (NIST SP 800-38D); a key is rotated long before.
pub(super) struct Key(SecretBox<[u8; KEY_BYTES]>);

impl Key {
    pub(super) fn generate() -> Result<Self, NoRandomness> {
        let mut bytes = Box::new([0; KEY_BYTES]);
        getrandom::fill(bytes.as_mut_slice()).map_err(|_| NoRandomness)?;
        Ok(Self(SecretBox::new(bytes)))
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(|bytes| Self(SecretBox::new(Box::new(bytes))))
    }

    pub(super) fn as_bytes(&self) -> &[u8; KEY_BYTES] {
        self.0.expose_secret()
    }

    fn cipher(&self) -> Aes256Gcm {
        Aes256Gcm::new(self.as_bytes().into())
    }

    /// Nonce and ciphertext of the message; `context` is authenticated and not part of it.
    pub(super) fn encrypt(&self, message: &[u8], context: &[u8]) -> Result<Vec<u8>, VaultError> {
        let mut nonce = [0; NONCE_BYTES];
        getrandom::fill(&mut nonce).map_err(|_| NoRandomness)?;
        let ciphertext = self
            .cipher()
            .encrypt(&nonce.into(), Payload { msg: message, aad: context })
            .map_err(|_| VaultError::NotEncrypted)?;
        Ok([nonce.as_slice(), &ciphertext].concat())
    }

    pub(super) fn decrypt(&self, encrypted: &[u8], context: &[u8]) -> Result<SecretSlice<u8>, VaultError> {
        let (nonce, ciphertext) =
            encrypted.split_first_chunk::<NONCE_BYTES>().ok_or(VaultError::NotSealed)?;
        let message = self
            .cipher()
            .decrypt(nonce.into(), Payload { msg: ciphertext, aad: context })
            .map_err(|_| VaultError::DoesNotOpen)?;
        Ok(message.into())
    }
}
