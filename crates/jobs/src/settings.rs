//! How a runner works.

use std::{fmt, sync::Arc, time::Duration};

use chrono::{DateTime, Utc};

/// Tells the time; tests set it.
pub type Clock = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

#[derive(Clone)]
pub struct Settings {
    /// How many jobs are done at a time.
    pub concurrency: usize,
    /// After so many failed attempts a job is parked.
    pub attempts: i32,
    pub backoff: Backoff,
    /// How long a claim holds without being prolonged. A job whose worker was killed is taken again
    /// after this time; the clocks of the machines must agree to much less than it.
    pub lease: Duration,
    /// How often the queue is looked at when no notification comes.
    pub poll: Duration,
    /// How long finished jobs are kept, without what they held.
    pub keep: Duration,
    pub clock: Clock,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            concurrency: 4,
            attempts: 12,
            backoff: Backoff::default(),
            lease: Duration::from_secs(60),
            poll: Duration::from_secs(2),
            keep: Duration::from_secs(3 * 24 * 60 * 60),
            clock: Arc::new(Utc::now),
        }
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("concurrency", &self.concurrency)
            .field("attempts", &self.attempts)
            .field("backoff", &self.backoff)
            .field("lease", &self.lease)
            .field("poll", &self.poll)
            .field("keep", &self.keep)
            .finish_non_exhaustive()
    }
}

/// The pauses between attempts.
#[derive(Clone, Copy, Debug)]
pub struct Backoff {
    /// The pause after the first failure; it doubles with each further one.
    pub first: Duration,
    /// No pause is longer.
    pub most: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self { first: Duration::from_secs(5), most: Duration::from_secs(60 * 60) }
    }
}

impl Backoff {
    /// The pause after the `attempt`-th failure. `luck`, from 0 to 1, chooses between half of it and
    /// all of it, so that jobs that failed together do not come back together.
    pub(crate) fn pause(&self, attempt: i32, luck: f64) -> Duration {
        let doubled = attempt.saturating_sub(1).clamp(0, 31) as u32;
        let whole = self.first.saturating_mul(2_u32.saturating_pow(doubled)).min(self.most);
        whole.mul_f64(0.5 + luck.clamp(0.0, 1.0) / 2.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_doubles_up_to_the_longest_and_varies_by_half() {
        let backoff = Backoff { first: Duration::from_secs(10), most: Duration::from_secs(60) };
        let pauses = |luck: f64| [1, 2, 3, 4, 40].map(|attempt| backoff.pause(attempt, luck).as_secs());
        assert_eq!(pauses(1.0), [10, 20, 40, 60, 60]);
        assert_eq!(pauses(0.0), [5, 10, 20, 30, 30]);
    }
}
