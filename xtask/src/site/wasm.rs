//! From a Rust package to WebAssembly and JavaScript that a browser loads.

use std::path::PathBuf;

use anyhow::Context;
use wasm_bindgen_cli_support::Bindgen;

use super::RELEASE_PROFILE;
use crate::npm;
use crate::process::Cmd;
use crate::stamp::{self, Fingerprint};
use crate::step::{loud_step, step};
use crate::workspace::{WASM, Workspace};

/// How `wasm-opt` shrinks: for size, with the features that Rust uses and every browser has.
/// `--all-features` would write proposals that no browser reads yet, such as compact imports.
const SHRINK: [&str; 9] = [
    "-Oz",
    "--enable-bulk-memory",
    "--enable-bulk-memory-opt",
    "--enable-call-indirect-overlong",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
];

/// `name.js`, `name_bg.wasm` and, where Rust code brings JavaScript of its own, `snippets/`.
pub(crate) fn folder(ws: &Workspace, name: &str) -> PathBuf {
    ws.scratch("wasm").join(name)
}

/// Builds `package` into [`folder`]`(name)`.
pub(crate) fn build(ws: &Workspace, package: &str, name: &str, profile: &str) -> anyhow::Result<PathBuf> {
    loud_step(&format!("Building {package} for the browser"), || {
        Cmd::cargo()
            .args(["build", "--package", package, "--target", WASM, "--profile", profile])
            .dir(&ws.root)
            .show()
    })?;
    // Cargo's profile `dev` puts its output into `debug`.
    let profile_folder = if profile == "dev" { "debug" } else { profile };
    let built = ws.target.join(WASM).join(profile_folder).join(format!("{package}.wasm"));
    let out = folder(ws, name);
    let stamp = out.join(".stamp");
    let fingerprint = Fingerprint::new()
        .text(profile)
        .text(env!("CARGO_PKG_VERSION"))
        .text(&SHRINK.concat())
        .path(&built)?
        .path(&npm::tool(ws, "binaryen/package.json"))?
        .finish();
    if stamp::is_fresh(&stamp, &fingerprint) {
        return Ok(out);
    }
    if out.exists() {
        std::fs::remove_dir_all(&out)?;
    }
    step("Making its JavaScript bindings", || {
        Bindgen::new()
            .input_path(&built)
            .out_name(name)
            .web(true)?
            .typescript(false)
            .remove_name_section(profile == RELEASE_PROFILE)
            .remove_producers_section(true)
            .generate(&out)
            .context("wasm-bindgen")
    })?;
    if profile == RELEASE_PROFILE {
        let wasm = out.join(format!("{name}_bg.wasm"));
        step("Shrinking the WebAssembly", || {
            Cmd::new("node")
                .arg(npm::tool(ws, "binaryen/bin/wasm-opt"))
                .args(SHRINK)
                .arg(&wasm)
                .arg("-o")
                .arg(&wasm)
                .run()
        })?;
    }
    stamp::write(&stamp, &fingerprint)?;
    Ok(out)
}
