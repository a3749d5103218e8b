//! How a provider is configured, and what no configuration may be.

use std::{fmt, str::FromStr};

use secrecy::{ExposeSecret as _, SecretString};
use url::{Host, Url};

/// The short name of a provider in addresses and in the store, such as `github` or `acme-okta`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProviderId(String);

impl ProviderId {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ProviderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for ProviderId {
    type Err = InvalidSettings;

    /// Takes 1 to 32 lower-case letters, digits and inner hyphens.
    fn from_str(text: &str) -> Result<Self, InvalidSettings> {
        let plain = text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if plain && (1..=32).contains(&text.len()) && !text.starts_with('-') && !text.ends_with('-') {
            Ok(Self(text.to_owned()))
        } else {
            let reason = "an id has 1 to 32 lower-case letters, digits and hyphens";
            Err(InvalidSettings { provider: text.chars().take(40).collect(), reason: reason.to_owned() })
        }
    }
}

/// Which protocol a provider speaks, and where.
#[derive(Clone, Debug)]
pub enum ProviderKind {
    /// GitHub, or a GitHub Enterprise Server: OAuth 2 alone, people and their addresses by its API.
    Github { web: Url, api: Url },
    /// Google, or a server that stands in for it.
    Google { issuer: String },
    /// Whoever publishes `/.well-known/openid-configuration` below this issuer, which is compared
    /// letter by letter: Auth0's ends with a slash. Microsoft's must be that of a tenant.
    Oidc { issuer: String },
}

impl ProviderKind {
    /// github.com itself.
    pub fn github() -> Self {
        Self::Github {
            web: Url::parse("https://github.com").expect("this is a URL"),
            api: Url::parse("https://api.github.com").expect("this is a URL"),
        }
    }

    /// Google itself.
    pub fn google() -> Self {
        Self::Google { issuer: "https://accounts.google.com".into() }
    }
}

#[derive(Clone, Debug)]
pub struct ProviderSettings {
    pub id: ProviderId,
    /// What the button says, after "Continue with".
    pub label: String,
    pub kind: ProviderKind,
    pub client_id: String,
    pub client_secret: SecretString,
    /// What to ask for; what a sign-in needs where this is empty.
    pub scopes: Vec<String>,
    /// The claim that lists a person's groups, where the provider sends one.
    pub groups_claim: Option<String>,
    /// Whether an OpenID provider, told to ask the person once more, does so and says when
    /// (`prompt`, `max_age` and `auth_time`), as the standard has it.
    pub asks_again: bool,
    /// Whether the operator answers for an OpenID provider's giving only addresses that it has verified,
    /// so that one of which it says nothing counts as such. What it calls unverified never does.
    pub trusts_addresses: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the sign-in provider {provider:?}: {reason}")]
pub struct InvalidSettings {
    provider: String,
    reason: String,
}

impl InvalidSettings {
    pub(super) fn new(provider: &ProviderId, reason: impl Into<String>) -> Self {
        Self { provider: provider.to_string(), reason: reason.into() }
    }
}

impl ProviderSettings {
    /// What is wrong with the settings that concern every kind of provider.
    pub(super) fn validate(&self) -> Result<(), InvalidSettings> {
        let visible = |text: &str, longest: usize| {
            (1..=longest).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic())
        };
        let reason = if domain::account::display_name(&self.label).as_ref() != Ok(&self.label) {
            "the label must have 2 to 80 characters"
        } else if !visible(&self.client_id, 255) {
            "the client id must have 1 to 255 visible characters"
        } else if !visible(self.client_secret.expose_secret(), 1024) {
            "the client secret must have 1 to 1024 visible characters"
        } else if self.scopes.len() > 20 || !self.scopes.iter().all(|scope| visible(scope, 128)) {
            "there may be 20 scopes of 128 visible characters"
        } else if self.groups_claim.as_deref().is_some_and(|claim| !visible(claim, 128)) {
            "the groups claim must have 1 to 128 visible characters"
        } else {
            return Ok(());
        };
        Err(InvalidSettings::new(&self.id, reason))
    }

    /// What to ask for: the configured scopes, or those given.
    pub(super) fn scopes_or<'a>(&'a self, usual: &[&'a str]) -> Vec<&'a str> {
        if self.scopes.is_empty() { usual.to_vec() } else { self.scopes.iter().map(String::as_str).collect() }
    }
}

/// An address of a provider as configured: nothing that a sign-in relies on may cross a network in
/// clear. Servers on this machine are excepted, for tests and for trying things out.
pub(super) fn provider_url(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| format!("{text:?} is no URL: {error}"))?;
    if !is_safe(&url) {
        Err(format!("{} must begin with https://", url.origin().ascii_serialization()))
    } else if url.query().is_some() || url.fragment().is_some() || has_user_info(&url) {
        Err(format!("{} must have neither user, query nor fragment", url.origin().ascii_serialization()))
    } else {
        Ok(url)
    }
}

pub(super) fn without_slash(url: &Url) -> String {
    url.as_str().trim_end_matches('/').to_owned()
}

fn has_user_info(url: &Url) -> bool {
    !url.username().is_empty() || url.password().is_some()
}

/// Whether what is sent there arrives there unread.
pub(super) fn is_safe(url: &Url) -> bool {
    url.scheme() == "https" || (url.scheme() == "http" && is_loopback(url))
}

pub(super) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_a_short_slug() {
        for right in ["github", "acme-okta", "a", "2"] {
            assert_eq!(right.parse::<ProviderId>().unwrap().as_str(), right);
        }
        for wrong in ["", "-a", "a-", "A", "a/b", "a b", "ä", &"a".repeat(33)] {
            assert!(wrong.parse::<ProviderId>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn nothing_crosses_a_network_in_clear() {
        for right in
            ["https://id.example.com/tenant/", "http://localhost:4000", "http://127.0.0.1:1", "http://[::1]"]
        {
            assert!(provider_url(right).is_ok(), "{right}");
        }
        for wrong in [
            "http://id.example.com",
            "http://localhost.example.com",
            "http://127.0.0.1.example.com",
            "ftp://localhost",
            "https://user@id.example.com",
            "https://id.example.com?tenant=a",
            "https://id.example.com#a",
            "id.example.com",
        ] {
            assert!(provider_url(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn settings_that_cannot_work_are_refused_without_showing_the_secret() {
        let right = ProviderSettings {
            id: "acme".parse().unwrap(),
            label: "Acme".into(),
            kind: ProviderKind::google(),
            client_id: "client".into(),
            client_secret: "hush-hush".into(),
            scopes: Vec::new(),
            groups_claim: None,
            asks_again: true,
            trusts_addresses: false,
        };
        right.validate().unwrap();
        assert!(!format!("{right:?}").contains("hush-hush"));
        let wrong = [
            ProviderSettings { label: String::new(), ..right.clone() },
            ProviderSettings { label: " Acme\u{202e}".into(), ..right.clone() },
            ProviderSettings { client_id: String::new(), ..right.clone() },
            ProviderSettings { client_secret: "hush-hush\n".into(), ..right.clone() },
            ProviderSettings { scopes: vec!["two words".into()], ..right.clone() },
            ProviderSettings { groups_claim: Some(String::new()), ..right.clone() },
        ];
        for settings in wrong {
            let error = settings.validate().unwrap_err();
            assert!(!error.to_string().contains("hush-hush"), "{error}");
        }
    }
}
