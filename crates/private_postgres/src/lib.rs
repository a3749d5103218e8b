//! A PostgreSQL server of our own, in a folder of our own.
//!
//! The programs come from the system; everything else – data, port, password, log – belongs to
//! one folder and disturbs no other PostgreSQL on the machine. A server left behind by a killed
//! process is adopted by the next start, and one that crashed recovers.
//!
//! ```no_run
//! let postgres = private_postgres::PrivatePostgres::start(&private_postgres::Options::new("data/postgres"))?;
//! postgres.ensure_database("eighth")?;
//! println!("{}", postgres.url("eighth"));
//! postgres.stop()?;
//! # Ok::<(), private_postgres::Error>(())
//! ```
//!
//! What the folder contains: `data/` (PostgreSQL's own), `password` (the superuser's, mode
//! 0600), `password.<login>` (other logins'), `port`, `postgres.log`, `lock`. All calls block; call them off an async executor.

mod address;
mod binaries;
mod cluster;
mod error;
mod lock;
mod owner;
mod pidfile;
mod port;
mod server;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

pub use address::Address;
pub use binaries::Binaries;
pub use error::Error;

use cluster::{Cluster, run};
use lock::Lock;
use owner::Owner;

/// What a committed transaction survives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Durability {
    /// Power loss: the disk is waited for.
    #[default]
    Durable,
    /// Nothing beyond the server process: for tests, several times as fast.
    Throwaway,
}

/// How to run the server.
#[derive(Debug, Clone)]
pub struct Options {
    /// The folder that belongs to this server; created if missing. Other files in it are at
    /// risk: it changes owner and mode.
    pub dir: PathBuf,
    /// Whether commits wait for the disk.
    pub durability: Durability,
    /// Connections the server admits at a time.
    pub max_connections: u32,
    /// How long to wait for it to become ready; recovery after a crash takes part of that.
    pub ready_within: Duration,
    /// How long to wait for another process to release the folder.
    pub lock_within: Duration,
    /// How long open transactions may take to end when it is stopped.
    pub stop_within: Duration,
}

impl Options {
    /// A durable server in `dir` with 100 connections.
    #[must_use]
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self {
            dir: dir.into(),
            durability: Durability::Durable,
            max_connections: 100,
            ready_within: Duration::from_secs(60),
            lock_within: Duration::from_secs(5),
            stop_within: Duration::from_secs(20),
        }
    }

    /// A fast server in `dir` for tests, with 300 connections.
    #[must_use]
    pub fn throwaway(dir: impl Into<PathBuf>) -> Self {
        Self { durability: Durability::Throwaway, max_connections: 300, ..Self::new(dir) }
    }
}

/// A running server. Stops it when dropped, unless [`detach`](Self::detach)ed.
#[derive(Debug)]
pub struct PrivatePostgres {
    cluster: Cluster,
    port: u16,
    child: Option<Child>,
    adopted: bool,
    moved_to: Option<PathBuf>,
    options: Options,
    stopped: bool,
    _lock: Lock,
}

impl PrivatePostgres {
    /// Starts the server in `options.dir`, and creates its data there the first time. A server
    /// that already runs on this folder is adopted. Returns once it accepts connections.
    ///
    /// # Errors
    /// See [`Error`]; [`Error::InUse`] if another process has started it and still lives.
    pub fn start(options: &Options) -> Result<Self, Error> {
        let owner = Owner::find()?;
        let (home, lock) = open_home(options, owner)?;
        let wanted = absolute(&options.dir)?;
        let moved_to = (home != wanted).then(|| home.clone());
        let cluster = Cluster::open_or_create(home, owner, options.durability)?;
        let running = server::bring_up(&cluster, options)?;
        Ok(Self {
            cluster,
            port: running.port,
            child: running.child,
            adopted: running.adopted,
            moved_to,
            options: options.clone(),
            stopped: false,
            _lock: lock,
        })
    }

    /// The address of a server that another living process runs in `options.dir`; `None` if nobody
    /// does, so that one may [`start`](Self::start) it.
    ///
    /// # Errors
    /// See [`Error`]; [`Error::NotReady`] if it does not become ready in time.
    pub fn address_of_running(options: &Options) -> Result<Option<Address>, Error> {
        if !options.dir.exists() {
            return Ok(None);
        }
        let owner = Owner::find()?;
        let home = owner.prepare_home(&options.dir)?;
        let deadline = Instant::now() + options.ready_within;
        loop {
            // Asked each time: whoever holds it may be about to stop.
            match Lock::acquire(&home, Duration::ZERO) {
                Ok(_free) => return Ok(None),
                Err(Error::InUse { .. }) => {}
                Err(other) => return Err(other),
            }
            // Opened only once it is ready: whoever holds the folder may be creating it.
            if let Some(port) = server::port_if_ready(&home.join("data")) {
                let cluster = Cluster::open_or_create(home, owner, options.durability)?;
                return Ok(Some(cluster.address(port)));
            }
            if Instant::now() >= deadline {
                let seconds = options.ready_within.as_secs();
                return Err(Error::NotReady { seconds, log: home.join("postgres.log") });
            }
            std::thread::sleep(server::POLL);
        }
    }

    /// Starts the server again if it has died; whether it had. Its port may be another afterwards.
    ///
    /// # Errors
    /// See [`Error`]; another call tries once more.
    pub fn revive(&mut self) -> Result<bool, Error> {
        if server::runs(&self.cluster.data(), self.child.as_mut()) {
            return Ok(false);
        }
        // Waited for, so that the dead process leaves the table of processes.
        if let Some(mut dead) = self.child.take() {
            let _ = dead.wait();
        }
        let running = server::bring_up(&self.cluster, &self.options)?;
        (self.port, self.child, self.adopted) = (running.port, running.child, running.adopted);
        Ok(true)
    }

