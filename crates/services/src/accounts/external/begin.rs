use chrono::TimeDelta;
use domain::{
    FieldErrors,
    account::{AddressForm, FlowPurpose},
};
use identity::{
    Principal,
    external::{Ask, Provider},
    token,
};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use storage::{external, organisations as stored};
use url::Url;

use super::{Offer, Trouble, flow, log, source::Source};
use crate::{Result, ServiceError, Services, accounts::second_factor::is_guarded, organisations};

/// What somebody goes to another site for.
#[derive(Clone, Copy, Debug)]
pub enum Purpose<'a> {
    SignIn,
    /// To make the account there a way into their own here.
    Link(&'a Principal),
    /// To prove once more who they are.
    Confirm(&'a Principal),
    /// To find out whether the issuer of the organisation that they set up lets people in.
    Try(&'a Principal),
}

/// A flow that has begun; the token is for the browser's cookie.
pub struct Begun {
    pub token: SecretString,
    pub keep_for: TimeDelta,
}

pub(super) const USE_SECOND_FACTOR: &str =
    "Your account has a second factor. Confirm with that: another site alone is not enough.";

/// What is remembered while somebody is away.
#[derive(Serialize, Deserialize)]
pub(super) struct Away {
    provider: String,
    /// Where the browser is to go.
    url: Url,
    pub(super) redirect_uri: Url,
    /// The path that was asked for before all this.
    pub(super) next: String,
    /// The protocol's own memory.
    pub(super) flow: String,
}

/// Prepares to send somebody to a provider. `origin` is this site as the browser knows it, such as
/// `https://8thdegree.example`.
pub async fn begin(
    services: &Services,
    provider: &str,
    purpose: Purpose<'_>,
    origin: &str,
    next: &str,
) -> Result<Begun> {
    let source = Source::known(services, provider).await?;
    let (provider, now) = (&source.provider, services.now());
    let (kind, user_id, ask) = match purpose {
        Purpose::SignIn => (FlowPurpose::SignIn, None, Ask::AsUsual),
        Purpose::Link(who) => {
            who.proved(now)?;
            (FlowPurpose::Link, Some(who.user_id), Ask::AsUsual)
        }
        Purpose::Confirm(who) => {
            let mut tx = services.database.begin_as(who.user_id).await?;
            let connected = source.is_connected(&mut tx, who.user_id).await?;
            let guarded = is_guarded(&mut tx, who.user_id).await?;
            tx.commit().await?;
            if !connected {
                return Err(ServiceError::NotFound("connection"));
            }
            if guarded {
                return Err(ServiceError::Conflict(USE_SECOND_FACTOR));
            }
            (FlowPurpose::Confirm, Some(who.user_id), Ask::Again)
        }
        Purpose::Try(who) => {
            organisations::allowed(services, who)?;
            let mut tx = services.database.begin_as_house().await?;
            let own = organisations::managed(services, &mut tx, who).await?;
            if source.organisation.as_ref().is_none_or(|other| other.id != own.id) {
                return Err(ServiceError::NotFound("provider"));
            }
            (FlowPurpose::Try, Some(who.user_id), Ask::AsUsual)
        }
    };
    let redirect_uri = redirect_uri(provider, origin)?;
    let (url, flow) =
        provider.begin(source.way(services), &redirect_uri, ask, now).await.map_err(|error| {
            log(provider.id().as_str(), &error);
            ServiceError::Conflict(match Trouble::from(&error) {
                Trouble::Unavailable => {
                    "That site does not answer at present. Please try again in a moment, or sign in another way."
                }
                _ => "Signing in with that site does not work at present. Please sign in another way.",
            })
        })?;
    let away = Away {
        provider: provider.id().to_string(),
        url,
        redirect_uri,
        next: next.chars().take(2_000).collect(),
        flow: flow.to_plaintext().expose_secret().to_owned(),
    };
    services.vault.ready().await?;
    let mut tx = services.database.begin_as_house().await?;
    flow::keep(services, &mut tx, flow.state(), kind, user_id, &away, flow.expires_at()).await?;
    tx.commit().await?;
    Ok(Begun { token: flow.state().clone(), keep_for: flow.expires_at() - now })
}

/// Prepares to send somebody to the issuer of the organisation that their address belongs to; gives its
/// name in addresses, too. Whether the address has an account makes no difference.
pub async fn begin_with_organisation(
    services: &Services,
    form: &AddressForm,
    origin: &str,
    next: &str,
) -> Result<(String, Begun)> {
    let email = form.validate()?;
    let organisation = stored::of_domain(services.database.house(), email.domain()).await?;
    let organisation = organisation.ok_or_else(|| {
        let message =
            "No organisation signs people with such an address in here. Use a password, or another way.";
        FieldErrors::one("email", message)
    })?;
    let provider = organisations::name_in_addresses(organisation.id);
    let begun = begin(services, &provider, Purpose::SignIn, origin, next).await?;
    Ok((provider, begun))
}

/// Where the provider sends people back to: each to an address of its own, so that the answer of one
/// is never taken for that of another.
fn redirect_uri(provider: &Provider, origin: &str) -> Result<Url> {
    Url::parse(&format!("{origin}/sign-in/with/{}/callback", provider.id())).map_err(ServiceError::internal)
}

/// Where a browser that has begun is to go now.
#[derive(Clone, Debug)]
pub struct Leaving {
    pub to: Offer,
    pub url: Url,
}

/// The way on for a browser that has begun with this provider; none if it has not, or too long ago.
pub async fn leaving(services: &Services, provider: &str, token: &str) -> Result<Option<Leaving>> {
    let Some(token_hash) = token::hash(token) else { return Ok(None) };
    let mut tx = services.database.begin_as_house().await?;
    let found = external::flow(&mut *tx, &token_hash, services.now()).await?;
    tx.commit().await?;
    let Some(found) = found.filter(|flow| flow.purpose != FlowPurpose::SignUp) else { return Ok(None) };
    let away: Away = flow::open(services, found).await?.content;
    if away.provider != provider {
        return Ok(None);
    }
    let known = Source::by_name(services, provider).await?;
    Ok(known.map(|source| Leaving { to: Offer::of(&source.provider), url: away.url }))
}
