//! `postmaster.pid`, the file by which a running PostgreSQL tells about itself.
//!
//! Its lines: process id, data folder, start time, port, socket folder, listen address,
//! shared-memory key, state. Source: `src/include/utils/pidfile.h` of PostgreSQL.

use std::path::{Path, PathBuf};

/// How far the server has got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Starting,
    Ready,
    Stopping,
}

/// The lines we use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PidFile {
    pub(crate) pid: u32,
    /// Missing while the server is still writing the file.
    pub(crate) port: Option<u16>,
    pub(crate) state: State,
}

pub(crate) fn path(data: &Path) -> PathBuf {
    data.join("postmaster.pid")
}

pub(crate) fn read(data: &Path) -> Option<PidFile> {
    parse(&std::fs::read_to_string(path(data)).ok()?)
}

fn parse(text: &str) -> Option<PidFile> {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    Some(PidFile {
        pid: lines.first()?.parse().ok()?,
        port: lines.get(3).and_then(|line| line.parse().ok()),
        state: match lines.get(7).copied() {
            Some("ready" | "standby") => State::Ready,
            Some("stopping") => State::Stopping,
            _ => State::Starting,
        },
    })
}

/// Whether process `pid` is the PostgreSQL of this data folder, rather than a stranger that
/// was given the same number after a crash.
pub(crate) fn is_ours(pid: u32, data: &Path) -> bool {
    let process = PathBuf::from(format!("/proc/{pid}"));
    if Path::new("/proc/self").exists() {
        // PostgreSQL works in its data folder. A zombie has no folder any more.
        return std::fs::read_link(process.join("cwd")).is_ok_and(|cwd| cwd == data);
    }
    std::process::Command::new("ps").args(["-p", &pid.to_string(), "-o", "command="]).output().is_ok_and(
        |output| {
            let line = String::from_utf8_lossy(&output.stdout);
            line.contains("postgres") && line.contains(&*data.to_string_lossy())
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ready_server_is_recognised() {
        let text = "4711\n/data\n1763654400\n25432\n\n127.0.0.1\n  5432001   7\nready   \n";
        assert_eq!(parse(text), Some(PidFile { pid: 4711, port: Some(25432), state: State::Ready }));
    }

    #[test]
    fn a_half_written_file_means_starting() {
        assert_eq!(parse("4711\n/data\n"), Some(PidFile { pid: 4711, port: None, state: State::Starting }));
        assert_eq!(parse(""), None);
        assert_eq!(parse("not a number\n"), None);
    }

    #[test]
    fn this_test_is_no_postgres() {
        assert!(!is_ours(std::process::id(), Path::new("/nowhere")));
    }
}
