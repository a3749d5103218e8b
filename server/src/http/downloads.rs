//! What is given as a file, to its owner alone.

use app::{page::encode, ssr::Viewer};
use axum::{
    Extension,
    extract::{Request, State as Extracted},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use services::{ServiceError, own_data};

use super::{refusal::Refusal, session::device};
use crate::State;

/// `/account/data/archive`: all of one's data.
pub(crate) async fn archive(
    Extracted(state): Extracted<State>,
    Extension(Viewer(viewer)): Extension<Viewer>,
    request: Request,
) -> Response {
    let (parts, _) = request.into_parts();
    let here = parts.uri.path();
    let Some(who) = viewer else { return lead_to("/sign-in", here) };
    let device = device(&parts, Some(&who));
    match own_data::download_export(state.services(), &who, &device).await {
        Ok(archive) => {
            // Of our own making, so that nothing has to be escaped.
            let name = format!("8thdegree-data-{}.zip", archive.made_at.format("%Y-%m-%d"));
            let headers = [
                (header::CONTENT_TYPE, "application/zip".to_owned()),
                (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
                (header::CACHE_CONTROL, "no-store".to_owned()),
            ];
            (headers, archive.zip).into_response()
        }
        // To the page with the button: a file alone would leave them on the page of the proof.
        Err(ServiceError::ProofNeeded) => lead_to("/confirm", "/account/data"),
        Err(error) => Refusal::from(error).into_response(),
    }
}

/// To a page that leads on to another one.
fn lead_to(page: &str, next: &str) -> Response {
    (StatusCode::SEE_OTHER, [(header::LOCATION, format!("{page}?next={}", encode(next)))]).into_response()
}
