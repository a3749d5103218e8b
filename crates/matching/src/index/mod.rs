//! The best of many, without judging every pair in full.
//!
//! Both indexes keep a [`Shelf`](shelf::Shelf): facts, skills and compressed vectors side by side.
//! A search bounds each score from above with what is cheap to know and computes only those
//! exactly that can still be among the best, so that the answer is the same as judging all.

mod freelancers;
mod jobs;
mod quantised;
mod shelf;
mod simd;

pub use freelancers::FreelancerIndex;
pub use jobs::JobIndex;
