//! The files of one private PostgreSQL: where they lie and how they come to be.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::address::Address;
use crate::binaries::{Binaries, command};
use crate::owner::Owner;
use crate::{Durability, Error};

/// The log is set aside once it is larger than this, in bytes; one older log is kept.
const LOG_LIMIT: u64 = 10 * 1024 * 1024;

/// A prepared folder: everything is there but a running server.
#[derive(Debug)]
pub(crate) struct Cluster {
    pub(crate) binaries: Binaries,
    pub(crate) owner: Owner,
    pub(crate) password: String,
    pub(crate) home: PathBuf,
}

impl Cluster {
    /// Opens the cluster in `home`, and creates it first where there is none.
    pub(crate) fn open_or_create(home: PathBuf, owner: Owner, durability: Durability) -> Result<Self, Error> {
        let binaries = Binaries::for_data(&home.join("data"))?;
        let password = password(&home, "password", owner)?;
        let cluster = Self { binaries, owner, password, home };
        if !cluster.data().join("PG_VERSION").exists() {
            cluster.create(durability)?;
        }
        Ok(cluster)
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.home.join("data")
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.home.join("postgres.log")
    }

    /// The address of its server at this port.
    pub(crate) fn address(&self, port: u16) -> Address {
        Address { home: self.home.clone(), owner: self.owner, superuser: self.password.clone(), port }
    }

    pub(crate) fn saved_port(&self) -> Option<u16> {
        std::fs::read_to_string(self.home.join("port")).ok()?.trim().parse().ok()
    }

    pub(crate) fn save_port(&self, port: u16) -> Result<(), Error> {
        let path = self.home.join("port");
        std::fs::write(&path, format!("{port}\n")).map_err(Error::io(format!("writing {}", path.display())))
    }

    /// Opens the log for appending.
    pub(crate) fn open_log(&self) -> Result<File, Error> {
        let path = self.log();
        if std::fs::metadata(&path).is_ok_and(|meta| meta.len() > LOG_LIMIT) {
            std::fs::rename(&path, self.home.join("postgres.log.1"))
                .map_err(Error::io(format!("setting {} aside", path.display())))?;
        }
        OpenOptions::new()
            .create(true)
            .append(true)
            .mode(0o600)
            .open(&path)
            .map_err(Error::io(format!("opening {}", path.display())))
    }

    /// The last `count` lines of the log, for messages.
    pub(crate) fn log_tail(&self, count: usize) -> String {
        let text = std::fs::read(self.log()).unwrap_or_default();
        tail(&String::from_utf8_lossy(&text), count)
    }

    /// `program` of this version, to be run as the owner of the data.
    pub(crate) fn program(&self, program: &str) -> Command {
        let mut command = command(self.binaries.program(program));
        self.owner.apply(&mut command);
        command
    }

    /// Creates the data folder under another name first, so that an interrupted run leaves
    /// nothing that looks finished.
    fn create(&self, durability: Durability) -> Result<(), Error> {
        let unfinished = self.home.join("data.unfinished");
        for leftover in [&unfinished, &self.data()] {
            if leftover.exists() {
                std::fs::remove_dir_all(leftover)
                    .map_err(Error::io(format!("removing {}", leftover.display())))?;
            }
        }
        // Case folding of non-ASCII text needs a UTF-8 locale; plain C is the last resort.
        if let Err(first) = self.initdb(&unfinished, "C.UTF-8", durability)
            && self.initdb(&unfinished, "C", durability).is_err()
        {
            return Err(first);
        }
        std::fs::rename(&unfinished, self.data())
            .map_err(Error::io(format!("naming {}", self.data().display())))
    }

    fn initdb(&self, data: &Path, locale: &str, durability: Durability) -> Result<(), Error> {
        let mut initdb = self.program("initdb");
        initdb
            .args(["--username=postgres", "--auth=scram-sha-256", "--encoding=UTF8"])
            .arg(format!("--locale={locale}"))
            .arg("--pwfile")
            .arg(self.home.join("password"))
            .arg("--pgdata")
            .arg(data);
        if durability == Durability::Throwaway {
            initdb.arg("--no-sync");
        }
        run(&mut initdb, "initdb")
    }
}

/// Runs `command` to its end; its output is kept for the error.
pub(crate) fn run(command: &mut Command, name: &str) -> Result<(), Error> {
    let output = command.output().map_err(Error::io(format!("running {name}")))?;
    if output.status.success() {
        return Ok(());
    }
    let mut words = String::from_utf8_lossy(&output.stdout).into_owned();
    words.push_str(&String::from_utf8_lossy(&output.stderr));
    Err(Error::Program { program: name.to_owned(), output: tail(&words, 10) })
}

/// The password in the file of this name: made once, readable by the owner of the data alone.
pub(crate) fn password(home: &Path, name: &str, owner: Owner) -> Result<String, Error> {
    let path = home.join(name);
    match std::fs::read_to_string(&path) {
        Ok(text) if !text.trim().is_empty() => return Ok(text.trim().to_owned()),
        _ => {}
    }
    let mut random = [0; 24];
    getrandom::fill(&mut random).map_err(|error| Error::io("drawing a random password")(error.into()))?;
    let password = hex::encode(random);
    // Written beside and renamed: a half-written password would lock everybody out.
    let unfinished = home.join(format!("{name}.unfinished"));
    let mut file = OpenOptions::new()
        .create(true)
        .write(true)
        .truncate(true)
        .mode(0o600)
        .open(&unfinished)
        .map_err(Error::io(format!("creating {}", unfinished.display())))?;
    std::io::Write::write_all(&mut file, format!("{password}\n").as_bytes())
        .and_then(|()| file.sync_all())
        .map_err(Error::io(format!("writing {}", unfinished.display())))?;
    owner.give(&unfinished)?;
    std::fs::rename(&unfinished, &path).map_err(Error::io(format!("naming {}", path.display())))?;
    Ok(password)
}

fn tail(text: &str, count: usize) -> String {
    let lines: Vec<&str> = text.trim_end().lines().collect();
    lines[lines.len().saturating_sub(count)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tail_keeps_the_last_lines() {
        assert_eq!(tail("a\nb\nc\n", 2), "b\nc");
        assert_eq!(tail("a", 2), "a");
        assert_eq!(tail("", 2), "");
    }
}
