//! The queue and its runners, on a real database.
#![allow(clippy::unwrap_used)]

mod ends;
mod many;
mod support;
mod waiting;
