//! The interface for programs under `/api/v1`. `docs/api.md` describes it.
//!
//! Who asks is told by the header `Authorization` alone: no cookie is read here, and no address
//! carries a token. That is why these routes need no defence against forms of other sites, and why
//! the rest of the site, which reads cookies, never reads that header.

mod bearer;
mod resources;
mod token;

pub(crate) use bearer::{Unauthorised, bearer};

use super::doors::Doors;
use crate::State;

/// Everything of it lies below here.
pub(super) const PREFIX: &str = "/api/v1/";

pub(super) fn doors(state: State) -> Doors<State> {
    Doors::new(state)
        .post("/api/v1/auth/token", token::issue)
        .post("/api/v1/auth/revoke", token::revoke)
        .get("/api/v1/me", resources::me)
        .get("/api/v1/jobs", resources::jobs)
        .get("/api/v1/matches", resources::matches)
        .get("/.well-known/jwks.json", token::keys)
}
