//! What people prove with, beside the first factor, that they are who they say: authenticator apps,
//! recovery codes, and how often codes were guessed.

use chrono::{DateTime, TimeDelta, Utc};
use domain::UserId;
use sqlx::{PgConnection, PgExecutor};

use crate::Result;

/// What an account has, at a glance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Factors {
    pub app_since: Option<DateTime<Utc>>,
    pub passkeys: i64,
    /// How many recovery codes were not used yet.
    pub recovery_codes: i64,
    pub email_codes_allowed: bool,
}

impl Factors {
    /// Whether a second factor is asked for. Recovery codes and codes by e-mail only stand in for one.
    pub fn guard(&self) -> bool {
        self.app_since.is_some() || self.passkeys > 0
    }
}

/// Errors: none for an account that is not there.
pub async fn of(db: impl PgExecutor<'_>, user_id: UserId) -> Result<Option<Factors>> {
    let factors = sqlx::query_as!(
        Factors,
        r#"select email_codes_allowed,
                  (select confirmed_at from auth.authenticator_apps where user_id = u.id) as app_since,
                  (select count(*) from auth.passkeys where user_id = u.id) as "passkeys!",
                  (select count(*) from auth.recovery_codes where user_id = u.id and used_at is null)
                      as "recovery_codes!"
           from auth.users u where id = $1"#,
        user_id.uuid(),
    )
    .fetch_optional(db)
    .await?;
    Ok(factors)
}

pub async fn allow_email_codes(db: impl PgExecutor<'_>, user_id: UserId, allowed: bool) -> Result<()> {
    sqlx::query!("update auth.users set email_codes_allowed = $2 where id = $1", user_id.uuid(), allowed)
        .execute(db)
        .await?;
    Ok(())
}

/// An authenticator app.
pub struct App {
    /// Sealed.
    pub secret: Vec<u8>,
    pub last_step: i64,
}

pub async fn app(db: impl PgExecutor<'_>, user_id: UserId) -> Result<Option<App>> {
    let app = sqlx::query_as!(
        App,
        "select secret_sealed as secret, last_step from auth.authenticator_apps where user_id = $1",
        user_id.uuid(),
    )
    .fetch_optional(db)
    .await?;
    Ok(app)
}

