//! The matching engine: which freelancers suit a job, which jobs suit a freelancer, and why.
//!
//! Everything here is a pure function of its arguments; there is no input, output or clock.
//!
//! * [`assess()`] judges one pair. It is straightforward and exact, and defines what a score is.
//! * [`FreelancerIndex`] and [`JobIndex`] find the best of many. They agree with [`assess()`] to the
//!   last bit; they only look at fewer pairs.
//! * [`replay`] computes a score again from the evidence in its receipt.
//! * [`job_text`] and [`profile_text`] make the texts that get embedded, without what tells who a
//!   person is.
//!
//! # How a score is made
//!
//! Hard conditions come first (see [`Exclusion`]); a pair that fails one has no score. Each of the
//! seven components then gets a fit from 0 to 1,000,000 millionths, and the score is the sum of
//! `weight × fit` in whole numbers. A component that the job does not ask for (no wanted hours, no
//! time zone, a fixed price, no experience named) counts as fully met: nothing asked, nothing
//! missing. The weights therefore never move between components, and scores stay comparable from
//! job to job. Meaning and skills together carry 70% of the weight, so that somebody of another
//! trade, whatever their hours and rate, stays at 0.3.

mod assess;
mod blocks;
mod filter;
mod fit;
mod index;
mod policy;
mod spec;
mod texts;
mod vector;

pub use assess::{Context, Model, assess, replay};
pub use blocks::Blocks;
pub use filter::Exclusion;
pub use index::{FreelancerIndex, JobIndex};
pub use policy::{ExchangeRates, Policy, PolicyError, Weights};
pub use spec::{CandidateSpec, JobSpec};
pub use texts::{job_text, profile_text};
