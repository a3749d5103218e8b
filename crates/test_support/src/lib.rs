//! A small world for tests: the real services over a real database, a clock that stands still until
//! it is moved, and people who are signed in.

// Whatever goes wrong in here is a failed test.
#![allow(clippy::unwrap_used)]

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use chrono::{DateTime, TimeDelta, Utc};
use domain::{JobId, account::SignUpForm, job::JobForm, profile::ProfileForm, role::Role};
use embedding::{Choice, Embedder};
use events::relay::Retries;
use identity::{
    Principal,
    domain_proof::{DomainProof, NoAnswer},
    vault::KeyRing,
};
use mail::{Folder, MailError, Mailer, Message};
use matching::Policy;
use secrecy::ExposeSecret as _;
use services::{
    Services, Settings,
    accounts::{self, Device, Newcomer, external::External},
    jobs,
    jobs::Intent,
    profiles,
};
use sqlx::PgPool;
use storage::Database;

mod forms;
mod places;

pub use forms::{database_engineer, database_job, translator};
pub use places::places;
pub use storage::MIGRATOR;

/// The password of everybody in a world.
pub const PASSWORD: &str = "long enough to be one";

/// Of [`PASSWORD`], as passwords are hashed today.
const PASSWORD_HASH: &str =
    "$argon2id$v=19$m=65536,t=1,p=1$VRRuMwOJaEXtJGGTdzDyfg$n9DZrLux/8MNmhcmEm5GpfDEEcJmrFr2Riy8h5crzjM";

/// Somebody new who has confirmed their address, as if they had come by its link; and the token of
/// their session.
pub async fn enter(services: &Services, name: &str, email: &str, purpose: &str) -> (Principal, String) {
    let form = SignUpForm {
        display_name: name.to_owned(),
        email: email.to_owned(),
        password: PASSWORD.to_owned(),
        region: "EU".to_owned(),
        purpose: purpose.to_owned(),
        ..SignUpForm::default()
    };
    let sign_up = form.validate().ok().unwrap();
    let newcomer = Newcomer {
        email: &sign_up.email,
        display_name: &sign_up.display_name,
        password_hash: PASSWORD_HASH,
        region: sign_up.region,
        roles: &sign_up.roles,
    };
    let mut tx = services.database().begin_as_house().await.unwrap();
    let signed_in = accounts::open_account(services, &mut tx, &newcomer, &Device::default()).await.unwrap();
    tx.commit().await.unwrap();
    let token = signed_in.token.expose_secret();
    let known = accounts::authenticate(services, token).await.unwrap().unwrap();
    (known.principal, token.to_owned())
}

/// The token of the link in a letter.
pub fn link_in(letter: &Message) -> String {
    let (_, rest) = letter.text.split_once("?token=").expect("a letter with a link");
    rest.split_whitespace().next().unwrap().to_owned()
}

/// Keeps what is sent. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Letters(Arc<Mutex<Vec<Message>>>);

impl Letters {
    /// The letters that were sent to an address, in their order.
    pub fn to(&self, address: &str) -> Vec<Message> {
        self.0.lock().unwrap().iter().filter(|letter| letter.to == address).cloned().collect()
    }
}

#[async_trait::async_trait]
impl Mailer for Letters {
    async fn send(&self, message: &Message) -> Result<(), MailError> {
        self.0.lock().unwrap().push(message.clone());
        Ok(())
    }
}

/// What is published in the domain name system of a world. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Records(Arc<Mutex<Published>>);

#[derive(Debug, Default)]
struct Published {
    texts: HashMap<String, Vec<String>>,
    silent: bool,
}

impl Records {
    /// Publishes a text under a name, beside those that are there.
    pub fn publish(&self, name: &str, text: &str) {
        self.0.lock().unwrap().texts.entry(name.to_owned()).or_default().push(text.to_owned());
    }

    /// Takes all texts of a name away.
    pub fn remove(&self, name: &str) {
        self.0.lock().unwrap().texts.remove(name);
    }

    /// Whether nothing is answered at all.
    pub fn silence(&self, silent: bool) {
        self.0.lock().unwrap().silent = silent;
    }
}

