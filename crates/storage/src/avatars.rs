//! Pictures of people.

use chrono::{DateTime, Utc};
use domain::{UserId, picture::PictureHash};
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

use crate::Result;

/// A person's picture, a JPEG.
pub async fn of_user(db: impl PgExecutor<'_>, user: UserId) -> Result<Option<Vec<u8>>> {
    Ok(sqlx::query_scalar!("select picture from core.avatars where user_id = $1", user.uuid())
        .fetch_optional(db)
        .await?)
}

/// The picture of this hash, if it is the person's present one.
pub async fn by_hash(db: impl PgExecutor<'_>, user: UserId, hash: &[u8; 32]) -> Result<Option<Vec<u8>>> {
    Ok(sqlx::query_scalar!(
        "select picture from core.avatars where user_id = $1 and hash = $2",
        user.uuid(),
        hash.as_slice(),
    )
    .fetch_optional(db)
    .await?)
}

/// The hashes of the pictures of these people, as far as they have one.
pub async fn hashes(db: impl PgExecutor<'_>, people: &[UserId]) -> Result<Vec<(UserId, PictureHash)>> {
    let people: Vec<Uuid> = people.iter().map(|person| person.uuid()).collect();
    let rows = sqlx::query!("select user_id, hash from core.avatars where user_id = any($1)", &people)
        .fetch_all(db)
        .await?;
    let read = rows.into_iter().map(|row| {
        let hash = row.hash.try_into().map_err(|_| crate::Error::corrupt("hash")(&"its length"))?;
        Ok((row.user_id.into(), PictureHash::new(hash)))
    });
    read.collect()
}

pub async fn set(
    db: &mut PgConnection,
    user: UserId,
    hash: &[u8; 32],
    picture: &[u8],
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "insert into core.avatars (user_id, hash, picture, created_at) values ($1, $2, $3, $4)
         on conflict (user_id) do update
         set hash = excluded.hash, picture = excluded.picture, created_at = excluded.created_at",
        user.uuid(),
        hash.as_slice(),
        picture,
        now,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// False if there was none.
pub async fn delete(db: &mut PgConnection, user: UserId) -> Result<bool> {
    let done = sqlx::query!("delete from core.avatars where user_id = $1", user.uuid()).execute(db).await?;
    Ok(done.rows_affected() > 0)
}
