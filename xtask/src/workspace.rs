//! Where things lie in the repository and what packages it has.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use serde_json::Value;

use crate::process::Cmd;
use crate::step::step;

/// Packages that exist for the browser alone and are never built for the machine itself.
pub(crate) const BROWSER_ONLY: [&str; 2] = ["frontend", "gallery"];
pub(crate) const WASM: &str = "wasm32-unknown-unknown";

/// The repository.
pub(crate) struct Workspace {
    pub(crate) root: PathBuf,
    pub(crate) target: PathBuf,
    pub(crate) packages: Vec<Package>,
}

/// One of our own packages.
#[derive(Debug, Clone)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) dir: PathBuf,
    pub(crate) dependencies: Vec<Dependency>,
}

/// One line of a package's dependencies.
#[derive(Debug, Clone)]
pub(crate) struct Dependency {
    pub(crate) name: String,
    /// Needed by tests alone.
    pub(crate) dev: bool,
}

impl Workspace {
    pub(crate) fn find() -> anyhow::Result<Self> {
        // The folder of this package is part of the program; a moved repository is rebuilt.
        let root =
            Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("the folder above xtask")?.to_owned();
        let text = Cmd::cargo()
            .args(["metadata", "--format-version=1", "--no-deps"])
            .dir(&root)
            .read()
            .context("asking cargo about the workspace")?;
        let metadata: Value = serde_json::from_str(&text).context("reading cargo's metadata")?;
        let target = metadata["target_directory"].as_str().context("cargo's target folder")?;
        let packages = metadata["packages"]
            .as_array()
            .context("cargo's packages")?
            .iter()
            .map(read_package)
            .collect::<anyhow::Result<_>>()?;
        Ok(Self { root, target: target.into(), packages })
    }

    pub(crate) fn has(&self, package: &str) -> bool {
        self.packages.iter().any(|candidate| candidate.name == package)
    }

    /// A file or folder of our own under `target`.
    pub(crate) fn scratch(&self, name: &str) -> PathBuf {
        self.target.join("xtask").join(name)
    }

    /// The folder for data that is worth keeping.
    pub(crate) fn data(&self) -> PathBuf {
        self.root.join(".data")
    }

    /// `--workspace` without what is built for browsers.
    pub(crate) fn native_packages(&self) -> Vec<String> {
        let mut arguments = vec!["--workspace".to_owned()];
        for name in BROWSER_ONLY {
            if self.has(name) {
                arguments.extend(["--exclude".to_owned(), name.to_owned()]);
            }
        }
        arguments
    }
}

fn read_package(value: &Value) -> anyhow::Result<Package> {
    let text = |key: &str| value[key].as_str().with_context(|| format!("a package's {key}"));
    let dependencies = value["dependencies"].as_array().context("a package's dependencies")?;
    Ok(Package {
        name: text("name")?.to_owned(),
        dir: Path::new(text("manifest_path")?).parent().context("a package's folder")?.to_owned(),
        dependencies: dependencies
            .iter()
            .map(|dependency| Dependency {
                name: dependency["name"].as_str().unwrap_or_default().to_owned(),
                dev: dependency["kind"] == "dev",
            })
            .collect(),
    })
}

/// Installs Rust's standard library for WebAssembly if it is missing.
pub(crate) fn ensure_wasm_target(ws: &Workspace) -> anyhow::Result<()> {
    let sysroot = Cmd::new("rustc").args(["--print", "sysroot"]).dir(&ws.root).read()?;
    if Path::new(sysroot.trim()).join("lib/rustlib").join(WASM).join("lib").exists() {
        return Ok(());
    }
    let added = step("Adding the WebAssembly target to Rust", || {
        // Asked for explicitly: automatic installation may be switched off.
        Cmd::new("rustup").args(["target", "add", WASM]).dir(&ws.root).run()
    });
    if added.is_err() {
        bail!("Rust's {WASM} target is missing; install it with `rustup target add {WASM}`");
    }
    Ok(())
}
