//! From a job's commit to the frames in many browsers: real server, real PostgreSQL, MiniLM.
//!
//! All times are of one clock, for all processes run on one machine. A frame's time begins when the
//! job's event is written to the outbox, which is shortly *before* the commit, and ends when the
//! client has read the message.

mod cast;
mod figures;
mod stages;

use std::{collections::HashMap, time::Duration};

use anyhow::{Context as _, ensure};
use chrono::{DateTime, Utc};
use domain::{JobId, job::JobForm};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use reqwest::header;
use serde::Serialize;
use storage::{Database, Logins};
use tokio::sync::mpsc;
use uuid::Uuid;

use crate::{
    eighth::Eighth,
    people,
    report::Report,
    setting::Setting,
    socket::{self, Arrival},
    world::{Population, World, client, minilm},
};
use figures::Frame;

#[derive(clap::Args)]
pub(crate) struct Scale {
    #[arg(long, default_value_t = 100_000)]
    profiles: usize,
    #[arg(long, default_value_t = 1_000)]
    sockets: usize,
    #[arg(long, default_value_t = 200)]
    jobs: usize,
}

/// Jobs that are posted before the measured ones, so that each connection of the pool has prepared
/// its statements.
const WARM_UP: usize = 40;
/// A job that suits nobody sends no frame; after so long the next one is posted.
const GIVE_UP: Duration = Duration::from_secs(5);
/// Between a job's first frame at its client and the next job: the others arrive meanwhile.
const PAUSE: Duration = Duration::from_millis(100);
const AT_ONCE: usize = 32;

/// What the form for a job sends.
#[derive(Serialize)]
struct Sent<'a> {
    job_id: String,
    form: &'a JobForm,
    intent: &'static str,
}

pub(crate) async fn run(setting: &Setting, scale: &Scale) -> anyhow::Result<Report> {
    let world = World::start(setting)?;
    let url = world.database(setting, Population::Live { profiles: scale.profiles }).await?;
    let database = Database::connect(&Logins::one(&url), 2)?;
    let jobs = cast::jobs(WARM_UP + scale.jobs)?;
    let audience = cast::audience(&database, minilm(setting)?.as_ref(), &jobs, scale.sockets).await?;
    let client = client(&database).await?;
    let owners: Vec<_> = audience.into_iter().chain([client]).collect();
    let cookies = people::sign_in(&database, &owners).await?;

    let variables = [
        ("EIGHTH_EMBEDDING__EMBEDDER", "minilm"),
        ("EIGHTH_LOG__FILTER", "warn,services::engine::stages=debug"),
    ];
    let server = Eighth::start(setting, &url, &variables, None).await?;
    let (arrivals, arrived) = mpsc::unbounded_channel();
    let (own_arrivals, mut own_arrived) = mpsc::unbounded_channel();
    let last = cookies.len() - 1;
    let listeners: Vec<_> = stream::iter(cookies.iter().enumerate())
        .map(|(number, cookie)| {
            let arrivals = if number == last { own_arrivals.clone() } else { arrivals.clone() };
            let address = server.address;
            async move { anyhow::Ok(socket::listen(number, socket::open(address, cookie).await?, arrivals)) }
        })
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await?;
    drop((arrivals, own_arrivals));

    let mut at_clients: Vec<Arrival> = Vec::new();
    for (i, job) in jobs.iter().enumerate() {
        post(&server, &cookies[last], job).await?;
        // The client's own frame tells that this job is through.
        match tokio::time::timeout(GIVE_UP, own_arrived.recv()).await {
            Ok(Some(arrival)) => at_clients.push(arrival),
            Ok(None) => anyhow::bail!("the client's socket was closed"),
            Err(_) => eprintln!("  job {i} suits nobody"),
        }
        tokio::time::sleep(PAUSE).await;
    }
    let alive = listeners.iter().filter(|listener| !listener.is_finished()).count();
    ensure!(alive == listeners.len(), "{} sockets were closed", listeners.len() - alive);
    let committed = committed(&database, WARM_UP).await?;
    database.close().await;
    let log = server.log.clone();
    server.stop().await?;
    world.stop()?;

    let mut arrived = arrived;
    while let Ok(arrival) = arrived.try_recv() {
        at_clients.push(arrival);
    }
    let stages = stages::read(&log)?;
    let frames = frames(&at_clients, &committed)?;
    figures::report(&frames, &stages, scale)
}

/// Posts a job by the form, as a browser does.
async fn post(server: &Eighth, cookie: &str, job: &JobForm) -> anyhow::Result<()> {
    let sent = Sent { job_id: JobId::new().to_string(), form: job, intent: "publish" };
    let answer = server
        .client
        .post(server.url("/api/create_job"))
        .header(header::COOKIE, cookie)
        .header(header::ORIGIN, format!("http://{}", server.address))
        .header(header::ACCEPT, "text/html")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(serde_qs::to_string(&sent)?)
        .send()
        .await?;
    let status = answer.status();
    ensure!(status.as_u16() == 303, "the job was not taken ({status}): {}", answer.text().await?);
    Ok(())
}

/// When each job's event was written, but for the first ones.
async fn committed(database: &Database, skip: usize) -> anyhow::Result<HashMap<JobId, DateTime<Utc>>> {
    let rows: Vec<(Uuid, DateTime<Utc>)> = sqlx::query_as(
        "select aggregate_id, created_at from core.outbox where event ->> 'type' = 'job_posted' order by id",
    )
    .fetch_all(database.house())
    .await?;
    Ok(rows.into_iter().skip(skip).map(|(id, at)| (id.into(), at)).collect())
}

/// The measured frames: which job each tells of, and how long it took.
fn frames(arrivals: &[Arrival], committed: &HashMap<JobId, DateTime<Utc>>) -> anyhow::Result<Vec<Frame>> {
    let mut frames = Vec::new();
    for arrival in arrivals {
        let message: serde_json::Value = serde_json::from_str(&arrival.text)?;
        let job = message["data"]["job_id"].as_str().context("a frame tells of no job")?;
        let job: JobId = job.parse().map_err(|_| anyhow::anyhow!("{job} is no job"))?;
        if let Some(&at) = committed.get(&job) {
            let ms = (arrival.at - at).as_seconds_f64() * 1e3;
            frames.push(Frame { job, socket: arrival.socket, ms });
        }
    }
    Ok(frames)
}
