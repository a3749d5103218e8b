use chrono::TimeDelta;
use domain::{
    FieldErrors,
    organisation::{DomainForm, TxtRecord},
};
use futures::future::join_all;
use identity::{
    Principal,
    domain_proof::{Found, is_public_suffix, look_for},
    token,
};
use secrecy::ExposeSecret as _;
use serde_json::json;
use storage::{
    organisations::{self, Proved},
    users,
};

use super::{allowed, end_stragglers, managed};
use crate::{
    Result, ServiceError, Services,
    accounts::Device,
    audit::{self, Act},
};

const MOST_DOMAINS: usize = 20;
/// So often the records of proved domains are looked for again.
const LOOK_EVERY: TimeDelta = TimeDelta::hours(24);
/// And so many in one go.
const LOOK_AT: i64 = 50;
/// A domain whose record has been missing for so long is proved no more.
const GRACE: TimeDelta = TimeDelta::days(3);

/// Says that a domain is the organisation's, which remains to be proved.
pub async fn add_domain(
    services: &Services,
    who: &Principal,
    form: &DomainForm,
    device: &Device,
) -> Result<()> {
    allowed(services, who)?;
    let domain = form.validate()?;
    let refused = |message: &str| ServiceError::from(FieldErrors::one("domain", message));
    if is_public_suffix(domain.as_str()) {
        return Err(refused(
            "Many share this domain. Please give the one that is your organisation's alone.",
        ));
    }
    let proof_token = token::generate().map_err(ServiceError::internal)?;
    let mut tx = services.database.begin_as_house().await?;
    let organisation = managed(services, &mut tx, who).await?;
    if organisations::domains(&mut *tx, organisation.id).await?.len() >= MOST_DOMAINS {
        return Err(refused(
            "These are as many domains as one organisation may have. Remove one that you no longer use.",
        ));
    }
    let added =
        organisations::add_domain(&mut tx, organisation.id, domain.as_str(), proof_token.expose_secret());
    if !added.await? {
        return Err(refused("This domain is in your list already."));
    }
    let act = Act::of(who.user_id, "organisation.domain_added").after(&domain.as_str());
    audit::record(services, &mut tx, act, device).await?;
    tx.commit().await?;
    Ok(())
}

/// Looks for the record that proves a domain.
pub async fn prove_domain(services: &Services, who: &Principal, domain: &str, device: &Device) -> Result<()> {
    allowed(services, who)?;
    let mut tx = services.database.begin_as_house().await?;
    let organisation = managed(services, &mut tx, who).await?;
    let claimed = organisations::domain(&mut *tx, organisation.id, domain).await?;
    let claimed = claimed.ok_or(ServiceError::NotFound("domain"))?;
    // Nothing waits while others are asked.
    tx.commit().await?;
    let record = TxtRecord::of(&claimed.domain, &claimed.proof_token);
    let found = look_for(&*services.dns, &record.name, &record.value).await;
    let now = services.now();
    let mut tx = services.database.begin_as_house().await?;
    let organisation = managed(services, &mut tx, who).await?;
    let missing = match found {
        Ok(Found::Proof) => {
            let account = users::by_id(&mut *tx, who.user_id).await?.ok_or(ServiceError::SignedOut)?;
            let own = account.email.ends_with(&format!("@{}", claimed.domain));
            if organisation.required && own && !is_connected(&mut tx, &organisation, who).await? {
                return Err(ServiceError::Conflict(
                    "Your own address is in this domain, and your issuer has not let you in yet. Stop requiring it, \
                     prove the domain, try the issuer, and then require it again.",
                ));
            }
            let proved = organisations::prove(&mut tx, organisation.id, domain, &claimed.proof_token, now);
            let proved = proved.await.map_err(|error| {
                if error.is_refused_by(organisations::PROVED_ONCE) {
                    ServiceError::Conflict(
                        "Another organisation has proved this domain. If it is yours, remove their record from it; \
                         after three days the domain is free.",
                    )
                } else {
                    error.into()
                }
            });
            if !proved? {
                return Err(ServiceError::NotFound("domain"));
            }
            if organisation.required {
                organisations::end_other_sessions(&mut tx, organisation.id, who.session_id).await?;
            }
            let act = Act::of(who.user_id, "organisation.domain_proved").after(&domain);
            audit::record(services, &mut tx, act, device).await?;
            tx.commit().await?;
            if organisation.required {
                end_stragglers(services, organisation.id, who.session_id).await?;
            }
            return Ok(());
        }
        Ok(found) => Some(found),
        Err(error) => {
            tracing::info!(%error, "a domain could not be looked at");
            None
        }
    };
    organisations::checked(&mut *tx, organisation.id, domain, missing.map(|_| true), now).await?;
    tx.commit().await?;
    Err(ServiceError::Conflict(match missing {
        Some(Found::OtherTexts) => {
            "There is a TXT record of that name, but it says something else. Please compare it with the one below."
        }
        Some(_) => {
            "There is no TXT record of that name yet. A new one can take an hour to be seen everywhere; please try \
             again then."
        }
        None => "The servers of this domain gave no answer. Please try again in a few minutes.",
    }))
}

