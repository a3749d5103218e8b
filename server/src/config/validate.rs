//! What no type can express: ranges, and settings that depend on one another.

use domain::{account::Email, role::Role};
use mail::{SettingsError, Smtp};
use secrecy::{ExposeSecret as _, SecretString};
use services::Places;
use tracing_subscriber::EnvFilter;

use super::{Config, ConfigError, Demo, EmbedderChoice};

impl Config {
    pub(super) fn validate(&self) -> Result<(), ConfigError> {
        let checks: [(&'static str, bool, &str); 27] = [
            (
                "server.request_timeout_seconds",
                self.server.request_timeout_seconds > 0,
                "it must be at least 1",
            ),
            (
                "server.body_limit_kib",
                (64..=65_536).contains(&self.server.body_limit_kib),
                "it must be from 64 to 65536",
            ),
            (
                "server.max_connections",
                (16..=1_000_000).contains(&self.server.max_connections),
                "it must be from 16 to 1000000",
            ),
            (
                "server.max_connections_per_network",
                (16..=1_000_000).contains(&self.server.max_connections_per_network),
                "it must be from 16 to 1000000",
            ),
            (
                "server.write_timeout_seconds",
                (1..=3_600).contains(&self.server.write_timeout_seconds),
                "it must be from 1 to 3600",
            ),
            (
                "server.public_url",
                self.server.public_url.as_deref().is_none_or(is_origin),
                "it must be an origin such as https://example.com, without a path",
            ),
            ("database.url", is_login(&self.database.url), "it must start with postgres://"),
            ("database.house_url", is_login(&self.database.house_url), "it must start with postgres://"),
            ("database.owner_url", is_login(&self.database.owner_url), "it must start with postgres://"),
            (
                "database.url",
                self.database.url.is_some()
                    || self.database.house_url.is_none() && self.database.owner_url.is_none(),
                "it must be set where another login to the database is",
            ),
            (
                "database.max_connections",
                (8..=1_000).contains(&self.database.max_connections),
                "it must be from 8 to 1000",
            ),
            (
                "keys.values",
                self.keys.file.is_none() || self.keys.values.is_none(),
                "it cannot be set beside keys.file",
            ),
            (
                "mail.from",
                self.mail.url.is_none() || self.mail.from.is_some(),
                "it must be set where mail.url is: the address that your provider lets you use",
            ),
            (
                "mail.support",
                self.mail.support.as_deref().is_none_or(|support| Email::parse(support).is_ok()),
                "it must be an e-mail address",
            ),
            (
                "embedding.http.base_url",
                self.embedding.embedder != EmbedderChoice::Http
                    || self.embedding.http.base_url.starts_with("http"),
                "it must be the address of an http or https service",
            ),
            (
                "embedding.http.dimension",
                (1..=4_096).contains(&self.embedding.http.dimension),
                "it must be from 1 to 4096",
            ),
            ("embedding.http.batch_size", self.embedding.http.batch_size > 0, "it must be at least 1"),
            (
                "embedding.http.similarity_high",
                self.embedding.http.similarity_low < self.embedding.http.similarity_high,
                "it must be above embedding.http.similarity_low",
            ),
            (
                "passwords.breached_url",
                self.passwords.breached_url.as_deref().is_none_or(|url| {
                    url.parse::<http::Uri>().is_ok_and(|uri| {
                        matches!(uri.scheme_str(), Some("http" | "https")) && uri.query().is_none()
                    })
                }),
                "it must be an address such as https://api.pwnedpasswords.com/range",
            ),
            ("matching.threshold", (0.0..=1.0).contains(&self.matching.threshold), "it must be from 0 to 1"),
            ("matching.top_n", (1..=1_000).contains(&self.matching.top_n), "it must be from 1 to 1000"),
            (
                "identity.second_factor_for",
                self.identity.second_factor_for().is_some_and(|roles| {
                    [Role::Admin, Role::Superadmin].iter().all(|role| roles.contains(role))
                }),
                "it must be roles with commas between them, admin and superadmin among them",
            ),
            (
                "organisations.local_issuers",
                !self.organisations.local_issuers || self.serves_this_machine_alone(),
                "it can be set only where the site is open to this machine alone",
            ),
            ("live.ping_seconds", (1..=3_600).contains(&self.live.ping_seconds), "it must be from 1 to 3600"),
            (
                "live.idle_seconds",
                self.live.idle_seconds > self.live.ping_seconds,
                "it must be longer than live.ping_seconds, or living sockets are closed",
            ),
            (
                "limits",
                [
                    self.limits.reads_per_minute,
                    self.limits.writes_per_minute,
                    self.limits.credentials_per_minute,
                    self.limits.mail_per_hour,
                    self.limits.tokens_per_minute,
                ]
                .into_iter()
                .all(|most| (1..=1_000_000).contains(&most)),
                "each limit must be from 1 to 1000000; `limits.enabled = false` switches all of them off",
            ),
            ("live.write_timeout_ms", self.live.write_timeout_ms > 0, "it must be at least 1"),
        ];
        if let Some((key, _, reason)) = checks.into_iter().find(|(_, fine, _)| !fine) {
            return Err(ConfigError::Invalid { key, reason: reason.to_owned() });
        }
        self.mail_server()?;
        self.providers.known()?;
        self.places()?;
        if self.demo != Demo::None {
            self.may_have_demo()?;
        }
        EnvFilter::try_new(&self.log.filter)
            .map(drop)
            .map_err(|error| ConfigError::Invalid { key: "log.filter", reason: error.to_string() })
    }

    /// Refuses the demo where everybody could sign in with its published passwords.
    pub(crate) fn may_have_demo(&self) -> Result<(), ConfigError> {
        let public = self.server.public_url.as_deref().is_some_and(|url| url.starts_with("https://"));
        if !public || self.demo_in_public {
            return Ok(());
        }
        let reason = "the demo's accounts have published passwords, and server.public_url is open to all; \
                      leave the demo out, or set demo_in_public if that is what you want";
        Err(ConfigError::Invalid { key: "demo", reason: reason.to_owned() })
    }
}

impl Config {
    /// Whether nobody else reaches the site, by a proxy neither.
    fn serves_this_machine_alone(&self) -> bool {
        let public = self.server.public_url.as_deref().and_then(|url| url.parse::<http::Uri>().ok());
        let elsewhere = public.is_some_and(|url| !matches!(url.host(), Some("localhost" | "127.0.0.1")));
        self.server.host.is_loopback() && self.server.proxies == 0 && !elsewhere
    }

