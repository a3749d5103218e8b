//! The configuration: one typed value from a file, the environment and the command line.
//!
//! Each source overrides the one before: built-in defaults, the TOML file, `EIGHTH_…` variables,
//! `DATABASE_URL` and `PORT`, flags. `docs/configuration.md` is the reference of every key.

mod load;
mod people;
mod providers;
mod show;
mod validate;

use std::{net::IpAddr, path::PathBuf};

use secrecy::SecretString;
use serde::{Deserialize, Serialize};

pub use load::{Flags, load};
pub use people::{Identity, Limits, Organisations, Passwords, Places};
pub use providers::{Github, Google, Oidc, Providers};
pub use show::lines;

/// Why the configuration cannot be used; each message names the key.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("the configuration cannot be read: {0}")]
    Read(#[from] config::ConfigError),
    #[error("the setting `{key}` is wrong: {reason}")]
    Invalid { key: &'static str, reason: String },
}

/// Everything an operator can set.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The folder of everything the server keeps: the private database and the embedding model.
    pub data: PathBuf,
    /// Which demo marketplace to seed into an empty database.
    pub demo: Demo,
    /// Lets the demo, whose passwords are published, be reached by everybody.
    pub demo_in_public: bool,
    pub server: Server,
    pub database: Database,
    pub keys: Keys,
    pub mail: Mail,
    pub embedding: Embedding,
    pub matching: Matching,
    pub live: Live,
    pub identity: Identity,
    pub providers: Providers,
    pub organisations: Organisations,
    pub passwords: Passwords,
    pub places: Places,
    pub limits: Limits,
    pub log: Log,
    pub metrics: Metrics,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            data: ".data".into(),
            demo: Demo::None,
            demo_in_public: false,
            server: Server::default(),
            database: Database::default(),
            keys: Keys::default(),
            mail: Mail::default(),
            embedding: Embedding::default(),
            matching: Matching::default(),
            live: Live::default(),
            identity: Identity::default(),
            providers: Providers::default(),
            organisations: Organisations::default(),
            passwords: Passwords::default(),
            places: Places::default(),
            limits: Limits::default(),
            log: Log::default(),
            metrics: Metrics::default(),
        }
    }
}

/// How much of a demo marketplace to seed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Demo {
    #[default]
    None,
    /// 2,000 freelancers and 400 jobs.
    Small,
    /// 20,000 freelancers and 2,000 jobs.
    Large,
}

/// The listener, and what every request may use.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Server {
    pub host: IpAddr,
    /// 0 takes any free port.
    pub port: u16,
    /// The folder of the built site: WebAssembly, style sheet, static files, `hash.txt`.
    pub site: PathBuf,
    /// The origin that browsers see, where it is not what the `Host` header says.
    pub public_url: Option<String>,
    /// How many proxies of ours stand before the server, each of which adds to `X-Forwarded-For`.
    pub proxies: u8,
    pub request_timeout_seconds: u64,
    pub body_limit_kib: u32,
    /// How many connections are answered at a time, sockets included; more wait.
    pub max_connections: u32,
    /// How many of them one network may have, where no proxies stand before the server.
    pub max_connections_per_network: u32,
    /// How long a connection may take nothing of an answer.
    pub write_timeout_seconds: u64,
    /// How long requests may take to end when the server stops.
    pub shutdown_seconds: u64,
    /// Serves the pages that exist only to be measured, under `/benchmark/`.
    pub benchmark_pages: bool,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            host: IpAddr::from([127, 0, 0, 1]),
            port: 3000,
            site: "target/site".into(),
            public_url: None,
            proxies: 0,
            request_timeout_seconds: 30,
            body_limit_kib: 1024,
            max_connections: 25_000,
            max_connections_per_network: 1_000,
            write_timeout_seconds: 20,
            shutdown_seconds: 10,
            benchmark_pages: false,
        }
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Database {
    /// `postgres://…`; without one the server runs a private PostgreSQL in `data/postgres`.
    #[serde(serialize_with = "show::redacted")]
    pub url: Option<SecretString>,
    /// The login of the work behind the scenes; `url` where there is none.
    #[serde(serialize_with = "show::redacted")]
    pub house_url: Option<SecretString>,
    /// The login that migrates; `url` where there is none.
    #[serde(serialize_with = "show::redacted")]
    pub owner_url: Option<SecretString>,
    pub max_connections: u32,
}

