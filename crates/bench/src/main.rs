//! Benchmarks of the whole product on real parts: `cargo xtask bench NAME` builds what they need and
//! runs them. Each prints a table and writes its figures as JSON.

mod auth;
mod eighth;
mod first_load;
mod live_match;
mod page;
mod people;
mod report;
mod setting;
mod socket;
mod sockets;
mod ssr;
mod world;

use std::process::ExitCode;

use clap::Parser;

use crate::{report::Report, setting::Setting};

#[derive(Parser)]
#[command(name = "bench", about = "Measures the built product")]
enum Bench {
    /// From a job's commit to the frames in many browsers.
    LiveMatch(live_match::Scale),
    /// Rendered pages per second of a server on one core.
    Ssr(ssr::Scale),
    /// Bytes over the wire for each page.
    FirstLoad,
    /// Signing in beside the bare password hash, pages for members, the check of a session.
    Auth(auth::Scale),
    /// Memory and processor time of idle sockets.
    Sockets(sockets::Scale),
}

impl Bench {
    fn name(&self) -> &'static str {
        match self {
            Self::LiveMatch(_) => "live-match",
            Self::Ssr(_) => "ssr",
            Self::FirstLoad => "first-load",
            Self::Auth(_) => "auth",
            Self::Sockets(_) => "sockets",
        }
    }
}

fn main() -> ExitCode {
    let bench = Bench::parse();
    match run(&bench) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(bench: &Bench) -> anyhow::Result<()> {
    let setting = Setting::from_environment(bench.name())?;
    if let Bench::Ssr(_) = bench {
        // Before there are threads: all of them, and what they start, keep off the server's core.
        ssr::leave_core_to_server()?;
    }
    // Fails only where a provider is installed already, which then serves.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let report: Report = tokio::runtime::Runtime::new()?.block_on(async {
        match bench {
            Bench::LiveMatch(scale) => live_match::run(&setting, scale).await,
            Bench::Ssr(scale) => ssr::run(&setting, scale).await,
            Bench::FirstLoad => first_load::run(&setting).await,
            Bench::Auth(scale) => auth::run(&setting, scale).await,
            Bench::Sockets(scale) => sockets::run(&setting, scale).await,
        }
    })?;
    report.publish(&setting)
}
