//! A provider that gets the protocol wrong, in whatever way it is told to. Left alone it is right.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use chrono::{DateTime, Utc};
use identity::external::{CallbackQuery, ExternalError, ExternalIdentity, Provider};
use openidconnect::{
    JsonWebKeyId, PrivateSigningKey,
    core::{CoreEdDsaPrivateSigningKey, CoreHmacKey, CoreJwsSigningAlgorithm},
};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha512};
use tokio::net::TcpListener;
use url::Url;

use crate::visitor::{self, CLIENT, SECRET, begin, finish};

pub(crate) const ACCESS_TOKEN: &str = "an-access-token";
const KEY_ID: &str = "the-key";

/// How a token is signed.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Signature {
    Right,
    /// By a key that nobody published, under the name of the one that was.
    OfAnother,
    /// By a published key, under a name that nobody published.
    Unnamed,
    None,
    /// With the client secret, which both sides know.
    Secret,
    /// With the public key as if it were a secret.
    PublicKey,
    /// Something that was never computed.
    Rubbish,
}

/// What the provider does, with what each document adds to or takes from (`null`) the right one.
pub(crate) struct Script {
    pub(crate) discovery: Value,
    pub(crate) header: Value,
    pub(crate) claims: Value,
    pub(crate) answer: Value,
    pub(crate) user_info: Value,
    pub(crate) signature: Signature,
    /// Answers at these paths that are no documents at all.
    pub(crate) instead: BTreeMap<&'static str, fn() -> Response>,
    /// How often each path was asked for.
    pub(crate) asked: BTreeMap<String, u32>,
    /// Whether the client secret came in a header the last time.
    pub(crate) basic: bool,
    nonce: String,
    now: DateTime<Utc>,
}

pub(crate) struct Wrong {
    pub(crate) issuer: String,
    pub(crate) now: DateTime<Utc>,
    script: Arc<Mutex<Script>>,
}

impl Wrong {
    pub(crate) async fn start() -> Self {
        let now = Utc::now();
        let script = Arc::new(Mutex::new(Script {
            discovery: json!({}),
            header: json!({}),
            claims: json!({}),
            answer: json!({}),
            user_info: json!({}),
            signature: Signature::Right,
            instead: BTreeMap::new(),
            asked: BTreeMap::new(),
            basic: false,
            nonce: String::new(),
            now,
        }));
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let app = Router::new().fallback(answer).with_state((issuer.clone(), script.clone()));
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { issuer, now, script }
    }

    /// Changes what it does, once the sign-in has begun.
    pub(crate) fn script<T>(&self, change: impl FnOnce(&mut Script) -> T) -> T {
        change(&mut self.script.lock().unwrap())
    }

    pub(crate) fn provider(&self) -> Provider {
        Provider::new(visitor::oidc(&self.issuer)).unwrap()
    }

    /// Signs in: the person agrees at once.
    pub(crate) async fn sign_in(&self, provider: &Provider) -> Result<ExternalIdentity, ExternalError> {
        let (url, flow) = begin(provider, self.now).await;
        finish(provider, flow, self.agree(&url), self.now).await
    }

    /// The same with a provider that has not been asked before.
    pub(crate) async fn sign_in_anew(&self) -> Result<ExternalIdentity, ExternalError> {
        self.sign_in(&self.provider()).await
    }

    /// What the browser brings back.
    pub(crate) fn agree(&self, url: &Url) -> CallbackQuery {
        let parameter = |name: &str| {
            url.query_pairs().find(|(found, _)| found == name).map(|(_, value)| value.into_owned()).unwrap()
        };
        self.script(|script| script.nonce = parameter("nonce"));
        CallbackQuery {
            code: Some("a-code".into()),
            state: Some(parameter("state").into()),
            ..CallbackQuery::default()
        }
    }
}

