//! Connections: how many there may be, how long one may take to say what it wants, and how they end.

use std::{io, sync::Arc, time::Duration};

use axum::{Router, body::Body, extract::ConnectInfo};
use http::{HeaderValue, Request, Response, header};
use hyper::{body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto, graceful::GracefulShutdown},
};
use tokio::{net::TcpListener, sync::Semaphore};
use tokio_util::sync::CancellationToken;
use tower::Service as _;

/// A connection that has not sent the head of a request by then is closed, so that nobody can hold
/// the server by dictating slowly.
const HEAD_WITHIN: Duration = Duration::from_secs(20);
/// The pause after the system refused a connection, such as for want of file descriptors.
const PAUSE: Duration = Duration::from_secs(1);

/// Answers connections, at most `max` at a time; those beyond wait in the system's queue. Told to
/// stop, takes no new ones and returns when the open ones have answered what they were asked.
pub(crate) async fn serve(listener: TcpListener, app: Router, max: usize, stop: CancellationToken) {
    let mut builder = auto::Builder::new(TokioExecutor::new()).http1_only();
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEAD_WITHIN);
    let (open, places) = (GracefulShutdown::new(), Arc::new(Semaphore::new(max)));
    loop {
        let Some(Ok(place)) = stop.run_until_cancelled(places.clone().acquire_owned()).await else { break };
        let Some(accepted) = stop.run_until_cancelled(listener.accept()).await else { break };
        let (stream, address) = match accepted {
            Ok(accepted) => accepted,
            Err(error) if is_the_visitors(&error) => continue,
            Err(error) => {
                tracing::error!(%error, "a connection could not be accepted");
                stop.run_until_cancelled(tokio::time::sleep(PAUSE)).await;
                continue;
            }
        };
        // Frames of the live channel are small and are not to wait for company.
        let _ = stream.set_nodelay(true);
        let app = app.clone();
        let answer = service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(ConnectInfo(address));
            let mut app = app.clone();
            let chunked = request.headers().contains_key(header::TRANSFER_ENCODING);
            async move {
                let mut answer = app.call(request.map(Body::new)).await;
                if let (true, Ok(answer)) = (chunked, &mut answer) {
                    let_nothing_follow(answer);
                }
                answer
            }
        });
        let connection = builder.serve_connection_with_upgrades(TokioIo::new(stream), answer).into_owned();
        let connection = open.watch(connection);
        tokio::spawn(async move {
            let _place = place;
            if let Err(error) = connection.await {
                tracing::trace!(%error, "a connection ended early");
            }
        });
    }
    drop(listener);
    open.shutdown().await;
}

/// Makes the answer the last one of its connection. A message in chunks may have named a length as
/// well, which another server on its way may have believed: what follows could then be somebody
/// else's request, made up by whoever sent the first (RFC 9112, section 6.1).
fn let_nothing_follow(answer: &mut Response<Body>) {
    answer.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
}

/// Whether it failed for the one visitor alone.
fn is_the_visitors(error: &io::Error) -> bool {
    use io::ErrorKind as E;
    matches!(error.kind(), E::ConnectionRefused | E::ConnectionAborted | E::ConnectionReset)
}
