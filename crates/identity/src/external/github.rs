//! GitHub: OAuth 2 alone. Who came is asked of its API with the token that the code was good for.

use std::borrow::Cow;

use ::http::{
    Request, StatusCode,
    header::{ACCEPT, AUTHORIZATION, HeaderValue, USER_AGENT},
};
use oauth2::{
    AccessToken, AuthType, AuthUrl, ClientId, ClientSecret, CsrfToken, EndpointNotSet, EndpointSet,
    PkceCodeChallenge, RedirectUrl, Scope, TokenResponse as _, TokenUrl, basic::BasicClient,
};
use secrecy::ExposeSecret as _;
use serde::{Deserialize, de::DeserializeOwned};
use url::Url;

use super::{
    CallbackQuery, ExternalError, ExternalIdentity, Flow, Http, ProviderSettings,
    person::Claims,
    settings::{provider_url, without_slash},
};

const SCOPES: &[&str] = &["read:user", "user:email"];

type Client = BasicClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointSet>;

#[derive(Debug)]
pub(super) struct Github {
    issuer: String,
    web: Url,
    api: String,
}

/// The number is for ever; a login can be given up and taken by somebody else.
#[derive(Deserialize)]
struct User {
    id: u64,
    login: String,
    name: Option<String>,
}

#[derive(Deserialize)]
struct Address {
    email: String,
    primary: bool,
    verified: bool,
}

impl Github {
    pub(super) fn new(web: &Url, api: &Url) -> Result<Self, String> {
        let web = provider_url(web.as_str())?;
        let api = provider_url(api.as_str())?;
        Ok(Self { issuer: without_slash(&web), web, api: without_slash(&api) })
    }

    pub(super) fn issuer(&self) -> &str {
        &self.issuer
    }

    pub(super) fn authorize(&self, settings: &ProviderSettings, flow: &Flow, redirect_uri: &Url) -> Url {
        let client = self.client(settings);
        let state = CsrfToken::new(flow.state().expose_secret().to_owned());
        let scopes = settings.scopes_or(SCOPES).into_iter().map(|scope| Scope::new(scope.to_owned()));
        let (url, _) = client
            .authorize_url(|| state)
            .add_scopes(scopes)
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&flow.verifier()))
            .set_redirect_uri(Cow::Owned(RedirectUrl::from_url(redirect_uri.clone())))
            .url();
        url
    }

    pub(super) async fn finish(
        &self,
        settings: &ProviderSettings,
        http: &Http,
        flow: &Flow,
        callback: CallbackQuery,
        redirect_uri: &Url,
    ) -> Result<ExternalIdentity, ExternalError> {
        self.check_origin(&callback)?;
        let answer = self
            .client(settings)
            .exchange_code(callback.into_code()?)
            .set_pkce_verifier(flow.verifier())
            .set_redirect_uri(Cow::Owned(RedirectUrl::from_url(redirect_uri.clone())))
            .request_async(http)
            .await?;
        let token = bearer(answer.access_token())?;
        let user: User = self.get(http, "/user", &token).await?.ok_or_else(|| missing("/user"))?;
        // Without the scope for addresses there are none to be seen.
        let addresses: Vec<Address> =
            self.get(http, "/user/emails?per_page=100", &token).await?.unwrap_or_default();
        let email = addresses.into_iter().find(|address| address.primary && address.verified);
        Claims {
            subject: user.id.to_string(),
            email_verified: email.is_some().then_some(true),
            email: email.map(|address| address.email),
            name: user.name.or(Some(user.login)),
            groups: None,
        }
        .into_identity(&settings.id, &self.issuer)
    }

    /// GitHub publishes no issuer that `iss` could be compared with; if it names one, then one of
    /// its own site.
    fn check_origin(&self, callback: &CallbackQuery) -> Result<(), ExternalError> {
        match callback.iss.as_deref() {
            Some(iss) if !Url::parse(iss).is_ok_and(|iss| iss.origin() == self.web.origin()) => {
                Err(ExternalError::mismatch(format!("{iss} answers, not {}", self.issuer)))
            }
            _ => Ok(()),
        }
    }

    fn client(&self, settings: &ProviderSettings) -> Client {
        let below = |path: &str| {
            let mut url = self.web.clone();
            url.set_path(&format!("{}{path}", self.web.path().trim_end_matches('/')));
            url
        };
        BasicClient::new(ClientId::new(settings.client_id.clone()))
            .set_client_secret(ClientSecret::new(settings.client_secret.expose_secret().to_owned()))
            .set_auth_uri(AuthUrl::from_url(below("/login/oauth/authorize")))
            .set_token_uri(TokenUrl::from_url(below("/login/oauth/access_token")))
            .set_auth_type(AuthType::RequestBody)
    }

    /// What the API knows below the path, or none if the token may not see it.
    async fn get<T: DeserializeOwned>(
        &self,
        http: &Http,
        path: &str,
        bearer: &HeaderValue,
    ) -> Result<Option<T>, ExternalError> {
        let request = Request::get(format!("{}{path}", self.api))
            .header(ACCEPT, "application/vnd.github+json")
            .header("X-GitHub-Api-Version", "2022-11-28")
            // GitHub refuses whoever does not say who asks.
            .header(USER_AGENT, "8thDegree")
            .header(AUTHORIZATION, bearer)
            .body(Vec::new())
            .map_err(ExternalError::misconfigured)?;
        let response = http.send(request).await?;
        match response.status() {
            StatusCode::OK => serde_json::from_slice(response.body())
                .map(Some)
                .map_err(|error| ExternalError::untrusted(format!("{path}: {error}"))),
            StatusCode::FORBIDDEN | StatusCode::NOT_FOUND => Ok(None),
            StatusCode::UNAUTHORIZED => Err(ExternalError::untrusted(format!("{path} refuses the token"))),
            status => Err(ExternalError::misconfigured(format!("{path} answers {status}"))),
        }
    }
}

fn missing(path: &str) -> ExternalError {
    ExternalError::misconfigured(format!("{path} may not be seen"))
}

fn bearer(token: &AccessToken) -> Result<HeaderValue, ExternalError> {
    let mut value = HeaderValue::from_str(&format!("Bearer {}", token.secret()))
        .map_err(|_| ExternalError::untrusted("the access token has characters that no header can have"))?;
    value.set_sensitive(true);
    Ok(value)
}
