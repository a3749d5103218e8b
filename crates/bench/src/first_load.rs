//! Bytes over the wire for a first visit to each page.

use std::collections::BTreeSet;

use anyhow::{Context as _, bail, ensure};
use reqwest::{RequestBuilder, header};
use storage::{Database, Logins};

use crate::{
    eighth::Eighth,
    page::{imports, resources},
    people,
    report::{Goal, Report},
    setting::Setting,
    ssr::newest_job,
    world::{Population, World, client},
};

/// A page, who asks for it, and whether something in it comes alive.
struct Page {
    name: &'static str,
    path: String,
    cookie: Option<String>,
    island: bool,
}

/// Bytes as they were sent, by kind.
#[derive(Clone, Copy, Default)]
struct Bytes {
    html: usize,
    css: usize,
    js: usize,
    wasm: usize,
    fonts: usize,
}

pub(crate) async fn run(setting: &Setting) -> anyhow::Result<Report> {
    let world = World::start(setting)?;
    let url = world.database(setting, Population::Demo).await?;
    let database = Database::connect(&Logins::one(&url), 2)?;
    let client = client(&database).await?;
    let own_job = storage::jobs::of_client(database.house(), client).await?;
    let own_job = own_job.first().context("the demo client has jobs")?.id;
    let best = storage::matches::of_job(database.house(), own_job).await?;
    let freelancer = best.first().context("the demo client's job has matches")?.freelancer_id;
    let job = newest_job(&database).await?;
    let cookies = people::sign_in(&database, &[client, freelancer]).await?;
    database.close().await;

    let server = Eighth::start(setting, &url, &[("EIGHTH_EMBEDDING__EMBEDDER", "lexical")], None).await?;
    let page = |name, path: String, cookie: Option<&String>, island| Page {
        name,
        path,
        cookie: cookie.cloned(),
        island,
    };
    let pages = [
        page("landing", "/".to_owned(), None, false),
        page("jobs", "/jobs".to_owned(), None, false),
        page("job", format!("/jobs/{job}"), None, false),
        page("freelancers", "/freelancers".to_owned(), None, false),
        page("freelancer", format!("/freelancers/{freelancer}"), None, false),
        page("sign_in", "/sign-in".to_owned(), None, false),
        page("matches", "/matches".to_owned(), Some(&cookies[1]), true),
        page("candidates", format!("/jobs/{own_job}/candidates"), Some(&cookies[0]), true),
    ];
    let mut measured = Vec::new();
    for page in &pages {
        let bytes = visit(&server, page).await.with_context(|| format!("visiting {}", page.path))?;
        measured.push((page, bytes));
    }
    server.stop().await?;
    world.stop()?;
    Ok(report(&measured))
}

fn report(measured: &[(&Page, Bytes)]) -> Report {
    let kb = |bytes: usize| bytes as f64 / 1e3;
    let of = |island: bool, bytes: fn(&Bytes) -> usize| -> Vec<f64> {
        measured.iter().filter(|(page, _)| page.island == island).map(|(_, found)| kb(bytes(found))).collect()
    };
    let most = |samples: &[f64]| samples.iter().copied().fold(0.0, f64::max);
    let mut report = Report::default();
    let public = of(false, |bytes| bytes.wasm);
    let note = "the most of any page without an island";
    report.row("wasm_kb_public", "kB", most(&public), Goal::AtMost(0.0), public, note);
    let scripts = of(false, |bytes| bytes.js);
    report.row("js_kb_public", "kB", most(&scripts), Goal::None, scripts, note);
    let feed = of(true, |bytes| bytes.wasm + bytes.js);
    let note = "WebAssembly and JavaScript of the live pages, the most of them";
    report.row("wasm_js_kb_feed", "kB", most(&feed), Goal::AtMost(150.0), feed, note);
    let css: Vec<f64> = measured.iter().map(|(_, bytes)| kb(bytes.css)).collect();
    report.row("css_kb", "kB", most(&css), Goal::AtMost(20.0), css, "the most of any page");
    for (page, bytes) in measured {
        let Bytes { html, css, js, wasm, fonts } = *bytes;
        let parts = [html, css, js, wasm].map(kb);
        let note = format!(
            "{}: HTML {:.1}, CSS {:.1}, JS {:.1}, wasm {:.1}; preloaded fonts {:.1} besides",
            page.path,
            parts[0],
            parts[1],
            parts[2],
            parts[3],
            kb(fonts)
        );
        report.row(format!("{}_kb", page.name), "kB", parts.iter().sum(), Goal::None, parts.to_vec(), note);
    }
    report
}

/// Fetches the page, and all that it loads, as a browser with an empty cache does.
async fn visit(server: &Eighth, page: &Page) -> anyhow::Result<Bytes> {
    let cookie = page.cookie.as_deref();
    let mut bytes = Bytes { html: sent(server, &page.path, cookie).await?, ..Bytes::default() };
    let mut todo = resources(&text(server, &page.path, cookie).await?);
    let mut seen = BTreeSet::new();
    while let Some(address) = todo.pop() {
        if !seen.insert(address.clone()) {
            continue;
        }
        let kind = match address.rsplit_once('.').map(|(_, ending)| ending) {
            Some("css") => &mut bytes.css,
            Some("js") => &mut bytes.js,
            Some("wasm") => &mut bytes.wasm,
            Some("woff2") => &mut bytes.fonts,
            _ => bail!("the page loads {address}, of a kind that is not counted"),
        };
        *kind += sent(server, &address, None).await?;
        if address.ends_with(".js") {
            todo.extend(imports(&text(server, &address, None).await?, &address));
        }
    }
    Ok(bytes)
}

fn request(server: &Eighth, path: &str, cookie: Option<&str>) -> RequestBuilder {
    let request = server.client.get(server.url(path)).header(header::ACCEPT, "text/html,*/*");
    match cookie {
        Some(cookie) => request.header(header::COOKIE, cookie),
        None => request,
    }
}

/// The length of the body as it goes over the wire to a browser.
async fn sent(server: &Eighth, path: &str, cookie: Option<&str>) -> anyhow::Result<usize> {
    let answer = request(server, path, cookie).header(header::ACCEPT_ENCODING, "br").send().await?;
    ensure!(answer.status().as_u16() == 200, "{path} answers {}", answer.status());
    let packed = answer.headers().get(header::CONTENT_ENCODING).is_some_and(|encoding| encoding == "br");
    let length = answer.bytes().await?.len();
    // Fonts are packed in themselves, and what is tiny only grows.
    let need_not = path.ends_with(".woff2") || length < 1024;
    ensure!(packed || need_not, "{path} is sent without compression");
    Ok(length)
}

/// The content, to be read.
async fn text(server: &Eighth, path: &str, cookie: Option<&str>) -> anyhow::Result<String> {
    Ok(request(server, path, cookie).send().await?.error_for_status()?.text().await?)
}
