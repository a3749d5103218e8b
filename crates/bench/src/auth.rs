//! What it costs to know who somebody is: signing in beside the bare password hash, pages for people
//! who are signed in, and the check of a session.

mod row_security;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, ensure};
use argon2::{
    Argon2,
    password_hash::{PasswordVerifier as _, phc::PasswordHash},
};
use identity::password::{self, Passwords};
use reqwest::header;
use services::{Services, accounts};
use storage::{Database, Logins};

use crate::{
    eighth::Eighth,
    people,
    report::{Goal, Report, percentile},
    setting::Setting,
    world::{Population, World, freelancers, open},
};

#[derive(clap::Args)]
pub(crate) struct Scale {
    /// How long each part of a round takes.
    #[arg(long, default_value_t = 3)]
    seconds: u64,
    /// How often hashing and signing in are measured in turn; the median counts. Rounds are short and
    /// many, for a machine whose speed is not its own changes it within a minute.
    #[arg(long, default_value_t = 16)]
    rounds: usize,
}

const PASSWORD: &str = "a few words in a row";
/// Accounts that sign in, one after the other.
const ACCOUNTS: usize = 200;
/// People who ask at the same time: always more than can be hashed.
const AT_ONCE: usize = 16;
/// As many as can be set, and more than this machine can ask for.
const UNLIMITED: &str = "1000000";
/// The pause between two looks at how long other requests take: they are not to be what the machine does.
const LOOK_EVERY: Duration = Duration::from_millis(100);
const SESSION_CHECKS: usize = 5_000;

pub(crate) async fn run(setting: &Setting, scale: &Scale) -> anyhow::Result<Report> {
    let world = World::start(setting)?;
    let url = world.database(setting, Population::Demo).await?;
    let database = Database::connect(&Logins::one(&url), 4)?;
    let everybody = freelancers(&database).await?;
    let owners = &everybody[..ACCOUNTS];
    let ids: Vec<_> = owners.iter().map(|id| id.uuid()).collect();
    let hash = Passwords::default().hash(PASSWORD.into()).await?;
    let emails: Vec<String> = sqlx::query_scalar(
        "update auth.users set password_hash = $1, email_verified_at = now() where id = any($2) returning email",
    )
    .bind(&hash)
    .bind(&ids)
    .fetch_all(database.house())
    .await?;
    let cookies = people::sign_in(&database, owners).await?;

    let services = open(setting, &database)?;
    let reading = {
        let (database, cookies) = (database.clone(), cookies.clone());
        async move {
            let mut report = Report::default();
            session_check(&mut report, &services, &cookies).await?;
            row_security::measure(&mut report, &services, &database, &url, &cookies).await?;
            anyhow::Ok((report, url))
        }
    };
    // On the runtime's own threads, as in the server: this one would be woken up for each answer.
    let (mut report, url) = tokio::spawn(reading).await??;

    // Attempts are counted as in earnest; how often one network may ask would be what is measured.
    let variables = [
        ("EIGHTH_EMBEDDING__EMBEDDER", "lexical"),
        ("EIGHTH_LIMITS__ENABLED", "true"),
        ("EIGHTH_LIMITS__READS_PER_MINUTE", UNLIMITED),
        ("EIGHTH_LIMITS__WRITES_PER_MINUTE", UNLIMITED),
        ("EIGHTH_LIMITS__CREDENTIALS_PER_MINUTE", UNLIMITED),
    ];
    let server = Arc::new(Eighth::start(setting, &url, &variables, None).await?);
    let time = Duration::from_secs(scale.seconds);
    sign_ins(&mut report, &server, &emails, &hash, scale.rounds, time).await?;
    pages(&mut report, &server, &cookies, time).await?;
    Arc::into_inner(server).context("nothing asks the server any more")?.stop().await?;
    database.close().await;
    world.stop()?;
    Ok(report)
}

