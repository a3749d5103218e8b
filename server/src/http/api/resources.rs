//! What programs read in the name of a person.

use app::error::{ApiError, ErrorKind};
use axum::{
    Json,
    extract::{Query, State as Extracted, rejection::QueryRejection},
    http::{header, request::Parts},
    response::{IntoResponse, Response},
};
use domain::{JobId, receipt::Score, scope::Scope};
use serde::Deserialize;
use serde_json::{Value, json};
use services::{jobs, matches, tokens::Bearer};

use super::bearer::bearer;
use crate::{
    State,
    http::{refusal::Refusal, session},
};

/// So many matches come at once where no `limit` is given.
const PAGE: u8 = 50;
const LARGEST_PAGE: u8 = 100;

/// `GET /api/v1/me`: in whose name, and for what.
pub(super) async fn me(Extracted(state): Extracted<State>, parts: Parts) -> Response {
    let Bearer { principal, ends_at, .. } = match admitted(&state, &parts, Scope::ProfileRead).await {
        Ok(bearer) => bearer,
        Err(refused) => return refused,
    };
    found(json!({
        "id": principal.user_id,
        "name": principal.display_name,
        "region": principal.region,
        "roles": principal.roles,
        "email_verified": principal.email_verified,
        "scope": principal.scopes.unwrap_or_default().to_string(),
        "token_expires_at": ends_at,
    }))
}

/// `GET /api/v1/jobs`: the newest jobs that the person has posted.
pub(super) async fn jobs(Extracted(state): Extracted<State>, parts: Parts) -> Response {
    let bearer = match admitted(&state, &parts, Scope::JobsRead).await {
        Ok(bearer) => bearer,
        Err(refused) => return refused,
    };
    match jobs::own(state.services(), &bearer.principal).await {
        Err(error) => Refusal::from(error).into_response(),
        Ok(own) => {
            let jobs: Vec<_> = own
                .into_iter()
                .map(|job| {
                    json!({
                        "id": job.id,
                        "title": job.title,
                        "status": job.status,
                        "budget": job.budget.label(),
                        "candidates": job.candidates,
                        "created_ms": job.created_at.timestamp_millis(),
                        "published_ms": job.published_at.map(|at| at.timestamp_millis()),
                    })
                })
                .collect();
            found(json!({ "jobs": jobs }))
        }
    }
}

#[derive(Deserialize)]
pub(super) struct Place {
    after: Option<String>,
    limit: Option<u8>,
}

/// `GET /api/v1/matches?after=<cursor>&limit=<n>`: the jobs that suit the person, best first.
pub(super) async fn matches(
    Extracted(state): Extracted<State>,
    parts: Parts,
    place: Result<Query<Place>, QueryRejection>,
) -> Response {
    let bearer = match admitted(&state, &parts, Scope::MatchesRead).await {
        Ok(bearer) => bearer,
        Err(refused) => return refused,
    };
    let Some((after, limit)) = place.ok().and_then(|Query(place)| read(&place)) else {
        let message = format!("`after` must be a `next` of ours, and `limit` from 1 to {LARGEST_PAGE}.");
        return Refusal(ApiError::new(ErrorKind::Malformed, message)).into_response();
    };
    match matches::after(state.services(), &bearer.principal, after, limit).await {
        Err(error) => Refusal::from(error).into_response(),
        Ok(cards) => {
            let full = cards.len() == usize::from(limit);
            let last = cards.last().filter(|_| full);
            let next = last.map(|card| format!("{}.{}", card.score.ppm(), card.job_id));
            found(json!({ "matches": cards, "next": next }))
        }
    }
}

/// Where to go on, and how far.
fn read(place: &Place) -> Option<(Option<(Score, JobId)>, u8)> {
    let limit = place.limit.unwrap_or(PAGE);
    let after = match &place.after {
        None => None,
        Some(text) => {
            let (score, job) = text.split_once('.')?;
            let ppm = score.parse().ok().filter(|ppm| *ppm <= 1_000_000)?;
            Some((Score::from_ppm(ppm), job.parse().ok()?))
        }
    };
    (1..=LARGEST_PAGE).contains(&limit).then_some((after, limit))
}

async fn admitted(state: &State, parts: &Parts, scope: Scope) -> Result<Bearer, Response> {
    let device = session::program(parts);
    bearer(state, &parts.headers, &device, scope).await.map_err(IntoResponse::into_response)
}

fn found(value: Value) -> Response {
    ([(header::CACHE_CONTROL, "no-store")], Json(value)).into_response()
}
