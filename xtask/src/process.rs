//! Running other programs: with their output kept back, or shown, or both.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

use crate::interrupt;

static VERBOSE: AtomicBool = AtomicBool::new(false);

/// How long a program may take to end after it was asked to.
const PATIENCE: Duration = Duration::from_secs(15);

pub(crate) fn set_verbose(verbose: bool) {
    VERBOSE.store(verbose, Ordering::Relaxed);
}

pub(crate) fn verbose() -> bool {
    VERBOSE.load(Ordering::Relaxed)
}

/// A program about to be run. It gets a process group of its own, so that stopping it stops
/// whatever it has started in turn, and no input.
pub(crate) struct Cmd {
    command: Command,
}

impl Cmd {
    pub(crate) fn new(program: impl AsRef<OsStr>) -> Self {
        let mut command = Command::new(program);
        command.stdin(Stdio::null()).process_group(0);
        Self { command }
    }

    /// `cargo` with the toolchain that built this program.
    pub(crate) fn cargo() -> Self {
        let cargo = Self::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        // What cargo told this program about its own package would count as a change, by which build
        // scripts of dependencies run again, and much is built anew beside plain `cargo build`.
        cargo.env_remove_all("CARGO_PKG_").env_remove_all("CARGO_MANIFEST_")
    }

    pub(crate) fn from_command(mut command: Command) -> Self {
        command.stdin(Stdio::null()).process_group(0);
        Self { command }
    }

