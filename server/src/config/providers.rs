//! Other sites with whose accounts people may sign in.

use std::collections::BTreeMap;

use identity::external::{InvalidSettings, ProviderKind, ProviderSettings, Providers as Known};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use super::{ConfigError, show};

/// Offered are those that have a client id.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Providers {
    pub github: Github,
    pub google: Google,
    /// Any others, by their issuer, under names of one's own.
    pub oidc: BTreeMap<String, Oidc>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Github {
    pub client_id: Option<String>,
    #[serde(serialize_with = "show::redacted")]
    pub client_secret: Option<SecretString>,
    /// Another one than github.com: the address of a GitHub Enterprise Server.
    pub web: String,
    pub api: String,
}

impl Default for Github {
    fn default() -> Self {
        Self {
            client_id: None,
            client_secret: None,
            web: "https://github.com".into(),
            api: "https://api.github.com".into(),
        }
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Google {
    pub client_id: Option<String>,
    #[serde(serialize_with = "show::redacted")]
    pub client_secret: Option<SecretString>,
    /// Another one than Google: a server that stands in for it.
    pub issuer: String,
}

impl Default for Google {
    fn default() -> Self {
        Self { client_id: None, client_secret: None, issuer: "https://accounts.google.com".into() }
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Oidc {
    pub issuer: String,
    pub client_id: Option<String>,
    #[serde(serialize_with = "show::redacted")]
    pub client_secret: Option<SecretString>,
    /// What the button says after "Continue with"; the name in the configuration where it is empty.
    pub label: String,
    /// What to ask for, with spaces between; what a sign-in needs where it is empty.
    pub scopes: String,
    /// Whether it does so when it is told to ask the person once more, and says when.
    pub asks_again: bool,
    /// Whether it gives only addresses that it has verified, and so need not say so of each.
    pub trusts_addresses: bool,
}

impl Default for Oidc {
    fn default() -> Self {
        Self {
            issuer: String::new(),
            client_id: None,
            client_secret: None,
            label: String::new(),
            scopes: String::new(),
            asks_again: true,
            trusts_addresses: false,
        }
    }
}

/// The name of a provider whose settings cannot be used, and why.
fn wrong(id: &str, reason: impl std::fmt::Display) -> ConfigError {
    ConfigError::Invalid { key: "providers", reason: format!("{id}: {reason}") }
}

impl Providers {
    /// Those that are to be offered.
    ///
    /// # Errors
    /// [`ConfigError::Invalid`], with the provider's name in it.
    pub fn known(&self) -> Result<Known, ConfigError> {
        let mut all = Vec::new();
        let Github { client_id, client_secret, web, api } = &self.github;
        if let Some((client_id, client_secret)) = client("github", client_id, client_secret)? {
            let url =
                |text: &str| text.parse().map_err(|error| wrong("github", format!("{text:?}: {error}")));
            let kind = ProviderKind::Github { web: url(web)?, api: url(api)? };
            all.push(settings("github", "GitHub", kind, client_id, client_secret)?);
        }
        let Google { client_id, client_secret, issuer } = &self.google;
        if let Some((client_id, client_secret)) = client("google", client_id, client_secret)? {
            let kind = ProviderKind::Google { issuer: issuer.clone() };
            all.push(settings("google", "Google", kind, client_id, client_secret)?);
        }
        for (name, oidc) in &self.oidc {
            let Some((client_id, client_secret)) = client(name, &oidc.client_id, &oidc.client_secret)? else {
                return Err(wrong(name, "it needs issuer, client_id and client_secret"));
            };
            let label = if oidc.label.is_empty() { name } else { &oidc.label };
            let kind = ProviderKind::Oidc { issuer: oidc.issuer.clone() };
            all.push(ProviderSettings {
                scopes: oidc.scopes.split_whitespace().map(str::to_owned).collect(),
                asks_again: oidc.asks_again,
                trusts_addresses: oidc.trusts_addresses,
                ..settings(name, label, kind, client_id, client_secret)?
            });
        }
        Known::new(all).map_err(|error| ConfigError::Invalid { key: "providers", reason: error.to_string() })
    }
}

/// Both, or neither.
fn client<'a>(
    id: &str,
    client_id: &'a Option<String>,
    client_secret: &'a Option<SecretString>,
) -> Result<Option<(&'a str, &'a SecretString)>, ConfigError> {
    match (client_id, client_secret) {
        (Some(client_id), Some(client_secret)) => Ok(Some((client_id, client_secret))),
        (None, None) => Ok(None),
        _ => Err(wrong(id, "client_id and client_secret belong together")),
    }
}

fn settings(
    id: &str,
    label: &str,
    kind: ProviderKind,
    client_id: &str,
    client_secret: &SecretString,
) -> Result<ProviderSettings, ConfigError> {
    Ok(ProviderSettings {
        id: id.parse().map_err(|error: InvalidSettings| wrong(id, error))?,
        label: label.to_owned(),
        kind,
        client_id: client_id.to_owned(),
        client_secret: client_secret.clone(),
        scopes: Vec::new(),
        groups_claim: None,
        asks_again: true,
        trusts_addresses: false,
    })
}
