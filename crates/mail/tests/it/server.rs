//! The server of `smtp-server.cjs`, run by Node.

use std::process::Stdio;

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::json;
use tokio::{
    io::{AsyncBufReadExt as _, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
};

#[derive(Clone, Copy)]
pub(crate) enum Security {
    Off,
    StartTls,
    FromTheStart,
}

pub(crate) struct Server {
    pub(crate) port: u16,
    /// The certificate of the server, in PEM.
    pub(crate) certificate: Vec<u8>,
    said: Lines<BufReader<ChildStdout>>,
    /// It ends when this is closed.
    _stdin: ChildStdin,
    _child: Child,
}

/// A message as the server took it.
#[derive(Deserialize)]
pub(crate) struct Taken {
    pub(crate) from: String,
    pub(crate) to: Vec<String>,
    pub(crate) user: Option<String>,
    pub(crate) encrypted: bool,
    pub(crate) mail: String,
}

#[derive(Deserialize)]
struct Listening {
    port: u16,
}

impl Server {
    pub(crate) async fn start(security: Security) -> Self {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let tls = match security {
            Security::Off => "off",
            Security::StartTls => "starttls",
            Security::FromTheStart => "from_the_start",
        };
        let certificate = made.cert.pem();
        let options = json!({ "tls": tls, "key": made.signing_key.serialize_pem(), "cert": certificate });
        let mut child = Command::new("node")
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/smtp-server.cjs"))
            .arg(options.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("the tests need Node");
        let said = BufReader::new(child.stdout.take().unwrap()).lines();
        let stdin = child.stdin.take().unwrap();
        let mut server =
            Self { port: 0, certificate: certificate.into_bytes(), said, _stdin: stdin, _child: child };
        server.port = server.next::<Listening>().await.port;
        server
    }

    /// The next message it took.
    pub(crate) async fn taken(&mut self) -> Taken {
        self.next().await
    }

    /// Ends the server, and counts the messages it took that nobody asked for.
    pub(crate) async fn stop(self) -> usize {
        let Self { mut said, _stdin, _child, .. } = self;
        drop(_stdin);
        let mut count = 0;
        while said.next_line().await.unwrap().is_some() {
            count += 1;
        }
        count
    }

    async fn next<T: DeserializeOwned>(&mut self) -> T {
        let line = self.said.next_line().await.unwrap();
        serde_json::from_str(&line.expect("it runs, if `npm ci` was run in the repository")).unwrap()
    }
}
