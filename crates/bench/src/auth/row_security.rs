//! What row-level security adds to reading.

use std::time::Instant;

use anyhow::{Context as _, ensure};
use domain::{UserId, browse::JobFilter};
use identity::Principal;
use services::{Services, accounts, jobs, matches};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use storage::Database;
use uuid::Uuid;

use super::{ACCOUNTS, SESSION_CHECKS};
use crate::{
    people,
    report::{Goal, Report, percentile},
};

/// Rounds with row-level security and without it, in turn, and how often each reads in a round. Short ones,
/// so that what else the machine does falls on both.
const SECURITY_ROUNDS: usize = 60;
const SECURITY_READS: usize = 80;
/// So many reads before those of a round make the plans anew.
const WARM_UP: usize = 15;
/// What is read: the open jobs, a client's own jobs, the page of one job, a feed.
const READS: [&str; 4] = ["jobs", "own_jobs", "job", "feed"];

/// What row-level security adds to reading lists of jobs and a feed: the same reads in the same
/// database, with it and without it in turn. The open jobs come from a view, which no policy slows;
/// a client's own jobs and the page of one job come from the table, which has them.
pub(super) async fn measure(
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
        let mut settings = [(0, "enable"), (1, "disable")];
        // Neither is always the first.
        settings.rotate_left(round % 2);
        for (which, word) in settings {
            switch(&mut owner, &tables, word).await?;
            let mut times: [Vec<f64>; READS.len()] = Default::default();
            let everybody = freelancers.iter().cycle().zip(clients.iter().zip(&posted).cycle());
            for (freelancer, (client, (_, job))) in everybody.take(WARM_UP + SECURITY_READS) {
                times[0].push(timed(jobs::browse(services, &filter)).await?);
                times[1].push(timed(jobs::own(services, client)).await?);
                times[2].push(timed(jobs::view(services, Some(freelancer), (*job).into())).await?);
                times[3].push(timed(matches::feed(services, freelancer)).await?);
            }
            // The first round warms up what plans and keeps.
            if round > 0 {
                for (medians, times) in medians.iter_mut().zip(&times) {
                    medians[which].push(percentile(&times[WARM_UP..], 0.5));
                }
            }
        }
    }
    switch(&mut owner, &tables, "enable").await?;
    owner.close().await?;
    // Without row-level security nobody would have to be named to the database.
    let naming = naming(database, &freelancers).await?;
    let mut most = f64::MIN;
    for (name, [on, off]) in READS.into_iter().zip(medians) {
        let off: Vec<_> = off.iter().map(|off| off - naming.of(name)).collect();
        let (with, without) = (percentile(&on, 0.5), percentile(&off, 0.5));
        let overhead: Vec<_> = on.iter().zip(&off).map(|(on, off)| (on / off - 1.0) * 100.0).collect();
        let view =
            if name == "jobs" { "; read from a view of what is public, which no policy slows" } else { "" };
        let note = format!(
            "{with:.3} ms with it, {without:.3} ms without, in turn, in a transaction both, whose person costs \
             {:.3} ms more{view}",
            naming.of(name)
        );
        let value = percentile(&overhead, 0.5);
        most = most.max(value);
        report.row(format!("rls_overhead_percent_{name}"), "%", value, Goal::AtMost(10.0), overhead, note);
    }
    report.row("rls_overhead_percent", "%", most, Goal::AtMost(10.0), Vec::new(), "the most of these");
    let note =
        format!("begin and rollback as a person, in both of the above; {:.3} ms as nobody", naming.nobodys);
    report.row("transaction_as_principal_p50", "ms", naming.own, Goal::None, Vec::new(), note);
    Ok(())
}

/// Medians, in milliseconds, of opening a transaction and dropping it.
struct Naming {
    /// On somebody's behalf.
    own: f64,
    /// On nobody's.
    nobodys: f64,
}

impl Naming {
    /// What naming somebody adds to a read. What is for everybody names nobody.
    fn of(&self, read: &str) -> f64 {
        if read == "jobs" { 0.0 } else { (self.own - self.nobodys).max(0.0) }
    }
}

/// What it costs to open a transaction on somebody's behalf, beside one on nobody's.
async fn naming(database: &Database, people: &[Principal]) -> anyhow::Result<Naming> {
    let (mut own, mut nobodys) = (Vec::new(), Vec::new());
    for who in people.iter().cycle().take(SESSION_CHECKS) {
        let as_person = async { anyhow::Ok(database.begin_as(who.user_id).await?.rollback().await?) };
        own.push(timed(as_person).await?);
        let as_nobody = async { anyhow::Ok(database.begin_for(None).await?.rollback().await?) };
        nobodys.push(timed(as_nobody).await?);
    }
    Ok(Naming { own: percentile(&own, 0.5), nobodys: percentile(&nobodys, 0.5) })
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
