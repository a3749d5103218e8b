//! The stand-ins of `end2end/support`, each in a process of its own that ends with the test.

use std::{path::Path, process::Stdio};

use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, Command},
};

use crate::visitor;

pub(crate) struct StandIn {
    /// `http://127.0.0.1:port`.
    pub(crate) url: String,
    // Its standard input closes with us, and then it ends.
    _process: Child,
}

impl StandIn {
    /// Starts one and waits until it says where it is.
    pub(crate) async fn start(script: &str, arguments: &[&str]) -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"))
            .ancestors()
            .find(|folder| folder.join("end2end/support").is_dir())
            .expect("the stand-ins are part of the repository");
        assert!(
            root.join("node_modules/oidc-provider").exists(),
            "the stand-ins need their packages: run `npm ci`"
        );
        let mut process = Command::new("node")
            .arg(format!("end2end/support/{script}"))
            .args(["--until-stdin-closes", "--port", "0"])
            .args(arguments)
            .current_dir(root)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("node is installed");
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let url = lines.next_line().await.unwrap().expect("the stand-in says where it is");
        Self { url, _process: process }
    }

    pub(crate) async fn oidc(arguments: &[&str]) -> Self {
        let clients = serde_json::json!([{
            "client_id": visitor::CLIENT,
            "client_secret": visitor::SECRET,
            "redirect_uris": [visitor::REDIRECT],
        }]);
        Self::start("oidc-provider.mjs", &[&["--clients", &clients.to_string()], arguments].concat()).await
    }

    pub(crate) async fn github() -> Self {
        let client = ["--client-id", visitor::CLIENT, "--client-secret", visitor::SECRET];
        Self::start("github.mjs", &client).await
    }

    /// Gives an order; see the head of the script.
    pub(crate) async fn control(&self, order: &str, body: Value) -> Value {
        let url = format!("{}/control/{order}", self.url);
        let response = visitor::client().post(url).json(&body).send().await.unwrap();
        response.error_for_status().unwrap().json().await.unwrap()
    }
}