/// Whether the issuer vouches for this person.
pub(super) async fn is_connected(
    db: &mut sqlx::PgConnection,
    organisation: &organisations::Organisation,
    who: &Principal,
) -> Result<bool> {
    let identities = organisations::identities_of(db, who.user_id).await?;
    Ok(identities.iter().any(|identity| identity.organisation_id == organisation.id))
}

/// Gives up a domain: its people come in as everybody does.
pub async fn remove_domain(
    services: &Services,
    who: &Principal,
    domain: &str,
    device: &Device,
) -> Result<()> {
    allowed(services, who)?;
    let mut tx = services.database.begin_as_house().await?;
    let organisation = managed(services, &mut tx, who).await?;
    if !organisations::remove_domain(&mut tx, organisation.id, domain).await? {
        return Err(ServiceError::NotFound("domain"));
    }
    let act = Act::of(who.user_id, "organisation.domain_removed").before(&domain);
    audit::record(services, &mut tx, act, device).await?;
    tx.commit().await?;
    Ok(())
}

/// Looks again for the records of proved domains, now and then. Whoever holds a domain can so always
/// free its people from an organisation, and an issuer that no longer works: by removing the record.
pub async fn recheck(services: &Services) -> Result<()> {
    let now = services.now();
    let due = organisations::due(services.database.house(), now - LOOK_EVERY, LOOK_AT).await?;
    let looked = due.iter().map(|proved| async move {
        let record = TxtRecord::of(&proved.domain, &proved.proof_token);
        match look_for(&*services.dns, &record.name, &record.value).await {
            Ok(found) => Some(found != Found::Proof),
            // That there was no answer says nothing.
            Err(_) => None,
        }
    });
    for (proved, missing) in due.iter().zip(join_all(looked).await) {
        note(services, proved, missing).await?;
    }
    Ok(())
}

async fn note(services: &Services, proved: &Proved, missing: Option<bool>) -> Result<()> {
    let now = services.now();
    let (id, domain) = (proved.organisation_id, proved.domain.as_str());
    let mut tx = services.database.begin_as_house().await?;
    organisations::checked(&mut *tx, id, domain, missing, now).await?;
    if missing == Some(true) && organisations::forget_proof(&mut tx, id, domain, now - GRACE).await? {
        for manager in organisations::managers(&mut *tx, id).await? {
            let act = Act::of_nobody("organisation.domain_lapsed").about(Some(manager));
            let act = act.before(&json!({ "domain": domain }));
            audit::record(services, &mut tx, act, &Device::default()).await?;
        }
    }
    tx.commit().await?;
    Ok(())
}
