//! Putting the parts together in the folder that is served.

use std::path::Path;

use anyhow::Context;

use super::folder;
use crate::process::Cmd;
use crate::stamp::{self, Fingerprint, files_below, sha256};
use crate::step::step;
use crate::workspace::Workspace;

/// Part of the fingerprint: a change of what this file does renews the site.
const LAYOUT: &str = "1";
/// Compresses every text and WebAssembly file of a folder beside itself.
const COMPRESS: &str = include_str!("compress.mjs");

/// Fills `target/site` from the folder of the WebAssembly, the style sheet and `public/`.
///
/// `hash.txt` tells the server the names. It lies in the site and beside the binaries, where
/// Leptos and `cargo leptos` look for it.
pub(super) fn assemble(ws: &Workspace, wasm: &Path, css: &Path) -> anyhow::Result<()> {
    let public = ws.root.join("public");
    let fingerprint =
        Fingerprint::new().text(LAYOUT).text(COMPRESS).path(wasm)?.path(css)?.path(&public)?.finish();
    let stamp = ws.scratch("site.stamp");
    let site = folder(ws);
    if !(site.join("hash.txt").exists() && stamp::is_fresh(&stamp, &fingerprint)) {
        step("Assembling the site", || {
            // Built beside and renamed, so that a running server never sees half of it.
            let next = ws.target.join("site.next");
            remove(&next)?;
            fill(&next, wasm, css, &public)?;
            Cmd::new("node").args(["--input-type=module", "--eval", COMPRESS]).arg(&next).run()?;
            let last = ws.target.join("site.last");
            remove(&last)?;
            if site.exists() {
                std::fs::rename(&site, &last)?;
            }
            std::fs::rename(&next, &site)?;
            remove(&last)
        })?;
        stamp::write(&stamp, &fingerprint)?;
    }
    for profile in ["debug", "release"] {
        let beside = ws.target.join(profile);
        if beside.exists() {
            std::fs::copy(site.join("hash.txt"), beside.join("hash.txt"))?;
        }
    }
    Ok(())
}

fn fill(site: &Path, wasm: &Path, css: &Path, public: &Path) -> anyhow::Result<()> {
    let pkg = site.join("pkg");
    std::fs::create_dir_all(&pkg)?;
    copy_tree(public, site)?;
    copy_tree(&wasm.join("snippets"), &pkg.join("snippets"))?;
    let mut hashes = String::new();
    let parts =
        [("js", wasm.join("eighth.js")), ("wasm", wasm.join("eighth_bg.wasm")), ("css", css.to_owned())];
    for (kind, source) in parts {
        let content = std::fs::read(&source).with_context(|| format!("reading {}", source.display()))?;
        let hash = &sha256(&content)[..16];
        std::fs::write(pkg.join(format!("eighth.{hash}.{kind}")), &content)?;
        hashes.push_str(&format!("{kind}: {hash}\n"));
    }
    std::fs::write(site.join("hash.txt"), hashes)?;
    Ok(())
}

pub(crate) fn copy_tree(from: &Path, to: &Path) -> anyhow::Result<()> {
    for file in files_below(from)? {
        let target = to.join(file.strip_prefix(from)?);
        if let Some(parent) = target.parent() {
            std::fs::create_dir_all(parent)?;
        }
        std::fs::copy(&file, &target).with_context(|| format!("copying {}", file.display()))?;
    }
    Ok(())
}

fn remove(dir: &Path) -> anyhow::Result<()> {
    if dir.exists() {
        std::fs::remove_dir_all(dir).with_context(|| format!("removing {}", dir.display()))?;
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_content_and_hash_txt_tells_them() {
        let dir = tempfile::tempdir().unwrap();
        let (wasm, public) = (dir.path().join("wasm"), dir.path().join("public"));
        std::fs::create_dir_all(wasm.join("snippets/a")).unwrap();
        std::fs::create_dir_all(&public).unwrap();
        std::fs::write(wasm.join("eighth.js"), "js").unwrap();
        std::fs::write(wasm.join("eighth_bg.wasm"), "wasm").unwrap();
        std::fs::write(wasm.join("snippets/a/inline0.js"), "inline").unwrap();
        std::fs::write(public.join("robots.txt"), "robots").unwrap();
        let css = dir.path().join("x.css");
        std::fs::write(&css, "css").unwrap();
        let site = dir.path().join("site");
        fill(&site, &wasm, &css, &public).unwrap();

        let hashes = std::fs::read_to_string(site.join("hash.txt")).unwrap();
        for line in hashes.lines() {
            let (kind, hash) = line.split_once(": ").unwrap();
            let file = site.join(format!("pkg/eighth.{hash}.{kind}"));
            assert_eq!(std::fs::read_to_string(file).unwrap(), kind);
        }
        assert_eq!(hashes.lines().count(), 3);
        assert!(site.join("robots.txt").exists());
        assert!(site.join("pkg/snippets/a/inline0.js").exists());
    }
}
