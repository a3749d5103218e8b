//! HTTP: which address is answered by what, and what surrounds every answer.

pub(crate) mod api;
mod body;
pub(crate) mod doors;
mod downloads;
mod external;
mod forms;
mod headers;
pub(crate) mod limits;
pub(crate) mod observe;
pub(crate) mod origin;
mod pages;
mod pictures;
mod plain;
mod probes;
pub(crate) mod refusal;
pub(crate) mod session;
mod statics;

use std::time::Duration;

use app::{error::ErrorKind, head::Head};
use axum::{
    extract::{Request, State as Extracted},
    http::StatusCode,
    middleware::{Next, from_fn, from_fn_with_state},
    response::{IntoResponse, Response},
};
use leptos::{context::provide_context, prelude::use_context};
use leptos_axum::{AxumRouteListing, generate_route_list};
use tower_http::{
    CompressionLevel,
    compression::{CompressionLayer, DefaultPredicate},
};

use crate::{State, commands::demo, live};
use doors::Doors;
use pages::PageNonce;
use refusal::Refusal;

/// Everything that is answered, from the outside in: id and span, net under panics, careful
/// headers, error pages, compression, limits by address, time limit, encryption, origin; then the
/// routes.
pub(crate) fn doors(state: State) -> Doors {
    let pages = pages(&state);
    let signed_in = || from_fn_with_state(state.clone(), session::attach);
    let api = forms::Api { state: state.clone(), pages: pages.clone().close() };
    let not_found = pages.clone().layer(signed_in()).close();
    let forms = Doors::new(api).functions(forms::call).post("/account/picture", pictures::upload);
    let site = Doors::new(state.clone())
        .get("/account/data/archive", downloads::archive)
        .get("/sign-in/with/{provider}/callback", external::come_back)
        .join(forms)
        .join(pages)
        .layer(from_fn_with_state(state.clone(), limits::by_session))
        .layer(signed_in());
    let probes = Doors::new(state.clone())
        .get("/healthz", probes::alive)
        .get("/readyz", probes::ready)
        .get("/metrics", probes::metrics)
        .get("/ws/feed", live::upgrade)
        .get("/avatars/{id}/{hash}", pictures::show);
    Doors::new(())
        .join(site)
        .join(probes)
        .join(api::doors(state.clone()))
        .files("/pkg", statics::hashed(&state), from_fn(statics::keep_for_ever))
        .others(statics::others(&state), not_found, from_fn(statics::keep_for_a_while))
        .layer(from_fn(pages::without_slash))
        .layer(from_fn_with_state(state.clone(), origin::protect))
        .layer(from_fn_with_state(state.clone(), plain::refuse))
        .layer(from_fn_with_state(state.clone(), limit_time))
        .layer(from_fn_with_state(state.clone(), limits::by_address))
        .layer(compression())
        .layer(from_fn(observe::catch_panic))
        .layer(from_fn_with_state(state.clone(), refusal::render))
        .layer(from_fn_with_state(state.clone(), headers::baseline))
        .layer(from_fn_with_state(state, observe::observe))
}

/// The pages of the application; any other path gets its page for 404.
fn pages(state: &State) -> Doors {
    let options = state.leptos().clone();
    let stylesheet: std::sync::Arc<str> = state.stylesheet().into();
    let shell = move || app::shell(options.clone(), stylesheet.clone());
    let services = state.services().clone();
    let benchmark = app::BenchmarkPages(state.config().server.benchmark_pages);
    let demo = state.config().demo.size().map(|_| demo::accounts());
    let context = move || {
        provide_context(services.clone());
        provide_context(benchmark);
        if let Some(demo) = demo.clone() {
            provide_context(demo);
        }
        let Some(parts) = use_context::<axum::http::request::Parts>() else { return };
        if let Some(PageNonce(nonce)) = parts.extensions.get().cloned() {
            provide_context(nonce);
        }
        if let Some(head) = parts.extensions.get::<Head>().cloned() {
            provide_context(head);
        }
    };
    let render = leptos_axum::render_app_async_with_context(context, shell);
    let any_page = render.clone();
    let not_found = move |request: Request| {
        let page = any_page(request);
        async move {
            let mut page = page.await;
            if page.status() == StatusCode::OK {
                *page.status_mut() = StatusCode::NOT_FOUND;
            }
            page
        }
    };
    let paths = generate_route_list(app::App);
    let paths: Vec<_> = paths.iter().map(AxumRouteListing::path).collect();
    Doors::new(()).pages(&paths, render, not_found).layer(from_fn(pages::finish))
}

fn compression() -> CompressionLayer<DefaultPredicate> {
    // Pages are compressed for each visitor: a middle level costs little and takes most of it off.
    CompressionLayer::new().quality(CompressionLevel::Precise(4))
}

/// Middleware: a request that takes too long is answered, and its work is dropped.
async fn limit_time(Extracted(state): Extracted<State>, request: Request, next: Next) -> Response {
    let limit = Duration::from_secs(state.config().server.request_timeout_seconds);
    let answer = tokio::time::timeout(limit, next.run(request)).await;
    answer.unwrap_or_else(|_| {
        tracing::warn!("the time limit was reached");
        Refusal::from(ErrorKind::Unavailable).into_response()
    })
}
