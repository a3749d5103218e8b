//! What is kept of a flow: sealed, under the hash of the browser's cookie, until it is used.

use chrono::{DateTime, Utc};
use domain::{UserId, account::FlowPurpose};
use identity::{token, vault::Purpose as Sealing};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Serialize, de::DeserializeOwned};
use sqlx::PgConnection;
use storage::external::{self, NewFlow};
use uuid::Uuid;

use crate::{Result, ServiceError, Services};

/// Keeps what `content` says until `expires_at`, for whoever has the token.
pub(super) async fn keep(
    services: &Services,
    db: &mut PgConnection,
    token: &SecretString,
    purpose: FlowPurpose,
    user_id: Option<UserId>,
    content: &impl Serialize,
    expires_at: DateTime<Utc>,
) -> Result<()> {
    let id = Uuid::now_v7();
    let plain = serde_json::to_vec(content).map_err(ServiceError::internal)?;
    let sealed = services.vault.seal(Sealing::ExternalFlow, id, &plain).await?;
    let token_hash = token::hash(token.expose_secret()).ok_or(ServiceError::SignedOut)?;
    let flow = NewFlow { id, token_hash: &token_hash, purpose, user_id, sealed: &sealed, expires_at };
    external::insert_flow(db, &flow).await?;
    Ok(())
}

/// What was kept.
pub(super) struct Kept<T> {
    pub(super) purpose: FlowPurpose,
    pub(super) user_id: Option<UserId>,
    pub(super) content: T,
}

/// Opens what the database gave.
pub(super) async fn open<T: DeserializeOwned>(services: &Services, flow: external::Flow) -> Result<Kept<T>> {
    let plain = services.vault.open(Sealing::ExternalFlow, flow.id, &flow.sealed).await?;
    let content = serde_json::from_slice(plain.expose_secret()).map_err(ServiceError::internal)?;
    Ok(Kept { purpose: flow.purpose, user_id: flow.user_id, content })
}
