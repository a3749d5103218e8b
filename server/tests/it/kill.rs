//! The server is killed, without warning, at random moments of the way from a form to an open feed;
//! nothing is lost and nothing comes twice.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use domain::{
    JobId, UserId,
    feed::{FeedEvent, FeedMessage},
    job::JobForm,
};
use identity::Principal;
use reqwest::{Client, header, redirect::Policy};
use services::{Services, Settings, profiles};
use sqlx::{ConnectOptions as _, PgPool};
use storage::{feeds, outbox};
use test_support::{Letters, database_engineer, database_job, lexical};

use crate::{process::Process, socket::Socket};

const KILLS: usize = 24;
/// The latest kill after a form was sent, and after it was answered: the way on to the feed is the
/// longer one, most of all in a build for debugging.
const AFTER_SENDING: Duration = Duration::from_millis(60);
const AFTER_ANSWER: Duration = Duration::from_millis(300);

struct Person {
    who: Principal,
    cookie: String,
}

async fn person(services: &Services, name: &str, purpose: &str) -> Person {
    let email = format!("{}@example.com", name.to_lowercase());
    let (who, token) = test_support::enter(services, name, &email, purpose).await;
    Person { who, cookie: format!("eighth_session={token}") }
}

/// The form for a job as a browser sends it.
fn job_body(id: JobId, form: &JobForm) -> String {
    let mut pairs = vec![("job_id".to_owned(), id.to_string()), ("intent".to_owned(), "publish".to_owned())];
    for (name, value) in serde_json::to_value(form).unwrap().as_object().unwrap() {
        match value {
            serde_json::Value::Array(values) => {
                for (place, value) in values.iter().enumerate() {
                    pairs.push((format!("form[{name}][{place}]"), value.as_str().unwrap().to_owned()));
                }
            }
            value => pairs.push((format!("form[{name}]"), value.as_str().unwrap().to_owned())),
        }
    }
    serde_urlencoded::to_string(pairs).unwrap()
}

/// Sends the form; false if the server was gone before it answered.
async fn post(browser: &Client, host: &str, client: &Person, id: JobId, form: &JobForm) -> bool {
    let sent = browser
        .post(format!("http://{host}/api/create_job"))
        .header(header::ORIGIN, format!("http://{host}"))
        .header(header::REFERER, format!("http://{host}/jobs/new"))
        .header(header::ACCEPT, "text/html")
        .header(header::COOKIE, &client.cookie)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(job_body(id, form))
        .send()
        .await;
    match sent {
        Ok(answer) => {
            assert_eq!(answer.status(), 303, "{}", answer.text().await.unwrap());
            true
        }
        Err(_) => false,
    }
}

/// Keeps what a socket receives until it breaks.
async fn collect(mut socket: Socket, seen: Arc<Mutex<Vec<FeedMessage>>>) {
    while let Some(text) = socket.text_or_end().await {
        seen.lock().unwrap().push(serde_json::from_str(&text).unwrap());
    }
}