/// The bare hash and signing in, in turn, so that both see the same machine.
async fn sign_ins(
    report: &mut Report,
    server: &Arc<Eighth>,
    emails: &[String],
    hash: &str,
    rounds: usize,
    time: Duration,
) -> anyhow::Result<()> {
    let (mut raw, mut kept) = (Vec::new(), Vec::new());
    let (mut rates, mut alone, mut others) = (Vec::new(), Vec::new(), Vec::new());
    let mut people: Vec<_> = emails.iter().cloned().map(Person::new).collect();
    for _ in 0..rounds {
        let hash = hash.to_owned();
        raw.push(tokio::task::spawn_blocking(move || raw_rate(time, || verifier(&hash))).await?);
        kept.push(tokio::task::spawn_blocking(move || raw_rate(time, password::alone)).await?);
        let rate = sign_in_rate(server, &mut people, time).await?;
        rates.push(rate.together);
        alone.push(rate.alone);
        others.push(percentile(&rate.latencies, 0.99));
    }
    let cores = thread::available_parallelism()?;
    let shares = [(&rates, &kept), (&rates, &raw), (&alone, &kept)].map(|(rates, limits)| {
        rates.iter().zip(limits).map(|(rate, limit)| rate / limit * 100.0).collect::<Vec<_>>()
    });
    let note =
        format!("the algorithm alone on {cores} cores, in memory that is kept, as the server keeps it");
    report.row("raw_hashes", "1/s", percentile(&kept, 0.5), Goal::None, kept, note);
    let note = "the library's own verification, which fetches memory for each";
    report.row("raw_hashes_of_library", "1/s", percentile(&raw, 0.5), Goal::None, raw, note);
    let note = format!(
        "{AT_ONCE} people at once through the site's form, from their second time on in browsers that are \
         known, and without codes by e-mail; with session, audit entry and counts of guesses"
    );
    report.row("sign_ins", "1/s", percentile(&rates, 0.5), Goal::None, rates, note);
    let [of_raw, of_library, of_raw_alone] = shares;
    let note = "of raw_hashes of the same round, which have the cores to themselves; these share them with \
                database and load";
    report.row("sign_ins_of_raw", "%", percentile(&of_raw, 0.5), Goal::AtLeast(90.0), of_raw, note);
    let note = "the same, of raw_hashes_of_library";
    report.row("sign_ins_of_raw_of_library", "%", percentile(&of_library, 0.5), Goal::None, of_library, note);
    let note = "sign-ins in each second of processor time that the server used, of raw_hashes in each second of \
                these cores: what else the machine does raises it, and what waiting costs is not in it";
    report.row("sign_ins_of_raw_alone", "%", percentile(&of_raw_alone, 0.5), Goal::None, of_raw_alone, note);
    let worst = others.iter().copied().fold(0.0, f64::max);
    let note = "the list of jobs, meanwhile, in the worst round";
    report.row("other_requests_p99", "ms", worst, Goal::AtMost(50.0), others, note);
    Ok(())
}

/// What the library does with a password and a stored hash: it fetches new memory for each.
fn verifier(hash: &str) -> impl FnMut() -> bool {
    let hash = PasswordHash::new(hash).expect("it was made a moment ago");
    move || Argon2::default().verify_password(PASSWORD.as_bytes(), &hash).is_ok()
}

/// Hashes a second on all cores, with nothing around them.
fn raw_rate<F: FnMut() -> bool>(time: Duration, hash: impl Fn() -> F + Sync) -> f64 {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let (done, started) = (AtomicUsize::new(0), Instant::now());
    thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                let mut hash = hash();
                while started.elapsed() < time {
                    done.fetch_add(usize::from(hash()), Ordering::Relaxed);
                }
            });
        }
    });
    done.load(Ordering::Relaxed) as f64 / started.elapsed().as_secs_f64()
}

struct Rate {
    /// Sign-ins a second, where server, database and load share the cores.
    together: f64,
    /// In each second that all cores work for the server.
    alone: f64,
    /// How long other requests took meanwhile, in milliseconds.
    latencies: Vec<f64>,
}

async fn sign_in_rate(server: &Arc<Eighth>, people: &mut [Person], time: Duration) -> anyhow::Result<Rate> {
    let stop = Arc::new(AtomicBool::new(false));
    let watched = tokio::spawn(watch(server.clone(), stop.clone()));
    let (started, used) = (Instant::now(), server.cpu_seconds()?);
    let share = people.len().div_ceil(AT_ONCE);
    let crowd = people.chunks_mut(share).map(|people| async move {
        let mut count = 0;
        while started.elapsed() < time {
            let next = count % people.len();
            people[next].sign_in(server).await?;
            count += 1;
        }
        anyhow::Ok(count)
    });
    let count: usize = futures::future::try_join_all(crowd).await?.into_iter().sum();
    let (count, cores) = (count as f64, thread::available_parallelism()?.get() as f64);
    let together = count / started.elapsed().as_secs_f64();
    let alone = count / (server.cpu_seconds()? - used) * cores;
    stop.store(true, Ordering::Relaxed);
    Ok(Rate { together, alone, latencies: watched.await?? })
}

/// Somebody who comes back again and again, in the same browser.
struct Person {
    email: String,
    /// The cookie by which the browser is known, once they have signed in there.
    known: Option<String>,
}

