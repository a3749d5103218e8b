//! The server under test: the built binary in a process of its own.

use std::{
    fs::{self, File},
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};
use reqwest::{Client, redirect::Policy};
use rustix::process::{Pid, Signal, kill_process};

use crate::setting::{self, Setting};

const READY_WITHIN: Duration = Duration::from_secs(180);
const STOPPED_WITHIN: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(50);

/// The kernel counts processor time in hundredths of a second.
const TICKS_PER_SECOND: f64 = 100.0;

pub(crate) struct Eighth {
    child: Child,
    pub(crate) address: SocketAddr,
    pub(crate) client: Client,
    pub(crate) log: PathBuf,
}

impl Eighth {
    /// Starts the server and waits until it is ready. With `core` it runs on that core alone.
    pub(crate) async fn start(
        setting: &Setting,
        database: &str,
        variables: &[(&str, &str)],
        core: Option<usize>,
    ) -> anyhow::Result<Self> {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let log = setting.data.join("server.log");
        let mut command = match core {
            None => Command::new(&setting.binary),
            Some(core) => {
                let mut command = Command::new("taskset");
                command.args(["-c", &core.to_string()]).arg(&setting.binary);
                command
            }
        };
        command
            .args(["serve", "--host", "127.0.0.1", "--port", &port.to_string(), "--demo", "none"])
            .arg("--site")
            .arg(&setting.site)
            .arg("--data")
            .arg(setting.data.join("server"))
            .env("DATABASE_URL", database)
            .env("EIGHTH_EMBEDDING__MODEL_DIR", &setting.model)
            .env("EIGHTH_LOG__FORMAT", "json")
            .env("EIGHTH_KEYS__VALUES", setting::KEYS)
            .env("EIGHTH_IDENTITY__CONFIRM_NEW_BROWSERS", "false")
            .env("EIGHTH_LIMITS__ENABLED", "false")
            .env_remove("PORT")
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(&log)?);
        let child = command.spawn().context("starting the server")?;
        let client = Client::builder().redirect(Policy::none()).no_proxy().build()?;
        let mut server = Self { child, address: (Ipv4Addr::LOCALHOST, port).into(), client, log };
        server.wait_until_ready().await?;
        Ok(server)
    }

    async fn wait_until_ready(&mut self) -> anyhow::Result<()> {
        let start = Instant::now();
        loop {
            let asked = self.client.get(self.url("/readyz")).send().await;
            if asked.is_ok_and(|answer| answer.status().is_success()) {
                return Ok(());
            }
            if let Some(status) = self.child.try_wait()? {
                bail!("the server ended ({status}); see {}", self.log.display());
            }
            if start.elapsed() > READY_WITHIN {
                bail!("the server is not ready; see {}", self.log.display());
            }
            tokio::time::sleep(POLL).await;
        }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Memory that the process holds at present, in kB of 1,000 bytes.
    pub(crate) fn resident_kb(&self) -> anyhow::Result<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let number = line.and_then(|line| line.split_whitespace().next());
        let kib: f64 = number.context("the kernel does not tell a process's memory")?.parse()?;
        Ok(kib * 1.024)
    }

    /// Processor time that the process has used so far, in seconds.
    pub(crate) fn cpu_seconds(&self) -> anyhow::Result<f64> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        // The name before the bracket may hold anything; user and system time are fields 14 and 15.
        let fields = stat.rsplit_once(')').map(|(_, fields)| fields.split_whitespace());
        let times: Vec<f64> =
            fields.into_iter().flatten().skip(11).take(2).filter_map(|field| field.parse().ok()).collect();
        Ok(times.iter().sum::<f64>() / TICKS_PER_SECOND)
    }

    /// Asks the server to stop, and waits until it has.
    pub(crate) async fn stop(mut self) -> anyhow::Result<()> {
        let pid = Pid::from_raw(self.child.id().cast_signed()).context("a process has a number")?;
        kill_process(pid, Signal::TERM)?;
        let start = Instant::now();
        while self.child.try_wait()?.is_none() {
            if start.elapsed() > STOPPED_WITHIN {
                bail!("the server does not stop");
            }
            tokio::time::sleep(POLL).await;
        }
        Ok(())
    }
}

impl Drop for Eighth {
    fn drop(&mut self) {
        // After an orderly stop there is nothing left to end.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