    pub(crate) fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.command.arg(argument);
        self
    }

    pub(crate) fn args(mut self, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Self {
        self.command.args(arguments);
        self
    }

    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    pub(crate) fn env_remove(mut self, name: &str) -> Self {
        self.command.env_remove(name);
        self
    }

    /// Keeps from it every variable whose name begins so.
    pub(crate) fn env_remove_all(mut self, prefix: &str) -> Self {
        let set: Vec<OsString> = self.command.get_envs().map(|(name, _)| name.to_owned()).collect();
        for name in std::env::vars_os().map(|(name, _)| name).chain(set) {
            if name.to_string_lossy().starts_with(prefix) {
                self.command.env_remove(name);
            }
        }
        self
    }

    pub(crate) fn dir(mut self, dir: &Path) -> Self {
        self.command.current_dir(dir);
        self
    }

    /// Keeps the terminal's input and group, for programs that ask something (`sudo`).
    pub(crate) fn interactive(mut self) -> Self {
        let mut command = Command::new(self.command.get_program());
        command.args(self.command.get_args());
        for (name, value) in self.command.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        if let Some(dir) = self.command.get_current_dir() {
            command.current_dir(dir);
        }
        self.command = command;
        self
    }

    /// Sends all it writes to `file`.
    pub(crate) fn output_to(mut self, file: File) -> anyhow::Result<Self> {
        self.command.stdout(file.try_clone().context("sharing a log file")?).stderr(file);
        Ok(self)
    }

    /// Runs it to its end. Its output is shown only if it fails, or with `--verbose`.
    pub(crate) fn run(self) -> anyhow::Result<()> {
        if verbose() {
            return self.show();
        }
        let name = self.name();
        let (status, output) = self.capture(Tee::Off)?;
        if status.success() {
            return Ok(());
        }
        eprintln!();
        eprint!("{output}");
        bail!("`{name}` failed ({status})");
    }

    /// Runs it to its end with its output on the terminal.
    pub(crate) fn show(self) -> anyhow::Result<()> {
        let name = self.name();
        let status = self.status()?;
        if !status.success() {
            bail!("`{name}` failed ({status})");
        }
        Ok(())
    }

    /// Like [`show`](Self::show), and leaves the judgement of the exit status to the caller.
    pub(crate) fn status(mut self) -> anyhow::Result<ExitStatus> {
        let name = self.name();
        let mut child = self.command.spawn().with_context(|| format!("starting `{name}`"))?;
        wait(&mut child, &name)
    }

    /// What it writes to standard output; an error if it fails.
    pub(crate) fn read(mut self) -> anyhow::Result<String> {
        let name = self.name();
        let output = self.command.output().with_context(|| format!("starting `{name}`"))?;
        if !output.status.success() {
            bail!("`{name}` failed: {}", String::from_utf8_lossy(&output.stderr).trim());
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Shows what it writes and returns it too, both streams together.
    pub(crate) fn tee(self) -> anyhow::Result<(ExitStatus, String)> {
        self.capture(Tee::On)
    }

    /// Starts it and returns at once.
    pub(crate) fn spawn(mut self) -> anyhow::Result<Background> {
        let name = self.name();
        let child = self.command.spawn().with_context(|| format!("starting `{name}`"))?;
        Ok(Background { child, name })
    }

    /// Puts it in the place of this process; returns only if that fails.
    pub(crate) fn replace_us(self) -> anyhow::Error {
        let name = self.name();
        let mut command = self.interactive().command;
        anyhow::Error::new(command.exec()).context(format!("starting `{name}`"))
    }

    fn capture(mut self, tee: Tee) -> anyhow::Result<(ExitStatus, String)> {
        let name = self.name();
        let mut child = self
            .command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("starting `{name}`"))?;
        let stdout = child.stdout.take().map(|pipe| collect(pipe, tee));
        let stderr = child.stderr.take().map(|pipe| collect(pipe, tee));
        let status = wait(&mut child, &name)?;
        let mut text = String::new();
        for reader in [stdout, stderr].into_iter().flatten() {
            text.push_str(&reader.join().unwrap_or_default());
        }
        Ok((status, text))
    }

    fn name(&self) -> String {
        let program = Path::new(self.command.get_program());
        let mut words = vec![program.file_name().unwrap_or_default().to_owned()];
        words.extend(self.command.get_args().map(OsString::from));
        let words: Vec<String> = words.iter().map(|word| word.to_string_lossy().into_owned()).collect();
        words.join(" ")
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Tee {
    On,
    Off,
}

/// Reads a stream to its end, line by line, in a thread of its own.
fn collect(pipe: impl Read + Send + 'static, tee: Tee) -> JoinHandle<String> {
    std::thread::spawn(move || {
        let mut reader = BufReader::new(pipe);
        let mut text = String::new();
        let mut line = Vec::new();
        while reader.read_until(b'\n', &mut line).is_ok_and(|count| count > 0) {
            let words = String::from_utf8_lossy(&line);
            if tee == Tee::On {
                print!("{words}");
                let _ = std::io::stdout().flush();
            }
            text.push_str(&words);
            line.clear();
        }
        text
    })
}

/// Waits for the end of `child`; an interruption ends it and whatever it has started.
fn wait(child: &mut Child, name: &str) -> anyhow::Result<ExitStatus> {
    let mut pause = Duration::from_millis(2);
    loop {
        if let Some(status) = child.try_wait().with_context(|| format!("waiting for `{name}`"))? {
            return Ok(status);
        }
        if interrupt::requested() {
            stop(child);
            bail!("interrupted");
        }
        std::thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(100));
    }
}

fn stop(child: &mut Child) {
    signal(child, "-TERM");
    let deadline = Instant::now() + PATIENCE;
    while matches!(child.try_wait(), Ok(None)) {
        if Instant::now() >= deadline {
            signal(child, "-KILL");
            let _ = child.kill();
            break;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    let _ = child.wait();
}

/// Sends `signal` to the process group of `child`, or to it alone if it shares ours.
fn signal(child: &Child, signal: &str) {
    for target in [format!("-{}", child.id()), child.id().to_string()] {
        let sent = Command::new("kill")
            .args([signal, "--", &target])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        if sent.is_ok_and(|status| status.success()) {
            return;
        }
    }
}

/// A program that runs beside us. Stopped, with what it has started, when dropped.
pub(crate) struct Background {
    child: Child,
    name: String,
}

impl Background {
    /// Its exit status if it has ended.
    pub(crate) fn ended(&mut self) -> anyhow::Result<Option<ExitStatus>> {
        self.child.try_wait().with_context(|| format!("waiting for `{}`", self.name))
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            stop(&mut self.child);
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn both_streams_are_captured() {
        let (status, text) =
            Cmd::new("sh").args(["-c", "echo out; echo err >&2; exit 3"]).capture(Tee::Off).unwrap();
        assert_eq!(status.code(), Some(3));
        assert!(text.contains("out\n") && text.contains("err\n"), "{text}");
    }

    #[test]
    fn cargo_is_not_told_of_the_package_that_calls_it() {
        let cargo = Cmd::cargo();
        for name in ["CARGO_MANIFEST_DIR", "CARGO_PKG_NAME"] {
            assert_eq!(cargo.command.get_envs().find(|(told, _)| *told == name), Some((name.as_ref(), None)));
        }
    }

    #[test]
    fn variables_that_begin_alike_are_kept_back() {
        let told = Cmd::new("env").env("XTASK_ONE", "1").env("XTASKTWO", "2").env_remove_all("XTASK_");
        let told = told.read().unwrap();
        assert!(!told.contains("XTASK_ONE") && told.contains("XTASKTWO=2"), "{told}");
    }

    #[test]
    fn dropping_a_background_program_ends_its_children_too() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("pid");
        let script = format!("sleep 600 & echo $! > '{}'; wait", file.display());
        let background = Cmd::new("sh").args(["-c", &script]).spawn().unwrap();
        let pid = loop {
            let text = std::fs::read_to_string(&file).unwrap_or_default();
            if text.ends_with('\n') {
                break text.trim().to_owned();
            }
            std::thread::yield_now();
        };
        drop(background);
        // An orphan that ended is gone or, until somebody reaps it, a zombie.
        let state = || std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let deadline = Instant::now() + Duration::from_secs(10);
        while !state().is_empty() && !state().contains(") Z ") {
            assert!(Instant::now() < deadline, "the grandchild still runs");
            std::thread::yield_now();
        }
    }
}
