//! The style sheet, by Tailwind CSS.

use std::path::PathBuf;

use crate::npm;
use crate::process::Cmd;
use crate::stamp::{self, Fingerprint};
use crate::step::step;
use crate::workspace::Workspace;

/// Builds `style/main.css` with the classes used in the sources; returns the minified file.
pub(crate) fn build(ws: &Workspace, name: &str) -> anyhow::Result<PathBuf> {
    let out = ws.scratch("style").join(format!("{name}.css"));
    let stamp = ws.scratch("style").join(format!("{name}.stamp"));
    let mut fingerprint = Fingerprint::new();
    // Every file that may name a class, and what turns the names into rules.
    for input in ["style", "app", "server/src", "package-lock.json"] {
        fingerprint = fingerprint.path(&ws.root.join(input))?;
    }
    let fingerprint = fingerprint.finish();
    if out.exists() && stamp::is_fresh(&stamp, &fingerprint) {
        return Ok(out);
    }
    step("Building the style sheet", || {
        Cmd::new("node")
            .arg(npm::tool(ws, "@tailwindcss/cli/dist/index.mjs"))
            .arg("--input")
            .arg(ws.root.join("style/main.css"))
            .arg("--output")
            .arg(&out)
            .arg("--minify")
            .dir(&ws.root)
            .run()
    })?;
    stamp::write(&stamp, &fingerprint)?;
    Ok(out)
}
