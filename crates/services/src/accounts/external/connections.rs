use chrono::{DateTime, Utc};
use domain::ExternalIdentityId;
use identity::Principal;
use mail::Letter;
use storage::{
    external,
    organisations::{self, Organisation},
    users,
};

use super::Offer;
use crate::{
    Result, ServiceError, Services,
    accounts::{Device, hold, second_factor::is_guarded, ways_in},
    audit::{self, Act},
    letters,
    organisations::provider_of,
};

/// A provider, and one's account there if it is connected.
#[derive(Clone, Debug)]
pub struct Connection {
    pub provider: Offer,
    pub connected: Option<Connected>,
}

#[derive(Clone, Debug)]
pub struct Connected {
    /// None where the connection is not one's own to end: that of one's organisation.
    pub id: Option<ExternalIdentityId>,
    pub email: Option<String>,
    pub linked_at: DateTime<Utc>,
    pub last_used_at: DateTime<Utc>,
}

/// All providers, each with one's own account there; accounts at those that are offered no more; and the
/// issuer of one's organisation.
pub async fn connections(services: &Services, who: &Principal) -> Result<Vec<Connection>> {
    let mut tx = services.database.begin_as(who.user_id).await?;
    let mut identities = external::of_user(&mut *tx, who.user_id).await?;
    let mut of_organisations = organisations::identities_of(&mut *tx, who.user_id).await?;
    let account = users::by_id(&mut *tx, who.user_id).await?.ok_or(ServiceError::SignedOut)?;
    tx.commit().await?;
    let connected = |identity: external::Identity| Connected {
        id: Some(identity.id),
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
    // Organisations are the house's; those that are shown are one's own.
    let house = services.database.house();
    let domain = account.email.rsplit_once('@').map_or("", |(_, domain)| domain);
    let of_address = organisations::of_domain(house, domain).await?;
    if let Some(organisation) = of_address {
        let at = of_organisations.iter().position(|own| own.organisation_id == organisation.id);
        let own = at.map(|at| of_organisations.remove(at));
        connections.extend(of_organisation(services, &organisation, own).await?);
    }
    for own in of_organisations {
        if let Some(organisation) = organisations::by_id(house, own.organisation_id).await? {
            connections.extend(of_organisation(services, &organisation, Some(own)).await?);
        }
    }
    Ok(connections)
}

async fn of_organisation(
    services: &Services,
    organisation: &Organisation,
    own: Option<organisations::Identity>,
) -> Result<Option<Connection>> {
    let provider = provider_of(services, organisation).await?;
    let connected = own.map(|own| Connected {
        id: None,
        email: None,
        linked_at: own.linked_at,
        last_used_at: own.last_used_at,
    });
    Ok(provider.map(|provider| Connection { provider: Offer::of(&provider), connected }))
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
    let of_organisation =
        |connection: &Connection| connection.connected.as_ref().is_some_and(|own| own.id.is_none());
    let offered = |connection: &Connection| {
        of_organisation(connection) || services.external.providers.get(&connection.provider.id).is_some()
    };
    let connections = connections(services, who).await?;
    Ok(connections
        .into_iter()
        .filter(|connection| connection.connected.is_some() && offered(connection))
        .map(|connection| connection.provider)
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
    let mut tx = services.database.begin_as_house().await?;
    hold(services, &mut tx, who).await?;
    let identities = external::of_user(&mut *tx, who.user_id).await?;
    let leaving =
        identities.iter().find(|identity| identity.id == id).ok_or(ServiceError::NotFound("connection"))?;
    external::delete_of_user(&mut *tx, who.user_id, id).await?;
    ways_in::refuse_to_shut_out(services, &mut tx, who.user_id).await?;
    let account = users::by_id(&mut *tx, who.user_id).await?.ok_or(ServiceError::SignedOut)?;
    let label = services.external.providers.iter().find(|known| known.issuer() == leaving.issuer);
    let provider = label.map_or(leaving.provider.as_str(), |known| known.label()).to_owned();
    letters::send(services, &mut tx, &account.email, Letter::ConnectionRemoved { provider }).await?;
    let act = Act::of(who.user_id, "connection.removed").before(&leaving.provider);
    audit::record(services, &mut tx, act, device).await?;
    tx.commit().await?;
    Ok(())
}
