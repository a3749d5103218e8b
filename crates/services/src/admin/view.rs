//! Seeing what somebody else sees. The administrator's session shows the other person's pages for a
//! while, to be read and nothing more; both ends are written down where the person finds them.

use chrono::TimeDelta;
use domain::{UserId, account::AccountStatus, role::Role};
use identity::{Permission, Principal, ViewedBy};
use storage::{people, sessions};

use super::people::take;
use crate::{
    Result, ServiceError, Services,
    accounts::Device,
    audit::{self, Act},
};

/// Then the session shows its owner's pages again.
pub const VIEW_LASTS: TimeDelta = TimeDelta::minutes(30);

/// Has the session show somebody else's pages.
pub async fn begin_view(services: &Services, who: &Principal, id: UserId, device: &Device) -> Result<()> {
    who.may(Permission::Impersonate)?;
    who.proved(services.now())?;
    let (mut tx, account) = take(services, who, id).await?;
    if super::administers(&account.roles) {
        return Err(ServiceError::Conflict("Nobody looks at the site as one who administers it."));
    }
    if account.status != AccountStatus::Active {
        return Err(ServiceError::Conflict("This account is not active: its owner sees no pages either."));
    }
    let until = services.now() + VIEW_LASTS;
    sessions::begin_view(&mut *tx, who.session_id, id, until).await?;
    audit::record(services, &mut tx, Act::of(who.user_id, "view.begun").about(Some(id)), device).await?;
    tx.commit().await?;
    Ok(())
}

/// Has the session show its owner's pages again; gives at whose it looked.
pub async fn end_view(services: &Services, who: &Principal, device: &Device) -> Result<UserId> {
    let by = who.viewed_by.as_ref().ok_or(ServiceError::Conflict("You see your own pages already."))?;
    let mut tx = services.database.begin_as_house().await?;
    sessions::end_view(&mut *tx, who.session_id).await?;
    let act = Act::of(by.user_id, "view.ended").about(Some(who.user_id));
    audit::record(services, &mut tx, act, device).await?;
    tx.commit().await?;
    Ok(who.user_id)
}

/// The person whose pages a session shows, if it shows somebody's: as they are by now, without any
/// role that administers. Whoever may not look any more, or for longer, sees their own.
pub(crate) async fn as_viewed(services: &Services, owner: Principal, id: UserId) -> Result<Principal> {
    if owner.may(Permission::Impersonate).is_err() {
        return Ok(owner);
    }
    let Some(person) = people::by_id(services.database.house(), id).await? else { return Ok(owner) };
    if person.status != AccountStatus::Active {
        return Ok(owner);
    }
    let by = ViewedBy { user_id: owner.user_id, display_name: owner.display_name };
    Ok(Principal {
        user_id: person.id,
        display_name: person.display_name,
        region: person.region,
        roles: person.roles.iter().filter(|role| matches!(role, Role::Freelancer | Role::Client)).collect(),
        email_verified: person.email_verified_at.is_some(),
        viewed_by: Some(by),
        ..owner
    })
}
