//! Personal access tokens, for their owners.

use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    TokenId,
    scope::{Scopes, TokenForm, TokenWish},
};
use identity::{Principal, labelled::Label};
use mail::Letter;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;
use storage::{
    organisations,
    tokens::{self, NewPersonalToken},
    users,
};

use crate::{
    Result, ServiceError, Services,
    accounts::{Device, act_as},
    audit::{self, Act},
    letters,
};

/// Whoever needs more has forgotten some.
const MOST: usize = 50;

/// A token of one's own.
#[derive(Clone, Debug)]
pub struct PersonalToken {
    pub id: TokenId,
    pub name: String,
    /// The last letters of the token.
    pub ending: String,
    pub scopes: Scopes,
    pub created_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    pub last_used_at: Option<DateTime<Utc>>,
    /// Empty where it is not known.
    pub last_address: String,
}

/// One's own tokens, newest first; expired ones for a while longer.
pub async fn list(services: &Services, who: &Principal) -> Result<Vec<PersonalToken>> {
    let mut tx = services.database.begin_as(who.user_id).await?;
    let tokens = tokens::personal_of_user(&mut *tx, who.user_id).await?;
    Ok(tokens
        .into_iter()
        .map(|token| PersonalToken {
            id: token.id,
            name: token.name,
            ending: token.ending,
            scopes: token.scopes,
            created_at: token.created_at,
            expires_at: token.expires_at,
            last_used_at: token.last_used_at,
            last_address: token.last_address,
        })
        .collect())
}

/// Makes a token. It is shown this once and stored only as a hash. The identifier is chosen by the form, so
/// that one sent twice makes one token: the second time, there is none that could be shown.
pub async fn create(
    services: &Services,
    who: &Principal,
    id: TokenId,
    form: &TokenForm,
    device: &Device,
) -> Result<SecretString> {
    who.proved(services.now())?;
    if organisations::is_required_of(services.database.house(), who.user_id).await? {
        return Err(ServiceError::Conflict(
            "Your organisation lets its people in by its own sign-in alone, and tokens would go round that.",
        ));
    }
    if who.second_factor_due {
        return Err(ServiceError::Conflict(
            "Your role needs a second factor. Set one up before you make a token.",
        ));
    }
    let TokenWish { name, scopes, days } = form.validate()?;
    let token = Label::Personal.generate().map_err(ServiceError::internal)?;
    let text = token.expose_secret();
    let hash = Label::Personal.hash(text).ok_or(ServiceError::SignedOut)?;
    let now = services.now();
    let expires_at = now + TimeDelta::days(days.into());
    // A new password waits for this, and ends the token; or it was faster, and has ended the session.
    let mut tx = act_as(services, who).await?;
    if tokens::personal_of_user(&mut *tx, who.user_id).await?.len() >= MOST {
        return Err(ServiceError::Conflict("You have as many tokens as one may. Revoke one first."));
    }
    let new = NewPersonalToken {
        id,
        user_id: who.user_id,
        name: &name,
        token_hash: &hash,
        ending: &text[text.len() - 4..],
        scopes: &scopes,
        created_at: now,
        expires_at,
    };
    if !tokens::insert_personal(&mut tx, &new).await? {
        return Err(ServiceError::Conflict(
            "This form has made its token already, and it was shown then. If you have not kept it, revoke it under \
             Tokens and make another one.",
        ));
    }
    let owner = users::by_id(&mut *tx, who.user_id).await?.ok_or(ServiceError::SignedOut)?;
    let letter = Letter::TokenCreated { token_name: name.clone(), days: days.into() };
    letters::send(services, &mut tx, &owner.email, letter).await?;
    let made = json!({ "name": name, "scopes": scopes.to_string(), "expires_at": expires_at });
    audit::record(services, &mut tx, Act::of(who.user_id, "token.created").after(&made), device).await?;
    tx.commit().await?;
    Ok(token)
}

/// Ends a token of one's own, and all that was given out for it.
pub async fn revoke_own(services: &Services, who: &Principal, id: TokenId, device: &Device) -> Result<()> {
    who.proved(services.now())?;
    let mut tx = act_as(services, who).await?;
    let name = tokens::delete_personal(&mut *tx, who.user_id, id).await?;
    let name = name.ok_or(ServiceError::NotFound("token"))?;
    let act = Act::of(who.user_id, "token.revoked").before(&json!({ "name": name }));
    audit::record(services, &mut tx, act, device).await?;
    tx.commit().await?;
    Ok(())
}
