//! What a token stands on, and holding it in the order in which everybody does.

use domain::UserId;
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

use super::delete_personal;
use crate::Result;

/// Whose a token is and what it is part of, as long as that is there.
#[derive(Clone, Copy, Debug)]
pub struct Origin {
    pub user_id: UserId,
    pub personal_token_id: Uuid,
    /// None of a personal token.
    pub family_id: Option<Uuid>,
}

pub async fn origin_of_personal(db: impl PgExecutor<'_>, token_hash: &[u8; 32]) -> Result<Option<Origin>> {
    let row = sqlx::query!(
        "select id, user_id from auth.personal_tokens where token_hash = $1",
        token_hash.as_slice(),
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| Origin { user_id: row.user_id.into(), personal_token_id: row.id, family_id: None }))
}

/// Of a refresh token, the present one of its family or one that was used.
pub async fn origin_of_refresh(db: impl PgExecutor<'_>, token_hash: &[u8; 32]) -> Result<Option<Origin>> {
    let row = sqlx::query!(
        "select id, user_id, personal_token_id from auth.token_families
         where refresh_hash = $1
            or id = (select family_id from auth.spent_refresh_tokens where token_hash = $1)",
        token_hash.as_slice(),
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| Origin {
        user_id: row.user_id.into(),
        personal_token_id: row.personal_token_id,
        family_id: Some(row.id),
    }))
}

/// Of the access tokens of a family.
pub async fn origin_of_family(db: impl PgExecutor<'_>, id: Uuid) -> Result<Option<Origin>> {
    let row = sqlx::query!("select user_id, personal_token_id from auth.token_families where id = $1", id)
        .fetch_optional(db)
        .await?;
    Ok(row.map(|row| Origin {
        user_id: row.user_id.into(),
        personal_token_id: row.personal_token_id,
        family_id: Some(id),
    }))
}

/// Has the transaction hold the account, then the personal token: whoever changes what hangs on them takes
/// them in this order, families last, so that nobody waits in a circle. What was found before may have
/// changed while this waited, and is to be looked up again.
pub async fn hold(db: &mut PgConnection, origin: Origin) -> Result<()> {
    // Not shared: of programs that come all the time one would always hold it, and a new password waits.
    sqlx::query!("select from auth.users where id = $1 for no key update", origin.user_id.uuid())
        .execute(&mut *db)
        .await?;
    sqlx::query!(
        "select from auth.personal_tokens where id = $1 for no key update",
        origin.personal_token_id
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Ends what a token is part of: a family, or a personal token with all that was given out for it. False if
/// it has ended already.
pub async fn end(db: &mut PgConnection, origin: Origin) -> Result<bool> {
    let Some(family) = origin.family_id else {
        return Ok(delete_personal(db, origin.user_id, origin.personal_token_id.into()).await?.is_some());
    };
    let ended = sqlx::query!("delete from auth.token_families where id = $1", family).execute(db).await?;
    Ok(ended.rows_affected() == 1)
}
