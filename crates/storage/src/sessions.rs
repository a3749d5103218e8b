//! Signed-in devices. Only the hash of a session's token is stored.

use chrono::{DateTime, Utc};
use domain::{
    SessionId, UserId,
    account::SecondFactor,
    place::Region,
    role::{Role, Roles},
};
use sqlx::PgExecutor;

use crate::{Result, error::stored};

/// The person behind a valid session.
#[derive(Clone, Debug)]
pub struct Session {
    pub id: SessionId,
    pub user_id: UserId,
    pub display_name: String,
    pub region: Region,
    pub roles: Roles,
    pub last_seen_at: DateTime<Utc>,
    pub ends_at: DateTime<Utc>,
    pub proved_at: DateTime<Utc>,
    pub second_factor: Option<SecondFactor>,
    pub email_verified: bool,
    /// Whose pages it shows at this moment instead of its owner's.
    pub viewing: Option<UserId>,
    /// The hash of the person's picture.
    pub picture: Option<Vec<u8>>,
}

/// A device on which somebody is signed in, as its owner sees it.
#[derive(Clone, Debug)]
pub struct Device {
    pub id: SessionId,
    pub user_agent: String,
    pub address: String,
    pub created_at: DateTime<Utc>,
    pub last_seen_at: DateTime<Utc>,
}

/// The session of a token, unless it has expired or its owner is not let in any more.
pub async fn by_token(
    db: impl PgExecutor<'_>,
    token_hash: &[u8; 32],
    now: DateTime<Utc>,
) -> Result<Option<Session>> {
    let row = sqlx::query!(
        r#"select s.id, s.user_id, s.last_seen_at, s.ends_at, s.proved_at, s.second_factor,
                  (select v.viewed_id from auth.views v where v.session_id = s.id and v.ends_at > $2) as "viewing?",
                  u.display_name, u.region, u.email_verified_at is not null as "email_verified!",
                  (select hash from core.avatars a where a.user_id = s.user_id) as picture,
                  array(select role from auth.user_roles r where r.user_id = s.user_id) as "roles!"
           from auth.sessions s join auth.users u on u.id = s.user_id
           where s.token_hash = $1 and s.expires_at > $2 and u.status = 'active'"#,
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
            roles: roles(&row.roles)?,
            last_seen_at: row.last_seen_at,
            ends_at: row.ends_at,
            proved_at: row.proved_at,
            second_factor: row.second_factor.map(|factor| stored("second factor", &factor)).transpose()?,
            email_verified: row.email_verified,
            viewing: row.viewing.map(UserId::from),
            picture: row.picture,
        })
    })
    .transpose()
}

/// Whether a session goes on.
pub async fn is_open(db: impl PgExecutor<'_>, id: SessionId, now: DateTime<Utc>) -> Result<bool> {
    let open = sqlx::query_scalar!(
        r#"select exists (
               select from auth.sessions s join auth.users u on u.id = s.user_id
               where s.id = $1 and s.expires_at > $2 and u.status = 'active'
           ) as "is!""#,
        id.uuid(),
        now,
    )
    .fetch_one(db)
    .await?;
    Ok(open)
}

/// What a session stands for by now.
#[derive(Clone, Debug)]
pub struct Standing {
    pub proved_at: DateTime<Utc>,
    pub roles: Roles,
}

/// What a session stands for while it goes on.
pub async fn standing(
    db: impl PgExecutor<'_>,
    id: SessionId,
    now: DateTime<Utc>,
) -> Result<Option<Standing>> {
    let row = sqlx::query!(
        r#"select s.proved_at, array(select role from auth.user_roles r where r.user_id = s.user_id) as "roles!"
           from auth.sessions s join auth.users u on u.id = s.user_id
           where s.id = $1 and s.expires_at > $2 and u.status = 'active'"#,
        id.uuid(),
        now,
    )
    .fetch_optional(db)
    .await?;
    row.map(|row| Ok(Standing { proved_at: row.proved_at, roles: roles(&row.roles)? })).transpose()
}

