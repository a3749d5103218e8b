//! Access tokens: short-lived, signed with Ed25519, of the profile of RFC 9068 (`at+jwt`). Whoever
//! holds our public keys can check one; whether it was revoked meanwhile, only we know.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, TimeDelta, Utc};
use domain::UserId;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, jwk::Jwk};
use secrecy::{ExposeSecret as _, SecretBox, SecretString};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::token::NoRandomness;

/// For how long an access token is good.
pub const LASTS: TimeDelta = TimeDelta::minutes(10);

/// The clocks of two servers may differ by so much. It lengthens no token's life.
const CLOCKS_DIFFER: TimeDelta = TimeDelta::seconds(30);

const TYPE: &str = "at+jwt";

/// No token of ours is nearly as long.
const LONGEST: usize = 4_096;

/// What an access token says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    pub iss: String,
    pub aud: String,
    /// On whose behalf.
    pub sub: UserId,
    /// The personal access token that it was given for.
    pub client_id: Uuid,
    /// The family that it ends with.
    pub sid: Uuid,
    pub jti: Uuid,
    /// Seconds since 1970, UTC.
    pub iat: i64,
    pub exp: i64,
    pub scope: String,
}

/// Who issues tokens, and for whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parties {
    pub issuer: String,
    pub audience: String,
}

impl Parties {
    /// The site at an origin such as `https://8thdegree.example`, and its programming interface.
    pub fn of_site(origin: &str) -> Self {
        Self { issuer: origin.to_owned(), audience: format!("{origin}/api/v1") }
    }
}

/// A token that is not believed. Why it is not, its bearer is not told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an access token of ours")]
pub struct NotOurs;

/// A pair of keys that signs.
pub struct SigningKey {
    seed: SecretBox<[u8; 32]>,
    public: PublicKey,
}

/// The half of a key that everybody may know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    /// Its name, in the header of what it signed.
    pub id: Uuid,
    pub bytes: [u8; 32],
}

impl SigningKey {
    pub fn generate() -> Result<Self, NoRandomness> {
        let mut seed = [0_u8; 32];
        getrandom::fill(&mut seed).map_err(|_| NoRandomness)?;
        Self::restore(Uuid::now_v7(), &seed).ok_or(NoRandomness)
    }

    /// The key of a seed; none if it is no seed.
    pub fn restore(id: Uuid, seed: &[u8]) -> Option<Self> {
        let seed = SecretBox::new(Box::new(<[u8; 32]>::try_from(seed).ok()?));
        let key = Jwk::from_encoding_key(&encoding(seed.expose_secret()), Algorithm::EdDSA).ok()?;
        let jsonwebtoken::jwk::AlgorithmParameters::OctetKeyPair(pair) = key.algorithm else { return None };
        let bytes = URL_SAFE_NO_PAD.decode(pair.x).ok()?.try_into().ok()?;
        Some(Self { seed, public: PublicKey { id, bytes } })
    }

    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    /// What is sealed and stored.
    pub fn seed(&self) -> &SecretBox<[u8; 32]> {
        &self.seed
    }

    /// Errors: none that depends on the claims.
    pub fn sign(&self, claims: &Claims) -> Result<SecretString, jsonwebtoken::errors::Error> {
        let mut header = Header::new(Algorithm::EdDSA);
        header.typ = Some(TYPE.to_owned());
        header.kid = Some(self.public.id.to_string());
        Ok(jsonwebtoken::encode(&header, claims, &encoding(self.seed.expose_secret()))?.into())
    }
}

impl PublicKey {
    /// As it is published (RFC 8037).
    pub fn to_jwk(&self) -> serde_json::Value {
        serde_json::json!({
            "kty": "OKP",
            "crv": "Ed25519",
            "use": "sig",
            "alg": "EdDSA",
            "kid": self.id.to_string(),
            "x": URL_SAFE_NO_PAD.encode(self.bytes),
        })
    }