#[async_trait::async_trait]
impl DomainProof for Records {
    async fn texts(&self, name: &str) -> Result<Vec<String>, NoAnswer> {
        let published = self.0.lock().unwrap();
        if published.silent {
            return Err(NoAnswer("silence".to_owned()));
        }
        Ok(published.texts.get(name).cloned().unwrap_or_default())
    }
}

pub struct World {
    pub services: Services,
    pub letters: Letters,
    pub records: Records,
    owner: PgPool,
    now: Arc<Mutex<DateTime<Utc>>>,
    people: AtomicU32,
}

/// The database that a pool of its owner leads to. It closes with that pool, as at the end of a test,
/// where the database is dropped.
pub fn database(owner: &PgPool) -> Database {
    let database = Database::beside(owner);
    let (owner, closing) = (owner.clone(), database.clone());
    tokio::spawn(async move {
        owner.close_event().await;
        closing.close().await;
    });
    database
}

impl World {
    /// A world with the default policy, whose embedder needs no files.
    pub async fn new(pool: PgPool) -> Self {
        Self::with_policy(pool, Policy::default()).await
    }

    pub async fn with_policy(pool: PgPool, policy: Policy) -> Self {
        Self::with_embedder(pool, policy, lexical()).await
    }

    pub async fn with_embedder(pool: PgPool, policy: Policy, embedder: Arc<dyn Embedder>) -> Self {
        Self::with_settings(pool, |settings| {
            settings.policy = policy;
            settings.embedder = embedder;
        })
        .await
    }

    /// A world whose letters go to a folder that everybody may read.
    pub async fn with_mailbox(pool: PgPool, folder: Folder) -> Self {
        Self::with_settings(pool, |settings| {
            settings.mailer = Arc::new(folder.clone());
            settings.mailbox = Some(folder);
        })
        .await
    }

    /// A world whose letters leave it.
    pub async fn with_mailer(pool: PgPool, mailer: Arc<dyn Mailer>) -> Self {
        Self::with_settings(pool, |settings| settings.mailer = mailer).await
    }

    /// A world in which these other sites are offered for signing in.
    pub async fn with_external(pool: PgPool, external: External) -> Self {
        Self::with_settings(pool, |settings| settings.external = external).await
    }

    /// A world in which those who guess are slowed.
    pub async fn slowing(pool: PgPool) -> Self {
        Self::with_settings(pool, |settings| settings.slow_guessing = true).await
    }

    /// A world with something else than usual.
    pub async fn with_settings(pool: PgPool, change: impl FnOnce(&mut Settings)) -> Self {
        let now = Arc::new(Mutex::new("2026-11-20T12:00:00Z".parse::<DateTime<Utc>>().unwrap()));
        let clock = now.clone();
        let letters = Letters::default();
        let records = Records::default();
        let mut settings = Settings {
            retries: Retries { attempts: 3, pause: Duration::ZERO, poll: Duration::from_millis(50) },
            clock: Arc::new(move || *clock.lock().unwrap()),
            dns: Arc::new(records.clone()),
            // A test tries more in a moment than people do in an hour, and all from one place.
            slow_guessing: false,
            ..Settings::new(database(&pool), lexical(), Arc::new(letters.clone()), keys(&["test"]))
        };
        change(&mut settings);
        let services = Services::open(settings);
        services.fill_index().await.unwrap();
        Self { services, letters, records, owner: pool, now, people: AtomicU32::new(0) }
    }

    /// The same site in another process, or after a restart, whose operator has the keys of these names.
    pub fn process(&self, names: &[&str]) -> Services {
        let now = self.services.now();
        Services::open(Settings {
            clock: Arc::new(move || now),
            ..Settings::new(database(&self.owner), lexical(), Arc::new(Letters::default()), keys(names))
        })
    }

    /// As the owner of the tables, whom no policy holds.
    pub fn pool(&self) -> &PgPool {
        &self.owner
    }

    /// Gives somebody a passkey that no device has.
    pub async fn passkey_of(&self, who: &Principal) -> domain::PasskeyId {
        let id = domain::PasskeyId::new();
        sqlx::query("insert into auth.passkeys values ($1, $2, 'x', '{}', 'Hers', now())")
            .bind(id.uuid())
            .bind(who.user_id.uuid())
            .execute(self.pool())
            .await
            .unwrap();
        id
    }

