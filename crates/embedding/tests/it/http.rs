//! The HTTP embedder against a local server that speaks the protocol, faults included.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use embedding::http::{Http, HttpSettings, Retry};
use embedding::{EmbedError, Embedder};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const KEY: &str = "sk-very-secret";

/// What the server does with the request of a number, counted from 0.
type Behaviour = fn(usize, &Value) -> Response;

struct Server {
    url: String,
    requests: Arc<Mutex<Vec<(HeaderMap, Value)>>>,
}

async fn serve(behaviour: Behaviour) -> Server {
    let requests: Arc<Mutex<Vec<(HeaderMap, Value)>>> = Arc::default();
    let seen = requests.clone();
    let handler = async move |headers: HeaderMap, Json(body): Json<Value>| {
        let number = {
            let mut seen = seen.lock().unwrap();
            seen.push((headers, body.clone()));
            seen.len() - 1
        };
        behaviour(number, &body)
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/v1/", listener.local_addr().unwrap());
    let app = Router::new().route("/v1/embeddings", post(handler));
    tokio::spawn(async move { axum::serve(listener, app).await });
    Server { url, requests }
}

impl Server {
    fn settings(&self) -> HttpSettings {
        HttpSettings {
            base_url: self.url.clone(),
            key: Some(KEY.to_owned().into()),
            model: "test".to_owned(),
            dimension: 2,
            batch_size: 3,
            timeout: Duration::from_secs(10),
            retry: Retry {
                attempts: 3,
                first_pause: Duration::from_millis(1),
                longest_pause: Duration::from_millis(5),
            },
            ..HttpSettings::default()
        }
    }

    fn embedder(&self) -> Http {
        Http::new(self.settings()).unwrap()
    }

    fn count(&self) -> usize {
        self.requests.lock().unwrap().len()
    }
}

/// An answer as the protocol has it: the vector of a text is `[3 * length, 4 * length]`, or for a
/// text that begins with "y" mirrored. Items come in reverse order.
fn good(_: usize, body: &Value) -> Response {
    let items: Vec<Value> = body["input"]
        .as_array()
        .unwrap()
        .iter()
        .enumerate()
        .map(|(index, text)| {
            let text = text.as_str().unwrap();
            let (a, b) = (3 * text.len(), 4 * text.len());
            let vector = if text.starts_with('y') { [b, a] } else { [a, b] };
            json!({ "object": "embedding", "index": index, "embedding": vector })
        })
        .rev()
        .collect();
    Json(json!({ "object": "list", "data": items, "model": "test", "usage": {} })).into_response()
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|&text| text.to_owned()).collect()
}

async fn fails(behaviour: Behaviour, requests: usize) -> EmbedError {
    let server = serve(behaviour).await;
    let error = server.embedder().embed(&texts(&["x"])).await.unwrap_err();
    assert_eq!(server.count(), requests, "{error}");
    assert!(!format!("{error} {error:?}").contains(KEY));
    error
}

#[tokio::test]
async fn vectors_come_in_order_in_batches_and_of_unit_length() {
    let server = serve(good).await;
    let embedder = server.embedder();
    assert_eq!(embedder.model().as_str(), "openai:test/2");
    let vectors = embedder.embed(&texts(&["x", "yy", "  ", "x\n x", "y", "x"])).await.unwrap();
    let (x, y, blank) = (vec![0.6, 0.8], vec![0.8, 0.6], vec![1.0, 0.0]);
    assert_eq!(vectors, [x.clone(), y.clone(), blank, x.clone(), y, x]);
    let requests = server.requests.lock().unwrap();
    let inputs: Vec<&Value> = requests.iter().map(|(_, body)| &body["input"]).collect();
    assert_eq!(inputs, [&json!(["x", "yy", "x x"]), &json!(["y", "x"])]);
    assert_eq!(requests[0].0["authorization"], format!("Bearer {KEY}"));
    assert_eq!(requests[0].1["model"], "test");
    assert_eq!(requests[0].1.get("dimensions"), None);
}

#[tokio::test]
async fn no_texts_and_blank_texts_need_no_request() {
    let server = serve(good).await;
    assert!(server.embedder().embed(&[]).await.unwrap().is_empty());
    assert_eq!(server.embedder().embed(&texts(&[" "])).await.unwrap().len(), 1);
    assert_eq!(server.count(), 0);
}

#[tokio::test]
async fn a_shorter_dimension_is_asked_for_where_that_is_wanted() {
    let server = serve(good).await;
    let settings = HttpSettings { request_dimension: true, ..server.settings() };
    Http::new(settings).unwrap().embed(&texts(&["x"])).await.unwrap();
    assert_eq!(server.requests.lock().unwrap()[0].1["dimensions"], 2);
}

