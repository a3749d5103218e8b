//! The connections to the database, each on behalf of somebody, and the migrations.
//!
//! Nobody reads or writes as the owner of the tables: visitors' connections have the role
//! `eighth_app`, the house's `eighth_house` (see `migrations/0030_principals.sql`), and the database
//! holds both to its policies.

use std::{
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use domain::UserId;
use sqlx::{
    AssertSqlSafe, Connection as _, PgConnection, PgPool, Postgres, Transaction,
    migrate::Migrator,
    postgres::{PgConnectOptions, PgPoolOptions},
};

use crate::{Error, Result};

/// The migrations of the folder `migrations` at the root of the repository.
pub static MIGRATOR: Migrator = sqlx::migrate!("../../migrations");

/// What visitors' connections may do.
pub const PEOPLE: &str = "eighth_app";
/// What the house's connections may do.
pub const HOUSE: &str = "eighth_house";

/// After so long without use a connection is asked whether it still lives.
const ASK_AFTER: Duration = Duration::from_millis(500);

/// Where the database is, and as whom one signs in to it: an address `postgres://…` each.
#[derive(Clone, Debug)]
pub struct Logins {
    /// For visitors: a member of `eighth_app`, and best of nothing else.
    pub people: String,
    /// For the house: a member of `eighth_house`.
    pub house: String,
    /// Owns the tables, and is used to migrate alone.
    pub owner: String,
}

impl Logins {
    /// One login for everything: it puts on the roles, and could take them off.
    pub fn one(url: &str) -> Self {
        Self { people: url.to_owned(), house: url.to_owned(), owner: url.to_owned() }
    }
}

/// How well the database keeps visitors from what is not theirs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Guard {
    /// Visitors' login can be nothing else.
    Firm,
    /// Visitors' login puts the role on, and could take it off.
    OneLogin,
}

/// The database, as every service sees it.
#[derive(Clone, Debug)]
pub struct Database {
    people: PgPool,
    house: PgPool,
    owner: Arc<RwLock<PgConnectOptions>>,
}

impl Database {
    /// Opens pools of at most `max_connections` connections together, two at least. The first
    /// connection is made when it is needed, so that a server starts, and says that it is not ready,
    /// while its database is away.
    pub fn connect(logins: &Logins, max_connections: u32) -> Result<Self> {
        // The house listens for news on two connections all the time, and asks on behalf of
        // everybody who they are.
        let people = (max_connections * 2 / 5).max(1);
        let house = max_connections.saturating_sub(people).max(1);
        Ok(Self {
            people: pool(people).connect_lazy_with(connect_options(&logins.people, Some(PEOPLE))?),
            house: pool(house).connect_lazy_with(connect_options(&logins.house, Some(HOUSE))?),
            owner: Arc::new(RwLock::new(connect_options(&logins.owner, None)?)),
        })
    }

    /// Makes new connections at other addresses from now on.
    pub fn move_to(&self, logins: &Logins) -> Result<()> {
        self.people.set_connect_options(connect_options(&logins.people, Some(PEOPLE))?);
        self.house.set_connect_options(connect_options(&logins.house, Some(HOUSE))?);
        *self.owner.write().unwrap_or_else(PoisonError::into_inner) = connect_options(&logins.owner, None)?;
        Ok(())
    }

    /// The database that a pool of its owner leads to, for tests; with as many connections again for
    /// visitors and for the house.
    pub fn beside(owner: &PgPool) -> Self {
        let options = PgConnectOptions::clone(&owner.connect_options());
        let in_role = |role| {
            pool(owner.options().get_max_connections()).connect_lazy_with(in_role(options.clone(), role))
        };
        Self { people: in_role(PEOPLE), house: in_role(HOUSE), owner: Arc::new(RwLock::new(options.clone())) }
    }

    /// For what everybody may see, signed in or not.
    pub fn pool(&self) -> &PgPool {
        &self.people
    }

