//! Reading the sources in their order.

use std::path::PathBuf;

use config::{Environment, File, FileFormat, Map};

use super::{Config, ConfigError, Demo};

/// What the command line may set.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Flags {
    /// The configuration file (TOML).
    #[arg(long, global = true, env = "EIGHTH_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// The folder of everything the server keeps.
    #[arg(long, global = true, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// The demo marketplace to seed into an empty database.
    #[arg(long, global = true)]
    pub demo: Option<Demo>,
    /// The address to listen on.
    #[arg(long, global = true)]
    pub host: Option<String>,
    /// The port to listen on; 0 takes any free one.
    #[arg(long, global = true)]
    pub port: Option<u16>,
    /// The folder of the built site.
    #[arg(long, global = true, value_name = "DIR")]
    pub site: Option<PathBuf>,
}

/// Loads the configuration from the file the flags name, the process's environment and the flags.
///
/// # Errors
/// [`ConfigError`], with the key at fault in its message.
pub fn load(flags: &Flags) -> Result<Config, ConfigError> {
    let environment = std::env::vars_os()
        .filter_map(|(key, value)| Some((key.into_string().ok()?, value.into_string().ok()?)))
        .collect();
    load_from(flags, &environment)
}

fn load_from(flags: &Flags, environment: &Map<String, String>) -> Result<Config, ConfigError> {
    let mut builder = config::Config::builder();
    if let Some(file) = &flags.config {
        builder = builder.add_source(File::from(file.as_path()).format(FileFormat::Toml));
    }
    let ours = environment.iter().filter(|(key, _)| key.as_str() != "EIGHTH_CONFIG");
    let ours = ours.map(|(key, value)| (key.clone(), value.clone())).collect();
    let variables = Environment::with_prefix("EIGHTH")
        .prefix_separator("_")
        .separator("__")
        .ignore_empty(true)
        .source(Some(ours));
    let variable = |name: &str| environment.get(name).filter(|value| !value.is_empty()).cloned();
    let text = |path: &Option<PathBuf>| path.as_ref().map(|path| path.to_string_lossy().into_owned());
    let demo = flags.demo.map(|demo| format!("{demo:?}").to_lowercase());
    let config: Config = builder
        .add_source(variables)
        .set_override_option("database.url", variable("DATABASE_URL"))?
        .set_override_option("server.port", variable("PORT"))?
        .set_override_option("data", text(&flags.data))?
        .set_override_option("demo", demo)?
        .set_override_option("server.host", flags.host.clone())?
        .set_override_option("server.port", flags.port.or(None))?
        .set_override_option("server.site", text(&flags.site))?
        .build()?
        .try_deserialize()?;
    config.validate()?;
    Ok(config)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::io::Write as _;

    use super::*;
    use secrecy::ExposeSecret as _;

    fn environment(pairs: &[(&str, &str)]) -> Map<String, String> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    fn file(text: &str) -> (tempfile::NamedTempFile, Flags) {
        let mut file = tempfile::Builder::new().suffix(".toml").tempfile().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        let flags = Flags { config: Some(file.path().into()), ..Flags::default() };
        (file, flags)
    }

    #[test]
    fn without_any_source_the_defaults_hold() {
        let config = load_from(&Flags::default(), &Map::new()).unwrap();
        assert_eq!(config.server.port, 3000);
        assert!(config.database.url.is_none());
        let range = embedding::http::HttpSettings::default().similarity_range;
        let http = &config.embedding.http;
        assert_eq!((http.similarity_low as f32, http.similarity_high as f32), range);
    }

    #[test]
    fn each_source_overrides_the_one_before() {
        let (_file, mut flags) =
            file("data = 'from-file'\n[server]\nport = 1\n[live]\nping_seconds = 7\n[log]\nfilter = 'warn'");
        let variables = environment(&[
            ("EIGHTH_SERVER__PORT", "2"),
            ("EIGHTH_LOG__FILTER", "debug"),
            ("EIGHTH_DATABASE__URL", "postgres://a/b"),
            ("DATABASE_URL", "postgres://c/d"),
        ]);
        let config = load_from(&flags, &variables).unwrap();
        assert_eq!((config.server.port, config.live.ping_seconds), (2, 7));
        assert_eq!(config.log.filter, "debug");
        assert_eq!(config.database.url.unwrap().expose_secret(), "postgres://c/d");
        assert_eq!(config.data, PathBuf::from("from-file"));

        let mut variables = variables;
        variables.insert("PORT".into(), "3".into());
        assert_eq!(load_from(&flags, &variables).unwrap().server.port, 3);
        flags.port = Some(4);
        flags.demo = Some(Demo::Large);
        let config = load_from(&flags, &variables).unwrap();
        assert_eq!((config.server.port, config.demo), (4, Demo::Large));
    }

    #[test]
    fn an_error_names_the_key() {
        let wrong = |text: &str| {
            let (_file, flags) = file(text);
            load_from(&flags, &Map::new()).unwrap_err().to_string()
        };
        for (text, key) in [
            ("[server]\nport = 'many'", "server.port"),
            ("[server]\nprot = 1", "prot"),
            ("demo = 'huge'", "demo"),
            ("[matching]\nthreshold = 7", "matching.threshold"),
            ("[live]\nidle_seconds = 5", "live.idle_seconds"),
            ("[server]\npublic_url = 'example.com'", "server.public_url"),
            ("[log]\nfilter = '=='", "log.filter"),
            ("[mail]\nurl = 'smtps://a:hunter2@localhost'", "mail.from"),
            ("[mail]\nurl = 'imap://localhost'\nfrom = 'a@b.co'", "mail.url"),
            ("[mail]\nurl = 'smtps://localhost'\nfrom = 'nobody'", "mail.from"),
            ("[mail]\nsupport = 'somebody'", "mail.support"),
            ("[organisations]\nname_server = 'dns.example.com'", "name_server"),
            (
                "[organisations]\nlocal_issuers = true\n[server]\nhost = '0.0.0.0'",
                "organisations.local_issuers",
            ),
            (
                "[organisations]\nlocal_issuers = true\n[server]\npublic_url = 'https://example.com'",
                "organisations.local_issuers",
            ),
            (
                "[mail]\nurl = 'smtps://localhost'\nfrom = 'a@b.co'\nroot_certificate = '/nowhere'",
                "mail.root_certificate",
            ),
            ("[passwords]\nbreached_url = 'pwned'", "passwords.breached_url"),
            ("[places]\ndatabase = '/nowhere'", "places.database"),
            ("[places]\ndatabase = 'Cargo.toml'", "Cargo.toml cannot be read as a database of places"),
        ] {
            let message = wrong(text);
            assert!(message.contains(key), "{text}: {message}");
        }
        let error = load_from(&Flags::default(), &environment(&[("PORT", "none")])).unwrap_err();
        assert!(error.to_string().contains("server.port"), "{error}");
        let error = load_from(&Flags::default(), &environment(&[("EIGHTH_LIV__PING_SECONDS", "1")]));
        assert!(error.unwrap_err().to_string().contains("liv"));
    }

    #[test]
    fn a_wrong_address_of_the_mail_server_is_not_repeated() {
        let variables = environment(&[
            ("EIGHTH_MAIL__URL", "smtp://me:hunter2@mail.example.com?tls=off"),
            ("EIGHTH_MAIL__FROM", "mail@example.com"),
        ]);
        let message = load_from(&Flags::default(), &variables).unwrap_err().to_string();
        assert!(message.contains("mail.url") && !message.contains("hunter2"), "{message}");
    }

    #[test]
    fn providers_are_named_in_the_file_or_in_the_environment() {
        let (_file, flags) = file(
            "[providers.oidc.acme]\nissuer = 'https://acme.example'\nclient_id = 'a'\nclient_secret = 'b'\n\
             label = 'Acme'",
        );
        let variables = environment(&[
            ("EIGHTH_PROVIDERS__GITHUB__CLIENT_ID", "c"),
            ("EIGHTH_PROVIDERS__GITHUB__CLIENT_SECRET", "d"),
            ("EIGHTH_PROVIDERS__OIDC__OTHER__ISSUER", "https://other.example/tenant"),
            ("EIGHTH_PROVIDERS__OIDC__OTHER__CLIENT_ID", "e"),
            ("EIGHTH_PROVIDERS__OIDC__OTHER__CLIENT_SECRET", "f"),
            ("EIGHTH_PROVIDERS__OIDC__OTHER__TRUSTS_ADDRESSES", "true"),
        ]);
        let providers = load_from(&flags, &variables).unwrap().providers;
        let trusted = providers.oidc.iter().filter(|(_, oidc)| oidc.trusts_addresses);
        assert!(trusted.map(|(name, _)| name).eq(["other"]), "no other");
        let known = providers.known().unwrap();
        let shown: Vec<_> = known.iter().map(|one| (one.id().as_str(), one.label(), one.issuer())).collect();
        assert_eq!(
            shown,
            [
                ("github", "GitHub", "https://github.com"),
                ("acme", "Acme", "https://acme.example"),
                ("other", "other", "https://other.example/tenant"),
            ]
        );
    }

    #[test]
    fn a_provider_that_cannot_be_used_is_named_without_its_secret() {
        for (name, key, value) in [
            ("github", "GITHUB__CLIENT_SECRET", "hunter2"),
            ("google", "GOOGLE__CLIENT_ID", "a"),
            ("acme", "OIDC__ACME__ISSUER", "https://acme.example"),
            ("acme", "OIDC__ACME__CLIENT_SECRET", "hunter2"),
        ] {
            let variables = environment(&[(&format!("EIGHTH_PROVIDERS__{key}"), value)]);
            let message = load_from(&Flags::default(), &variables).unwrap_err().to_string();
            assert!(message.contains("providers") && message.contains(name), "{message}");
            assert!(!message.contains("hunter2"), "{message}");
        }
        let insecure = "[providers.oidc.acme]\nissuer = 'http://acme.example'\nclient_id = 'a'\n\
                        client_secret = 'hunter2'";
        let (_file, flags) = file(insecure);
        let message = load_from(&flags, &Map::new()).unwrap_err().to_string();
        assert!(message.contains("acme") && message.contains("https://"), "{message}");
    }

    #[test]
    fn a_demo_is_not_put_before_everybody_by_mistake() {
        let load = |text: &str| {
            let (_file, flags) = file(text);
            load_from(&flags, &Map::new())
        };
        let public = "[server]\npublic_url = 'https://8th.example'";
        let message = load(&format!("demo = 'small'\n{public}")).unwrap_err().to_string();
        assert!(message.contains("`demo`") && message.contains("demo_in_public"), "{message}");
        assert!(load(&format!("demo = 'small'\ndemo_in_public = true\n{public}")).is_ok());
        assert!(load("demo = 'small'\n[server]\npublic_url = 'http://localhost:3000'").is_ok());
        let without = load(public).unwrap();
        assert!(without.may_have_demo().is_err(), "nor by the command that seeds one");
    }

    #[test]
    fn a_wrong_address_of_the_database_is_not_repeated() {
        let variables = environment(&[("DATABASE_URL", "mysql://u:hunter2@h/d")]);
        let message = load_from(&Flags::default(), &variables).unwrap_err().to_string();
        assert!(message.contains("database.url") && !message.contains("hunter2"), "{message}");
    }
}