async fn answer(State((issuer, script)): State<(String, Arc<Mutex<Script>>)>, request: Request) -> Response {
    let mut script = script.lock().unwrap();
    let path = request.uri().path().to_owned();
    *script.asked.entry(path.clone()).or_default() += 1;
    if let Some(instead) = script.instead.get(path.as_str()) {
        return instead();
    }
    match path.as_str() {
        "/.well-known/openid-configuration" => document(script.discovery(&issuer)),
        "/jwks" => document(json!({ "keys": [key(1).as_verification_key()] })),
        "/token" => {
            script.basic = request.headers().contains_key(header::AUTHORIZATION);
            document(script.answer(&issuer))
        }
        "/userinfo" => document(patched(json!({ "sub": "ada" }), &script.user_info)),
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

impl Script {
    fn discovery(&self, issuer: &str) -> Value {
        let right = json!({
            "issuer": issuer,
            "authorization_endpoint": format!("{issuer}/authorize"),
            "token_endpoint": format!("{issuer}/token"),
            "jwks_uri": format!("{issuer}/jwks"),
            "userinfo_endpoint": format!("{issuer}/userinfo"),
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["EdDSA", "HS256", "none"],
        });
        patched(right, &self.discovery)
    }

    fn answer(&self, issuer: &str) -> Value {
        let right = json!({
            "access_token": ACCESS_TOKEN,
            "token_type": "Bearer",
            "expires_in": 60,
            "id_token": self.id_token(issuer),
        });
        patched(right, &self.answer)
    }

    fn id_token(&self, issuer: &str) -> String {
        let hash = Sha512::digest(ACCESS_TOKEN);
        let right = json!({
            "iss": issuer,
            "aud": CLIENT,
            "azp": CLIENT,
            "sub": "ada",
            "nonce": self.nonce,
            "iat": self.now.timestamp(),
            "exp": self.now.timestamp() + 300,
            "at_hash": URL_SAFE_NO_PAD.encode(&hash[..hash.len() / 2]),
            "email": "ada@example.com",
            "email_verified": true,
        });
        let (alg, kid) = match self.signature {
            Signature::None => ("none", KEY_ID),
            Signature::Secret | Signature::PublicKey => ("HS256", KEY_ID),
            Signature::Unnamed => ("EdDSA", "another-key"),
            _ => ("EdDSA", KEY_ID),
        };
        let header = patched(json!({ "alg": alg, "kid": kid }), &self.header);
        let claims = patched(right, &self.claims);
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", part(&header), part(&claims));
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(self.sign(message.as_bytes())))
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        let eddsa = |n| key(n).sign(&CoreJwsSigningAlgorithm::EdDsa, message).unwrap();
        let hmac = |secret: &str| {
            CoreHmacKey::new(secret).sign(&CoreJwsSigningAlgorithm::HmacSha256, message).unwrap()
        };
        match self.signature {
            Signature::Right | Signature::Unnamed => eddsa(1),
            Signature::OfAnother => eddsa(2),
            Signature::None => Vec::new(),
            Signature::Secret => hmac(SECRET),
            Signature::PublicKey => hmac(&public_key()),
            Signature::Rubbish => vec![0; 64],
        }
    }
}

/// A key made of one byte.
fn key(byte: u8) -> CoreEdDsaPrivateSigningKey {
    // RFC 8410: what stands before the 32 bytes of a private Ed25519 key.
    let mut der = b"\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20".to_vec();
    der.extend([byte; 32]);
    let label = "PRIVATE KEY";
    let pem = format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", STANDARD.encode(der));
    CoreEdDsaPrivateSigningKey::from_ed25519_pem(&pem, Some(JsonWebKeyId::new(KEY_ID.into()))).unwrap()
}

/// What would be published of the key made of this byte.
pub(crate) fn verification_key(byte: u8) -> Value {
    serde_json::to_value(key(byte).as_verification_key()).unwrap()
}

fn public_key() -> String {
    let key = verification_key(1);
    key["x"].as_str().unwrap().to_owned()
}

/// RFC 7396, for objects of one level.
fn patched(mut right: Value, patch: &Value) -> Value {
    for (name, value) in patch.as_object().unwrap() {
        let members = right.as_object_mut().unwrap();
        if value.is_null() {
            members.remove(name)
        } else {
            members.insert(name.clone(), value.clone())
        };
    }
    right
}

fn document(value: Value) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], Body::from(value.to_string())).into_response()
}
