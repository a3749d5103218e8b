//! Whom a provider's name in an address stands for: one that the operator configured, or the issuer of
//! an organisation.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::{UserId, account::Email};
use identity::external::{ExternalIdentity, Http, Provider};
use sqlx::PgConnection;
use storage::{
    external,
    organisations::{self, Organisation},
};

use crate::{Result, ServiceError, Services, organisations::provider_by_name};

pub(super) struct Source {
    pub(super) provider: Arc<Provider>,
    /// Whose issuer it is, where it is one of an organisation.
    pub(super) organisation: Option<Organisation>,
}

impl Source {
    /// None if there is no such provider, or no more.
    pub(super) async fn by_name(services: &Services, name: &str) -> Result<Option<Self>> {
        if let Some(provider) = services.external.providers.get(name) {
            return Ok(Some(Self { provider: provider.clone(), organisation: None }));
        }
        let found = provider_by_name(services, name).await?;
        Ok(found.map(|(provider, organisation)| Self { provider, organisation: Some(organisation) }))
    }

    pub(super) async fn known(services: &Services, name: &str) -> Result<Self> {
        Self::by_name(services, name).await?.ok_or(ServiceError::NotFound("provider"))
    }

    /// How it is asked: one that a customer named must not lead inside.
    pub(super) fn way<'a>(&self, services: &'a Services) -> &'a Http {
        if self.organisation.is_some() { &services.external.outside } else { &services.external.http }
    }

    /// Whether somebody has an account there that is connected to theirs here.
    pub(super) async fn is_connected(&self, db: &mut PgConnection, user_id: UserId) -> Result<bool> {
        Ok(match &self.organisation {
            Some(organisation) => {
                let identities = organisations::identities_of(db, user_id).await?;
                identities.iter().any(|identity| identity.organisation_id == organisation.id)
            }
            None => {
                let identities = external::of_user(db, user_id).await?;
                identities.iter().any(|identity| identity.issuer == self.provider.issuer())
            }
        })
    }

    /// Whose account here is connected to this one there.
    pub(super) async fn owner(
        &self,
        db: &mut PgConnection,
        person: &ExternalIdentity,
    ) -> Result<Option<UserId>> {
        let (issuer, subject) = (person.issuer.as_str(), person.subject.as_str());
        Ok(match &self.organisation {
            Some(organisation) => organisations::identity_owner(db, organisation.id, issuer, subject).await?,
            None => external::owner(db, issuer, subject).await?,
        })
    }

    /// Notes that its owner came with it.
    pub(super) async fn touch(
        &self,
        db: &mut PgConnection,
        owner: UserId,
        person: &ExternalIdentity,
        now: DateTime<Utc>,
    ) -> Result<()> {
        match &self.organisation {
            Some(organisation) => organisations::touch_identity(db, organisation.id, owner, now).await?,
            None => {
                let email = person.email.as_ref().map(Email::as_str);
                external::touch(db, &person.issuer, &person.subject, email, now).await?;
            }
        }
        Ok(())
    }
}
