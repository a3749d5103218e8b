//! Who is behind a bearer token (RFC 6750), read from the header and from nowhere else.

use app::error::{ApiError, ErrorKind};
use axum::{
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse, Response},
};
use domain::scope::Scope;
use services::{
    accounts::Device,
    tokens::{self, Bearer},
};

use crate::{
    State,
    http::{
        limits::{Class, Exceeded, Visitor},
        observe::is_made_by,
        refusal::Refusal,
    },
};

/// Why a program is not let in, with the challenge that tells it what would help.
pub(crate) struct Unauthorised {
    error: ApiError,
    challenge: HeaderValue,
    exceeded: Option<Exceeded>,
}

impl Unauthorised {
    fn new(error: ApiError, challenge: &'static str) -> Self {
        Self { error, challenge: HeaderValue::from_static(challenge), exceeded: None }
    }

    fn lacks(scope: Scope) -> Self {
        let message = format!("This token is not for this: it needs the scope {scope}.");
        let challenge = format!(r#"Bearer realm="8thDegree", error="insufficient_scope", scope="{scope}""#);
        Self {
            error: ApiError::new(ErrorKind::Forbidden, message),
            challenge: HeaderValue::from_str(&challenge).unwrap_or(HeaderValue::from_static("Bearer")),
            exceeded: None,
        }
    }

    /// Nobody is known, by whatever they could have shown.
    pub(crate) fn unknown(message: String) -> Self {
        Self::new(ApiError::new(ErrorKind::SignedOut, message), r#"Bearer realm="8thDegree""#)
    }
}

impl From<ApiError> for Unauthorised {
    fn from(error: ApiError) -> Self {
        Self::new(error, "Bearer")
    }
}

impl From<Exceeded> for Unauthorised {
    fn from(exceeded: Exceeded) -> Self {
        Self { exceeded: Some(exceeded), ..exceeded.into_error().into() }
    }
}

impl From<services::ServiceError> for Unauthorised {
    fn from(error: services::ServiceError) -> Self {
        Self::new(error.into(), "Bearer")
    }
}

impl IntoResponse for Unauthorised {
    fn into_response(self) -> Response {
        let asks = matches!(self.error.kind, ErrorKind::SignedOut | ErrorKind::Forbidden);
        let mut response = match self.exceeded {
            Some(exceeded) => exceeded.into_response(),
            None => Refusal(self.error).into_response(),
        };
        if asks {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, self.challenge);
        }
        response
    }
}

/// Who is behind the token of a request, if it is for this scope.
pub(crate) async fn bearer(
    state: &State,
    headers: &HeaderMap,
    device: &Device,
    scope: Scope,
) -> Result<Bearer, Unauthorised> {
    let missing = || Unauthorised::unknown("Send a token: `Authorization: Bearer <token>`.".to_owned());
    let token = token(headers).ok_or_else(missing)?;
    let known = tokens::authenticate(state.services(), token, device).await?;
    let bearer = known.ok_or_else(|| {
        tracing::warn!(target: "security", event = "token_unknown", "refused: the token is not good");
        let message = "This token is not good: it has expired, was revoked, or never was one.";
        let challenge = r#"Bearer realm="8thDegree", error="invalid_token""#;
        Unauthorised::new(ApiError::new(ErrorKind::SignedOut, message), challenge)
    })?;
    is_made_by(bearer.principal.user_id);
    state.limits().check(Class::Read, Visitor::Account(bearer.principal.user_id))?;
    if bearer.has(scope) { Ok(bearer) } else { Err(Unauthorised::lacks(scope)) }
}

/// The one token of the one header.
fn token(headers: &HeaderMap) -> Option<&str> {
    let mut lines = headers.get_all(header::AUTHORIZATION).iter();
    let (line, more) = (lines.next()?, lines.next());
    let (scheme, token) = line.to_str().ok()?.split_once(' ')?;
    (more.is_none() && scheme.eq_ignore_ascii_case("bearer")).then(|| token.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_stands_in_one_header_and_behind_its_scheme() {
        let read = |lines: &[&str]| {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(header::AUTHORIZATION, line.parse().unwrap());
            }
            token(&headers).map(str::to_owned)
        };
        assert_eq!(read(&["Bearer abc"]).as_deref(), Some("abc"));
        assert_eq!(read(&["bearer abc"]).as_deref(), Some("abc"));
        for wrong in [&[][..], &["abc"], &["Basic abc"], &["Bearer a", "Bearer b"]] {
            assert_eq!(read(wrong), None, "{wrong:?}");
        }
    }
}
