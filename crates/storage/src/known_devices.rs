//! From which browsers and networks people have signed in, as hashes.

use chrono::{DateTime, Utc};
use domain::UserId;
use sqlx::{PgConnection, PgExecutor};

use crate::Result;

/// Whether somebody has signed in from a device before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    Before,
    /// Never, but from other devices.
    Never,
    /// This is the first of all.
    First,
}

/// Notes that a person signs in from a device, and tells whether they have done so before.
pub async fn note(
    db: &mut PgConnection,
    user_id: UserId,
    device_hash: &[u8; 32],
    now: DateTime<Utc>,
) -> Result<Seen> {
    let noted = sqlx::query!(
        r#"insert into auth.known_devices (user_id, device_hash, last_seen_at) values ($1, $2, $3)
           on conflict (user_id, device_hash) do update set last_seen_at = excluded.last_seen_at
               where known_devices.last_seen_at < excluded.last_seen_at - interval '1 day'
           returning (xmax = 0) as "is_new!",
                     exists (select from auth.known_devices other
                             where other.user_id = $1 and other.device_hash <> $2) as "others!""#,
        user_id.uuid(),
        device_hash.as_slice(),
        now,
    )
    .fetch_optional(db)
    .await?;
    // It is noted once a day; what was noted a while ago comes back as nothing.
    Ok(match noted.map(|noted| (noted.is_new, noted.others)) {
        None | Some((false, _)) => Seen::Before,
        Some((true, true)) => Seen::Never,
        Some((true, false)) => Seen::First,
    })
}

/// Forgets devices that were not used since `before`.
pub async fn prune(db: impl PgExecutor<'_>, before: DateTime<Utc>) -> Result<()> {
    sqlx::query!("delete from auth.known_devices where last_seen_at < $1", before).execute(db).await?;
    Ok(())
}
