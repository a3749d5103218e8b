//! What the databases of the benchmarks hold.

use std::{
    collections::HashMap,
    io::{IsTerminal as _, Write as _},
    path::PathBuf,
    sync::Arc,
};

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use demo_data::{Person, Plan, vectors};
use domain::{UserId, account::Email};
use embedding::{Choice, Embedder, Settings as EmbedderSettings};
use identity::vault::KeyRing;
use matching::profile_text;
use services::{Services, Settings};
use storage::{
    Database,
    bulk::{self, DemoPlan},
    embeddings::{self, Subject},
    users,
};

use crate::setting::{self, Setting};

/// Whom a database is filled with.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Population {
    /// So many freelancers whom MiniLM has read, and one client without a job.
    Live { profiles: usize },
    /// The small demo marketplace, all of it read by the lexical embedder and ranked.
    Demo,
    /// So many accounts, and nothing else.
    Accounts(usize),
}

/// So many profiles are embedded; the vectors of the others are derived from theirs (see
/// [`demo_data::vectors`]).
const EMBEDDED: usize = 5_000;
const SEED: u64 = 8;
const FREELANCERS: usize = 2_000;
const JOBS: usize = 400;
/// Nobody signs in with it: sessions are written directly.
const PASSWORD: &str = "only for measurements";
const BATCH: usize = 1_000;

impl Population {
    /// What tells one population's database from another's.
    pub(super) fn name(self) -> String {
        match self {
            Self::Live { profiles } => format!("live_{profiles}"),
            Self::Demo => "demo".to_owned(),
            Self::Accounts(count) => format!("accounts_{count}"),
        }
    }
}

pub(super) async fn fill(
    setting: &Setting,
    database: &Database,
    population: Population,
) -> anyhow::Result<()> {
    match population {
        Population::Live { profiles } => live(setting, database, profiles).await,
        Population::Demo => demo(setting, database).await,
        Population::Accounts(count) => accounts(database, count).await,
    }
}

/// The embedder of the benchmarks that measure matching.
pub(crate) fn minilm(setting: &Setting) -> anyhow::Result<Arc<dyn Embedder>> {
    embedder(Choice::MiniLm, setting.model.clone())
        .context("MiniLM's files are missing; `cargo xtask bench live-match` fetches them")
}

/// The services on a database, comparing words. Nobody is written to in a benchmark.
pub(crate) fn open(setting: &Setting, database: &Database) -> anyhow::Result<Services> {
    open_with(setting, database, embedder(Choice::Lexical, PathBuf::new())?)
}

fn open_with(
    setting: &Setting,
    database: &Database,
    embedder: Arc<dyn Embedder>,
) -> anyhow::Result<Services> {
    let letters = mail::Folder::open(setting.data.join("mail"), "bench@localhost", 1)?;
    let keys = KeyRing::parse(&setting::KEYS.into())?;
    Ok(Services::open(Settings::new(database.clone(), embedder, Arc::new(letters), keys)))
}

fn embedder(choice: Choice, model_dir: PathBuf) -> anyhow::Result<Arc<dyn Embedder>> {
    Ok(embedding::open(EmbedderSettings { choice, model_dir })?.0)
}

/// The freelancers of a population, in the order in which they were made.
pub(crate) async fn freelancers(database: &Database) -> anyhow::Result<Vec<UserId>> {
    let ids: Vec<sqlx::types::Uuid> = sqlx::query_scalar(
        "select user_id from auth.user_roles where role = 'user_freelancer' order by user_id",
    )
    .fetch_all(database.house())
    .await?;
    Ok(ids.into_iter().map(UserId::from).collect())
}

/// The demo client, who is in every population that has profiles.
pub(crate) async fn client(database: &Database) -> anyhow::Result<UserId> {
    let email = Email::parse(demo_data::CLIENT_EMAIL).map_err(anyhow::Error::msg)?;
    let found = users::credentials(database.house(), &email).await?;
    Ok(found.context("the demo client is missing")?.user_id)
}

async fn demo(setting: &Setting, database: &Database) -> anyhow::Result<()> {
    let services = open(setting, database)?;
    let mut progress = Progress::new("writing the demo");
    services::demo::seed(&services, FREELANCERS, JOBS, SEED, PASSWORD, |done, total| {
        progress.show(done, total);
    })
    .await?;
    services.fill_index().await?;
    while services.read_some().await? > 0 {
        let reading = services.engine().reading();
        progress.show(reading.done as usize, reading.total as usize);
    }
    services.rank_due().await?;
    Ok(())
}

