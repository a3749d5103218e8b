//! The browser of the browser tests: the distribution's Chromium.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use crate::apt;

/// Names another browser than the installed Chromium.
const OVERRIDE: &str = "CHROMIUM_PATH";

/// The program, installed first if it is missing.
pub(crate) fn ensure() -> anyhow::Result<PathBuf> {
    if let Some(path) = std::env::var_os(OVERRIDE) {
        let path = PathBuf::from(path);
        if !path.exists() {
            bail!("{OVERRIDE} names {}, which does not exist", path.display());
        }
        return Ok(path);
    }
    if let Some(path) = find() {
        return Ok(path);
    }
    apt::install(&["chromium", "fonts-liberation"]).with_context(|| {
        format!("the browser tests need Chromium; {OVERRIDE} can name one installed elsewhere")
    })?;
    find().context("Chromium was installed, yet is not at /usr/bin/chromium")
}

fn find() -> Option<PathBuf> {
    ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"]
        .into_iter()
        .map(Path::new)
        .find(|path| path.exists())
        .map(Path::to_owned)
}
