//! The audit log: who did what to whose account, from where. Each entry is part of a chain that
//! shows when one was changed or taken out.

use chrono::{DateTime, Utc};
use domain::UserId;
use identity::Principal;
use serde::Serialize;
use sqlx::PgConnection;
use storage::audit::{self, NewEntry};
pub use storage::audit::{Entry, Link, Verdict};

use crate::{Result, Services, accounts::Device};

/// Something that matters for security.
pub struct Act {
    actor_id: Option<UserId>,
    subject_id: Option<UserId>,
    /// What was done, as `noun.verb`.
    action: &'static str,
    before: Option<String>,
    after: Option<String>,
}

impl Act {
    /// What a person did to their own account.
    pub fn of(person: UserId, action: &'static str) -> Self {
        Self { actor_id: Some(person), subject_id: Some(person), action, before: None, after: None }
    }

    /// What somebody did who is not signed in.
    pub fn of_nobody(action: &'static str) -> Self {
        Self { actor_id: None, subject_id: None, action, before: None, after: None }
    }

    /// Whom it concerns, where that is not who did it.
    pub fn about(self, subject: Option<UserId>) -> Self {
        Self { subject_id: subject, ..self }
    }

    /// What was so before, never a secret.
    pub fn before(self, value: &impl Serialize) -> Self {
        Self { before: in_words(value), ..self }
    }

    /// What is so after, never a secret.
    pub fn after(self, value: &impl Serialize) -> Self {
        Self { after: in_words(value), ..self }
    }

    /// As it is written down.
    pub(crate) fn entry<'a>(
        &'a self,
        at: DateTime<Utc>,
        address: &'a str,
        user_agent: &'a str,
    ) -> NewEntry<'a> {
        NewEntry {
            at,
            actor_id: self.actor_id,
            subject_id: self.subject_id,
            action: self.action,
            address,
            user_agent,
            before: self.before.as_deref(),
            after: self.after.as_deref(),
        }
    }
}

/// JSON within the bounds of the column; what cannot be said in them is left out, not cut.
fn in_words(value: &impl Serialize) -> Option<String> {
    serde_json::to_string(value).ok().filter(|json| json.chars().count() <= 4_000)
}

/// Writes the act down in the transaction that does it. Call it last: the end of the chain stays
/// locked until the transaction ends.
pub async fn record(services: &Services, db: &mut PgConnection, act: Act, device: &Device) -> Result<()> {
    let (user_agent, address) = (device.user_agent(), device.address());
    audit::append(db, &act.entry(services.now(), &address, &user_agent)).await?;
    Ok(())
}

/// How many entries a page of them has.
pub const PAGE: i64 = 50;

/// What was done by a person or to their account, for themselves, newest first.
pub async fn own(services: &Services, who: &Principal, before: Option<i64>) -> Result<Vec<Entry>> {
    let mut db = services.database.begin_as(who.user_id).await?;
    Ok(audit::of_person(&mut *db, who.user_id, before, PAGE).await?)
}

/// Walks the whole chain; for operators.
pub async fn verify(services: &Services) -> Result<Verdict> {
    let mut db = services.database.house().acquire().await?;
    Ok(audit::verify(&mut db).await?)
}

/// The next entries after the one of this number, as many as are read at a time; for operators.
pub async fn stretch(services: &Services, after: i64) -> Result<Vec<Link>> {
    let mut db = services.database.house().acquire().await?;
    Ok(audit::stretch(&mut db, after, i64::MAX).await?)
}
