//! Doors: the one place where addresses are given to what answers there.
//!
//! What is registered is also written down. The router and the list that a test holds against
//! `app/src/access.rs` are made in the same step, so that neither can know of an address that the
//! other does not. No other module may use the router of axum; a test refuses its words there.

use std::convert::Infallible;

use axum::{
    Router,
    extract::{Request, State as Extracted},
    handler::Handler,
    http::Method,
    response::{IntoResponse, Response},
    routing::{Route, any, get, post},
};
use leptos::server_fn::axum::{get_server_fn_service, server_fn_paths};
use tower::{Layer, Service, ServiceExt as _};
use tower_http::services::ServeDir;

use super::{forms, refusal::Refusal};

/// A method and the path it asks at.
pub(crate) type Address = (Method, String);

/// Addresses and what answers at them, given this state.
#[derive(Clone)]
pub(crate) struct Doors<S = ()> {
    state: S,
    router: Router,
    list: Vec<Address>,
}

impl<S: Clone + Send + Sync + 'static> Doors<S> {
    pub(crate) fn new(state: S) -> Self {
        Self { state, router: Router::new(), list: Vec::new() }
    }

    /// A request for the head alone is answered by the same handler.
    pub(crate) fn get<H: Handler<T, S>, T: 'static>(mut self, path: &str, handler: H) -> Self {
        self.list.push((Method::GET, path.to_owned()));
        self.router = self.router.route(path, get(handler).with_state(self.state.clone()));
        self
    }

    pub(crate) fn post<H: Handler<T, S>, T: 'static>(mut self, path: &str, handler: H) -> Self {
        self.list.push((Method::POST, path.to_owned()));
        self.router = self.router.route(path, post(handler).with_state(self.state.clone()));
        self
    }

    /// Pages, all by one handler; and what their own paths do not cover.
    pub(crate) fn pages<H, T, N, U>(self, paths: &[impl AsRef<str>], page: H, not_found: N) -> Self
    where
        H: Handler<T, S>,
        T: 'static,
        N: Handler<U, S>,
        U: 'static,
    {
        let mut doors = paths.iter().fold(self, |doors, path| doors.get(path.as_ref(), page.clone()));
        doors.router = doors.router.fallback_service(not_found.with_state(doors.state.clone()));
        doors
    }

    /// Server functions, all by one handler, which is asked for those of the registry alone.
    pub(crate) fn functions<H: Handler<T, S>, T: 'static>(mut self, handler: H) -> Self {
        self.list.extend(server_fn_paths().map(|(path, method)| (method, path.to_owned())));
        let known = move |Extracted(state): Extracted<S>, request: Request| async move {
            let path = request.uri().path();
            if get_server_fn_service(path, request.method().clone()).is_none() {
                return Refusal(forms::unknown(path)).into_response();
            }
            handler.call(request, state).await
        };
        self.router = self.router.route("/api/{*function}", any(known).with_state(self.state.clone()));
        self
    }

    /// The files below a path.
    pub(crate) fn files(mut self, path: &str, files: ServeDir, around: impl Around) -> Self {
        self.list.push((Method::GET, format!("{path}/{{file}}")));
        self.router = self.router.nest_service(path, Router::new().fallback_service(files).layer(around));
        self
    }

    /// Wherever there is no door: a file, or else the page that says so.
    pub(crate) fn others(mut self, files: ServeDir, not_found: Answers, around: impl Around) -> Self {
        self.list.push((Method::GET, "/{file}".to_owned()));
        let files = files.call_fallback_on_method_not_allowed(true).fallback(not_found.0);
        self.router = self.router.fallback_service(Router::new().fallback_service(files).layer(around));
        self
    }

    /// These and the other ones.
    pub(crate) fn join<T>(mut self, other: Doors<T>) -> Self {
        self.list.extend(other.list);
        self.router = self.router.merge(other.router);
        self
    }

    /// Lays something around all doors that are here by now.
    pub(crate) fn layer(mut self, around: impl Around) -> Self {
        self.router = self.router.layer(around);
        self
    }

    /// Everything that is answered.
    pub(crate) fn list(&self) -> &[Address] {
        &self.list
    }

    /// With all doors in their places.
    pub(crate) fn close(self) -> Answers {
        Answers(self.router)
    }
}

/// What answers requests. No door can be added to it.
#[derive(Clone)]
pub(crate) struct Answers(Router);

impl Answers {
    pub(crate) async fn answer(self, request: Request) -> Response {
        let Ok(answer) = self.0.oneshot(request).await;
        answer
    }
}

/// What can be laid around doors: whatever axum takes for it.
pub(crate) trait Around: Layer<Route, Service: Surrounded> + Clone + Send + Sync + 'static {}

impl<L: Layer<Route, Service: Surrounded> + Clone + Send + Sync + 'static> Around for L {}

/// A door with something around it.
pub(crate) trait Surrounded:
    Service<Request, Response: IntoResponse, Error: Into<Infallible>, Future: Send>
    + Clone
    + Send
    + Sync
    + 'static
{
}

impl<T> Surrounded for T where
    T: Service<Request, Response: IntoResponse, Error: Into<Infallible>, Future: Send>
        + Clone
        + Send
        + Sync
        + 'static
{
}
