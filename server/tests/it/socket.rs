//! A plain WebSocket client.

use std::time::Duration;

use domain::feed::FeedMessage;
use futures::{SinkExt as _, StreamExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Error, Message, client::IntoClientRequest as _, handshake::client::Request},
};

use crate::site::{Site, Visitor};

pub struct Socket(WebSocketStream<TcpStream>);

/// The request that a page of the site would make.
pub fn request(site: &Site, visitor: Option<&Visitor>, origin: Option<&str>, query: &str) -> Request {
    request_to(&site.host, visitor.map(|visitor| visitor.cookie.as_str()), origin, query)
}

fn request_to(host: &str, cookie: Option<&str>, origin: Option<&str>, query: &str) -> Request {
    let mut request = format!("ws://{host}/ws/feed{query}").into_client_request().unwrap();
    let headers = [("cookie", cookie), ("origin", origin)];
    for (name, value) in headers.into_iter().filter_map(|(name, value)| Some((name, value?))) {
        request.headers_mut().insert(name, value.parse().unwrap());
    }
    request
}

/// A client that never answers a ping: it reads frames without a library that would.
pub struct Silent(TcpStream);

impl Silent {
    pub async fn open(site: &Site, visitor: &Visitor) -> Self {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
        let mut stream = TcpStream::connect(&site.host).await.unwrap();
        let request = format!(
            "GET /ws/feed HTTP/1.1\r\nHost: {}\r\nOrigin: {}\r\nCookie: {}\r\nConnection: Upgrade\r\n\
             Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
            site.host,
            site.origin(),
            visitor.cookie
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.unwrap());
        }
        assert!(head.starts_with(b"HTTP/1.1 101"));
        Self(stream)
    }

    /// Skips short frames up to the close and gives its code.
    pub async fn closed(&mut self) -> u16 {
        use tokio::io::AsyncReadExt as _;
        loop {
            let opcode = self.0.read_u8().await.unwrap() & 0x0f;
            let mut payload = vec![0; usize::from(self.0.read_u8().await.unwrap())];
            self.0.read_exact(&mut payload).await.unwrap();
            if opcode == 8 {
                return u16::from_be_bytes([payload[0], payload[1]]);
            }
        }
    }
}

/// The status of a refused upgrade.
pub async fn refused(site: &Site, request: Request) -> u16 {
    let stream = TcpStream::connect(&site.host).await.unwrap();
    match client_async(request, stream).await {
        Err(Error::Http(response)) => response.status().as_u16(),
        Err(other) => panic!("{other}"),
        Ok(_) => 101,
    }
}

impl Socket {
    pub async fn open(site: &Site, visitor: &Visitor, query: &str) -> Self {
        Self::connect(&site.host, &visitor.cookie, query).await
    }

    pub async fn connect(host: &str, cookie: &str, query: &str) -> Self {
        Self::over(TcpStream::connect(host).await.unwrap(), host, cookie, query).await
    }

    /// With a request of one's own.
    pub async fn ask(site: &Site, request: Request) -> Self {
        let stream = TcpStream::connect(&site.host).await.unwrap();
        Self(client_async(request, stream).await.unwrap().0)
    }

    /// With so small a buffer that whoever does not read is soon noticed.
    pub async fn open_narrow(site: &Site, visitor: &Visitor) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4096).unwrap();
        let stream = socket.connect(site.host.parse().unwrap()).await.unwrap();
        Self::over(stream, &site.host, &visitor.cookie, "").await
    }

    async fn over(stream: TcpStream, host: &str, cookie: &str, query: &str) -> Self {
        let origin = format!("http://{host}");
        let request = request_to(host, Some(cookie), Some(&origin), query);
        Self(client_async(request, stream).await.unwrap().0)
    }

    pub async fn send(&mut self, message: Message) {
        self.0.send(message).await.unwrap();
    }

    /// Bytes past the library, which would not send what is wrong.
    pub async fn send_raw(&mut self, bytes: &[u8]) {
        use tokio::io::AsyncWriteExt as _;
        self.0.get_mut().write_all(bytes).await.unwrap();
    }

    /// The next message of the feed.
    pub async fn next(&mut self) -> FeedMessage {
        serde_json::from_str(&self.next_text().await).unwrap()
    }

    pub async fn next_text(&mut self) -> String {
        loop {
            match self.receive().await {
                Some(Ok(Message::Text(text))) => return text.to_string(),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                other => panic!("no message but {other:?}"),
            }
        }
    }

    /// Reads on to the close and gives its code.
    pub async fn closed(&mut self) -> u16 {
        loop {
            match self.receive().await {
                Some(Ok(Message::Close(Some(frame)))) => return frame.code.into(),
                Some(Ok(_)) => {}
                other => panic!("no close but {other:?}"),
            }
        }
    }

    /// The next message, or the code of the close.
    pub async fn next_or_close(&mut self) -> Result<String, u16> {
        loop {
            match self.receive().await {
                Some(Ok(Message::Text(text))) => return Ok(text.to_string()),
                Some(Ok(Message::Close(Some(frame)))) => return Err(frame.code.into()),
                Some(Ok(_)) => {}
                other => panic!("neither message nor close but {other:?}"),
            }
        }
    }

    /// The next text, or none once the connection is gone, in whatever way.
    pub async fn text_or_end(&mut self) -> Option<String> {
        loop {
            match self.receive().await {
                Some(Ok(Message::Text(text))) => return Some(text.to_string()),
                Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
                Some(Ok(_)) => {}
            }
        }
    }

    async fn receive(&mut self) -> Option<Result<Message, Error>> {
        tokio::time::timeout(Duration::from_secs(30), self.0.next()).await.expect("nothing was received")
    }
}
