//! Signed-in devices. Only the hash of a session's token is stored.

use chrono::{DateTime, Utc};
use domain::{
    SessionId, UserId,
    place::Region,
    role::{Role, Roles},
};
use sqlx::{PgConnection, PgExecutor};

use crate::{Result, error::stored};

pub struct NewSession<'a> {
    pub id: SessionId,
    pub user_id: UserId,
    pub token_hash: &'a [u8; 32],
    pub user_agent: &'a str,
    pub expires_at: DateTime<Utc>,
}

/// The person behind a valid session.
#[derive(Clone, Debug)]
pub struct Session {
    pub id: SessionId,
    pub user_id: UserId,
    pub display_name: String,
    pub region: Region,
    pub roles: Roles,
    pub last_seen_at: DateTime<Utc>,
}

pub async fn insert(db: &mut PgConnection, session: &NewSession<'_>) -> Result<()> {
    sqlx::query!(
        "insert into auth.sessions (id, user_id, token_hash, user_agent, expires_at)
         values ($1, $2, $3, $4, $5)",
        session.id.uuid(),
        session.user_id.uuid(),
        session.token_hash.as_slice(),
        session.user_agent,
        session.expires_at,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The session of a token, unless it has expired.
pub async fn by_token(
    db: impl PgExecutor<'_>,
    token_hash: &[u8; 32],
    now: DateTime<Utc>,
) -> Result<Option<Session>> {
    let row = sqlx::query!(
        r#"select s.id, s.user_id, s.last_seen_at, u.display_name, u.region,
                  array(select role from auth.user_roles r where r.user_id = s.user_id) as "roles!"
           from auth.sessions s join auth.users u on u.id = s.user_id
           where s.token_hash = $1 and s.expires_at > $2"#,
        token_hash.as_slice(),
        now,
    )
    .fetch_optional(db)
    .await?;
    row.map(|row| {
        Ok(Session {
            id: row.id.into(),
            user_id: row.user_id.into(),
            display_name: row.display_name,
            region: stored("region", &row.region)?,
            roles: row
                .roles
                .iter()
                .map(|role| stored("role", role))
                .collect::<Result<Vec<Role>>>()?
                .into_iter()
                .collect(),
            last_seen_at: row.last_seen_at,
        })
    })
    .transpose()
}

/// Notes that a session is in use, and moves its end.
pub async fn touch(
    db: impl PgExecutor<'_>,
    id: SessionId,
    now: DateTime<Utc>,
    expires_at: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "update auth.sessions set last_seen_at = $2, expires_at = $3 where id = $1",
        id.uuid(),
        now,
        expires_at,
    )
    .execute(db)
    .await?;
    Ok(())
}

pub async fn delete(db: impl PgExecutor<'_>, id: SessionId) -> Result<()> {
    sqlx::query!("delete from auth.sessions where id = $1", id.uuid()).execute(db).await?;
    Ok(())
}

/// Removes what has expired; gives how many sessions that were.
pub async fn delete_expired(db: impl PgExecutor<'_>, now: DateTime<Utc>) -> Result<u64> {
    let done = sqlx::query!("delete from auth.sessions where expires_at <= $1", now).execute(db).await?;
    Ok(done.rows_affected())
}
