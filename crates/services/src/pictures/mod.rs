//! Pictures of people: uploaded by their owner, seen by everybody, unknown to the engine.

mod orientation;
mod read;
mod square;

use std::collections::HashMap;

use domain::{FieldErrors, UserId, picture::PictureHash};
use identity::Principal;
use sha2::{Digest as _, Sha256};
use storage::avatars;
use tokio::sync::Semaphore;

use self::read::Unusable;

use crate::{
    Result, ServiceError, Services,
    accounts::Device,
    audit::{self, Act},
};

/// So many files are decoded at a time: each may take a few hundred megabytes for a moment.
static DECODING: Semaphore = Semaphore::const_new(2);

/// Makes a file one's picture.
pub async fn set(services: &Services, who: &Principal, file: Vec<u8>, device: &Device) -> Result<()> {
    if file.is_empty() {
        return Err(FieldErrors::one("picture", "Please choose a picture.").into());
    }
    let place = DECODING.acquire().await.map_err(ServiceError::internal)?;
    let decoded = tokio::task::spawn_blocking(move || {
        // Held here, for the work goes on where nobody waits for it any more.
        let _place = place;
        square::picture(&file)
    });
    // A decoder that panics has met a file that it does not understand.
    let decoded = match decoded.await {
        Err(broken) if broken.is_panic() => Err(Unusable::Unreadable),
        decoded => decoded.map_err(ServiceError::internal)?,
    };
    let picture = decoded.map_err(|unusable| FieldErrors::one("picture", unusable.to_string()))?;
    let hash: [u8; 32] = Sha256::digest(&picture).into();
    let mut tx = services.database.begin_as(who.user_id).await?;
    avatars::set(&mut tx, who.user_id, &hash, &picture, services.now()).await?;
    audit::record(services, &mut tx, Act::of(who.user_id, "picture.changed"), device).await?;
    tx.commit().await?;
    Ok(())
}

/// Takes one's picture away; where there is none, nothing is done.
pub async fn remove(services: &Services, who: &Principal, device: &Device) -> Result<()> {
    let mut tx = services.database.begin_as(who.user_id).await?;
    if avatars::delete(&mut tx, who.user_id).await? {
        audit::record(services, &mut tx, Act::of(who.user_id, "picture.removed"), device).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// The pictures of these people, by whose they are; not everybody has one.
pub async fn of_people(services: &Services, people: &[UserId]) -> Result<HashMap<UserId, PictureHash>> {
    Ok(avatars::hashes(services.database.pool(), people).await?.into_iter().collect())
}

/// A person's present picture, a JPEG, at the address of its hash.
pub async fn picture(services: &Services, of: UserId, hash: PictureHash) -> Result<Vec<u8>> {
    let found = avatars::by_hash(services.database.pool(), of, hash.as_bytes()).await?;
    found.ok_or(ServiceError::NotFound("picture"))
}
