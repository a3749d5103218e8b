use domain::{
    ExternalIdentityId, FieldErrors, UserId,
    account::{AccountForm, FirstFactor, FlowPurpose},
};
use identity::token;
use storage::{
    external::{self, NewIdentity},
    sign_ups,
    users::{self, NewUser},
};

use super::{Offer, come_back::Newcomer, flow};
use crate::{
    Result, ServiceError, Services,
    accounts::{Device, Entered, admission::admit_newcomer, sessions::end_former},
    audit::{self, Act},
};

/// Somebody new who came back from a provider.
#[derive(Clone, Debug)]
pub struct Joining {
    /// None where the provider is configured no more.
    pub with: Option<Offer>,
    pub name: Option<String>,
    pub email: String,
}

/// Who is about to join with this token; none if it is unknown or too old.
pub async fn joining(services: &Services, token: &str) -> Result<Option<Joining>> {
    let Some(token_hash) = token::hash(token) else { return Ok(None) };
    let mut tx = services.database.begin_as_house().await?;
    let found = external::flow(&mut *tx, &token_hash, services.now()).await?;
    tx.commit().await?;
    let Some(found) = found.filter(|flow| flow.purpose == FlowPurpose::SignUp) else { return Ok(None) };
    let newcomer: Newcomer = flow::open(services, found).await?.content;
    let with = services.external.providers.get(&newcomer.provider).map(|provider| Offer::of(provider));
    Ok(Some(Joining { with, name: newcomer.name, email: newcomer.email.as_str().to_owned() }))
}

/// Makes the account of somebody new, without a password, and signs them in. Their address counts as
/// verified, for the provider said so.
pub async fn finish(
    services: &Services,
    token: &str,
    form: &AccountForm,
    device: &Device,
) -> Result<Entered> {
    let too_late = || {
        ServiceError::Conflict(
            "That was too long ago, or is done already. Please begin once more with signing in.",
        )
    };
    let account = form.validate()?;
    let token_hash = token::hash(token).ok_or_else(too_late)?;
    let now = services.now();
    services.vault.ready().await?;
    let mut tx = services.database.begin_as_house().await?;
    let found = external::take_flow(&mut *tx, &token_hash, now).await?;
    let found = found.filter(|flow| flow.purpose == FlowPurpose::SignUp).ok_or_else(too_late)?;
    let newcomer: Newcomer = flow::open(services, found).await?.content;
    let id = UserId::new();
    let user = NewUser {
        id,
        email: &newcomer.email,
        display_name: &account.display_name,
        password_hash: None,
        region: account.region,
        roles: &account.roles,
        email_verified_at: now,
    };
    users::insert(&mut tx, &user).await.map_err(|error| {
        if error.is_refused_by(users::EMAIL_UNIQUE) {
            let message = "This address has got an account meanwhile. Sign in to it instead, and connect this one there.";
            FieldErrors::one("display_name", message).into()
        } else {
            ServiceError::from(error)
        }
    })?;
    sign_ups::delete_of_address(&mut tx, &newcomer.email).await?;
    let identity = NewIdentity {
        id: ExternalIdentityId::new(),
        user_id: id,
        provider: &newcomer.provider,
        issuer: &newcomer.issuer,
        subject: &newcomer.subject,
        email: Some(newcomer.email.as_str()),
        at: now,
    };
    external::insert(&mut tx, &identity).await.map_err(|error| {
        if error.is_refused_by(external::SUBJECT_UNIQUE) { too_late() } else { error.into() }
    })?;
    end_former(&mut tx, device).await?;
    let act = Act::of(id, "account.created").after(&newcomer.provider);
    audit::record(services, &mut tx, act, device).await?;
    let signed_in = admit_newcomer(services, &mut tx, id, FirstFactor::Issuer, device).await?;
    tx.commit().await?;
    Ok(Entered { signed_in, next: newcomer.next })
}
