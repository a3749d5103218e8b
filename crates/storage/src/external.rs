//! Accounts at other sites: whose they are, and what was begun with such a site.

use chrono::{DateTime, Utc};
use domain::{ExternalIdentityId, UserId, account::FlowPurpose};
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

use crate::{Result, error::stored};

/// The constraint that keeps an account elsewhere to one account here.
pub const SUBJECT_UNIQUE: &str = "external_identities_subject_unique";
/// The constraint that keeps an account here to one account at each issuer.
pub const ONE_OF_EACH: &str = "external_identities_one_of_each";

pub struct NewFlow<'a> {
    pub id: Uuid,
    pub token_hash: &'a [u8; 32],
    pub purpose: FlowPurpose,
    /// Who is signed in, for the purposes that need it.
    pub user_id: Option<UserId>,
    pub sealed: &'a [u8],
    pub expires_at: DateTime<Utc>,
}

pub struct Flow {
    pub id: Uuid,
    pub purpose: FlowPurpose,
    pub user_id: Option<UserId>,
    pub sealed: Vec<u8>,
}

struct FlowRow {
    id: Uuid,
    purpose: String,
    user_id: Option<Uuid>,
    flow_sealed: Vec<u8>,
}

impl TryFrom<FlowRow> for Flow {
    type Error = crate::Error;

    fn try_from(row: FlowRow) -> Result<Self> {
        Ok(Self {
            id: row.id,
            purpose: stored("purpose", &row.purpose)?,
            user_id: row.user_id.map(UserId::from),
            sealed: row.flow_sealed,
        })
    }
}

pub async fn insert_flow(db: &mut PgConnection, flow: &NewFlow<'_>) -> Result<()> {
    sqlx::query!(
        "insert into auth.external_flows (id, token_hash, purpose, user_id, flow_sealed, expires_at)
         values ($1, $2, $3, $4, $5, $6)",
        flow.id,
        flow.token_hash.as_slice(),
        flow.purpose.as_str(),
        flow.user_id.map(UserId::uuid),
        flow.sealed,
        flow.expires_at,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The flow of a token, which stays.
pub async fn flow(
    db: impl PgExecutor<'_>,
    token_hash: &[u8; 32],
    now: DateTime<Utc>,
) -> Result<Option<Flow>> {
    let row = sqlx::query_as!(
        FlowRow,
        "select id, purpose, user_id, flow_sealed from auth.external_flows
         where token_hash = $1 and expires_at > $2",
        token_hash.as_slice(),
        now,
    )
    .fetch_optional(db)
    .await?;
    row.map(Flow::try_from).transpose()
}

/// The flow of a token, which is used up by this: of two who ask for it, one gets it.
pub async fn take_flow(
    db: impl PgExecutor<'_>,
    token_hash: &[u8; 32],
    now: DateTime<Utc>,
) -> Result<Option<Flow>> {
    let row = sqlx::query_as!(
        FlowRow,
        "delete from auth.external_flows where token_hash = $1 and expires_at > $2
         returning id, purpose, user_id, flow_sealed",
        token_hash.as_slice(),
        now,
    )
    .fetch_optional(db)
    .await?;
    row.map(Flow::try_from).transpose()
}

/// Removes what nobody came back for.
pub async fn delete_expired_flows(db: impl PgExecutor<'_>, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!("delete from auth.external_flows where expires_at <= $1", now).execute(db).await?;
    Ok(())
}

pub struct NewIdentity<'a> {
    pub id: ExternalIdentityId,
    pub user_id: UserId,
    pub provider: &'a str,
    pub issuer: &'a str,
    pub subject: &'a str,
    pub email: Option<&'a str>,
    pub at: DateTime<Utc>,
}

/// A person's account at another site, as its owner sees it.
#[derive(Clone, Debug)]
pub struct Identity {
    pub id: ExternalIdentityId,
    pub provider: String,
    pub issuer: String,
    pub email: Option<String>,
    pub linked_at: DateTime<Utc>,
    pub last_used_at: DateTime<Utc>,
}

/// Errors: refused by [`SUBJECT_UNIQUE`] if the account there belongs to somebody here, and by
/// [`ONE_OF_EACH`] if the person has another one at the issuer.
pub async fn insert(db: &mut PgConnection, identity: &NewIdentity<'_>) -> Result<()> {
    sqlx::query!(
        "insert into auth.external_identities
             (id, user_id, provider, issuer, subject, email, linked_at, last_used_at)
         values ($1, $2, $3, $4, $5, $6, $7, $7)",
        identity.id.uuid(),
        identity.user_id.uuid(),
        identity.provider,
        identity.issuer,
        identity.subject,
        identity.email,
        identity.at,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Whose account at an issuer it is.
pub async fn owner(db: impl PgExecutor<'_>, issuer: &str, subject: &str) -> Result<Option<UserId>> {
    let owner = sqlx::query_scalar!(
        "select user_id from auth.external_identities where issuer = $1 and subject = $2",
        issuer,
        subject,
    )
    .fetch_optional(db)
    .await?;
    Ok(owner.map(UserId::from))
}

/// Notes that somebody came with it, and which address the issuer tells by now.
pub async fn touch(
    db: impl PgExecutor<'_>,
    issuer: &str,
    subject: &str,
    email: Option<&str>,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "update auth.external_identities set last_used_at = $4, email = coalesce($3, email)
         where issuer = $1 and subject = $2",
        issuer,
        subject,
        email,
        now,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The accounts elsewhere of a person, the oldest first.
pub async fn of_user(db: impl PgExecutor<'_>, user_id: UserId) -> Result<Vec<Identity>> {
    let rows = sqlx::query_as!(
        Identity,
        "select id, provider, issuer, email, linked_at, last_used_at from auth.external_identities
         where user_id = $1 order by linked_at, id",
        user_id.uuid(),
    )
    .fetch_all(db)
    .await?;
    Ok(rows)
}

/// Takes an account elsewhere from a person; false if it is none of theirs.
pub async fn delete_of_user(
    db: impl PgExecutor<'_>,
    user_id: UserId,
    id: ExternalIdentityId,
) -> Result<bool> {
    let done = sqlx::query!(
        "delete from auth.external_identities where id = $1 and user_id = $2",
        id.uuid(),
        user_id.uuid(),
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() > 0)
}