async fn live(setting: &Setting, database: &Database, profiles: usize) -> anyhow::Result<()> {
    let embedder = minilm(setting)?;
    let services = open_with(setting, database, embedder.clone())?;
    let mut progress = Progress::new("writing profiles");
    services::demo::seed(&services, profiles, 0, SEED, PASSWORD, |done, total| progress.show(done, total))
        .await?;

    let plan = plan(database, profiles).await?;
    let freelancers = || demo_data::people(plan).take(profiles);
    let mut progress = Progress::new("embedding profiles");
    let mut base: Vec<(&'static str, Vec<f32>)> = Vec::with_capacity(EMBEDDED.min(profiles));
    let mut people = freelancers().take(EMBEDDED).peekable();
    while people.peek().is_some() {
        let batch: Vec<Person> = people.by_ref().take(embedder.batch_size()).collect();
        let texts: Vec<String> = batch.iter().map(text).collect();
        let vectors = embedder.embed_bulk(&texts).await?;
        base.extend(batch.iter().map(|person| person.speciality).zip(vectors));
        progress.show(base.len(), EMBEDDED.min(profiles));
    }

    // Each person gets a vector that is derived from those of the same speciality, so that what a
    // profile says and where its vector lies go together.
    let mut members: HashMap<&str, Vec<usize>> = HashMap::new();
    for (i, (speciality, _)) in base.iter().enumerate() {
        members.entry(speciality).or_default().push(i);
    }
    let mut taken: HashMap<&str, usize> = HashMap::new();
    let mut progress = Progress::new("deriving vectors");
    let mut people = freelancers().enumerate().peekable();
    while people.peek().is_some() {
        let (mut vectors, mut subjects) = (Vec::new(), Vec::new());
        for (i, person) in people.by_ref().take(BATCH) {
            let vector = match base.get(i) {
                Some((_, vector)) => vector.clone(),
                None => {
                    let turn = taken.entry(person.speciality).or_default();
                    let own =
                        members.get(person.speciality).context("a speciality nobody was embedded for")?;
                    let derived = own[*turn % own.len()] + base.len() * (1 + *turn / own.len());
                    *turn += 1;
                    vectors::extend(&base, derived, SEED)
                }
            };
            let hash = embedding::content_hash(&text(&person));
            vectors.push((hash, vector));
            subjects.push((Subject::Profile(person.id.uuid()), hash));
        }
        let mut tx = database.begin_as_house().await?;
        embeddings::insert(&mut *tx, embedder.model().as_str(), &vectors).await?;
        embeddings::set_texts(&mut tx, &subjects).await?;
        tx.commit().await?;
        progress.add(subjects.len(), profiles);
    }
    Ok(())
}

/// The plan that the demo was grown from.
async fn plan(database: &Database, profiles: usize) -> anyhow::Result<Plan> {
    let wanted = DemoPlan {
        freelancers: i32::try_from(profiles)?,
        jobs: 0,
        seed: SEED.cast_signed(),
        planned_at: Utc::now(),
        completed_at: None,
    };
    let mut tx = database.begin_as_house().await?;
    let known = bulk::demo_plan(&mut tx, &wanted).await?;
    Ok(Plan::new(profiles, 0, SEED, known.planned_at))
}

fn text(person: &Person) -> String {
    person.profile.as_ref().map(|content| profile_text(content, &person.display_name)).unwrap_or_default()
}

async fn accounts(database: &Database, count: usize) -> anyhow::Result<()> {
    let plan = Plan::new(count, 0, SEED, DateTime::UNIX_EPOCH + chrono::TimeDelta::days(20_000));
    let rows: Vec<_> = demo_data::people(plan)
        .take(count)
        .map(|person| bulk::Person {
            id: person.id,
            email: person.email.as_str().to_owned(),
            display_name: person.display_name,
            password_hash: None,
            region: person.region,
            roles: person.roles,
            created_at: person.created_at,
            profile: None,
        })
        .collect();
    for rows in rows.chunks(BATCH) {
        let mut tx = database.begin_as_house().await?;
        bulk::insert_people(&mut tx, rows).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// A line that tells how far a long step has come.
struct Progress {
    what: &'static str,
    done: usize,
    shown: usize,
}

impl Progress {
    fn new(what: &'static str) -> Self {
        Self { what, done: 0, shown: 0 }
    }

    fn add(&mut self, more: usize, total: usize) {
        self.show(self.done + more, total);
    }

    fn show(&mut self, done: usize, total: usize) {
        self.done = done;
        let percent = (done * 100).checked_div(total).unwrap_or(100);
        let terminal = std::io::stderr().is_terminal();
        // A log gets a line for each tenth, a terminal one that changes.
        if percent == self.shown || !terminal && percent / 10 == self.shown / 10 {
            return;
        }
        self.shown = percent;
        let end = if terminal && percent < 100 { "\r" } else { "\n" };
        eprint!("  {}: {percent}%{end}", self.what);
        let _ = std::io::stderr().flush();
    }
}
