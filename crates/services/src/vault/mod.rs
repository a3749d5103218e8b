//! Sealing what is secret. The keys are in the database, wrapped by the operator's, and in memory
//! once they were needed.

mod rotate;
mod sealed;

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
    time::{Duration, Instant},
};

use chrono::TimeDelta;
pub use identity::vault::Purpose;
use identity::vault::{DataKey, KeyRing, VaultError, key_of};
use secrecy::SecretSlice;
use storage::{
    Database,
    vault::{self, StoredKey},
};
use uuid::Uuid;

pub use rotate::{KeyInUse, Resealed, finish_rotation, rotate};
pub use sealed::{SEALED, SealedColumn};

use crate::{Clock, Result, ServiceError};

/// For so long a process goes on sealing with the key that it knows, though another process may have
/// rotated it meanwhile.
const KNOWN_FOR: Duration = Duration::from_secs(60);

/// A retired key is kept for so long at least, though nothing is sealed with it any more: a process
/// may have sealed with it in a transaction that has not ended. Far longer than [`KNOWN_FOR`] and any
/// transaction together.
const KEEP_RETIRED: TimeDelta = TimeDelta::hours(1);

/// Seals and opens values. Clones share the keys.
#[derive(Clone)]
pub struct Vault {
    database: Database,
    clock: Clock,
    ring: Arc<KeyRing>,
    known: Arc<RwLock<Known>>,
}

/// The keys that were needed so far.
#[derive(Default)]
struct Known {
    keys: HashMap<Uuid, Arc<DataKey>>,
    /// The one that seals, and when we were told so.
    current: Option<(Uuid, Instant)>,
}

/// Why the keys of the database cannot be used; what to do is in the message.
#[derive(Debug, thiserror::Error)]
#[error(
    "the data key {id} is wrapped by the key `{kek}`, and {cause}; put the right one back among the keys \
     of `keys.file` or `keys.values`"
)]
pub struct WrongKeys {
    id: Uuid,
    kek: String,
    cause: VaultError,
}

impl Vault {
    pub(crate) fn new(database: Database, clock: Clock, ring: KeyRing) -> Self {
        Self { database, clock, ring: Arc::new(ring), known: Arc::default() }
    }

    /// Seals a value of `owner`: a person, or the row itself where it is nobody's. Its column belongs
    /// in [`SEALED`].
    pub(crate) async fn seal(&self, purpose: Purpose, owner: Uuid, plaintext: &[u8]) -> Result<Vec<u8>> {
        let key = self.current().await?;
        key.seal(purpose, owner, plaintext).map_err(ServiceError::internal)
    }

    /// Opens a value that was sealed for the same purpose and owner.
    ///
    /// # Errors
    /// [`ServiceError::Internal`] where it was changed, is another's or for something else.
    pub(crate) async fn open(&self, purpose: Purpose, owner: Uuid, sealed: &[u8]) -> Result<SecretSlice<u8>> {
        let id = key_of(sealed).map_err(ServiceError::internal)?;
        let key = match self.known_key(id) {
            Some(key) => key,
            None => {
                self.load().await?;
                self.known_key(id).ok_or_else(|| ServiceError::internal(VaultError::DoesNotOpen))?
            }
        };
        key.open(purpose, owner, sealed).map_err(ServiceError::internal)
    }

    /// Learns the keys of the database where it is time to, for who is about to seal or open something in a
    /// transaction. That has a connection already: were it to wait for a second one, a crowd would wait for
    /// one another.
    pub(crate) async fn ready(&self) -> Result<()> {
        if self.known_since_at_most(KNOWN_FOR / 2).is_some() {
            return Ok(());
        }
        self.load().await?;
        self.current().await.map(drop)
    }

    /// Whether every key of the database can be used with the operator's keys.
    pub async fn check(&self) -> Result<()> {
        self.load().await
    }

    /// The key that seals; the first one is made here.
    async fn current(&self) -> Result<Arc<DataKey>> {
        if let Some(key) = self.known_current() {
            return Ok(key);
        }
        self.load().await?;
        if let Some(key) = self.known_current() {
            return Ok(key);
        }
        // Of several processes that come here at once, one adds its key; all then load that one.
        let key = DataKey::generate().map_err(ServiceError::internal)?;
        let (kek, wrapped) = key.wrap(&self.ring).map_err(ServiceError::internal)?;
        vault::insert(self.database.house(), key.id(), kek, &wrapped, (self.clock)()).await?;
        self.load().await?;
        self.known_current().ok_or(ServiceError::NotFound("data key"))
    }

    fn known_key(&self, id: Uuid) -> Option<Arc<DataKey>> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).keys.get(&id).cloned()
    }

    fn known_current(&self) -> Option<Arc<DataKey>> {
        self.known_since_at_most(KNOWN_FOR)
    }

    fn known_since_at_most(&self, age: Duration) -> Option<Arc<DataKey>> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let (id, since) = known.current?;
        if since.elapsed() < age { known.keys.get(&id).cloned() } else { None }
    }

    /// Reads the keys of the database anew.
    async fn load(&self) -> Result<()> {
        let now = Instant::now();
        let stored = vault::keys(self.database.house()).await?;
        let current = stored.iter().find(|key| key.retired_at.is_none()).map(|key| (key.id, now));
        let mut keys = HashMap::new();
        for key in &stored {
            let unwrapped = match self.known_key(key.id) {
                Some(known) => known,
                None => Arc::new(self.unwrap(key)?),
            };
            keys.insert(key.id, unwrapped);
        }
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = Known { keys, current };
        Ok(())
    }

    fn unwrap(&self, key: &StoredKey) -> Result<DataKey> {
        DataKey::unwrap(key.id, &self.ring, &key.kek, &key.wrapped)
            .map_err(|cause| ServiceError::internal(WrongKeys { id: key.id, kek: key.kek.clone(), cause }))
    }
}
