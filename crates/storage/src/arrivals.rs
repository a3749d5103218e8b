//! Somebody comes in: the session, the device and the browser, in one statement, for a crowd at the
//! door waits for each.

use chrono::{DateTime, Utc};
use domain::{SessionId, UserId, account::SecondFactor};
use sqlx::PgExecutor;

use crate::{Result, audit::NewEntry};

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

/// Whoever was seen at the door.
pub struct AsSeen<'a> {
    /// What was seen of the account.
    pub account: &'a str,
    /// Of the token that a browser shows which they trust, where it has to be one.
    pub trusted: Option<&'a [u8; 32]>,
    /// What the attempt was charged to.
    pub guess: Option<&'a [u8; 32]>,
    /// The session that the browser had, which ends.
    pub before: Option<SessionId>,
}

/// Opens a session for somebody who was seen at the door, if nothing of what opening one depends on has
/// changed since, writes the entry of the audit log, and forgets the guesses. Device and browser are noted
/// already. Gives whether it did; otherwise, nothing is done.
pub async fn open_as_seen(
    db: impl PgExecutor<'_>,
    session: &NewSession<'_>,
    seen: &AsSeen<'_>,
    entry: &NewEntry<'_>,
) -> Result<bool> {
    // Rows are taken in the order in which all others take them, each step reading from the one before: the
    // account, guesses, trusted browsers, the session that ends and who looked at whose pages in it, and the
    // end of the log last.
    let opened = sqlx::query_scalar!(
        r#"with held as materialized (
               select auth.hold_as_seen($2, $11) as same
           ), guessed as materialized (
               select from auth.guesses where key = $13 and $12::bytea is not null and (select same from held)
               for update
           ), trusted as (
               update auth.trusted_devices set last_used_at = $6
               where token_hash = $12 and user_id = $2 and expires_at > $6 and (select same from held)
                   and (select count(*) from guessed) >= 0
               returning 1
           ), admitted as materialized (
               select same and ($12::bytea is null or (select count(*) from trusted) = 1) as is_so from held
           ), forgotten as (
               delete from auth.guesses where key = $13 and (select is_so from admitted) returning 1
           ), ended as (
               delete from auth.sessions
               where id = $10 and (select is_so from admitted) and (select count(*) from forgotten) >= 0
               returning 1
           ), unviewed as (
               delete from auth.views
               where session_id = $10 and (select is_so from admitted) and (select count(*) from ended) >= 0
               returning 1
           ), opened as (
               insert into auth.sessions
                   (id, user_id, token_hash, user_agent, address, created_at, last_seen_at, proved_at,
                    expires_at, ends_at, second_factor)
               select $1, $2, $3, $4, $5, $6, $6, $6, $7, $8, $9 from admitted where is_so returning 1
           ), entry as (
               insert into auth.audit_log (at, actor_id, subject_id, action, address, user_agent, before, after)
               select $14, $15, $16, $17, $18, $19, $20, $21
               from (select count(*) from forgotten) f, (select count(*) from unviewed) v,
                    (select count(*) as sessions from opened) o
               where o.sessions = 1
               returning seq, hash
           ), moved as (
               update auth.audit_head set seq = entry.seq, hash = entry.hash from entry where only_one
               returning 1
           )
           select exists (select from moved) as "opened!""#,
        session.id.uuid(),
        session.user_id.uuid(),
        session.token_hash.as_slice(),
        session.user_agent,
        session.address,
        session.created_at,
        session.expires_at,
        session.ends_at,
        session.second_factor.map(SecondFactor::as_str),
        seen.before.map(SessionId::uuid),
        seen.account,
        seen.trusted.map(<[u8; 32]>::as_slice),
        seen.guess.map(<[u8; 32]>::as_slice),
        entry.at,
        entry.actor_id.map(UserId::uuid),
        entry.subject_id.map(UserId::uuid),
        entry.action,
        entry.address,
        entry.user_agent,
        entry.before,
        entry.after,
    )
    .fetch_one(db)
    .await?;
    Ok(opened)
}
