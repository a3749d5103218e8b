use domain::{UserId, account::Email};
use sqlx::PgExecutor;
use storage::organisations;

use crate::{Result, ServiceError};

/// Refuses whatever is not the issuer of the organisation that the address belongs to, where that one
/// wants it so. It says no more than what holds for the domain, whether or not the address has an
/// account.
pub(crate) async fn refuse_other_ways(db: impl PgExecutor<'_>, email: &Email) -> Result<()> {
    if organisations::is_required(db, email.domain()).await? {
        return Err(ServiceError::OrganisationOnly);
    }
    Ok(())
}

/// The same for somebody who has shown who they are. Administrators of the market are nobody's people:
/// no organisation decides how they come in.
pub(crate) async fn refuse_other_ways_of(db: impl PgExecutor<'_>, user_id: UserId) -> Result<()> {
    if organisations::is_required_of(db, user_id).await? {
        return Err(ServiceError::OrganisationOnly);
    }
    Ok(())
}
