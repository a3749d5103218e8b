//! What people told us that nobody else sees, as it was sealed.

use chrono::{DateTime, Utc};
use domain::UserId;
use sqlx::{PgConnection, PgExecutor};

use crate::Result;

#[derive(Clone, Debug, Default)]
pub struct Sealed {
    pub phone: Option<Vec<u8>>,
    pub legal_name: Option<Vec<u8>>,
}

pub async fn of_user(db: impl PgExecutor<'_>, user: UserId) -> Result<Sealed> {
    let row = sqlx::query_as!(
        Sealed,
        "select phone_sealed as phone, legal_name_sealed as legal_name
         from auth.private_details where user_id = $1",
        user.uuid(),
    )
    .fetch_optional(db)
    .await?;
    Ok(row.unwrap_or_default())
}

pub async fn set(db: &mut PgConnection, user: UserId, details: &Sealed, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "insert into auth.private_details (user_id, phone_sealed, legal_name_sealed, updated_at)
         values ($1, $2, $3, $4)
         on conflict (user_id) do update
         set phone_sealed = excluded.phone_sealed, legal_name_sealed = excluded.legal_name_sealed,
             updated_at = excluded.updated_at",
        user.uuid(),
        details.phone,
        details.legal_name,
        now,
    )
    .execute(db)
    .await?;
    Ok(())
}
