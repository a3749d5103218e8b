//! The counters, and what is left of them.

use std::{
    hash::{BuildHasher as _, RandomState},
    num::NonZeroU32,
    time::Duration,
};

use app::error::ApiError;
use axum::{
    http::{HeaderMap, HeaderValue},
    response::{IntoResponse, Response},
};
use governor::{
    Quota, RateLimiter,
    clock::{Clock as _, DefaultClock},
    middleware::StateInformationMiddleware,
    state::keyed::DashMapStateStore,
};

use super::class::{CLASSES, Class, Visitor};
use crate::{config, http::refusal::Refusal};

/// So many networks are told apart for each class, in a dozen megabytes.
const TOLD_APART: usize = 100_000;
const CROWDS: u64 = 1_024;

type Limiter = RateLimiter<Visitor, DashMapStateStore<Visitor>, DefaultClock, StateInformationMiddleware>;

struct Counted {
    class: Class,
    window: Duration,
    limiter: Limiter,
}

/// What every visitor has left. Nothing is counted where it is switched off.
pub(crate) struct Limits {
    counted: Vec<Counted>,
    clock: DefaultClock,
    crowds: RandomState,
}

impl Limits {
    pub(crate) fn new(config: &config::Limits) -> Self {
        let classes = if config.enabled { &CLASSES[..] } else { &[] };
        let counted = classes.iter().filter_map(|&class| {
            let (most, window) = class.allowance(config);
            let quota = Quota::with_period(window / most)?.allow_burst(NonZeroU32::new(most)?);
            let limiter = RateLimiter::dashmap(quota).with_middleware();
            Some(Counted { class, window, limiter })
        });
        Self { counted: counted.collect(), clock: DefaultClock::default(), crowds: RandomState::new() }
    }

    /// Counts a request; an error where it is one too many.
    pub(crate) fn check(&self, class: Class, visitor: Visitor) -> Result<Option<Allowance>, Exceeded> {
        let Some(counted) = self.counted.iter().find(|counted| counted.class == class) else {
            return Ok(None);
        };
        // Anybody can come from many networks, but each session costs a sign-in, which is counted.
        let counted_as = match visitor {
            Visitor::Network(..) if counted.limiter.len() >= TOLD_APART => {
                Visitor::Crowd((self.crowds.hash_one(visitor) % CROWDS) as u16)
            }
            visitor => visitor,
        };
        let policy = |quota: Quota| (quota.burst_size().get(), counted.window.as_secs());
        match counted.limiter.check_key(&counted_as) {
            Ok(left) => {
                let quota = left.quota();
                let left = left.remaining_burst_capacity();
                let used = quota.burst_size().get().saturating_sub(left);
                let whole_in = quota.replenish_interval() * used;
                Ok(Some(Allowance { class, policy: policy(quota), left, whole_in }))
            }
            Err(until) => {
                metrics::counter!("requests_limited_total", "class" => class.name()).increment(1);
                let wait = until.wait_time_from(self.clock.now());
                let allowance = Allowance { class, policy: policy(until.quota()), left: 0, whole_in: wait };
                Err(Exceeded { allowance, wait, visitor })
            }
        }
    }

    /// Forgets visitors who have all their allowance again.
    pub(crate) fn sweep(&self) {
        for counted in &self.counted {
            counted.limiter.retain_recent();
            counted.limiter.shrink_to_fit();
        }
    }
}

/// What is left to a visitor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Allowance {
    class: Class,
    /// So many, in so many seconds.
    policy: (u32, u64),
    left: u32,
    whole_in: Duration,
}

impl Allowance {
    /// Tells it as `draft-ietf-httpapi-ratelimit-headers` does, unless a tighter one is told already.
    pub(super) fn tell(&self, headers: &mut HeaderMap) {
        if headers.contains_key("ratelimit") {
            return;
        }
        let Self { class, policy: (most, window), left, whole_in } = self;
        let name = class.name();
        let policy = HeaderValue::from_str(&format!("\"{name}\";q={most};w={window}"));
        let state = HeaderValue::from_str(&format!("\"{name}\";r={left};t={}", seconds(*whole_in)));
        if let (Ok(policy), Ok(state)) = (policy, state) {
            headers.insert("ratelimit-policy", policy);
            headers.insert("ratelimit", state);
        }
    }
}

