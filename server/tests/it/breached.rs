//! Asking a collection of breached passwords: what goes out, what comes back, and what is done when
//! nothing does.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use axum::{
    Router,
    body::Body,
    extract::Request,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use identity::{
    breached::{ANSWER_WITHIN, Breached, BreachedError},
    external::HttpError,
};
use services::accounts::breached_at;

/// SHA-1 of "correct horse battery staple" is `ABF7AAD6438836DBE526AA231ABDE2D0EEF74D42`.
const PASSWORD: &str = "correct horse battery staple";
const REST: &str = "AD6438836DBE526AA231ABDE2D0EEF74D42";

/// Asked of it so far: path and whether padding was wanted.
type Asked = Arc<Mutex<Vec<(String, bool)>>>;

fn at(url: &str) -> Breached {
    let _ = rustls::crypto::ring::default_provider().install_default();
    breached_at(url)
}

/// A collection that answers like this.
async fn collection(answer: impl Fn() -> Response + Clone + Send + Sync + 'static) -> (Breached, Asked) {
    let asked = Asked::default();
    let kept = asked.clone();
    let app = Router::new().fallback(move |request: Request| {
        let padded = request.headers().get("add-padding").is_some_and(|value| value == "true");
        kept.lock().unwrap().push((request.uri().to_string(), padded));
        let answer = answer();
        async move { answer }
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/range/", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    (at(&url), asked)
}

#[tokio::test]
async fn five_digits_go_out_and_the_rest_is_compared_here() {
    let list = format!("0018A45C4D1DEF81644B54AB7F969B88D65:3\r\n{}:42\r\n", REST.to_lowercase());
    let (breached, asked) = collection(move || list.clone().into_response()).await;
    assert!(breached.has(PASSWORD).await.unwrap());
    assert_eq!(*asked.lock().unwrap(), [("/range/ABF7A".to_owned(), true)]);
    assert!(!breached.has("another one, not in there").await.unwrap());
    for (path, _) in asked.lock().unwrap().iter() {
        assert_eq!(path.len(), "/range/".len() + 5, "{path}");
    }
}

#[tokio::test]
async fn what_only_fills_up_the_answer_is_no_find() {
    let (breached, _) = collection(move || format!("{REST}:0\r\n").into_response()).await;
    assert!(!breached.has(PASSWORD).await.unwrap());
    let (breached, _) = collection(|| "".into_response()).await;
    assert!(!breached.has(PASSWORD).await.unwrap());
}

#[tokio::test]
async fn a_collection_that_is_broken_is_an_error_and_no_answer() {
    let (breached, _) = collection(|| StatusCode::SERVICE_UNAVAILABLE.into_response()).await;
    assert!(matches!(breached.has(PASSWORD).await, Err(BreachedError::Away(HttpError::Status(_)))));
    let (breached, _) = collection(|| (StatusCode::NOT_FOUND, "").into_response()).await;
    assert!(matches!(breached.has(PASSWORD).await, Err(BreachedError::Status(StatusCode::NOT_FOUND))));
    for nonsense in ["<h1>Hello</h1>", "ABC:many", "ABC"] {
        let (breached, _) = collection(move || nonsense.into_response()).await;
        assert!(matches!(breached.has(PASSWORD).await, Err(BreachedError::Unreadable)), "{nonsense}");
    }
    let (breached, _) = collection(|| Body::from("A".repeat(400_000)).into_response()).await;
    assert!(matches!(breached.has(PASSWORD).await, Err(BreachedError::Away(HttpError::Long))));
    let nobody = at("http://127.0.0.1:1");
    assert!(matches!(nobody.has(PASSWORD).await, Err(BreachedError::Away(HttpError::Failed(_)))));
}

#[tokio::test]
async fn nobody_waits_for_a_collection_that_is_slow() {
    let silent = || Body::from_stream(futures::stream::pending::<Result<bytes::Bytes, std::io::Error>>());
    let (breached, _) = collection(move || silent().into_response()).await;
    let began = Instant::now();
    assert!(matches!(breached.has(PASSWORD).await, Err(BreachedError::Away(HttpError::Slow(_)))));
    assert!(began.elapsed() < ANSWER_WITHIN + Duration::from_secs(3));
}
