//! How long it takes to find the best 50 of 100,000 freelancers for a job, on one thread.
//!
//! `cargo run --release -p matching --example bench_match [profiles] [jobs] [out.json]`

mod data;
mod straightforward;

use std::{collections::HashSet, fs, hint::black_box, path::PathBuf, process::Command, time::Instant};

use domain::{UserId, job::Job, receipt::Receipt};
use matching::{Blocks, CandidateSpec, Context, FreelancerIndex, JobSpec, Model, Policy};
use serde_json::json;

use data::{DIMENSION, World};
use straightforward::Loop;

const TRADES: usize = 24;
const GOAL_MS: f64 = 10.0;
const GOAL_SPEEDUP: f64 = 5.0;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let mut number = |default: usize| arguments.next().map_or(Ok(default), |text| text.parse());
    let (Ok(profiles), Ok(jobs)) = (number(100_000), number(500)) else {
        eprintln!("usage: bench_match [profiles] [jobs] [out.json]");
        std::process::exit(2);
    };
    let target = std::env::var("CARGO_TARGET_DIR").unwrap_or_else(|_| "target".to_owned());
    let out = arguments.next().map_or_else(|| PathBuf::from(target).join("bench/match.json"), PathBuf::from);

    let many = measure(profiles, jobs, TRADES);
    // Where all are of one trade, skills tell nobody apart at a glance: the hardest case.
    let one = measure(profiles, jobs, 1);

    let note = format!(
        "top 50 of {profiles} profiles x {DIMENSION} dimensions in {TRADES} trades, filters on, receipts \
         included, one thread; {} matches a job on average; top 50 shared with the loop: {:.2}%",
        many.matches, many.agreement
    );
    let row = |metric: &str, unit: &str, value: f64, goal: Option<f64>, peers, note: &str| {
        json!({ "metric": metric, "unit": unit, "value": rounded(value), "goal": goal, "peers": peers,
                "samples": jobs, "note": note })
    };
    let peer = |p50: f64| json!({ "straightforward_loop_ms": rounded(p50) });
    let hard = format!("the same with all profiles in one trade; {} matches a job on average", one.matches);
    let rows = vec![
        row("p50_ms", "ms", many.index.p50, None, peer(many.simple.p50), &note),
        row("p99_ms", "ms", many.index.p99, Some(GOAL_MS), peer(many.simple.p99), &note),
        row(
            "speedup",
            "x",
            many.simple.p50 / many.index.p50,
            Some(GOAL_SPEEDUP),
            peer(many.simple.p50),
            "median against median",
        ),
        row("p99_ms_one_trade", "ms", one.index.p99, None, peer(one.simple.p99), &hard),
        row("speedup_one_trade", "x", one.simple.p50 / one.index.p50, None, peer(one.simple.p50), &hard),
        row("upsert_us", "us", many.upsert_us, None, json!({}), "one profile into the index, mean"),
    ];
    print_table(&rows);
    let report = json!({ "machine": machine(), "commit": commit(), "rows": rows });
    if let Err(error) = write(&out, &report) {
        eprintln!("could not write {}: {error}", out.display());
        std::process::exit(1);
    }
    println!("\nwritten to {}", out.display());
}

struct Measured {
    index: Percentiles,
    simple: Percentiles,
    upsert_us: f64,
    matches: usize,
    /// Percentage of the index's results that the loop finds too.
    agreement: f64,
}

/// Median and 99th percentile, in milliseconds.
struct Percentiles {
    p50: f64,
    p99: f64,
}

fn measure(profiles: usize, jobs: usize, trades: usize) -> Measured {
    let mut world = World::new(8, trades);
    let (policy, blocks) = (Policy::default(), Blocks::default());
    let model = Model { id: "made-up".to_owned(), range: (0.1, 0.65) };
    let context = Context { policy: &policy, model: &model, blocks: &blocks, now: world.now };
    let mut index = FreelancerIndex::new(DIMENSION);
    let mut simple = Loop::new(policy.clone(), DIMENSION);
    let mut upserting = 0.0;
    for _ in 0..profiles {
        let (profile, vector) = world.profile();
        let spec = CandidateSpec::new(&profile, Some(&vector));
        let start = Instant::now();
        index.upsert(spec);
        upserting += start.elapsed().as_secs_f64();
        simple.push(profile, &vector);
    }
    let jobs: Vec<(Job, Vec<f32>)> = (0..jobs).map(|_| world.job()).collect();

    let search = |(job, vector): &(Job, Vec<f32>)| {
        index.best_for(&JobSpec::new(job, Some(vector)), &context, policy.top_n)
    };
    let (index_times, found) = timed(&jobs, search);
    let (simple_times, expected) =
        timed(&jobs, |(job, vector)| simple.best_for(job, vector, &context, policy.top_n));
    let total: usize = found.iter().map(Vec::len).sum();
    let shared: usize = found.iter().zip(&expected).map(|(a, b)| in_common(a, b)).sum();
    Measured {
        index: index_times,
        simple: simple_times,
        upsert_us: upserting * 1e6 / profiles.max(1) as f64,
        matches: total / jobs.len().max(1),
        agreement: 100.0 * shared as f64 / total.max(1) as f64,
    }
}

fn timed<T, R>(inputs: &[T], run: impl Fn(&T) -> R) -> (Percentiles, Vec<R>) {
    for input in inputs.iter().take(10) {
        black_box(run(input));
    }
    let mut times = Vec::with_capacity(inputs.len());
    let mut results = Vec::with_capacity(inputs.len());
    for input in inputs {
        let start = Instant::now();
        results.push(black_box(run(input)));
        times.push(start.elapsed().as_secs_f64() * 1e3);
    }
    times.sort_by(f64::total_cmp);
    let at = |share: f64| {
        let rank = (share * times.len() as f64).ceil() as usize;
        times.get(rank.saturating_sub(1)).copied().unwrap_or(0.0)
    };
    (Percentiles { p50: at(0.5), p99: at(0.99) }, results)
}

fn in_common(found: &[(UserId, Receipt)], expected: &[(UserId, Receipt)]) -> usize {
    let expected: HashSet<_> = expected.iter().map(|(id, _)| id).collect();
    found.iter().filter(|(id, _)| expected.contains(id)).count()
}

fn rounded(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

fn print_table(rows: &[serde_json::Value]) {
    println!("{:<20} {:>10} {:>10} {:>24}", "metric", "value", "goal", "straightforward loop ms");
    for row in rows {
        let text =
            |value: &serde_json::Value| if value.is_null() { String::new() } else { value.to_string() };
        let metric = row["metric"].as_str().unwrap_or_default();
        let (value, goal) = (text(&row["value"]), text(&row["goal"]));
        println!(
            "{metric:<20} {value:>10} {goal:>10} {:>24}",
            text(&row["peers"]["straightforward_loop_ms"])
        );
    }
}

fn machine() -> String {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or("unknown processor");
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    format!("{}, {cores} cores", model.trim_start_matches(['\t', ' ', ':']))
}

fn commit() -> String {
    let output = Command::new("git").args(["rev-parse", "--short", "HEAD"]).output();
    output.map_or_else(|_| String::new(), |output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn write(path: &std::path::Path, report: &serde_json::Value) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, format!("{report:#}\n"))
}