/// What signs out whoever else uses an account, a stolen cookie included.
const NOT_THEM: &str = " If that was not you, change your password: it signs out everybody else.";

/// A request too many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Exceeded {
    allowance: Allowance,
    wait: Duration,
    visitor: Visitor,
}

impl Exceeded {
    pub(crate) fn into_error(self) -> ApiError {
        // Who did it may be somebody else behind the same address, or with the same cookie.
        let (how, or_else) = match self.visitor {
            Visitor::Network(..) | Visitor::Crowd(_) | Visitor::BrowserOf(_) => ("from where you are", ""),
            Visitor::Session(_) => ("with your sign-in on this browser", NOT_THEM),
            Visitor::Account(_) => ("with your account", NOT_THEM),
        };
        ApiError::too_often(seconds(self.wait), |wait| match (self.allowance.class, self.visitor) {
            (Class::Tokens, _) | (Class::Read, Visitor::Account(_)) => {
                format!("That was too often. Wait {wait}, then ask again.")
            }
            (Class::Read | Class::Recognition, _) => {
                format!("Very much was asked for {how}. Please wait {wait}, then reload this page.{or_else}")
            }
            (Class::Write | Class::Credentials | Class::Mail | Class::Together, _) => format!(
                "Nothing was sent or changed, because this was done very often {how}. Please wait {wait}, then \
                 go back and send it once more.{or_else}"
            ),
        })
    }
}

impl IntoResponse for Exceeded {
    fn into_response(self) -> Response {
        let mut response = Refusal(self.into_error()).into_response();
        self.allowance.tell(response.headers_mut());
        response
    }
}

/// Whole seconds, at least one: whoever comes back after them is let in.
fn seconds(time: Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_nanos() > 0 || time.is_zero())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use domain::{SessionId, UserId};

    use super::*;

    fn limits(most: u32) -> Limits {
        Limits::new(&config::Limits { credentials_per_minute: most, ..config::Limits::default() })
    }

    #[test]
    fn a_visitor_has_an_allowance_of_their_own_for_each_class() {
        let limits = limits(2);
        let (one, two) = (Visitor::at([192, 0, 2, 1].into()), Visitor::at([192, 0, 2, 2].into()));
        let left = |visitor| limits.check(Class::Credentials, visitor).map(|left| left.unwrap().left);
        assert_eq!((left(one), left(one)), (Ok(1), Ok(0)));
        let exceeded = left(one).unwrap_err();
        assert!(exceeded.wait <= Duration::from_secs(30), "{exceeded:?}");
        assert_eq!(left(two), Ok(1), "others are not held up");
        assert!(limits.check(Class::Read, one).is_ok());
    }

    #[test]
    fn more_networks_than_can_be_told_apart_share_what_is_left_and_who_is_signed_in_does_not() {
        let limits = limits(1);
        for n in 0..(TOLD_APART as u64 + 20_000) {
            let _ = limits.check(Class::Credentials, Visitor::Network(n, true));
        }
        let counted = limits.counted.iter().find(|counted| counted.class == Class::Credentials).unwrap();
        assert!(counted.limiter.len() <= TOLD_APART + CROWDS as usize, "memory is bounded");
        assert!(limits.check(Class::Credentials, Visitor::Account(UserId::new())).is_ok());
        assert!(limits.check(Class::Credentials, Visitor::Session(SessionId::new())).is_ok());
        assert!(limits.check(Class::Credentials, Visitor::BrowserOf(UserId::new())).is_ok());
    }

    #[test]
    fn where_it_is_switched_off_nothing_is_counted() {
        let off = Limits::new(&config::Limits { enabled: false, ..config::Limits::default() });
        let visitor = Visitor::at([192, 0, 2, 1].into());
        assert!((0..10_000).all(|_| off.check(Class::Mail, visitor) == Ok(None)));
    }
}
