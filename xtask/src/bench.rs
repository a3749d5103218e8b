//! `cargo xtask bench NAME`: one command per benchmark, one JSON file per result.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, bail};
use serde::Serialize;

use crate::process::Cmd;
use crate::step::loud_step;
use crate::workspace::{self, Workspace};
use crate::{apt, bench_setup, model, npm, site};

/// One benchmark: its name, what it measures, and what must be built before it.
struct Benchmark {
    name: &'static str,
    measures: &'static str,
    needs: &'static [Needs],
}

/// What a benchmark finds ready.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Needs {
    Postgres,
    Model,
    Server,
    Site,
    /// The program that makes the load.
    Wrk,
}

/// The clean-clone benchmark is this program's own, and the engine's is an example of its package,
/// which nothing above it can slow down; the others are in the package `bench`.
const SETUP: &str = "setup";
const MATCH: &str = "match";

const BENCHMARKS: [Benchmark; 7] = [
    Benchmark {
        name: "live-match",
        measures: "from a job's commit to the frame in 1,000 browsers",
        needs: &[Needs::Postgres, Needs::Model, Needs::Server],
    },
    Benchmark { name: MATCH, measures: "the top 50 of 100,000 profiles for a job, one thread", needs: &[] },
    Benchmark {
        name: "ssr",
        measures: "rendered pages per second of a server on one core",
        needs: &[Needs::Postgres, Needs::Wrk, Needs::Server, Needs::Site],
    },
    Benchmark {
        name: "first-load",
        measures: "bytes over the wire for each page",
        needs: &[Needs::Postgres, Needs::Server, Needs::Site],
    },
    Benchmark {
        name: "sockets",
        measures: "memory and processor time of 10,000 idle sockets",
        needs: &[Needs::Postgres, Needs::Server],
    },
    Benchmark {
        name: "auth",
        measures: "sign-ins beside the bare hash, pages for members, the check of a session",
        needs: &[Needs::Postgres, Needs::Server, Needs::Site],
    },
    Benchmark { name: SETUP, measures: "clean clone to first page, and the second start", needs: &[] },
];

pub(crate) fn run(ws: &Workspace, name: Option<&str>, arguments: &[String]) -> anyhow::Result<ExitCode> {
    let Some(name) = name else {
        for benchmark in &BENCHMARKS {
            println!("{:<12} {}", benchmark.name, benchmark.measures);
        }
        return Ok(ExitCode::SUCCESS);
    };
    let Some(benchmark) = BENCHMARKS.iter().find(|benchmark| benchmark.name == name) else {
        let names: Vec<&str> = BENCHMARKS.iter().map(|benchmark| benchmark.name).collect();
        bail!("no benchmark `{name}`; there are {}", names.join(", "));
    };
    if name == SETUP {
        bench_setup::run(ws)?;
        return Ok(ExitCode::SUCCESS);
    }
    for need in benchmark.needs {
        provide(ws, *need)?;
    }
    loud_step(&format!("Benchmark {name}"), || {
        if name == MATCH {
            let example =
                ["run", "--release", "--quiet", "--package", "matching", "--example", "bench_match"];
            return Cmd::cargo().args(example).arg("--").args(arguments).dir(&ws.root).show();
        }
        Cmd::new(ws.target.join("release/bench"))
            .arg(name)
            .args(arguments)
            // Where it finds what was built, and what it should note about this run.
            .env("BENCH_BIN", ws.target.join("release/eighth"))
            .env("BENCH_SITE", site::folder(ws))
            .env("BENCH_DATA", ws.scratch("bench-data"))
            .env("BENCH_MODEL", model::folder(&ws.data()))
            .env("BENCH_OUT", output(ws, name))
            .env("BENCH_MACHINE", machine())
            .env("BENCH_COMMIT", commit(ws))
            .dir(&ws.root)
            .show()
    })?;
    println!("{}", output(ws, name).display());
    Ok(ExitCode::SUCCESS)
}

fn provide(ws: &Workspace, need: Needs) -> anyhow::Result<()> {
    match need {
        Needs::Postgres => apt::ensure_postgres(),
        Needs::Wrk => apt::ensure("wrk"),
        Needs::Model => {
            model::ensure(ws, &ws.data());
            Ok(())
        }
        Needs::Site => {
            workspace::ensure_wasm_target(ws)?;
            npm::ensure(ws)?;
            site::build(ws, site::RELEASE_PROFILE)
        }
        // Together, or each would be built from the same libraries with other features.
        Needs::Server => loud_step("Building the server and the benchmarks", || {
            let packages = ["--package", "server", "--package", "bench"];
            Cmd::cargo().args(["build", "--release"]).args(packages).dir(&ws.root).show()
        }),
    }
}

/// Where a benchmark's result is written.
fn output(ws: &Workspace, name: &str) -> PathBuf {
    ws.target.join("bench").join(format!("{name}.json"))
}

/// A benchmark's result, as it is written.
#[derive(Serialize)]
pub(crate) struct Outcome {
    pub(crate) machine: String,
    pub(crate) commit: String,
    /// Seconds since 1970.
    pub(crate) at: u64,
    pub(crate) rows: Vec<Row>,
}

/// One measured figure.
#[derive(Serialize)]
pub(crate) struct Row {
    pub(crate) metric: &'static str,
    pub(crate) unit: &'static str,
    pub(crate) value: f64,
    /// What it must not exceed, as `≤ 15`.
    pub(crate) goal: &'static str,
    /// The same figure for others, measured in the same run.
    pub(crate) peers: serde_json::Map<String, serde_json::Value>,
    pub(crate) samples: Vec<f64>,
    pub(crate) note: String,
}

/// Writes and prints the rows of a benchmark of this program.
pub(crate) fn publish(ws: &Workspace, name: &str, rows: Vec<Row>) -> anyhow::Result<()> {
    for row in &rows {
        println!("{:<20} {:>10.2} {:<6} goal {:<8} {}", row.metric, row.value, row.unit, row.goal, row.note);
    }
    let at = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs());
    let outcome = Outcome { machine: machine(), commit: commit(ws), at, rows };
    let path = output(ws, name);
    std::fs::create_dir_all(ws.target.join("bench"))?;
    std::fs::write(&path, serde_json::to_string_pretty(&outcome)?)
        .with_context(|| format!("writing {}", path.display()))?;
    println!("{}", path.display());
    Ok(())
}

/// Processor, number of cores and memory, in words.
fn machine() -> String {
    let field = |file: &str, key: &str| {
        let text = std::fs::read_to_string(file).unwrap_or_default();
        text.lines().find_map(|line| {
            line.strip_prefix(key)?.split_once(':').map(|(_, value)| value.trim().to_owned())
        })
    };
    let model = field("/proc/cpuinfo", "model name").unwrap_or_else(|| std::env::consts::ARCH.to_owned());
    let memory = field("/proc/meminfo", "MemTotal").unwrap_or_default();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    format!("{model}, {cores} cores, {memory}")
}

fn commit(ws: &Workspace) -> String {
    let commit = Cmd::new("git").args(["rev-parse", "--short=12", "HEAD"]).dir(&ws.root).read();
    commit.map(|text| text.trim().to_owned()).unwrap_or_default()
}