    /// Returns once somebody waits for a row that another transaction holds.
    pub async fn somebody_waits(&self) {
        self.waiting(1).await;
    }

    /// The same for so many at once.
    pub async fn waiting(&self, people: i64) {
        let waiting = "select count(*) from pg_stat_activity
                       where datname = current_database() and wait_event_type = 'Lock'";
        while sqlx::query_scalar::<_, i64>(waiting).fetch_one(self.pool()).await.unwrap() < people {
            tokio::task::yield_now().await;
        }
    }

    /// Lets time pass.
    pub fn advance(&self, by: TimeDelta) {
        *self.now.lock().unwrap() += by;
    }

    /// A new account, signed in; `purpose` is `freelancer`, `client` or `both`.
    pub async fn person(&self, name: &str, purpose: &str) -> Principal {
        let n = self.people.fetch_add(1, Ordering::Relaxed);
        enter(&self.services, name, &format!("person{n}@example.com"), purpose).await.0
    }

    /// A new client, signed in.
    pub async fn client(&self, name: &str) -> Principal {
        self.person(name, "client").await
    }

    /// A new freelancer with a profile, signed in.
    pub async fn freelancer(&self, name: &str, profile: &ProfileForm) -> Principal {
        let who = self.person(name, "freelancer").await;
        profiles::save(&self.services, &who, None, profile).await.unwrap();
        who
    }

    /// Somebody who administers the site, signed in.
    pub async fn administrator(&self, name: &str, role: Role) -> Principal {
        let who = self.person(name, "client").await;
        sqlx::query("update auth.user_roles set role = $2 where user_id = $1")
            .bind(who.user_id.uuid())
            .bind(role.as_str())
            .execute(self.pool())
            .await
            .unwrap();
        Principal { roles: [role].into_iter().collect(), ..who }
    }

    /// Somebody as their session tells by now, who has just proved once more who they are.
    pub async fn anew(&self, who: &Principal) -> Principal {
        let (id, now) = (who.session_id, self.services.now());
        sqlx::query("update auth.sessions set proved_at = $2 where id = $1")
            .bind(id.uuid())
            .bind(now)
            .execute(self.pool())
            .await
            .unwrap();
        let standing = storage::sessions::standing(self.pool(), id, now).await.unwrap().unwrap();
        Principal { proved_at: standing.proved_at, roles: standing.roles, ..who.clone() }
    }

    /// Posts a job.
    pub async fn post(&self, who: &Principal, form: &JobForm) -> JobId {
        let id = JobId::new();
        jobs::create(&self.services, who, id, form, Intent::Publish).await.unwrap();
        id
    }

    /// Does every job that is due.
    pub async fn do_jobs(&self) {
        self.services.runner().run_due().await.unwrap();
    }

    /// Delivers every event, and ranks what is due, until nothing is left to do.
    pub async fn settle(&self) {
        let relay = self.services.relay();
        while relay.deliver_due().await.unwrap() {}
        self.services.rank_due().await.unwrap();
    }
}

/// Keys of an operator with these names; a name stands for the same key each time.
pub fn keys(names: &[&str]) -> KeyRing {
    let entries: Vec<String> = names
        .iter()
        .map(|name| {
            let key = name.bytes().cycle().take(32).collect::<Vec<u8>>();
            format!("{name}:{}", STANDARD.encode(key))
        })
        .collect();
    KeyRing::parse(&entries.join("\n").into()).unwrap()
}

/// The embedder that needs no files.
pub fn lexical() -> Arc<dyn Embedder> {
    let settings = embedding::Settings { choice: Choice::Lexical, model_dir: "".into() };
    embedding::open(settings).unwrap().0
}

/// What an authenticator app with this key shows at a time.
pub fn app_code(key: &str, at: DateTime<Utc>) -> String {
    let secret = totp_rs::Secret::try_from_base32(key.replace(' ', "")).unwrap();
    let totp = totp_rs::Builder::new().with_secret(secret).build().unwrap();
    totp.generate(u64::try_from(at.timestamp()).unwrap()).to_string()
}
