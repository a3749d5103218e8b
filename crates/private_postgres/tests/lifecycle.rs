//! The whole life of a private server, on the PostgreSQL that is installed.
#![allow(clippy::unwrap_used)]

use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use private_postgres::{Error, Options, PrivatePostgres};

fn options(dir: &Path) -> Options {
    Options { lock_within: Duration::from_secs(30), ..Options::throwaway(dir) }
}

fn query(postgres: &PrivatePostgres, database: &str, sql: &str) -> String {
    let output =
        postgres.psql(database).args(["--tuples-only", "--no-align", "--command", sql]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

fn postmaster_pid(dir: &Path) -> String {
    let text = std::fs::read_to_string(dir.join("data/postmaster.pid")).unwrap();
    text.lines().next().unwrap().to_owned()
}

fn kill_9(pid: &str) {
    assert!(Command::new("kill").args(["-9", pid]).status().unwrap().success());
}

#[test]
fn data_outlives_a_stop_in_a_folder_with_spaces_and_a_long_name() {
    let parent = tempfile::tempdir().unwrap();
    open_to_all(parent.path());
    // A Unix socket could not be bound here: its path would exceed 107 bytes.
    let dir = parent.path().join(format!("a folder {}", "x".repeat(120)));
    let postgres = PrivatePostgres::start(&options(&dir)).unwrap();
    assert!(!postgres.adopted());
    postgres.ensure_database("market").unwrap();
    postgres.ensure_database("market").unwrap();
    query(&postgres, "market", "create table t (n int); insert into t values (42)");
    let (port, url) = (postgres.port(), postgres.url("market"));
    assert!(url.starts_with("postgres://postgres:"), "{url}");
    postgres.stop().unwrap();
    assert!(TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok(), "still listening");

    let again = PrivatePostgres::start(&options(&dir)).unwrap();
    assert_eq!(again.url("market"), url, "port and password are kept");
    assert_eq!(query(&again, "market", "select n from t"), "42");
    assert_eq!(query(&again, "market", "show server_encoding"), "UTF8");
    assert_eq!(query(&again, "market", "select lower('ÄÖ')"), "äö");
}

#[test]
fn a_password_is_asked_for_and_kept_to_the_owner() {
    use std::os::unix::fs::PermissionsExt;
    let dir = home();
    let postgres = PrivatePostgres::start(&options(dir.path())).unwrap();
    let mode = std::fs::metadata(dir.path().join("password")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let refused = postgres
        .psql("postgres")
        .env("PGPASSWORD", "guess")
        .args(["--command", "select 1"])
        .output()
        .unwrap();
    assert!(!refused.status.success());
    assert!(matches!(postgres.ensure_database("x; drop"), Err(Error::BadName { .. })));
}

#[test]
fn a_second_start_waits_for_the_first_and_then_says_who_is_in_the_way() {
    let dir = home();
    let _first = PrivatePostgres::start(&options(dir.path())).unwrap();
    let impatient = Options { lock_within: Duration::ZERO, ..options(dir.path()) };
    assert!(matches!(PrivatePostgres::start(&impatient), Err(Error::InUse { .. })));
}

#[test]
fn a_taken_port_is_replaced() {
    let dir = home();
    let first = PrivatePostgres::start(&options(dir.path())).unwrap();
    let port = first.port();
    first.stop().unwrap();
    let _squatter = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).unwrap();
    let second = PrivatePostgres::start(&options(dir.path())).unwrap();
    assert_ne!(second.port(), port);
    assert_eq!(query(&second, "postgres", "select 1"), "1");
}

#[test]
fn a_stale_pid_file_is_removed() {
    let dir = home();
    PrivatePostgres::start(&options(dir.path())).unwrap().stop().unwrap();
    // The number of a living process that is no PostgreSQL: this one.
    let stale = format!("{}\n/elsewhere\n1\n5432\n\n127.0.0.1\n 1 1\nready\n", std::process::id());
    std::fs::write(dir.path().join("data/postmaster.pid"), stale).unwrap();
    let postgres = PrivatePostgres::start(&options(dir.path())).unwrap();
    assert!(!postgres.adopted());
    assert_eq!(query(&postgres, "postgres", "select 1"), "1");
}

#[test]
fn a_killed_server_recovers() {
    let dir = home();
    let durable = Options { lock_within: Duration::from_secs(30), ..Options::new(dir.path()) };
    let first = PrivatePostgres::start(&durable).unwrap();
    query(&first, "postgres", "create table t (n int); insert into t values (7)");
    kill_9(&postmaster_pid(dir.path()));
    drop(first);
    let second = PrivatePostgres::start(&durable).unwrap();
    assert!(!second.adopted());
    assert_eq!(query(&second, "postgres", "select n from t"), "7");
}

#[test]
fn a_server_that_dies_under_its_starter_is_started_again() {
    let dir = home();
    let mut postgres = PrivatePostgres::start(&options(dir.path())).unwrap();
    assert!(!postgres.revive().unwrap(), "it runs");
    kill_9(&postmaster_pid(dir.path()));
    while !postgres.revive().unwrap() {
        std::thread::yield_now();
    }
    assert_eq!(query(&postgres, "postgres", "select 1"), "1");
}

#[test]
fn a_login_of_its_own_can_sign_in_and_nothing_else() {
    let dir = home();
    let postgres = PrivatePostgres::start(&options(dir.path())).unwrap();
    postgres.ensure_logins(&["shop", "till"]).unwrap();
    let url = postgres.address().url_as("shop", "postgres").unwrap();
    postgres.ensure_logins(&["shop", "till"]).unwrap();
    let found = PrivatePostgres::address_of_running(&options(dir.path())).unwrap().unwrap();
    assert_eq!(found.url_as("shop", "postgres").unwrap(), url, "made once, and found by others");
    assert_ne!(found.url_as("till", "postgres").unwrap().replace("till", "shop"), url);
    let ask = |sql: &str| {
        let program = postgres.psql("postgres").get_program().to_owned();
        Command::new(program)
            .args(["--no-psqlrc", "--tuples-only", "--no-align", &url, "--command", sql])
            .output()
    };
    let who = "select current_user, rolsuper, rolcreaterole, rolbypassrls from pg_roles where rolname = current_user";
    assert_eq!(String::from_utf8(ask(who).unwrap().stdout).unwrap().trim(), "shop|f|f|f");
    assert!(!ask("set role postgres").unwrap().status.success());
    assert!(matches!(postgres.ensure_logins(&["x; drop"]), Err(Error::BadName { .. })));
}

#[test]
fn others_find_a_running_server_and_leave_an_idle_folder_alone() {
    let dir = home();
    let url = || {
        let address = PrivatePostgres::address_of_running(&options(dir.path())).unwrap();
        address.map(|address| address.url("market"))
    };
    assert_eq!(url(), None);
    let postgres = PrivatePostgres::start(&options(dir.path())).unwrap();
    assert_eq!(url(), Some(postgres.url("market")));
    postgres.stop().unwrap();
    assert_eq!(url(), None);
}

/// The other half of the next test: starts a server, says so, and waits to be killed.
#[test]
#[ignore = "run by another test, in a process of its own"]
fn start_and_wait_to_be_killed() {
    let dir = std::env::var_os("PRIVATE_POSTGRES_TEST_DIR").unwrap();
    let postgres = PrivatePostgres::start(&options(Path::new(&dir))).unwrap();
    std::fs::write(Path::new(&dir).join("started"), postgres.url("postgres")).unwrap();
    // Ends with end-of-file if the parent test dies first.
    std::io::copy(&mut std::io::stdin(), &mut std::io::sink()).unwrap();
}

#[test]
fn a_server_whose_starter_was_killed_is_adopted() {
    let dir = home();
    let mut starter = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "--nocapture", "start_and_wait_to_be_killed"])
        .env("PRIVATE_POSTGRES_TEST_DIR", dir.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let started = dir.path().join("started");
    while !started.exists() {
        assert!(starter.try_wait().unwrap().is_none(), "the starter ended early");
        std::thread::yield_now();
    }
    starter.kill().unwrap();
    starter.wait().unwrap();
    let pid = postmaster_pid(dir.path());

    let adopted = PrivatePostgres::start(&options(dir.path())).unwrap();
    assert!(adopted.adopted());
    assert_eq!(postmaster_pid(dir.path()), pid, "the same process serves");
    assert_eq!(query(&adopted, "postgres", "select 1"), "1");
    adopted.stop().unwrap();
    assert!(!dir.path().join("data/postmaster.pid").exists());
}

#[test]
fn a_detached_server_is_stopped_on_request() {
    let dir = home();
    assert!(!PrivatePostgres::stop_left_running(&options(dir.path())).unwrap());
    PrivatePostgres::start(&options(dir.path())).unwrap().detach();
    assert!(dir.path().join("data/postmaster.pid").exists());
    assert!(PrivatePostgres::stop_left_running(&options(dir.path())).unwrap());
    assert!(!dir.path().join("data/postmaster.pid").exists());
}

#[test]
fn data_moves_where_the_unprivileged_user_can_reach_it() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    let parent = tempfile::tempdir().unwrap();
    std::fs::set_permissions(parent.path(), std::fs::Permissions::from_mode(0o700)).unwrap();
    let postgres = PrivatePostgres::start(&options(&parent.path().join("postgres"))).unwrap();
    let moved = postgres.moved_to().map(Path::to_owned);
    // Root closes the folder to everybody else; for others it is their own.
    let root = std::fs::metadata(parent.path()).unwrap().uid() == 0;
    assert_eq!(moved.is_some(), root);
    assert_eq!(query(&postgres, "postgres", "select 1"), "1");
    postgres.stop().unwrap();
    if let Some(moved) = moved {
        let again = PrivatePostgres::start(&options(&parent.path().join("postgres"))).unwrap();
        assert_eq!(again.moved_to(), Some(moved.as_path()), "the same place each time");
        again.stop().unwrap();
        std::fs::remove_dir_all(moved).unwrap();
    }
}

/// A temporary folder that the user PostgreSQL runs as can reach when the tests run as root.
fn home() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    open_to_all(dir.path());
    dir
}

fn open_to_all(dir: &Path) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(dir, std::fs::Permissions::from_mode(0o755)).unwrap();
}