    /// The mail server that the configuration asks for, if it asks for one.
    pub(crate) fn places(&self) -> Result<Places, ConfigError> {
        let Some(path) = &self.places.database else { return Ok(Places::default()) };
        Places::open(path).map_err(|error| ConfigError::Invalid {
            key: "places.database",
            reason: format!("{} cannot be read as a database of places: {error}", path.display()),
        })
    }

    pub(crate) fn mail_server(&self) -> Result<Option<Smtp>, ConfigError> {
        let (Some(url), Some(from)) = (&self.mail.url, &self.mail.from) else { return Ok(None) };
        let wrong =
            |key, reason: &dyn std::fmt::Display| ConfigError::Invalid { key, reason: reason.to_string() };
        let mut settings = mail::smtp::Settings::new(url.clone(), from.clone());
        if let Some(path) = &self.mail.root_certificate {
            let pem = std::fs::read(path).map_err(|error| wrong("mail.root_certificate", &error))?;
            settings.root_certificate = Some(pem);
        }
        Smtp::new(settings).map(Some).map_err(|error| match &error {
            SettingsError::From => wrong("mail.from", &error),
            SettingsError::Certificate(_) => wrong("mail.root_certificate", &error),
            SettingsError::Url(_) | SettingsError::Folder(_) => wrong("mail.url", &error),
        })
    }
}

fn is_origin(url: &str) -> bool {
    url.parse::<http::Uri>().is_ok_and(|uri| {
        matches!(uri.scheme_str(), Some("http" | "https"))
            && uri.authority().is_some()
            && uri.path() == "/"
            && uri.query().is_none()
            && !url.ends_with('/')
    })
}

fn is_login(url: &Option<SecretString>) -> bool {
    url.as_ref().is_none_or(|url| {
        let url = url.expose_secret();
        url.starts_with("postgres://") || url.starts_with("postgresql://")
    })
}