    /// Stops a server that was left running in `options.dir`; `false` if none runs there.
    ///
    /// # Errors
    /// See [`Error`]; [`Error::InUse`] if a living process still needs it.
    pub fn stop_left_running(options: &Options) -> Result<bool, Error> {
        if !options.dir.exists() {
            return Ok(false);
        }
        let owner = Owner::find()?;
        let (home, _lock) = open_home(options, owner)?;
        let data = home.join("data");
        let runs = pidfile::read(&data).is_some_and(|file| pidfile::is_ours(file.pid, &data));
        if runs {
            let cluster = Cluster::open_or_create(home, owner, options.durability)?;
            server::stop(&cluster, None, options.stop_within)?;
        }
        Ok(runs)
    }

    /// Connection string of the superuser for `database`, as `postgres://…`.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        self.address().url(database)
    }

    /// Where it is; its port may change when it is [`revive`](Self::revive)d.
    #[must_use]
    pub fn address(&self) -> Address {
        self.cluster.address(self.port)
    }

    /// The TCP port on 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Whether the server was found running rather than started.
    #[must_use]
    pub fn adopted(&self) -> bool {
        self.adopted
    }

    /// Where the data lies if the folder asked for is out of reach for the unprivileged user
    /// that root runs PostgreSQL as. Worth telling people.
    #[must_use]
    pub fn moved_to(&self) -> Option<&Path> {
        self.moved_to.as_deref()
    }

    /// The server's log.
    #[must_use]
    pub fn log(&self) -> PathBuf {
        self.cluster.log()
    }

    /// Major version, such as 15.
    #[must_use]
    pub fn major(&self) -> u32 {
        self.cluster.binaries.major()
    }

    /// Creates `name` unless it exists.
    ///
    /// # Errors
    /// [`Error::BadName`] for anything but lower-case letters, digits and `_`; [`Error::Program`] with
    /// the server's words otherwise.
    pub fn ensure_database(&self, name: &str) -> Result<(), Error> {
        check_name(name)?;
        let exists = self
            .psql("postgres")
            .args(["--tuples-only", "--no-align", "--command"])
            .arg(format!("select 1 from pg_database where datname = '{name}'"))
            .output()
            .map_err(Error::io("running psql"))?;
        if exists.status.success() && exists.stdout.starts_with(b"1") {
            return Ok(());
        }
        run(self.psql("postgres").args(["--command", &format!("create database {name}")]), "psql")
    }

    /// Creates roles of these names unless they exist, with nothing but the right to sign in, each
    /// with a password of its own that is kept beside the superuser's.
    ///
    /// # Errors
    /// As [`ensure_database`](Self::ensure_database), and [`Error::Io`] for the passwords.
    pub fn ensure_logins(&self, names: &[&str]) -> Result<(), Error> {
        let mut sql = String::new();
        for name in names {
            check_name(name)?;
            let password =
                cluster::password(&self.cluster.home, &address::file_of(name), self.cluster.owner)?;
            sql.push_str(&format!(
                "do $$ begin
                     if not exists (select from pg_roles where rolname = '{name}') then create role {name}; end if;
                 end $$;
                 alter role {name} login password '{password}';\n"
            ));
        }
        // By a pipe: arguments of programs can be read by others on the machine.
        let mut psql = self
            .psql("postgres")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .map_err(Error::io("running psql"))?;
        if let Some(mut input) = psql.stdin.take() {
            input.write_all(sql.as_bytes()).map_err(Error::io("talking to psql"))?;
        }
        let status = psql.wait().map_err(Error::io("running psql"))?;
        if status.success() {
            return Ok(());
        }
        Err(Error::Program { program: "psql".to_owned(), output: format!("making logins: {status}") })
    }

    /// `psql`, connected to `database`, without the user's start-up file, stopping at the first
    /// error.
    #[must_use]
    pub fn psql(&self, database: &str) -> Command {
        let mut command = binaries::command(self.cluster.binaries.program("psql"));
        command
            .args(["--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1"])
            .args(["--host=127.0.0.1", "--username=postgres"])
            .arg(format!("--port={}", self.port))
            .arg(format!("--dbname={database}"))
            .env("PGPASSWORD", &self.cluster.password);
        command
    }

    /// Stops the server: open transactions are rolled back, and what does not end in time is
    /// ended at once.
    ///
    /// # Errors
    /// [`Error::Program`] if it still runs after that.
    pub fn stop(mut self) -> Result<(), Error> {
        self.stop_once()
    }

    /// Leaves the server running when this process ends; the next [`start`](Self::start) on the
    /// folder adopts it.
    pub fn detach(mut self) {
        self.stopped = true;
    }

    fn stop_once(&mut self) -> Result<(), Error> {
        if std::mem::replace(&mut self.stopped, true) {
            return Ok(());
        }
        server::stop(&self.cluster, self.child.as_mut(), self.options.stop_within)
    }
}

impl Drop for PrivatePostgres {
    fn drop(&mut self) {
        // Nothing more can be done here; the next start recovers.
        let _ = self.stop_once();
    }
}

/// Refuses what does not go into SQL as it is.
fn check_name(name: &str) -> Result<(), Error> {
    let valid = (1..=63).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    if valid { Ok(()) } else { Err(Error::BadName { name: name.to_owned() }) }
}

fn open_home(options: &Options, owner: Owner) -> Result<(PathBuf, Lock), Error> {
    let home = owner.prepare_home(&options.dir)?;
    let lock = Lock::acquire(&home, options.lock_within)?;
    Ok((home, lock))
}

fn absolute(dir: &Path) -> Result<PathBuf, Error> {
    dir.canonicalize().map_err(Error::io(format!("resolving {}", dir.display())))
}
