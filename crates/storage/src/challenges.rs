//! What is to be done before an account is made, where many were made from one network.

use chrono::{DateTime, Utc};
use sqlx::PgExecutor;
use uuid::Uuid;

use crate::Result;

pub struct Challenge {
    /// SHA-256 of the network that it was given to.
    pub network: Vec<u8>,
    pub difficulty: i16,
    pub created_at: DateTime<Utc>,
}

pub async fn insert(db: impl PgExecutor<'_>, id: Uuid, challenge: &Challenge) -> Result<()> {
    sqlx::query!(
        "insert into auth.sign_up_challenges (id, network, difficulty, created_at) values ($1, $2, $3, $4)",
        id,
        challenge.network,
        challenge.difficulty,
        challenge.created_at,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// A challenge that is not older.
pub async fn by_id(
    db: impl PgExecutor<'_>,
    id: Uuid,
    not_before: DateTime<Utc>,
) -> Result<Option<Challenge>> {
    Ok(sqlx::query_as!(
        Challenge,
        "select network, difficulty, created_at from auth.sign_up_challenges where id = $1 and created_at > $2",
        id,
        not_before,
    )
    .fetch_optional(db)
    .await?)
}

/// Uses a challenge up; false if somebody was faster.
pub async fn take(db: impl PgExecutor<'_>, id: Uuid) -> Result<bool> {
    let taken = sqlx::query!("delete from auth.sign_up_challenges where id = $1", id).execute(db).await?;
    Ok(taken.rows_affected() > 0)
}

pub async fn prune(db: impl PgExecutor<'_>, before: DateTime<Utc>) -> Result<()> {
    sqlx::query!("delete from auth.sign_up_challenges where created_at <= $1", before).execute(db).await?;
    Ok(())
}
