//! How long each stage took within the server, as it logs it for each job.

use std::{collections::HashMap, path::Path};

use anyhow::Context as _;
use domain::JobId;
use serde::Deserialize;

/// Milliseconds from one stage's end to the next's, in the order in which they happen.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub(super) struct Stages {
    /// From the event's writing to its delivery: commit, notification, fetching.
    pub(super) pickup_ms: f64,
    /// Until the job's vector is there: loading the job, embedding its text.
    pub(super) embed_ms: f64,
    pub(super) search_ms: f64,
    /// One transaction: what changed, messages with their numbers, delivery of the event.
    pub(super) settle_ms: f64,
    /// Handing the messages to the sockets' queues.
    pub(super) publish_ms: f64,
}

impl Stages {
    /// From the event's writing until the job's vector is there.
    pub(super) fn until_embedded_ms(&self) -> f64 {
        self.pickup_ms + self.embed_ms
    }
}

#[derive(Deserialize)]
struct Line {
    #[serde(default)]
    job: Option<String>,
    #[serde(flatten)]
    stages: Stages,
}

pub(super) fn read(log: &Path) -> anyhow::Result<HashMap<JobId, Stages>> {
    let text = std::fs::read_to_string(log).with_context(|| format!("reading {}", log.display()))?;
    // Lines about anything else do not read as this one.
    let lines = text.lines().filter_map(|line| serde_json::from_str::<Line>(line).ok());
    Ok(lines.filter_map(|line| Some((line.job?.parse().ok()?, line.stages))).collect())
}