impl Person {
    fn new(email: String) -> Self {
        Self { email, known: None }
    }

    async fn sign_in(&mut self, server: &Eighth) -> anyhow::Result<()> {
        let form = [("form[email]", self.email.as_str()), ("form[password]", PASSWORD), ("form[next]", "/")];
        let body: Vec<_> =
            form.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
        let answer = server
            .client
            .post(server.url("/api/sign_in"))
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::ORIGIN, server.url(""))
            .header(header::REFERER, server.url("/sign-in"))
            .header(header::ACCEPT, "text/html")
            .header(header::COOKIE, self.known.as_deref().unwrap_or_default())
            .body(body.join("&"))
            .send()
            .await?;
        let cookie = |name: &str| {
            let cookies = answer.headers().get_all(header::SET_COOKIE).into_iter();
            let mut texts = cookies.filter_map(|cookie| cookie.to_str().ok());
            let found = texts.find(|text| text.starts_with(name) && text[name.len()..].starts_with('='))?;
            Some(found.split(';').next().unwrap_or_default().to_owned())
        };
        ensure!(cookie("eighth_session").is_some(), "{} was not signed in: {}", self.email, answer.status());
        if let Some(known) = cookie("eighth_known") {
            self.known = Some(known);
        }
        Ok(())
    }
}

fn encode(text: &str) -> String {
    text.bytes()
        .map(
            |byte| {
                if byte.is_ascii_alphanumeric() {
                    char::from(byte).to_string()
                } else {
                    format!("%{byte:02X}")
                }
            },
        )
        .collect()
}

/// Asks for a page again and again until it is told to stop.
async fn watch(server: Arc<Eighth>, stop: Arc<AtomicBool>) -> anyhow::Result<Vec<f64>> {
    let mut tick = tokio::time::interval(LOOK_EVERY);
    let mut latencies = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        // From when it was due: whoever waited behind a slow one has waited, too.
        let due = tick.tick().await.into_std();
        server.client.get(server.url("/jobs")).send().await?.error_for_status()?.bytes().await?;
        latencies.push(due.elapsed().as_secs_f64() * 1e3);
    }
    Ok(latencies)
}

/// Pages that only somebody signed in sees, each person in turn.
async fn pages(
    report: &mut Report,
    server: &Arc<Eighth>,
    cookies: &[String],
    time: Duration,
) -> anyhow::Result<()> {
    let started = Instant::now();
    let visitors = (0..AT_ONCE).map(|first| {
        let server = server.clone();
        let cookies: Vec<_> = cookies.iter().skip(first).step_by(AT_ONCE).cloned().collect();
        tokio::spawn(async move {
            let mut latencies = Vec::new();
            for cookie in cookies.iter().cycle() {
                if started.elapsed() >= time {
                    break;
                }
                let asked = Instant::now();
                let page =
                    server.client.get(server.url("/account")).header(header::COOKIE, cookie).send().await?;
                ensure!(page.status() == 200, "the page of an account is {}", page.status());
                page.bytes().await?;
                latencies.push(asked.elapsed().as_secs_f64() * 1e3);
            }
            Ok(latencies)
        })
    });
    let mut latencies = Vec::new();
    for visitor in visitors.collect::<Vec<_>>() {
        latencies.extend(visitor.await??);
    }
    let rate = latencies.len() as f64 / started.elapsed().as_secs_f64();
    let note = format!("/account, {AT_ONCE} connections; the load shares the cores");
    report.row("authorised_pages", "1/s", rate, Goal::None, vec![rate], note);
    report.row("authorised_pages_p99", "ms", percentile(&latencies, 0.99), Goal::None, Vec::new(), "");
    Ok(())
}

/// Who is behind a token, as each request with a cookie asks.
async fn session_check(report: &mut Report, services: &Services, cookies: &[String]) -> anyhow::Result<()> {
    let tokens: Vec<_> = cookies.iter().filter_map(|cookie| cookie.split_once('=')).collect();
    let mut checks = Vec::with_capacity(SESSION_CHECKS);
    for (_, token) in tokens.iter().cycle().take(SESSION_CHECKS) {
        let started = Instant::now();
        let known = accounts::authenticate(services, token).await?;
        checks.push(started.elapsed().as_secs_f64() * 1e3);
        ensure!(known.is_some(), "a session is not known");
    }
    let p50 = percentile(&checks, 0.5);
    report.row("session_check_p50", "ms", p50, Goal::AtMost(0.3), Vec::new(), "from the token to the person");
    report.row("session_check_p99", "ms", percentile(&checks, 0.99), Goal::None, Vec::new(), "");
    Ok(())
}
