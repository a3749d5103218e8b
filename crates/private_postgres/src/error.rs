//! What can go wrong, in words a person can act on.

use std::io;
use std::path::PathBuf;

/// Why the private PostgreSQL could not be started, reached or stopped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No usable PostgreSQL is installed.
    #[error(
        "no PostgreSQL server programs found (looked for `initdb` and `postgres` in PATH and in {searched}); \
         on Debian and Ubuntu `apt-get install postgresql` brings them"
    )]
    NotInstalled {
        /// The folders that were searched, for the message.
        searched: String,
    },
    /// The data folder was written by another major version than those installed.
    #[error(
        "{} was written by PostgreSQL {wanted}, which is not installed (installed: {installed}); \
         install that version, or dump and restore the data", data_dir.display()
    )]
    WrongVersion {
        /// The folder concerned.
        data_dir: PathBuf,
        /// Major version in the folder's `PG_VERSION`.
        wanted: u32,
        /// Major versions found, comma separated.
        installed: String,
    },
    /// Another living process holds this data folder.
    #[error("{} is in use by another running process", dir.display())]
    InUse {
        /// The folder concerned.
        dir: PathBuf,
    },
    /// PostgreSQL refuses to run as root and there is no other user to run it as.
    #[error("PostgreSQL does not run as root, and neither the user `postgres` nor `nobody` exists")]
    NoUnprivilegedUser,
    /// The name is not one this crate will put into SQL.
    #[error(
        "`{name}` is no name of a database or a login: lower-case letters, digits and `_`, 1 to 63 of them"
    )]
    BadName {
        /// The name as given.
        name: String,
    },
    /// A PostgreSQL program failed; its own words are in `output`.
    #[error("{program} failed: {output}")]
    Program {
        /// Which program.
        program: String,
        /// The last lines it wrote.
        output: String,
    },
    /// The server did not become ready in time.
    #[error("PostgreSQL was not ready after {seconds} s; see {}", log.display())]
    NotReady {
        /// How long was waited, in seconds.
        seconds: u64,
        /// Where its log is.
        log: PathBuf,
    },
    /// A file or process operation failed.
    #[error("{action}: {source}")]
    Io {
        /// What was attempted, with the path.
        action: String,
        /// The operating system's answer.
        source: io::Error,
    },
}

impl Error {
    /// For `map_err`: names what was attempted beside the system's answer.
    pub(crate) fn io(action: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let action = action.into();
        move |source| Self::Io { action, source }
    }
}
