//! Changing one's address, which both the old and the new end must confirm.

use ::jobs::{Attempt, Failure, Job, Options, Runner, enqueue};
use chrono::TimeDelta;
use domain::{
    FieldErrors,
    account::{AddressForm, Email, FirstFactor},
};
use identity::{Principal, token};
use mail::Letter;
use serde::{Deserialize, Serialize};
use storage::{
    admittance,
    email_changes::{self, Change, End},
    organisations, password_resets, sessions, users,
};
use uuid::Uuid;

use super::{
    act_as,
    admission::let_in,
    own, second_factor,
    sessions::{Device, SignedIn, change_token},
    ways_in,
};
use crate::{
    Result, ServiceError, Services,
    audit::{self, Act},
    letters,
};

/// Both links must be followed within this time.
const BOTH_WITHIN: TimeDelta = TimeDelta::hours(24);

const LINK_IS_OLD: &str = "This link does not work any more: it was used, or the change was given up.";

const ORGANISED: &str = "The organisation of this address signs its people in by itself. Sign in with it there; this \
                         account keeps the address that it has.";

/// One's address, and the change of it that one has begun.
pub struct OwnEmail {
    pub email: String,
    /// Whether it is known that one reads mail there.
    pub verified: bool,
    pub change: Option<Change>,
}

pub async fn own_email(services: &Services, who: &Principal) -> Result<OwnEmail> {
    let account = own(services, who).await?;
    let mut tx = services.database.begin_as(who.user_id).await?;
    let change = email_changes::of_user(&mut *tx, who.user_id, services.now()).await?;
    Ok(OwnEmail { email: account.email, verified: who.email_verified, change })
}

/// Begins a change: both addresses get a letter with a link. Whether the new one has an account
/// already is not said here; its owner is told there.
pub async fn ask_email_change(
    services: &Services,
    who: &Principal,
    form: &AddressForm,
    device: &Device,
) -> Result<()> {
    who.proved(services.now())?;
    let new_email = form.validate()?;
    if organisations::is_required_of(services.database.house(), who.user_id).await? {
        return Err(ServiceError::Conflict(
            "Your organisation looks after your address and how you sign in. Ask those who set that up there.",
        ));
    }
    // Sessions that were opened in another way would go round its sign-in.
    if organisations::is_required(services.database.house(), new_email.domain()).await? {
        return Err(FieldErrors::one("email", ORGANISED).into());
    }
    let change_id = Uuid::now_v7();
    let until = services.now() + BOTH_WITHIN;
    let mut tx = act_as(services, who).await?;
    let account = users::by_id(&mut *tx, who.user_id).await?.ok_or(ServiceError::SignedOut)?;
    if account.email == new_email.as_str() {
        return Err(FieldErrors::one("email", "That is your address already.").into());
    }
    email_changes::begin(&mut tx, who.user_id, change_id, &new_email, until).await?;
    for (old_end, to) in [(true, account.email.as_str()), (false, new_email.as_str())] {
        let job =
            WriteToEnd { change_id, old_end, to: to.to_owned(), new_email: new_email.as_str().to_owned() };
        enqueue(&mut tx, &job, Options::at(services.now())).await.map_err(ServiceError::internal)?;
    }
    let asked = Act::of(who.user_id, "email.change_asked");
    let asked = asked.before(&masked(&account.email)).after(&masked(new_email.as_str()));
    audit::record(services, &mut tx, asked, device).await?;
    tx.commit().await?;
    Ok(())
}

