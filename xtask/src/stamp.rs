//! Skipping work whose inputs have not changed since it was last done.

use std::path::{Path, PathBuf};

use anyhow::Context;
use sha2::{Digest, Sha256};

/// SHA-256 over everything that decides the outcome of a piece of work.
#[derive(Default)]
pub(crate) struct Fingerprint(Sha256);

impl Fingerprint {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn text(mut self, text: &str) -> Self {
        self.part(text.as_bytes());
        self
    }

    /// Names and contents of `path`: a file, or a folder with all below it. A missing path
    /// counts as such.
    pub(crate) fn path(mut self, path: &Path) -> anyhow::Result<Self> {
        for file in files_below(path)? {
            self.part(file.as_os_str().as_encoded_bytes());
            let content = std::fs::read(&file).with_context(|| format!("reading {}", file.display()))?;
            self.part(&content);
        }
        Ok(self)
    }

    pub(crate) fn finish(self) -> String {
        hex::encode(self.0.finalize())
    }

    /// The length keeps neighbouring parts from running into each other.
    fn part(&mut self, bytes: &[u8]) {
        self.0.update((bytes.len() as u64).to_le_bytes());
        self.0.update(bytes);
    }
}

/// SHA-256 of `bytes` in hexadecimal.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// All files at or below `path`, sorted; none if it does not exist.
pub(crate) fn files_below(path: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut waiting = vec![path.to_owned()];
    while let Some(path) = waiting.pop() {
        let Ok(meta) = std::fs::metadata(&path) else {
            continue;
        };
        if meta.is_dir() {
            let entries = std::fs::read_dir(&path).with_context(|| format!("reading {}", path.display()))?;
            for entry in entries {
                waiting.push(entry?.path());
            }
        } else {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// Whether the work behind `stamp` was last done for `fingerprint`.
pub(crate) fn is_fresh(stamp: &Path, fingerprint: &str) -> bool {
    std::fs::read_to_string(stamp).is_ok_and(|text| text == fingerprint)
}

/// Notes that the work behind `stamp` is done for `fingerprint`.
pub(crate) fn write(stamp: &Path, fingerprint: &str) -> anyhow::Result<()> {
    if let Some(parent) = stamp.parent() {
        std::fs::create_dir_all(parent)?;
    }
    std::fs::write(stamp, fingerprint).with_context(|| format!("writing {}", stamp.display()))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn of(dir: &Path) -> String {
        Fingerprint::new().path(dir).unwrap().finish()
    }

    #[test]
    fn content_names_and_absence_all_count() {
        let dir = tempfile::tempdir().unwrap();
        let empty = of(dir.path());
        std::fs::create_dir(dir.path().join("sub")).unwrap();
        let file = dir.path().join("sub/a");
        std::fs::write(&file, "1").unwrap();
        let one = of(dir.path());
        assert_ne!(one, empty);
        std::fs::write(&file, "2").unwrap();
        let two = of(dir.path());
        assert_ne!(two, one);
        std::fs::rename(&file, dir.path().join("sub/b")).unwrap();
        assert_ne!(of(dir.path()), two);
        std::fs::remove_file(dir.path().join("sub/b")).unwrap();
        assert_eq!(of(dir.path()), empty);
    }

    #[test]
    fn parts_do_not_run_into_each_other() {
        let first = Fingerprint::new().text("ab").text("c").finish();
        let second = Fingerprint::new().text("a").text("bc").finish();
        assert_ne!(first, second);
    }

    #[test]
    fn a_stamp_is_fresh_for_what_it_was_written_for() {
        let dir = tempfile::tempdir().unwrap();
        let stamp = dir.path().join("deep/x.stamp");
        assert!(!is_fresh(&stamp, "1"));
        write(&stamp, "1").unwrap();
        assert!(is_fresh(&stamp, "1"));
        assert!(!is_fresh(&stamp, "2"));
    }
}
