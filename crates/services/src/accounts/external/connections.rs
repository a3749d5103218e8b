use chrono::{DateTime, Utc};
use domain::ExternalIdentityId;
use identity::Principal;
use mail::Letter;
use storage::{external, users};

use super::{Offer, begin::is_guarded};
use crate::{
    Result, ServiceError, Services,
    accounts::Device,
    audit::{self, Act},
    letters,
};

/// A provider, and one's account there if it is connected.
#[derive(Clone, Debug)]
pub struct Connection {
    pub provider: Offer,
    pub connected: Option<Connected>,
}

#[derive(Clone, Debug)]
pub struct Connected {
    pub id: ExternalIdentityId,
    pub email: Option<String>,
    pub linked_at: DateTime<Utc>,
    pub last_used_at: DateTime<Utc>,
}

/// All providers, each with one's own account there; and accounts at those that are offered no more.
pub async fn connections(services: &Services, who: &Principal) -> Result<Vec<Connection>> {
    let mut tx = services.database.begin_as(who.user_id).await?;
    let mut identities = external::of_user(&mut *tx, who.user_id).await?;
    tx.commit().await?;
    let connected = |identity: external::Identity| Connected {
        id: identity.id,
        email: identity.email,
        linked_at: identity.linked_at,
        last_used_at: identity.last_used_at,
    };
    let mut connections = Vec::new();
    for provider in services.external.providers.iter() {
        let own = identities.iter().position(|identity| identity.issuer == provider.issuer());
        let own = own.map(|at| connected(identities.remove(at)));
        connections.push(Connection { provider: Offer::of(provider), connected: own });
    }
    connections.extend(identities.into_iter().map(|identity| Connection {
        provider: Offer {
            id: identity.provider.clone(),
            label: identity.provider.clone(),
            brand: super::Brand::Other,
        },
        connected: Some(connected(identity)),
    }));
    Ok(connections)
}

/// The providers with which a person can prove who they are; none where they have a second factor,
/// which is what proves it then.
pub async fn connected_providers(services: &Services, who: &Principal) -> Result<Vec<Offer>> {
    let mut tx = services.database.begin_as(who.user_id).await?;
    let guarded = is_guarded(&mut tx, who.user_id).await?;
    tx.commit().await?;
    if guarded {
        return Ok(Vec::new());
    }
    let offered = |provider: &Offer| services.external.providers.get(&provider.id).is_some();
    let connections = connections(services, who).await?;
    Ok(connections
        .into_iter()
        .filter(|connection| connection.connected.is_some())
        .map(|connection| connection.provider)
        .filter(offered)
        .collect())
}

/// Takes away a way in, unless it is the last one.
pub async fn disconnect(
    services: &Services,
    who: &Principal,
    id: ExternalIdentityId,
    device: &Device,
) -> Result<()> {
    who.proved(services.now())?;
    // As the house, for nobody else sees whether there is a password.
    let mut tx = services.database.begin_as_house().await?;
    // Whoever takes away ways in does so one after the other.
    let account = users::lock(&mut tx, who.user_id).await?.ok_or(ServiceError::SignedOut)?;
    let identities = external::of_user(&mut *tx, who.user_id).await?;
    let leaving =
        identities.iter().find(|identity| identity.id == id).ok_or(ServiceError::NotFound("connection"))?;
    let offered = |issuer: &str| services.external.providers.iter().any(|known| known.issuer() == issuer);
    let another = identities.iter().any(|other| other.id != id && offered(&other.issuer));
    if !account.has_password && !account.has_passkey && !another {
        return Err(ServiceError::Conflict(
            "This is your only way in. Choose a password first, or connect another account.",
        ));
    }
    external::delete_of_user(&mut *tx, who.user_id, id).await?;
    let label = services.external.providers.iter().find(|known| known.issuer() == leaving.issuer);
    let provider = label.map_or(leaving.provider.as_str(), |known| known.label()).to_owned();
    letters::send(services, &mut tx, &account.email, Letter::ConnectionRemoved { provider }).await?;
    let act = Act::of(who.user_id, "connection.removed").before(&leaving.provider);
    audit::record(services, &mut tx, act, device).await?;
    tx.commit().await?;
    Ok(())
}
