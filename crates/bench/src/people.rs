//! Sessions, written directly: signing in a thousand people would measure the password hash.

use chrono::{TimeDelta, Utc};
use domain::{SessionId, UserId};
use identity::token;
use secrecy::ExposeSecret as _;
use storage::{
    Database,
    arrivals::{self, Here, NewSession},
};

/// The name of the cookie that holds a session's token.
const COOKIE: &str = "eighth_session";

/// Signs people in; gives the cookie of each, in order.
pub(crate) async fn sign_in(database: &Database, people: &[UserId]) -> anyhow::Result<Vec<String>> {
    let mut cookies = Vec::with_capacity(people.len());
    let mut tx = database.begin_as_house().await?;
    for &user_id in people {
        let token = token::generate()?;
        let token = token.expose_secret();
        let hash = token::hash(token).ok_or_else(|| anyhow::anyhow!("a new token has a hash"))?;
        let session = NewSession {
            id: SessionId::new(),
            user_id,
            token_hash: &hash,
            user_agent: "bench",
            address: "",
            created_at: Utc::now(),
            expires_at: Utc::now() + TimeDelta::days(1),
            ends_at: Utc::now() + TimeDelta::days(1),
            second_factor: None,
        };
        let here = Here { device: &[0; 32], known: None, before: None };
        arrivals::open(&mut *tx, &session, &here).await?;
        cookies.push(format!("{COOKIE}={token}"));
    }
    tx.commit().await?;
    Ok(cookies)
}
