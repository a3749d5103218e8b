//! Pictures of people: how they come, and how they are shown.

use app::{
    error::{ApiError, ErrorKind},
    ssr::{FormReplay, Viewer},
};
use axum::{
    body::{Body, Bytes},
    extract::{Path, Request, State as Extracted},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use domain::{
    FieldErrors, UserId,
    picture::{PictureHash, UPLOAD_BYTES},
};
use services::pictures;

use super::{
    body::read,
    forms::{self, Api},
    refusal::{Refusal, wants_html},
    session::device,
};
use crate::State;

/// What stands around the file in the form that brings it.
const AROUND: usize = 16 * 1024;
/// The page with the form.
const PAGE: &str = "/account";

/// `/avatars/{id}/{hash}`. Another picture has another address, so that a browser need never ask again.
pub(crate) async fn show(
    Extracted(state): Extracted<State>,
    Path((id, hash)): Path<(String, String)>,
) -> Response {
    let (Ok(id), Ok(hash)) = (id.parse::<UserId>(), hash.parse::<PictureHash>()) else {
        return Refusal::from(ErrorKind::NotFound).into_response();
    };
    match pictures::picture(state.services(), id, hash).await {
        Ok(picture) => {
            let headers = [
                (header::CONTENT_TYPE, "image/jpeg"),
                (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
                (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'; sandbox"),
            ];
            (headers, picture).into_response()
        }
        Err(error) => Refusal::from(error).into_response(),
    }
}

/// `POST /account/picture`: a form with a file in it, which no server function could bound.
pub(crate) async fn upload(Extracted(api): Extracted<Api>, request: Request) -> Response {
    let html = wants_html(request.headers());
    let (parts, body) = request.into_parts();
    match take(&api, &parts, body).await {
        Ok(()) if html => {
            let to = [(header::LOCATION, "/account?saved=1"), (header::CACHE_CONTROL, "no-store")];
            (StatusCode::SEE_OTHER, to).into_response()
        }
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(error) if html && error.kind == ErrorKind::SignedOut => {
            let to = [(header::LOCATION, "/sign-in?next=%2Faccount"), (header::CACHE_CONTROL, "no-store")];
            (StatusCode::SEE_OTHER, to).into_response()
        }
        Err(error) if html => {
            let replay = FormReplay { action: parts.uri.path().to_owned(), body: String::new(), error };
            forms::show_again(&api, &parts, PAGE, replay, &[]).await
        }
        Err(error) => Refusal(error).into_response(),
    }
}

async fn take(api: &Api, parts: &axum::http::request::Parts, body: Body) -> Result<(), ApiError> {
    let viewer = parts.extensions.get::<Viewer>().and_then(|viewer| viewer.0.clone());
    let who = viewer.ok_or(ErrorKind::SignedOut)?;
    let body = read(body, UPLOAD_BYTES + AROUND).await.map_err(|error| match error.kind {
        ErrorKind::TooLarge => ApiError {
            fields: FieldErrors::one("picture", "Please choose a picture of at most 5 MB."),
            ..error
        },
        _ => error,
    })?;
    let content_type = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let file = file(content_type.unwrap_or_default(), body)
        .await
        .ok_or_else(|| ApiError::invalid(FieldErrors::one("picture", "Please choose a picture.")))?;
    let device = device(parts, Some(&who));
    Ok(pictures::set(api.state.services(), &who, file, &device).await?)
}

/// The file in the field `picture`.
async fn file(content_type: &str, body: Bytes) -> Option<Vec<u8>> {
    let boundary = multer::parse_boundary(content_type).ok()?;
    let stream = futures::stream::iter([Ok::<_, std::convert::Infallible>(body)]);
    let mut form = multer::Multipart::new(stream, boundary);
    while let Some(field) = form.next_field().await.ok()? {
        if field.name() == Some("picture") {
            return field.bytes().await.ok().map(|bytes| bytes.to_vec());
        }
    }
    None
}
