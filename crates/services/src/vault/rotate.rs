//! Changing the keys while everything goes on: a new key seals from now on, what others have sealed
//! is sealed anew, and a key with which nothing is sealed any more is deleted.

use chrono::{DateTime, Utc};
use identity::vault::{DataKey, key_of};
use secrecy::ExposeSecret as _;
use serde_json::json;
use storage::vault;
use uuid::Uuid;

use super::{KEEP_RETIRED, SEALED, SealedColumn, Vault};
use crate::{
    Result, ServiceError, Services,
    accounts::Device,
    audit::{self, Act},
};

/// Rows that are looked up at a time.
const BATCH: i64 = 200;

/// What sealing anew came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Resealed {
    pub values: usize,
    /// Values that do not open: somebody changed them in the database.
    pub broken: usize,
    /// Keys that were deleted, because nothing is sealed with them any more.
    pub deleted_keys: usize,
}

/// A key of the database, for operators.
#[derive(Clone, Debug)]
pub struct KeyInUse {
    pub id: Uuid,
    /// The name of the operator's key that wraps it.
    pub kek: String,
    pub created_at: DateTime<Utc>,
    pub retired_at: Option<DateTime<Utc>>,
    /// How many values are sealed with it.
    pub values: i64,
}

/// Changes the keys of the database, seals everything anew, and writes that down. `progress` is told how
/// far it is, and how many values there are.
pub async fn rotate(services: &Services, mut progress: impl FnMut(Resealed, u64)) -> Result<Resealed> {
    let vault = services.vault();
    vault.begin_rotation().await?;
    let keys = vault.keys().await?;
    let total: i64 = keys.iter().filter(|key| key.retired_at.is_some()).map(|key| key.values).sum();
    let done = vault.reseal(|done| progress(done, total.unsigned_abs())).await?;
    note(services, done).await?;
    Ok(done)
}

/// Goes on with a rotation that was broken off, if there is one, and writes down what that came to; for
/// the work behind the scenes.
pub async fn finish_rotation(services: &Services) -> Result<()> {
    let keys = vault::keys(services.database.house()).await?;
    if keys.iter().all(|key| key.retired_at.is_none()) {
        return Ok(());
    }
    let done = services.vault().reseal(|_| {}).await?;
    if done.broken > 0 {
        tracing::error!(values = done.broken, "sealed values do not open: the database was tampered with");
    }
    if done.values > 0 {
        note(services, done).await?;
    }
    Ok(())
}

async fn note(services: &Services, done: Resealed) -> Result<()> {
    let mut tx = services.database.begin_as_house().await?;
    let act = Act::of_nobody("keys.rotated").after(&json!({ "values": done.values, "broken": done.broken }));
    audit::record(services, &mut tx, act, &Device::default()).await?;
    Ok(tx.commit().await?)
}

impl Vault {
    /// Makes a new key that seals from now on, and has the operator's newest key wrap all of them.
    /// [`reseal`](Self::reseal) does the rest, now or later.
    pub async fn begin_rotation(&self) -> Result<()> {
        let key = DataKey::generate().map_err(ServiceError::internal)?;
        let (newest, wrapped) = key.wrap(&self.ring).map_err(ServiceError::internal)?;
        let now = (self.clock)();
        let mut tx = self.database.begin_as_house().await?;
        vault::retire(&mut tx, now).await?;
        if !vault::insert(&mut *tx, key.id(), newest, &wrapped, now).await? {
            return Err(ServiceError::Conflict("Somebody else is rotating the keys at this moment."));
        }
        for stored in vault::keys(&mut *tx).await?.iter().filter(|stored| stored.kek != newest) {
            let (kek, wrapped) = self.unwrap(stored)?.wrap(&self.ring).map_err(ServiceError::internal)?;
            vault::rewrap(&mut tx, stored.id, kek, &wrapped).await?;
        }
        tx.commit().await?;
        self.load().await
    }

    /// Seals anew whatever another key than the present one has sealed, value by value, so that it
    /// can be broken off and begun again at any time; then deletes the keys that nothing needs.
    pub async fn reseal(&self, mut progress: impl FnMut(Resealed)) -> Result<Resealed> {
        self.load().await?;
        let current = self.current().await?;
        let mut done = Resealed::default();
        for column in SEALED {
            let mut after = Uuid::nil();
            loop {
                let house = self.database.house();
                let rows = vault::sealed_otherwise(house, column.at, current.id(), after, BATCH).await?;
                let Some(&last) = rows.last() else { break };
                for row in rows {
                    if self.reseal_one(column, row, &current).await? {
                        done.values += 1;
                    } else {
                        done.broken += 1;
                    }
                }
                after = last;
                progress(done);
            }
        }
        done.deleted_keys = self.delete_unused().await?;
        Ok(done)
    }

    /// All keys of the database, the present one first.
    pub async fn keys(&self) -> Result<Vec<KeyInUse>> {
        let mut keys = Vec::new();
        for key in vault::keys(self.database.house()).await? {
            keys.push(KeyInUse {
                values: self.uses(key.id).await?,
                id: key.id,
                kek: key.kek,
                created_at: key.created_at,
                retired_at: key.retired_at,
            });
        }
        Ok(keys)
    }

    /// False if the value does not open; it then stays as it is.
    async fn reseal_one(&self, column: &SealedColumn, row: Uuid, current: &DataKey) -> Result<bool> {
        let house = self.database.house();
        let Some(value) = vault::sealed(house, column.at, row).await? else { return Ok(true) };
        let key = key_of(&value.sealed).ok().and_then(|id| self.known_key(id));
        let Some(opened) = key.and_then(|key| key.open(column.purpose, value.owner, &value.sealed).ok())
        else {
            return Ok(false);
        };
        let sealed = current
            .seal(column.purpose, value.owner, opened.expose_secret())
            .map_err(ServiceError::internal)?;
        vault::replace_sealed(house, column.at, &value, &sealed).await?;
        Ok(true)
    }

    async fn delete_unused(&self) -> Result<usize> {
        let house = self.database.house();
        let before = (self.clock)() - KEEP_RETIRED;
        let mut deleted = 0;
        for key in vault::keys(house).await? {
            if key.retired_at.is_some_and(|at| at <= before) && self.uses(key.id).await? == 0 {
                vault::delete(house, key.id).await?;
                deleted += 1;
            }
        }
        Ok(deleted)
    }

    async fn uses(&self, key: Uuid) -> Result<i64> {
        let mut uses = 0;
        for column in SEALED {
            uses += vault::sealed_by(self.database.house(), column.at, key).await?;
        }
        Ok(uses)
    }
}
