//! Mail through a real server.
#![allow(clippy::unwrap_used)]

mod server;
mod smtp;
