//! Identifiers: UUIDv7 (RFC 9562), so that they sort by time of creation, a type of their own each.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! id {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            #[cfg(feature = "generate")]
            #[allow(clippy::new_without_default, reason = "every call gives another value")]
            pub fn new() -> Self {
                Self(Uuid::now_v7())
            }

            pub const fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            pub const fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl From<Uuid> for $name {
            fn from(uuid: Uuid) -> Self {
                Self(uuid)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    };
}

id!(
    /// A person with an account, whatever roles they hold.
    UserId
);
id!(
    /// A job, from its first draft on.
    JobId
);
id!(
    /// One signed-in device.
    SessionId
);
id!(
    /// A passkey of somebody's.
    PasskeyId
);
id!(
    /// A browser that need not give the second factor for a while.
    TrustedDeviceId
);
id!(
    /// A person's account at another site, as a way into the one here.
    ExternalIdentityId
);
id!(
    /// A personal access token.
    TokenId
);
id!(
    /// An organisation that signs its people in with an issuer of its own.
    OrganisationId
);