    /// What a token says that this key has signed, for us, and that is good at this moment.
    pub fn verify(&self, token: &str, parties: &Parties, now: DateTime<Utc>) -> Result<Claims, NotOurs> {
        let mut rules = Validation::new(Algorithm::EdDSA);
        rules.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        rules.set_issuer(&[&parties.issuer]);
        rules.set_audience(&[&parties.audience]);
        // Judged below, by our own clock and without leeway.
        rules.validate_exp = false;
        let key = DecodingKey::from_ed_der(&self.bytes);
        let claims = jsonwebtoken::decode::<Claims>(token, &key, &rules).map_err(|_| NotOurs)?.claims;
        let (issued, expires) = (at(claims.iat)?, at(claims.exp)?);
        if now < expires && issued <= now + CLOCKS_DIFFER { Ok(claims) } else { Err(NotOurs) }
    }
}

/// Which of our keys a token names. Nothing else that its header says is followed: not where to find
/// a key, and not how to check the signature.
pub fn key_named_by(token: &str) -> Result<Uuid, NotOurs> {
    if token.len() > LONGEST {
        return Err(NotOurs);
    }
    let header = jsonwebtoken::decode_header(token).map_err(|_| NotOurs)?;
    let plain = header
        == Header { typ: Some(TYPE.to_owned()), kid: header.kid.clone(), ..Header::new(Algorithm::EdDSA) };
    let id = header.kid.filter(|_| plain).ok_or(NotOurs)?;
    id.parse().map_err(|_| NotOurs)
}

fn at(seconds: i64) -> Result<DateTime<Utc>, NotOurs> {
    DateTime::from_timestamp(seconds, 0).ok_or(NotOurs)
}