/// Notes that the code of a step was accepted; false if it or a later one has been before.
pub async fn accept_step(
    db: impl PgExecutor<'_>,
    user_id: UserId,
    step: i64,
    now: DateTime<Utc>,
) -> Result<bool> {
    let done = sqlx::query!(
        "update auth.authenticator_apps set last_step = $2, last_used_at = $3
         where user_id = $1 and last_step < $2",
        user_id.uuid(),
        step,
        now,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Begins to set up an app, in place of one that was begun before.
pub async fn begin_app(
    db: impl PgExecutor<'_>,
    user_id: UserId,
    secret: &[u8],
    expires_at: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "insert into auth.authenticator_set_ups (user_id, secret_sealed, expires_at) values ($1, $2, $3)
         on conflict (user_id) do update set secret_sealed = excluded.secret_sealed, expires_at = excluded.expires_at",
        user_id.uuid(),
        secret,
        expires_at,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The sealed secret of the app that is being set up.
pub async fn begun_app(
    db: impl PgExecutor<'_>,
    user_id: UserId,
    now: DateTime<Utc>,
) -> Result<Option<Vec<u8>>> {
    let secret = sqlx::query_scalar!(
        "select secret_sealed from auth.authenticator_set_ups where user_id = $1 and expires_at > $2",
        user_id.uuid(),
        now,
    )
    .fetch_optional(db)
    .await?;
    Ok(secret)
}

/// Ends the set-up of an app, whether or not there is one.
pub async fn give_up_app(db: impl PgExecutor<'_>, user_id: UserId) -> Result<()> {
    sqlx::query!("delete from auth.authenticator_set_ups where user_id = $1", user_id.uuid())
        .execute(db)
        .await?;
    Ok(())
}

/// Makes the app that was being set up the one of the account, in place of any before it; false if
/// it is not the one with this secret any more.
pub async fn confirm_app(
    db: &mut PgConnection,
    user_id: UserId,
    secret: &[u8],
    step: i64,
    now: DateTime<Utc>,
) -> Result<bool> {
    let begun = sqlx::query!(
        "delete from auth.authenticator_set_ups where user_id = $1 and secret_sealed = $2",
        user_id.uuid(),
        secret,
    )
    .execute(&mut *db)
    .await?;
    if begun.rows_affected() == 0 {
        return Ok(false);
    }
    sqlx::query!(
        "insert into auth.authenticator_apps (user_id, secret_sealed, last_step, confirmed_at, last_used_at)
         values ($1, $2, $3, $4, $4)
         on conflict (user_id) do update
         set secret_sealed = excluded.secret_sealed, last_step = excluded.last_step,
             confirmed_at = excluded.confirmed_at, last_used_at = excluded.last_used_at",
        user_id.uuid(),
        secret,
        step,
        now,
    )
    .execute(db)
    .await?;
    Ok(true)
}

/// False if there is none.
pub async fn delete_app(db: impl PgExecutor<'_>, user_id: UserId) -> Result<bool> {
    let done = sqlx::query!("delete from auth.authenticator_apps where user_id = $1", user_id.uuid())
        .execute(db)
        .await?;
    Ok(done.rows_affected() > 0)
}

/// Gives a person these recovery codes in place of all former ones.
pub async fn set_recovery_codes(
    db: &mut PgConnection,
    user_id: UserId,
    hashes: &[Vec<u8>],
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!("delete from auth.recovery_codes where user_id = $1", user_id.uuid())
        .execute(&mut *db)
        .await?;
    sqlx::query!(
        "insert into auth.recovery_codes (user_id, hash, created_at) select $1, unnest($2::bytea[]), $3",
        user_id.uuid(),
        hashes,
        now,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Uses a recovery code up; false if it is none, or was used. Of two at once, one wins.
pub async fn use_recovery_code(
    db: impl PgExecutor<'_>,
    user_id: UserId,
    hash: &[u8; 32],
    now: DateTime<Utc>,
) -> Result<bool> {
    let done = sqlx::query!(
        "update auth.recovery_codes set used_at = $3 where user_id = $1 and hash = $2 and used_at is null",
        user_id.uuid(),
        hash.as_slice(),
        now,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// How many of these are unused recovery codes of the person.
pub async fn count_recovery_codes(
    db: impl PgExecutor<'_>,
    user_id: UserId,
    hashes: &[Vec<u8>],
) -> Result<i64> {
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from auth.recovery_codes
           where user_id = $1 and hash = any($2) and used_at is null"#,
        user_id.uuid(),
        hashes,
    )
    .fetch_one(db)
    .await?;
    Ok(count)
}

/// Counts a guess at a code of a person; gives how many there were since the first of them, which was
/// less than `window` ago. Others wait until the transaction ends.
pub async fn count_guess(
    db: impl PgExecutor<'_>,
    user_id: UserId,
    now: DateTime<Utc>,
    window: TimeDelta,
) -> Result<i32> {
    let guesses = sqlx::query_scalar!(
        "insert into auth.code_guesses as g (user_id, since, guesses) values ($1, $2, 1)
         on conflict (user_id) do update
         set since = case when g.since > $3 then g.since else $2 end,
             guesses = case when g.since > $3 then g.guesses + 1 else 1 end
         returning guesses",
        user_id.uuid(),
        now,
        now - window,
    )
    .fetch_one(db)
    .await?;
    Ok(guesses)
}

/// Takes a guess back that was right.
pub async fn forgive_guess(db: impl PgExecutor<'_>, user_id: UserId) -> Result<()> {
    sqlx::query!(
        "update auth.code_guesses set guesses = greatest(guesses - 1, 0) where user_id = $1",
        user_id.uuid(),
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Takes away what only stands in for a second factor, when there is none left.
pub async fn delete_stand_ins(db: &mut PgConnection, user_id: UserId) -> Result<()> {
    sqlx::query!("delete from auth.recovery_codes where user_id = $1", user_id.uuid())
        .execute(&mut *db)
        .await?;
    allow_email_codes(db, user_id, false).await
}

/// Removes set-ups that nobody finished.
pub async fn delete_expired(db: impl PgExecutor<'_>, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!("delete from auth.authenticator_set_ups where expires_at <= $1", now).execute(db).await?;
    Ok(())
}
