//! Programs that Debian and Ubuntu bring.

use std::io::IsTerminal;
use std::path::Path;

use anyhow::{Context, bail};
use private_postgres::Binaries;

use crate::process::Cmd;
use crate::step::{loud_step, step};

const CLUSTER_CONF: &str = "/etc/postgresql-common/createcluster.conf";

/// Makes PostgreSQL's programs available. No server of the system's is created or started:
/// the package would otherwise occupy port 5432.
pub(crate) fn ensure_postgres() -> anyhow::Result<()> {
    if Binaries::newest().is_ok() {
        return Ok(());
    }
    install(&["postgresql-common"])?;
    forbid_default_cluster()?;
    install(&["postgresql"])?;
    Binaries::newest().context("PostgreSQL was installed, yet its programs are not there")?;
    Ok(())
}

/// Makes the program `name` available, which a package of that name brings.
pub(crate) fn ensure(name: &str) -> anyhow::Result<()> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    if std::env::split_paths(&path).any(|folder| folder.join(name).is_file()) {
        return Ok(());
    }
    install(&[name])
}

/// Installs `packages` of the distribution.
pub(crate) fn install(packages: &[&str]) -> anyhow::Result<()> {
    let names = packages.join(" ");
    if !Path::new("/usr/bin/apt-get").exists() {
        bail!("{names} needed, and this system has no apt-get; please install the like of it by hand");
    }
    let Some(rights) = Rights::find() else {
        bail!("{names} needed; please run `sudo apt-get install --no-install-recommends {names}` once");
    };
    let title = format!("Installing {names}");
    let update = || rights.command(&["apt-get", "update", "--quiet"]);
    let install = || {
        rights
            .command(&["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "install", "--yes", "--quiet"])
            .args(["--no-install-recommends", "-o", "DPkg::Lock::Timeout=300"])
            .args(packages)
    };
    if rights == Rights::Ask {
        return loud_step(&title, || {
            update().interactive().show().and_then(|()| install().interactive().show())
        });
    }
    step("Renewing the list of packages", || update().run())?;
    step(&title, || install().run())
}

/// Sets `create_main_cluster = false` unless the administrator has set it either way.
fn forbid_default_cluster() -> anyhow::Result<()> {
    let text = std::fs::read_to_string(CLUSTER_CONF).unwrap_or_default();
    if decides_main_cluster(&text) {
        return Ok(());
    }
    let Some(rights) = Rights::find() else {
        bail!("no rights to write {CLUSTER_CONF}");
    };
    let script = format!("printf 'create_main_cluster = false\\n' >> {CLUSTER_CONF}");
    let command = rights.command(&["sh", "-c", &script]);
    if rights == Rights::Ask { command.interactive().show() } else { command.run() }
}

fn decides_main_cluster(conf: &str) -> bool {
    conf.lines().any(|line| line.trim_start().starts_with("create_main_cluster"))
}

/// How this process may change the system.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Rights {
    Root,
    /// `sudo` asks for no password.
    Sudo,
    /// `sudo` asks, and somebody is there to answer.
    Ask,
}

impl Rights {
    fn find() -> Option<Self> {
        if Cmd::new("id").arg("-u").read().is_ok_and(|uid| uid.trim() == "0") {
            return Some(Self::Root);
        }
        if Cmd::new("sudo").args(["-n", "true"]).read().is_ok() {
            return Some(Self::Sudo);
        }
        let sudo = Cmd::new("sudo").arg("--version").read().is_ok();
        (sudo && std::io::stdin().is_terminal()).then_some(Self::Ask)
    }

    fn command(self, words: &[&str]) -> Cmd {
        match self {
            Self::Root => Cmd::new(words[0]).args(&words[1..]),
            Self::Sudo => Cmd::new("sudo").arg("-n").args(words),
            Self::Ask => Cmd::new("sudo").args(words),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::decides_main_cluster;

    #[test]
    fn only_an_active_setting_counts() {
        assert!(!decides_main_cluster("# Create it?\n#create_main_cluster = true\n"));
        assert!(decides_main_cluster("create_main_cluster = true\n"));
    }
}
