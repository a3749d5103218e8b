//! Changes of address that wait for their two confirmations. Only hashes of the links are stored.

use chrono::{DateTime, Utc};
use domain::{UserId, account::Email};
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

use crate::Result;

/// One of the two mailboxes that must agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Old,
    New,
}

/// A change that is not done yet.
#[derive(Clone, Debug)]
pub struct Change {
    pub user_id: UserId,
    pub change_id: Uuid,
    pub new_email: String,
    pub old_confirmed: bool,
    pub new_confirmed: bool,
}

/// Begins a change, in place of an earlier one.
pub async fn begin(
    db: &mut PgConnection,
    user_id: UserId,
    change_id: Uuid,
    new_email: &Email,
    expires_at: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "insert into auth.email_changes (user_id, change_id, new_email, expires_at) values ($1, $2, $3, $4)
         on conflict (user_id) do update set
             change_id = excluded.change_id, new_email = excluded.new_email, expires_at = excluded.expires_at,
             old_token_hash = null, new_token_hash = null, old_confirmed_at = null, new_confirmed_at = null",
        user_id.uuid(),
        change_id,
        new_email.as_str(),
        expires_at,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The change that a person has begun.
pub async fn of_user(db: impl PgExecutor<'_>, user_id: UserId, now: DateTime<Utc>) -> Result<Option<Change>> {
    Ok(sqlx::query_as!(
        Change,
        r#"select user_id, change_id, new_email, old_confirmed_at is not null as "old_confirmed!",
                  new_confirmed_at is not null as "new_confirmed!"
           from auth.email_changes where user_id = $1 and expires_at > $2"#,
        user_id.uuid(),
        now,
    )
    .fetch_optional(db)
    .await?)
}

/// Gives one end of a change its link; false if the change is no longer wanted.
pub async fn set_token(
    db: impl PgExecutor<'_>,
    change_id: Uuid,
    end: End,
    token_hash: &[u8; 32],
) -> Result<bool> {
    let done = sqlx::query!(
        "update auth.email_changes set
             old_token_hash = case when $2::boolean then $3::bytea else old_token_hash end,
             new_token_hash = case when $2::boolean then new_token_hash else $3::bytea end
         where change_id = $1",
        change_id,
        end == End::Old,
        token_hash.as_slice(),
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// The change that a link belongs to, and from which end.
pub async fn by_token(
    db: impl PgExecutor<'_>,
    token_hash: &[u8; 32],
    now: DateTime<Utc>,
) -> Result<Option<(Change, End)>> {
    let row = sqlx::query!(
        r#"select user_id, change_id, new_email, old_confirmed_at is not null as "old_confirmed!",
                  new_confirmed_at is not null as "new_confirmed!",
                  coalesce(old_token_hash = $1, false) as "is_old!"
           from auth.email_changes where (old_token_hash = $1 or new_token_hash = $1) and expires_at > $2"#,
        token_hash.as_slice(),
        now,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| {
        let change = Change {
            user_id: row.user_id.into(),
            change_id: row.change_id,
            new_email: row.new_email,
            old_confirmed: row.old_confirmed,
            new_confirmed: row.new_confirmed,
        };
        (change, if row.is_old { End::Old } else { End::New })
    }))
}

/// Notes that one end agrees and takes its link out of use. Gives the change as it then stands, or
/// none if somebody else used the link or it is too old.
pub async fn confirm(
    db: &mut PgConnection,
    token_hash: &[u8; 32],
    now: DateTime<Utc>,
) -> Result<Option<Change>> {
    Ok(sqlx::query_as!(
        Change,
        r#"update auth.email_changes set
               old_confirmed_at = case when old_token_hash = $1 then $2 else old_confirmed_at end,
               new_confirmed_at = case when new_token_hash = $1 then $2 else new_confirmed_at end,
               old_token_hash = nullif(old_token_hash, $1),
               new_token_hash = nullif(new_token_hash, $1)
           where (old_token_hash = $1 or new_token_hash = $1) and expires_at > $2
           returning user_id, change_id, new_email, old_confirmed_at is not null as "old_confirmed!",
                     new_confirmed_at is not null as "new_confirmed!""#,
        token_hash.as_slice(),
        now,
    )
    .fetch_optional(db)
    .await?)
}

/// Gives up a person's change; false if there was none.
pub async fn forget(db: &mut PgConnection, user_id: UserId) -> Result<bool> {
    let done = sqlx::query!("delete from auth.email_changes where user_id = $1", user_id.uuid());
    Ok(done.execute(db).await?.rows_affected() > 0)
}

pub async fn delete_expired(db: impl PgExecutor<'_>, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!("delete from auth.email_changes where expires_at <= $1", now).execute(db).await?;
    Ok(())
}
