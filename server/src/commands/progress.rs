//! Progress of what takes longer than a second: one line that changes on a terminal, a log line
//! now and then elsewhere.

use std::{
    io::{IsTerminal as _, Write as _},
    time::{Duration, Instant},
};

use services::Services;

const ON_TERMINAL: Duration = Duration::from_millis(250);
const IN_LOG: Duration = Duration::from_secs(10);

/// Shows how far one task has come.
pub(crate) struct Progress {
    what: &'static str,
    terminal: bool,
    started: Instant,
    first: Option<u64>,
    shown: Option<Instant>,
}

impl Progress {
    pub(crate) fn new(what: &'static str) -> Self {
        let terminal = std::io::stderr().is_terminal();
        Self { what, terminal, started: Instant::now(), first: None, shown: None }
    }

    /// Shows it, unless it was shown a moment ago.
    pub(crate) fn show(&mut self, done: u64, total: u64) {
        let first = *self.first.get_or_insert(done);
        let pause = if self.terminal { ON_TERMINAL } else { IN_LOG };
        if self.shown.is_some_and(|shown| shown.elapsed() < pause) {
            return;
        }
        self.shown = Some(Instant::now());
        let percent = (done * 100).checked_div(total).unwrap_or(100);
        let left =
            seconds_left(self.started.elapsed(), done.saturating_sub(first), total.saturating_sub(done));
        let left = left.map(|seconds| format!(", about {seconds} s left")).unwrap_or_default();
        if self.terminal {
            eprint!("\r\x1b[2K{}: {done} of {total} ({percent}%){left}", self.what);
            let _ = std::io::stderr().flush();
        } else {
            tracing::info!(done, total, percent, "{}", self.what);
        }
    }

    /// Takes the line away again.
    pub(crate) fn finish(self) {
        if self.terminal && self.shown.is_some() {
            eprint!("\r\x1b[2K");
        }
        if self.shown.is_some() {
            tracing::info!(seconds = self.started.elapsed().as_secs(), "{}: done", self.what);
        }
    }
}

/// From what was done in a time, how long the rest takes; none while that cannot be told.
fn seconds_left(elapsed: Duration, done: u64, left: u64) -> Option<u64> {
    (done > 0).then(|| (elapsed.as_secs_f64() / done as f64 * left as f64).ceil() as u64)
}

/// Shows how the model reads the texts that are new to it, as often as there are any.
pub(crate) async fn follow_reading(services: Services) {
    let mut progress: Option<Progress> = None;
    let mut tick = tokio::time::interval(ON_TERMINAL);
    loop {
        tick.tick().await;
        let reading = services.engine().reading();
        if reading.is_complete() {
            if let Some(progress) = progress.take() {
                progress.finish();
            }
            continue;
        }
        let progress = progress.get_or_insert_with(|| Progress::new("Reading profiles and jobs"));
        progress.show(reading.done.unsigned_abs(), reading.total.unsigned_abs());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_left_follows_from_the_pace() {
        assert_eq!(seconds_left(Duration::from_secs(10), 100, 50), Some(5));
        assert_eq!(seconds_left(Duration::from_secs(10), 0, 50), None);
    }
}
