//! Tokens for programs: who is behind one, and what it allows.
//!
//! A person makes a personal access token on a page. A program uses it as it is, or exchanges it for
//! an access token of ten minutes and a refresh token, which it can hand to others with less at
//! stake. Tokens are never given for a password: a program that asks for one teaches people to type
//! it anywhere, and no second factor stands behind it.

mod issue;
mod keys;
mod personal;
mod turns;

use chrono::{DateTime, TimeDelta, Utc};
use domain::scope::{Scope, Scopes};
use identity::{Principal, access_token, access_token::Parties, labelled::Label};
use storage::{organisations, tokens};
use uuid::Uuid;

pub use issue::{Issued, Refused, exchange, refresh, revoke};
pub use keys::{JWKS_KEPT, published_keys, revoke_signing_keys, rotate_signing_key};
pub use personal::{PersonalToken, create, list, revoke_own};

use crate::{Result, Services, accounts::Device};

/// The use of a personal token is noted at most so often.
const TOUCH_EVERY: TimeDelta = TimeDelta::minutes(10);

/// What a bearer's token stands on: with it, it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grant(Uuid);

/// Who is behind a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bearer {
    /// With the token's scopes.
    pub principal: Principal,
    pub grant: Grant,
    /// The token ends then, if it is not revoked before.
    pub ends_at: DateTime<Utc>,
}

impl Bearer {
    pub fn has(&self, scope: Scope) -> bool {
        self.principal.scopes.as_ref().is_some_and(|scopes| scopes.contains(scope))
    }
}

/// Who is behind a personal or an access token; none if it is none of ours, has ended or was revoked,
/// if its owner is not let in any more, or only by their organisation's issuer.
pub async fn authenticate(services: &Services, token: &str, device: &Device) -> Result<Option<Bearer>> {
    if token.starts_with(Label::Personal.prefix()) {
        by_personal(services, token, device).await
    } else {
        by_access_token(services, token).await
    }
}

async fn by_personal(services: &Services, token: &str, device: &Device) -> Result<Option<Bearer>> {
    let Some(hash) = Label::Personal.hash(token) else { return Ok(None) };
    let (house, now) = (services.database.house(), services.now());
    let Some(found) = tokens::by_personal(house, &hash, now).await? else { return Ok(None) };
    if organisations::is_required_of(house, found.user_id).await? {
        return Ok(None);
    }
    if found.last_used_at.is_none_or(|at| now - at > TOUCH_EVERY) {
        tokens::touch_personal(house, found.id, &device.address(), now).await?;
    }
    let (scopes, ends_at) = (found.scopes.clone(), found.ends_at);
    Ok(Some(bearer(found, scopes, ends_at)))
}

async fn by_access_token(services: &Services, token: &str) -> Result<Option<Bearer>> {
    let Some(claims) = keys::verify(services, token).await? else { return Ok(None) };
    let found = tokens::by_family(services.database.house(), claims.sid, services.now()).await?;
    let Some(found) = found.filter(|found| found.user_id == claims.sub) else { return Ok(None) };
    // It may have been given out for less than its family, never for more.
    let Ok(scopes) = claims.scope.parse::<Scopes>() else { return Ok(None) };
    if !scopes.is_within(&found.scopes) {
        return Ok(None);
    }
    let ends_at = DateTime::from_timestamp(claims.exp, 0).unwrap_or(found.ends_at).min(found.ends_at);
    Ok(Some(bearer(found, scopes, ends_at)))
}

fn bearer(found: tokens::Bearer, scopes: Scopes, ends_at: DateTime<Utc>) -> Bearer {
    let principal = Principal {
        user_id: found.user_id,
        session_id: found.id.into(),
        display_name: found.display_name,
        region: found.region,
        roles: found.roles,
        email_verified: found.email_verified,
        // Never asked: who has scopes has no proof.
        proved_at: DateTime::UNIX_EPOCH,
        second_factor: None,
        // No scope opens what a role that needs one adds.
        second_factor_due: false,
        viewed_by: None,
        scopes: Some(scopes),
    };
    Bearer { principal, grant: Grant(found.id), ends_at }
}

/// Whether what a token stands on still admits anybody.
pub async fn is_live(services: &Services, grant: Grant) -> Result<bool> {
    Ok(tokens::is_live(services.database.house(), grant.0, services.now()).await?)
}

/// Whom our access tokens name.
fn parties(services: &Services) -> Parties {
    Parties::of_site(&services.site.url)
}

/// Expired personal tokens stay on their owner's page for so long.
const SHOWN_EXPIRED: TimeDelta = TimeDelta::days(30);

/// Rotates the keys when it is time, and removes what has ended.
pub async fn tidy(services: &Services) -> Result<()> {
    keys::tidy(services).await?;
    let now = services.now();
    let mut tx = services.database.begin_as_house().await?;
    tokens::prune(&mut tx, now - access_token::LASTS, now - SHOWN_EXPIRED).await?;
    tx.commit().await?;
    Ok(())
}
