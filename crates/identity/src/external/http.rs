//! Requests to providers, bounded in how long they take and in how much they bring.

use std::{error::Error, fmt, future::Future, pin::Pin, sync::Arc, time::Duration};

use ::http::{Response, StatusCode};
use http_body::Body;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use oauth2::{AsyncHttpClient, HttpRequest, HttpResponse};

/// How long a provider may take for one answer, its body included.
pub const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// How long the body of an answer may be; documents and key sets usually have a tenth of this.
pub const ANSWER_BYTES: usize = 256 * 1024;

type BoxError = Box<dyn Error + Send + Sync>;
type Answer<'a> = Pin<Box<dyn Future<Output = Result<HttpResponse, HttpError>> + Send + 'a>>;

#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    #[error("no answer within {} ms", .0.as_millis())]
    Slow(Duration),
    #[error("the answer is longer than {ANSWER_BYTES} bytes")]
    Long,
    /// Redirects are not followed: a code, a secret or a token would go where nobody sent it.
    #[error("the answer is a redirect")]
    Redirect,
    #[error("the answer has the status {0}")]
    Status(StatusCode),
    #[error("the request failed")]
    Failed(#[source] BoxError),
}

/// The way to providers: any HTTP client, within bounds.
///
/// The client must **not follow redirects**. Where issuers come from people rather than from the
/// operator, it should also refuse to connect to private addresses.
#[derive(Clone)]
pub struct Http {
    send: Arc<dyn Fn(HttpRequest) -> Answer<'static> + Send + Sync>,
    within: Duration,
}

impl Http {
    /// Sends by the given function, which should give the body as it arrives: with `reqwest`,
    /// executing `request.try_into()?` and turning the result into an `http::Response` is enough.
    pub fn new<S, F, B, E>(send: S) -> Self
    where
        S: Fn(HttpRequest) -> F + Send + Sync + 'static,
        F: Future<Output = Result<Response<B>, E>> + Send + 'static,
        B: Body + Send + 'static,
        B::Data: Send,
        B::Error: Into<BoxError>,
        E: Into<BoxError>,
    {
        let send = move |request| -> Answer<'static> {
            let response = send(request);
            Box::pin(async move { read(response.await.map_err(|e| HttpError::Failed(e.into()))?).await })
        };
        Self { send: Arc::new(send), within: ANSWER_WITHIN }
    }

    /// Waits less than [`ANSWER_WITHIN`] for an answer.
    pub fn within(self, time: Duration) -> Self {
        Self { within: time.min(ANSWER_WITHIN), ..self }
    }

    pub(crate) async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        tokio::time::timeout(self.within, (self.send)(request))
            .await
            .map_err(|_| HttpError::Slow(self.within))?
    }
}

async fn read<B>(response: Response<B>) -> Result<HttpResponse, HttpError>
where
    B: Body + Send,
    B::Data: Send,
    B::Error: Into<BoxError>,
{
    let (head, body) = response.into_parts();
    match head.status {
        status if status.is_redirection() => return Err(HttpError::Redirect),
        // Whatever such an answer says, it does not come from the provider's application.
        status if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS => {
            return Err(HttpError::Status(status));
        }
        _ => {}
    }
    let body = Limited::new(body, ANSWER_BYTES).collect().await.map_err(|error| {
        if error.is::<LengthLimitError>() { HttpError::Long } else { HttpError::Failed(error) }
    })?;
    Ok(Response::from_parts(head, body.to_bytes().into()))
}

impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Http").field("within", &self.within).finish_non_exhaustive()
    }
}

impl<'c> AsyncHttpClient<'c> for Http {
    type Error = HttpError;
    type Future = Answer<'c>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.send(request))
    }
}

#[cfg(test)]
mod tests {
    use std::{
        convert::Infallible,
        sync::atomic::{AtomicUsize, Ordering},
        task::{Context, Poll},
    };

    use bytes::Bytes;
    use http_body::Frame;
    use http_body_util::Full;

    use super::*;

    const CHUNK: usize = 16 * 1024;

    /// A body without an end, which counts what has been taken of it.
    struct Endless(Arc<AtomicUsize>);

    impl Body for Endless {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            self.0.fetch_add(CHUNK, Ordering::Relaxed);
            Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(&[b'x'; CHUNK])))))
        }
    }

    /// A body that never comes.
    struct Silent;

    impl Body for Silent {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            Poll::Pending
        }
    }

    fn answering<B>(status: u16, body: impl Fn() -> B + Send + Sync + 'static) -> Http
    where
        B: Body<Data = Bytes, Error = Infallible> + Send + 'static,
    {
        Http::new(move |_| {
            let mut response = Response::new(body());
            *response.status_mut() = StatusCode::from_u16(status).unwrap();
            async move { Ok::<_, Infallible>(response) }
        })
    }

    #[tokio::test]
    async fn an_answer_without_an_end_is_read_no_further_than_allowed() {
        let taken = Arc::new(AtomicUsize::new(0));
        let http = answering(200, {
            let taken = taken.clone();
            move || Endless(taken.clone())
        });
        let error = http.send(HttpRequest::default()).await.unwrap_err();
        assert!(matches!(error, HttpError::Long), "{error}");
        assert!(taken.load(Ordering::Relaxed) <= ANSWER_BYTES + CHUNK);
    }

    #[tokio::test]
    async fn an_answer_of_the_greatest_length_is_taken() {
        let http = answering(200, || Full::new(Bytes::from(vec![b'x'; ANSWER_BYTES])));
        assert_eq!(http.send(HttpRequest::default()).await.unwrap().body().len(), ANSWER_BYTES);
        let http = answering(200, || Full::new(Bytes::from(vec![b'x'; ANSWER_BYTES + 1])));
        assert!(matches!(http.send(HttpRequest::default()).await, Err(HttpError::Long)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_does_not_come_is_awaited_for_ten_seconds() {
        let begun = tokio::time::Instant::now();
        let error = answering(200, || Silent).send(HttpRequest::default()).await.unwrap_err();
        assert!(matches!(error, HttpError::Slow(_)), "{error}");
        assert_eq!(begun.elapsed(), ANSWER_WITHIN);
    }

    #[tokio::test]
    async fn redirects_and_failures_of_the_provider_are_no_answers() {
        for status in [301, 302, 303, 307, 308] {
            let error = answering(status, Full::default).send(HttpRequest::default()).await.unwrap_err();
            assert!(matches!(error, HttpError::Redirect), "{error}");
        }
        for status in [429, 500, 502, 503] {
            let error = answering(status, Full::default).send(HttpRequest::default()).await.unwrap_err();
            assert!(matches!(error, HttpError::Status(_)), "{error}");
        }
        for status in [200, 400, 401, 404] {
            assert!(answering(status, Full::default).send(HttpRequest::default()).await.is_ok(), "{status}");
        }
    }
}
