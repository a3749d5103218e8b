//! Pictures of people: uploaded by their owner, seen by everybody, unknown to the engine.

mod orientation;
mod read;
mod square;

use std::collections::HashMap;

use domain::{FieldErrors, UserId, picture::PictureHash};
use identity::Principal;
use sha2::{Digest as _, Sha256};
use storage::avatars;
use tokio::{sync::Semaphore, task::JoinError};

use self::read::Unusable;

use crate::{
    Result, ServiceError, Services,
    accounts::{Device, act_as},
    audit::{self, Act},
};

/// So many files are decoded at a time: each may take a few hundred megabytes for a moment.
static DECODING: Semaphore = Semaphore::const_new(2);

/// Makes a file one's picture.
pub async fn set(services: &Services, who: &Principal, file: Vec<u8>, device: &Device) -> Result<()> {
    if file.is_empty() {
        return Err(FieldErrors::one("picture", "Please choose a picture.").into());
    }
    // A decoder that panics has met a file that it does not understand.
    let decoded = match in_turn(move || square::picture(&file)).await? {
        Err(broken) if broken.is_panic() => Err(Unusable::Unreadable),
        decoded => decoded.map_err(ServiceError::internal)?,
    };
    let picture = decoded.map_err(|unusable| FieldErrors::one("picture", unusable.to_string()))?;
    let hash: [u8; 32] = Sha256::digest(&picture).into();
    let mut tx = act_as(services, who).await?;
    avatars::set(&mut tx, who.user_id, &hash, &picture, services.now()).await?;
    audit::record(services, &mut tx, Act::of(who.user_id, "picture.changed"), device).await?;
    tx.commit().await?;
    Ok(())
}

/// Does the work once it has one of the places.
async fn in_turn<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<Result<T, JoinError>> {
    let place = DECODING.acquire().await.map_err(ServiceError::internal)?;
    let work = tokio::task::spawn_blocking(move || {
        // Held here, for the work goes on where nobody waits for it any more.
        let _place = place;
        work()
    });
    Ok(work.await)
}

/// Takes one's picture away; where there is none, nothing is done.
pub async fn remove(services: &Services, who: &Principal, device: &Device) -> Result<()> {
    let mut tx = act_as(services, who).await?;
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

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::sync::{Arc, Barrier};

    use futures::poll;
    use tokio::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn two_files_are_decoded_at_a_time_and_a_third_waits() {
        assert_eq!(DECODING.available_permits(), 2);
        let (begins, mut begun) = mpsc::unbounded_channel();
        // Where both meet once more when they may end.
        let end = Arc::new(Barrier::new(3));
        let [one, other] = [(), ()].map(|()| {
            let (begins, end) = (begins.clone(), end.clone());
            tokio::spawn(in_turn(move || {
                begins.send(()).unwrap();
                end.wait();
            }))
        });
        for _ in 0..2 {
            begun.recv().await.unwrap();
        }
        assert!(DECODING.try_acquire().is_err(), "both are at work, and there is no place left");
        let mut third = Box::pin(in_turn(move || begins.send(())));
        assert!(poll!(&mut third).is_pending());
        // Nobody waits for one of them any more; its work goes on, and so does its place.
        one.abort();
        assert!(one.await.unwrap_err().is_cancelled());
        assert!(poll!(&mut third).is_pending() && begun.try_recv().is_err());
        tokio::task::spawn_blocking(move || end.wait()).await.unwrap();
        other.await.unwrap().unwrap().unwrap();
        third.await.unwrap().unwrap().unwrap();
        assert!(begun.recv().await.is_some(), "in its turn");
    }
}