fn roles(stored_as: &[String]) -> Result<Roles> {
    Ok(stored_as
        .iter()
        .map(|role| stored("role", role))
        .collect::<Result<Vec<Role>>>()?
        .into_iter()
        .collect())
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

/// That somebody has proved who they are.
#[derive(Clone, Copy, Debug)]
pub struct Proof {
    pub at: DateTime<Utc>,
    /// None with a first factor alone.
    pub second_factor: Option<SecondFactor>,
}

/// Gives a session another token, after which the old one opens nothing, and notes the proof, if one was
/// given. Whoever gives one needs no trusted browser to stand in for a factor. False if the session has
/// ended.
pub async fn rotate(
    db: impl PgExecutor<'_>,
    id: SessionId,
    token_hash: &[u8; 32],
    proof: Option<Proof>,
) -> Result<bool> {
    let done = sqlx::query!(
        "update auth.sessions
         set token_hash = $2,
             proved_at = coalesce($3, proved_at),
             second_factor = case when $3::timestamptz is null then second_factor
                                  else coalesce($4, nullif(second_factor, 'trusted_device')) end
         where id = $1",
        id.uuid(),
        token_hash.as_slice(),
        proof.map(|proof| proof.at),
        proof.and_then(|proof| proof.second_factor).map(SecondFactor::as_str),
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Makes a person prove again who they are, before anything weighty, everywhere but in the session
/// `keep`: what they proved was less than is asked for from now on.
pub async fn forget_proofs_elsewhere(
    db: impl PgExecutor<'_>,
    user_id: UserId,
    keep: SessionId,
) -> Result<()> {
    sqlx::query!(
        "update auth.sessions set proved_at = 'epoch' where user_id = $1 and id <> $2",
        user_id.uuid(),
        keep.uuid(),
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Has a session show somebody else's pages until then.
pub async fn begin_view(
    db: impl PgExecutor<'_>,
    id: SessionId,
    person: UserId,
    until: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "insert into auth.views (session_id, viewed_id, ends_at) values ($1, $2, $3)
         on conflict (session_id) do update set viewed_id = $2, ends_at = $3",
        id.uuid(),
        person.uuid(),
        until,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Has a session show its owner's pages again.
pub async fn end_view(db: impl PgExecutor<'_>, id: SessionId) -> Result<()> {
    sqlx::query!("delete from auth.views where session_id = $1", id.uuid()).execute(db).await?;
    Ok(())
}

/// The devices on which a person is signed in, those used last first.
pub async fn of_user(db: impl PgExecutor<'_>, user_id: UserId, now: DateTime<Utc>) -> Result<Vec<Device>> {
    let rows = sqlx::query_as!(
        Device,
        "select id, user_agent, address, created_at, last_seen_at from auth.sessions
         where user_id = $1 and expires_at > $2 order by last_seen_at desc, id desc limit 200",
        user_id.uuid(),
        now,
    )
    .fetch_all(db)
    .await?;
    Ok(rows)
}

/// Signs one of a person's devices out; false if it is none of theirs.
pub async fn delete_of_user(db: impl PgExecutor<'_>, user_id: UserId, id: SessionId) -> Result<bool> {
    let done =
        sqlx::query!("delete from auth.sessions where id = $1 and user_id = $2", id.uuid(), user_id.uuid())
            .execute(db)
            .await?;
    Ok(done.rows_affected() > 0)
}

/// Signs a person out everywhere but in the session `keep`; gives on how many devices that was.
pub async fn delete_others(db: impl PgExecutor<'_>, user_id: UserId, keep: Option<SessionId>) -> Result<u64> {
    let done = sqlx::query!(
        "delete from auth.sessions where user_id = $1 and id is distinct from $2",
        user_id.uuid(),
        keep.map(SessionId::uuid),
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
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
