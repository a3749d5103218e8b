//! Sign-ups whose address is not confirmed yet. Only hashes of their tokens are stored.

use chrono::{DateTime, Utc};
use domain::{
    account::{Email, SignUp},
    place::Region,
    role::{Role, Roles},
};
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

use crate::{Result, error::stored};

pub struct NewSignUp<'a> {
    pub id: Uuid,
    pub sign_up: &'a SignUp,
    pub password_hash: &'a str,
    /// Where the person was going.
    pub next: &'a str,
    /// Of the cookie of the browser that signs up.
    pub browser_hash: &'a [u8; 32],
    pub now: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
}

/// A sign-up that waits for its confirmation.
#[derive(Clone)]
pub struct Pending {
    pub id: Uuid,
    pub email: String,
    pub display_name: String,
    pub password_hash: String,
    pub region: Region,
    pub roles: Roles,
    pub next: String,
    pub browser_hash: Vec<u8>,
    /// Until when the link in the letter sent last is good.
    pub token_expires_at: Option<DateTime<Utc>>,
}

struct Row {
    id: Uuid,
    email: String,
    display_name: String,
    password_hash: String,
    region: String,
    roles: Vec<String>,
    next: String,
    browser_hash: Vec<u8>,
    token_expires_at: Option<DateTime<Utc>>,
}

impl TryFrom<Row> for Pending {
    type Error = crate::Error;

    fn try_from(row: Row) -> Result<Self> {
        let roles = row.roles.iter().map(|role| stored("role", role)).collect::<Result<Vec<Role>>>()?;
        Ok(Self {
            id: row.id,
            email: row.email,
            display_name: row.display_name,
            password_hash: row.password_hash,
            region: stored("region", &row.region)?,
            roles: roles.into_iter().collect(),
            next: row.next,
            browser_hash: row.browser_hash,
            token_expires_at: row.token_expires_at,
        })
    }
}

pub async fn insert(db: &mut PgConnection, new: &NewSignUp<'_>) -> Result<()> {
    let roles: Vec<String> = new.sign_up.roles.iter().map(|role| role.to_string()).collect();
    sqlx::query!(
        "insert into auth.sign_ups
             (id, email, display_name, password_hash, region, roles, next, browser_hash, created_at, expires_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        new.id,
        new.sign_up.email.as_str(),
        new.sign_up.display_name,
        new.password_hash,
        new.sign_up.region.as_str(),
        &roles,
        new.next,
        new.browser_hash.as_slice(),
        new.now,
        new.expires_at,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The address of a sign-up, if it still waits.
pub async fn address(db: impl PgExecutor<'_>, id: Uuid) -> Result<Option<String>> {
    Ok(sqlx::query_scalar!("select email from auth.sign_ups where id = $1", id).fetch_optional(db).await?)
}

/// The sign-up that a browser began.
pub async fn by_browser(
    db: impl PgExecutor<'_>,
    browser_hash: &[u8; 32],
    now: DateTime<Utc>,
) -> Result<Option<Pending>> {
    sqlx::query_as!(
        Row,
        "select id, email, display_name, password_hash, region, roles, next, browser_hash, token_expires_at
         from auth.sign_ups where browser_hash = $1 and expires_at > $2",
        browser_hash.as_slice(),
        now,
    )
    .fetch_optional(db)
    .await?
    .map(Pending::try_from)
    .transpose()
}

/// The sign-up that a link belongs to, also where the link is too old by now.
pub async fn by_token(
    db: impl PgExecutor<'_>,
    token_hash: &[u8; 32],
    now: DateTime<Utc>,
) -> Result<Option<Pending>> {
    sqlx::query_as!(
        Row,
        "select id, email, display_name, password_hash, region, roles, next, browser_hash, token_expires_at
         from auth.sign_ups where token_hash = $1 and expires_at > $2",
        token_hash.as_slice(),
        now,
    )
    .fetch_optional(db)
    .await?
    .map(Pending::try_from)
    .transpose()
}

/// Gives a sign-up a link, in place of an earlier one; false if it is gone.
pub async fn set_token(
    db: impl PgExecutor<'_>,
    id: Uuid,
    token_hash: &[u8; 32],
    expires_at: DateTime<Utc>,
) -> Result<bool> {
    let done = sqlx::query!(
        "update auth.sign_ups set token_hash = $2, token_expires_at = $3 where id = $1",
        id,
        token_hash.as_slice(),
        expires_at,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Takes the link of a sign-up out of use; false if somebody else did so, or it is too old.
pub async fn use_token(db: &mut PgConnection, token_hash: &[u8; 32], now: DateTime<Utc>) -> Result<bool> {
    let done = sqlx::query!(
        "delete from auth.sign_ups where token_hash = $1 and token_expires_at > $2",
        token_hash.as_slice(),
        now,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Removes whatever else was begun with an address that now has its account.
pub async fn delete_of_address(db: &mut PgConnection, email: &Email) -> Result<()> {
    sqlx::query!("delete from auth.sign_ups where email = $1", email.as_str()).execute(db).await?;
    Ok(())
}

pub async fn delete_expired(db: impl PgExecutor<'_>, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!("delete from auth.sign_ups where expires_at <= $1", now).execute(db).await?;
    Ok(())
}
