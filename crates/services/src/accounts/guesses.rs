//! Slowing those who guess, without locking anybody out.
//!
//! An attempt is charged to several counters before it is judged, so that attempts at once count,
//! too, and given back if it was right. A browser on which its owner has signed in before has a
//! counter of its own: whatever strangers try elsewhere, it is not slowed. All others share, for each
//! address that is typed, one counter with those of their network. What everybody tries together slows
//! nobody, for it would be a way to lock others out: beyond a number of them, a right password alone
//! does not open the account in a browser that is not known. An address without an account is counted
//! like one with.

use std::net::IpAddr;

use chrono::{DateTime, TimeDelta, Utc};
use domain::{SessionId, UserId, account::Email};
use sha2::{Digest as _, Sha256};
use sqlx::PgConnection;
use storage::guesses::{self, Slowing};

use super::{known_browser, sessions::Device};
use crate::{Result, ServiceError, Services};

type Key = [u8; 32];

/// What is counted, and how patiently.
#[derive(Clone, Copy)]
pub(super) struct Counter {
    pub(super) key: Key,
    free: i32,
    longest: TimeDelta,
    forgotten_after: TimeDelta,
    /// Whether one right attempt makes up for all wrong ones.
    forgiving: bool,
}

impl Counter {
    pub(super) fn slowing(&self, now: DateTime<Utc>) -> Slowing {
        Slowing {
            free: self.free,
            longest: self.longest.as_seconds_f64(),
            forget_before: now - self.forgotten_after,
        }
    }
}

/// Nothing is kept for longer.
pub(super) const KEPT: TimeDelta = TimeDelta::hours(24);

/// So many wrong attempts of everybody together in a day, and an address is besieged.
const BESIEGED_FROM: i32 = 100;

/// An attempt that is charged.
#[must_use]
pub(super) struct Attempt {
    counters: Vec<Counter>,
    besieged: bool,
}

/// What an attempt to sign in is charged to in a browser on which the owner of the address has signed in
/// before; none where nobody is slowed. `shown` stands for the browser.
pub(super) fn of_browser(services: &Services, shown: &[u8; 32]) -> Option<Counter> {
    services.slow_guessing.then(|| patient(key("browser", &[shown]), 10))
}

/// Before a password is compared at sign-in. `known` is the counter of the browser, if the owner of the
/// address has signed in on it before; `charged`, whether it was free where it was charged at the door.
pub(super) async fn sign_in(
    services: &Services,
    email: &Email,
    known: Option<Counter>,
    charged: Option<bool>,
    device: &Device,
) -> Result<Attempt> {
    if !services.slow_guessing {
        return Ok(Attempt::uncounted());
    }
    if let Some(known) = known {
        return match charged {
            None => begin(services, vec![known]).await,
            Some(true) => Ok(Attempt { counters: vec![known], besieged: false }),
            Some(false) => {
                let mut db = services.database.house().acquire().await?;
                Err(too_many(&mut db, &[known.key], services.now()).await?)
            }
        };
    }
    let (email, network) = (email.as_str().as_bytes(), network(device));
    let everybody = Counter { forgotten_after: KEPT, ..generous(key("address", &[email]), i32::MAX) };
    let counters = vec![
        patient(key("address and network", &[email, &network]), 8),
        generous(key("network", &[&network]), 50),
        everybody,
    ];
    let attempt = begin(services, counters).await?;
    let since = services.now() - everybody.forgotten_after;
    let failures = guesses::failures(services.database.house(), &everybody.key, since).await?;
    Ok(Attempt { besieged: failures > BESIEGED_FROM, ..attempt })
}

/// Before a second factor that could be guessed is compared. Only who has given the first one comes
/// here.
pub(super) async fn second_factor(services: &Services, user_id: UserId, device: &Device) -> Result<Attempt> {
    if !services.slow_guessing {
        return Ok(Attempt::uncounted());
    }
    let account = user_id.uuid();
    let known = known_browser::of(services, services.database.house(), Some(user_id), device).await?;
    let here = known.map_or_else(|| network(device), Vec::from);
    begin(services, vec![patient(key("second factor", &[account.as_bytes(), &here]), 5)]).await
}

/// Before somebody who is signed in proves once more who they are. Whoever found a browser open
/// slows down nobody but themselves.
pub(super) async fn confirmation(services: &Services, session: SessionId) -> Result<Attempt> {
    begin(services, vec![patient(key("confirmation", &[session.uuid().as_bytes()]), 5)]).await
}

const fn patient(key: Key, free: i32) -> Counter {
    Counter {
        key,
        free,
        longest: TimeDelta::minutes(15),
        forgotten_after: TimeDelta::hours(1),
        forgiving: true,
    }
}

/// For what is shared with strangers: whoever waits because of them does not wait for long.
const fn generous(key: Key, free: i32) -> Counter {
    Counter { longest: TimeDelta::minutes(1), forgiving: false, ..patient(key, free) }
}

