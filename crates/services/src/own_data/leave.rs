//! Leaving for good. What guards the account and who its owner is goes at once; what others were
//! shown goes as soon as they have been told that it no longer counts.

use std::time::Duration;

use ::jobs::{Attempt, Failure, Job, Options, Runner, enqueue};
use domain::{FieldErrors, UserId, role::Role};
use events::Event;
use identity::Principal;
use mail::Letter;
use serde::{Deserialize, Serialize};
use storage::{organisations, own_data, profiles};

use crate::{
    Result, ServiceError, Services,
    accounts::{self, Device},
    audit::{self, Act},
    letters,
};

#[derive(Serialize, Deserialize)]
struct EraseAccount {
    user_id: UserId,
}

impl Job for EraseAccount {
    const KIND: &'static str = "erase_account";
    const TIMEOUT: Duration = Duration::from_secs(300);
}

/// Deletes one's own account, for good. `understood` says that its owner was told what goes.
pub async fn leave(services: &Services, who: &Principal, understood: bool, device: &Device) -> Result<()> {
    let now = services.now();
    who.proved(now)?;
    if !understood {
        return Err(FieldErrors::one("understood", "Please confirm that you know what goes.").into());
    }
    if who.roles.contains(Role::Admin) || who.roles.contains(Role::Superadmin) {
        return Err(ServiceError::Conflict(
            "An administrator's account cannot be deleted. Have the role taken back first.",
        ));
    }
    let id = who.user_id;
    // On behalf of the house: the act reaches into what others have stored, such as whom they blocked.
    let mut tx = services.database.begin_as_house().await?;
    // What is under way in other requests of theirs is waited for; what comes later finds them gone.
    accounts::hold(services, &mut tx, who).await?;
    if organisations::manages(&mut *tx, id).await? {
        return Err(ServiceError::Conflict(
            "You set up how your organisation's people sign in. Remove the organisation first, under Organisation.",
        ));
    }
    let email = own_data::email_of(&mut *tx, id).await?.ok_or(ServiceError::SignedOut)?;
    for job_id in own_data::close_open_jobs(&mut tx, id, now).await? {
        events::append(&mut tx, Event::JobClosed { job_id }).await?;
    }
    profiles::pause(&mut tx, id, now).await?;
    events::append(&mut tx, Event::ProfileSaved { user_id: id }).await?;
    own_data::delete_at_once(&mut tx, id).await?;
    own_data::anonymise(&mut tx, id, now).await?;
    letters::send(services, &mut tx, &email, Letter::AccountDeleted).await?;
    enqueue(&mut tx, &EraseAccount { user_id: id }, Options::at(now))
        .await
        .map_err(ServiceError::internal)?;
    audit::record(services, &mut tx, Act::of(id, "account.deleted"), device).await?;
    tx.commit().await?;
    Ok(())
}

pub(super) fn handle(services: &Services, runner: Runner) -> Runner {
    let services = services.clone();
    runner.handle(move |job: EraseAccount, attempt: Attempt| {
        let services = services.clone();
        async move { erase(&services, job.user_id, &attempt).await }
    })
}

async fn erase(services: &Services, user: UserId, attempt: &Attempt) -> Result<(), Failure> {
    let mut tx = services.database.begin_as_house().await.map_err(Failure::retry)?;
    if !own_data::is_deleted(&mut *tx, user).await.map_err(Failure::retry)? {
        return Err(Failure::GiveUp("the account is not deleted".into()));
    }
    // Once more, for what a server of a former version may have written while they left.
    own_data::delete_at_once(&mut tx, user).await.map_err(Failure::retry)?;
    own_data::anonymise(&mut tx, user, services.now()).await.map_err(Failure::retry)?;
    let jobs = own_data::jobs_of(&mut *tx, user).await.map_err(Failure::retry)?;
    if !own_data::is_settled(&mut *tx, user, &jobs).await.map_err(Failure::retry)? {
        return Err(Failure::Retry("others have not been told yet".into()));
    }
    own_data::forget_in_feeds(&mut tx, user, &jobs).await.map_err(Failure::retry)?;
    own_data::erase_afterwards(&mut tx, user, &jobs).await.map_err(Failure::retry)?;
    attempt.finish(&mut tx).await?;
    tx.commit().await.map_err(Failure::retry)
}
