//! `cargo xtask run --watch`: rebuild what a change concerns, and restart the server if it does.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use crate::process::Background;
use crate::run::Server;
use crate::stamp::files_below;
use crate::workspace::Workspace;
use crate::{interrupt, site};

/// How often the sources are looked at: some thousand files, a few milliseconds.
const PERIOD: Duration = Duration::from_millis(400);
/// Quick to build; nobody downloads it.
const WASM_PROFILE: &str = "dev";
/// What is looked at, below the root.
const SOURCES: [&str; 9] =
    ["app", "crates", "frontend", "server", "style", "public", "migrations", ".sqlx", "Cargo.toml"];

type Times = BTreeMap<PathBuf, SystemTime>;

/// What a change asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Work {
    Nothing,
    /// The style sheet and static files; the server finds them on disk.
    Style,
    Everything,
}

pub(crate) fn watch(ws: &Workspace, server: &Server) -> anyhow::Result<ExitCode> {
    let mut times = read_times(&ws.root)?;
    site::build(ws, WASM_PROFILE)?;
    server.build(ws)?;
    let mut running = Some(server.command(ws).spawn()?);
    while !interrupt::requested() {
        if let Some(background) = &mut running
            && let Some(status) = background.ended()?
        {
            eprintln!("the server has ended ({status}); waiting for a change");
            running = None;
        }
        std::thread::sleep(PERIOD);
        let now = read_times(&ws.root)?;
        let work = work_for(&ws.root, &times, &now);
        times = now;
        if work != Work::Nothing {
            rebuild(ws, server, work, &mut running)?;
        }
    }
    // Dropping it stops the server and waits until it has drained.
    drop(running);
    Ok(ExitCode::SUCCESS)
}

/// A build that fails is told, and the last good server stays.
fn rebuild(
    ws: &Workspace,
    server: &Server,
    work: Work,
    running: &mut Option<Background>,
) -> anyhow::Result<()> {
    let names_before = std::fs::read_to_string(site::folder(ws).join("hash.txt")).unwrap_or_default();
    let built = match work {
        Work::Style => site::rebuild_style(ws),
        _ => site::build(ws, WASM_PROFILE).and_then(|()| server.build(ws)),
    };
    if let Err(error) = built {
        if !interrupt::requested() {
            eprintln!("error: {error:#}");
        }
        return Ok(());
    }
    let names = std::fs::read_to_string(site::folder(ws).join("hash.txt")).unwrap_or_default();
    // The server reads the names of its files when it starts.
    if work == Work::Everything || names != names_before || running.is_none() {
        drop(running.take());
        *running = Some(server.command(ws).spawn()?);
    }
    eprintln!("reload the page to see the change");
    Ok(())
}

fn read_times(root: &Path) -> anyhow::Result<Times> {
    let mut times = Times::new();
    for source in SOURCES {
        for file in files_below(&root.join(source))? {
            // A file may vanish between being listed and being looked at.
            if let Ok(modified) = std::fs::metadata(&file).and_then(|meta| meta.modified()) {
                times.insert(file, modified);
            }
        }
    }
    Ok(times)
}

fn work_for(root: &Path, before: &Times, now: &Times) -> Work {
    let changed = now.iter().filter(|(file, time)| before.get(*file) != Some(time)).map(|(file, _)| file);
    let removed = before.keys().filter(|file| !now.contains_key(*file));
    changed
        .chain(removed)
        .map(|file| {
            let style = ["style", "public"].iter().any(|dir| file.starts_with(root.join(dir)));
            if style { Work::Style } else { Work::Everything }
        })
        .max()
        .unwrap_or(Work::Nothing)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(files: &[(&str, u64)]) -> Times {
        files
            .iter()
            .map(|(file, seconds)| {
                (PathBuf::from(file), SystemTime::UNIX_EPOCH + Duration::from_secs(*seconds))
            })
            .collect()
    }

    #[test]
    fn only_code_asks_for_everything() {
        let root = Path::new("/r");
        let before = times(&[("/r/style/a.css", 1), ("/r/app/a.rs", 1)]);
        assert_eq!(work_for(root, &before, &before), Work::Nothing);
        let style = times(&[("/r/style/a.css", 2), ("/r/app/a.rs", 1)]);
        assert_eq!(work_for(root, &before, &style), Work::Style);
        let both = times(&[("/r/style/a.css", 2), ("/r/app/a.rs", 2)]);
        assert_eq!(work_for(root, &before, &both), Work::Everything);
        let removed = times(&[("/r/style/a.css", 1)]);
        assert_eq!(work_for(root, &before, &removed), Work::Everything);
    }
}
