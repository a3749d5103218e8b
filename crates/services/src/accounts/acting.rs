//! Doing something on a person's behalf, while they may: an account can be suspended or deleted, and a
//! session ended, while what its owner asked for just before is still under way.

use identity::Principal;
use sqlx::{PgConnection, Postgres, Transaction};
use storage::sessions;

use super::ways_in;
use crate::{Result, ServiceError, Services};

/// Opens the transaction in which a person changes something of theirs. Until it ends, whoever changes
/// what guards the account, suspends it or deletes it waits; who was faster is seen here.
///
/// A program has no session, and who looks at another's pages has none of theirs: neither changes anything.
///
/// Errors: [`ServiceError::SignedOut`] if the session has ended or the account is not active,
/// [`ServiceError::ProofNeeded`] if a proof was taken back, [`ServiceError::Conflict`] if the roles are others.
pub(crate) async fn act_as(services: &Services, who: &Principal) -> Result<Transaction<'static, Postgres>> {
    let mut tx = services.database.begin_as_holding(who.user_id).await?;
    refuse_who_has_changed(services, &mut tx, who).await?;
    Ok(tx)
}

/// The same for a transaction of the house, which holds the account from here on.
pub(crate) async fn hold(services: &Services, db: &mut PgConnection, who: &Principal) -> Result<()> {
    ways_in::hold(db, who.user_id).await?;
    refuse_who_has_changed(services, db, who).await
}

/// Who holds the account looks again: a request can be long under way, and what it was let in with may have
/// been taken back meanwhile. A statement of its own after the one that waits for the account, for it sees
/// what was done while it waited.
pub(crate) async fn refuse_who_has_changed(
    services: &Services,
    db: &mut PgConnection,
    who: &Principal,
) -> Result<()> {
    if who.viewed_by.is_some() {
        return Err(ServiceError::SignedOut);
    }
    let standing = sessions::standing(db, who.session_id, services.now()).await?;
    let standing = standing.ok_or(ServiceError::SignedOut)?;
    if standing.roles != who.roles {
        return Err(ServiceError::Conflict(
            "What you may do has changed meanwhile. Please load the page again.",
        ));
    }
    if standing.proved_at < who.proved_at {
        return Err(ServiceError::ProofNeeded);
    }
    Ok(())
}