/// A moment between now and the latest, evenly.
fn random_moment(latest: Duration) -> Duration {
    let random = u32::from_le_bytes(uuid::Uuid::new_v4().as_bytes()[..4].try_into().unwrap());
    latest.mul_f64(f64::from(random) / f64::from(u32::MAX))
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn a_kill_at_any_moment_loses_nothing_and_doubles_nothing(pool: PgPool) {
    let url = pool.connect_options().to_url_lossy().to_string();
    let services = Services::open(Settings::new(
        test_support::database(&pool),
        lexical(),
        Arc::new(Letters::default()),
        test_support::keys(&["test"]),
    ));
    let _ = rustls::crypto::ring::default_provider().install_default();
    let browser = Client::builder().redirect(Policy::none()).pool_max_idle_per_host(0).build().unwrap();
    let data = tempfile::tempdir().unwrap();
    let client = person(&services, "Client", "client").await;
    let ada = person(&services, "Ada", "freelancer").await;
    profiles::save(&services, &ada.who, None, &database_engineer()).await.unwrap();

    let form = database_job();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let mut posted: Vec<JobId> = Vec::new();
    let mut unanswered: Option<JobId> = None;
    let mut answered_only_later = 0;
    for round in 0..KILLS {
        let server = Process::start(&url, data.path()).await;
        let after = seen.lock().unwrap().last().map_or(0, |last: &FeedMessage| last.seq);
        let socket = Socket::connect(&server.host, &ada.cookie, &format!("?after={after}")).await;
        let collecting = tokio::spawn(collect(socket, seen.clone()));
        // Who got no answer sends the same form again, as a person would.
        let id = unanswered.take().unwrap_or_else(JobId::new);
        // Every other time it is killed only after it has answered, on the way to the feed.
        let patient = round % 2 == 0;
        let moment = random_moment(if patient { AFTER_ANSWER } else { AFTER_SENDING });
        let host = server.host.clone();
        let posting = post(&browser, &host, &client, id, &form);
        tokio::pin!(posting);
        let answered = tokio::select! {
            answered = &mut posting => Some(answered),
            () = tokio::time::sleep(moment), if !patient => None,
        };
        if patient {
            tokio::time::sleep(moment).await;
        }
        server.kill().await;
        let answered = match answered {
            Some(answered) => answered,
            None => posting.await,
        };
        if answered {
            posted.push(id);
        } else {
            answered_only_later += 1;
            unanswered = Some(id);
        }
        collecting.await.unwrap();
    }

    let server = Process::start(&url, data.path()).await;
    if let Some(id) = unanswered {
        assert!(post(&browser, &server.host, &client, id, &form).await);
        posted.push(id);
    }
    let after = seen.lock().unwrap().last().map_or(0, |last| last.seq);
    let delivered_live = matches(&seen.lock().unwrap()).len();
    println!(
        "{KILLS} kills: {answered_only_later} before the answer, {delivered_live} of {} matches received before the last start",
        posted.len()
    );
    let mut socket = Socket::connect(&server.host, &ada.cookie, &format!("?after={after}")).await;
    let mut seen = seen.lock().unwrap().clone();
    while matches(&seen).len() < posted.len() {
        seen.push(socket.next().await);
    }
    let numbers: Vec<i64> = seen.iter().map(|message| message.seq).collect();
    assert_eq!(numbers, (1..=i64::try_from(seen.len()).unwrap()).collect::<Vec<_>>(), "no gap, none twice");
    let found = matches(&seen);
    assert_eq!(found.len(), posted.len(), "no job but those that were posted");
    for id in &posted {
        assert_eq!(found.get(id), Some(&1), "each job is added to the feed once");
    }
    let own = services::jobs::own(&services, &client.who).await.unwrap();
    assert_eq!(own.len(), posted.len(), "each job is there once");
    assert_stored(&services, ada.who.user_id, &seen).await;
    server.kill().await;
}

/// How often each job was added to the feed.
fn matches(seen: &[FeedMessage]) -> HashMap<JobId, usize> {
    let mut found = HashMap::new();
    for message in seen {
        if let FeedEvent::MatchAdded(card) = &message.event {
            *found.entry(card.job_id).or_default() += 1;
        }
    }
    found
}

/// The database tells the same as the socket did, and nothing is left to be delivered.
async fn assert_stored(services: &Services, user: UserId, seen: &[FeedMessage]) {
    let pool = services.database().house();
    let stored = feeds::after(pool, user, 0, 10_000).await.unwrap();
    assert_eq!(
        stored.iter().map(|(seq, _)| *seq).collect::<Vec<_>>(),
        seen.iter().map(|message| message.seq).collect::<Vec<_>>()
    );
    crate::site::eventually("the outbox is empty", || async {
        let health = outbox::health(pool).await.unwrap();
        assert_eq!(health.parked, 0);
        health.pending == 0
    })
    .await;
}
