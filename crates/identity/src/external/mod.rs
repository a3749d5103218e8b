//! Signing in with an account at somebody else's: GitHub, Google, or any OpenID provider.
//!
//! The protocol alone, without storage. [`Provider::begin`] gives the address to send the browser
//! to and a [`Flow`] to keep until the browser comes back; [`Provider::finish`] checks everything
//! about the answer and says who came. Requests go through an [`Http`] that the caller provides.
//!
//! Two duties stay with the caller. A flow must be **found by the browser's cookie**, not by the
//! answer's own `state`: else anybody could sign others in to an account of theirs. And each flow
//! must be **taken out of the store** when it is used, so that it is used once.

mod error;
mod flow;
mod github;
mod http;
mod oidc;
mod person;
mod settings;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use url::Url;

pub use self::{
    error::{Detail, ExternalError},
    flow::{Ask, CallbackQuery, Flow, UnreadableFlow},
    http::{ANSWER_BYTES, ANSWER_WITHIN, Http, HttpError},
    person::ExternalIdentity,
    settings::{InvalidSettings, ProviderId, ProviderKind, ProviderSettings},
};
use self::{github::Github, oidc::Oidc};

/// Somebody at whom people have accounts. It remembers what the provider published, so there
/// should be one of each, shared.
#[derive(Debug)]
pub struct Provider {
    settings: ProviderSettings,
    protocol: Protocol,
}

#[derive(Debug)]
enum Protocol {
    Github(Github),
    Oidc(Box<Oidc>),
}

impl Provider {
    pub fn new(settings: ProviderSettings) -> Result<Self, InvalidSettings> {
        settings.validate()?;
        let wrong = |reason| InvalidSettings::new(&settings.id, reason);
        let protocol = match &settings.kind {
            ProviderKind::Github { web, api } => Protocol::Github(Github::new(web, api).map_err(wrong)?),
            ProviderKind::Google { issuer } | ProviderKind::Oidc { issuer } => {
                Protocol::Oidc(Box::new(Oidc::new(issuer).map_err(wrong)?))
            }
        };
        Ok(Self { settings, protocol })
    }

    pub fn id(&self) -> &ProviderId {
        &self.settings.id
    }

    /// What the button says.
    pub fn label(&self) -> &str {
        &self.settings.label
    }

    pub fn kind(&self) -> &ProviderKind {
        &self.settings.kind
    }

    /// Who vouches for the people of this provider: together with their subject it is what an
    /// account is linked to.
    pub fn issuer(&self) -> &str {
        match &self.protocol {
            Protocol::Github(github) => github.issuer(),
            Protocol::Oidc(oidc) => oidc.issuer(),
        }
    }

    /// Whether it runs on this machine. Only the operator may name such a one; an issuer that a
    /// customer names must not lead inside.
    pub fn is_local(&self) -> bool {
        Url::parse(self.issuer()).is_ok_and(|issuer| settings::is_loopback(&issuer))
    }

    /// Whether it can be made to ask the person once more, and to say when it did. GitHub and Google
    /// cannot: coming back from there shows no more than that the browser is signed in there.
    pub fn asks_again(&self) -> bool {
        self.settings.asks_again && matches!(self.settings.kind, ProviderKind::Oidc { .. })
    }

    /// Where to send the browser, and what must be kept until it comes back to `redirect_uri`.
    /// Each provider should have a redirect URI of its own.
    pub async fn begin(
        &self,
        http: &Http,
        redirect_uri: &Url,
        ask: Ask,
        now: DateTime<Utc>,
    ) -> Result<(Url, Flow), ExternalError> {
        let ask = if self.asks_again() { ask } else { Ask::AsUsual };
        let flow = Flow::new(&self.settings.id, self.issuer(), ask, now)?;
        let url = match &self.protocol {
            Protocol::Github(github) => github.authorize(&self.settings, &flow, redirect_uri),
            Protocol::Oidc(oidc) => oidc.authorize(&self.settings, http, &flow, redirect_uri, now).await?,
        };
        Ok((url, flow))
    }

    /// Who came back, with `redirect_uri` as it was at the beginning.
    pub async fn finish(
        &self,
        http: &Http,
        flow: Flow,
        callback: CallbackQuery,
        redirect_uri: &Url,
        now: DateTime<Utc>,
    ) -> Result<ExternalIdentity, ExternalError> {
        flow.check(&self.settings.id, self.issuer(), now)?;
        callback.check_state(&flow)?;
        match &self.protocol {
            Protocol::Github(github) => {
                github.finish(&self.settings, http, &flow, callback, redirect_uri).await
            }
            Protocol::Oidc(oidc) => {
                oidc.finish(&self.settings, http, &flow, callback, redirect_uri, now).await
            }
        }
    }
}

/// All providers that are configured, in the order in which they are offered.
#[derive(Clone, Debug, Default)]
pub struct Providers(Vec<Arc<Provider>>);

impl Providers {
    pub fn new(settings: impl IntoIterator<Item = ProviderSettings>) -> Result<Self, InvalidSettings> {
        let mut providers: Vec<Arc<Provider>> = Vec::new();
        for settings in settings {
            if providers.iter().any(|other| *other.id() == settings.id) {
                return Err(InvalidSettings::new(&settings.id, "another provider has this id"));
            }
            providers.push(Arc::new(Provider::new(settings)?));
        }
        Ok(Self(providers))
    }

    /// The provider of this id, which may come from an address and be anything.
    pub fn get(&self, id: &str) -> Option<&Arc<Provider>> {
        self.0.iter().find(|provider| provider.id().as_str() == id)
    }

    pub fn iter(&self) -> impl Iterator<Item = &Arc<Provider>> {
        self.0.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(id: &str, kind: ProviderKind) -> ProviderSettings {
        ProviderSettings {
            id: id.parse().unwrap(),
            label: "Acme".into(),
            kind,
            client_id: "client".into(),
            client_secret: "secret".into(),
            scopes: Vec::new(),
            groups_claim: None,
            asks_again: true,
            trusts_addresses: false,
        }
    }

    #[test]
    fn several_providers_stand_beside_each_other_under_ids_of_their_own() {
        let (github, google) =
            (settings("github", ProviderKind::github()), settings("google", ProviderKind::google()));
        let providers = Providers::new([github.clone(), google]).unwrap();
        let issuers: Vec<_> = providers.iter().map(|provider| provider.issuer()).collect();
        assert_eq!(issuers, ["https://github.com", "https://accounts.google.com"]);
        assert_eq!(providers.get("google").unwrap().id().as_str(), "google");
        assert!(providers.get("../google").is_none());
        assert!(Providers::new([github.clone(), github]).is_err());
    }

    #[test]
    fn a_provider_on_this_machine_is_known_as_such() {
        let local = |issuer: &str| {
            Provider::new(settings("acme", ProviderKind::Oidc { issuer: issuer.into() })).unwrap().is_local()
        };
        assert!(local("http://127.0.0.1:4000"));
        assert!(local("https://localhost/tenant"));
        assert!(!local("https://login.example.com"));
    }

    #[test]
    fn a_provider_that_would_be_asked_in_clear_is_refused() {
        let plain = ProviderKind::Oidc { issuer: "http://login.example.com".into() };
        assert!(Provider::new(settings("acme", plain)).is_err());
        let api = Url::parse("http://api.example.com").unwrap();
        let web = Url::parse("https://example.com").unwrap();
        assert!(Provider::new(settings("acme", ProviderKind::Github { web, api })).is_err());
    }
}
