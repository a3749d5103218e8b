//! The command line: `eighth serve | migrate | demo | import | outbox | jobs | audit | keys | appoint | config`.

use std::{path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};

use crate::{
    commands,
    config::{self, Config, Flags},
    logging, metrics,
};

/// 8thDegree: a freelance marketplace with a matching engine.
#[derive(Parser)]
#[command(name = "eighth", version)]
struct Cli {
    #[command(flatten)]
    flags: Flags,
    #[command(subcommand)]
    role: Role,
}

#[derive(Subcommand)]
enum Role {
    /// Serve the site, and do the work behind it.
    Serve,
    /// Bring the database's schema up to date.
    Migrate,
    /// Seed a demonstration marketplace into an empty database.
    Demo {
        #[arg(long, default_value_t = 2_000)]
        freelancers: usize,
        #[arg(long, default_value_t = 400)]
        jobs: usize,
        /// The same seed gives the same marketplace.
        #[arg(long, default_value_t = 8)]
        seed: u64,
    },
    /// Import from other sources.
    Import {
        #[command(subcommand)]
        what: Import,
    },
    /// Look after events that could not be delivered.
    Outbox {
        #[command(subcommand)]
        action: Option<Outbox>,
    },
    /// Look after background jobs that were given up.
    Jobs {
        #[command(subcommand)]
        action: Option<Jobs>,
    },
    /// Look into the audit log.
    Audit {
        #[command(subcommand)]
        action: Audit,
    },
    /// Look after the keys that secrets in the database are sealed with.
    Keys {
        #[command(subcommand)]
        action: Keys,
    },
    /// Give somebody with an account a role that nobody takes up by themselves.
    Appoint {
        /// `admin` or `superadmin`.
        role: domain::role::Role,
        email: String,
    },
    /// Print the configuration in effect, without its secrets.
    Config,
}

#[derive(Subcommand)]
enum Import {
    /// Job postings from a JSON file.
    Postings(commands::import::Postings),
}

#[derive(Subcommand)]
enum Audit {
    /// Walk the whole log and tell whether an entry was changed or taken out.
    Verify {
        /// A file that `audit export` wrote, kept where the database's owner cannot write: the log is
        /// compared with it, too.
        #[arg(long, value_name = "FILE")]
        copy: Option<PathBuf>,
    },
    /// Print the entries as JSON, one a line, for a system that keeps a copy.
    Export {
        /// The number of the last entry that is there already.
        #[arg(long, default_value_t = 0)]
        after: i64,
    },
}

#[derive(Subcommand)]
enum Keys {
    /// Print a new key of the operator, for `keys.file` or `keys.values`.
    Generate,
    /// List the keys: the operator's, and those of the database with what is sealed with each.
    List,
    /// Make a new key for the database, seal everything anew, and wrap all with the operator's
    /// newest key. Tokens of programs get a new key, too.
    Rotate,
    /// Drop the keys that sign tokens of programs, because one became known to others.
    RevokeSigning,
}

#[derive(Subcommand)]
enum Outbox {
    /// List the parked events.
    List,
    /// Put parked events back in the queue: the one of this number, or all.
    Retry { id: Option<i64> },
}

#[derive(Subcommand)]
enum Jobs {
    /// List the parked jobs.
    List,
    /// Put parked jobs back in the queue: the one of this number, or all.
    Retry { id: Option<i64> },
    /// Throw away a parked job that nobody is to do any more.
    Discard { id: i64 },
}

/// Runs the program.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let config = match config::load(&cli.flags) {
        Ok(config) => config,
        Err(error) => {
            eprintln!("error: {error}");
            return ExitCode::from(2);
        }
    };
    logging::start(&config.log);
    metrics::install();
    let done = tokio::runtime::Runtime::new()
        .map_err(anyhow::Error::from)
        .and_then(|runtime| runtime.block_on(run(cli.role, config)));
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(error = format!("{error:#}"), "ending");
            ExitCode::FAILURE
        }
    }
}

async fn run(role: Role, config: Config) -> anyhow::Result<()> {
    // Fails only where a provider is installed already, which then serves.
    let _ = rustls::crypto::ring::default_provider().install_default();
    match role {
        Role::Serve => commands::serve::run(config).await,
        Role::Migrate => commands::migrate(&config).await,
        Role::Demo { freelancers, jobs, seed } => {
            commands::demo::run(&config, commands::demo::Size { freelancers, jobs, seed }).await
        }
        Role::Import { what: Import::Postings(what) } => commands::import::run(&config, &what).await,
        Role::Outbox { action: None | Some(Outbox::List) } => commands::outbox_list(&config).await,
        Role::Outbox { action: Some(Outbox::Retry { id }) } => commands::outbox_retry(&config, id).await,
        Role::Jobs { action: None | Some(Jobs::List) } => commands::jobs::list(&config).await,
        Role::Jobs { action: Some(Jobs::Retry { id }) } => commands::jobs::retry(&config, id).await,
        Role::Jobs { action: Some(Jobs::Discard { id }) } => commands::jobs::discard(&config, id).await,
        Role::Audit { action: Audit::Verify { copy } } => {
            commands::audit::verify(&config, copy.as_deref()).await
        }
        Role::Audit { action: Audit::Export { after } } => commands::audit::export(&config, after).await,
        Role::Keys { action: Keys::Generate } => commands::keys::generate(),
        Role::Keys { action: Keys::List } => commands::keys::list(&config).await,
        Role::Keys { action: Keys::Rotate } => commands::keys::rotate(&config).await,
        Role::Keys { action: Keys::RevokeSigning } => commands::keys::revoke_signing(&config).await,
        Role::Appoint { role, email } => commands::appoint(&config, role, &email).await,
        Role::Config => commands::print_config(&config),
    }
}
