//! `cargo xtask`: everything a developer does with this repository, one command each.

mod apt;
mod bench;
mod bench_setup;
mod chromium;
mod database;
mod edges;
mod gallery;
mod interrupt;
mod model;
mod npm;
mod prepare;
mod process;
mod run;
mod site;
mod stamp;
mod step;
mod summary;
mod supply;
mod test;
mod verify;
mod watch;
mod workspace;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};
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
    /// Set up what is missing, build, and serve the product with demo data.
    Run(RunArgs),
    /// Set up what is missing and run every check and test.
    Test(TestArgs),
    /// Formatting, lints, documentation, dependency edges and stored query descriptions.
    Check {
        /// Only these: formatting, edges, lint, lint-browser, doc.
        #[arg(value_enum)]
        only: Vec<verify::Check>,
    },
    /// Build the browser's part: WebAssembly, style sheet, static files.
    BuildSite(SiteArgs),
    /// Renew the descriptions of SQL queries in `.sqlx`.
    Prepare,
    /// Start the developer's database and print how to reach it.
    Db {
        #[command(subcommand)]
        action: Option<DbAction>,
    },
    /// Build the gallery of widgets, which needs no server.
    Gallery,
    /// Run a benchmark; without a name, list them.
    Bench {
        /// Which one.
        name: Option<String>,
        /// Passed on to it.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
}

#[derive(Args)]
struct RunArgs {
    /// How much demo data to create in an empty database.
    #[arg(long, value_enum, default_value = "small")]
    demo: Demo,
    /// Folder of the private database and the embedding model [default: .data].
    #[arg(long)]
    data: Option<PathBuf>,
    /// Port of the site on 127.0.0.1.
    #[arg(long, env = "PORT", default_value_t = 3000)]
    port: u16,
    /// Rebuild and restart when a source file changes; implies `--dev`.
    #[arg(long)]
    watch: bool,
    /// Build without optimisation: sooner there, slower pages.
    #[arg(long)]
    dev: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Demo {
    None,
    Small,
    Large,
}

impl Demo {
    fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Small => "small",
            Self::Large => "large",
        }
    }
}

#[derive(Args)]
struct TestArgs {
    /// Only tests whose name contains this; leaves the other phases out.
    #[arg(long)]
    filter: Option<String>,
    /// Leave the browser tests out.
    #[arg(long)]
    no_browser: bool,
    /// Leave formatting, lints, documentation and edges out.
    #[arg(long)]
    no_check: bool,
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
        Task::Run(arguments) => run::run(&ws, &arguments),
        Task::Test(arguments) => test::run(&ws, &arguments),
        Task::Check { only } => {
            workspace::ensure_wasm_target(&ws)?;
            verify::run(&ws, &only)?;
            Ok(ExitCode::SUCCESS)
        }
        Task::BuildSite(arguments) => {
            workspace::ensure_wasm_target(&ws)?;
            npm::ensure(&ws)?;
            site::build(&ws, &arguments.profile)?;
            Ok(ExitCode::SUCCESS)
        }
        Task::Prepare => {
            apt::ensure_postgres()?;
            prepare::renew(&ws)?;
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
        Task::Bench { name, arguments } => bench::run(&ws, name.as_deref(), &arguments),
    }
}
