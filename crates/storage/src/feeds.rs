//! Each person's feed: numbered messages without a gap, as they are sent over the live channel.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use domain::UserId;
use serde_json::Value;
use sqlx::{PgConnection, PgExecutor, types::Json};
use uuid::Uuid;

use crate::{Error, Result};

/// Appends messages, each `{"type": …, "data": …}`, to feeds in the caller's transaction; gives their
/// numbers, in the same order.
///
/// The feed rows stay locked, in the order of their owners, until the transaction ends: numbers
/// therefore become visible in order and, if it is rolled back, are given out again.
pub async fn append(db: &mut PgConnection, messages: &[(UserId, Value)]) -> Result<Vec<i64>> {
    let users: Vec<Uuid> = messages.iter().map(|(user, _)| user.uuid()).collect();
    let payloads: Vec<Json<&Value>> = messages.iter().map(|(_, message)| Json(message)).collect();
    let rows = sqlx::query!(
        r#"with wanted as (
               select user_id, message,
                      row_number() over (partition by user_id order by place) as n,
                      count(*) over (partition by user_id) as of
               from unnest($1::uuid[], $2::jsonb[]) with ordinality as t (user_id, message, place)
           ), feed as (
               insert into ai.feeds as f (user_id, last_seq)
               select distinct user_id, of from wanted order by user_id
               on conflict (user_id) do update set last_seq = f.last_seq + excluded.last_seq
               returning user_id, last_seq
           )
           insert into ai.feed_messages (user_id, seq, message)
           select user_id, last_seq - of + n, message from wanted join feed using (user_id)
           returning user_id, seq"#,
        &users,
        payloads as _,
    )
    .fetch_all(db)
    .await?;
    // The messages themselves stay here: only their numbers come back, which rise in each feed in
    // the order of its messages.
    let mut numbers: Vec<(Uuid, i64)> = rows.into_iter().map(|row| (row.user_id, row.seq)).collect();
    numbers.sort_unstable();
    let mut of_user: HashMap<Uuid, std::vec::IntoIter<i64>> = HashMap::new();
    for own in numbers.chunk_by(|a, b| a.0 == b.0) {
        of_user.insert(own[0].0, own.iter().map(|(_, seq)| *seq).collect::<Vec<_>>().into_iter());
    }
    let next = |user: &Uuid| of_user.get_mut(user).and_then(Iterator::next);
    let numbered: Option<Vec<i64>> = users.iter().map(next).collect();
    numbered.ok_or_else(|| Error::Corrupt { what: "feed", cause: "a message got no number".to_owned() })
}

/// The last number of a feed, and the number up to which it was pruned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Position {
    pub last_seq: i64,
    pub pruned_seq: i64,
}

pub async fn position(db: impl PgExecutor<'_>, user: UserId) -> Result<Position> {
    let position = sqlx::query_as!(
        Position,
        "select last_seq, pruned_seq from ai.feeds where user_id = $1",
        user.uuid()
    )
    .fetch_optional(db)
    .await?;
    Ok(position.unwrap_or_default())
}

/// The messages of a feed after a number, in order.
pub async fn after(db: impl PgExecutor<'_>, user: UserId, seq: i64, limit: i64) -> Result<Vec<(i64, Value)>> {
    let rows = sqlx::query!(
        "select seq, message from ai.feed_messages where user_id = $1 and seq > $2 order by seq limit $3",
        user.uuid(),
        seq,
        limit,
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.seq, row.message)).collect())
}

/// Removes messages from before `before` and notes how far each feed was pruned; gives how many.
pub async fn prune(db: &mut PgConnection, before: DateTime<Utc>) -> Result<u64> {
    let removed = sqlx::query_scalar!(
        r#"with gone as (
               delete from ai.feed_messages where created_at < $1 returning user_id, seq
           ), noted as (
               update ai.feeds f set pruned_seq = greatest(f.pruned_seq, g.seq)
               from (select user_id, max(seq) as seq from gone group by user_id) g
               where f.user_id = g.user_id
           )
           select count(*) as "count!" from gone"#,
        before,
    )
    .fetch_one(db)
    .await?;
    Ok(removed as u64)
}
