use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use domain::{FieldErrors, OrganisationId, organisation::IssuerForm};
use identity::{
    Principal,
    external::{InvalidSettings, Provider, ProviderKind, ProviderSettings},
};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;
use storage::{
    organisations::{self, Issuer, Organisation},
    users,
};
use url::{Host, Url};

use super::{allowed, domains::is_connected, end_stragglers, managed};
use crate::{
    Result, ServiceError, Services,
    accounts::Device,
    audit::{self, Act},
    vault::Purpose,
};

const GOOGLE: &str = "https://accounts.google.com";

/// What every issuer is asked for.
const USUAL_SCOPES: [&str; 2] = ["email", "profile"];

/// What is remembered of the issuers, each for as long as its settings stay as they are.
#[derive(Debug, Default)]
pub(crate) struct Issuers(Mutex<HashMap<OrganisationId, (i32, Arc<Provider>)>>);

impl Issuers {
    fn known(&self, organisation: &Organisation) -> Option<Arc<Provider>> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (revision, provider) = known.get(&organisation.id)?;
        (*revision == organisation.revision).then(|| provider.clone())
    }

    fn keep(&self, organisation: &Organisation, provider: &Arc<Provider>) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(organisation.id, (organisation.revision, provider.clone()));
    }
}

/// The name of an organisation's issuer in addresses: its identifier without hyphens.
pub(crate) fn name_in_addresses(id: OrganisationId) -> String {
    id.uuid().simple().to_string()
}

/// The organisation whose issuer has this name in addresses, and the issuer.
pub(crate) async fn provider_by_name(
    services: &Services,
    name: &str,
) -> Result<Option<(Arc<Provider>, Organisation)>> {
    let Some(id) = name.parse::<OrganisationId>().ok().filter(|id| name_in_addresses(*id) == name) else {
        return Ok(None);
    };
    let Some(organisation) = organisations::by_id(services.database.house(), id).await? else {
        return Ok(None);
    };
    Ok(provider_of(services, &organisation).await?.map(|provider| (provider, organisation)))
}

/// The issuer of an organisation, where it is set up.
pub(crate) async fn provider_of(
    services: &Services,
    organisation: &Organisation,
) -> Result<Option<Arc<Provider>>> {
    if let Some(known) = services.external.issuers.known(organisation) {
        return Ok(Some(known));
    }
    let Some(issuer) = &organisation.issuer else { return Ok(None) };
    let sealed = &issuer.client_secret_sealed;
    let secret = services.vault.open(Purpose::IssuerClientSecret, organisation.id.uuid(), sealed).await?;
    let secret = String::from_utf8_lossy(secret.expose_secret()).into_owned().into();
    let claim = organisation.groups_claim.clone();
    let provider = build(organisation, issuer, secret, claim).map_err(ServiceError::internal)?;
    let provider = Arc::new(provider);
    services.external.issuers.keep(organisation, &provider);
    Ok(Some(provider))
}

fn build(
    organisation: &Organisation,
    issuer: &Issuer,
    client_secret: SecretString,
    groups_claim: Option<String>,
) -> std::result::Result<Provider, InvalidSettings> {
    let more = issuer.scopes.iter().map(String::as_str).filter(|scope| !USUAL_SCOPES.contains(scope));
    Provider::new(ProviderSettings {
        id: name_in_addresses(organisation.id).parse()?,
        label: organisation.name.clone(),
        kind: ProviderKind::Oidc { issuer: issuer.issuer.clone() },
        client_id: issuer.client_id.clone(),
        client_secret,
        scopes: USUAL_SCOPES.into_iter().chain(more).map(str::to_owned).collect(),
        groups_claim,
        // The only one of which it is known that it does not say when it asked somebody.
        asks_again: issuer.issuer != GOOGLE,
        // What an organisation's issuer may vouch for is decided by the domains.
        trusts_addresses: false,
    })
}

/// Whether a customer may name this issuer: one that is reached by a name and unread. To what the name
/// leads is looked at each time it is asked (`accounts::external::outside`).
fn is_outside(issuer: &str) -> bool {
    Url::parse(issuer).is_ok_and(|url| {
        let by_name =
            matches!(url.host(), Some(Host::Domain(name)) if name.contains('.') && !name.ends_with('.'));
        url.scheme() == "https" && by_name
    })
}

