//! OpenID Connect, with a provider that is known by its issuer alone.

mod discovery;
mod id_token;

use std::{borrow::Cow, time::Duration};

use chrono::{DateTime, Utc};
use openidconnect::{
    AccessToken, AdditionalClaims, AuthType, AuthenticationFlow, ClientId, ClientSecret, CsrfToken,
    EmptyExtraTokenFields, EndpointMaybeSet, EndpointNotSet, EndpointSet, IdTokenFields, LocalizedClaim,
    Nonce, OAuth2TokenResponse as _, PkceCodeChallenge, RedirectUrl, Scope, StandardErrorResponse,
    StandardTokenResponse, SubjectIdentifier, TokenResponse as _, UserInfoClaims,
    core::{
        CoreAuthDisplay, CoreAuthPrompt, CoreClientAuthMethod, CoreErrorResponseType, CoreGenderClaim,
        CoreJsonWebKey, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm, CoreResponseType,
        CoreRevocableToken, CoreRevocationErrorResponse, CoreTokenIntrospectionResponse, CoreTokenType,
    },
};
use secrecy::ExposeSecret as _;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use url::Url;

use self::{
    discovery::{Discovery, Metadata},
    id_token::{Expected, Refused, verify},
};
use super::{
    Ask, CallbackQuery, ExternalError, ExternalIdentity, Flow, Http, ProviderSettings, person::Claims,
    settings::provider_url,
};

const SCOPES: &[&str] = &["email", "profile"];

/// The longest access token that is sent on.
const LONGEST_TOKEN: usize = 16 * 1024;

/// Claims beyond the standard ones, among which may be a person's groups.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(transparent)]
struct OtherClaims(Map<String, Value>);

impl AdditionalClaims for OtherClaims {}

type TokenFields = IdTokenFields<
    OtherClaims,
    EmptyExtraTokenFields,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm,
>;
type IdToken = openidconnect::IdToken<
    OtherClaims,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm,
>;
type IdTokenClaims = openidconnect::IdTokenClaims<OtherClaims, CoreGenderClaim>;
type Client = openidconnect::Client<
    OtherClaims,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    StandardTokenResponse<TokenFields, CoreTokenType>,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

#[derive(Debug)]
pub(super) struct Oidc {
    discovery: Discovery,
}

impl Oidc {
    pub(super) fn new(issuer: &str) -> Result<Self, String> {
        provider_url(issuer)?;
        Ok(Self { discovery: Discovery::new(issuer)? })
    }

    pub(super) fn issuer(&self) -> &str {
        self.discovery.issuer()
    }

    pub(super) async fn authorize(
        &self,
        settings: &ProviderSettings,
        http: &Http,
        flow: &Flow,
        redirect_uri: &Url,
        now: DateTime<Utc>,
    ) -> Result<Url, ExternalError> {
        let metadata = self.discovery.current(http, now).await?;
        let state = CsrfToken::new(flow.state().expose_secret().to_owned());
        let nonce = Nonce::new(flow.nonce().expose_secret().to_owned());
        // The library asks for `openid` by itself.
        let scopes = settings.scopes_or(SCOPES).into_iter().filter(|scope| *scope != "openid");
        let client = client(settings, &metadata)?;
        let request = client
            .authorize_url(
                AuthenticationFlow::<CoreResponseType>::AuthorizationCode,
                move || state,
                move || nonce,
            )
            .add_scopes(scopes.map(|scope| Scope::new(scope.to_owned())))
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&flow.verifier()))
            .set_redirect_uri(Cow::Owned(RedirectUrl::from_url(redirect_uri.clone())));
        let request = match flow.ask() {
            Ask::AsUsual => request,
            // The age makes the provider say when it asked.
            Ask::Again => request.add_prompt(CoreAuthPrompt::Login).set_max_age(Duration::ZERO),
        };
        Ok(request.url().0)
    }

    pub(super) async fn finish(
        &self,
        settings: &ProviderSettings,
        http: &Http,
        flow: &Flow,
        callback: CallbackQuery,
        redirect_uri: &Url,
        now: DateTime<Utc>,
    ) -> Result<ExternalIdentity, ExternalError> {
        let mut metadata = self.discovery.current(http, now).await?;
        callback.check_issuer(self.issuer(), metadata.additional_metadata().names_itself())?;
        let code = callback.into_code()?;
        let client = client(settings, &metadata)?;
        let answer = client
            .exchange_code(code)
            .map_err(ExternalError::misconfigured)?
            .set_pkce_verifier(flow.verifier())
            .set_redirect_uri(Cow::Owned(RedirectUrl::from_url(redirect_uri.clone())))
            .request_async(http)
            .await?;
        let id_token = answer.id_token().ok_or_else(|| ExternalError::untrusted("there is no ID token"))?;
        let access_token = answer.access_token();
        let expected = Expected { client_id: &settings.client_id, flow, access_token, now };
        let claims = match verify(id_token, &metadata, &expected) {
            Err(Refused::ByKeys(error)) => {
                metadata = self.discovery.with_newer_keys(http, &metadata, now).await?.ok_or(error)?;
                verify(id_token, &metadata, &expected)?
            }
            result => result?,
        };
        let subject = claims.subject().clone();
        let mut claims = of_id_token(claims, settings);
        if claims.email.is_none() || (settings.groups_claim.is_some() && claims.groups.is_none()) {
            let more = user_info(&client, &metadata, http, access_token, subject, settings).await?;
            claims.complete(more);
        }
        if settings.trusts_addresses {
            claims.email_verified = claims.email_verified.or(Some(true));
        }
        claims.into_identity(&settings.id, self.issuer())
    }
}

