//! What a program gets for a token: access tokens, and refresh tokens of which each is good once.

use chrono::TimeDelta;
use domain::{UserId, scope::Scopes};
use identity::{
    access_token::{self, Claims},
    labelled::Label,
};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;
use sqlx::{Postgres, Transaction};
use storage::tokens::{self, NewFamily, Origin};
use uuid::Uuid;

use super::{keys, parties, turns};
use crate::{
    ServiceError, Services,
    accounts::Device,
    audit::{self, Act},
    organisations::refuse_other_ways_of,
};

/// A refresh token that is not used for so long is no longer good.
const IDLE: TimeDelta = TimeDelta::days(30);
/// However often it is refreshed, a family ends after so long, and with its personal token.
const ABSOLUTE: TimeDelta = TimeDelta::days(90);
/// So many families at a time may stand on one personal token; those unused longest make room.
const FAMILIES: i64 = 20;

/// What a program is given.
pub struct Issued {
    pub access_token: SecretString,
    pub refresh_token: SecretString,
    pub scopes: Scopes,
}

/// Why a program is given nothing, in the terms of OAuth (RFC 6749 §5.2).
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// The token that was shown is none, has ended, was used or revoked.
    #[error("the token is not good, or no longer")]
    Grant,
    /// A scope does not exist, or is beyond what the token was made for.
    #[error("the token does not allow this scope")]
    Scope,
    #[error(transparent)]
    Service(#[from] ServiceError),
}

impl From<storage::Error> for Refused {
    fn from(error: storage::Error) -> Self {
        Self::Service(error.into())
    }
}

impl From<sqlx::Error> for Refused {
    fn from(error: sqlx::Error) -> Self {
        Self::Service(error.into())
    }
}

/// Gives an access and a refresh token for a personal one; of its scopes, those that are asked for.
pub async fn exchange(
    services: &Services,
    personal: &str,
    wanted: Option<&str>,
    device: &Device,
) -> Result<Issued, Refused> {
    let hash = Label::Personal.hash(personal).ok_or(Refused::Grant)?;
    let origin = tokens::origin_of_personal(services.database.house(), &hash).await?.ok_or(Refused::Grant)?;
    let _turn = turns::ISSUING.take(origin.user_id).await?;
    let now = services.now();
    // Before the transaction: the first key of all is made in one of its own.
    let key = keys::signing(services).await?;
    let mut tx = begin_holding(services, origin).await?;
    let owner = tokens::by_personal(&mut *tx, &hash, now).await?.ok_or(Refused::Grant)?;
    // A token would outlast what the organisation's issuer says of its owner.
    if let Err(error) = refuse_other_ways_of(&mut *tx, owner.user_id).await {
        return Err(turn_away(services, tx, owner.user_id, "exchange", error, device).await?);
    }
    let scopes = within(wanted, &owner.scopes)?;
    let (refresh_token, refresh_hash) = new_refresh_token()?;
    let ends_at = (now + ABSOLUTE).min(owner.ends_at);
    let family = NewFamily {
        id: Uuid::now_v7(),
        user_id: owner.user_id,
        personal_token_id: owner.id,
        scopes: &scopes,
        refresh_hash: &refresh_hash,
        created_at: now,
        expires_at: (now + IDLE).min(ends_at),
        ends_at,
    };
    tokens::insert_family(&mut tx, &family).await?;
    tokens::trim_families(&mut tx, owner.id, FAMILIES).await?;
    tokens::touch_personal(&mut *tx, owner.id, &device.address(), now).await?;
    let claims = claims(services, owner.user_id, owner.id, family.id, &scopes);
    let access_token = key.sign(&claims).map_err(ServiceError::internal)?;
    let act = Act::of(owner.user_id, "token.exchanged").after(&json!({ "scopes": scopes.to_string() }));
    audit::record(services, &mut tx, act, device).await?;
    tx.commit().await?;
    Ok(Issued { access_token, refresh_token, scopes })
}

