//! The archive of one's data.

use chrono::{DateTime, Utc};
use domain::UserId;
use serde_json::Value;
use sqlx::{AssertSqlSafe, PgConnection, PgExecutor};

use super::{Export, PersonTable};
use crate::Result;

/// Rows of one table in an archive at most; nobody comes near.
const MOST_ROWS: i64 = 50_000;

/// How far a person's archive is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExportState {
    pub requested_at: DateTime<Utc>,
    pub ready_at: Option<DateTime<Utc>>,
    pub expires_at: Option<DateTime<Utc>>,
}

pub async fn state(db: impl PgExecutor<'_>, user: UserId) -> Result<Option<ExportState>> {
    Ok(sqlx::query_as!(
        ExportState,
        "select requested_at, ready_at, expires_at from auth.exports where user_id = $1",
        user.uuid(),
    )
    .fetch_optional(db)
    .await?)
}

/// Notes that an archive is wanted, in the place of a former one that was asked for before `before`;
/// false if there is a later one.
pub async fn request(
    db: &mut PgConnection,
    user: UserId,
    now: DateTime<Utc>,
    before: DateTime<Utc>,
) -> Result<bool> {
    let done = sqlx::query!(
        "insert into auth.exports as e (user_id, requested_at) values ($1, $2)
         on conflict (user_id) do update
         set requested_at = excluded.requested_at, ready_at = null, expires_at = null, archive_sealed = null
         where e.requested_at < $3",
        user.uuid(),
        now,
        before,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Puts the archive where its owner finds it; false if it is no longer wanted.
pub async fn ready(
    db: &mut PgConnection,
    user: UserId,
    sealed: &[u8],
    now: DateTime<Utc>,
    expires_at: DateTime<Utc>,
) -> Result<bool> {
    let done = sqlx::query!(
        "update auth.exports set archive_sealed = $2, ready_at = $3, expires_at = $4
         where user_id = $1 and ready_at is null",
        user.uuid(),
        sealed,
        now,
        expires_at,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// An archive as it is stored.
pub struct Archive {
    pub sealed: Vec<u8>,
    pub ready_at: DateTime<Utc>,
}

/// A person's archive, if it is ready and has not expired.
pub async fn download(db: impl PgExecutor<'_>, user: UserId, now: DateTime<Utc>) -> Result<Option<Archive>> {
    Ok(sqlx::query_as!(
        Archive,
        r#"select archive_sealed as "sealed!", ready_at as "ready_at!" from auth.exports
           where user_id = $1 and ready_at is not null and expires_at > $2"#,
        user.uuid(),
        now,
    )
    .fetch_optional(db)
    .await?)
}

pub async fn delete_expired(db: impl PgExecutor<'_>, now: DateTime<Utc>) -> Result<u64> {
    let done = sqlx::query!("delete from auth.exports where expires_at <= $1", now).execute(db).await?;
    Ok(done.rows_affected())
}

/// Has all that the transaction reads be as it was when it began, and lets it change nothing. Call
/// it first.
pub async fn as_of_one_moment(db: &mut PgConnection) -> Result<()> {
    sqlx::query("set transaction isolation level repeatable read, read only").execute(db).await?;
    Ok(())
}

/// A person's rows of a table as the archive has them; none where it has none of it.
pub async fn rows(db: &mut PgConnection, of: &PersonTable, user: UserId) -> Result<Option<Value>> {
    let Export::Rows { without, .. } = of.export else { return Ok(None) };
    let PersonTable { table, owner, .. } = of;
    let sql = format!(
        "select coalesce(jsonb_agg(to_jsonb(own) - $2::text[]), '[]'::jsonb)
         from (select * from {table} where {owner} = $1 limit {MOST_ROWS}) own"
    );
    let rows: Value =
        sqlx::query_scalar(AssertSqlSafe(sql)).bind(user.uuid()).bind(without).fetch_one(db).await?;
    Ok(Some(rows))
}