fn client(settings: &ProviderSettings, metadata: &Metadata) -> Result<Client, ExternalError> {
    // OpenID Connect Discovery names the first as what holds where nothing is said.
    let auth_type = match metadata.token_endpoint_auth_methods_supported() {
        None => AuthType::BasicAuth,
        Some(methods) if methods.contains(&CoreClientAuthMethod::ClientSecretBasic) => AuthType::BasicAuth,
        Some(methods) if methods.contains(&CoreClientAuthMethod::ClientSecretPost) => AuthType::RequestBody,
        Some(_) => {
            return Err(ExternalError::misconfigured("the provider takes no client secret, neither way"));
        }
    };
    let id = ClientId::new(settings.client_id.clone());
    let secret = ClientSecret::new(settings.client_secret.expose_secret().to_owned());
    Ok(Client::from_provider_metadata(metadata.clone(), id, Some(secret)).set_auth_type(auth_type))
}

/// What the provider tells of the person beyond the token, if it tells anything.
async fn user_info(
    client: &Client,
    metadata: &Metadata,
    http: &Http,
    access_token: &AccessToken,
    subject: SubjectIdentifier,
    settings: &ProviderSettings,
) -> Result<Claims, ExternalError> {
    if metadata.userinfo_endpoint().is_none() {
        return Ok(Claims::default());
    }
    let secret = access_token.secret();
    // The library panics on a token that a header can't have.
    if secret.len() > LONGEST_TOKEN || !secret.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(ExternalError::untrusted("the access token is not one of visible characters"));
    }
    let info: UserInfoClaims<OtherClaims, CoreGenderClaim> = client
        .user_info(access_token.clone(), Some(subject))
        .map_err(ExternalError::misconfigured)?
        .request_async(http)
        .await?;
    Ok(Claims {
        subject: info.subject().to_string(),
        email: info.email().map(|email| email.to_string()),
        email_verified: info.email_verified(),
        name: info.name().and_then(usual),
        groups: groups(info.additional_claims(), settings),
    })
}

fn of_id_token(claims: &IdTokenClaims, settings: &ProviderSettings) -> Claims {
    Claims {
        subject: claims.subject().to_string(),
        email: claims.email().map(|email| email.to_string()),
        email_verified: claims.email_verified(),
        name: claims.name().and_then(usual),
        groups: groups(claims.additional_claims(), settings),
    }
}

/// The value that is meant for everybody, whatever their language.
fn usual<T: std::ops::Deref<Target = String>>(claim: &LocalizedClaim<T>) -> Option<String> {
    claim.get(None).map(|value| value.to_string())
}

/// The groups that the configured claim lists; one alone may stand without a list.
fn groups(claims: &OtherClaims, settings: &ProviderSettings) -> Option<Vec<String>> {
    match claims.0.get(settings.groups_claim.as_ref()?)? {
        Value::String(one) => Some(vec![one.clone()]),
        Value::Array(all) => Some(all.iter().filter_map(Value::as_str).map(str::to_owned).collect()),
        _ => None,
    }
}
