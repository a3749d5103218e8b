//! The keys that sign access tokens. Private halves are sealed.

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

use crate::{Result, error::number};

/// A key that signs or has signed.
#[derive(Clone, Debug)]
pub struct SigningKey {
    pub id: Uuid,
    pub public_key: [u8; 32],
    pub private_key_sealed: Vec<u8>,
    pub signs_from: DateTime<Utc>,
}

/// Holds off others that would change the keys until the transaction ends.
pub async fn lock(db: &mut PgConnection) -> Result<()> {
    sqlx::query!("lock table auth.signing_keys in share row exclusive mode").execute(db).await?;
    Ok(())
}

pub async fn insert(db: &mut PgConnection, key: &SigningKey, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "insert into auth.signing_keys (id, public_key, private_key_sealed, created_at, signs_from)
         values ($1, $2, $3, $4, $5)",
        key.id,
        key.public_key.as_slice(),
        key.private_key_sealed,
        now,
        key.signs_from,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// All keys that are kept, those that sign last first.
pub async fn all(db: impl PgExecutor<'_>) -> Result<Vec<SigningKey>> {
    let rows = sqlx::query!(
        "select id, public_key, private_key_sealed, signs_from from auth.signing_keys
         order by signs_from desc, id desc",
    )
    .fetch_all(db)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(SigningKey {
                id: row.id,
                public_key: public_key(row.public_key)?,
                private_key_sealed: row.private_key_sealed,
                signs_from: row.signs_from,
            })
        })
        .collect()
}

/// The public half of a key.
pub async fn public(db: impl PgExecutor<'_>, id: Uuid) -> Result<Option<[u8; 32]>> {
    sqlx::query_scalar!("select public_key from auth.signing_keys where id = $1", id)
        .fetch_optional(db)
        .await?
        .map(public_key)
        .transpose()
}

/// Deletes every key in whose place another one has signed since `before` or earlier.
pub async fn delete_replaced(db: impl PgExecutor<'_>, before: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "delete from auth.signing_keys k
         where exists (
             select from auth.signing_keys newer
             where (newer.signs_from, newer.id) > (k.signs_from, k.id) and newer.signs_from <= $1
         )",
        before,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Deletes all keys: nothing that was signed so far counts any more.
pub async fn delete_all(db: impl PgExecutor<'_>) -> Result<()> {
    sqlx::query!("delete from auth.signing_keys").execute(db).await?;
    Ok(())
}

fn public_key(bytes: Vec<u8>) -> Result<[u8; 32]> {
    let bytes: &[u8; 32] = number("public key", bytes.as_slice())?;
    Ok(*bytes)
}
