//! Writing the configuration without its secrets.

use secrecy::SecretString;
use serde::Serializer;
use serde_json::Value;

use super::Config;

/// Stands for a secret that is set.
const REDACTED: &str = "(secret)";

pub(super) fn redacted<S: Serializer>(secret: &Option<SecretString>, to: S) -> Result<S::Ok, S::Error> {
    match secret {
        Some(_) => to.serialize_some(REDACTED),
        None => to.serialize_none(),
    }
}

/// Every key with its value as TOML writes it, secrets hidden; a key without a value is commented
/// out.
pub fn lines(config: &Config) -> Vec<(String, String)> {
    let mut lines = Vec::new();
    let value = serde_json::to_value(config).unwrap_or_default();
    flatten("", &value, &mut lines);
    lines
}

fn flatten(prefix: &str, value: &Value, into: &mut Vec<(String, String)>) {
    let Value::Object(entries) = value else {
        into.push((prefix.to_owned(), value.to_string()));
        return;
    };
    for (key, value) in entries {
        let key = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
        flatten(&key, value, into);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::{super::Oidc, *};

    #[test]
    fn secrets_are_neither_shown_nor_debugged() {
        let mut config = Config::default();
        config.database.url = Some("postgres://u:hunter2@h/d".into());
        config.embedding.http.key = Some("hunter2".into());
        config.mail.url = Some("smtps://u:hunter2@h".into());
        config.metrics.token = Some("hunter2".into());
        config.keys.values = Some("hunter2".into());
        config.providers.github.client_secret = Some("hunter2".into());
        config.providers.google.client_secret = Some("hunter2".into());
        let acme = Oidc { client_secret: Some("hunter2".into()), ..Oidc::default() };
        config.providers.oidc.insert("acme".into(), acme);
        let shown = format!("{:?}", lines(&config));
        assert!(!shown.contains("hunter2"), "{shown}");
        assert!(!format!("{config:?}").contains("hunter2"));
        assert!(lines(&config).contains(&("database.url".into(), format!("{REDACTED:?}"))));
    }

    #[test]
    fn the_reference_page_has_every_key_and_no_other() {
        let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/configuration.md"))
            .unwrap();
        let documented: Vec<&str> = page
            .lines()
            .filter_map(|line| line.strip_prefix("| `")?.split_once('`'))
            .map(|(key, _)| key)
            // The table of commands has spaces in its first column.
            .filter(|key| !key.contains(' '))
            .collect();
        let keys: Vec<String> = lines(&Config::default()).into_iter().map(|(key, _)| key).collect();
        for key in &keys {
            assert!(documented.contains(&key.as_str()), "docs/configuration.md does not tell of `{key}`");
        }
        for key in documented {
            assert!(keys.iter().any(|known| known == key), "`{key}` is documented but not a setting");
        }
    }
}
