//! Databases for development: the lasting one of `cargo xtask db`, and throw-away ones.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use private_postgres::{Options, PrivatePostgres};

use crate::apt;
use crate::process::Cmd;
use crate::stamp::sha256;
use crate::step::step;
use crate::workspace::Workspace;

const DEVELOPERS: &str = "eighth_dev";

/// `cargo xtask db`: starts the developer's server, migrates, and leaves it running.
pub(crate) fn start_for_developer(ws: &Workspace) -> anyhow::Result<ExitCode> {
    apt::ensure_postgres()?;
    let postgres = start(&Options::new(developers_folder(ws)))?;
    migrate(ws, &postgres, DEVELOPERS)?;
    println!("export DATABASE_URL={}", postgres.url(DEVELOPERS));
    postgres.detach();
    Ok(ExitCode::SUCCESS)
}

/// `cargo xtask db stop`.
pub(crate) fn stop_for_developer(ws: &Workspace) -> anyhow::Result<ExitCode> {
    let stopped = PrivatePostgres::stop_left_running(&Options::new(developers_folder(ws)))?;
    println!("{}", if stopped { "stopped" } else { "it was not running" });
    Ok(ExitCode::SUCCESS)
}

/// A server for tests and checks under `target`, fast and without any promise to keep data.
pub(crate) fn start_throwaway(ws: &Workspace, name: &str) -> anyhow::Result<PrivatePostgres> {
    start(&Options::throwaway(ws.scratch(name)))
}

/// What PostgreSQL copies for each new database.
pub(crate) const TEMPLATE: &str = "template1";

/// Drops every database of a throw-away server, and what new ones are copied from: what an earlier run
/// may have left.
pub(crate) fn drop_all(postgres: &PrivatePostgres) -> anyhow::Result<()> {
    // Not by `alter database`, which fails where an earlier run ended between the two steps.
    psql(
        postgres,
        "postgres",
        &format!("update pg_database set datistemplate = false where datname = '{TEMPLATE}'"),
    )?;
    let mine = "select format('drop database %I with (force)', datname) from pg_database \
                where not datistemplate and datname <> 'postgres'";
    for statement in psql(postgres, "postgres", mine)?.lines() {
        psql(postgres, "postgres", statement)?;
    }
    psql(postgres, "postgres", &format!("create database {TEMPLATE} template template0 is_template true"))?;
    Ok(())
}

fn developers_folder(ws: &Workspace) -> PathBuf {
    ws.data().join("dev-postgres")
}

fn start(options: &Options) -> anyhow::Result<PrivatePostgres> {
    let postgres = step("Starting PostgreSQL", || Ok(PrivatePostgres::start(options)?))?;
    if let Some(dir) = postgres.moved_to() {
        println!(
            "  its data lies in {}: the folder asked for is closed to other users than root",
            dir.display()
        );
    }
    Ok(postgres)
}

/// Brings `database` to the state of `migrations/`, from scratch if an applied one was edited.
pub(crate) fn migrate(ws: &Workspace, postgres: &PrivatePostgres, database: &str) -> anyhow::Result<()> {
    let migrations = migrations(&ws.root.join("migrations"))?;
    step(&format!("Migrating the database {database}"), || {
        postgres.ensure_database(database)?;
        let mut applied = applied(postgres, database)?;
        if !is_prefix(&applied, &migrations) {
            psql(postgres, "postgres", &format!("drop database {database} with (force)"))?;
            postgres.ensure_database(database)?;
            applied.clear();
        }
        for migration in &migrations[applied.len()..] {
            let mut command = postgres.psql(database);
            command.arg("--single-transaction").arg("--file").arg(&migration.path).args([
                "--command",
                &format!(
                    "insert into public.xtask_migration (name, sha256) values ('{}', '{}')",
                    migration.name, migration.sha256
                ),
            ]);
            Cmd::from_command(command).run().with_context(|| format!("applying {}", migration.name))?;
        }
        Ok(())
    })
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Migration {
    name: String,
    sha256: String,
    path: PathBuf,
}

/// The files `NNNN_name.sql` of `dir`, in order.
fn migrations(dir: &Path) -> anyhow::Result<Vec<Migration>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).with_context(|| format!("reading {}", dir.display()))? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let numbered = name.starts_with(|first: char| first.is_ascii_digit());
        // The names go into SQL text.
        let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || "_.-".contains(c));
        if numbered && plain && name.ends_with(".sql") && !name.ends_with(".down.sql") {
            let sha256 = sha256(&std::fs::read(&path)?);
            found.push(Migration { name, sha256, path });
        }
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}

/// Name and checksum of what was applied, in order; the table is made if missing.
fn applied(postgres: &PrivatePostgres, database: &str) -> anyhow::Result<Vec<(String, String)>> {
    psql(
        postgres,
        database,
        "set client_min_messages = warning; create table if not exists public.xtask_migration \
         (position int generated always as identity, name text not null, sha256 text not null)",
    )?;
    let text = psql(postgres, database, "select name, sha256 from public.xtask_migration order by position")?;
    Ok(text
        .lines()
        .filter_map(|line| line.split_once('|'))
        .map(|(name, sha256)| (name.to_owned(), sha256.to_owned()))
        .collect())
}

fn is_prefix(applied: &[(String, String)], wanted: &[Migration]) -> bool {
    applied.len() <= wanted.len()
        && applied
            .iter()
            .zip(wanted)
            .all(|((name, sha256), migration)| *name == migration.name && *sha256 == migration.sha256)
}

fn psql(postgres: &PrivatePostgres, database: &str, sql: &str) -> anyhow::Result<String> {
    let mut command = postgres.psql(database);
    command.args(["--tuples-only", "--no-align", "--command", sql]);
    Cmd::from_command(command).read()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn migrations_are_the_numbered_files_in_order() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["0002_b.sql", "0001_a.sql", "README.md", "notes.sql", "0003_c.txt"] {
            std::fs::write(dir.path().join(name), name).unwrap();
        }
        let names: Vec<String> = migrations(dir.path()).unwrap().into_iter().map(|m| m.name).collect();
        assert_eq!(names, ["0001_a.sql", "0002_b.sql"]);
    }

    #[test]
    fn an_edited_migration_is_noticed() {
        let migration = |name: &str, sha256: &str| Migration {
            name: name.into(),
            sha256: sha256.into(),
            path: PathBuf::new(),
        };
        let wanted = [migration("1", "a"), migration("2", "b")];
        let applied = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
            pairs.iter().map(|(n, s)| ((*n).to_owned(), (*s).to_owned())).collect()
        };
        assert!(is_prefix(&applied(&[]), &wanted));
        assert!(is_prefix(&applied(&[("1", "a")]), &wanted));
        assert!(!is_prefix(&applied(&[("1", "x")]), &wanted));
        assert!(!is_prefix(&applied(&[("1", "a"), ("2", "b"), ("3", "c")]), &wanted));
    }
}
