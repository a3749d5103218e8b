//! The interface for programs under `/api/v1`. `docs/api.md` describes it.
//!
//! Who asks is told by the header `Authorization` alone: no cookie is read here, and no address
//! carries a token. That is why these routes need no defence against forms of other sites, and why
//! the rest of the site, which reads cookies, never reads that header.

mod bearer;
mod resources;
mod token;

use axum::{
    Router,
    routing::{get, post},
};

pub(crate) use bearer::{Unauthorised, bearer};

use crate::State;

/// Everything of it lies below here.
pub(super) const PREFIX: &str = "/api/v1/";

pub(super) fn router(state: State) -> Router {
    Router::new()
        .route("/api/v1/auth/token", post(token::issue))
        .route("/api/v1/auth/revoke", post(token::revoke))
        .route("/api/v1/me", get(resources::me))
        .route("/api/v1/jobs", get(resources::jobs))
        .route("/api/v1/matches", get(resources::matches))
        .route("/.well-known/jwks.json", get(token::keys))
        .with_state(state)
}