/// What stands for something in the database, from which it cannot be read.
pub(super) fn key(kind: &str, parts: &[&[u8]]) -> Key {
    let mut hash = Sha256::new();
    hash.update(kind);
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

/// The network of a device as far as guesses are counted: of IPv6, the 48 bits that one customer has
/// at most, so that nobody is many networks.
pub(super) fn network(device: &Device) -> Vec<u8> {
    match device.address.map(|address| address.to_canonical()) {
        None => Vec::new(),
        Some(IpAddr::V4(address)) => address.octets().to_vec(),
        Some(IpAddr::V6(address)) => address.octets()[..6].to_vec(),
    }
}

/// Errors: [`ServiceError::TooMany`] where one has to wait; nothing is counted then.
async fn begin(services: &Services, mut counters: Vec<Counter>) -> Result<Attempt> {
    if !services.slow_guessing {
        return Ok(Attempt::uncounted());
    }
    let now = services.now();
    if let [only] = counters[..] {
        // One statement needs no transaction around it.
        let mut db = services.database.house().acquire().await?;
        charge(&mut db, only, &[only.key], now).await?;
        return Ok(Attempt { counters, besieged: false });
    }
    // Always in the same order, so that nobody waits for one who waits for them.
    counters.sort_unstable_by_key(|counter| counter.key);
    let keys: Vec<_> = counters.iter().map(|counter| counter.key).collect();
    let mut tx = services.database.begin_as_house().await?;
    for counter in &counters {
        charge(&mut tx, *counter, &keys, now).await?;
    }
    tx.commit().await?;
    Ok(Attempt { counters, besieged: false })
}

/// Errors: [`ServiceError::TooMany`], until none of `keys` is blocked any more.
async fn charge(db: &mut PgConnection, counter: Counter, keys: &[Key], now: DateTime<Utc>) -> Result<()> {
    if guesses::charge(db, &counter.key, counter.slowing(now), now).await? {
        return Ok(());
    }
    Err(too_many(db, keys, now).await?)
}

/// What somebody is told who has to wait until none of `keys` is blocked any more.
async fn too_many(db: &mut PgConnection, keys: &[Key], now: DateTime<Utc>) -> Result<ServiceError> {
    let until = guesses::blocked_until(db, keys).await?;
    metrics::counter!("guesses_slowed_total").increment(1);
    Ok(ServiceError::TooMany(wait(until, now)))
}

/// In whole seconds, at least one: whoever comes back after them is judged.
fn wait(until: Option<DateTime<Utc>>, now: DateTime<Utc>) -> TimeDelta {
    let milliseconds = until.map_or(0, |until| (until - now).num_milliseconds());
    TimeDelta::seconds((milliseconds + 999).div_euclid(1_000).max(1))
}

impl Attempt {
    /// One that nobody could be guessing with.
    pub(super) const fn uncounted() -> Self {
        Self { counters: Vec::new(), besieged: false }
    }

    /// Whether so many guess at this address that a right password may be one of their guesses.
    pub(super) const fn is_of_a_siege(&self) -> bool {
        self.besieged
    }

    /// The counter that it was charged to, if that is one alone and a right attempt empties it.
    pub(super) fn only(&self) -> Option<&Key> {
        match &self.counters[..] {
            [only] if only.forgiving => Some(&only.key),
            _ => None,
        }
    }

    /// Takes the charge back: it was right. Should that fail, the person is let in all the same, and
    /// has one attempt less for an hour.
    pub(super) async fn was_right(self, services: &Services) {
        if self.counters.is_empty() {
            return;
        }
        let refunded = async {
            let mut tx = services.database.begin_as_house().await?;
            self.was_right_in(&mut tx, services.now()).await?;
            Ok::<_, ServiceError>(tx.commit().await?)
        };
        if let Err(error) = refunded.await {
            tracing::warn!(%error, "a right attempt counts as a wrong one");
        }
    }

    /// The same in the transaction of the house in which the person is let in.
    pub(super) async fn was_right_in(&self, db: &mut PgConnection, now: DateTime<Utc>) -> Result<()> {
        for counter in &self.counters {
            if counter.forgiving {
                guesses::forget(db, &counter.key).await?;
            } else {
                guesses::refund(db, &counter.key, now).await?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_customer_of_ipv6_is_one_network_and_a_mapped_address_is_the_one_it_maps() {
        let at = |address: &str| network(&Device { address: address.parse().ok(), ..Device::default() });
        assert_eq!(at("2001:db8:1:2::1"), at("2001:db8:1:ffff:ffff::9"));
        assert_ne!(at("2001:db8:1:2::1"), at("2001:db8:2:2::1"));
        assert_eq!(at("::ffff:192.0.2.1"), at("192.0.2.1"));
        assert_ne!(at("192.0.2.1"), at("192.0.2.2"));
    }

    #[test]
    fn keys_of_different_things_differ_however_their_parts_are_cut() {
        let keys = [key("a", &[b"bc"]), key("ab", &[b"c"]), key("a", &[b"b", b"c"]), key("a", &[b"bc", b""])];
        assert!((1..keys.len()).all(|n| !keys[..n].contains(&keys[n])));
    }
}
