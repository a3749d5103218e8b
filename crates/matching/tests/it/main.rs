//! The indexes and the scorer as the engine calls them.

#![allow(clippy::unwrap_used)]

mod common;
mod index;
mod scorer;
mod texts;
