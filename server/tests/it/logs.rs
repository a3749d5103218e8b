//! What the server writes down: lines that machines can read and correlate, that hold no secret and
//! that nobody can forge; and the copy of the audit log.

use std::fs::File;

use chrono::{DateTime, Utc};
use domain::{TokenId, scope::TokenForm};
use reqwest::{Client, Response, header, redirect::Policy};
use secrecy::ExposeSecret as _;
use serde_json::Value;
use services::{accounts::Device, tokens};
use sqlx::{ConnectOptions as _, PgPool};
use test_support::{PASSWORD, World};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::{
    process::{Process, program},
    site::{eventually, header_of},
};

/// The server in a process of its own, which writes its lines to a file.
struct Logged {
    process: Process,
    folder: tempfile::TempDir,
    browser: Client,
}

impl Logged {
    async fn start(pool: &PgPool, format: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut command = program(pool.connect_options().to_url_lossy().as_str(), folder.path());
        command
            .env("EIGHTH_LOG__FORMAT", format)
            .env("EIGHTH_IDENTITY__CONFIRM_NEW_BROWSERS", "false")
            .env("EIGHTH_LOG__FILTER", "debug,sqlx=warn,hyper=warn")
            .stderr(File::create(folder.path().join("log")).unwrap());
        let process = Process::configured(command).await;
        let _ = rustls::crypto::ring::default_provider().install_default();
        let browser = Client::builder().redirect(Policy::none()).user_agent("Tester/1.0").build().unwrap();
        Self { process, folder, browser }
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap()
    }

    async fn get(&self, path: &str, cookie: &str) -> Response {
        let url = format!("http://{}{path}", self.process.host);
        let request = self.browser.get(url).header(header::ACCEPT, "text/html");
        request.header(header::COOKIE, cookie).send().await.unwrap()
    }

