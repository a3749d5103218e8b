//! `cargo xtask run`: from a clean clone to the served product.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;

use crate::process::Cmd;
use crate::step::loud_step;
use crate::workspace::{self, Workspace};
use crate::{RunArgs, apt, model, npm, site, watch};

pub(crate) fn run(ws: &Workspace, arguments: &RunArgs) -> anyhow::Result<ExitCode> {
    let data = match &arguments.data {
        Some(dir) => std::path::absolute(dir).context("the data folder")?,
        None => ws.data(),
    };
    workspace::ensure_wasm_target(ws)?;
    if std::env::var_os("DATABASE_URL").is_none_or(|url| url.is_empty()) {
        apt::ensure_postgres()?;
    }
    npm::ensure(ws)?;
    model::ensure(ws, &data);
    let profile = if arguments.dev || arguments.watch { Profile::Dev } else { Profile::Release };
    let server = Server { profile, demo: arguments.demo.name(), data, port: arguments.port };
    if arguments.watch {
        return watch::watch(ws, &server);
    }
    site::build(ws, site::RELEASE_PROFILE)?;
    server.build(ws)?;
    // The server takes our place, and with it the terminal and every signal.
    Err(server.command(ws).replace_us())
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Profile {
    Dev,
    Release,
}

/// The server as a developer runs it.
pub(crate) struct Server {
    profile: Profile,
    demo: &'static str,
    data: PathBuf,
    port: u16,
}

impl Server {
    pub(crate) fn build(&self, ws: &Workspace) -> anyhow::Result<()> {
        loud_step("Building the server", || {
            let mut command = Cmd::cargo().args(["build", "--package", "server"]);
            if self.profile == Profile::Release {
                command = command.arg("--release");
            }
            command.dir(&ws.root).show()
        })
    }

    pub(crate) fn command(&self, ws: &Workspace) -> Cmd {
        let profile = match self.profile {
            Profile::Dev => "debug",
            Profile::Release => "release",
        };
        serve(&ws.target.join(profile).join("eighth"), &site::folder(ws))
            .args(["--demo", self.demo])
            .arg("--data")
            .arg(&self.data)
            .args(["--port", &self.port.to_string()])
            .dir(&ws.root)
    }
}

fn serve(binary: &Path, site: &Path) -> Cmd {
    Cmd::new(binary).arg("serve").arg("--site").arg(site)
}
