//! What each role of the binary does.

pub(crate) mod audit;
pub(crate) mod demo;
pub(crate) mod import;
pub(crate) mod jobs;
pub(crate) mod keys;
pub(crate) mod progress;
pub(crate) mod serve;

use std::{io::Write as _, net::SocketAddr, sync::Arc, time::Duration};

use anyhow::Context as _;
use domain::role::Role;
use embedding::{Choice, http::HttpSettings};
use identity::domain_proof::Dns;
use mail::{Folder, Mailer, SiteNames};
use services::{Services, Settings, accounts::external::External};

use crate::{
    config::{self, Config, Demo, EmbedderChoice},
    database::{self, Opened},
};

/// Brings the schema up to date.
pub(crate) async fn migrate(config: &Config) -> anyhow::Result<()> {
    let opened = database::open_beside(config).await?;
    let migrated = opened.database.migrate().await;
    opened.close().await;
    migrated.context("the database could not be migrated")?;
    tracing::info!("the database is up to date");
    Ok(())
}

/// Prints every setting, as the configuration file would have it.
pub(crate) fn print_config(config: &Config) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    for (key, value) in config::lines(config) {
        if value == "null" {
            writeln!(out, "# {key} is not set")?;
        } else {
            writeln!(out, "{key} = {value}")?;
        }
    }
    Ok(())
}

/// Whom letters in the folder come from, where nothing else is said.
const FROM: &str = "8thDegree <mail@8thdegree.example>";
/// How many letters the folder keeps.
const MAILS_KEPT: usize = 500;

/// How many parked events are listed at most.
const LISTED: i64 = 200;

/// Lists the parked events.
pub(crate) async fn outbox_list(config: &Config) -> anyhow::Result<()> {
    with_services(config, async |services| {
        let parked = storage::outbox::parked(services.database().house(), LISTED).await?;
        if parked.is_empty() {
            println!("No event is parked.");
        }
        for event in parked {
            let error = event.last_error.unwrap_or_default();
            println!(
                "{}  {}  {} attempts  {error}\n    {}",
                event.id, event.created_at, event.attempts, event.event
            );
        }
        Ok(())
    })
    .await
}

/// Puts parked events back in the queue.
pub(crate) async fn outbox_retry(config: &Config, id: Option<i64>) -> anyhow::Result<()> {
    with_services(config, async |services| {
        let count = storage::outbox::unpark(services.database().house(), id).await?;
        println!("{count} events are in the queue again.");
        Ok(())
    })
    .await
}

/// Makes somebody an administrator: the first one has nobody else to do it.
pub(crate) async fn appoint(config: &Config, role: Role, email: &str) -> anyhow::Result<()> {
    with_services(config, async |services| {
        services::admin::appoint(services, email, role).await.map_err(|error| match error {
            services::ServiceError::NotFound(_) => anyhow::anyhow!("nobody has an account with {email}"),
            other => other.into(),
        })?;
        println!("{email} has the role {role}, and is asked for a second factor at the next sign-in.");
        Ok(())
    })
    .await
}

/// Runs a command on a migrated database.
async fn with_services(
    config: &Config,
    act: impl AsyncFnOnce(&Services) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let opened = database::open_beside(config).await?;
    let done = async {
        opened.database.migrate().await.context("the database could not be migrated")?;
        let origin = origin(config, (config.server.host, config.server.port).into());
        act(&open_services(config, &opened, &origin).await?).await
    }
    .await;
    opened.close().await;
    done
}

/// Where browsers find the site, for links in letters: the public address, or else the one it listens at.
pub(crate) fn origin(config: &Config, listening: SocketAddr) -> String {
    let listening = match listening.ip() {
        any if any.is_unspecified() => format!("localhost:{}", listening.port()),
        _ => listening.to_string(),
    };
    config.server.public_url.clone().unwrap_or_else(|| format!("http://{listening}"))
}

/// Loads the embedder and opens the services on it; letters lead to the site at `origin`.
pub(crate) async fn open_services(
    config: &Config,
    opened: &Opened,
    origin: &str,
) -> anyhow::Result<Services> {
    let settings = embedding::Settings { choice: choice(config), model_dir: config.model_dir() };
    let (embedder, notice) = tokio::task::spawn_blocking(move || embedding::open(settings)).await??;
    tracing::info!(model = %embedder.model(), "the embedder is ready");
    let (mailer, folder): (Arc<dyn Mailer>, _) = match config.mail_server()? {
        Some(server) => (Arc::new(server), None),
        None => {
            let from = config.mail.from.as_deref().unwrap_or(FROM);
            let folder = Folder::open(config.mail_folder(), from, MAILS_KEPT)
                .context("the folder of outgoing mail cannot be used")?;
            (Arc::new(folder.clone()), Some(folder))
        }
    };
    let keys = crate::keys::ring(config)?;
    let mut settings = Settings::new(opened.database.clone(), embedder, mailer, keys);
    settings.mailbox = folder.filter(|_| config.demo != Demo::None);
    settings.site = SiteNames { support: config.mail.support.clone(), ..services::letters::site_at(origin) };
    settings.second_factor_for = config.identity.second_factor_for().unwrap_or(settings.second_factor_for);
    settings.confirm_new_browsers = config.identity.confirm_new_browsers.unwrap_or(config.demo == Demo::None);
    settings.external = External::new(config.providers.known()?);
    if config.organisations.local_issuers {
        settings.external = settings.external.with_local_issuers();
    }
    if let Some(server) = config.organisations.name_server {
        settings.dns = Arc::new(Dns::at(server));
    }
    settings.breached = config.passwords.breached_url.as_deref().map(services::accounts::breached_at);
    settings.places = config.places()?;
    settings.slow_guessing = config.limits.enabled;
    settings.notice = notice.map(|notice| notice.to_string());
    let policy = &mut settings.policy;
    policy.top_n = config.matching.top_n as usize;
    policy.threshold = domain::receipt::Score::from_ppm((config.matching.threshold * 1e6).round() as u32);
    // Scores under other settings are other scores: their receipts must not claim the same policy.
    let standard = matching::Policy::default();
    if (policy.top_n, policy.threshold) != (standard.top_n, standard.threshold) {
        policy.version =
            format!("{}+t{}n{}", policy.version, config.matching.threshold, config.matching.top_n);
    }
    Ok(Services::open(settings))
}

fn choice(config: &Config) -> Choice {
    let http = &config.embedding.http;
    match config.embedding.embedder {
        EmbedderChoice::Auto => Choice::Auto,
        EmbedderChoice::MiniLm => Choice::MiniLm,
        EmbedderChoice::Lexical => Choice::Lexical,
        EmbedderChoice::Http => Choice::Http(HttpSettings {
            base_url: http.base_url.clone(),
            key: http.key.clone(),
            model: http.model.clone(),
            dimension: http.dimension as usize,
            request_dimension: http.request_dimension,
            batch_size: http.batch_size as usize,
            timeout: Duration::from_secs(http.timeout_seconds),
            similarity_range: (http.similarity_low as f32, http.similarity_high as f32),
            ..HttpSettings::default()
        }),
    }
}
