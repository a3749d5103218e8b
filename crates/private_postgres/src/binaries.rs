//! Finding the PostgreSQL programs that are installed.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::Error;

/// Older servers lack things the schema uses.
const OLDEST_SUPPORTED: u32 = 14;

/// A folder with `initdb`, `postgres`, `pg_ctl` and `psql` of one version.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Binaries {
    // First, so that ordering is by version.
    major: u32,
    dir: PathBuf,
}

impl Binaries {
    /// The newest installed PostgreSQL.
    ///
    /// # Errors
    /// [`Error::NotInstalled`] if there is none.
    pub fn newest() -> Result<Self, Error> {
        installed().into_iter().max().ok_or_else(not_installed)
    }

    /// The installed PostgreSQL that can open `data_dir`, or the newest if it does not exist yet.
    ///
    /// Data files of one major version are unreadable to every other.
    pub(crate) fn for_data(data_dir: &Path) -> Result<Self, Error> {
        let Some(wanted) = major_of_data(data_dir) else {
            return Self::newest();
        };
        let installed = installed();
        if installed.is_empty() {
            return Err(not_installed());
        }
        let versions: Vec<String> = installed.iter().map(|b| b.major.to_string()).collect();
        installed.into_iter().find(|binaries| binaries.major == wanted).ok_or_else(|| Error::WrongVersion {
            data_dir: data_dir.to_owned(),
            wanted,
            installed: versions.join(", "),
        })
    }

    /// Major version, such as 15.
    #[must_use]
    pub fn major(&self) -> u32 {
        self.major
    }

    /// Full path of one of the programs, such as `psql`.
    #[must_use]
    pub fn program(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }
}

fn not_installed() -> Error {
    let searched: Vec<String> = well_known_folders().iter().map(|dir| dir.display().to_string()).collect();
    Error::NotInstalled {
        searched: if searched.is_empty() {
            "/usr/lib/postgresql/*/bin".to_owned()
        } else {
            searched.join(", ")
        },
    }
}

fn installed() -> Vec<Binaries> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    folders.extend(well_known_folders());
    let mut found: Vec<Binaries> = folders
        .into_iter()
        .filter(|dir| {
            ["initdb", "postgres", "pg_ctl", "psql"].iter().all(|program| dir.join(program).is_file())
        })
        .filter_map(|dir| {
            let major = major_of_program(&dir.join("postgres"))?;
            (major >= OLDEST_SUPPORTED).then_some(Binaries { major, dir })
        })
        .collect();
    found.sort();
    found.dedup();
    found
}

/// Where distributions keep the server's programs outside PATH.
fn well_known_folders() -> Vec<PathBuf> {
    // (parent, prefix of the version's folder)
    let layouts = [
        ("/usr/lib/postgresql", ""),
        ("/usr", "pgsql-"),
        ("/usr/local/opt", "postgresql@"),
        ("/opt/homebrew/opt", "postgresql@"),
    ];
    let mut folders = Vec::new();
    for (parent, prefix) in layouts {
        let Ok(entries) = std::fs::read_dir(parent) else {
            continue;
        };
        for entry in entries.flatten() {
            let name = entry.file_name();
            let version = name.to_str().and_then(|name| name.strip_prefix(prefix));
            if version.is_some_and(|version| version.parse::<u32>().is_ok()) {
                folders.push(entry.path().join("bin"));
            }
        }
    }
    folders
}

fn major_of_program(postgres: &Path) -> Option<u32> {
    let output = Command::new(postgres).arg("--version").stdin(Stdio::null()).output().ok()?;
    parse_version(&String::from_utf8_lossy(&output.stdout))
}

fn major_of_data(data_dir: &Path) -> Option<u32> {
    std::fs::read_to_string(data_dir.join("PG_VERSION")).ok()?.trim().parse().ok()
}

/// Reads the major version out of `postgres (PostgreSQL) 15.14 (Debian 15.14-1)`.
fn parse_version(text: &str) -> Option<u32> {
    let number = text.split_whitespace().nth(2)?;
    let digits: String = number.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

/// A command that no `PG…` variable of the caller's environment can divert.
pub(crate) fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("PG") {
            command.env_remove(name);
        }
    }
    command.env("PGCLIENTENCODING", "UTF8");
    command.stdin(Stdio::null());
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn version_is_read_from_the_servers_own_words() {
        assert_eq!(parse_version("postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)\n"), Some(15));
        assert_eq!(parse_version("postgres (PostgreSQL) 18beta1"), Some(18));
        assert_eq!(parse_version("zsh: not found"), None);
        assert_eq!(parse_version(""), None);
    }

    #[test]
    fn a_newer_version_wins() {
        let old = Binaries { major: 9, dir: PathBuf::from("/z") };
        let new = Binaries { major: 15, dir: PathBuf::from("/a") };
        assert!(new > old);
    }
}
