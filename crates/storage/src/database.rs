//! The connection pool and the migrations.

use std::time::Duration;

use domain::UserId;
use sqlx::{
    Connection as _, PgPool, Postgres, Transaction,
    migrate::Migrator,
    postgres::{PgConnectOptions, PgPoolOptions},
};

use crate::Result;

/// The migrations of the folder `migrations` at the root of the repository.
pub static MIGRATOR: Migrator = sqlx::migrate!("../../migrations");

/// After so long without use a connection is asked whether it still lives.
const ASK_AFTER: Duration = Duration::from_millis(500);

/// The database, as every service sees it.
#[derive(Clone, Debug)]
pub struct Database {
    pool: PgPool,
}

impl Database {
    /// Opens a pool of at most `max_connections` connections. The first connection is made when it
    /// is needed, so that a server starts, and says that it is not ready, while its database is away.
    pub fn connect(url: &str, max_connections: u32) -> Result<Self> {
        let options = connect_options(url)?;
        let pool = PgPoolOptions::new()
            .max_connections(max_connections)
            .acquire_timeout(Duration::from_secs(3))
            // A connection that was in use a moment ago need not be asked whether it lives.
            .test_before_acquire(false)
            .before_acquire(|connection, state| {
                Box::pin(async move {
                    if state.idle_for > ASK_AFTER {
                        connection.ping().await?;
                    }
                    Ok(true)
                })
            })
            .connect_lazy_with(options);
        Ok(Self { pool })
    }

    /// Makes new connections at another address from now on.
    pub fn move_to(&self, url: &str) -> Result<()> {
        self.pool.set_connect_options(connect_options(url)?);
        Ok(())
    }

    pub fn from_pool(pool: PgPool) -> Self {
        Self { pool }
    }

    pub fn pool(&self) -> &PgPool {
        &self.pool
    }

    pub async fn begin(&self) -> Result<Transaction<'static, Postgres>> {
        Ok(self.pool.begin().await?)
    }

    /// Opens a transaction on behalf of a person.
    pub async fn begin_as(&self, _person: UserId) -> Result<Transaction<'static, Postgres>> {
        self.begin().await
    }

    /// Opens a transaction on behalf of the house itself: for finding out who somebody is, and for
    /// the work behind the scenes.
    pub async fn begin_as_house(&self) -> Result<Transaction<'static, Postgres>> {
        self.begin().await
    }

    /// For single queries on behalf of the house itself.
    pub fn house(&self) -> &PgPool {
        &self.pool
    }

    /// Applies the migrations that are not applied yet; two servers at once do it one by one.
    pub async fn migrate(&self) -> Result<()> {
        Ok(MIGRATOR.run(&self.pool).await?)
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<()> {
        sqlx::query!("select 1 as one").fetch_one(&self.pool).await?;
        Ok(())
    }

    pub async fn close(&self) {
        self.pool.close().await;
    }
}

fn connect_options(url: &str) -> Result<PgConnectOptions> {
    let options: PgConnectOptions = url.parse()?;
    Ok(options
        .application_name("eighth")
        .options([("statement_timeout", "15s"), ("idle_in_transaction_session_timeout", "30s")]))
}
