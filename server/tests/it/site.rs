//! A server in this process, and people to visit it.

use std::time::Duration;

use identity::Principal;
use reqwest::{Client, Response, header, redirect::Policy};
use server::{config::Config, running::Running};
use sqlx::PgPool;
use test_support::World;
use tokio::net::TcpListener;

pub struct Site {
    pub world: World,
    running: Option<Running>,
    pub host: String,
    browser: Client,
}

/// Somebody with a session.
pub struct Visitor {
    pub who: Principal,
    pub cookie: String,
}

impl Site {
    /// A site that works.
    pub async fn new(pool: PgPool) -> Self {
        Self::configured(pool, |_| {}).await
    }

    pub async fn configured(pool: PgPool, configure: impl FnOnce(&mut Config)) -> Self {
        let site = Self::serving(World::new(pool).await, configure).await;
        site.running.as_ref().unwrap().begin_work();
        site
    }

    /// A site that answers and does no work behind the scenes.
    pub async fn serving(world: World, configure: impl FnOnce(&mut Config)) -> Self {
        server::install_metrics();
        let mut config = Config::default();
        config.server.site = "nowhere".into();
        // A test asks more in a second than people do in a minute, and from one address.
        config.limits.enabled = false;
        configure(&mut config);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let running = Running::start(config, world.services.clone(), listener).unwrap();
        let _ = rustls::crypto::ring::default_provider().install_default();
        let browser =
            Client::builder().redirect(Policy::none()).timeout(Duration::from_secs(30)).build().unwrap();
        Self { world, host: running.address().to_string(), running: Some(running), browser }
    }

    pub fn running(&self) -> &Running {
        self.running.as_ref().unwrap()
    }

    pub async fn stop(&mut self) {
        self.running.take().unwrap().stop().await;
    }

    pub fn origin(&self) -> String {
        format!("http://{}", self.host)
    }

    pub async fn visitor(&self, name: &str, purpose: &str) -> Visitor {
        let email = format!("{}@example.com", name.to_lowercase());
        let (who, token) = test_support::enter(&self.world.services, name, &email, purpose).await;
        Visitor { who, cookie: format!("eighth_session={token}") }
    }

    /// A page as a browser asks for it.
    pub async fn get(&self, path: &str) -> Response {
        self.get_with(path, &[]).await
    }

    pub async fn get_with(&self, path: &str, headers: &[(header::HeaderName, &str)]) -> Response {
        let request =
            self.browser.get(format!("{}{path}", self.origin())).header(header::ACCEPT, "text/html");
        headers
            .iter()
            .fold(request, |request, (name, value)| request.header(name, *value))
            .send()
            .await
            .unwrap()
    }

    /// A form as a browser without JavaScript sends it from `page`.
    pub async fn submit(&self, page: &str, action: &str, body: impl Into<reqwest::Body>) -> Response {
        self.post(action)
            .header(header::ACCEPT, "text/html,application/xhtml+xml")
            .header(header::REFERER, format!("{}{page}", self.origin()))
            .header(header::ORIGIN, self.origin())
            .body(body)
            .send()
            .await
            .unwrap()
    }

    /// The same from a browser that has these cookies.
    pub async fn submit_with(&self, page: &str, action: &str, body: &str, cookies: &str) -> Response {
        self.post(action)
            .header(header::ACCEPT, "text/html,application/xhtml+xml")
            .header(header::REFERER, format!("{}{page}", self.origin()))
            .header(header::ORIGIN, self.origin())
            .header(header::COOKIE, cookies)
            .body(body.to_owned())
            .send()
            .await
            .unwrap()
    }

    /// A bare post of a form.
    pub fn post(&self, path: &str) -> reqwest::RequestBuilder {
        self.post_of(path, "application/x-www-form-urlencoded")
    }

    /// With a body of another kind than a form's.
    pub fn post_of(&self, path: &str, content_type: &str) -> reqwest::RequestBuilder {
        self.browser.post(format!("{}{path}", self.origin())).header(header::CONTENT_TYPE, content_type)
    }
}

/// A header of a response, as text.
pub fn header_of(response: &Response, name: &str) -> String {
    response.headers().get(name).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default()
}

/// Waits for a condition; gives up after a time that is never reached when all is well.
pub async fn eventually<F: Future<Output = bool>>(what: &str, mut condition: impl FnMut() -> F) {
    let waited = tokio::time::timeout(Duration::from_secs(30), async {
        let mut tick = tokio::time::interval(Duration::from_millis(20));
        while !condition().await {
            tick.tick().await;
        }
    });
    assert!(waited.await.is_ok(), "never: {what}");
}
