//! People who do not want to meet.

use domain::UserId;
use events::Event;
use identity::Principal;

use crate::{Result, ServiceError, Services, accounts::act_as};

pub async fn block(services: &Services, who: &Principal, other: UserId) -> Result<()> {
    change(services, who, other, true).await
}

pub async fn unblock(services: &Services, who: &Principal, other: UserId) -> Result<()> {
    change(services, who, other, false).await
}

async fn change(services: &Services, who: &Principal, other: UserId, blocked: bool) -> Result<()> {
    if other == who.user_id {
        return Err(ServiceError::Conflict("You cannot block yourself."));
    }
    let mut tx = act_as(services, who).await?;
    if !storage::users::exists(&mut *tx, other).await? {
        return Err(ServiceError::NotFound("person"));
    }
    if blocked {
        storage::users::block(&mut tx, who.user_id, other).await?;
    } else {
        storage::users::unblock(&mut tx, who.user_id, other).await?;
    }
    events::append(&mut tx, Event::BlockChanged { blocker_id: who.user_id, blocked_id: other }).await?;
    tx.commit().await?;
    Ok(())
}
