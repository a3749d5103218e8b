//! The database the configuration asks for: a given one, or a private one in the data folder.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use anyhow::Context as _;
use private_postgres::{Address, Options, PrivatePostgres};
use secrecy::{ExposeSecret as _, SecretString};
use storage::{
    Database, Logins,
    database::{HOUSE, PEOPLE},
};
use tokio::task::JoinHandle;

use crate::config::Config;

/// The name of the database in the private server.
const NAME: &str = "eighth";
/// What a command beside a running server takes of the connections.
const CONNECTIONS_BESIDE: u32 = 4;

/// How often a private server is looked after.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// An open database, and the private server behind it if this process started one.
pub(crate) struct Opened {
    pub(crate) database: Database,
    private: Option<Keeper>,
}

impl Opened {
    /// Closes the pool, then stops the private server.
    pub(crate) async fn close(self) {
        self.database.close().await;
        let Some(keeper) = self.private else { return };
        match keeper.stop().await {
            Ok(Ok(())) => tracing::info!("the private PostgreSQL has stopped"),
            Ok(Err(error)) => tracing::error!(%error, "the private PostgreSQL did not stop"),
            Err(error) => tracing::error!(%error, "stopping the private PostgreSQL failed"),
        }
    }
}

/// Keeps a private server running: one that dies is started again.
struct Keeper {
    /// None once it is to be stopped.
    private: Arc<Mutex<Option<PrivatePostgres>>>,
    looking: JoinHandle<()>,
}

impl Keeper {
    fn new(private: PrivatePostgres, database: Database) -> Self {
        let private = Arc::new(Mutex::new(Some(private)));
        let looking = tokio::spawn(look_after(private.clone(), database));
        Self { private, looking }
    }

    async fn stop(self) -> Result<Result<(), private_postgres::Error>, tokio::task::JoinError> {
        self.looking.abort();
        let private = self.private;
        tokio::task::spawn_blocking(move || {
            // A look that is still under way is waited for.
            let private = private.lock().unwrap_or_else(PoisonError::into_inner).take();
            private.map_or(Ok(()), PrivatePostgres::stop)
        })
        .await
    }
}

async fn look_after(private: Arc<Mutex<Option<PrivatePostgres>>>, database: Database) {
    let mut tick = tokio::time::interval(LOOK_EVERY);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        let held = private.clone();
        let looked = tokio::task::spawn_blocking(move || {
            let mut private = held.lock().unwrap_or_else(PoisonError::into_inner);
            let Some(private) = private.as_mut() else { return Ok(None) };
            let revived = private.revive()?;
            Ok::<_, private_postgres::Error>(revived.then(|| private.address()))
        });
        match looked.await {
            Ok(Ok(None)) => {}
            Ok(Ok(Some(address))) => {
                tracing::warn!("the private PostgreSQL had died and was started again");
                match logins(&address) {
                    Ok(logins) => {
                        if let Err(error) = database.move_to(&logins) {
                            tracing::error!(%error, "its new address cannot be used");
                        }
                    }
                    Err(error) => tracing::error!(%error, "the passwords of its logins cannot be read"),
                }
            }
            Ok(Err(error)) => tracing::error!(%error, "the private PostgreSQL has died and does not start"),
            Err(error) => tracing::error!(%error, "looking after the private PostgreSQL failed"),
        }
    }
}

/// Opens it for a server. A given database may be away; the private one is started and waited for.
pub(crate) async fn open(config: &Config) -> anyhow::Result<Opened> {
    if let Some(opened) = open_given(config)? {
        return Ok(opened);
    }
    let options = private_options(config);
    let (private, logins) = tokio::task::spawn_blocking(move || {
        let private = PrivatePostgres::start(&options)?;
        private.ensure_database(NAME)?;
        private.ensure_logins(&[PEOPLE, HOUSE])?;
        let logins = logins(&private.address())?;
        Ok::<_, private_postgres::Error>((private, logins))
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
    let database = Database::connect(&logins, config.database.max_connections)?;
    let private = Some(Keeper::new(private, database.clone()));
    Ok(Opened { database, private })
}

/// Opens it for a short command: beside a server that runs on the same data, if there is one.
pub(crate) async fn open_beside(config: &Config) -> anyhow::Result<Opened> {
    if config.database.url.is_none() {
        let options = private_options(config);
        let running = tokio::task::spawn_blocking(move || {
            PrivatePostgres::address_of_running(&options)?.map(|address| logins(&address)).transpose()
        });
        if let Some(logins) = running.await?? {
            let database = Database::connect(&logins, CONNECTIONS_BESIDE)?;
            return Ok(Opened { database, private: None });
        }
    }
    open(config).await
}

fn open_given(config: &Config) -> anyhow::Result<Option<Opened>> {
    let given = &config.database;
    let Some(url) = &given.url else { return Ok(None) };
    let or_the_same = |other: &Option<SecretString>| other.as_ref().unwrap_or(url).expose_secret().to_owned();
    let logins = Logins {
        people: url.expose_secret().to_owned(),
        house: or_the_same(&given.house_url),
        owner: or_the_same(&given.owner_url),
    };
    let database = Database::connect(&logins, given.max_connections).context(
        "one of the settings `database.url`, `database.house_url` and `database.owner_url` cannot be used",
    )?;
    Ok(Some(Opened { database, private: None }))
}

/// In the private server, visitors and the house have logins of their own.
fn logins(address: &Address) -> Result<Logins, private_postgres::Error> {
    Ok(Logins {
        people: address.url_as(PEOPLE, NAME)?,
        house: address.url_as(HOUSE, NAME)?,
        owner: address.url(NAME),
    })
}

fn private_options(config: &Config) -> Options {
    Options::new(config.data.join("postgres"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn a_private_database_that_dies_comes_back_and_others_work_beside_it() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        let config = Config { data: dir.path().to_owned(), ..Config::default() };
        let opened = open(&config).await.unwrap();
        opened.database.ping().await.unwrap();
        opened.database.migrate().await.unwrap();
        assert_eq!(opened.database.guard().await.unwrap(), storage::Guard::Firm);
        let beside = open_beside(&config).await.unwrap();
        assert!(beside.private.is_none());
        beside.database.ping().await.unwrap();
        beside.close().await;

        let file = dir.path().join("postgres/data/postmaster.pid");
        let process = || {
            let text = std::fs::read_to_string(&file).unwrap_or_default();
            text.lines().next().unwrap_or_default().to_owned()
        };
        let pid = process();
        let killed = std::process::Command::new("kill").args(["-9", &pid]).status().unwrap();
        assert!(killed.success());
        let back = tokio::time::timeout(Duration::from_secs(60), async {
            // The children of the dead one answer for another moment.
            while ["", &pid].contains(&process().as_str()) || opened.database.ping().await.is_err() {
                tokio::task::yield_now().await;
            }
        });
        back.await.unwrap();
        opened.close().await;
        assert!(!file.exists());
    }
}