    /// Opens a transaction on behalf of a person, which finds what is theirs and what is everybody's.
    /// One that only read is simply dropped.
    pub async fn begin_as(&self, person: UserId) -> Result<Transaction<'static, Postgres>> {
        // In one round trip. The identifier is a number, so there is nothing to escape.
        begin(&self.people, format!("begin; set local eighth.person = '{}'", person.uuid())).await
    }

    /// The same, in which the account stays as it is until the transaction ends: what one person does at
    /// once is done one after the other, and whoever suspends or deletes the account waits.
    pub async fn begin_as_holding(&self, person: UserId) -> Result<Transaction<'static, Postgres>> {
        let mut tx = self.begin_as(person).await?;
        sqlx::query!("select from auth.users where id = $1 for no key update", person.uuid())
            .execute(&mut *tx)
            .await?;
        Ok(tx)
    }

    /// Opens a transaction on behalf of whoever looks at a page, signed in or not.
    pub async fn begin_for(&self, visitor: Option<UserId>) -> Result<Transaction<'static, Postgres>> {
        match visitor {
            Some(person) => self.begin_as(person).await,
            None => begin(&self.people, "begin".to_owned()).await,
        }
    }

    /// Opens a transaction on behalf of the house itself: for finding out who somebody is, and for
    /// the work behind the scenes.
    pub async fn begin_as_house(&self) -> Result<Transaction<'static, Postgres>> {
        begin(&self.house, "begin".to_owned()).await
    }

    /// The same, in which what guards a person's account stays as it is until the transaction ends.
    pub async fn begin_as_house_holding(&self, person: UserId) -> Result<Transaction<'static, Postgres>> {
        let mut tx = self.begin_as_house().await?;
        crate::users::hold_shared(&mut tx, person).await?;
        Ok(tx)
    }

    /// For single queries on behalf of the house itself.
    pub fn house(&self) -> &PgPool {
        &self.house
    }

    /// Applies the migrations that are not applied yet; two servers at once do it one by one.
    pub async fn migrate(&self) -> Result<()> {
        let options = self.owner.read().unwrap_or_else(PoisonError::into_inner).clone();
        // To fill a new column takes as long as it takes, and so does to wait for another server that does it.
        let options = options.options([("statement_timeout", "0")]);
        let mut owner = PgConnection::connect_with(&options).await?;
        MIGRATOR.run(&mut owner).await?;
        Ok(owner.close().await?)
    }

    /// Whether policies hold for the connections of a migrated database.
    ///
    /// Errors: [`Error::Unguarded`] if they do not.
    pub async fn guard(&self) -> Result<Guard> {
        for pool in [&self.people, &self.house] {
            let role = sqlx::query!(
                r#"select current_user::text as "name!", row_security_active('auth.sessions') as "held!""#
            )
            .fetch_one(pool)
            .await?;
            if !role.held {
                return Err(Error::Unguarded { role: role.name });
            }
        }
        let login = sqlx::query!(
            r#"select pg_has_role(session_user, 'eighth_house', 'member')
                   or pg_has_role(session_user, (select relowner from pg_class where oid = 'auth.users'::regclass), 'member')
                   as "can_be_another!""#
        )
        .fetch_one(&self.people)
        .await?;
        Ok(if login.can_be_another { Guard::OneLogin } else { Guard::Firm })
    }

    /// Whether the database answers, to visitors and to the house.
    pub async fn ping(&self) -> Result<()> {
        for pool in [&self.people, &self.house] {
            sqlx::query!("select 1 as one").fetch_one(pool).await?;
        }
        Ok(())
    }

    pub async fn close(&self) {
        futures_util::future::join(self.people.close(), self.house.close()).await;
    }
}

/// Begins a transaction in a task of its own, which is done with it even where nobody waits for it any
/// more: sqlx (0.9) knows of a transaction only once it has begun, and would give a connection back to the
/// pool that is still in one. Nothing else belongs in the statement, for where it fails the same happens.
async fn begin(pool: &PgPool, statement: String) -> Result<Transaction<'static, Postgres>> {
    let pool = pool.clone();
    let begun = tokio::spawn(async move { pool.begin_with(AssertSqlSafe(statement)).await });
    Ok(begun.await.map_err(|_| sqlx::Error::WorkerCrashed)??)
}

fn pool(max_connections: u32) -> PgPoolOptions {
    PgPoolOptions::new()
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
}

fn connect_options(url: &str, role: Option<&str>) -> Result<PgConnectOptions> {
    let options: PgConnectOptions = url.parse()?;
    let options = options
        .application_name("eighth")
        .options([("statement_timeout", "15s"), ("idle_in_transaction_session_timeout", "30s")]);
    Ok(match role {
        Some(role) => in_role(options, role),
        None => options,
    })
}

/// The connection has the role from its first moment on, without a further round trip.
fn in_role(options: PgConnectOptions, role: &str) -> PgConnectOptions {
    options.options([("role", role)])
}
