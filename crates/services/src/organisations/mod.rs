//! Organisations: the domains that are theirs, their issuer, and what both mean for signing in.

mod domains;
mod issuer;
mod policy;

use chrono::{DateTime, Utc};
use domain::{
    FieldErrors, OrganisationId, SessionId,
    organisation::{IssuerForm, OrganisationForm, TxtRecord},
    permission::Permission,
    role::Role,
};
use identity::Principal;
use sqlx::PgConnection;
use storage::organisations::{self, Organisation};

pub use self::{
    domains::{add_domain, prove_domain, recheck, remove_domain},
    issuer::{require, set_issuer},
};
pub(crate) use self::{
    issuer::{Issuers, name_in_addresses, provider_by_name, provider_of},
    policy::{refuse_other_ways, refuse_other_ways_of},
};
use crate::{
    Result, ServiceError, Services,
    accounts::{self, Device},
    audit::{self, Act},
};

/// One's own organisation, as whoever sets it up sees it.
#[derive(Clone, Debug)]
pub struct Own {
    pub name: String,
    pub domains: Vec<OwnDomain>,
    /// Its issuer's settings, without the secret.
    pub form: IssuerForm,
    pub has_issuer: bool,
    /// When somebody who sets it up came in by the issuer as it is set up now.
    pub tried_at: Option<DateTime<Utc>>,
    pub required: bool,
    /// How many people its issuer vouches for.
    pub people: i64,
    /// The name of its issuer in addresses.
    pub provider: String,
}

#[derive(Clone, Debug)]
pub struct OwnDomain {
    pub domain: String,
    /// What must be published to prove it.
    pub record: TxtRecord,
    pub proved_at: Option<DateTime<Utc>>,
    pub last_checked_at: Option<DateTime<Utc>>,
    /// Since when the record has not been there any more.
    pub missing_since: Option<DateTime<Utc>>,
}

/// The organisation that one sets up, if there is one.
pub async fn own(services: &Services, who: &Principal) -> Result<Option<Own>> {
    who.may(Permission::KeepOrganisation)?;
    // Organisations are the house's; the one that is shown is that of this person.
    let mut tx = services.database.begin_as_house().await?;
    let Some(organisation) = organisations::of_manager(&mut tx, who.user_id).await? else { return Ok(None) };
    let domains = organisations::domains(&mut *tx, organisation.id).await?;
    let mapping = organisations::mapping(&mut *tx, &organisation).await?;
    let people = organisations::people(&mut *tx, organisation.id).await?;
    tx.commit().await?;
    let has_issuer = organisation.issuer.is_some();
    let form = organisation.issuer.map_or_else(IssuerForm::default, |issuer| IssuerForm {
        issuer: issuer.issuer,
        client_id: issuer.client_id,
        client_secret: String::new(),
        scopes: issuer.scopes.join(" "),
        groups_claim: organisation.groups_claim.unwrap_or_default(),
        freelancers: mapping.lines(Role::Freelancer),
        clients: mapping.lines(Role::Client),
        otherwise: mapping.otherwise.map(|role| role.to_string()).unwrap_or_default(),
    });
    let domains = domains.into_iter().map(|known| OwnDomain {
        record: TxtRecord::of(&known.domain, &known.proof_token),
        domain: known.domain,
        proved_at: known.proved_at,
        last_checked_at: known.last_checked_at,
        missing_since: known.missing_since,
    });
    Ok(Some(Own {
        domains: domains.collect(),
        form,
        has_issuer,
        tried_at: organisation.tried_at,
        required: organisation.required,
        people,
        provider: name_in_addresses(organisation.id),
        name: organisation.name,
    }))
}

/// Sets up an organisation, of which nothing is proved yet.
pub async fn create(
    services: &Services,
    who: &Principal,
    form: &OrganisationForm,
    device: &Device,
) -> Result<()> {
    allowed(services, who)?;
    let name = form.validate()?;
    let id = OrganisationId::new();
    let mut tx = services.database.begin_as_house().await?;
    accounts::hold(services, &mut tx, who).await?;
    if organisations::manages(&mut *tx, who.user_id).await? {
        return Err(ServiceError::Conflict("You set up an organisation already, and one can set up one."));
    }
    organisations::insert(&mut tx, id, &name, who.region, services.now()).await?;
    organisations::add_manager(&mut tx, id, who.user_id).await?;
    let act = Act::of(who.user_id, "organisation.created").after(&name);
    audit::record(services, &mut tx, act, device).await?;
    tx.commit().await?;
    Ok(())
}

/// Removes one's organisation. Its people keep their accounts, and come in by a link to their address.
pub async fn remove(services: &Services, who: &Principal, understood: bool, device: &Device) -> Result<()> {
    allowed(services, who)?;
    if !understood {
        return Err(FieldErrors::one("understood", "Please confirm that you know what goes.").into());
    }
    let mut tx = services.database.begin_as_house().await?;
    let organisation = managed(services, &mut tx, who).await?;
    organisations::delete(&mut tx, organisation.id).await?;
    let act = Act::of(who.user_id, "organisation.removed").before(&organisation.name);
    audit::record(services, &mut tx, act, device).await?;
    tx.commit().await?;
    Ok(())
}

/// Ends once more what came in by other ways, now that everybody sees that they must not: somebody may
/// have been on their way in while it was decided.
async fn end_stragglers(services: &Services, id: OrganisationId, keep: SessionId) -> Result<()> {
    let mut tx = services.database.begin_as_house().await?;
    organisations::end_other_sessions(&mut tx, id, keep).await?;
    Ok(tx.commit().await?)
}

/// Asked before anything about an organisation is changed.
pub(crate) fn allowed(services: &Services, who: &Principal) -> Result<()> {
    who.may(Permission::KeepOrganisation)?;
    who.proved(services.now())?;
    Ok(())
}

/// The organisation that this person sets up. It stays as it is until the transaction ends, and so does
/// their account.
pub(crate) async fn managed(
    services: &Services,
    db: &mut PgConnection,
    who: &Principal,
) -> Result<Organisation> {
    accounts::hold(services, db, who).await?;
    organisations::of_manager(db, who.user_id).await?.ok_or(ServiceError::NotFound("organisation"))
}
