//! Somebody comes in: the session, the device and the browser, in one statement, for a crowd at the
//! door waits for each.

use chrono::{DateTime, Utc};
use domain::{SessionId, UserId, account::SecondFactor};
use sqlx::PgExecutor;

use crate::Result;

pub struct NewSession<'a> {
    pub id: SessionId,
    pub user_id: UserId,
    pub token_hash: &'a [u8; 32],
    pub user_agent: &'a str,
    /// Empty where it is not known.
    pub address: &'a str,
    pub created_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    /// Not before `expires_at`, which may move up to it.
    pub ends_at: DateTime<Utc>,
    pub second_factor: Option<SecondFactor>,
}

/// What the session is opened with.
pub struct Here<'a> {
    /// Stands for the kind of browser and its network.
    pub device: &'a [u8; 32],
    /// Of the token that the browser shows of somebody having signed in on it, if it has one.
    pub known: Option<&'a [u8; 32]>,
    /// The session that the browser had, which ends.
    pub before: Option<SessionId>,
}

/// What was known of it before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Whether this person has signed in on this browser.
    pub browser: bool,
    /// Whether the device is a new one, and not their first.
    pub strange_device: bool,
}

/// Opens a session, and notes once a day that device and browser are used.
pub async fn open(db: impl PgExecutor<'_>, session: &NewSession<'_>, here: &Here<'_>) -> Result<Seen> {
    let seen = sqlx::query!(
        r#"with opened as (
               insert into auth.sessions
                   (id, user_id, token_hash, user_agent, address, created_at, last_seen_at, proved_at,
                    expires_at, ends_at, second_factor)
               values ($1, $2, $3, $4, $5, $6, $6, $6, $7, $8, $9)
           ), ended as (
               delete from auth.sessions where id = $10
           ), used as (
               update auth.known_browsers set last_used_at = $6
               where token_hash = $11 and user_id = $2 and last_used_at < $6::timestamptz - interval '1 day'
           ), noted as (
               insert into auth.known_devices (user_id, device_hash, last_seen_at) values ($2, $12, $6)
               on conflict (user_id, device_hash) do update set last_seen_at = excluded.last_seen_at
                   where known_devices.last_seen_at < excluded.last_seen_at - interval '1 day'
               returning xmax = 0 as is_new
           )
           select exists (select from auth.known_browsers where token_hash = $11 and user_id = $2) as "browser!",
                  coalesce((select is_new from noted), false)
                      and exists (select from auth.known_devices where user_id = $2 and device_hash <> $12)
                      as "strange_device!""#,
        session.id.uuid(),
        session.user_id.uuid(),
        session.token_hash.as_slice(),
        session.user_agent,
        session.address,
        session.created_at,
        session.expires_at,
        session.ends_at,
        session.second_factor.map(SecondFactor::as_str),
        here.before.map(SessionId::uuid),
        here.known.map(<[u8; 32]>::as_slice),
        here.device.as_slice(),
    )
    .fetch_one(db)
    .await?;
    Ok(Seen { browser: seen.browser, strange_device: seen.strange_device })
}
