//! A browser without a screen that goes to another site to sign in, and what that site knows of us.

use std::collections::BTreeMap;

use reqwest::{Client, Response, header, redirect::Policy};
use url::Url;

use crate::site::{Site, header_of};

pub(crate) const CLIENT: &str = "eighth";
pub(crate) const SECRET: &str = "a-secret-between-us-and-the-provider";
/// Replaced by the site's own address once it is known.
pub(crate) const REDIRECT: &str = "http://127.0.0.1:9/auth/callback";

pub(crate) fn client() -> Client {
    // The client panics where the process has no TLS provider.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder().redirect(Policy::none()).no_proxy().build().unwrap()
}

/// The cookies of a browser, by the authority that set them.
#[derive(Clone, Default)]
pub(crate) struct Browser(BTreeMap<String, BTreeMap<String, String>>);

impl Browser {
    fn learn(&mut self, authority: &str, response: &Response) {
        let jar = self.0.entry(authority.to_owned()).or_default();
        for cookie in response.headers().get_all(header::SET_COOKIE) {
            let cookie = cookie.to_str().unwrap();
            let (pair, attributes) = cookie.split_once(';').unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            if value.is_empty() || attributes.contains("Max-Age=0") {
                jar.remove(name);
            } else {
                jar.insert(name.to_owned(), value.to_owned());
            }
        }
    }

    pub(crate) fn cookies(&self, authority: &str) -> String {
        let jar = self.0.get(authority).into_iter().flatten();
        jar.map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }

    /// Takes over the session of somebody who is signed in already.
    pub(crate) fn signed_in(site: &Site, cookie: &str) -> Self {
        let (name, value) = cookie.split_once('=').unwrap();
        let jar = BTreeMap::from([(name.to_owned(), value.to_owned())]);
        Self(BTreeMap::from([(site.host.clone(), jar)]))
    }

    pub(crate) async fn get(&mut self, site: &Site, path: &str) -> Response {
        let cookies = self.cookies(&site.host);
        let response = site.get_with(path, &[(header::COOKIE, &cookies)]).await;
        self.learn(&site.host, &response);
        response
    }

    pub(crate) async fn submit(&mut self, site: &Site, page: &str, action: &str, body: &str) -> Response {
        let response = site.submit_with(page, action, body, &self.cookies(&site.host)).await;
        self.learn(&site.host, &response);
        response
    }

    /// Presses a button that leads to another site; gives the address there.
    pub(crate) async fn leave(&mut self, site: &Site, action: &str, body: &str) -> Url {
        let sent = self.submit(site, "/sign-in", action, body).await;
        let on = header_of(&sent, "location");
        assert_eq!(sent.status(), 303, "{}", sent.text().await.unwrap());
        assert!(on.starts_with("/sign-in/with/"), "{on}");
        let page = self.get(site, &on).await;
        assert_eq!(
            (page.status().as_u16(), header_of(&page, "cache-control")),
            (200, "private, no-store".into())
        );
        let html = page.text().await.unwrap();
        let (_, rest) = html.split_once("http-equiv=\"refresh\" content=\"0;url=").expect("it leads on");
        rest.split_once('"').unwrap().0.replace("&amp;", "&").parse().unwrap()
    }

    /// Follows the other site's redirects until they lead back here; gives path and query.
    pub(crate) async fn agree(&mut self, site: &Site, start: &Url) -> String {
        let client = client();
        let mut url = start.clone();
        for _ in 0..12 {
            if url.authority() == site.host {
                return format!("{}?{}", url.path(), url.query().unwrap_or_default());
            }
            let authority = url.authority().to_owned();
            let cookies = self.cookies(&authority);
            let response = client.get(url.clone()).header(header::COOKIE, cookies).send().await.unwrap();
            self.learn(&authority, &response);
            let Some(location) = response.headers().get(header::LOCATION) else {
                panic!("{url} does not lead on: {} {}", response.status(), response.text().await.unwrap());
            };
            url = url.join(location.to_str().unwrap()).unwrap();
        }
        panic!("the redirects have no end");
    }

    /// A whole trip; gives where it leads to.
    pub(crate) async fn travel(&mut self, site: &Site, action: &str, body: &str) -> String {
        let url = self.leave(site, action, body).await;
        let back = self.agree(site, &url).await;
        let answer = self.get(site, &back).await;
        header_of(&answer, "location")
    }
}
