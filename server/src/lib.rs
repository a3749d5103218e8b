//! The server: configuration, command line, HTTP, the live channel, and how all of it starts and
//! stops. `main` only calls [`cli::main`]; tests start a [`running::Running`] in their own process.

pub mod cli;
mod commands;
pub mod config;
mod crowd;
mod database;
mod http;
mod keys;
mod listen;
mod live;
mod logging;
mod metrics;
pub mod running;
mod state;
mod stream;

pub use metrics::install as install_metrics;
pub use state::{Ready, State};
