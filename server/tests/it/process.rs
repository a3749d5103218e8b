//! The real binary.

use std::{path::Path, process::Stdio, time::Duration};

use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, Command},
};

/// What the server seals with; any key will do.
const KEYS: &str = "test:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

pub struct Process {
    child: Child,
    pub host: String,
}

/// The program with a database and a folder of its own, and no other setting.
pub fn program(database: &str, data: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_eighth"));
    command
        .arg("--data")
        .arg(data)
        .env("DATABASE_URL", database)
        .env("EIGHTH_EMBEDDING__EMBEDDER", "lexical")
        .env("EIGHTH_LOG__FILTER", "warn")
        .env("EIGHTH_KEYS__VALUES", KEYS)
        .env("EIGHTH_LIMITS__ENABLED", "false")
        .env_remove("PORT")
        .kill_on_drop(true);
    command
}

impl Process {
    pub async fn start(database: &str, data: &Path) -> Self {
        Self::configured(program(database, data)).await
    }

    pub async fn configured(mut command: Command) -> Self {
        let mut child = command
            .args(["serve", "--port", "0", "--demo", "none", "--site", "nowhere"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let found = tokio::time::timeout(Duration::from_secs(60), async {
            while let Some(line) = lines.next_line().await.unwrap() {
                if let Some((_, host)) = line.split_once("http://") {
                    return host.trim().to_owned();
                }
            }
            panic!("the server ended before it said where it is");
        });
        let host = found.await.expect("the server says where it is");
        Self { child, host }
    }

    /// SIGKILL: the process gets no chance to do anything more.
    pub async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }
}
