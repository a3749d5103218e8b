//! The keys that sign access tokens: made when first needed, replaced every month, published for as
//! long as a token may be about that they have signed.

use chrono::{DateTime, TimeDelta, Utc};
use identity::{
    access_token::{self, Claims, PublicKey, SigningKey, key_named_by},
    vault::Purpose,
};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use storage::signing_keys;

use super::parties;
use crate::{
    Result, ServiceError, Services,
    accounts::Device,
    audit::{self, Act},
};

/// For so long may others keep the published keys before they ask again.
pub const JWKS_KEPT: TimeDelta = TimeDelta::minutes(5);

/// A key is published for so long before it signs: nobody then keeps a list without it.
const PUBLISHED_BEFORE: TimeDelta = TimeDelta::minutes(10);

/// A key is published for so long after another has taken its place: its last token has ended.
const PUBLISHED_AFTER: TimeDelta = TimeDelta::minutes(15);

const ROTATE_EVERY: TimeDelta = TimeDelta::days(30);

/// The keys that our tokens are checked with, as RFC 7517 has them.
pub async fn published_keys(services: &Services) -> Result<Value> {
    let keys = signing_keys::all(services.database.house()).await?;
    let keys: Vec<_> = keys.iter().map(|key| public(key).to_jwk()).collect();
    Ok(json!({ "keys": keys }))
}

/// Has a new key sign in a few minutes, when everybody can know it; the present one stays until its
/// last token has ended. Where a new one waits already, nothing changes.
pub async fn rotate_signing_key(services: &Services) -> Result<()> {
    let now = services.now();
    let mut tx = services.database.begin_as_house().await?;
    signing_keys::lock(&mut tx).await?;
    let newest = signing_keys::all(&mut *tx).await?.into_iter().next();
    if newest.as_ref().is_some_and(|key| key.signs_from > now) {
        return Ok(());
    }
    let signs_from = if newest.is_some() { now + PUBLISHED_BEFORE } else { now };
    add(services, &mut tx, signs_from).await?;
    let act = Act::of_nobody("signing_key.rotated");
    audit::record(services, &mut tx, act, &Device::default()).await?;
    tx.commit().await?;
    Ok(())
}

/// Drops every key at once, for when one has become known to others: no access token given out so far
/// counts any more. Programs get new ones by refreshing.
pub async fn revoke_signing_keys(services: &Services) -> Result<()> {
    let mut tx = services.database.begin_as_house().await?;
    signing_keys::lock(&mut tx).await?;
    signing_keys::delete_all(&mut *tx).await?;
    let act = Act::of_nobody("signing_key.revoked");
    audit::record(services, &mut tx, act, &Device::default()).await?;
    tx.commit().await?;
    Ok(())
}

/// The key that signs at this moment; the first one is made here.
pub(super) async fn signing(services: &Services) -> Result<SigningKey> {
    let now = services.now();
    let signs = |keys: Vec<signing_keys::SigningKey>| keys.into_iter().find(|key| key.signs_from <= now);
    if let Some(key) = signs(signing_keys::all(services.database.house()).await?) {
        return open(services, &key).await;
    }
    let mut tx = services.database.begin_as_house().await?;
    signing_keys::lock(&mut tx).await?;
    // Another request may have been faster.
    let key = match signs(signing_keys::all(&mut *tx).await?) {
        Some(key) => open(services, &key).await?,
        None => add(services, &mut tx, now).await?,
    };
    tx.commit().await?;
    Ok(key)
}

/// What an access token says, if one of our keys has signed it for us and it has not ended.
pub(super) async fn verify(services: &Services, token: &str) -> Result<Option<Claims>> {
    let Ok(id) = key_named_by(token) else { return Ok(None) };
    let Some(bytes) = signing_keys::public(services.database.house(), id).await? else { return Ok(None) };
    Ok(PublicKey { id, bytes }.verify(token, &parties(services), services.now()).ok())
}

pub(super) async fn tidy(services: &Services) -> Result<()> {
    let now = services.now();
    let newest = signing_keys::all(services.database.house()).await?.into_iter().next();
    if newest.is_some_and(|key| now - key.signs_from > ROTATE_EVERY) {
        rotate_signing_key(services).await?;
    }
    signing_keys::delete_replaced(services.database.house(), now - PUBLISHED_AFTER).await?;
    Ok(())
}

async fn add(
    services: &Services,
    db: &mut sqlx::PgConnection,
    signs_from: DateTime<Utc>,
) -> Result<SigningKey> {
    let key = SigningKey::generate().map_err(ServiceError::internal)?;
    let id = key.public().id;
    let sealed = services.vault.seal(Purpose::SigningKey, id, key.seed().expose_secret()).await?;
    let row = signing_keys::SigningKey {
        id,
        public_key: key.public().bytes,
        private_key_sealed: sealed,
        signs_from,
    };
    signing_keys::insert(db, &row, services.now()).await?;
    Ok(key)
}

async fn open(services: &Services, key: &signing_keys::SigningKey) -> Result<SigningKey> {
    let seed = services.vault.open(Purpose::SigningKey, key.id, &key.private_key_sealed).await?;
    SigningKey::restore(key.id, seed.expose_secret())
        .filter(|opened| *opened.public() == public(key))
        .ok_or_else(|| ServiceError::internal(access_token::NotOurs))
}

fn public(key: &signing_keys::SigningKey) -> PublicKey {
    PublicKey { id: key.id, bytes: key.public_key }
}
