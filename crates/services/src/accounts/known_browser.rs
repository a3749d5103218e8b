//! Browsers on which somebody has signed in before. They keep a token; what strangers try elsewhere
//! does not slow them.

use chrono::TimeDelta;
use domain::UserId;
use identity::token;
use secrecy::{ExposeSecret as _, SecretString};
use storage::known_browsers;

use super::sessions::{Device, new_token};
use crate::{Result, Services};

/// A browser that was not used for so long is a stranger again.
pub(super) const KEPT: TimeDelta = TimeDelta::days(400);
/// So many are remembered of one person.
const MOST: i64 = 50;

/// What stands for the browser, if this person has signed in on it before.
pub(super) async fn of(
    services: &Services,
    db: impl sqlx::PgExecutor<'_>,
    account: Option<UserId>,
    device: &Device,
) -> Result<Option<[u8; 32]>> {
    let Some(hash) = shown(device) else { return Ok(None) };
    // Nobody has this identifier: it takes as long to look for, whether or not there is an account.
    let account = account.unwrap_or(UserId::from_uuid(uuid::Uuid::nil()));
    Ok(known_browsers::is_of(db, &hash, account, services.now()).await?.then_some(hash))
}

/// The hash of what a browser shows, whoever signed in on it.
pub(super) fn shown(device: &Device) -> Option<[u8; 32]> {
    device.known.as_ref().and_then(|known| token::hash(known.expose_secret()))
}

/// Remembers a browser on which somebody has just signed in for the first time; gives the token that it
/// is to keep.
pub(super) async fn remember(
    services: &Services,
    db: &mut sqlx::PgConnection,
    user_id: UserId,
) -> Result<SecretString> {
    let (token, hash) = new_token()?;
    known_browsers::remember(db, &hash, user_id, MOST, services.now()).await?;
    Ok(token)
}

/// Who has signed in on a browser that shows this before. It is no proof of who asks.
pub async fn known_browser(services: &Services, shown: &str) -> Result<Option<UserId>> {
    let Some(hash) = token::hash(shown) else { return Ok(None) };
    Ok(known_browsers::owner(services.database.house(), &hash).await?)
}