#[tokio::test]
async fn passing_failures_are_tried_again() {
    let server = serve(|number, body| match number {
        0 => (StatusCode::TOO_MANY_REQUESTS, [("retry-after", "3600")]).into_response(),
        1 => StatusCode::BAD_GATEWAY.into_response(),
        _ => good(number, body),
    })
    .await;
    assert_eq!(server.embedder().embed(&texts(&["x"])).await.unwrap(), [[0.6, 0.8]]);
    assert_eq!(server.count(), 3);
}

#[tokio::test]
async fn it_gives_up_after_the_attempts() {
    let error = fails(|_, _| StatusCode::INTERNAL_SERVER_ERROR.into_response(), 3).await;
    assert!(error.is_transient());
    assert!(error.to_string().ends_with("status 500"));
}

#[tokio::test]
async fn a_refusal_is_final() {
    // Services quote keys in such answers.
    let error = fails(|_, _| (StatusCode::UNAUTHORIZED, format!("bad key {KEY}")).into_response(), 1).await;
    assert!(matches!(error, EmbedError::Rejected { status: 401 }));
    assert!(!error.is_transient());
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let error = fails(|_, _| (StatusCode::FOUND, [("location", "/elsewhere")]).into_response(), 1).await;
    assert!(matches!(error, EmbedError::Rejected { status: 302 }));
}

#[tokio::test]
async fn unusable_answers_are_final() {
    let behaviours: [Behaviour; 5] = [
        |_, _| Json(json!({ "data": [{ "index": 0, "embedding": [1, 2, 3] }] })).into_response(),
        |_, _| r#"{"data":[{"index":0,"embedding":[NaN,1]}]}"#.into_response(),
        |_, _| "<html>sign in</html>".into_response(),
        |_, _| Json(json!({ "data": [] })).into_response(),
        |_, _| " ".repeat(1_000_000).into_response(),
    ];
    for behaviour in behaviours {
        let error = fails(behaviour, 1).await;
        assert!(matches!(error, EmbedError::Malformed(_)), "{error}");
        assert!(!error.is_transient());
    }
}

#[tokio::test]
async fn a_service_that_stalls_is_given_up() {
    // It answers, but never to the end.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/v1", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let mut open = Vec::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            // The request fits into one read; an answer before it would be a protocol error.
            let _ = stream.read(&mut [0; 4096]).await;
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{").await.unwrap();
            open.push(stream);
        }
    });
    let server = serve(good).await;
    let settings = HttpSettings { base_url: url, timeout: Duration::from_millis(50), ..server.settings() };
    let error = Http::new(settings).unwrap().embed(&texts(&["x"])).await.unwrap_err();
    assert!(error.is_transient());
    assert!(error.to_string().contains("too long"), "{error}");
}

#[tokio::test]
async fn a_service_that_is_not_there_is_unavailable() {
    let server = serve(good).await;
    // Nothing listens on the discard port.
    let settings = HttpSettings { base_url: "http://127.0.0.1:9/v1".to_owned(), ..server.settings() };
    let error = Http::new(settings).unwrap().embed(&texts(&["x"])).await.unwrap_err();
    assert!(error.is_transient());
}

#[tokio::test]
async fn the_key_is_never_shown() {
    let server = serve(good).await;
    let embedder = server.embedder();
    assert!(!format!("{embedder:?} {:?}", server.settings()).contains(KEY));
}

#[tokio::test]
async fn settings_that_cannot_work_are_named() {
    let server = serve(good).await;
    let wrong = |change: fn(&mut HttpSettings)| {
        let mut settings = server.settings();
        change(&mut settings);
        Http::new(settings).unwrap_err().to_string()
    };
    assert!(wrong(|s| s.base_url = "ftp://host".to_owned()).contains("base_url"));
    assert!(wrong(|s| s.base_url = "nonsense".to_owned()).contains("base_url"));
    assert!(wrong(|s| s.dimension = 0).contains("dimension"));
    assert!(wrong(|s| s.batch_size = 0).contains("batch_size"));
    assert!(wrong(|s| s.retry.attempts = 0).contains("attempts"));
    assert!(wrong(|s| s.similarity_range = (0.5, 0.5)).contains("similarity_range"));
    let message = wrong(|s| s.base_url = "https://user:hunter2@host/v1".to_owned());
    assert!(message.contains("base_url") && !message.contains("hunter2"));
    let message = wrong(|s| s.key = Some(format!("{KEY}\n").into()));
    assert!(message.contains("key") && !message.contains(KEY));
}
