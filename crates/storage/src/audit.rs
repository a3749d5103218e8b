//! The audit log: a chain of entries, each of whose hashes covers the one before it.

use chrono::{DateTime, Utc};
use domain::UserId;
use sha2::{Digest as _, Sha256};
use sqlx::{PgConnection, PgExecutor};

use crate::Result;

/// What happened; the chain's part is added when it is written.
#[derive(Clone, Debug)]
pub struct NewEntry<'a> {
    pub at: DateTime<Utc>,
    pub actor_id: Option<UserId>,
    pub subject_id: Option<UserId>,
    /// Such as `session.opened`; 3 to 60 bytes.
    pub action: &'a str,
    pub address: &'a str,
    pub user_agent: &'a str,
    /// JSON of at most 4,000 characters.
    pub before: Option<&'a str>,
    pub after: Option<&'a str>,
}

/// An entry as it was written.
#[derive(Clone, Debug)]
pub struct Entry {
    pub seq: i64,
    pub at: DateTime<Utc>,
    pub actor_id: Option<UserId>,
    pub subject_id: Option<UserId>,
    pub action: String,
    pub address: String,
    pub user_agent: String,
    pub before: Option<String>,
    pub after: Option<String>,
}

/// Adds an entry to the chain; the database gives it its number and its hash.
///
/// The end of the chain stays locked until the transaction ends, so write the entry last.
pub async fn append(db: &mut PgConnection, entry: &NewEntry<'_>) -> Result<()> {
    // In one statement, for everybody waits for the end of the chain.
    sqlx::query!(
        "with entry as (
             insert into auth.audit_log (at, actor_id, subject_id, action, address, user_agent, before, after)
             values ($1, $2, $3, $4, $5, $6, $7, $8) returning seq, hash
         )
         update auth.audit_head set seq = entry.seq, hash = entry.hash from entry where only_one",
        entry.at,
        entry.actor_id.map(UserId::uuid),
        entry.subject_id.map(UserId::uuid),
        entry.action,
        entry.address,
        entry.user_agent,
        entry.before,
        entry.after,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The entries that a person did or that concern them, newest first, before the entry `before`.
pub async fn of_person(
    db: impl PgExecutor<'_>,
    id: UserId,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<Entry>> {
    let rows = sqlx::query_as!(
        Row,
        r#"select seq, at, actor_id, subject_id, action, address, user_agent, before, after
           from auth.audit_log
           where (subject_id = $1 or actor_id = $1) and seq < coalesce($2, 9223372036854775807)
           order by seq desc limit $3"#,
        id.uuid(),
        before,
        limit,
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(Entry::from).collect())
}

/// All entries, newest first, before the entry `before`.
pub async fn newest(db: impl PgExecutor<'_>, before: Option<i64>, limit: i64) -> Result<Vec<Entry>> {
    let rows = sqlx::query_as!(
        Row,
        "select seq, at, actor_id, subject_id, action, address, user_agent, before, after
         from auth.audit_log where seq < coalesce($1, 9223372036854775807) order by seq desc limit $2",
        before,
        limit,
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(Entry::from).collect())
}

struct Row {
    seq: i64,
    at: DateTime<Utc>,
    actor_id: Option<uuid::Uuid>,
    subject_id: Option<uuid::Uuid>,
    action: String,
    address: String,
    user_agent: String,
    before: Option<String>,
    after: Option<String>,
}

impl From<Row> for Entry {
    fn from(row: Row) -> Self {
        Self {
            seq: row.seq,
            at: row.at,
            actor_id: row.actor_id.map(UserId::from),
            subject_id: row.subject_id.map(UserId::from),
            action: row.action,
            address: row.address,
            user_agent: row.user_agent,
            before: row.before,
            after: row.after,
        }
    }
}

/// An entry with its part of the chain.
#[derive(Clone, Debug)]
pub struct Link {
    pub entry: Entry,
    pub previous_hash: Vec<u8>,
    pub hash: Vec<u8>,
}

impl Link {
    /// Whether it is as it was written, behind an entry with this hash.
    fn follows(&self, seq: i64, hash: &[u8]) -> bool {
        let Entry { at, actor_id, subject_id, .. } = self.entry;
        let entry = NewEntry {
            at,
            actor_id,
            subject_id,
            action: &self.entry.action,
            address: &self.entry.address,
            user_agent: &self.entry.user_agent,
            before: self.entry.before.as_deref(),
            after: self.entry.after.as_deref(),
        };
        self.entry.seq == seq + 1
            && self.previous_hash == hash
            && self.hash == hash_of(hash, self.entry.seq, &entry)
    }
}

/// How many entries are read at a time.
const STRIDE: i64 = 1_000;

/// The next entries of the chain after the one numbered `after`, up to the one numbered `until`: as
/// many as are read at a time.
pub async fn stretch(db: &mut PgConnection, after: i64, until: i64) -> Result<Vec<Link>> {
    let rows = sqlx::query!(
        "select seq, at, actor_id, subject_id, action, address, user_agent, before, after,
                previous_hash, hash
         from auth.audit_log where seq > $1 and seq <= $2 order by seq limit $3",
        after,
        until,
        STRIDE,
    )
    .fetch_all(db)
    .await?;
    let links = rows.into_iter().map(|row| Link {
        entry: Entry {
            seq: row.seq,
            at: row.at,
            actor_id: row.actor_id.map(UserId::from),
            subject_id: row.subject_id.map(UserId::from),
            action: row.action,
            address: row.address,
            user_agent: row.user_agent,
            before: row.before,
            after: row.after,
        },
        previous_hash: row.previous_hash,
        hash: row.hash,
    });
    Ok(links.collect())
}

/// What a walk along the chain found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// All entries, so many of them, are as they were written.
    Intact { entries: i64 },
    /// This entry is missing or was changed, or one before it was.
    Broken { seq: i64 },
    /// The entries are in order, but there were more of them: so many are left.
    CutOff { entries: i64 },
}

/// Walks the whole chain from its beginning.
pub async fn verify(db: &mut PgConnection) -> Result<Verdict> {
    // Read first: entries written while we walk are not missed for it.
    let head =
        sqlx::query!("select seq, hash from auth.audit_head where only_one").fetch_one(&mut *db).await?;
    let (mut last, mut last_hash) = (0, vec![0_u8; 32]);
    while last < head.seq {
        let links = stretch(db, last, head.seq).await?;
        if links.is_empty() {
            return Ok(Verdict::CutOff { entries: last });
        }
        for link in links {
            if !link.follows(last, &last_hash) {
                return Ok(Verdict::Broken { seq: last + 1 });
            }
            (last, last_hash) = (link.entry.seq, link.hash);
        }
    }
    if last_hash != head.hash {
        return Ok(Verdict::Broken { seq: last });
    }
    let beyond = sqlx::query_scalar!(
        r#"select min(seq) from auth.audit_log
           where seq > (select seq from auth.audit_head where only_one)"#
    )
    .fetch_one(db)
    .await?;
    Ok(match beyond {
        None => Verdict::Intact { entries: last },
        Some(seq) => Verdict::Broken { seq },
    })
}

/// SHA-256 over every field, each with its length before it, so that no two entries read alike. The
/// database hashes in the same way where it adds an entry (`migrations/0038`).
fn hash_of(previous: &[u8], seq: i64, entry: &NewEntry<'_>) -> [u8; 32] {
    let mut hash = Sha256::new();
    let mut field = |bytes: Option<&[u8]>| match bytes {
        None => hash.update([0]),
        Some(bytes) => {
            hash.update([1]);
            hash.update((bytes.len() as u64).to_le_bytes());
            hash.update(bytes);
        }
    };
    field(Some(previous));
    field(Some(&seq.to_le_bytes()));
    field(Some(&entry.at.timestamp_micros().to_le_bytes()));
    field(entry.actor_id.map(|id| *id.uuid().as_bytes()).as_ref().map(<[u8; 16]>::as_slice));
    field(entry.subject_id.map(|id| *id.uuid().as_bytes()).as_ref().map(<[u8; 16]>::as_slice));
    for text in [Some(entry.action), Some(entry.address), Some(entry.user_agent), entry.before, entry.after] {
        field(text.map(str::as_bytes));
    }
    hash.finalize().into()
}
