//! From frames and stages to the figures of the report.

use std::collections::{HashMap, HashSet};

use anyhow::{Context as _, ensure};
use domain::JobId;

use super::{Scale, stages::Stages};
use crate::report::{Goal, Report, mean, percentile};

/// A message at a client.
pub(super) struct Frame {
    pub(super) job: JobId,
    pub(super) socket: usize,
    /// From the writing of the job's event to the message's arrival.
    pub(super) ms: f64,
}

/// Fewer would say little about the hundredth part.
const LEAST_FRAMES: usize = 100;

pub(super) fn report(
    frames: &[Frame],
    stages: &HashMap<JobId, Stages>,
    scale: &Scale,
) -> anyhow::Result<Report> {
    ensure!(frames.len() >= LEAST_FRAMES.min(scale.jobs), "only {} frames arrived", frames.len());
    let mut all = Vec::with_capacity(frames.len());
    let mut after = Vec::with_capacity(frames.len());
    let mut last_of_job: HashMap<JobId, f64> = HashMap::new();
    for frame in frames {
        let stages = stages.get(&frame.job).context("the server did not log the stages of a job")?;
        all.push(frame.ms);
        after.push(frame.ms - stages.until_embedded_ms());
        let last = last_of_job.entry(frame.job).or_default();
        *last = last.max(frame.ms);
    }
    let jobs: HashSet<JobId> = frames.iter().map(|frame| frame.job).collect();
    let sockets: HashSet<usize> = frames.iter().map(|frame| frame.socket).collect();
    let mut slowest: Vec<f64> = last_of_job.into_values().collect();
    slowest.sort_by(f64::total_cmp);
    let mut report = Report::default();
    let note = format!(
        "{} frames of {} jobs at {} of {} sockets, {} profiles; from the writing of the event, before its \
         commit; samples: the last frame of each job",
        frames.len(),
        jobs.len(),
        sockets.len(),
        scale.sockets + 1,
        scale.profiles
    );
    report.row("p50_ms", "ms", percentile(&all, 0.5), Goal::AtMost(120.0), slowest, note);
    report.row("p99_ms", "ms", percentile(&all, 0.99), Goal::AtMost(250.0), Vec::new(), "of the same frames");
    let note = "from the moment the job's vector is there to the frame at the client";
    let value = percentile(&after, 0.99);
    report.row("p99_ms_after_embedding", "ms", value, Goal::AtMost(25.0), Vec::new(), note);
    let value = percentile(&after, 0.5);
    report.row("p50_ms_after_embedding", "ms", value, Goal::None, Vec::new(), note);

    // One for each frame, so that the parts add up to the mean of all frames.
    let of_frames: Vec<Stages> = frames.iter().filter_map(|frame| stages.get(&frame.job)).copied().collect();
    let total = mean(&all);
    let mut known = 0.0;
    type Part = fn(&Stages) -> f64;
    let parts: [(&str, &str, Part); 5] = [
        ("pickup", "from the event's writing to its delivery by the relay, the commit included", |s| {
            s.pickup_ms
        }),
        ("embedding", "loading the job and embedding its text", |s| s.embed_ms),
        ("search", "the best of all profiles, with receipts", |s| s.search_ms),
        ("settle", "one transaction: matches, messages, delivery", |s| s.settle_ms),
        ("publish", "handing the messages to the sockets' queues", |s| s.publish_ms),
    ];
    for (name, what, part) in parts {
        let times: Vec<f64> = of_frames.iter().map(part).collect();
        let share = mean(&times);
        known += share;
        let note = format!(
            "{what}: {:.0}% of the mean; p50 {:.1}, p99 {:.1}",
            share / total * 100.0,
            percentile(&times, 0.5),
            percentile(&times, 0.99)
        );
        report.row(format!("stage_{name}_ms"), "ms", share, Goal::None, Vec::new(), note);
    }
    let rest = total - known;
    let note = format!(
        "writing to the socket, reading at the client: {:.0}% of the mean of {total:.1} ms",
        rest / total * 100.0
    );
    report.row("stage_delivery_ms", "ms", rest, Goal::None, Vec::new(), note);
    Ok(report)
}
