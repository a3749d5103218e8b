//! The tools that come from npm.

use std::path::PathBuf;

use anyhow::bail;

use crate::process::Cmd;
use crate::stamp::{self, Fingerprint};
use crate::step::step;
use crate::workspace::Workspace;

const OLDEST_NODE: u32 = 20;

/// Installs what `package-lock.json` names, unless it is installed already.
pub(crate) fn ensure(ws: &Workspace) -> anyhow::Result<()> {
    let fingerprint = Fingerprint::new()
        .path(&ws.root.join("package-lock.json"))?
        .path(&ws.root.join("package.json"))?
        .finish();
    let stamp = ws.root.join("node_modules/.installed");
    if stamp::is_fresh(&stamp, &fingerprint) {
        return Ok(());
    }
    check_node()?;
    step("Installing the tools from npm", || {
        Cmd::new("npm").args(["ci", "--no-audit", "--no-fund"]).dir(&ws.root).run()
    })?;
    stamp::write(&stamp, &fingerprint)
}

/// A program that a package brings, such as `wasm-opt`.
pub(crate) fn tool(ws: &Workspace, path: &str) -> PathBuf {
    ws.root.join("node_modules").join(path)
}

fn check_node() -> anyhow::Result<()> {
    let version = Cmd::new("node").arg("--version").read().unwrap_or_default();
    match major(&version) {
        Some(major) if major >= OLDEST_NODE => Ok(()),
        Some(_) => bail!("Node {OLDEST_NODE} or newer is needed, found {}", version.trim()),
        None => bail!("Node {OLDEST_NODE} or newer is needed and was not found; see https://nodejs.org"),
    }
}

/// Reads 20 out of `v20.20.2`.
fn major(version: &str) -> Option<u32> {
    version.trim().strip_prefix('v')?.split('.').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    #[test]
    fn nodes_version_is_read() {
        assert_eq!(super::major("v20.20.2\n"), Some(20));
        assert_eq!(super::major(""), None);
    }
}
