//! What idle sockets cost the server.

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use storage::{Database, Logins};
use tokio::sync::mpsc;

use crate::{
    eighth::Eighth,
    people,
    report::{Goal, Report},
    setting::Setting,
    socket,
    world::{Population, World, freelancers},
};

#[derive(clap::Args)]
pub(crate) struct Scale {
    #[arg(long, default_value_t = 10_000)]
    sockets: usize,
    /// How long they are watched.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
}

/// Sockets that are being opened at a time.
const AT_ONCE: usize = 32;
/// After the last one was opened, so that what opening needed is given back.
const SETTLE: Duration = Duration::from_secs(5);
/// Files besides the sockets.
const OTHER_FILES: u64 = 500;

pub(crate) async fn run(setting: &Setting, scale: &Scale) -> anyhow::Result<Report> {
    allow_files(scale.sockets as u64 + OTHER_FILES)?;
    let world = World::start(setting)?;
    let url = world.database(setting, Population::Accounts(scale.sockets)).await?;
    let database = Database::connect(&Logins::one(&url), 2)?;
    let owners = freelancers(&database).await?;
    let cookies = people::sign_in(&database, &owners[..scale.sockets]).await?;
    database.close().await;

    let server = Eighth::start(setting, &url, &[("EIGHTH_EMBEDDING__EMBEDDER", "lexical")], None).await?;
    let (arrivals, mut arrived) = mpsc::unbounded_channel();
    // What the first socket needs, all others share.
    let mut listeners =
        vec![socket::listen(0, socket::open(server.address, &cookies[0]).await?, arrivals.clone())];
    tokio::time::sleep(SETTLE).await;
    let before = server.resident_kb()?;

    let started = Instant::now();
    let opened: Vec<_> = stream::iter(cookies.iter().enumerate().skip(1))
        .map(|(number, cookie)| {
            let (arrivals, address) = (arrivals.clone(), server.address);
            async move {
                let socket = socket::open(address, cookie).await?;
                anyhow::Ok(socket::listen(number, socket, arrivals))
            }
        })
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await?;
    let opening = started.elapsed().as_secs_f64();
    listeners.extend(opened);
    tokio::time::sleep(SETTLE).await;
    let after = server.resident_kb()?;

    let (cpu, watched) = (server.cpu_seconds()?, Instant::now());
    tokio::time::sleep(Duration::from_secs(scale.seconds)).await;
    let cpu = (server.cpu_seconds()? - cpu) / watched.elapsed().as_secs_f64() * 100.0;
    let resident = server.resident_kb()?;
    let alive = listeners.iter().filter(|listener| !listener.is_finished()).count();
    ensure!(alive == scale.sockets, "{} sockets were closed", scale.sockets - alive);
    ensure!(arrived.try_recv().is_err(), "the sockets were not idle");

    server.stop().await?;
    world.stop()?;
    let others = (scale.sockets - 1) as f64;
    let (opened, idle) = ((after - before) / others, (resident - before) / others);
    let mut report = Report::default();
    let note = format!(
        "growth of the server's resident memory over {} sockets, {} s after the last was opened: {:.0} MB in all",
        scale.sockets,
        scale.seconds + SETTLE.as_secs(),
        resident / 1e3
    );
    report.row("kb_per_socket", "kB", idle.max(opened), Goal::AtMost(12.0), vec![opened, idle], note);
    let note = format!("of one core, over {} s, pings every 30 s answered", scale.seconds);
    report.row("idle_cpu_percent", "%", cpu, Goal::None, vec![cpu], note);
    let rate = others / opening;
    report.row("opened_per_second", "1/s", rate, Goal::None, vec![rate], format!("{AT_ONCE} at a time"));
    Ok(report)
}

/// Lets this process, and the server it starts, open as many files as they need.
fn allow_files(count: u64) -> anyhow::Result<()> {
    let limit = getrlimit(Resource::Nofile);
    if limit.current.is_none_or(|current| current >= count) {
        return Ok(());
    }
    let maximum = limit.maximum.map_or(count, |maximum| maximum.max(count));
    setrlimit(Resource::Nofile, Rlimit { current: Some(count), maximum: Some(maximum) })
        .with_context(|| format!("this needs {count} open files: `ulimit -n {count}` as root"))
}
