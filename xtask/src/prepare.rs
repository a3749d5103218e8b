//! The descriptions of SQL queries in `.sqlx`, by which builds do without a database.
//!
//! sqlx's macros write them themselves when they are expanded with a database at hand.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Context, bail};
use private_postgres::PrivatePostgres;
use serde_json::Value;

use crate::database;
use crate::process::Cmd;
use crate::stamp::{self, Fingerprint, files_below};
use crate::step::{loud_step, step};
use crate::workspace::{Package, Workspace};

const DATABASE: &str = "eighth_prepare";
/// Beside the descriptions: the major version of the server that gave them.
const SERVER_VERSION: &str = "postgres-version";

/// `cargo xtask prepare`: renews `.sqlx`.
pub(crate) fn renew(ws: &Workspace) -> anyhow::Result<()> {
    let postgres = database::start_throwaway(ws, "prepare-postgres")?;
    let live = LiveQueries::start(ws, &postgres)?;
    loud_step("Checking every query against the database", || {
        let mut command = live.apply(Cmd::cargo()).args(["check", "--quiet", "--all-targets"]);
        for package in users_of_queries(ws)? {
            command = command.args(["--package", &package.name]);
        }
        command.dir(&ws.root).show()
    })?;
    let fresh = descriptions(&live.dir)?;
    step("Writing .sqlx", || {
        let stored = folder(ws);
        std::fs::create_dir_all(&stored)?;
        // New ones first: a build that runs meanwhile finds all it needs.
        for name in fresh.keys() {
            std::fs::copy(live.dir.join(name), stored.join(name))?;
        }
        for name in descriptions(&stored)?.keys() {
            if !fresh.contains_key(name) {
                std::fs::remove_file(stored.join(name))?;
            }
        }
        std::fs::write(stored.join(SERVER_VERSION), format!("{}\n", postgres.major()))?;
        Ok(())
    })?;
    println!("{} queries described in .sqlx", fresh.len());
    postgres.stop()?;
    Ok(())
}

/// Whether queries, schema or descriptions have changed since they last agreed.
pub(crate) fn is_due(ws: &Workspace) -> anyhow::Result<bool> {
    Ok(!stamp::is_fresh(&agreed(ws), &fingerprint(ws)?))
}

/// Fails unless `.sqlx` is what the queries in `live` gave; notes the agreement.
pub(crate) fn compare(ws: &Workspace, live: &LiveQueries, postgres: &PrivatePostgres) -> anyhow::Result<()> {
    let stored_by = std::fs::read_to_string(folder(ws).join(SERVER_VERSION)).unwrap_or_default();
    // Which columns can be null is inferred from query plans, and those differ between versions.
    let same_server = stored_by.trim() == postgres.major().to_string();
    let differences = differences(&descriptions(&folder(ws))?, &descriptions(&live.dir)?, same_server);
    if !differences.is_empty() {
        bail!(
            "{} of the descriptions in .sqlx are out of date; run `cargo xtask prepare` and commit:\n  {}",
            differences.len(),
            differences.join("\n  ")
        );
    }
    stamp::write(&agreed(ws), &fingerprint(ws)?)
}

/// A database at hand for sqlx's macros, and a folder for what they write.
pub(crate) struct LiveQueries {
    url: String,
    dir: PathBuf,
}

impl LiveQueries {
    /// Prepares the database, and makes cargo expand the macros again.
    pub(crate) fn start(ws: &Workspace, postgres: &PrivatePostgres) -> anyhow::Result<Self> {
        database::migrate(ws, postgres, DATABASE)?;
        let dir = ws.scratch("sqlx");
        if dir.exists() {
            std::fs::remove_dir_all(&dir)?;
        }
        std::fs::create_dir_all(&dir)?;
        let now = SystemTime::now();
        for package in users_of_queries(ws)? {
            for file in rust_files(package)? {
                // Roots of crates suffice, and spare editors a reload of everything.
                let name = file.file_name().unwrap_or_default();
                let root =
                    name == "lib.rs" || name == "main.rs" || !file.starts_with(package.dir.join("src"));
                if root {
                    File::options()
                        .append(true)
                        .open(&file)
                        .and_then(|file| file.set_modified(now))
                        .with_context(|| format!("touching {}", file.display()))?;
                }
            }
        }
        Ok(Self { url: postgres.url(DATABASE), dir })
    }

