//! The gallery of widgets: the design system in the browser alone, without a server.

use anyhow::{Context, bail};

use crate::site;
use crate::step::step;
use crate::workspace::Workspace;

const PACKAGE: &str = "gallery";

/// Builds `target/gallery`, to be opened through any file server.
pub(crate) fn build(ws: &Workspace) -> anyhow::Result<()> {
    let Some(package) = ws.packages.iter().find(|package| package.name == PACKAGE) else {
        bail!("there is no package `{PACKAGE}` in this workspace");
    };
    let wasm = site::build_wasm(ws, PACKAGE, PACKAGE, site::RELEASE_PROFILE)?;
    let css = site::build_style(ws, "eighth")?;
    let out = ws.target.join("gallery");
    step("Assembling the gallery", || {
        if out.exists() {
            std::fs::remove_dir_all(&out)?;
        }
        std::fs::create_dir_all(&out)?;
        site::copy_tree(&wasm, &out)?;
        std::fs::remove_file(out.join(".stamp"))?;
        site::copy_tree(&ws.root.join("public"), &out)?;
        std::fs::copy(&css, out.join("eighth.css"))?;
        // The page for `trunk` names its inputs; ours names the finished files.
        let page = package.dir.join("page.html");
        let page = if page.exists() {
            std::fs::read_to_string(&page).with_context(|| format!("reading {}", page.display()))?
        } else {
            PAGE.to_owned()
        };
        std::fs::write(out.join("index.html"), page)?;
        Ok(())
    })?;
    println!("  {}", out.join("index.html").display());
    Ok(())
}

const PAGE: &str = r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Widgets · 8thDegree</title>
<link rel="stylesheet" href="./eighth.css">
<script type="module">
  import init from "./gallery.js";
  await init({ module_or_path: "./gallery_bg.wasm" });
</script>
</head>
<body></body>
</html>
"#;
