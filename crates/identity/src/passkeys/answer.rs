//! What browsers answer, in the JSON of `PublicKeyCredential.toJSON()`.

use domain::UserId;
use serde::de::DeserializeOwned;
use webauthn_rs::prelude::{PublicKeyCredential, Uuid};

use super::Error;

/// The longest answer is that of a device which proves its make; it stays far below this.
const MAX_BYTES: usize = 64 * 1024;

/// The signature of a passkey.
pub struct Answer(PublicKeyCredential);

impl Answer {
    pub fn parse(json: &str) -> Result<Self, Error> {
        read(json).map(Self)
    }

    /// Which passkey signed, if it did.
    pub fn credential_id(&self) -> &[u8] {
        self.0.get_credential_id()
    }

    /// Whom the device takes the person for; nothing is proven by it yet.
    pub fn user_id(&self) -> Option<UserId> {
        self.handle().and_then(|handle| Uuid::from_slice(handle).ok()).map(UserId::from_uuid)
    }

    /// Whether the device takes the person for somebody else; it need not say whom.
    pub(super) fn names_other_than(&self, user_id: UserId) -> bool {
        self.handle().is_some() && self.user_id() != Some(user_id)
    }

    pub(super) fn credential(&self) -> &PublicKeyCredential {
        &self.0
    }

    fn handle(&self) -> Option<&[u8]> {
        self.0.get_user_unique_id().filter(|handle| !handle.is_empty())
    }
}

pub(super) fn read<T: DeserializeOwned>(json: &str) -> Result<T, Error> {
    if json.len() > MAX_BYTES { Err(Error::TooLong) } else { Ok(serde_json::from_str(json)?) }
}