/// Gives a new access and a new refresh token for the present refresh token of a family. One that was
/// used before ends the family: it was stolen, and nobody can tell from whom. That holds within
/// seconds, too, and for two requests at once, for a thief would come in just that moment; a program
/// that lost the answer begins again with its personal token.
pub async fn refresh(
    services: &Services,
    token: &str,
    wanted: Option<&str>,
    device: &Device,
) -> Result<Issued, Refused> {
    let old = Label::Refresh.hash(token).ok_or(Refused::Grant)?;
    let origin = tokens::origin_of_refresh(services.database.house(), &old).await?.ok_or(Refused::Grant)?;
    let _turn = turns::ISSUING.take(origin.user_id).await?;
    let now = services.now();
    let key = keys::signing(services).await?;
    let (refresh_token, new) = new_refresh_token()?;
    let mut tx = begin_holding(services, origin).await?;
    let Some(family) = tokens::refresh(&mut tx, &old, &new, now, now + IDLE).await? else {
        if let Some(owner) = tokens::end_family_of_spent(&mut *tx, &old).await? {
            let act = Act::of_nobody("token.reused").about(Some(owner));
            audit::record(services, &mut tx, act, device).await?;
            tx.commit().await?;
        }
        return Err(Refused::Grant);
    };
    if let Err(error) = refuse_other_ways_of(&mut *tx, family.user_id).await {
        return Err(turn_away(services, tx, family.user_id, "refresh", error, device).await?);
    }
    let scopes = within(wanted, &family.scopes)?;
    tokens::touch_personal(&mut *tx, family.personal_token_id, &device.address(), now).await?;
    let claims = claims(services, family.user_id, family.personal_token_id, family.id, &scopes);
    let access_token = key.sign(&claims).map_err(ServiceError::internal)?;
    tx.commit().await?;
    // Not in the audit log, where what a program does every ten minutes would bury what people did.
    tracing::info!(
        target: "security",
        event = "token_refreshed",
        person = %family.user_id,
        family = %family.id,
        "a program has new tokens"
    );
    Ok(Issued { access_token, refresh_token, scopes })
}

/// Writes down that a program is given nothing because of its owner's organisation. What was done so far
/// is undone: a refresh token is not used up. Gives the error back; others leave no entry.
async fn turn_away(
    services: &Services,
    tx: Transaction<'static, Postgres>,
    owner: UserId,
    asked: &str,
    error: ServiceError,
    device: &Device,
) -> Result<Refused, Refused> {
    tx.rollback().await?;
    if matches!(error, ServiceError::OrganisationOnly) {
        let mut tx = services.database.begin_as_house().await?;
        let act = Act::of_nobody("token.refused").about(Some(owner));
        let act = act.after(&json!({ "asked": asked, "why": "organisation" }));
        audit::record(services, &mut tx, act, device).await?;
        tx.commit().await?;
    }
    Ok(error.into())
}

/// Ends whatever the token is part of: a personal token with all that was given out for it, or a
/// family. Whoever has a token may do so, so that one that was found can be made useless. Of a token
/// that is none, nobody learns that.
pub async fn revoke(services: &Services, token: &str, device: &Device) -> Result<(), ServiceError> {
    let house = services.database.house();
    let origin = if let Some(hash) = Label::Personal.hash(token) {
        tokens::origin_of_personal(house, &hash).await?
    } else if let Some(hash) = Label::Refresh.hash(token) {
        tokens::origin_of_refresh(house, &hash).await?
    } else if let Some(claims) = keys::verify(services, token).await? {
        tokens::origin_of_family(house, claims.sid).await?
    } else {
        None
    };
    let Some(origin) = origin else { return Ok(()) };
    let _turn = turns::REVOKING.take(origin.user_id).await?;
    let mut tx = begin_holding(services, origin).await?;
    if tokens::end(&mut tx, origin).await? {
        let act = Act::of_nobody("token.revoked").about(Some(origin.user_id));
        audit::record(services, &mut tx, act, device).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// A transaction that holds the account and the personal token of what was shown.
async fn begin_holding(
    services: &Services,
    origin: Origin,
) -> Result<Transaction<'static, Postgres>, ServiceError> {
    let mut tx = services.database.begin_as_house().await?;
    tokens::hold(&mut tx, origin).await?;
    Ok(tx)
}

fn within(wanted: Option<&str>, granted: &Scopes) -> Result<Scopes, Refused> {
    let Some(wanted) = wanted else { return Ok(granted.clone()) };
    let scopes: Scopes = wanted.parse().map_err(|_| Refused::Scope)?;
    if scopes.is_empty() || !scopes.is_within(granted) { Err(Refused::Scope) } else { Ok(scopes) }
}

fn new_refresh_token() -> Result<(SecretString, [u8; 32]), ServiceError> {
    let token = Label::Refresh.generate().map_err(ServiceError::internal)?;
    let hash = Label::Refresh.hash(token.expose_secret()).ok_or(ServiceError::SignedOut)?;
    Ok((token, hash))
}

fn claims(services: &Services, sub: UserId, client_id: Uuid, sid: Uuid, scopes: &Scopes) -> Claims {
    let (parties, now) = (parties(services), services.now());
    Claims {
        iss: parties.issuer,
        aud: parties.audience,
        sub,
        client_id,
        sid,
        jti: Uuid::now_v7(),
        iat: now.timestamp(),
        exp: (now + access_token::LASTS).timestamp(),
        scope: scopes.to_string(),
    }
}
