//! The browser's part: WebAssembly, its JavaScript, the style sheet and static files, under
//! names that contain a hash of their content, so that browsers may keep them for ever.

mod assemble;
mod style;
mod wasm;

use std::path::PathBuf;

use crate::workspace::Workspace;

pub(crate) use assemble::copy_tree;
pub(crate) use style::build as build_style;
pub(crate) use wasm::build as build_wasm;

/// What browsers download is built for size with this profile.
pub(crate) const RELEASE_PROFILE: &str = "wasm-release";

/// Where the finished site lies: `pkg/`, the static files and `hash.txt`.
pub(crate) fn folder(ws: &Workspace) -> PathBuf {
    ws.target.join("site")
}

/// Builds whatever is out of date.
pub(crate) fn build(ws: &Workspace, profile: &str) -> anyhow::Result<()> {
    let wasm = build_wasm(ws, "frontend", "eighth", profile)?;
    let css = build_style(ws, "eighth")?;
    assemble::assemble(ws, &wasm, &css)
}

/// Renews the style sheet and the static files alone; the WebAssembly stays as it was built last.
pub(crate) fn rebuild_style(ws: &Workspace) -> anyhow::Result<()> {
    let css = build_style(ws, "eighth")?;
    assemble::assemble(ws, &wasm::folder(ws, "eighth"), &css)
}
