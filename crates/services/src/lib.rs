//! The use cases. Each function here is one thing a person or a program can do: it authorises,
//! validates, and owns the transaction that does it.

pub mod accounts;
pub mod admin;
pub mod audit;
pub mod blocks;
pub mod demo;
pub mod engine;
mod error;
pub mod home;
mod housekeeping;
pub mod import;
pub mod jobs;
pub mod letters;
pub mod live;
pub mod mailbox;
pub mod matches;
pub mod organisations;
pub mod own_data;
pub mod pictures;
pub mod places;
pub mod profiles;
pub mod tokens;
pub mod vault;

use std::{sync::Arc, time::Duration};

use ::jobs::Runner;
use accounts::external::External;
use chrono::{DateTime, Utc};
use domain::role::{Role, Roles};
use embedding::Embedder;
use events::{
    hub::Hub,
    relay::{Relay, Retries},
};
use identity::{
    breached::Breached,
    domain_proof::{Dns, DomainProof},
    passkeys::RelyingParty,
    password::Passwords,
    vault::KeyRing,
};
use mail::{Folder, Mailer, SiteNames};
use matching::Policy;
use storage::Database;
use tokio_util::sync::CancellationToken;

pub use engine::{Engine, Reading};
pub use error::{Result, ServiceError};
pub use places::Places;
pub use vault::Vault;

/// Tells the time; tests set it.
pub type Clock = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// What the services are made from.
pub struct Settings {
    pub database: Database,
    pub embedder: Arc<dyn Embedder>,
    pub mailer: Arc<dyn Mailer>,
    /// The operator's keys, without which nothing secret can be stored or read.
    pub keys: KeyRing,
    /// Other sites with whose accounts one may sign in.
    pub external: External,
    /// Where it is looked up whether a domain is an organisation's.
    pub dns: Arc<dyn DomainProof>,
    /// What letters call the site, and where it is.
    pub site: SiteNames,
    /// The folder of letters, where everybody may read them: in a demonstration.
    pub mailbox: Option<Folder>,
    /// With what new passwords are compared beside the list in the program.
    pub breached: Option<Breached>,
    /// Where addresses of the network are.
    pub places: Places,
    /// One sentence for the pages, where matching does less than it could.
    pub notice: Option<String>,
    pub policy: Policy,
    pub retries: Retries,
    /// How long an event waits for the model to read its text. The others wait behind it, so it then
    /// makes room for them and comes back later.
    pub read_within: Duration,
    pub clock: Clock,
    /// The roles that may do nothing without a second factor.
    pub second_factor_for: Vec<Role>,
    /// Whether who has no second factor is sent a code where they sign in with a browser that they
    /// did not call theirs.
    pub confirm_new_browsers: bool,
    /// Whether guesses and heaps of new accounts are slowed.
    pub slow_guessing: bool,
}

impl Settings {
    pub fn new(
        database: Database,
        embedder: Arc<dyn Embedder>,
        mailer: Arc<dyn Mailer>,
        keys: KeyRing,
    ) -> Self {
        Self {
            database,
            embedder,
            mailer,
            keys,
            external: External::default(),
            dns: Arc::new(Dns::of_system()),
            site: letters::site_at("http://localhost:3000"),
            mailbox: None,
            breached: None,
            places: Places::default(),
            notice: None,
            policy: Policy::default(),
            retries: Retries::default(),
            read_within: Duration::from_secs(10),
            clock: Arc::new(Utc::now),
            second_factor_for: vec![Role::Admin, Role::Superadmin],
            confirm_new_browsers: false,
            slow_guessing: true,
        }
    }
}

/// The handle through which everything is done. Clones share all state.
#[derive(Clone)]
pub struct Services {
    pub(crate) database: Database,
    pub(crate) engine: Arc<Engine>,
    pub(crate) hub: Hub,
    pub(crate) passwords: Passwords,
    pub(crate) breached: Option<Breached>,
    pub(crate) places: Places,
    pub(crate) clock: Clock,
    pub(crate) mailer: Arc<dyn Mailer>,
    pub(crate) vault: Vault,
    pub(crate) external: External,
    pub(crate) dns: Arc<dyn DomainProof>,
    pub(crate) slow_guessing: bool,
    pub(crate) site: Arc<SiteNames>,
    pub(crate) mailbox: Option<Folder>,
    /// None where the site has an address that browsers give no passkeys to.
    pub(crate) passkeys: Option<Arc<RelyingParty>>,
    second_factor_for: Arc<[Role]>,
    confirm_new_browsers: bool,
    home: Arc<home::Cache>,
    retries: Retries,
}

impl Services {
    pub fn open(settings: Settings) -> Self {
        Self {
            engine: Arc::new(Engine::new(
                settings.embedder,
                settings.read_within,
                settings.policy,
                settings.notice,
            )),
            vault: Vault::new(settings.database.clone(), settings.clock.clone(), settings.keys),
            slow_guessing: settings.slow_guessing,
            database: settings.database,
            hub: Hub::default(),
            passwords: Passwords::default(),
            breached: settings.breached,
            places: settings.places,
            clock: settings.clock,
            mailer: settings.mailer,
            passkeys: RelyingParty::new(&settings.site.url).ok().map(Arc::new),
            second_factor_for: settings.second_factor_for.into(),
            confirm_new_browsers: settings.confirm_new_browsers,
            external: settings.external,
            dns: settings.dns,
            site: Arc::new(settings.site),
            mailbox: settings.mailbox,
            home: Arc::default(),
            retries: settings.retries,
        }
    }

    pub fn database(&self) -> &Database {
        &self.database
    }

    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    pub fn hub(&self) -> &Hub {
        &self.hub
    }

    pub fn vault(&self) -> &Vault {
        &self.vault
    }

    pub fn now(&self) -> DateTime<Utc> {
        (self.clock)()
    }

    /// The place of an address and the address, as an account of somebody's shows it; empty where no
    /// address is known.
    pub fn place(&self, address: &str) -> String {
        address.parse().map_or_else(|_| address.to_owned(), |address| self.places.in_words(address))
    }

    /// Whether somebody with these roles may do nothing without a second factor.
    pub fn needs_second_factor(&self, roles: &Roles) -> bool {
        self.second_factor_for.iter().any(|role| roles.contains(*role))
    }

    /// The relay that takes events from the outbox to the recommender.
    pub fn relay(&self) -> Relay<Self> {
        Relay::new(self.database.clone(), Arc::new(self.clone()), self.retries)
    }

    /// The runner of what is done after the answer was given.
    pub fn runner(&self) -> Runner {
        let settings = ::jobs::Settings { clock: self.clock.clone(), ..::jobs::Settings::default() };
        let runner = Runner::new(self.database.house().clone(), settings);
        let runner = own_data::handle(self, letters::handle(self, runner));
        accounts::second_factor::handle(self, accounts::handle(self, runner))
    }

    /// Does the work behind the scenes until it is told to stop: fills the engine's index, delivers
    /// events, does jobs, reads texts that are new to the model, and tidies up.
    pub async fn run(&self, shutdown: CancellationToken) {
        let (relay, runner) = (self.relay(), self.runner());
        let matching = async {
            if self.keep_filling_index(&shutdown).await {
                tokio::join!(relay.run(shutdown.clone()), self.keep_reading(shutdown.clone()));
            }
        };
        tokio::join!(matching, runner.run(shutdown.clone()), self.keep_house(shutdown.clone()));
    }
}
