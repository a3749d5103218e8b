//! Every page of the table of doors, as one visitor sees them.

use app::access::DOORS;
use reqwest::header;

use crate::site::Site;

/// What stands for a parameter that nothing is known of.
pub const NOTHING: &str = "00000000-0000-7000-8000-000000000001";

/// What a page showed; redirects and errors are pages as well.
pub struct Seen {
    pub path: String,
    pub status: u16,
    pub html: String,
}

/// Walks all pages. `fill` gives the path to ask for in place of a template, if not all its
/// parameters are to be [`NOTHING`].
pub async fn pages(site: &Site, cookie: Option<&str>, fill: impl Fn(&str) -> Option<String>) -> Vec<Seen> {
    let machines = ["/ws/feed", "/healthz", "/readyz", "/metrics", "/pkg/{file}"];
    let mut seen = Vec::new();
    for door in DOORS.iter().filter(|door| door.method == "GET" && !machines.contains(&door.path)) {
        let path = fill(door.path).unwrap_or_else(|| {
            let parts = door.path.split('/').map(|part| if part.starts_with('{') { NOTHING } else { part });
            parts.collect::<Vec<_>>().join("/")
        });
        let headers: Vec<_> = cookie.iter().map(|cookie| (header::COOKIE, *cookie)).collect();
        let answer = site.get_with(&path, &headers).await;
        let status = answer.status().as_u16();
        seen.push(Seen { path, status, html: answer.text().await.unwrap() });
    }
    seen
}
