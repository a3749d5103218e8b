//! Starting, adopting and stopping the server process.

use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use crate::cluster::{Cluster, run};
use crate::pidfile::{self, State};
use crate::{Durability, Error, Options, port};

/// How often the state of a starting or stopping server is looked at.
pub(crate) const POLL: Duration = Duration::from_millis(20);
/// A port can be taken by others between being found free and being bound.
const ATTEMPTS: u32 = 5;

/// A server that is ready for connections.
#[derive(Debug)]
pub(crate) struct Running {
    pub(crate) port: u16,
    pub(crate) adopted: bool,
    /// `None` if it was adopted: somebody else's child.
    pub(crate) child: Option<Child>,
}

/// Adopts the server that runs on this data folder, or starts one.
pub(crate) fn bring_up(cluster: &Cluster, options: &Options) -> Result<Running, Error> {
    let deadline = Instant::now() + options.ready_within;
    if let Some(port) = adopt(cluster, deadline, options)? {
        return Ok(Running { port, adopted: true, child: None });
    }
    let mut preferred = cluster.saved_port();
    let mut attempt = 1;
    loop {
        let port = port::choose(preferred)?;
        cluster.save_port(port)?;
        let log_before = log_length(cluster);
        let mut child = spawn(cluster, options, port)?;
        match wait_until_ready(cluster, &mut child, deadline, options) {
            Ok(()) => return Ok(Running { port, adopted: false, child: Some(child) }),
            Err(error) => {
                let words = new_log_lines(cluster, log_before);
                let port_taken = words.contains("could not bind");
                // Children of a killed postmaster hold its shared memory for another moment.
                let still_dying = words.contains("still in use");
                let again = still_dying || port_taken && attempt < ATTEMPTS;
                if !again || Instant::now() >= deadline {
                    return Err(error);
                }
                if port_taken {
                    preferred = None;
                }
                attempt += 1;
                std::thread::sleep(POLL * 5);
            }
        }
    }
}

/// The port of the server that already runs here, once it is ready; `None` if none does.
/// A `postmaster.pid` left behind by a crash is removed.
fn adopt(cluster: &Cluster, deadline: Instant, options: &Options) -> Result<Option<u16>, Error> {
    let data = cluster.data();
    loop {
        let Some(file) = pidfile::read(&data) else {
            return Ok(None);
        };
        if !pidfile::is_ours(file.pid, &data) {
            let path = pidfile::path(&data);
            return match std::fs::remove_file(&path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    Err(Error::io(format!("removing {}", path.display()))(error))
                }
                _ => Ok(None),
            };
        }
        if let (State::Ready, Some(port)) = (file.state, file.port) {
            cluster.save_port(port)?;
            return Ok(Some(port));
        }
        if Instant::now() >= deadline {
            return Err(not_ready(cluster, options));
        }
        std::thread::sleep(POLL);
    }
}

fn spawn(cluster: &Cluster, options: &Options, port: u16) -> Result<Child, Error> {
    let log = cluster.open_log()?;
    let log_again = log.try_clone().map_err(Error::io("opening the log of PostgreSQL twice"))?;
    let mut command = cluster.program("postgres");
    command.arg("-D").arg(cluster.data());
    for (name, value) in settings(options, port) {
        command.arg("-c").arg(format!("{name}={value}"));
    }
    // A group of its own: Ctrl-C at the terminal reaches us, and PostgreSQL only afterwards.
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    command.stdout(log).stderr(Stdio::from(log_again)).spawn().map_err(Error::io("starting postgres"))
}

/// Settings that suit a laptop, given on the command line so that nothing else is to be kept.
fn settings(options: &Options, port: u16) -> Vec<(&'static str, String)> {
    let mut settings = vec![
        ("listen_addresses", "127.0.0.1".to_owned()),
        ("port", port.to_string()),
        // Socket paths are limited to 107 bytes, which a deep folder exceeds.
        ("unix_socket_directories", String::new()),
        ("max_connections", options.max_connections.to_string()),
        ("shared_buffers", "256MB".to_owned()),
        ("effective_cache_size", "1GB".to_owned()),
        ("work_mem", "16MB".to_owned()),
        ("maintenance_work_mem", "128MB".to_owned()),
        ("random_page_cost", "1.1".to_owned()),
        ("jit", "off".to_owned()),
        ("timezone", "UTC".to_owned()),
        ("log_timezone", "UTC".to_owned()),
        ("log_checkpoints", "off".to_owned()),
        ("logging_collector", "off".to_owned()),
        ("log_destination", "stderr".to_owned()),
    ];
    if options.durability == Durability::Throwaway {
        for name in ["fsync", "synchronous_commit", "full_page_writes"] {
            settings.push((name, "off".to_owned()));
        }
        settings.push(("autovacuum_naptime", "10min".to_owned()));
    }
    settings
}

