//! Where a benchmark finds what was built, and where its result goes.

use std::{
    env,
    path::{Path, PathBuf},
};

use anyhow::ensure;

/// What the servers and databases of benchmarks seal with; any key will do.
pub(crate) const KEYS: &str = "bench:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

/// From the environment that `cargo xtask bench` sets; started by hand, from where that would put
/// things.
pub(crate) struct Setting {
    /// The server, built for release.
    pub(crate) binary: PathBuf,
    /// The built site.
    pub(crate) site: PathBuf,
    /// What is kept between runs: databases, logs.
    pub(crate) data: PathBuf,
    /// The folder of MiniLM's files.
    pub(crate) model: PathBuf,
    /// Where the JSON is written.
    pub(crate) out: PathBuf,
    pub(crate) machine: String,
    pub(crate) commit: String,
}

impl Setting {
    pub(crate) fn from_environment(name: &str) -> anyhow::Result<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
        let path = |key: &str, default: PathBuf| env::var_os(key).map_or(default, PathBuf::from);
        let text = |key: &str| env::var(key).unwrap_or_default();
        let setting = Self {
            binary: path("BENCH_BIN", target.join("release/eighth")),
            site: path("BENCH_SITE", target.join("site")),
            data: path("BENCH_DATA", target.join("xtask/bench-data")),
            model: path("BENCH_MODEL", root.join(".data/models/all-MiniLM-L6-v2")),
            out: path("BENCH_OUT", target.join(format!("bench/{name}.json"))),
            machine: text("BENCH_MACHINE"),
            commit: text("BENCH_COMMIT"),
        };
        ensure!(
            setting.binary.is_file(),
            "there is no server at {}; `cargo xtask bench {name}` builds it",
            setting.binary.display()
        );
        std::fs::create_dir_all(&setting.data)?;
        Ok(setting)
    }
}
