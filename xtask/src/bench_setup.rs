//! The benchmark `setup`: what a newcomer waits for.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

use crate::bench::{Row, publish};
use crate::interrupt;
use crate::process::{Background, Cmd};
use crate::step::step;
use crate::workspace::Workspace;

/// Beyond this the benchmark has failed anyway.
const LIMIT: Duration = Duration::from_secs(45 * 60);
const SECOND_STARTS: usize = 3;

/// Clones the last commit, runs `cargo xtask run` in the clone with a target folder of its own,
/// waits for the first page, and starts it again.
pub(crate) fn run(ws: &Workspace) -> anyhow::Result<()> {
    let folder = ws.scratch("bench-setup");
    if folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    std::fs::create_dir_all(&folder)?;
    let clone = folder.join("clone");
    step("Cloning the repository", || {
        Cmd::new("git").args(["clone", "--quiet", "--no-hardlinks"]).arg(&ws.root).arg(&clone).run()
    })?;
    let port = free_port()?;
    let first = step("From the clean clone to the first page", || time_start(&clone, port))?;
    let mut second = Vec::new();
    for _ in 0..SECOND_STARTS {
        second.push(step("Starting again", || time_start(&clone, port))?.as_secs_f64());
    }
    let slowest = second.iter().copied().fold(0.0, f64::max);
    let minutes = first.as_secs_f64() / 60.0;
    publish(
        ws,
        "setup",
        vec![
            Row {
                metric: "first_page_min",
                unit: "min",
                value: minutes,
                goal: "≤ 15",
                peers: serde_json::Map::new(),
                samples: vec![minutes],
                note: "crates and packages downloaded before may come from the machine's caches".to_owned(),
            },
            Row {
                metric: "second_start_s",
                unit: "s",
                value: slowest,
                goal: "≤ 15",
                peers: serde_json::Map::new(),
                samples: second,
                note: format!("the slowest of {SECOND_STARTS}"),
            },
        ],
    )?;
    std::fs::remove_dir_all(&folder).with_context(|| format!("removing {}", folder.display()))
}

/// Time from the command to the first page that answers 200. The server is stopped after it.
fn time_start(clone: &Path, port: u16) -> anyhow::Result<Duration> {
    let start = Instant::now();
    let log = std::fs::File::create(clone.join("../run.log"))?;
    let mut server = Cmd::new("cargo")
        .args(["xtask", "run", "--port", &port.to_string()])
        .env("CARGO_TARGET_DIR", clone.join("target"))
        .env_remove("CARGO")
        .env_remove("DATABASE_URL")
        .dir(clone)
        .output_to(log)?
        .spawn()?;
    let time = wait_for_page(&mut server, port, start)?;
    drop(server);
    Ok(time)
}

fn wait_for_page(server: &mut Background, port: u16, start: Instant) -> anyhow::Result<Duration> {
    loop {
        if answers(port) {
            return Ok(start.elapsed());
        }
        if let Some(status) = server.ended()? {
            bail!("`cargo xtask run` ended early ({status}); see run.log beside the clone");
        }
        if interrupt::requested() {
            bail!("interrupted");
        }
        if start.elapsed() > LIMIT {
            bail!("no page after {} minutes", LIMIT.as_secs() / 60);
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// Whether the landing page answers 200.
fn answers(port: u16) -> bool {
    let ask = || -> std::io::Result<bool> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        write!(stream, "GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n")?;
        let mut head = [0; 12];
        stream.read_exact(&mut head)?;
        Ok(&head == b"HTTP/1.1 200")
    };
    ask().unwrap_or(false)
}

fn free_port() -> anyhow::Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("finding a free port")?;
    Ok(listener.local_addr()?.port())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn only_a_200_counts_as_an_answer() {
        for (line, expected) in [("HTTP/1.1 200 OK", true), ("HTTP/1.1 503 Busy", false)] {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
            let port = listener.local_addr().unwrap().port();
            let server = std::thread::spawn(move || {
                let (mut stream, _) = listener.accept().unwrap();
                // Closing with the request unread would reset the connection under the answer.
                let mut request = [0; 1024];
                let mut read = 0;
                while !request[..read].ends_with(b"\r\n\r\n") {
                    read += stream.read(&mut request[read..]).unwrap();
                }
                // The asker leaves as soon as it has read the status.
                let _ = write!(stream, "{line}\r\n\r\n");
            });
            assert_eq!(answers(port), expected);
            server.join().unwrap();
        }
        assert!(!answers(free_port().unwrap()));
    }
}
