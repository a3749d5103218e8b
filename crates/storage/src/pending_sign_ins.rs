//! Sign-ins that wait for the second factor. Only the hash of a token is stored.

use chrono::{DateTime, Utc};
use domain::{UserId, account::FirstFactor};
use sqlx::PgExecutor;

use crate::{Result, error::stored};

/// Somebody who owes the second factor.
#[derive(Clone, Debug)]
pub struct PendingSignIn {
    pub user_id: UserId,
    pub first_factor: FirstFactor,
    /// This attempt included, where it was counted.
    pub attempts: i16,
    /// The salted hash of the code that was sent for it, while it is good.
    pub email_code: Option<Vec<u8>>,
    pub email_codes_sent: i16,
}

struct Row {
    user_id: uuid::Uuid,
    first_factor: String,
    attempts: i16,
    email_code: Option<Vec<u8>>,
    email_codes_sent: i16,
}

impl TryFrom<Row> for PendingSignIn {
    type Error = crate::Error;

    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            user_id: row.user_id.into(),
            first_factor: stored("first factor", &row.first_factor)?,
            attempts: row.attempts,
            email_code: row.email_code,
            email_codes_sent: row.email_codes_sent,
        })
    }
}

pub async fn insert(
    db: impl PgExecutor<'_>,
    token_hash: &[u8; 32],
    user_id: UserId,
    first_factor: FirstFactor,
    expires_at: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "insert into auth.pending_sign_ins (token_hash, user_id, first_factor, expires_at)
         values ($1, $2, $3, $4)",
        token_hash.as_slice(),
        user_id.uuid(),
        first_factor.as_str(),
        expires_at,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The sign-in of a token, while it is good and fewer than `limit` attempts were made.
pub async fn by_token(
    db: impl PgExecutor<'_>,
    token_hash: &[u8; 32],
    limit: i16,
    now: DateTime<Utc>,
) -> Result<Option<PendingSignIn>> {
    sqlx::query_as!(
        Row,
        "select user_id, first_factor, attempts, email_codes_sent,
                case when email_code_until > $3 then email_code end as email_code
         from auth.pending_sign_ins where token_hash = $1 and attempts < $2 and expires_at > $3",
        token_hash.as_slice(),
        limit,
        now,
    )
    .fetch_optional(db)
    .await?
    .map(PendingSignIn::try_from)
    .transpose()
}

/// The same, counting an attempt, before it is known whether it is right: of attempts at once, each
/// counts.
pub async fn attempt(
    db: impl PgExecutor<'_>,
    token_hash: &[u8; 32],
    limit: i16,
    now: DateTime<Utc>,
) -> Result<Option<PendingSignIn>> {
    sqlx::query_as!(
        Row,
        "update auth.pending_sign_ins set attempts = attempts + 1
         where token_hash = $1 and attempts < $2 and expires_at > $3
         returning user_id, first_factor, attempts, email_codes_sent,
                   case when email_code_until > $3 then email_code end as email_code",
        token_hash.as_slice(),
        limit,
        now,
    )
    .fetch_optional(db)
    .await?
    .map(PendingSignIn::try_from)
    .transpose()
}

/// Counts a letter with a code; false if `limit` of them are sent or the sign-in is no more.
pub async fn count_email_code(
    db: impl PgExecutor<'_>,
    token_hash: &[u8; 32],
    limit: i16,
    now: DateTime<Utc>,
) -> Result<bool> {
    let done = sqlx::query!(
        "update auth.pending_sign_ins set email_codes_sent = email_codes_sent + 1
         where token_hash = $1 and email_codes_sent < $2 and expires_at > $3",
        token_hash.as_slice(),
        limit,
        now,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Stores the hash of the code that is being sent, in place of an earlier one; gives to whom it goes,
/// or none if the sign-in is no more.
pub async fn set_email_code(
    db: impl PgExecutor<'_>,
    token_hash: &[u8],
    code: &[u8],
    until: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<Option<String>> {
    let address = sqlx::query_scalar!(
        "update auth.pending_sign_ins p set email_code = $2, email_code_until = $3
         from auth.users u
         where p.token_hash = $1 and p.expires_at > $4 and u.id = p.user_id returning u.email",
        token_hash,
        code,
        until,
        now,
    )
    .fetch_optional(db)
    .await?;
    Ok(address)
}

pub async fn delete(db: impl PgExecutor<'_>, token_hash: &[u8; 32]) -> Result<()> {
    sqlx::query!("delete from auth.pending_sign_ins where token_hash = $1", token_hash.as_slice())
        .execute(db)
        .await?;
    Ok(())
}

/// Ends every sign-in of a person that is not finished.
pub async fn delete_of_user(db: impl PgExecutor<'_>, user_id: UserId) -> Result<()> {
    sqlx::query!("delete from auth.pending_sign_ins where user_id = $1", user_id.uuid()).execute(db).await?;
    Ok(())
}

pub async fn delete_expired(db: impl PgExecutor<'_>, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!("delete from auth.pending_sign_ins where expires_at <= $1", now).execute(db).await?;
    Ok(())
}