impl Default for Database {
    fn default() -> Self {
        Self { url: None, house_url: None, owner_url: None, max_connections: 20 }
    }
}

/// The operator's keys, which wrap the keys that secrets in the database are sealed with.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Keys {
    /// A file of lines `name:key`, newest first, that its owner alone can read.
    pub file: Option<PathBuf>,
    /// The same entries themselves, with spaces between them.
    #[serde(serialize_with = "show::redacted")]
    pub values: Option<SecretString>,
}

/// How letters leave the house.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Mail {
    /// The mail server, `smtps://user:password@host`; without one letters go to the folder.
    #[serde(serialize_with = "show::redacted")]
    pub url: Option<SecretString>,
    /// Whom letters come from: `8thDegree <mail@example.com>`.
    pub from: Option<String>,
    /// The address of people who help; letters name it.
    pub support: Option<String>,
    /// Where letters go without a server; by default `data/mail`.
    pub folder: Option<PathBuf>,
    /// A certificate in PEM that is trusted besides those of the public authorities.
    pub root_certificate: Option<PathBuf>,
}

/// Which embedder to use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EmbedderChoice {
    /// MiniLM where its files are there, else lexical with a notice.
    #[default]
    Auto,
    MiniLm,
    Http,
    Lexical,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Embedding {
    pub embedder: EmbedderChoice,
    /// The folder of MiniLM's files; by default `data/models/all-MiniLM-L6-v2`.
    pub model_dir: Option<PathBuf>,
    pub http: EmbeddingHttp,
}

/// A service that speaks OpenAI's `POST /v1/embeddings`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EmbeddingHttp {
    pub base_url: String,
    #[serde(serialize_with = "show::redacted")]
    pub key: Option<SecretString>,
    pub model: String,
    pub dimension: u32,
    pub request_dimension: bool,
    pub batch_size: u32,
    pub timeout_seconds: u64,
    /// The cosine of texts that have nothing in common, which becomes a fit of 0.
    pub similarity_low: f64,
    /// The cosine of texts that could hardly be closer, which becomes a fit of 1.
    pub similarity_high: f64,
}

impl Default for EmbeddingHttp {
    fn default() -> Self {
        let http = embedding::http::HttpSettings::default();
        Self {
            base_url: http.base_url,
            key: None,
            model: http.model,
            dimension: http.dimension as u32,
            request_dimension: http.request_dimension,
            batch_size: http.batch_size as u32,
            timeout_seconds: http.timeout.as_secs(),
            similarity_low: 0.15,
            similarity_high: 0.65,
        }
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Matching {
    /// The least score that counts as a match, from 0 to 1.
    pub threshold: f64,
    /// How many of the best freelancers are kept for a job.
    pub top_n: u32,
}

impl Default for Matching {
    fn default() -> Self {
        Self { threshold: 0.7, top_n: 50 }
    }
}

/// The live channel `/ws/feed`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Live {
    pub max_sockets: u32,
    pub max_sockets_per_user: u32,
    pub ping_seconds: u64,
    /// A socket from which nothing was heard for so long is closed.
    pub idle_seconds: u64,
    /// How long one message may take to be written before the socket counts as slow.
    pub write_timeout_ms: u64,
}

impl Default for Live {
    fn default() -> Self {
        Self {
            max_sockets: 20_000,
            max_sockets_per_user: 8,
            ping_seconds: 30,
            idle_seconds: 75,
            write_timeout_ms: 5_000,
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people on a terminal, JSON elsewhere.
    #[default]
    Auto,
    Human,
    Json,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Log {
    pub format: LogFormat,
    /// As of `tracing_subscriber::EnvFilter`.
    pub filter: String,
}

impl Default for Log {
    fn default() -> Self {
        Self { format: LogFormat::Auto, filter: "info,sqlx=warn,hyper=warn".into() }
    }
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Metrics {
    /// Callers from other machines read `/metrics` with this bearer token; without one they cannot.
    #[serde(serialize_with = "show::redacted")]
    pub token: Option<SecretString>,
}

impl Config {
    /// The folder of letters that go to no server.
    pub fn mail_folder(&self) -> PathBuf {
        self.mail.folder.clone().unwrap_or_else(|| self.data.join("mail"))
    }

    /// The folder of MiniLM's files.
    pub fn model_dir(&self) -> PathBuf {
        self.embedding.model_dir.clone().unwrap_or_else(|| self.data.join("models/all-MiniLM-L6-v2"))
    }
}
