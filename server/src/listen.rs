//! Connections: how many there may be, how long one may take to say what it wants, and how they end.

use std::{
    convert::Infallible,
    io,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::{body::Body, extract::ConnectInfo};
use http::{HeaderValue, Request, Response, header};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{net::TcpListener, sync::Semaphore};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{crowd::Crowd, http::doors::Answers, stream::Stream};

/// A connection that has not sent the head of a request by then is closed, so that nobody can hold
/// the server by dictating slowly or by saying nothing.
const HEAD_WITHIN: Duration = Duration::from_secs(20);
/// The pause after the system refused a connection, such as for want of file descriptors.
const PAUSE: Duration = Duration::from_secs(1);

/// What connections may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// So many at a time; those beyond wait in the system's queue.
    pub(crate) most: usize,
    /// So many of them from one network; those beyond are closed. None where they are not told apart.
    pub(crate) of_one_network: Option<usize>,
    /// One that takes nothing of an answer for so long is closed.
    pub(crate) write_within: Duration,
}

/// Answers connections. Told to stop, takes no new ones and returns when the open ones have answered
/// what they were asked.
pub(crate) async fn serve(listener: TcpListener, app: Answers, bounds: Bounds, stop: CancellationToken) {
    // Not the builder of `hyper_util`: it waits for the version of the protocol without any limit.
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEAD_WITHIN);
    let (open, places) = (TaskTracker::new(), Arc::new(Semaphore::new(bounds.most)));
    let crowd = Crowd::new(bounds.of_one_network);
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
        let Some(seat) = crowd.seat(address.ip()) else {
            metrics::counter!("connections_refused_total").increment(1);
            continue;
        };
        // Frames of the live channel are small and are not to wait for company.
        let _ = stream.set_nodelay(true);
        let upgraded = Arc::new(AtomicBool::new(false));
        let stream = Stream::new(stream, bounds.write_within, upgraded.clone(), (place, seat));
        let app = app.clone();
        let answer = service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(ConnectInfo(address));
            let app = app.clone();
            let chunked = request.headers().contains_key(header::TRANSFER_ENCODING);
            async move {
                let mut answer = app.answer(request.map(Body::new)).await;
                if chunked {
                    let_nothing_follow(&mut answer);
                }
                Ok::<_, Infallible>(answer)
            }
        });
        let connection = builder.serve_connection(TokioIo::new(stream), answer).with_upgrades();
        let stop = stop.clone();
        open.spawn(async move {
            let mut connection = pin!(connection);
            let ended = match stop.run_until_cancelled(connection.as_mut()).await {
                Some(ended) => ended,
                None => {
                    connection.as_mut().graceful_shutdown();
                    connection.await
                }
            };
            // It has ended, or is a socket, which has rules of its own.
            upgraded.store(true, Ordering::Relaxed);
            if let Err(error) = ended {
                tracing::trace!(%error, "a connection ended early");
            }
        });
    }
    drop(listener);
    open.close();
    open.wait().await;
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

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::net::SocketAddr;

    use axum::{body::Bytes, extract::State};
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::TcpStream,
        time::{sleep, timeout},
    };

    use super::*;
    use crate::http::doors::Doors;

    /// More than the system keeps of what nobody reads.
    const LARGE: usize = 64 << 20;

    const ASK: &[u8] = b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n";

    /// Far beyond all that the server waits for. The clock of these tests runs ahead by itself.
    const LONG: Duration = Duration::from_secs(600);

    const BOUNDS: Bounds = Bounds { most: 16, of_one_network: None, write_within: Duration::from_secs(20) };

    async fn listening(bounds: Bounds) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let large = |State(large): State<Bytes>| async move { large };
        let socket = |State(large): State<Bytes>, mut request: axum::extract::Request| async move {
            let upgrade = hyper::upgrade::on(&mut request);
            tokio::spawn(async move {
                let mut socket = TokioIo::new(upgrade.await.unwrap());
                let _ = socket.write_all(&large).await;
            });
            let upgrade = [(header::CONNECTION, "upgrade"), (header::UPGRADE, "plain")];
            (http::StatusCode::SWITCHING_PROTOCOLS, upgrade)
        };
        let doors = Doors::new(Bytes::from(vec![b'.'; LARGE])).get("/large", large).get("/socket", socket);
        tokio::spawn(serve(listener, doors.close(), bounds, CancellationToken::new()));
        address
    }

    /// How many bytes come before the connection is closed; none where it never is.
    async fn until_closed(stream: &mut TcpStream) -> Option<usize> {
        let mut read = Vec::new();
        let _ = timeout(LONG, stream.read_to_end(&mut read)).await.ok()?;
        Some(read.len())
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_that_does_not_say_what_it_wants_is_closed() {
        let address = listening(BOUNDS).await;
        for start in ["", "P", "PRI * HTTP/2.0\r\n", "GET / HTTP/1.1\r\nHost: x\r\n"] {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_all(start.as_bytes()).await.unwrap();
            assert!(until_closed(&mut stream).await.is_some(), "{start:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_that_does_not_take_its_answers_is_closed() {
        let address = listening(BOUNDS).await;
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(&ASK.repeat(3)).await.unwrap();
        sleep(LONG).await;
        assert!(until_closed(&mut stream).await.unwrap() < LARGE);
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_reads_slowly_gets_the_whole_answer() {
        let address = listening(BOUNDS).await;
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(ASK).await.unwrap();
        let mut part = vec![0; LARGE / 8];
        for _ in 0..8 {
            sleep(Duration::from_secs(15)).await;
            stream.read_exact(&mut part).await.unwrap();
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_socket_is_not_closed_for_it() {
        let address = listening(BOUNDS).await;
        let mut stream = TcpStream::connect(address).await.unwrap();
        let ask = b"GET /socket HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: plain\r\n\r\n";
        stream.write_all(ask).await.unwrap();
        sleep(LONG).await;
        assert!(until_closed(&mut stream).await.unwrap() > LARGE);
    }

    #[tokio::test(start_paused = true)]
    async fn one_network_cannot_take_all_places() {
        let address = listening(Bounds { of_one_network: Some(2), ..BOUNDS }).await;
        let open = async || {
            let mut stream = TcpStream::connect(address).await.unwrap();
            let _ = stream.write_all(ASK).await;
            let answered = stream.read_exact(&mut [0; 12]).await.is_ok();
            (stream, answered)
        };
        let (first, second) = (open().await, open().await);
        assert!(first.1 && second.1);
        assert!(!open().await.1, "one too many");
        drop(first);
        // The server learns of it when it next turns to that connection.
        sleep(Duration::from_secs(1)).await;
        assert!(open().await.1, "a place is free again");
    }
}