/// Sets the issuer, and which roles follow from what it says. After a change of anything by which
/// people come in, it must be tried again before it can be required; whom a former one vouched for is
/// forgotten.
pub async fn set_issuer(
    services: &Services,
    who: &Principal,
    form: &IssuerForm,
    device: &Device,
) -> Result<()> {
    allowed(services, who)?;
    let settings = form.validate()?;
    let refused = |field: &str, message: &str| ServiceError::from(FieldErrors::one(field, message));
    if !services.external.local_issuers && !is_outside(&settings.issuer) {
        return Err(refused(
            "issuer",
            "Please give an address that begins with https:// and a public name, such as https://login.example.com.",
        ));
    }
    services.vault.ready().await?;
    let mut tx = services.database.begin_as_house().await?;
    let organisation = managed(services, &mut tx, who).await?;
    let known = organisation.issuer.as_ref();
    let same_client =
        known.filter(|known| known.issuer == settings.issuer && known.client_id == settings.client_id);
    let (sealed, secret) = match (&settings.client_secret, same_client) {
        (Some(secret), _) => {
            let (purpose, owner) = (Purpose::IssuerClientSecret, organisation.id.uuid());
            (services.vault.seal(purpose, owner, secret.as_bytes()).await?, secret.clone())
        }
        // One that is stored goes to nobody but whom it was meant for.
        (None, Some(known)) => (known.client_secret_sealed.clone(), "kept".to_owned()),
        (None, None) => {
            return Err(refused("client_secret", "Please paste the secret that goes with this client."));
        }
    };
    let issuer = Issuer {
        issuer: settings.issuer,
        client_id: settings.client_id,
        client_secret_sealed: sealed,
        scopes: settings.scopes,
    };
    build(&organisation, &issuer, secret.into(), settings.groups_claim.clone()).map_err(|_| {
        refused("issuer", "Please give the issuer as it calls itself, without anything after it.")
    })?;
    let comes_in_as_before =
        settings.client_secret.is_none() && same_client.is_some_and(|known| known.scopes == issuer.scopes);
    if !comes_in_as_before {
        organisations::set_issuer(&mut tx, organisation.id, &issuer).await?;
    }
    if known.is_some_and(|known| known.issuer != issuer.issuer) {
        organisations::delete_identities(&mut tx, organisation.id).await?;
    }
    organisations::set_mapping(&mut tx, organisation.id, settings.groups_claim.as_deref(), &settings.mapping)
        .await?;
    let told = |issuer: &Issuer| json!({ "issuer": issuer.issuer, "client_id": issuer.client_id });
    let act = Act::of(who.user_id, "organisation.issuer_set").before(&known.map(told)).after(&told(&issuer));
    audit::record(services, &mut tx, act, device).await?;
    tx.commit().await?;
    Ok(())
}

/// Lets the people of the organisation's domains in by its issuer alone, or in other ways again. Those
/// who came in another way are signed out. Whoever requires it has come in by it: nobody shuts
/// themselves out.
pub async fn require(services: &Services, who: &Principal, required: bool, device: &Device) -> Result<()> {
    allowed(services, who)?;
    let mut tx = services.database.begin_as_house().await?;
    let organisation = managed(services, &mut tx, who).await?;
    let mut ended = 0;
    if required {
        let domains = organisations::domains(&mut *tx, organisation.id).await?;
        let proved: Vec<_> = domains.into_iter().filter(|domain| domain.proved_at.is_some()).collect();
        if proved.is_empty() {
            return Err(ServiceError::Conflict("Prove a domain first: it says whose sign-in this is about."));
        }
        let account = users::by_id(&mut *tx, who.user_id).await?.ok_or(ServiceError::SignedOut)?;
        let concerned = proved.iter().any(|known| account.email.ends_with(&format!("@{}", known.domain)));
        let comes_in = !concerned || is_connected(&mut tx, &organisation, who).await?;
        if organisation.tried_at.is_none() || !comes_in {
            return Err(ServiceError::Conflict(
                "Try the issuer first: once it has let you in, it can be required of everybody.",
            ));
        }
    }
    organisations::set_required(&mut tx, organisation.id, required).await?;
    if required && !organisation.required {
        ended = organisations::end_other_sessions(&mut tx, organisation.id, who.session_id).await?;
    }
    let act = Act::of(who.user_id, "organisation.requirement_changed")
        .before(&json!({ "required": organisation.required }))
        .after(&json!({ "required": required, "sessions_ended": ended }));
    audit::record(services, &mut tx, act, device).await?;
    tx.commit().await?;
    if required && !organisation.required {
        end_stragglers(services, organisation.id, who.session_id).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::is_outside;

    #[test]
    fn customers_name_no_issuer_inside() {
        for right in
            ["https://login.example.com", "https://example.com/tenant/v2.0", "https://id.example.com:8443"]
        {
            assert!(is_outside(right), "{right}");
        }
        for wrong in [
            "http://login.example.com",
            "https://localhost",
            "https://intranet",
            "https://127.0.0.1",
            "https://0x7f.1",
            "https://[::1]",
            "https://169.254.169.254/latest",
            "https://example.com./",
            "login.example.com",
        ] {
            assert!(!is_outside(wrong), "{wrong}");
        }
    }
}