/// Gives up the change that one has begun.
pub async fn give_up_email_change(services: &Services, who: &Principal, device: &Device) -> Result<()> {
    let mut tx = act_as(services, who).await?;
    if email_changes::forget(&mut tx, who.user_id).await? {
        audit::record(services, &mut tx, Act::of(who.user_id, "email.change_given_up"), device).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// What a link of a change is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmailLink {
    pub new_email: String,
    /// Whether it came to the address that the account has so far.
    pub to_old: bool,
}

/// Looks at a link without using it; none if it is not good any more.
pub async fn email_link(services: &Services, link: &str) -> Result<Option<EmailLink>> {
    let Some(hash) = token::hash(link) else { return Ok(None) };
    let found = email_changes::by_token(services.database.house(), &hash, services.now()).await?;
    Ok(found.map(|(change, end)| EmailLink { new_email: change.new_email, to_old: end == End::Old }))
}

/// How far a change has come with a link.
pub enum Agreed {
    /// The other end has yet to agree.
    Half,
    /// The account has its new address. Everybody is signed out of it but the browser that used the
    /// link, which gets another token if it was signed in.
    Done(Option<SignedIn>),
}

/// Uses a link. With the second of the two the account gets its new address.
pub async fn confirm_email_change(
    services: &Services,
    link: &str,
    viewer: Option<&Principal>,
    device: &Device,
) -> Result<Agreed> {
    let hash = token::hash(link).ok_or(ServiceError::Conflict(LINK_IS_OLD))?;
    let now = services.now();
    let mut tx = services.database.begin_as_house().await?;
    // The account first, as everywhere, so that nobody waits in a circle.
    let begun = email_changes::by_token(&mut *tx, &hash, now).await?;
    let (begun, _) = begun.ok_or(ServiceError::Conflict(LINK_IS_OLD))?;
    ways_in::hold(&mut tx, begun.user_id).await?;
    let change = email_changes::confirm(&mut tx, &hash, now).await?;
    let change = change.ok_or(ServiceError::Conflict(LINK_IS_OLD))?;
    let id = change.user_id;
    // Whoever was let in when the change was begun may not be by now.
    let person = admittance::admittable(&mut tx, id).await?.ok_or(ServiceError::Conflict(LINK_IS_OLD))?;
    let_in(&person, FirstFactor::EmailLink)?;
    let new_email = Email::parse(&change.new_email).map_err(|_| ServiceError::Conflict(LINK_IS_OLD))?;
    if organisations::is_required(&mut *tx, new_email.domain()).await? {
        return Err(ServiceError::Conflict(ORGANISED));
    }
    if !(change.old_confirmed && change.new_confirmed) {
        let act = Act::of_nobody("email.change_confirmed").about(Some(id));
        audit::record(services, &mut tx, act, device).await?;
        tx.commit().await?;
        return Ok(Agreed::Half);
    }
    let account = users::by_id(&mut *tx, id).await?.ok_or(ServiceError::NotFound("account"))?;
    let here = viewer.filter(|who| who.user_id == id);
    if let Err(error) = users::set_email(&mut tx, id, &change.new_email, now).await {
        if !error.is_refused_by(users::EMAIL_UNIQUE) {
            return Err(error.into());
        }
        tx.rollback().await?;
        let mut tx = services.database.begin_as_house().await?;
        email_changes::forget(&mut tx, id).await?;
        tx.commit().await?;
        let message = "The new address belongs to another account by now. Your address stays as it was.";
        return Err(ServiceError::Conflict(message));
    }
    email_changes::forget(&mut tx, id).await?;
    // A link that went to the old address opens nothing any more.
    password_resets::forget(&mut tx, id).await?;
    // Nor does a code that went there, or a browser that was trusted by one.
    second_factor::distrust(&mut tx, id).await?;
    sessions::delete_others(&mut *tx, id, here.map(|who| who.session_id)).await?;
    let renewed = match here {
        Some(who) => Some(change_token(&mut tx, who).await?),
        None => None,
    };
    letters::send(services, &mut tx, &account.email, Letter::EmailChanged).await?;
    let act = Act::of(id, "email.changed").before(&masked(&account.email)).after(&masked(&change.new_email));
    audit::record(services, &mut tx, act, device).await?;
    tx.commit().await?;
    Ok(Agreed::Done(renewed))
}

/// Enough of an address to know it by. Entries of the log outlive accounts, so it is not all of it.
fn masked(email: &str) -> String {
    let (local, host) = email.split_once('@').unwrap_or((email, ""));
    let first: String = local.chars().take(1).collect();
    format!("{first}…@{host}")
}

/// Has one of the two letters of a change written.
#[derive(Serialize, Deserialize)]
struct WriteToEnd {
    change_id: Uuid,
    old_end: bool,
    to: String,
    new_email: String,
}

/// Letters to the old end are counted by themselves: strangers who name the address stop none of them.
const TO_OLD_END: &str = "write_about_new_address to the old one";

impl Job for WriteToEnd {
    const KIND: &'static str = "write_about_new_address";
}

pub(super) fn handle(services: &Services, runner: Runner) -> Runner {
    let services = services.clone();
    runner.handle(move |job: WriteToEnd, attempt: Attempt| {
        let services = services.clone();
        async move { write(&services, job, &attempt).await }
    })
}

async fn write(services: &Services, job: WriteToEnd, attempt: &Attempt) -> Result<(), Failure> {
    let house = services.database.house();
    // The address that the account has is written to because its owner asked, who has proved it; the new
    // one, because somebody named it.
    let counted_as = if job.old_end { TO_OLD_END } else { WriteToEnd::KIND };
    if !letters::may_send_as(services, counted_as, attempt, &job.to).await? {
        return Ok(());
    }
    if !job.old_end && users::has_account(house, &job.to).await.map_err(Failure::retry)? {
        return letters::deliver(services, Uuid::new_v4(), &job.to, &Letter::AddressTaken).await;
    }
    let (link, hash) = letters::link(services, "/account/email/confirm")?;
    let end = if job.old_end { End::Old } else { End::New };
    if !email_changes::set_token(house, job.change_id, end, &hash).await.map_err(Failure::retry)? {
        return Ok(());
    }
    let letter = match end {
        End::Old => Letter::ChangeEmailOld { link, new_email: job.new_email },
        End::New => Letter::ChangeEmailNew { link },
    };
    letters::deliver(services, Uuid::new_v4(), &job.to, &letter).await
}
