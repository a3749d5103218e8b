//! What a provider publishes of itself, remembered for a while.

use std::sync::Arc;

use ::http::{Request, StatusCode, header::ACCEPT};
use chrono::{DateTime, TimeDelta, Utc};
use openidconnect::{
    AdditionalProviderMetadata, IssuerUrl, JsonWebKeySet, ProviderMetadata, UserInfoUrl,
    core::{
        CoreAuthDisplay, CoreClaimName, CoreClaimType, CoreClientAuthMethod, CoreGrantType, CoreJsonWebKey,
        CoreJweContentEncryptionAlgorithm, CoreJweKeyManagementAlgorithm, CoreResponseMode, CoreResponseType,
        CoreSubjectIdentifierType,
    },
};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;
use url::Url;

use super::id_token;
use crate::external::{
    ExternalError, Http,
    settings::{is_loopback, is_safe},
};

const DOCUMENT: &str = ".well-known/openid-configuration";

/// A key that the provider has withdrawn is trusted no longer than this.
const FRESH: TimeDelta = TimeDelta::hours(1);

/// How often a token may make us ask for newer keys.
const BETWEEN_KEYS: TimeDelta = TimeDelta::minutes(1);

/// How long a failure is remembered, lest all who wait for the answer ask once more, one after the
/// other.
const AFTER_FAILURE: TimeDelta = TimeDelta::seconds(10);

pub(super) type Metadata = ProviderMetadata<
    Further,
    CoreAuthDisplay,
    CoreClientAuthMethod,
    CoreClaimName,
    CoreClaimType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseMode,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;

/// What the library does not read by itself.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Further {
    authorization_response_iss_parameter_supported: Option<bool>,
}

impl AdditionalProviderMetadata for Further {}

impl Further {
    /// Whether each answer says who answers (RFC 9207).
    pub(super) fn names_itself(&self) -> bool {
        self.authorization_response_iss_parameter_supported.unwrap_or(false)
    }
}

#[derive(Debug)]
pub(super) struct Discovery {
    issuer: IssuerUrl,
    /// Held while the provider is asked, so that a crowd asks once.
    memory: Mutex<Memory>,
}

#[derive(Debug, Default)]
struct Memory {
    known: Option<Known>,
    failed: Option<(DateTime<Utc>, ExternalError)>,
}

#[derive(Debug)]
struct Known {
    metadata: Arc<Metadata>,
    since: DateTime<Utc>,
    keys_asked_at: DateTime<Utc>,
}

impl Discovery {
    pub(super) fn new(issuer: &str) -> Result<Self, String> {
        let issuer = IssuerUrl::new(issuer.to_owned()).map_err(|error| error.to_string())?;
        Ok(Self { issuer, memory: Mutex::default() })
    }

    pub(super) fn issuer(&self) -> &str {
        self.issuer.as_str()
    }

    /// The provider's document and keys, not older than an hour.
    pub(super) async fn current(
        &self,
        http: &Http,
        now: DateTime<Utc>,
    ) -> Result<Arc<Metadata>, ExternalError> {
        let mut memory = self.memory.lock().await;
        if let Some(known) = &memory.known
            && within(FRESH, known.since, now)
        {
            return Ok(known.metadata.clone());
        }
        if let Some((at, error)) = &memory.failed
            && within(AFTER_FAILURE, *at, now)
        {
            return Err(error.clone());
        }
        match self.ask(http).await {
            Ok(metadata) => {
                let metadata = Arc::new(metadata);
                let known = Known { metadata: metadata.clone(), since: now, keys_asked_at: now };
                *memory = Memory { known: Some(known), failed: None };
                Ok(metadata)
            }
            Err(error) => {
                *memory = Memory { known: None, failed: Some((now, error.clone())) };
                Err(error)
            }
        }
    }

    /// The same with keys newer than those of `stale`, which did not fit a token; none if there
    /// are no newer ones or they were asked for within the last minute.
    pub(super) async fn with_newer_keys(
        &self,
        http: &Http,
        stale: &Arc<Metadata>,
        now: DateTime<Utc>,
    ) -> Result<Option<Arc<Metadata>>, ExternalError> {
        let mut memory = self.memory.lock().await;
        let Some(known) = &mut memory.known else { return Ok(None) };
        if !Arc::ptr_eq(&known.metadata, stale) {
            return Ok(Some(known.metadata.clone()));
        }
        if within(BETWEEN_KEYS, known.keys_asked_at, now) {
            return Ok(None);
        }
        known.keys_asked_at = now;
        let keys = JsonWebKeySet::fetch_async(stale.jwks_uri(), http).await?;
        known.metadata = Arc::new(Metadata::clone(stale).set_jwks(keys));
        Ok(Some(known.metadata.clone()))
    }

    async fn ask(&self, http: &Http) -> Result<Metadata, ExternalError> {
        let metadata = self.document(http).await?;
        // Before anything is asked of the places it names.
        self.check(&metadata)?;
        let keys = JsonWebKeySet::fetch_async(metadata.jwks_uri(), http).await?;
        Ok(metadata.set_jwks(keys))
    }

    async fn document(&self, http: &Http) -> Result<Metadata, ExternalError> {
        let url = self.issuer.join(DOCUMENT).map_err(ExternalError::misconfigured)?;
        let request = Request::get(url.as_str())
            .header(ACCEPT, "application/json")
            .body(Vec::new())
            .map_err(ExternalError::misconfigured)?;
        let response = http.send(request).await?;
        if response.status() != StatusCode::OK {
            return Err(ExternalError::misconfigured(format!("{url} answers {}", response.status())));
        }
        let metadata: Metadata = serde_json::from_slice(response.body())
            .map_err(|error| ExternalError::misconfigured(format!("{url}: {error}")))?;
        if *metadata.issuer() != self.issuer {
            let found = metadata.issuer().as_str();
            let expected = self.issuer();
            return Err(ExternalError::misconfigured(format!("the issuer is {found}, not {expected}")));
        }
        Ok(metadata)
    }

    /// Whether what the document names can be used, and safely.
    fn check(&self, metadata: &Metadata) -> Result<(), ExternalError> {
        let token = metadata
            .token_endpoint()
            .ok_or_else(|| ExternalError::misconfigured("the provider has no token endpoint"))?;
        let mut endpoints =
            vec![metadata.authorization_endpoint().url(), token.url(), metadata.jwks_uri().url()];
        endpoints.extend(metadata.userinfo_endpoint().map(UserInfoUrl::url));
        // A document from the network must not send us to this machine.
        let local = is_loopback(self.issuer.url());
        let wrong = |url: &&Url| !is_safe(url) || (is_loopback(url) && !local);
        if let Some(url) = endpoints.into_iter().find(wrong) {
            return Err(ExternalError::misconfigured(format!("the endpoint {url} is not safe")));
        }
        if id_token::accepted_algorithms(metadata).next().is_none() {
            return Err(ExternalError::misconfigured(
                "the provider signs with no algorithm that is accepted",
            ));
        }
        Ok(())
    }
}

/// Whether `now` is at most so long after `then`; a clock that was set back does not count as that.
fn within(time: TimeDelta, then: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    (TimeDelta::zero()..time).contains(&(now - then))
}
