//! Whether an ID token proves who came: OpenID Connect Core 1.0, section 3.1.3.7.

use chrono::{DateTime, TimeDelta, Utc};
use openidconnect::{
    AccessToken, AccessTokenHash, ClaimsVerificationError, ClientId, IdTokenVerifier, Nonce,
    SignatureVerificationError,
    core::{CoreJsonWebKey, CoreJwsSigningAlgorithm as Algorithm},
};
use secrecy::ExposeSecret as _;

use super::{IdToken, IdTokenClaims, Metadata};
use crate::external::{Ask, ExternalError, Flow, flow::CLOCK_SKEW};

/// Signatures that only the provider can make. Neither none at all, nor those with a secret that
/// both sides know (`HS256` and its kin) are among them.
const ALGORITHMS: &[Algorithm] = &[
    Algorithm::RsaSsaPkcs1V15Sha256,
    Algorithm::RsaSsaPkcs1V15Sha384,
    Algorithm::RsaSsaPkcs1V15Sha512,
    Algorithm::RsaSsaPssSha256,
    Algorithm::RsaSsaPssSha384,
    Algorithm::RsaSsaPssSha512,
    Algorithm::EcdsaP256Sha256,
    Algorithm::EcdsaP384Sha384,
    Algorithm::EdDsa,
];

/// How long before the sign-in a token may say it was issued: Microsoft dates its tokens back by
/// five minutes. That it belongs to this sign-in is what the nonce shows.
const BACKDATED: TimeDelta = TimeDelta::minutes(10);

/// What a token must fit.
pub(super) struct Expected<'a> {
    pub(super) client_id: &'a str,
    pub(super) flow: &'a Flow,
    pub(super) access_token: &'a AccessToken,
    pub(super) now: DateTime<Utc>,
}

/// Why a token is refused.
pub(super) enum Refused {
    /// The keys at hand do not fit; newer ones may.
    ByKeys(ExternalError),
    ForGood(ExternalError),
}

impl From<Refused> for ExternalError {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::ByKeys(error) | Refused::ForGood(error) => error,
        }
    }
}

impl From<ClaimsVerificationError> for Refused {
    fn from(error: ClaimsVerificationError) -> Self {
        use SignatureVerificationError::{CryptoError, NoMatchingKey};
        let by_keys = matches!(
            error,
            // A provider with a single key need not name it, and so may exchange it unseen.
            ClaimsVerificationError::SignatureVerification(NoMatchingKey | CryptoError(_))
        );
        if by_keys { Self::ByKeys(error.into()) } else { Self::ForGood(error.into()) }
    }
}

/// Of the signatures that the provider makes, those that are accepted.
pub(super) fn accepted_algorithms(metadata: &Metadata) -> impl Iterator<Item = Algorithm> {
    let made = metadata.id_token_signing_alg_values_supported();
    ALGORITHMS.iter().filter(|algorithm| made.contains(algorithm)).cloned()
}

/// The claims of the token, if all of it is as it must be.
pub(super) fn verify<'t>(
    id_token: &'t IdToken,
    metadata: &Metadata,
    expected: &Expected<'_>,
) -> Result<&'t IdTokenClaims, Refused> {
    let Expected { client_id, flow, access_token, now } = *expected;
    let client_id = ClientId::new(client_id.to_owned());
    let earliest = flow.begun_at() - BACKDATED;
    // Built for a client without a secret: so it could not even check a signature with one. Other
    // audiences than this client are refused.
    let verifier: IdTokenVerifier<'_, CoreJsonWebKey> = IdTokenVerifier::new_public_client(
        client_id.clone(),
        metadata.issuer().clone(),
        metadata.jwks().clone(),
    )
    .set_allowed_algs(accepted_algorithms(metadata))
    .set_time_fn(move || now - CLOCK_SKEW)
    .set_issue_time_verifier_fn(move |issued| {
        if issued < earliest {
            Err(format!("it was issued at {issued}, long before the sign-in began"))
        } else if issued > now + CLOCK_SKEW {
            Err(format!("it was issued at {issued}, which is yet to come"))
        } else {
            Ok(())
        }
    });
    let nonce = Nonce::new(flow.nonce().expose_secret().to_owned());
    let claims = id_token.claims(&verifier, &nonce)?;
    let refused = |reason: &str| Err(Refused::ForGood(ExternalError::untrusted(reason)));
    // The library leaves the authorised party to us.
    if claims.authorized_party().is_some_and(|party| *party != client_id) {
        return refused("the token was issued to another client");
    }
    if flow.ask() == Ask::Again && claims.auth_time().is_none_or(|at| at + CLOCK_SKEW < flow.begun_at()) {
        return refused("the provider does not say that it asked the person once more");
    }
    if let Some(hash) = claims.access_token_hash() {
        let key = id_token.signing_key(&verifier).map_err(ClaimsVerificationError::SignatureVerification)?;
        let algorithm = id_token.signing_alg().map_err(ClaimsVerificationError::SignatureVerification)?;
        if !AccessTokenHash::from_token(access_token, algorithm, key).is_ok_and(|actual| actual == *hash) {
            return refused("the access token is not the one that the ID token was issued with");
        }
    }
    Ok(claims)
}
