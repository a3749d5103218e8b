//! `eighth serve`: from the configuration to a running site, and back.

use std::time::Duration;

use anyhow::Context as _;
use services::{ServiceError, Services};
use storage::Guard;
use tokio::{
    net::TcpListener,
    signal::unix::{Signal, SignalKind, signal},
};

use super::{demo, open_services, origin, progress::follow_reading};
use crate::{
    config::{Config, Demo},
    database,
    running::Running,
};

/// The pause before another attempt while the database is away.
const PAUSE: Duration = Duration::from_secs(2);

/// Serves until it is told to stop.
pub(crate) async fn run(config: Config) -> anyhow::Result<()> {
    let mut stop = Stop::listen()?;
    // First of all: a port that is taken should not cost the time of all that follows.
    let (host, port) = (config.server.host, config.server.port);
    let listener = TcpListener::bind((host, port))
        .await
        .with_context(|| format!("cannot listen on {host}:{port}; choose another port with --port"))?;
    let opened = database::open(&config).await?;
    let served = serve(&config, &opened, listener, &mut stop).await;
    opened.close().await;
    served
}

async fn serve(
    config: &Config,
    opened: &database::Opened,
    listener: TcpListener,
    stop: &mut Stop,
) -> anyhow::Result<()> {
    let origin = origin(config, listener.local_addr()?);
    let services = tokio::select! {
        services = open_services(config, opened, &origin) => services?,
        () = stop.asked() => return Ok(()),
    };
    let prepared = tokio::select! {
        prepared = prepare(&services, config.demo) => prepared?,
        () = stop.asked() => return Ok(()),
    };
    let running = Running::start(config.clone(), services.clone(), listener)?;
    announce(&origin, config, prepared);
    if config.mail.url.is_none() && origin.starts_with("https://") {
        let folder = config.mail_folder();
        let who = if config.demo == Demo::None { "reach nobody" } else { "everybody reads them at /mailbox" };
        tracing::warn!(
            folder = %folder.display(),
            "no mail server is set (mail.url): letters go to a folder and {who}, though this site is public"
        );
    }
    let shown = tokio::spawn(follow_reading(services.clone()));
    let stopped = async {
        if prepared == Prepared::DatabaseAway {
            tokio::select! {
                prepared = prepare_patiently(&services, config.demo) => prepared?,
                () = stop.asked() => return Ok(()),
            }
        }
        running.begin_work();
        stop.asked().await;
        Ok(())
    }
    .await;
    shown.abort();
    tracing::info!("stopping; a second signal ends it at once");
    tokio::select! {
        () = running.stop() => {}
        () = stop.asked() => tracing::warn!("ending at once"),
    }
    stopped
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Prepared {
    Yes,
    DatabaseAway,
}

/// Migrates the database and seeds the demo. A database that is away is no reason not to start.
async fn prepare(services: &Services, size: Demo) -> anyhow::Result<Prepared> {
    let guarded = async {
        services.database().migrate().await?;
        services.database().guard().await
    };
    match guarded.await {
        Ok(Guard::Firm) => {}
        Ok(Guard::OneLogin) => tracing::warn!(
            "visitors' login to the database could also act for the house or as the owner of the tables; \
             give each a login of its own (docs/configuration.md)"
        ),
        Err(error) if error.is_unavailable() => {
            tracing::warn!(%error, "the database is away; the site starts and waits for it");
            return Ok(Prepared::DatabaseAway);
        }
        Err(error) => return Err(error).context("the database could not be migrated"),
    }
    match services.vault().check().await {
        Ok(()) => {}
        Err(ServiceError::Unavailable(error)) => {
            tracing::warn!(%error, "the database went away while its keys were read");
            return Ok(Prepared::DatabaseAway);
        }
        Err(error) => return Err(error).context("the keys of the database cannot be used"),
    }
    let Some(size) = size.size() else { return Ok(Prepared::Yes) };
    match demo::seed(services, size).await {
        Ok(()) => Ok(Prepared::Yes),
        Err(ServiceError::Unavailable(error)) => {
            tracing::warn!(%error, "the database went away while the demo was seeded");
            Ok(Prepared::DatabaseAway)
        }
        Err(error) => Err(error).context("the demo could not be seeded"),
    }
}

async fn prepare_patiently(services: &Services, size: Demo) -> anyhow::Result<()> {
    while prepare(services, size).await? == Prepared::DatabaseAway {
        tokio::time::sleep(PAUSE).await;
    }
    tracing::info!("the database is there");
    Ok(())
}

/// Tells where the site is, on standard output.
fn announce(address: &str, config: &Config, prepared: Prepared) {
    let mut greeting = format!("\n  8thDegree is at {address}\n\n");
    if config.demo != Demo::None && prepared == Prepared::Yes {
        greeting.push_str(&format!("{}\n\n", demo::sign_ins()));
    }
    greeting.push_str("  Ctrl-C stops it.\n\n");
    // Whoever started this may have stopped reading, which is no reason to stop serving.
    let _ = std::io::Write::write_all(&mut std::io::stdout(), greeting.as_bytes());
}

/// The signals that ask to stop.
struct Stop {
    interrupt: Signal,
    terminate: Signal,
}

impl Stop {
    fn listen() -> std::io::Result<Self> {
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    async fn asked(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
