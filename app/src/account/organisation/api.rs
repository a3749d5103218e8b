use domain::organisation::{DomainForm, IssuerForm, OrganisationForm};
use leptos::prelude::*;
use services::{accounts::external::Purpose, organisations};

use crate::{account::with_api::leave, error::ApiError, ssr};

/// Sets up an organisation of one's own.
#[server(endpoint = "create_organisation", prefix = "/api")]
pub async fn create_organisation(form: OrganisationForm) -> Result<(), ApiError> {
    organisations::create(&ssr::services(), &ssr::signed_in()?, &form, &ssr::device()).await?;
    back("created")
}

#[server(endpoint = "add_organisation_domain", prefix = "/api")]
pub async fn add_organisation_domain(form: DomainForm) -> Result<(), ApiError> {
    organisations::add_domain(&ssr::services(), &ssr::signed_in()?, &form, &ssr::device()).await?;
    back("domain_added")
}

/// Looks for the record that proves a domain.
#[server(endpoint = "prove_organisation_domain", prefix = "/api")]
pub async fn prove_organisation_domain(domain: String) -> Result<(), ApiError> {
    organisations::prove_domain(&ssr::services(), &ssr::signed_in()?, &domain, &ssr::device()).await?;
    back("domain_proved")
}

#[server(endpoint = "remove_organisation_domain", prefix = "/api")]
pub async fn remove_organisation_domain(domain: String) -> Result<(), ApiError> {
    organisations::remove_domain(&ssr::services(), &ssr::signed_in()?, &domain, &ssr::device()).await?;
    back("domain_removed")
}

#[server(endpoint = "set_organisation_issuer", prefix = "/api")]
pub async fn set_organisation_issuer(form: IssuerForm) -> Result<(), ApiError> {
    organisations::set_issuer(&ssr::services(), &ssr::signed_in()?, &form, &ssr::device()).await?;
    back("issuer_set")
}

/// Goes to the issuer of one's organisation, to find out whether it lets people in.
#[server(endpoint = "try_organisation_issuer", prefix = "/api")]
pub async fn try_organisation_issuer() -> Result<(), ApiError> {
    let who = ssr::signed_in()?;
    let own = organisations::own(&ssr::services(), &who).await?;
    let own = own.ok_or(services::ServiceError::NotFound("organisation"))?;
    leave(&own.provider, Purpose::Try(&who), "").await
}

#[server(endpoint = "require_organisation_issuer", prefix = "/api")]
pub async fn require_organisation_issuer(#[server(default)] required: bool) -> Result<(), ApiError> {
    organisations::require(&ssr::services(), &ssr::signed_in()?, required, &ssr::device()).await?;
    back(if required { "required" } else { "not_required" })
}

#[server(endpoint = "remove_organisation", prefix = "/api")]
pub async fn remove_organisation(#[server(default)] understood: bool) -> Result<(), ApiError> {
    organisations::remove(&ssr::services(), &ssr::signed_in()?, understood, &ssr::device()).await?;
    back("removed")
}

fn back(done: &str) -> Result<(), ApiError> {
    ssr::redirect(&format!("/account/organisation?done={done}"));
    Ok(())
}
