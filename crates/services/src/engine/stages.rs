//! Where the time goes between a change and the frames that tell of it.

use std::time::Instant;

use chrono::{DateTime, Utc};

use domain::JobId;

/// The stages of one event's way, in their order.
#[derive(Clone, Copy)]
pub(super) enum Stage {
    /// From the event's writing to its delivery: commit, notification, fetching.
    Pickup,
    /// Loading what changed, and its vector.
    Embed,
    Search,
    /// One transaction: what changed, the messages, the delivery of the event.
    Settle,
    /// Handing the messages to the queues of the open sockets.
    Publish,
}

impl Stage {
    const NAMES: [&str; 5] = ["pickup", "embed", "search", "settle", "publish"];
}

/// A watch that is looked at after each stage.
pub(super) struct Stages {
    last: Instant,
    milliseconds: [f64; Stage::NAMES.len()],
}

impl Stages {
    /// Starts at the delivery of an event written at `written_at`.
    pub(super) fn begin(written_at: DateTime<Utc>) -> Self {
        let mut stages = Self::without_event();
        stages.note(Stage::Pickup, (Utc::now() - written_at).as_seconds_f64().max(0.0));
        stages
    }

    /// Starts now, for work that no event asked for.
    pub(super) fn without_event() -> Self {
        Self { last: Instant::now(), milliseconds: [0.0; Stage::NAMES.len()] }
    }

    /// Ends a stage; the next one begins.
    pub(super) fn reached(&mut self, stage: Stage) {
        let now = Instant::now();
        self.note(stage, (now - self.last).as_secs_f64());
        self.last = now;
    }

    fn note(&mut self, stage: Stage, seconds: f64) {
        metrics::histogram!("match_stage_seconds", "stage" => Stage::NAMES[stage as usize]).record(seconds);
        self.milliseconds[stage as usize] += seconds * 1e3;
    }

    /// Tells of all stages of a job that is through.
    pub(super) fn tell(&self, job: JobId) {
        let [pickup_ms, embed_ms, search_ms, settle_ms, publish_ms] = self.milliseconds;
        tracing::debug!(%job, pickup_ms, embed_ms, search_ms, settle_ms, publish_ms, "a job was matched");
    }
}
