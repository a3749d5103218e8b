//! `cargo xtask check`: what a compiler can say about the code, in both of its shapes.

use std::path::Path;

use anyhow::bail;
use clap::ValueEnum;
use private_postgres::PrivatePostgres;

use crate::prepare::{self, LiveQueries};
use crate::process::Cmd;
use crate::step::{loud_step, step};
use crate::workspace::{BROWSER_ONLY, WASM, Workspace};
use crate::{apt, database, edges, interrupt, supply};

/// One of the checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Check {
    /// `cargo fmt`.
    Formatting,
    /// Who depends on whom.
    Edges,
    /// Licences and sources of what comes from others, and its advisories where they are at hand.
    Supply,
    /// Everything built for this machine, and the descriptions of its queries.
    Lint,
    /// Everything built for browsers.
    LintBrowser,
    /// `cargo doc`, and links between documents.
    Doc,
}

/// Quick ones first.
const ALL: [Check; 6] =
    [Check::Formatting, Check::Edges, Check::Supply, Check::Lint, Check::LintBrowser, Check::Doc];

/// Runs `only` these checks, or all if it is empty, with a database of their own where one is needed.
pub(crate) fn run(ws: &Workspace, only: &[Check]) -> anyhow::Result<()> {
    let checks = if only.is_empty() { &ALL } else { only };
    let postgres = if checks.contains(&Check::Lint) && prepare::is_due(ws)? {
        apt::ensure_postgres()?;
        Some(database::start_throwaway(ws, "prepare-postgres")?)
    } else {
        None
    };
    run_each(ws, checks, postgres.as_ref())
}

/// Runs every check, queries against `postgres`.
pub(crate) fn run_all(ws: &Workspace, postgres: &PrivatePostgres) -> anyhow::Result<()> {
    run_each(ws, &ALL, Some(postgres))
}

/// Fails at the end with the names of all that failed.
fn run_each(ws: &Workspace, checks: &[Check], postgres: Option<&PrivatePostgres>) -> anyhow::Result<()> {
    let mut failed = Vec::new();
    for check in checks {
        let result = match check {
            Check::Formatting => formatting(ws),
            Check::Edges => edges::check(ws),
            Check::Supply => supply::check(ws),
            Check::Lint => lint_native(ws, postgres),
            Check::LintBrowser => lint_browser(ws),
            Check::Doc => documentation(ws),
        };
        if let Err(error) = result {
            if interrupt::requested() {
                return Err(error);
            }
            eprintln!("error: {error:#}");
            failed.push(format!("{check:?}"));
        }
    }
    if !failed.is_empty() {
        bail!("checks failed: {}", failed.join(", "));
    }
    Ok(())
}

fn formatting(ws: &Workspace) -> anyhow::Result<()> {
    step("Checking the formatting", || Cmd::cargo().args(["fmt", "--all", "--check"]).dir(&ws.root).run())
}

/// Everything but the browser's packages. Where queries or schema have changed, the macros run
/// against a real database in the same pass, which tells whether `.sqlx` is up to date.
fn lint_native(ws: &Workspace, postgres: Option<&PrivatePostgres>) -> anyhow::Result<()> {
    let live = match postgres {
        Some(postgres) if prepare::is_due(ws)? => Some((LiveQueries::start(ws, postgres)?, postgres)),
        _ => None,
    };
    loud_step("Linting", || {
        let mut command = Cmd::cargo();
        if let Some((live, _)) = &live {
            command = live.apply(command);
        }
        command
            .args(["clippy", "--quiet"])
            .args(ws.native_packages())
            .args(["--all-targets", "--", "--deny=warnings"])
            .dir(&ws.root)
            .show()
    })?;
    if let Some((live, postgres)) = &live {
        step("Comparing the queries with .sqlx", || prepare::compare(ws, live, postgres))?;
    }
    Ok(())
}

fn lint_browser(ws: &Workspace) -> anyhow::Result<()> {
    for package in BROWSER_ONLY {
        if ws.has(package) {
            loud_step(&format!("Linting {package} for the browser"), || {
                Cmd::cargo()
                    .args(["clippy", "--quiet", "--package", package, "--target", WASM])
                    .args(["--", "--deny=warnings"])
                    .dir(&ws.root)
                    .show()
            })?;
        }
    }
    Ok(())
}

fn documentation(ws: &Workspace) -> anyhow::Result<()> {
    loud_step("Checking the documentation", || {
        Cmd::cargo()
            .args(["doc", "--quiet", "--no-deps", "--document-private-items"])
            .args(ws.native_packages())
            .env("RUSTDOCFLAGS", "--deny=warnings")
            .dir(&ws.root)
            .show()
    })?;
    step("Checking the links between documents", || broken_links(&ws.root))
}

/// Relative links in our Markdown files must lead somewhere.
fn broken_links(root: &Path) -> anyhow::Result<()> {
    let mut documents = Vec::new();
    for dir in [root.to_owned(), root.join("docs"), root.join("migrations")] {
        let Ok(entries) = std::fs::read_dir(&dir) else {
            continue;
        };
        for entry in entries {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "md") {
                documents.push(path);
            }
        }
    }
    let mut broken = Vec::new();
    for document in documents {
        let text = std::fs::read_to_string(&document)?;
        let folder = document.parent().unwrap_or(root);
        for link in relative_links(&text) {
            if !folder.join(link).exists() {
                broken.push(format!("{} → {link}", document.display()));
            }
        }
    }
    if !broken.is_empty() {
        bail!("links that lead nowhere:\n  {}", broken.join("\n  "));
    }
    Ok(())
}

/// Targets of `[…](target)` that are neither addresses nor places within the page.
fn relative_links(markdown: &str) -> Vec<&str> {
    markdown
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split_once(')'))
        .map(|(target, _)| target.split(['#', ' ']).next().unwrap_or_default())
        .filter(|target| !target.is_empty() && !target.contains(':'))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::relative_links;

    #[test]
    fn only_links_to_files_are_followed() {
        let text = "[a](docs/a.md) [b](https://b.example/x) [c](#here) ![d](e.png \"title\") [f](g.md#h)";
        assert_eq!(relative_links(text), ["docs/a.md", "e.png", "g.md"]);
    }
}
