//! Where the operator's keys come from: the configuration, or a file that the server made for itself
//! beside a database that is its own.

use std::{
    fs::{self, OpenOptions},
    io::{ErrorKind, Read as _, Write as _},
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _},
    path::Path,
};

use anyhow::{Context as _, ensure};
use identity::vault::KeyRing;
use secrecy::{ExposeSecret as _, SecretString};

use crate::config::{Config, Demo};

/// The keys that the configuration names. Where it names none, those in the data folder; they are
/// made there for a demo and for a database of the server's own, for nothing of worth depends on
/// them elsewhere.
pub(crate) fn ring(config: &Config) -> anyhow::Result<KeyRing> {
    if let Some(values) = &config.keys.values {
        return KeyRing::parse(values).context("the setting `keys.values` is wrong");
    }
    if let Some(file) = &config.keys.file {
        return read(file).with_context(|| format!("`keys.file` ({}) cannot be used", file.display()));
    }
    let own = config.data.join("keys");
    if !own.exists() {
        ensure!(
            config.database.url.is_none() || config.demo != Demo::None,
            "there is no key to encrypt secrets with: make one with `eighth keys generate > FILE`, \
             `chmod 600 FILE`, and set `keys.file` to it (or `keys.values` to what it says)"
        );
        make(&own).with_context(|| format!("no key could be made in {}", own.display()))?;
    }
    read(&own).with_context(|| format!("the keys in {} cannot be used", own.display()))
}

fn read(file: &Path) -> anyhow::Result<KeyRing> {
    let mut opened = fs::File::open(file)?;
    ensure!(
        opened.metadata()?.mode() & 0o077 == 0,
        "others than its owner can read it; `chmod 600` takes that away"
    );
    let mut text = String::new();
    opened.read_to_string(&mut text)?;
    Ok(KeyRing::parse(&SecretString::from(text))?)
}

/// Of two processes that do this at once, one makes the file and both read it: it appears complete.
fn make(file: &Path) -> anyhow::Result<()> {
    let folder = file.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let draft = folder.join(format!("keys.{}", std::process::id()));
    let line = new_line()?;
    let mut written = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
    writeln!(written, "{}", line.expose_secret())?;
    written.sync_all()?;
    let linked = fs::hard_link(&draft, file);
    fs::remove_file(&draft)?;
    match linked {
        Ok(()) => tracing::info!(file = %file.display(), "made a key to encrypt secrets with"),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
        Err(error) => return Err(error.into()),
    }
    Ok(())
}

/// A new key, named after the day.
pub(crate) fn new_line() -> anyhow::Result<SecretString> {
    let suffix = &uuid::Uuid::new_v4().simple().to_string()[..4];
    let name = format!("k-{}-{suffix}", chrono::Utc::now().format("%Y-%m-%d"));
    Ok(KeyRing::generate_line(&name)?)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn config(data: &Path) -> Config {
        Config { data: data.to_owned(), ..Config::default() }
    }

    #[test]
    fn a_server_with_its_own_database_makes_a_key_once_that_nobody_else_reads() {
        let data = tempfile::tempdir().unwrap();
        let config = config(data.path());
        let first: Vec<String> = ring(&config).unwrap().names().map(str::to_owned).collect();
        assert_eq!(first.len(), 1);
        assert!(ring(&config).unwrap().names().eq(&first));
        let mode = fs::metadata(data.path().join("keys")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(fs::read_dir(data.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_database_that_was_given_wants_a_key_that_was_given() {
        let data = tempfile::tempdir().unwrap();
        let mut config = config(data.path());
        config.database.url = Some("postgres://a/b".into());
        let error = ring(&config).unwrap_err().to_string();
        assert!(error.contains("eighth keys generate"), "{error}");
        config.keys.values = Some(new_line().unwrap());
        assert!(ring(&config).is_ok());
        config.keys.values = None;
        config.demo = Demo::Small;
        assert!(ring(&config).is_ok());
    }

    #[test]
    fn a_file_that_others_can_read_is_refused() {
        let data = tempfile::tempdir().unwrap();
        let file = data.path().join("ours");
        fs::write(&file, new_line().unwrap().expose_secret()).unwrap();
        let mut config = config(data.path());
        config.keys.file = Some(file.clone());
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        let error = format!("{:#}", ring(&config).unwrap_err());
        assert!(error.contains("chmod 600"), "{error}");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o400)).unwrap();
        assert!(ring(&config).is_ok());
    }
}
