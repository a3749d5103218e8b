//! Trying again, with growing and random pauses.

use std::time::Duration;

use rand::Rng;
use reqwest::StatusCode;
use reqwest::header::{HeaderMap, RETRY_AFTER};

use crate::EmbedError;

/// How often and when to try again after a timeout, a broken connection, 429 or 5xx.
#[derive(Debug, Clone, Copy)]
pub struct Retry {
    /// Requests at most, the first included.
    pub attempts: u32,
    /// The pause after the first failure; each later one is twice as long.
    pub first_pause: Duration,
    /// The longest pause, whatever the service's `Retry-After` asks for.
    pub longest_pause: Duration,
}

impl Default for Retry {
    fn default() -> Self {
        Self { attempts: 5, first_pause: Duration::from_millis(250), longest_pause: Duration::from_secs(20) }
    }
}

/// How one attempt failed.
#[derive(Debug)]
pub(super) enum Failure {
    /// Another attempt may do better, after the pause that the service asked for.
    Passing { error: EmbedError, pause: Option<Duration> },
    /// Another attempt would end the same.
    Final(EmbedError),
}

impl Failure {
    /// No answer, or none to its end. The address stays out of the message: it may hold a
    /// password.
    pub(super) fn transport(error: reqwest::Error) -> Self {
        let reason =
            if error.is_timeout() { "it took too long".to_owned() } else { error.without_url().to_string() };
        Self::Passing { error: EmbedError::Unavailable(reason), pause: None }
    }

    /// An answer other than success. Its body is not kept: services quote the request in it.
    pub(super) fn status(status: StatusCode, headers: &HeaderMap) -> Self {
        if status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error() {
            let seconds = headers
                .get(RETRY_AFTER)
                .and_then(|value| value.to_str().ok())
                .and_then(|value| value.trim().parse().ok());
            Self::Passing {
                error: EmbedError::Unavailable(format!("status {}", status.as_u16())),
                pause: seconds.map(Duration::from_secs),
            }
        } else {
            Self::Final(EmbedError::Rejected { status: status.as_u16() })
        }
    }
}

impl Retry {
    /// Attempts until one succeeds, one fails for good, or there are no more.
    pub(super) async fn run<T, F>(&self, mut attempt: impl FnMut() -> F) -> Result<T, EmbedError>
    where
        F: Future<Output = Result<T, Failure>>,
    {
        let mut made = 0;
        loop {
            let failure = match attempt().await {
                Ok(value) => return Ok(value),
                Err(failure) => failure,
            };
            made += 1;
            match failure {
                Failure::Final(error) => return Err(error),
                Failure::Passing { error, .. } if made >= self.attempts => return Err(error),
                Failure::Passing { error, pause } => {
                    let pause = self.pause(made, pause, rand::rng().random_range(0.5..1.0));
                    tracing::warn!(%error, attempt = made, ?pause, "embedding request failed");
                    tokio::time::sleep(pause).await;
                }
            }
        }
    }

    /// `chance` within 0 and 1 keeps many callers from coming back at the same moment.
    fn pause(&self, made: u32, asked: Option<Duration>, chance: f64) -> Duration {
        let doubled = 2_u32.saturating_pow(made.saturating_sub(1));
        let own = self.first_pause.saturating_mul(doubled).min(self.longest_pause).mul_f64(chance);
        // Never sooner than the service asked for, as far as that is reasonable.
        asked.map_or(own, |asked| own.max(asked)).min(self.longest_pause)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RETRY: Retry =
        Retry { attempts: 5, first_pause: Duration::from_millis(100), longest_pause: Duration::from_secs(2) };

    #[test]
    fn pauses_double_up_to_the_longest() {
        let pauses: Vec<u128> = (1..8).map(|n| RETRY.pause(n, None, 1.0).as_millis()).collect();
        assert_eq!(pauses, [100, 200, 400, 800, 1600, 2000, 2000]);
        assert_eq!(RETRY.pause(u32::MAX, None, 0.5), Duration::from_secs(1));
    }

    #[test]
    fn the_services_wish_counts_within_bounds() {
        let second = Duration::from_secs(1);
        assert_eq!(RETRY.pause(1, Some(second), 0.5), second);
        assert_eq!(RETRY.pause(1, Some(second * 3_600), 0.5), second * 2);
        assert_eq!(RETRY.pause(4, Some(Duration::ZERO), 1.0).as_millis(), 800);
    }
}
