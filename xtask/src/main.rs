//! `cargo xtask`: everything a developer does with this repository, one command each.

mod apt;
mod database;
mod gallery;
mod interrupt;
mod npm;
mod process;
mod site;
mod stamp;
mod step;
mod workspace;

use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use workspace::Workspace;

/// Set up, run, test and measure 8thDegree.
#[derive(Parser)]
#[command(name = "cargo xtask")]
struct Cli {
    /// Show the output of every program that is run.
    #[arg(short, long, global = true)]
    verbose: bool,
    #[command(subcommand)]
    command: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Build the browser's part: WebAssembly, style sheet, static files.
    BuildSite(SiteArgs),
    /// Start the developer's database and print how to reach it.
    Db {
        #[command(subcommand)]
        action: Option<DbAction>,
    },
    /// Build the gallery of widgets, which needs no server.
    Gallery,
}

#[derive(Args)]
struct SiteArgs {
    /// Cargo profile of the WebAssembly.
    #[arg(long, default_value = site::RELEASE_PROFILE)]
    profile: String,
}

#[derive(Subcommand)]
enum DbAction {
    /// Stop it.
    Stop,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    process::set_verbose(cli.verbose);
    match dispatch(cli.command) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(task: Task) -> anyhow::Result<ExitCode> {
    interrupt::install()?;
    let ws = Workspace::find()?;
    match task {
        Task::BuildSite(arguments) => {
            workspace::ensure_wasm_target(&ws)?;
            npm::ensure(&ws)?;
            site::build(&ws, &arguments.profile)?;
            Ok(ExitCode::SUCCESS)
        }
        Task::Db { action: None } => database::start_for_developer(&ws),
        Task::Db { action: Some(DbAction::Stop) } => database::stop_for_developer(&ws),
        Task::Gallery => {
            workspace::ensure_wasm_target(&ws)?;
            npm::ensure(&ws)?;
            gallery::build(&ws)?;
            Ok(ExitCode::SUCCESS)
        }
    }
}