fn wait_until_ready(
    cluster: &Cluster,
    child: &mut Child,
    deadline: Instant,
    options: &Options,
) -> Result<(), Error> {
    let data = cluster.data();
    loop {
        if let Some(status) = child.try_wait().map_err(Error::io("looking after postgres"))? {
            return Err(Error::Program {
                program: format!("postgres ({status})"),
                output: cluster.log_tail(10),
            });
        }
        // The file may still be that of a former server.
        if pidfile::read(&data).is_some_and(|file| file.pid == child.id() && file.state == State::Ready) {
            return Ok(());
        }
        if Instant::now() >= deadline {
            // It never served anybody, so nothing is lost by ending it at once.
            let _ = stop(cluster, Some(child), Duration::ZERO);
            return Err(not_ready(cluster, options));
        }
        std::thread::sleep(POLL);
    }
}

fn not_ready(cluster: &Cluster, options: &Options) -> Error {
    Error::NotReady { seconds: options.ready_within.as_secs(), log: cluster.log() }
}

/// Whether the server on this data folder runs. An adopted one is nobody's child here, and is known
/// by its file alone.
pub(crate) fn runs(data: &Path, child: Option<&mut Child>) -> bool {
    if let Some(child) = child
        && !matches!(child.try_wait(), Ok(None))
    {
        return false;
    }
    pidfile::read(data).is_some_and(|file| pidfile::is_ours(file.pid, data))
}

/// The port of the server that runs on this data folder and accepts connections.
pub(crate) fn port_if_ready(data: &Path) -> Option<u16> {
    let file = pidfile::read(data)?;
    if file.state == State::Ready && pidfile::is_ours(file.pid, data) { file.port } else { None }
}

/// Stops the server on this data folder: politely within `patience`, then at once.
/// A server that does not run is no error.
pub(crate) fn stop(
    cluster: &Cluster,
    mut child: Option<&mut Child>,
    patience: Duration,
) -> Result<(), Error> {
    let data = cluster.data();
    let mut runs = || runs(&data, child.as_deref_mut());
    // Committed data is safe in either mode: `immediate` leaves the next start to replay the
    // write-ahead log.
    for (mode, patience) in [("fast", patience), ("immediate", Duration::from_secs(15))] {
        if patience.is_zero() || !runs() {
            continue;
        }
        let mut command = cluster.program("pg_ctl");
        command.args(["stop", "--silent", "--no-wait", "--mode", mode, "--pgdata"]).arg(&data);
        let asked = run(&mut command, "pg_ctl stop");
        let deadline = Instant::now() + patience;
        while runs() && Instant::now() < deadline {
            std::thread::sleep(POLL);
        }
        if mode == "immediate" && runs() {
            return asked.and_then(|()| {
                Err(Error::Program {
                    program: "postgres".to_owned(),
                    output: "it does not end although it was told to".to_owned(),
                })
            });
        }
    }
    if let Some(child) = child {
        // Not even started up to its pid file.
        let _ = child.kill();
        child.wait().map_err(Error::io("waiting for the end of postgres"))?;
    }
    Ok(())
}

fn log_length(cluster: &Cluster) -> usize {
    std::fs::metadata(cluster.log()).map_or(0, |meta| usize::try_from(meta.len()).unwrap_or(0))
}

/// What was logged since the log was `before` bytes long.
fn new_log_lines(cluster: &Cluster, before: usize) -> String {
    let text = std::fs::read(cluster.log()).unwrap_or_default();
    String::from_utf8_lossy(text.get(before..).unwrap_or_default()).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(options: &Options, name: &str) -> Option<String> {
        settings(options, 1).into_iter().find(|(key, _)| *key == name).map(|(_, value)| value)
    }

    #[test]
    fn durability_is_given_up_only_on_request() {
        let mut options = Options::new("/nowhere");
        assert_eq!(value(&options, "fsync"), None);
        assert_eq!(value(&options, "synchronous_commit"), None);
        options.durability = Durability::Throwaway;
        assert_eq!(value(&options, "fsync").as_deref(), Some("off"));
        assert_eq!(value(&options, "full_page_writes").as_deref(), Some("off"));
    }
}