    pub(crate) fn apply(&self, command: Cmd) -> Cmd {
        command.env("DATABASE_URL", &self.url).env("SQLX_OFFLINE", "false").env("SQLX_OFFLINE_DIR", &self.dir)
    }
}

fn folder(ws: &Workspace) -> PathBuf {
    ws.root.join(".sqlx")
}

fn agreed(ws: &Workspace) -> PathBuf {
    ws.scratch("sqlx.stamp")
}

/// Packages in whose sources sqlx checks queries at compile time.
fn users_of_queries(ws: &Workspace) -> anyhow::Result<Vec<&Package>> {
    let mut found = Vec::new();
    for package in &ws.packages {
        let depends = package.dependencies.iter().any(|dependency| dependency.name == "sqlx");
        if depends && rust_files(package)?.iter().any(|file| has_query_macro(file)) {
            found.push(package);
        }
    }
    Ok(found)
}

fn has_query_macro(file: &Path) -> bool {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    ["query!(", "query_as!(", "query_scalar!(", "query_file"].iter().any(|name| text.contains(name))
}

fn rust_files(package: &Package) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = files_below(&package.dir)?;
    files.retain(|file| file.extension().is_some_and(|extension| extension == "rs"));
    Ok(files)
}

fn fingerprint(ws: &Workspace) -> anyhow::Result<String> {
    let mut fingerprint = Fingerprint::new().path(&ws.root.join("migrations"))?.path(&folder(ws))?;
    for package in users_of_queries(ws)? {
        for file in rust_files(package)? {
            fingerprint = fingerprint.path(&file)?;
        }
    }
    Ok(fingerprint.finish())
}

/// The descriptions in `dir`, by file name.
fn descriptions(dir: &Path) -> anyhow::Result<BTreeMap<String, Value>> {
    let mut found = BTreeMap::new();
    for file in files_below(dir)? {
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.starts_with("query-") && name.ends_with(".json") {
            let text = std::fs::read_to_string(&file)?;
            let value = serde_json::from_str(&text).with_context(|| format!("reading {}", file.display()))?;
            found.insert(name, value);
        }
    }
    Ok(found)
}

fn differences(
    stored: &BTreeMap<String, Value>,
    fresh: &BTreeMap<String, Value>,
    same_server: bool,
) -> Vec<String> {
    let sql = |value: &Value| {
        let text = value["query"].as_str().unwrap_or_default();
        let words: Vec<&str> = text.split_whitespace().take(12).collect();
        words.join(" ")
    };
    let mut found = Vec::new();
    for (name, value) in fresh {
        match stored.get(name) {
            None => found.push(format!("missing: {} …", sql(value))),
            Some(old) if !agree(old, value, same_server) => {
                found.push(format!("changed: {} …", sql(value)));
            }
            Some(_) => {}
        }
    }
    for (name, value) in stored {
        if !fresh.contains_key(name) {
            found.push(format!("no longer used: {} …", sql(value)));
        }
    }
    found
}

fn agree(old: &Value, new: &Value, same_server: bool) -> bool {
    let relevant = |value: &Value| {
        let mut value = value.clone();
        if !same_server && let Some(describe) = value["describe"].as_object_mut() {
            describe.remove("nullable");
        }
        value
    };
    relevant(old) == relevant(new)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn with(name: &str, value: Value) -> BTreeMap<String, Value> {
        BTreeMap::from([(name.to_owned(), value)])
    }

    #[test]
    fn missing_changed_and_unused_descriptions_are_told_apart() {
        let query = |nullable: bool| json!({"query": "select 1", "describe": {"nullable": [nullable]}});
        let old = with("query-1.json", query(true));
        assert!(differences(&old, &old, true).is_empty());
        assert_eq!(differences(&old, &BTreeMap::new(), true), ["no longer used: select 1 …"]);
        assert_eq!(differences(&BTreeMap::new(), &old, true), ["missing: select 1 …"]);
        let new = with("query-1.json", query(false));
        assert_eq!(differences(&old, &new, true), ["changed: select 1 …"]);
        // Another server version may plan differently.
        assert!(differences(&old, &new, false).is_empty());
    }
}
