//! Choosing a new password without knowing the old one, by a link that goes to one's address. Who
//! asks for it learns nothing of whether the address has an account: that is looked up by the job
//! that writes the letter.

use ::jobs::{Attempt, Failure, Job, Options, Runner, enqueue};
use chrono::{DateTime, TimeDelta, Utc};
use domain::account::{AccountStatus, AddressForm, FirstFactor, NewPasswordForm};
use identity::token;
use mail::Letter;
use serde::{Deserialize, Serialize};
use storage::{
    email_changes, password_resets, sessions,
    users::{self, User},
};
use uuid::Uuid;

use super::{
    admission::{Admission, admit},
    familiar,
    passwords::refuse_weak,
    second_factor,
    sessions::{Device, end_former},
    ways_in,
};
use crate::{
    Result, ServiceError, Services,
    audit::{self, Act},
    letters,
    organisations::refuse_other_ways,
};

const LINK_MINUTES: u32 = 30;

const LINK_IS_OLD: &str = "This link does not work any more. Please ask for a new one.";

/// Has a letter written to the address. The same is done whether or not it has an account.
pub async fn ask_reset(services: &Services, form: &AddressForm, device: &Device) -> Result<()> {
    let email = form.validate()?;
    refuse_other_ways(services.database.house(), &email).await?;
    let job = WriteToForgetful {
        to: email.as_str().to_owned(),
        at: services.now(),
        user_agent: device.user_agent(),
        address: device.address(),
    };
    let mut tx = services.database.begin_as_house().await?;
    enqueue(&mut tx, &job, Options::at(services.now())).await.map_err(ServiceError::internal)?;
    tx.commit().await?;
    Ok(())
}

/// The address of the account that a link opens, if the link is still good. The link is not used.
pub async fn reset_link(services: &Services, link: &str) -> Result<Option<String>> {
    Ok(owner(services, link).await?.map(|user| user.email))
}

/// Uses a link: the account gets the password, everybody is signed out of it, and its owner is
/// signed in, once they have given the second factor where there is one.
pub async fn reset_password(
    services: &Services,
    link: &str,
    form: &NewPasswordForm,
    device: &Device,
) -> Result<Admission> {
    let old = || ServiceError::Conflict(LINK_IS_OLD);
    let user = owner(services, link).await?.ok_or_else(old)?;
    let password = form.validate()?;
    refuse_weak(services, &password, &[&user.email, &user.display_name]).await?;
    let hash = services.passwords.hash(password.into()).await.map_err(ServiceError::internal)?;
    let link = token::hash(link).ok_or_else(old)?;
    let now = services.now();
    let mut tx = services.database.begin_as_house().await?;
    // Before what hangs on the account, as everywhere.
    ways_in::hold(&mut tx, user.id).await?;
    if !password_resets::take(&mut tx, &link, now).await? {
        return Err(old());
    }
    users::set_password(&mut tx, user.id, &hash, now).await?;
    // The link came to the address, so its owner reads mail there.
    users::verify_email(&mut tx, user.id, now).await?;
    sessions::delete_others(&mut *tx, user.id, None).await?;
    email_changes::forget(&mut tx, user.id).await?;
    second_factor::distrust(&mut tx, user.id).await?;
    letters::send(services, &mut tx, &user.email, Letter::PasswordChanged).await?;
    end_former(&mut tx, device).await?;
    audit::record(services, &mut tx, Act::of(user.id, "password.reset"), device).await?;
    let admission = admit(services, &mut tx, user.id, FirstFactor::EmailLink, device).await?;
    tx.commit().await?;
    Ok(admission)
}

async fn owner(services: &Services, link: &str) -> Result<Option<User>> {
    let Some(hash) = token::hash(link) else { return Ok(None) };
    let house = services.database.house();
    let Some(id) = password_resets::owner(house, &hash, services.now()).await? else { return Ok(None) };
    Ok(users::by_id(house, id).await?)
}

/// Has a letter written to an address of which nothing is known yet.
#[derive(Serialize, Deserialize)]
struct WriteToForgetful {
    to: String,
    at: DateTime<Utc>,
    user_agent: String,
    address: String,
}

impl Job for WriteToForgetful {
    const KIND: &'static str = "write_to_forgetful";
}

pub(super) fn handle(services: &Services, runner: Runner) -> Runner {
    let services = services.clone();
    runner.handle(move |job: WriteToForgetful, attempt: Attempt| {
        let services = services.clone();
        async move { write(&services, job, &attempt).await }
    })
}

async fn write(services: &Services, job: WriteToForgetful, attempt: &Attempt) -> Result<(), Failure> {
    if !letters::may_send::<WriteToForgetful>(services, attempt, &job.to).await? {
        return Ok(());
    }
    let known = users::status_of_address(services.database.house(), &job.to).await.map_err(Failure::retry)?;
    let letter = match known {
        Some((user_id, AccountStatus::Active)) => {
            let device =
                Device { user_agent: job.user_agent, address: job.address.parse().ok(), ..Device::default() };
            let (link, hash) = letters::link(services, "/reset")?;
            let until = services.now() + TimeDelta::minutes(LINK_MINUTES.into());
            let mut tx = services.database.begin_as_house().await.map_err(Failure::retry)?;
            password_resets::set(&mut tx, user_id, &hash, until).await.map_err(Failure::retry)?;
            let asked = Act::of_nobody("password.reset_asked").about(Some(user_id));
            audit::record(services, &mut tx, asked, &device).await.map_err(Failure::retry)?;
            tx.commit().await.map_err(Failure::retry)?;
            let (browser, place) = familiar::in_words(services, &device);
            let place = format!("{browser}, {place}");
            Letter::ResetPassword { link, minutes: LINK_MINUTES, at: job.at, place }
        }
        Some((_, AccountStatus::Suspended)) => Letter::AccountSuspended,
        Some((_, AccountStatus::Deleted)) | None => Letter::ResetUnknown,
    };
    letters::deliver(services, Uuid::new_v4(), &job.to, &letter).await
}
