//! `cargo xtask test`: every check and every test, on machines that have run neither before.

use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use private_postgres::PrivatePostgres;

use crate::process::Cmd;
use crate::step::{judged_step, loud_step, step};
use crate::summary::{self, Counts};
use crate::workspace::{self, Workspace};
use crate::{TestArgs, apt, chromium, database, gallery, interrupt, model, npm, site, verify};

/// The database that `#[sqlx::test]` starts from; it makes one of its own for each test.
const RUST_TESTS: &str = "eighth_test";
/// The database of the browser tests.
const BROWSER_TESTS: &str = "eighth_e2e";

pub(crate) fn run(ws: &Workspace, arguments: &TestArgs) -> anyhow::Result<ExitCode> {
    let mut report = Report::default();
    let result = phases(ws, arguments, &mut report);
    if let Err(error) = &result {
        eprintln!("error: {error:#}");
        report.counts.failed = report.counts.failed.max(1);
    }
    report.print();
    Ok(if report.counts.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn phases(ws: &Workspace, arguments: &TestArgs, report: &mut Report) -> anyhow::Result<()> {
    let whole = arguments.filter.is_none();
    let browser = whole && !arguments.no_browser && ws.root.join("end2end/playwright.config.ts").exists();
    let chromium = report.phase("set-up", || {
        workspace::ensure_wasm_target(ws)?;
        apt::ensure_postgres()?;
        npm::ensure(ws)?;
        model::ensure(ws, &ws.data());
        browser.then(chromium::ensure).transpose()
    })?;
    let postgres = report.phase("database", || {
        let postgres = database::start_throwaway(ws, "test-postgres")?;
        database::drop_all(&postgres)?;
        postgres.ensure_database(RUST_TESTS)?;
        Ok(postgres)
    })?;
    if whole && !arguments.no_check {
        report.attempt("checks", || verify::run_all(ws, &postgres).map(|()| None))?;
    }
    report.attempt("Rust tests", || rust_tests(ws, &postgres, arguments.filter.as_deref()).map(Some))?;
    if whole {
        report.attempt("documentation tests", || doc_tests(ws, &postgres).map(Some))?;
    }
    if let Some(chromium) = chromium {
        report.attempt("building for the browser tests", || {
            site::build(ws, site::RELEASE_PROFILE)?;
            if ws.has("gallery") {
                gallery::build(ws)?;
            }
            build_server(ws)?;
            Ok(None)
        })?;
        report.attempt("browser tests", || browser_tests(ws, &postgres, &chromium).map(Some))?;
    }
    report.phase("stopping", || Ok(postgres.stop()?))
}

/// What the tests, and the macros they were compiled with, get as their environment.
fn with_test_database(command: Cmd, postgres: &PrivatePostgres, database: &str) -> Cmd {
    command.env("SQLX_OFFLINE", "true").env("DATABASE_URL", postgres.url(database))
}

fn rust_tests(ws: &Workspace, postgres: &PrivatePostgres, filter: Option<&str>) -> anyhow::Result<Counts> {
    let nextest = Cmd::cargo().args(["nextest", "--version"]).read().is_ok();
    let tests = || {
        let command = if nextest {
            Cmd::cargo().args(["nextest", "run"])
        } else {
            // Documentation tests have a phase of their own.
            Cmd::cargo().args(["test", "--lib", "--bins", "--tests"])
        };
        with_test_database(command.args(ws.native_packages()), postgres, RUST_TESTS)
    };
    loud_step("Building the Rust tests", || tests().arg("--no-run").dir(&ws.root).show())?;
    migrate_template(ws, postgres)?;
    let mut command = tests().arg("--no-fail-fast");
    if nextest {
        command = command.arg("--no-tests=pass");
    }
    if let Some(filter) = filter {
        command = command.arg(filter);
    }
    let count = if nextest { summary::of_nextest } else { summary::of_cargo_test };
    run_tests(ws, command, "Running the Rust tests", count)
}

/// Each test has a database of its own: a copy of one that is up to date takes a fraction of the time of
/// applying every migration again.
fn migrate_template(ws: &Workspace, postgres: &PrivatePostgres) -> anyhow::Result<()> {
    step("Migrating what the databases of the tests are copied from", || {
        migrating(&ws.target.join("debug/eighth"), &postgres.url(database::TEMPLATE)).dir(&ws.root).run()
    })
}

/// Migrates this database, whichever ones a developer's variables name.
fn migrating(server: &Path, url: &str) -> Cmd {
    Cmd::new(server).arg("migrate").env_remove_all("EIGHTH_").env("DATABASE_URL", url)
}

/// Of the same packages together as the other tests: of those alone that have examples, all that they
/// depend on would be compiled a second time with other features.
fn doc_tests(ws: &Workspace, postgres: &PrivatePostgres) -> anyhow::Result<Counts> {
    let command = Cmd::cargo().args(["test", "--doc", "--no-fail-fast"]).args(ws.native_packages());
    let command = with_test_database(command, postgres, RUST_TESTS);
    run_tests(ws, command, "Running the documentation's examples", summary::of_cargo_test)
}

fn run_tests(
    ws: &Workspace,
    command: Cmd,
    title: &str,
    count: impl Fn(&str) -> Option<Counts>,
) -> anyhow::Result<Counts> {
    judged_step(title, Counts::all_passed, || {
        let (status, output) = command.dir(&ws.root).tee()?;
        let mut counts = count(&output).unwrap_or_default();
        // Failing to compile fails every test without counting one.
        if !status.success() && counts.failed == 0 {
            counts.failed = 1;
        }
        Ok(counts)
    })
}

/// The same packages together as for the tests, and the tests with them, so that nothing is compiled
/// a second time with other features.
fn build_server(ws: &Workspace) -> anyhow::Result<()> {
    loud_step("Building the server", || {
        Cmd::cargo().arg("build").args(ws.native_packages()).args(["--bins", "--tests"]).dir(&ws.root).show()
    })
}

/// `end2end/` starts the server itself, with what the variables `E2E_…` name. They do not begin
/// with `EIGHTH_`: that is the prefix of the server's configuration, which is strict about it.
fn browser_tests(ws: &Workspace, postgres: &PrivatePostgres, chromium: &Path) -> anyhow::Result<Counts> {
    postgres.ensure_database(BROWSER_TESTS)?;
    let report = ws.scratch("playwright.json");
    if report.exists() {
        std::fs::remove_file(&report)?;
    }
    let data = ws.scratch("e2e-data");
    model::ensure(ws, &data);
    judged_step("Running the browser tests", Counts::all_passed, || {
        let status = Cmd::new("node")
            .arg(npm::tool(ws, "@playwright/test/cli.js"))
            .args(["test", "--reporter=list,json"])
            .env("PLAYWRIGHT_JSON_OUTPUT_FILE", &report)
            .env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1")
            .env("CHROMIUM_PATH", chromium)
            .env("DATABASE_URL", postgres.url(BROWSER_TESTS))
            .env("E2E_BIN", ws.target.join("debug/eighth"))
            .env("E2E_SITE", site::folder(ws))
            .env("E2E_GALLERY", ws.target.join("gallery"))
            .env("E2E_DATA", &data)
            .dir(&ws.root.join("end2end"))
            .status()?;
        let text = std::fs::read_to_string(&report).unwrap_or_default();
        let Some(mut counts) = summary::of_playwright(&text) else {
            bail!("Playwright ended without a report ({status})");
        };
        if !status.success() && counts.failed == 0 {
            counts.failed = 1;
        }
        Ok(counts)
    })
}

/// What happened, phase by phase.
#[derive(Default)]
struct Report {
    rows: Vec<(&'static str, Duration, String)>,
    counts: Counts,
}

impl Report {
    /// A phase without which the rest makes no sense: its error ends the run.
    fn phase<T>(
        &mut self,
        name: &'static str,
        work: impl FnOnce() -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        let start = Instant::now();
        let result = work();
        let outcome = if result.is_ok() { "done" } else { "failed" };
        self.rows.push((name, start.elapsed(), outcome.to_owned()));
        result.with_context(|| format!("phase {name}"))
    }

    /// A phase whose failure is counted while the rest goes on, unless we were interrupted.
    fn attempt(
        &mut self,
        name: &'static str,
        work: impl FnOnce() -> anyhow::Result<Option<Counts>>,
    ) -> anyhow::Result<()> {
        let start = Instant::now();
        let result = work();
        let outcome = match &result {
            Ok(None) => "done".to_owned(),
            Ok(Some(counts)) => {
                self.counts += *counts;
                format!("{} passed, {} failed", counts.passed, counts.failed)
            }
            Err(_) => {
                self.counts.failed += 1;
                "failed".to_owned()
            }
        };
        self.rows.push((name, start.elapsed(), outcome));
        match result {
            Err(error) if interrupt::requested() => Err(error),
            Err(error) => {
                eprintln!("error: {error:#}");
                Ok(())
            }
            Ok(_) => Ok(()),
        }
    }

    fn print(&self) {
        let total: Duration = self.rows.iter().map(|(_, time, _)| *time).sum();
        println!();
        for (name, time, outcome) in &self.rows {
            println!("{name:<32} {:>8.1} s   {outcome}", time.as_secs_f64());
        }
        println!("{:<32} {:>8.1} s\n", "together", total.as_secs_f64());
        println!("{} passed, {} failed", self.counts.passed, self.counts.failed);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_phase_counts_and_the_rest_goes_on() {
        let mut report = Report::default();
        report.attempt("a", || bail!("no")).unwrap();
        report.attempt("b", || Ok(Some(Counts { passed: 2, failed: 1 }))).unwrap();
        report.attempt("c", || Ok(None)).unwrap();
        assert_eq!(report.counts, Counts { passed: 2, failed: 2 });
        assert!(report.phase::<()>("d", || bail!("no")).is_err());
        assert_eq!(report.rows.len(), 4);
    }

    #[test]
    fn a_developers_database_is_not_what_is_migrated() {
        let dir = tempfile::tempdir().unwrap();
        let server = dir.path().join("server");
        std::fs::write(&server, "#!/bin/sh\necho $1; env\n").unwrap();
        std::fs::set_permissions(&server, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        // The server prefers this one to what its own variables say.
        let told = migrating(&server, "postgres://tests/template").read().unwrap();
        let mut told = told.lines();
        assert_eq!(told.next(), Some("migrate"));
        let places: Vec<_> = told.filter(|line| line.contains("postgres://")).collect();
        assert_eq!(places, ["DATABASE_URL=postgres://tests/template"]);
    }
}
