//! The database the configuration asks for: a given one, or a private one in the data folder.

use anyhow::Context as _;
use private_postgres::{Options, PrivatePostgres};
use secrecy::ExposeSecret as _;
use storage::Database;

use crate::config::Config;

/// The name of the database in the private server.
const NAME: &str = "eighth";

/// An open database, and the private server behind it if there is one.
pub(crate) struct Opened {
    pub(crate) database: Database,
    private: Option<PrivatePostgres>,
}

impl Opened {
    /// Closes the pool, then stops the private server.
    pub(crate) async fn close(self) {
        self.database.close().await;
        let Some(private) = self.private else { return };
        match tokio::task::spawn_blocking(move || private.stop()).await {
            Ok(Ok(())) => tracing::info!("the private PostgreSQL has stopped"),
            Ok(Err(error)) => tracing::error!(%error, "the private PostgreSQL did not stop"),
            Err(error) => tracing::error!(%error, "stopping the private PostgreSQL failed"),
        }
    }
}

/// Opens it. A given database may be away; the private one is started and waited for.
pub(crate) async fn open(config: &Config) -> anyhow::Result<Opened> {
    let connections = config.database.max_connections;
    if let Some(url) = &config.database.url {
        let database = Database::connect(url.expose_secret(), connections)
            .context("the setting `database.url` cannot be used")?;
        return Ok(Opened { database, private: None });
    }
    let options = Options::new(config.data.join("postgres"));
    let (private, url) = tokio::task::spawn_blocking(move || {
        let private = PrivatePostgres::start(&options)?;
        private.ensure_database(NAME)?;
        let url = private.url(NAME);
        Ok::<_, private_postgres::Error>((private, url))
    })
    .await?
    .context("the private PostgreSQL did not start; set DATABASE_URL to use another")?;
    tracing::info!(
        version = private.major(),
        port = private.port(),
        adopted = private.adopted(),
        "the private PostgreSQL is up"
    );
    if let Some(dir) = private.moved_to() {
        tracing::warn!(dir = %dir.display(), "the data folder is out of PostgreSQL's reach; its data is here");
    }
    let database = Database::connect(&url, connections)?;
    Ok(Opened { database, private: Some(private) })
}
