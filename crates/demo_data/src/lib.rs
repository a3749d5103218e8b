//! A plausible marketplace to try the product with: people, their profiles, and jobs.
//!
//! Everything is a pure function of the plan: the same seed and time give byte-identical people
//! and jobs, identifiers included, and item *i* does not depend on the items before it. Nobody in
//! here exists; names are first names and family names thrown together, companies are invented,
//! and every address is under a domain reserved for examples (RFC 2606).
//!
//! The texts are composed from hand-written fragments, a file per trade in `src/trades`.

mod account;
mod catalogue;
mod demo_accounts;
mod dice;
mod grammar;
mod job;
mod names;
mod phrases;
mod place;
mod price;
mod profile;
mod profile_text;
pub mod vectors;

use chrono::{DateTime, SubsecRound, Utc};
use domain::{
    JobId, UserId,
    account::Email,
    job::{JobContent, JobStatus},
    place::Region,
    profile::ProfileContent,
    role::Roles,
};

pub use demo_accounts::{CLIENT_EMAIL, CLIENT_NAME, FREELANCER_EMAIL, FREELANCER_NAME};

/// Where the generated people other than the two demo accounts have their e-mail.
pub const PEOPLE_DOMAIN: &str = "people.demo.8thdegree.example";

/// How large the marketplace is, and from which seed and moment it grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// People who offer work, the demo freelancer among them; at least one.
    pub freelancers: usize,
    /// People who offer jobs, the demo client among them: one for every four jobs, at least one.
    pub clients: usize,
    pub jobs: usize,
    pub seed: u64,
    /// The present moment; everything generated lies before it.
    pub now: DateTime<Utc>,
}

impl Plan {
    pub fn new(freelancers: usize, jobs: usize, seed: u64, now: DateTime<Utc>) -> Self {
        Self {
            freelancers: freelancers.max(1),
            clients: (jobs / 4).max(1),
            jobs,
            seed,
            now: now.trunc_subsecs(0),
        }
    }
}

/// A person with an account. Passwords are the caller's business.
#[derive(Clone, Debug, PartialEq)]
pub struct Person {
    pub id: UserId,
    pub display_name: String,
    pub email: Email,
    pub region: Region,
    pub roles: Roles,
    pub created_at: DateTime<Utc>,
    /// What the person offers; clients have none.
    pub profile: Option<ProfileContent>,
    pub profile_updated_at: DateTime<Utc>,
    /// The speciality whose words the profile is made of; empty for clients.
    pub speciality: &'static str,
}

/// A job of one of the plan's clients.
#[derive(Clone, Debug, PartialEq)]
pub struct DemoJob {
    pub id: JobId,
    pub client: UserId,
    pub region: Region,
    pub content: JobContent,
    pub status: JobStatus,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub published_at: Option<DateTime<Utc>>,
    pub closed_at: Option<DateTime<Utc>>,
    /// The speciality whose words the job is made of.
    pub speciality: &'static str,
}

/// Everybody in the plan: the freelancers, the demo freelancer first, then the clients, the demo
/// client first.
pub fn people(plan: Plan) -> impl Iterator<Item = Person> {
    let freelancers = (0..plan.freelancers).map(move |i| profile::freelancer(&plan, i));
    freelancers.chain((0..plan.clients).map(move |i| account::client(&plan, i).person))
}

/// The jobs in the plan; the first six are the demo client's, and open.
pub fn jobs(plan: Plan) -> impl Iterator<Item = DemoJob> {
    (0..plan.jobs).map(move |i| job::job(&plan, i))
}

/// The names of all specialities, in a fixed order.
pub fn specialities() -> impl Iterator<Item = &'static str> {
    catalogue::catalogue().iter().flat_map(|trade| trade.specialities.iter().map(|s| s.name))
}

#[cfg(test)]
mod tests;
