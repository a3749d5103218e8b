//! What it costs to know who somebody is: signing in beside the bare password hash, pages for people
//! who are signed in, and the check of a session.

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
    Argon2, Block, Params,
    password_hash::{PasswordVerifier as _, phc::PasswordHash},
};
use domain::{UserId, browse::JobFilter};
use identity::{Principal, password::Passwords};
use reqwest::header;
use services::{Services, accounts, jobs, matches};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use storage::{Database, Logins};
use uuid::Uuid;

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
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// How often hashing and signing in are measured in turn; the median counts.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
}

const PASSWORD: &str = "a few words in a row";
/// Accounts that sign in, one after the other.
const ACCOUNTS: usize = 200;
/// People who ask at the same time: always more than can be hashed.
const AT_ONCE: usize = 16;
/// The pause between two looks at how long other requests take.
const LOOK_EVERY: Duration = Duration::from_millis(100);
const SESSION_CHECKS: usize = 5_000;
/// Rounds with row-level security and without it, in turn, and how often each reads in a round.
const SECURITY_ROUNDS: usize = 9;
const SECURITY_READS: usize = 400;
/// What is read: the open jobs, a client's own jobs, the page of one job, a feed.
const READS: [&str; 4] = ["jobs", "own_jobs", "job", "feed"];

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

    let mut report = Report::default();
    let services = open(setting, &database)?;
    session_check(&mut report, &services, &cookies).await?;
    row_security(&mut report, &services, &database, &url, &cookies).await?;

    // Limits on attempts would be what is measured.
    let variables = [("EIGHTH_EMBEDDING__EMBEDDER", "lexical"), ("EIGHTH_LIMITS__ENABLED", "false")];
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
    let (mut raw, mut kept, mut rates, mut others) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut people: Vec<_> = emails.iter().cloned().map(Person::new).collect();
    for _ in 0..rounds {
        let hash = hash.to_owned();
        raw.push(tokio::task::spawn_blocking(move || raw_rate(time, || verifier(&hash))).await?);
        kept.push(tokio::task::spawn_blocking(move || raw_rate(time, hasher)).await?);
        let (rate, latencies) = sign_in_rate(server, &mut people, time).await?;
        rates.push(rate);
        others.push(percentile(&latencies, 0.99));
    }
    let (limit, rate) = (percentile(&raw, 0.5), percentile(&rates, 0.5));
    let cores = thread::available_parallelism()?;
    report.row(
        "raw_hashes",
        "1/s",
        limit,
        Goal::None,
        raw,
        format!("the library's own verification, alone on {cores} cores"),
    );
    let note = format!(
        "{AT_ONCE} people at once through the site's form, with session and audit entry; without the counts of guesses, and without codes for new browsers"
    );
    report.row("sign_ins", "1/s", rate, Goal::None, rates, note);
    let share = rate / limit * 100.0;
    report.row(
        "sign_ins_of_raw",
        "%",
        share,
        Goal::AtLeast(90.0),
        vec![share],
        "both in the same run, in turn",
    );
    let limit = percentile(&kept, 0.5);
    let note = "the algorithm alone, in memory that is kept, as the server keeps it in a crowd";
    report.row("raw_hashes_in_kept_memory", "1/s", limit, Goal::None, kept, note);
    let share = rate / limit * 100.0;
    report.row("sign_ins_of_raw_in_kept_memory", "%", share, Goal::None, vec![share], "the stricter limit");
    let p99 = percentile(&others, 0.5);
    report.row("other_requests_p99", "ms", p99, Goal::AtMost(50.0), others, "the list of jobs, meanwhile");
    Ok(())
}

/// What the library does with a password and a stored hash: it fetches new memory for each.
fn verifier(hash: &str) -> impl FnMut() -> bool {
    let hash = PasswordHash::new(hash).expect("it was made a moment ago");
    move || Argon2::default().verify_password(PASSWORD.as_bytes(), &hash).is_ok()
}