    async fn post(&self, path: &str, origin: Option<&str>, fields: &[(&str, &str)]) -> Response {
        let own = format!("http://{}", self.process.host);
        self.browser
            .post(format!("{own}{path}"))
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::ORIGIN, origin.unwrap_or(&own))
            .body(serde_urlencoded::to_string(fields).unwrap())
            .send()
            .await
            .unwrap()
    }

    async fn sign_in(&self, password: &str) -> Response {
        let fields = [("form[email]", "person0@example.com"), ("form[password]", password)];
        self.post("/api/sign_in", None, &fields).await
    }

    /// Sends a request that no browser would, and waits until it is answered.
    async fn send(&self, bytes: &[u8]) {
        let mut stream = TcpStream::connect(&self.process.host).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
    }

    /// Waits for the line of a last request: by then all lines before it are there.
    async fn all_lines(&self) -> String {
        let id = header_of(&self.get("/healthz", "").await, "x-request-id");
        eventually("the last line", || async { self.log().contains(&id) }).await;
        self.log()
    }
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn lines_tell_who_did_what_from_where_and_no_secret(pool: PgPool) {
    let began = Utc::now();
    let world = World::new(pool.clone()).await;
    let ada = world.person("Ada", "freelancer").await;
    let site = Logged::start(&pool, "json").await;
    let wrong = site.sign_in("some wrong pass phrase").await;
    let right = site.sign_in(PASSWORD).await;
    assert_eq!(right.status(), 200);
    let cookie = header_of(&right, "set-cookie").split(';').next().unwrap().to_owned();
    let token = cookie.split_once('=').unwrap().1;
    assert!(token.len() > 20, "{cookie}");
    let account = site.get("/account?secret=in-the-query", &cookie).await;
    let forbidden = site.get("/jobs/new", &cookie).await;
    let unknown = site.get("/account", "eighth_session=nobodys").await;
    let forged = site.post("/api/theme", Some("https://evil.example"), &[("theme", "dark")]).await;
    sqlx::query("drop table core.jobs cascade").execute(&pool).await.unwrap();
    let failed = site.get("/jobs", &cookie).await;
    let figures = site.get("/metrics", "").await.text().await.unwrap();
    let text = site.all_lines().await;

    for secret in
        [PASSWORD, "some wrong pass phrase", "wrong+pass", token, "person0@example.com", "in-the-query"]
    {
        assert!(!text.contains(secret), "{secret} is in the log");
    }
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    for line in &lines {
        let at = line["timestamp"].as_str().unwrap();
        assert!(at.ends_with('Z'), "in UTC: {at}");
        let at: DateTime<Utc> = at.parse().unwrap();
        assert!((began..=Utc::now()).contains(&at), "by this machine's clock: {line}");
        assert!(line["level"].is_string() && line["target"].is_string(), "{line}");
    }
    let of = |answer: &Response| -> Vec<&Value> {
        let id = header_of(answer, "x-request-id");
        lines.iter().filter(|line| line["span"]["id"] == id.as_str()).collect()
    };
    let me = ada.user_id.to_string();
    for (answer, path, status, user) in [
        (&wrong, "/api/sign_in", 422, None),
        (&right, "/api/sign_in", 200, None),
        (&account, "/account", 200, Some(&me)),
        (&forbidden, "/jobs/new", 403, Some(&me)),
        (&unknown, "/account", 303, None),
        (&forged, "/api/theme", 403, None),
        (&failed, "/jobs", 500, Some(&me)),
    ] {
        assert_eq!(answer.status(), status, "{path}");
        let lines = of(answer);
        let line = lines.iter().find(|line| line["target"] == "access");
        let line = line.unwrap_or_else(|| panic!("no line for {path} {status}"));
        let span = &line["span"];
        assert_eq!((line["status"].as_u64(), span["path"].as_str()), (Some(status.into()), Some(path)));
        assert_eq!(
            (span["address"].as_str(), span["user"].as_str()),
            (Some("127.0.0.1"), user.map(String::as_str))
        );
        assert!(span["method"].is_string() && line["micros"].is_u64(), "{line}");
    }
    let lacks = Some("jobs:post");
    for (answer, event, level, needs) in [
        (&forbidden, "forbidden", "WARN", lacks),
        (&unknown, "signed_out", "INFO", None),
        (&forged, "cross_site", "WARN", None),
    ] {
        let lines = of(answer);
        let line = lines.iter().find(|line| line["target"] == "security");
        let line = line.unwrap_or_else(|| panic!("nothing of {event} in {lines:?}, all: {text}"));
        assert_eq!((line["event"].as_str(), line["level"].as_str()), (Some(event), Some(level)), "{line}");
        assert_eq!(line["needs"].as_str(), needs, "what they lack: {line}");
        assert!(figures.contains(&format!("security_events_total{{event=\"{event}\"}} 1")), "{figures}");
    }
    let cause = of(&failed).into_iter().find(|line| line["level"] == "ERROR").unwrap();
    assert!(cause["cause"].as_str().unwrap().contains("does not exist"), "for operators: {cause}");
    site.process.kill().await;
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn lines_tell_of_the_tokens_of_programs_and_hold_none(pool: PgPool) {
    let world = World::new(pool.clone()).await;
    let ada = world.person("Ada", "freelancer").await;
    let form = TokenForm { name: "Ledger".into(), scopes: vec!["profile:read".into()], days: "30".into() };
    let personal =
        tokens::create(&world.services, &ada, TokenId::new(), &form, &Device::default()).await.unwrap();
    // The clock of a world stands still, and the server's does not.
    sqlx::query("update auth.personal_tokens set created_at = now(), expires_at = now() + interval '1 day'")
        .execute(&pool)
        .await
        .unwrap();
    let site = Logged::start(&pool, "json").await;
    let ask = async |fields: &[(&str, &str)]| -> Value {
        let answer = site.post("/api/v1/auth/token", None, fields).await;
        assert_eq!(answer.status(), 200);
        serde_json::from_str(&answer.text().await.unwrap()).unwrap()
    };
    let given = ask(&[
        ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
        ("subject_token_type", "urn:ietf:params:oauth:token-type:access_token"),
        ("subject_token", personal.expose_secret()),
    ])
    .await;
    let text = |value: &Value, key: &str| value[key].as_str().unwrap().to_owned();
    let again =
        ask(&[("grant_type", "refresh_token"), ("refresh_token", &text(&given, "refresh_token"))]).await;
    let tampered = format!("{}x", text(&again, "access_token"));
    let unknown = ["8th_pat_somebody_made_this_up", "nothing-like-a-token", &tampered];
    for token in unknown {
        let url = format!("http://{}/api/v1/me", site.process.host);
        let answer = site.browser.get(url).bearer_auth(token).send().await.unwrap();
        assert_eq!(answer.status(), 401, "{token}");
    }
    let log = site.all_lines().await;

    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    let events = |name: &str| -> Vec<&Value> {
        lines.iter().filter(|line| line["target"] == "security" && line["event"] == name).collect()
    };
    let refreshed = events("token_refreshed");
    assert_eq!(refreshed.len(), 1, "{log}");
    assert_eq!(
        (refreshed[0]["person"].clone(), &refreshed[0]["level"]),
        (ada.user_id.to_string().into(), &"INFO".into())
    );
    let refused = events("token_unknown");
    assert_eq!(refused.len(), unknown.len(), "{log}");
    assert!(refused.iter().all(|line| line["level"] == "WARN" && line["span"]["path"] == "/api/v1/me"));
    let shown = ["access_token", "refresh_token"].map(|key| [text(&given, key), text(&again, key)]).concat();
    let shown = shown.iter().map(String::as_str).chain(unknown).chain([personal.expose_secret()]);
    for token in shown {
        assert!(!log.contains(token), "{token} is in the log");
    }
    site.process.kill().await;
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn nobody_forges_a_line_with_an_address_or_a_header(pool: PgPool) {
    for format in ["json", "human"] {
        let site = Logged::start(&pool, format).await;
        let hostile: [&[u8]; 3] = [
            b"GET /%0d%0a2026-01-01T00:00:00Z%20ERROR%20forged HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
            b"GET /\"},\"level\":\"ERROR\",{\"\\x1b[2J HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
            b"POST /api/theme HTTP/1.1\r\nHost: x\r\nConnection: close\r\nOrigin: \xc2\x9b\"\\ forged\t\xff\r\n\
              User-Agent: \" , \xff\r\nX-Forwarded-For: 1.1.1.1\\n\"forged\r\nX-Request-Id: forged\r\n\
              Content-Length: 0\r\n\r\n",
        ];
        for bytes in hostile {
            site.send(bytes).await;
        }
        let text = site.all_lines().await;
        assert!(text.contains("forged"), "it was written down: {text}");
        for line in text.lines() {
            let at = match serde_json::from_str::<Value>(line) {
                Ok(line) => {
                    assert!(line["level"] != "ERROR", "{line}");
                    assert!(line["span"]["id"] != "forged", "{line}");
                    line["timestamp"].as_str().unwrap().to_owned()
                }
                Err(error) => {
                    assert_eq!(format, "human", "{error}: {line}");
                    line.split_whitespace().next().unwrap().to_owned()
                }
            };
            let at: DateTime<Utc> = at.parse().unwrap_or_else(|_| panic!("{line} has no time"));
            assert!(at > "2026-01-02T00:00:00Z".parse::<DateTime<Utc>>().unwrap(), "{line}");
            assert!(!line.chars().any(char::is_control), "{line:?}");
        }
        site.process.kill().await;
    }
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn the_audit_log_is_copied_from_where_the_last_copy_ended(pool: PgPool) {
    let world = World::new(pool.clone()).await;
    let ada = world.person("Ada", "client").await;
    world.person("Bo", "client").await;
    let folder = tempfile::tempdir().unwrap();
    let url = pool.connect_options().to_url_lossy().to_string();
    let export = async |after: &str| -> Vec<Value> {
        let mut command = program(&url, folder.path());
        let done = command.args(["audit", "export", "--after", after]).output().await.unwrap();
        assert!(done.status.success(), "{done:?}");
        let text = String::from_utf8(done.stdout).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let all = export("0").await;
    assert!(all.len() >= 2, "{all:?}");
    for (place, entry) in all.iter().enumerate() {
        assert_eq!(entry["seq"], place + 1);
        let before = if place == 0 { "0".repeat(64).into() } else { all[place - 1]["hash"].clone() };
        assert_eq!(entry["previous_hash"], before, "the copy can be checked as the log can");
        assert!(entry["at"].as_str().unwrap().ends_with('Z'));
    }
    let created = all.iter().find(|entry| entry["action"] == "account.created").unwrap();
    assert_eq!(created["subject"], ada.user_id.to_string());
    let last = all.len().to_string();
    assert!(export(&last).await.is_empty());
    assert_eq!(export(&(all.len() - 1).to_string()).await, all[all.len() - 1..]);
}

/// The trigger that hashes is at hand for whoever owns the database.
const WRITE_ANEW: [&str; 5] = [
    "set session_replication_role = replica",
    "create temporary table kept as select * from auth.audit_log where seq <> 1 order by seq",
    "delete from auth.audit_log",
    "update auth.audit_head set seq = 0, hash = decode(repeat('00', 32), 'hex')",
    "set session_replication_role = origin",
];

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn a_log_that_its_owner_wrote_anew_differs_from_the_copy(pool: PgPool) {
    let world = World::new(pool.clone()).await;
    for name in ["Ada", "Bo"] {
        world.person(name, "client").await;
    }
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("audit.jsonl");
    let url = pool.connect_options().to_url_lossy().to_string();
    let audit = async |arguments: &[&str]| {
        let done = program(&url, folder.path()).arg("audit").args(arguments).output().await.unwrap();
        (done.status.success(), done.stdout, String::from_utf8_lossy(&done.stderr).into_owned())
    };
    let (_, exported, _) = audit(&["export"]).await;
    std::fs::write(&copy, &exported).unwrap();
    let compared = ["verify", "--copy", copy.to_str().unwrap()];
    let (held, told, why) = audit(&compared).await;
    let told = String::from_utf8(told).unwrap();
    assert!(held && told.contains("all ") && told.contains("as they were"), "{told}{why}");

    let mut owner = pool.acquire().await.unwrap();
    for sql in WRITE_ANEW {
        sqlx::query(sql).execute(&mut *owner).await.unwrap();
    }
    let kept: i64 = sqlx::query_scalar("select count(*) from kept").fetch_one(&mut *owner).await.unwrap();
    for place in 0..kept {
        sqlx::query(
            "with entry as (
                 insert into auth.audit_log (at, actor_id, subject_id, action, address, user_agent, before, after)
                 select at, actor_id, subject_id, action, address, user_agent, before, after
                 from kept order by seq offset $1 limit 1 returning seq, hash
             )
             update auth.audit_head set seq = entry.seq, hash = entry.hash from entry",
        )
        .bind(place)
        .execute(&mut *owner)
        .await
        .unwrap();
    }
    assert!(audit(&["verify"]).await.0, "the chain alone cannot show it");
    let (held, _, why) = audit(&compared).await;
    assert!(!held && why.contains("written anew: entry 1"), "{why}");
    std::fs::write(&copy, "no entry").unwrap();
    assert!(audit(&compared).await.2.contains("a line of the copy is no entry"));
}
