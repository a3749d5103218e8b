//! Getting tokens and giving them back: the token endpoint (RFC 6749 §3.2, RFC 8693), revocation
//! (RFC 7009), and the keys to check access tokens with (RFC 7517).

use app::error::{ApiError, ErrorKind};
use axum::{
    Json,
    body::Body,
    extract::{Request, State as Extracted},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use identity::access_token;
use secrecy::ExposeSecret as _;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};
use services::{
    ServiceError,
    tokens::{self, Issued, JWKS_KEPT, Refused},
};

use crate::{
    State,
    http::{body::read, refusal::Refusal, session},
};

/// Nothing that is asked here is nearly as long.
const LARGEST: usize = 16 * 1024;

const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";

#[derive(Deserialize)]
struct Ask {
    grant_type: Option<String>,
    /// The personal access token to exchange.
    subject_token: Option<String>,
    subject_token_type: Option<String>,
    refresh_token: Option<String>,
    scope: Option<String>,
}

/// `POST /api/v1/auth/token`.
pub(super) async fn issue(Extracted(state): Extracted<State>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let ask: Ask = match form(&parts.headers, body).await {
        Ok(ask) => ask,
        Err(refused) => return refused,
    };
    let device = session::program(&parts);
    let services = state.services();
    let scope = ask.scope.as_deref().filter(|scope| !scope.is_empty());
    let (issued, exchanged) = match ask.grant_type.as_deref() {
        Some("refresh_token") => {
            let Some(token) = &ask.refresh_token else { return incomplete("refresh_token is missing.") };
            (tokens::refresh(services, token, scope, &device).await, false)
        }
        Some("urn:ietf:params:oauth:grant-type:token-exchange") => {
            let Some(token) = &ask.subject_token else { return incomplete("subject_token is missing.") };
            if ask.subject_token_type.as_deref() != Some(ACCESS_TOKEN) {
                return incomplete(
                    "subject_token_type must be urn:ietf:params:oauth:token-type:access_token.",
                );
            }
            (tokens::exchange(services, token, scope, &device).await, true)
        }
        Some(_) => {
            let what = "Exchange a personal access token, or refresh. A password is never taken here.";
            return refuse("unsupported_grant_type", what);
        }
        None => return incomplete("grant_type is missing."),
    };
    match issued {
        Ok(issued) => give(&issued, exchanged),
        Err(Refused::Grant) => {
            refuse("invalid_grant", "The token has expired, was revoked or used, or is none.")
        }
        Err(Refused::Scope) => refuse("invalid_scope", "The token was not made for this scope."),
        Err(Refused::Service(ServiceError::OrganisationOnly)) => refuse(
            "invalid_grant",
            "The organisation of the token's owner lets its people in by its own sign-in alone.",
        ),
        Err(Refused::Service(error)) => Refusal::from(error).into_response(),
    }
}

#[derive(Deserialize)]
struct Return {
    token: Option<String>,
}

/// `POST /api/v1/auth/revoke`. A token that is none is answered like one that was.
pub(super) async fn revoke(Extracted(state): Extracted<State>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let back: Return = match form(&parts.headers, body).await {
        Ok(back) => back,
        Err(refused) => return refused,
    };
    let Some(token) = back.token else { return incomplete("token is missing.") };
    match tokens::revoke(state.services(), &token, &session::program(&parts)).await {
        Ok(()) => private(StatusCode::OK, json!({})),
        Err(error) => Refusal::from(error).into_response(),
    }
}

/// `GET /.well-known/jwks.json`.
pub(super) async fn keys(Extracted(state): Extracted<State>) -> Response {
    match tokens::published_keys(state.services()).await {
        Ok(keys) => {
            let kept = format!("public, max-age={}", JWKS_KEPT.num_seconds());
            ([(header::CACHE_CONTROL, kept)], Json(keys)).into_response()
        }
        Err(error) => Refusal::from(error).into_response(),
    }
}

fn give(issued: &Issued, exchanged: bool) -> Response {
    let mut answer = json!({
        "access_token": issued.access_token.expose_secret(),
        "token_type": "Bearer",
        "expires_in": access_token::LASTS.num_seconds(),
        "refresh_token": issued.refresh_token.expose_secret(),
        "scope": issued.scopes.to_string(),
    });
    if exchanged {
        answer["issued_token_type"] = ACCESS_TOKEN.into();
    }
    private(StatusCode::OK, answer)
}

fn incomplete(what: &str) -> Response {
    refuse("invalid_request", what)
}

/// An error in the form of RFC 6749 §5.2.
fn refuse(error: &str, description: &str) -> Response {
    private(StatusCode::BAD_REQUEST, json!({ "error": error, "error_description": description }))
}

fn private(status: StatusCode, body: Value) -> Response {
    (status, [(header::CACHE_CONTROL, "no-store"), (header::PRAGMA, "no-cache")], Json(body)).into_response()
}

/// The parameters of a request, as the form that OAuth has or as JSON; each may come once.
async fn form<T: DeserializeOwned>(headers: &HeaderMap, body: Body) -> Result<T, Response> {
    let body = read(body, LARGEST).await.map_err(|error: ApiError| {
        if error.kind == ErrorKind::Malformed {
            incomplete("The body cannot be read.")
        } else {
            Refusal(error).into_response()
        }
    })?;
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    let read = match kind {
        "application/x-www-form-urlencoded" => serde_urlencoded::from_bytes(&body).ok(),
        "application/json" => serde_json::from_slice(&body).ok(),
        _ => return Err(incomplete("Send application/x-www-form-urlencoded, or application/json.")),
    };
    read.ok_or_else(|| incomplete("The parameters cannot be read; each may come once."))
}
