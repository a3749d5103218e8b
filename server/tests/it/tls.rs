//! The site behind a proxy that ends TLS, as `docs/deployment.md` sets it up.

use std::{io, sync::Arc};

use futures::StreamExt as _;
use reqwest::{Certificate, Client, header, redirect::Policy};
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer, ServerName};
use sqlx::PgPool;
use test_support::PASSWORD;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::{TlsAcceptor, TlsConnector};
use tokio_tungstenite::{
    client_async,
    tungstenite::{Error, client::IntoClientRequest as _},
};

use crate::site::{Site, header_of};

const NAME: &str = "8th.example";
/// Made for this test alone, good for a hundred years and for this name.
const CERTIFICATE: &[u8] = include_bytes!("tls/certificate.der");
const KEY: &[u8] = include_bytes!("tls/key.der");

/// The end of TLS, on a port of its own.
struct Front {
    listener: TcpListener,
    acceptor: TlsAcceptor,
}

impl Front {
    async fn new() -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let (certificate, key) = (CertificateDer::from(CERTIFICATE), PrivatePkcs8KeyDer::from(KEY));
        let config = rustls::ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key.into())
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self { listener, acceptor: TlsAcceptor::from(Arc::new(config)) }
    }

    fn address(&self) -> std::net::SocketAddr {
        self.listener.local_addr().unwrap()
    }

    /// Passes on what comes, one request to a connection, to the server at this address.
    fn lead_to(self, host: String) {
        tokio::spawn(async move {
            loop {
                let (stream, visitor) = self.listener.accept().await?;
                let passed = pass_on(self.acceptor.clone(), stream, visitor, host.clone());
                tokio::spawn(passed);
            }
            #[allow(unreachable_code)]
            io::Result::Ok(())
        });
    }
}

async fn pass_on(
    acceptor: TlsAcceptor,
    stream: TcpStream,
    visitor: std::net::SocketAddr,
    host: String,
) -> io::Result<()> {
    let mut outside = acceptor.accept(stream).await?;
    let mut inside = TcpStream::connect(host).await?;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(outside.read_u8().await?);
    }
    head.truncate(head.len() - 2);
    let said = format!("X-Forwarded-For: {}\r\nX-Forwarded-Proto: https\r\n\r\n", visitor.ip());
    inside.write_all(&head).await?;
    inside.write_all(said.as_bytes()).await?;
    copy_bidirectional(&mut outside, &mut inside).await?;
    Ok(())
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn behind_a_proxy_with_tls_one_signs_in_and_has_a_live_channel(pool: PgPool) {
    let front = Front::new().await;
    let address = front.address();
    let origin = format!("https://{NAME}:{}", address.port());
    let site = Site::configured(pool, |config| {
        config.server.public_url = Some(origin.clone());
        config.server.proxies = 1;
    })
    .await;
    front.lead_to(site.host.clone());
    site.visitor("Ada", "freelancer").await;
    let browser = Client::builder()
        .redirect(Policy::none())
        .resolve(NAME, address)
        .pool_max_idle_per_host(0)
        .tls_certs_only([Certificate::from_der(CERTIFICATE).unwrap()])
        .build()
        .unwrap();
    let page = browser.get(&origin).header(header::ACCEPT, "text/html").send().await.unwrap();
    assert_eq!(page.status(), 200);
    assert!(header_of(&page, "strict-transport-security").starts_with("max-age=63072000"));
    let fields = [("form[email]", "ada@example.com"), ("form[password]", PASSWORD)];
    let signed_in = browser
        .post(format!("{origin}/api/sign_in"))
        .header(header::ORIGIN, &origin)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(serde_urlencoded::to_string(fields).unwrap())
        .send()
        .await
        .unwrap();
    let cookie = header_of(&signed_in, "set-cookie");
    assert!(cookie.starts_with("__Host-eighth_session=") && cookie.contains("; Secure"), "{cookie}");
    let cookie = cookie.split(';').next().unwrap();

    let mut trusted = rustls::RootCertStore::empty();
    trusted.add(CERTIFICATE.into()).unwrap();
    let config = rustls::ClientConfig::builder().with_root_certificates(trusted).with_no_client_auth();
    let connector = TlsConnector::from(Arc::new(config));
    let open = async |cookie: &str| {
        let stream = TcpStream::connect(address).await.unwrap();
        let stream = connector.connect(ServerName::try_from(NAME).unwrap(), stream).await.unwrap();
        let url = format!("wss://{NAME}:{}/ws/feed?after=7", address.port());
        let mut request = url.into_client_request().unwrap();
        request.headers_mut().insert("cookie", cookie.parse().unwrap());
        request.headers_mut().insert("origin", origin.parse().unwrap());
        client_async(request, stream).await
    };
    let (mut socket, _) = open(cookie).await.unwrap();
    let first = socket.next().await.unwrap().unwrap();
    assert!(first.is_text(), "{first:?}");
    let unbound = cookie.trim_start_matches("__Host-");
    match open(unbound).await {
        Err(Error::Http(refused)) => assert_eq!(refused.status(), 401, "a cookie without its prefix"),
        other => panic!("{other:?}"),
    }
}
