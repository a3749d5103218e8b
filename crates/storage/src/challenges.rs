//! What is to be done before an account is made, where many were made from one network.

use chrono::{DateTime, Utc};
use sqlx::PgExecutor;
use uuid::Uuid;

use crate::Result;

pub struct Challenge {
    /// SHA-256 of the network that it was given to.
    pub network: Vec<u8>,
    pub difficulty: i16,
    /// Or when somebody was last let through for having waited.
    pub created_at: DateTime<Utc>,
}

/// Counts an account that is made from a network, whose counter nobody else moves until the transaction
/// ends; gives how many it are with it. Those before `forget_before` are forgotten where none followed.
pub async fn count_account(
    db: impl PgExecutor<'_>,
    counter: &[u8; 32],
    now: DateTime<Utc>,
    forget_before: DateTime<Utc>,
) -> Result<i32> {
    Ok(sqlx::query_scalar!(
        "insert into auth.guesses as g (key, failures, last_at, blocked_until) values ($1, 1, $2, $2)
         on conflict (key) do update set
             failures = case when g.last_at < $3 then 1 else g.failures + 1 end,
             last_at = greatest(g.last_at, $2)
         returning failures",
        counter.as_slice(),
        now,
        forget_before,
    )
    .fetch_one(db)
    .await?)
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

/// The newest challenge of a network that is not older.
pub async fn of_network(
    db: impl PgExecutor<'_>,
    network: &[u8],
    not_before: DateTime<Utc>,
) -> Result<Option<(Uuid, Challenge)>> {
    let row = sqlx::query!(
        "select id, network, difficulty, created_at from auth.sign_up_challenges
         where network = $1 and created_at > $2 order by created_at desc, id desc limit 1",
        network,
        not_before,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| {
        (row.id, Challenge { network: row.network, difficulty: row.difficulty, created_at: row.created_at })
    }))
}

/// Uses an answer to a challenge up; false if it was used before.
pub async fn use_answer(db: impl PgExecutor<'_>, id: Uuid, answer: &str) -> Result<bool> {
    let used = sqlx::query!(
        "insert into auth.sign_up_answers (challenge_id, answer) values ($1, $2) on conflict do nothing",
        id,
        answer,
    )
    .execute(db)
    .await?;
    Ok(used.rows_affected() > 0)
}

/// Uses up that somebody has waited since a moment for a challenge; false if they have not. Everybody in
/// the network waits anew from now on.
pub async fn use_wait(
    db: impl PgExecutor<'_>,
    id: Uuid,
    since: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<bool> {
    let used = sqlx::query!(
        "update auth.sign_up_challenges set created_at = $3
         where network = (select network from auth.sign_up_challenges where id = $1 and created_at <= $2)",
        id,
        since,
        now,
    )
    .execute(db)
    .await?;
    Ok(used.rows_affected() > 0)
}

pub async fn prune(db: impl PgExecutor<'_>, before: DateTime<Utc>) -> Result<()> {
    sqlx::query!("delete from auth.sign_up_challenges where created_at <= $1", before).execute(db).await?;
    Ok(())
}
