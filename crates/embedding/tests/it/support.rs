//! Where the model and the evaluation data are.

use std::path::{Path, PathBuf};

/// The workspace's root.
fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

fn folder(variable: &str, default: &str, holds: &str) -> Option<PathBuf> {
    let folder = std::env::var_os(variable).map_or_else(|| root().join(default), PathBuf::from);
    if folder.join(holds).exists() {
        return Some(folder);
    }
    eprintln!("skipped: {holds} is not in {}; set {variable}", folder.display());
    None
}

/// The folder with MiniLM's files, or `None` with a word about it.
pub(crate) fn model_dir() -> Option<PathBuf> {
    folder("EIGHTH_MODEL_DIR", ".data/models/all-MiniLM-L6-v2", "model.safetensors")
}

/// The folder with the evaluation data, or `None` with a word about it.
pub(crate) fn data_dir() -> Option<PathBuf> {
    folder("EIGHTH_EVALUATION_DATA", "../shared/data", "melo/queries.tsv")
}

pub(crate) fn cosine(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Lines of a table, split at tabs.
pub(crate) fn tsv(path: &Path) -> Vec<Vec<String>> {
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().map(|line| line.split('\t').map(str::to_owned).collect()).collect()
}