/// A seed in the form that the library reads (RFC 8410 §7): sixteen bytes that are always the same,
/// then the seed.
fn encoding(seed: &[u8; 32]) -> EncodingKey {
    const HEADER: [u8; 16] = *b"\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20";
    EncodingKey::from_ed_der(&[HEADER.as_slice(), seed].concat())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn parties() -> Parties {
        Parties::of_site("https://8th.example")
    }

    fn claims(now: DateTime<Utc>) -> Claims {
        Claims {
            iss: "https://8th.example".into(),
            aud: "https://8th.example/api/v1".into(),
            sub: UserId::new(),
            client_id: Uuid::now_v7(),
            sid: Uuid::now_v7(),
            jti: Uuid::now_v7(),
            iat: now.timestamp(),
            exp: (now + LASTS).timestamp(),
            scope: "matches:read".into(),
        }
    }

    /// A token with any header, signed with the key as it should be.
    fn forged(key: &SigningKey, header: &Value, claims: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", part(header), part(claims));
        let signature = ring::signature::Ed25519KeyPair::from_seed_unchecked(key.seed.expose_secret())
            .unwrap()
            .sign(message.as_bytes());
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    fn judge(token: &str, key: &SigningKey, now: DateTime<Utc>) -> Result<Claims, NotOurs> {
        assert_eq!(key_named_by(token)?, key.public.id);
        key.public.verify(token, &parties(), now)
    }

    #[test]
    fn a_token_is_good_until_its_end_and_not_a_second_longer() {
        let (key, now) = (SigningKey::generate().unwrap(), Utc::now());
        let claims = claims(now);
        let token = key.sign(&claims).unwrap();
        let token = token.expose_secret();
        assert_eq!(judge(token, &key, now), Ok(claims.clone()));
        let end = at(claims.exp).unwrap();
        assert!(judge(token, &key, end - TimeDelta::milliseconds(1)).is_ok());
        assert_eq!(judge(token, &key, end), Err(NotOurs));
        assert_eq!(judge(token, &key, now - TimeDelta::minutes(1)), Err(NotOurs), "from the future");
        let restored = SigningKey::restore(key.public.id, key.seed.expose_secret()).unwrap();
        assert_eq!(restored.public, key.public);
        let other = SigningKey::generate().unwrap();
        assert_eq!(other.public.verify(token, &parties(), now), Err(NotOurs));
    }

    #[test]
    fn only_what_is_for_us_and_from_us_counts() {
        let (key, now) = (SigningKey::generate().unwrap(), Utc::now());
        let header = json!({ "alg": "EdDSA", "typ": "at+jwt", "kid": key.public.id });
        let right = serde_json::to_value(claims(now)).unwrap();
        assert!(judge(&forged(&key, &header, &right), &key, now).is_ok());
        for (claim, value) in [
            ("iss", json!("https://evil.example")),
            ("iss", Value::Null),
            ("aud", json!("https://8th.example")),
            ("aud", json!("https://evil.example/api/v1")),
            ("aud", Value::Null),
            ("exp", Value::Null),
            ("exp", json!("9999999999")),
            ("exp", json!(i64::MAX)),
            ("sub", json!("admin")),
            ("sid", Value::Null),
        ] {
            let mut wrong = right.clone();
            wrong[claim] = value.clone();
            if value.is_null() {
                wrong.as_object_mut().unwrap().remove(claim);
            }
            assert_eq!(judge(&forged(&key, &header, &wrong), &key, now), Err(NotOurs), "{claim} {value}");
        }
    }

    #[test]
    fn a_header_chooses_neither_algorithm_nor_key() {
        let (key, now) = (SigningKey::generate().unwrap(), Utc::now());
        let id = key.public.id;
        let right = serde_json::to_value(claims(now)).unwrap();
        let unsigned = |header: Value, signature: &str| {
            let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
            format!("{}.{}.{signature}", part(&header), part(&right))
        };
        let none = unsigned(json!({ "alg": "none", "typ": "at+jwt", "kid": id }), "");
        assert_eq!(key_named_by(&none), Err(NotOurs));
        // The public key taken for the secret of a symmetric algorithm.
        let mut symmetric = Header::new(Algorithm::HS256);
        (symmetric.typ, symmetric.kid) = (Some(TYPE.into()), Some(id.to_string()));
        let confused =
            jsonwebtoken::encode(&symmetric, &right, &EncodingKey::from_secret(&key.public.bytes)).unwrap();
        assert_eq!(key_named_by(&confused), Err(NotOurs));
        assert_eq!(key.public.verify(&confused, &parties(), now), Err(NotOurs));
        for header in [
            json!({ "alg": "EdDSA", "typ": "JWT", "kid": id }),
            json!({ "alg": "EdDSA", "kid": id }),
            json!({ "alg": "EdDSA", "typ": "at+jwt" }),
            json!({ "alg": "EdDSA", "typ": "at+jwt", "kid": "../../etc/passwd" }),
            json!({ "alg": "EdDSA", "typ": "at+jwt", "kid": id, "jku": "https://evil.example/jwks.json" }),
            json!({ "alg": "EdDSA", "typ": "at+jwt", "kid": id, "jwk": key.public.to_jwk() }),
            json!({ "alg": "EdDSA", "typ": "at+jwt", "kid": id, "x5u": "https://evil.example/x" }),
            json!({ "alg": "EdDSA", "typ": "at+jwt", "kid": id, "crit": ["exp"] }),
            json!({ "alg": "EdDSA", "typ": "at+jwt", "kid": id, "b64": false }),
        ] {
            assert_eq!(judge(&forged(&key, &header, &right), &key, now), Err(NotOurs), "{header}");
        }
        let other = json!({ "alg": "EdDSA", "typ": "at+jwt", "kid": Uuid::now_v7() });
        assert_ne!(key_named_by(&forged(&key, &other, &right)), Ok(id), "another key is another key");
        for rubbish in ["", "a.b.c", "..", &"a".repeat(5_000)] {
            assert_eq!(key_named_by(rubbish), Err(NotOurs));
        }
    }
}
