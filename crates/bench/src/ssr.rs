//! Rendered pages per second: the server alone on one core; the load and PostgreSQL on another.

use std::{process::Command, time::Duration};

use anyhow::{Context as _, ensure};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use storage::{Database, Logins};

use crate::{
    eighth::Eighth,
    report::{Goal, Report, percentile},
    setting::Setting,
    world::{Population, World},
};

#[derive(clap::Args)]
pub(crate) struct Scale {
    /// How long each page is asked for.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// How often that is repeated; the median counts.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Only the pages whose names begin so.
    #[arg(long, default_value = "")]
    only: String,
}

const SERVER_CORE: usize = 0;
const CONNECTIONS: u32 = 25;

/// A page and what is asked of it.
struct Page {
    name: &'static str,
    path: String,
    rps: Goal,
    p99_ms: Goal,
}

/// Takes this process, and all that it starts from now on, off the server's core.
pub(crate) fn leave_core_to_server() -> anyhow::Result<()> {
    let mut cores = sched_getaffinity(None)?;
    ensure!(cores.is_set(SERVER_CORE) && cores.count() > 1, "this needs two cores, the first among them");
    cores.unset(SERVER_CORE);
    let mut others = CpuSet::new();
    // One core for the load, whatever the machine has.
    if let Some(core) = (0..CpuSet::MAX_CPU).find(|&core| cores.is_set(core)) {
        others.set(core);
    }
    Ok(sched_setaffinity(None, &others)?)
}

pub(crate) async fn run(setting: &Setting, scale: &Scale) -> anyhow::Result<Report> {
    let world = World::start(setting)?;
    let url = world.database(setting, Population::Demo).await?;
    let database = Database::connect(&Logins::one(&url), 1)?;
    let job = newest_job(&database).await?;
    database.close().await;
    let variables = [("EIGHTH_EMBEDDING__EMBEDDER", "lexical"), ("EIGHTH_SERVER__BENCHMARK_PAGES", "true")];
    let server = Eighth::start(setting, &url, &variables, Some(SERVER_CORE)).await?;
    let pages = [
        Page {
            name: "table",
            path: "/benchmark/table".to_owned(),
            rps: Goal::AtLeast(1400.0),
            p99_ms: Goal::None,
        },
        Page {
            name: "jobs_list",
            path: "/jobs".to_owned(),
            rps: Goal::AtLeast(1500.0),
            p99_ms: Goal::AtMost(50.0),
        },
        Page { name: "landing", path: "/".to_owned(), rps: Goal::None, p99_ms: Goal::None },
        Page { name: "job", path: format!("/jobs/{job}"), rps: Goal::None, p99_ms: Goal::None },
    ];
    let mut report = Report::default();
    for page in pages.iter().filter(|page| page.name.starts_with(&scale.only)) {
        let answer = server.client.get(server.url(&page.path)).send().await?.error_for_status()?;
        let bytes = answer.bytes().await?.len();
        wrk(&server.url(&page.path), Duration::from_secs(2))?;
        let mut measured = Vec::new();
        for _ in 0..scale.rounds {
            measured.push(wrk(&server.url(&page.path), Duration::from_secs(scale.seconds))?);
        }
        let rps: Vec<f64> = measured.iter().map(|one| one.rps).collect();
        let p50: Vec<f64> = measured.iter().map(|one| one.p50_ms).collect();
        let p99: Vec<f64> = measured.iter().map(|one| one.p99_ms).collect();
        let note = format!(
            "{bytes} bytes of HTML, rendered for each request; {CONNECTIONS} connections, server on one core, load \
             and PostgreSQL on another"
        );
        let name = page.name;
        report.row(format!("{name}_rps"), "1/s", percentile(&rps, 0.5), page.rps, rps, note);
        report.row(format!("{name}_p50_ms"), "ms", percentile(&p50, 0.5), Goal::None, p50, "");
        report.row(format!("{name}_p99_ms"), "ms", percentile(&p99, 0.5), page.p99_ms, p99, "");
    }
    server.stop().await?;
    world.stop()?;
    Ok(report)
}

/// The newest open job, whose page everybody sees first.
pub(crate) async fn newest_job(database: &Database) -> anyhow::Result<domain::JobId> {
    let page = storage::browse::jobs(database.pool(), &domain::browse::JobFilter::default()).await?;
    Ok(page.rows.first().context("there is no open job")?.id)
}

/// What `wrk` measured.
struct Load {
    rps: f64,
    p50_ms: f64,
    p99_ms: f64,
}

fn wrk(url: &str, time: Duration) -> anyhow::Result<Load> {
    let output = Command::new("wrk")
        .args(["--threads", "1", "--connections", &CONNECTIONS.to_string(), "--latency"])
        .args(["--duration", &format!("{}s", time.as_secs()), url])
        .output()
        .context("wrk makes the load; `apt-get install wrk` brings it")?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    ensure!(output.status.success(), "wrk failed: {text}");
    ensure!(!text.contains("Non-2xx") && !text.contains("Socket errors"), "not every page was had:\n{text}");
    parse(&text).with_context(|| format!("wrk says something else than it used to:\n{text}"))
}

fn parse(text: &str) -> Option<Load> {
    let after = |key: &str| text.lines().find_map(|line| line.trim().strip_prefix(key)).map(str::trim);
    Some(Load {
        rps: after("Requests/sec:")?.parse().ok()?,
        p50_ms: milliseconds(after("50%")?)?,
        p99_ms: milliseconds(after("99%")?)?,
    })
}

fn milliseconds(text: &str) -> Option<f64> {
    let (number, factor) = if let Some(number) = text.strip_suffix("us") {
        (number, 1e-3)
    } else if let Some(number) = text.strip_suffix("ms") {
        (number, 1.0)
    } else {
        (text.strip_suffix('s')?, 1e3)
    };
    Some(number.parse::<f64>().ok()? * factor)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_wrk_are_read() {
        let text = "  Latency Distribution\n     50%  713.00us\n     75%    1.20ms\n     99%    1.02s \n\
                    Requests/sec:   1533.20\nTransfer/sec:    185.55MB\n";
        let load = parse(text).unwrap();
        assert_eq!((load.rps, load.p50_ms, load.p99_ms), (1533.2, 0.713, 1020.0));
        assert!(parse("").is_none());
    }
}