/// The algorithm alone, in memory that is kept.
fn hasher() -> impl FnMut() -> bool {
    let argon2 = Argon2::default();
    let mut memory = vec![Block::default(); argon2.params().block_count()];
    move || {
        let mut output = [0; Params::DEFAULT_OUTPUT_LEN];
        let salt = b"sixteen letters.";
        argon2.hash_password_into_with_memory(PASSWORD.as_bytes(), salt, &mut output, &mut memory).is_ok()
    }
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

/// Sign-ins a second, and how long other requests took meanwhile, in milliseconds.
async fn sign_in_rate(
    server: &Arc<Eighth>,
    people: &mut [Person],
    time: Duration,
) -> anyhow::Result<(f64, Vec<f64>)> {
    let stop = Arc::new(AtomicBool::new(false));
    let watched = tokio::spawn(watch(server.clone(), stop.clone()));
    let started = Instant::now();
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
    let rate = count as f64 / started.elapsed().as_secs_f64();
    stop.store(true, Ordering::Relaxed);
    Ok((rate, watched.await??))
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
        tick.tick().await;
        let started = Instant::now();
        server.client.get(server.url("/jobs")).send().await?.error_for_status()?.bytes().await?;
        latencies.push(started.elapsed().as_secs_f64() * 1e3);
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

/// What row-level security adds to reading lists of jobs and a feed: the same reads in the same
/// database, with it and without it in turn. The open jobs come from a view, which no policy slows;
/// a client's own jobs and the page of one job come from the table, which has them.
async fn row_security(
    report: &mut Report,
    services: &Services,
    database: &Database,
    url: &str,
    freelancers: &[String],
) -> anyhow::Result<()> {
    let mut owner = PgConnection::connect(url).await?;
    let tables: Vec<String> = sqlx::query_scalar(
        "select oid::regclass::text from pg_class
         where relrowsecurity and relnamespace in ('auth'::regnamespace, 'core'::regnamespace, 'ai'::regnamespace)",
    )
    .fetch_all(&mut owner)
    .await?;
    ensure!(!tables.is_empty(), "no table has row-level security");
    let posted: Vec<(Uuid, Uuid)> = sqlx::query_as(
        "select distinct on (client_id) client_id, id from core.jobs where status = 'open'
         order by client_id, id limit $1",
    )
    .bind(ACCOUNTS as i64)
    .fetch_all(&mut owner)
    .await?;
    let clients: Vec<UserId> = posted.iter().map(|(client, _)| UserId::from_uuid(*client)).collect();
    let clients = principals(services, &people::sign_in(database, &clients).await?).await?;
    let freelancers = principals(services, freelancers).await?;
    let filter = JobFilter::default();
    // By read, and by whether it was on: the medians of the rounds.
    let mut medians: [[Vec<f64>; 2]; READS.len()] = Default::default();
    for round in 0..=SECURITY_ROUNDS {
        for (which, word) in ["enable", "disable"].into_iter().enumerate() {
            switch(&mut owner, &tables, word).await?;
            let mut times: [Vec<f64>; READS.len()] = Default::default();
            let everybody = freelancers.iter().cycle().zip(clients.iter().zip(&posted).cycle());
            for (freelancer, (client, (_, job))) in everybody.take(SECURITY_READS) {
                times[0].push(timed(jobs::browse(services, &filter)).await?);
                times[1].push(timed(jobs::own(services, client)).await?);
                times[2].push(timed(jobs::view(services, Some(freelancer), (*job).into())).await?);
                times[3].push(timed(matches::feed(services, freelancer)).await?);
            }
            // The first round warms up what plans and keeps.
            if round > 0 {
                for (medians, times) in medians.iter_mut().zip(&times) {
                    medians[which].push(percentile(times, 0.5));
                }
            }
        }
    }
    switch(&mut owner, &tables, "enable").await?;
    owner.close().await?;
    for (name, [on, off]) in READS.into_iter().zip(medians) {
        let (with, without) = (percentile(&on, 0.5), percentile(&off, 0.5));
        let overhead: Vec<_> = on.iter().zip(&off).map(|(on, off)| (on / off - 1.0) * 100.0).collect();
        let note = format!("{with:.3} ms with it, {without:.3} ms without, in turn");
        let value = percentile(&overhead, 0.5);
        report.row(format!("rls_overhead_percent_{name}"), "%", value, Goal::AtMost(10.0), overhead, note);
    }
    principal(report, database, &freelancers).await
}

/// What it costs to open a transaction on somebody's behalf, beside one on nobody's.
async fn principal(report: &mut Report, database: &Database, people: &[Principal]) -> anyhow::Result<()> {
    let (mut own, mut nobodys) = (Vec::new(), Vec::new());
    for who in people.iter().cycle().take(SESSION_CHECKS) {
        let as_person = async { anyhow::Ok(database.begin_as(who.user_id).await?.rollback().await?) };
        own.push(timed(as_person).await?);
        let as_nobody = async { anyhow::Ok(database.pool().begin().await?.rollback().await?) };
        nobodys.push(timed(as_nobody).await?);
    }
    let (own, nobodys) = (percentile(&own, 0.5), percentile(&nobodys, 0.5));
    let note = format!("begin and rollback as a person; {nobodys:.3} ms as nobody");
    report.row("transaction_as_principal_p50", "ms", own, Goal::None, Vec::new(), note);
    Ok(())
}

async fn principals(services: &Services, cookies: &[String]) -> anyhow::Result<Vec<Principal>> {
    let mut people = Vec::with_capacity(cookies.len());
    for (_, token) in cookies.iter().filter_map(|cookie| cookie.split_once('=')) {
        let known = accounts::authenticate(services, token).await?;
        people.push(known.context("a session is not known")?.principal);
    }
    Ok(people)
}

/// Turns row-level security on or off.
async fn switch(owner: &mut PgConnection, tables: &[String], word: &str) -> anyhow::Result<()> {
    for table in tables {
        let change = format!("alter table {table} {word} row level security");
        sqlx::query(AssertSqlSafe(change)).execute(&mut *owner).await?;
    }
    Ok(())
}

/// How long it takes, in milliseconds.
async fn timed<T, E>(work: impl Future<Output = Result<T, E>>) -> Result<f64, E> {
    let started = Instant::now();
    work.await?;
    Ok(started.elapsed().as_secs_f64() * 1e3)
}
