//! Clients of the live channel.

use std::net::SocketAddr;

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use futures::StreamExt as _;
use tokio::{net::TcpStream, sync::mpsc};
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{Message, client::IntoClientRequest as _, protocol::WebSocketConfig},
};

/// A message as it arrived.
pub(crate) struct Arrival {
    /// The number of the socket.
    pub(crate) socket: usize,
    pub(crate) at: DateTime<Utc>,
    pub(crate) text: String,
}

/// Opens the live channel as the person behind the cookie.
pub(crate) async fn open(server: SocketAddr, cookie: &str) -> anyhow::Result<WebSocketStream<TcpStream>> {
    let stream = TcpStream::connect(server).await?;
    stream.set_nodelay(true)?;
    let mut request = format!("ws://{server}/ws/feed").into_client_request()?;
    request.headers_mut().insert("cookie", cookie.parse()?);
    request.headers_mut().insert("origin", format!("http://{server}").parse()?);
    // Thousands of clients in this process must not need more than the server they measure.
    let config = WebSocketConfig::default().read_buffer_size(2048).write_buffer_size(512);
    let (socket, _) =
        client_async_with_config(request, stream, Some(config)).await.context("the live channel refused")?;
    Ok(socket)
}

/// Reads a socket to its end, as the browser would: pings are answered on the way. The time of
/// arrival is taken before anything is done with a message.
pub(crate) fn listen(
    number: usize,
    mut socket: WebSocketStream<TcpStream>,
    arrivals: mpsc::UnboundedSender<Arrival>,
) -> tokio::task::JoinHandle<()> {
    tokio::spawn(async move {
        while let Some(Ok(message)) = socket.next().await {
            let at = Utc::now();
            if let Message::Text(text) = message
                && arrivals.send(Arrival { socket: number, at, text: text.to_string() }).is_err()
            {
                return;
            }
        }
    })
}
