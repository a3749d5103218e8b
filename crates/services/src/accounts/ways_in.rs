//! The ways into an account, of which the last one is never taken away.

use domain::UserId;
use sqlx::PgConnection;
use storage::{external, organisations, users};

use crate::{Result, ServiceError, Services};

/// Lets those who take away ways into an account do so one after the other, until the transaction
/// ends. Call it first.
pub(super) async fn hold(db: &mut PgConnection, id: UserId) -> Result<()> {
    if users::hold(db, id).await? { Ok(()) } else { Err(ServiceError::SignedOut) }
}

/// Refuses what has just been done in the transaction if it leaves no way in that works today. A link
/// by letter is none: it is for who has lost theirs. On behalf of the house, for nobody else sees
/// whether there is a password.
pub(super) async fn refuse_to_shut_out(services: &Services, db: &mut PgConnection, id: UserId) -> Result<()> {
    let account = users::lock(&mut *db, id).await?.ok_or(ServiceError::SignedOut)?;
    let has_passkey = account.has_passkey && services.passkeys.is_some();
    let offered = |issuer: &str| services.external.providers.iter().any(|known| known.issuer() == issuer);
    let elsewhere = external::of_user(&mut *db, id).await?.iter().any(|identity| offered(&identity.issuer));
    let organised = organisations::lets_in(&mut *db, id).await?;
    if account.has_password || has_passkey || elsewhere || organised {
        return Ok(());
    }
    Err(ServiceError::Conflict(
        "This is your only way in. Choose a password first, or connect another account.",
    ))
}
