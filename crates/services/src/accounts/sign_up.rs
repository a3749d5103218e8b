//! Signing up. There is no account before its address is confirmed, and whether the address has one
//! already is looked up only by the job that writes the letter: who sends the form cannot tell, by
//! answer or by time.
//!
//! The password in the form counts only for the browser that sent it. Whoever follows the link in
//! another one chooses a password there, so that nobody can prepare an account with somebody else's
//! address and a password of their own.

use ::jobs::{Attempt, Failure, Job, Options, Runner, enqueue};
use chrono::TimeDelta;
use domain::{
    UserId,
    account::{Email, NewPasswordForm, SignUpForm},
    place::Region,
    role::Roles,
};
use identity::token;
use mail::Letter;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use storage::{
    admittance,
    sign_ups::{self, NewSignUp, Pending},
    users::{self, NewUser},
};
use uuid::Uuid;

use super::{
    challenge, new_token,
    passwords::refuse_weak,
    sessions::{Device, SignedIn, open_session},
};
use crate::{
    Result, ServiceError, Services,
    audit::{self, Act},
    letters,
    organisations::refuse_other_ways,
};

/// How long the link in a letter is good.
const LINK_HOURS: u32 = 24;
/// For so long another link can be had.
const KEEP: TimeDelta = TimeDelta::days(7);
const NEXT_LENGTH: usize = 2_000;

const LINK_IS_OLD: &str =
    "This link does not work any more. Please sign up once more, or sign in if you have done so.";

/// What the browser keeps while somebody looks into their mail.
pub struct SigningUp {
    pub browser: SecretString,
    pub keep_for: TimeDelta,
}

/// What somebody has given who waits for the letter.
pub struct Begun {
    pub display_name: String,
    pub region: Region,
    pub roles: Roles,
    pub next: String,
}

/// The way into an account that has just come into being.
pub struct Entered {
    pub signed_in: SignedIn,
    /// Where the person was going when they signed up.
    pub next: String,
}

/// Keeps what somebody gives to sign up, and has a letter written to the address. The same is done,
/// and takes as long, whether or not the address has an account.
pub async fn sign_up(
    services: &Services,
    form: &SignUpForm,
    next: &str,
    device: &Device,
) -> Result<SigningUp> {
    let sign_up = form.validate()?;
    refuse_other_ways(services.database.house(), &sign_up.email).await?;
    refuse_weak(services, &sign_up.password, &[sign_up.email.as_str(), &sign_up.display_name]).await?;
    challenge::meet(services, form, device).await?;
    let password = SecretString::from(sign_up.password.clone());
    let password_hash = services.passwords.hash(password).await.map_err(ServiceError::internal)?;
    let (browser, browser_hash) = new_token()?;
    let now = services.now();
    let new = NewSignUp {
        id: Uuid::now_v7(),
        sign_up: &sign_up,
        password_hash: &password_hash,
        next: if next.len() <= NEXT_LENGTH { next } else { "" },
        browser_hash: &browser_hash,
        now,
        expires_at: now + KEEP,
    };
    let mut tx = services.database.begin_as_house().await?;
    sign_ups::insert(&mut tx, &new).await?;
    write_to(services, &mut tx, new.id).await?;
    audit::record(services, &mut tx, Act::of_nobody("sign_up.begun"), device).await?;
    tx.commit().await?;
    Ok(SigningUp { browser, keep_for: KEEP })
}

/// The address that a browser has signed up with, while it is not confirmed.
pub async fn signing_up(services: &Services, browser: &str) -> Result<Option<String>> {
    Ok(begun_in(services, browser).await?.map(|pending| pending.email))
}

/// What somebody gave to sign up in this browser, without the address and the password, and where they
/// were going: for whoever has to give another address.
pub async fn begun_sign_up(services: &Services, browser: &str) -> Result<Option<Begun>> {
    Ok(begun_in(services, browser).await?.map(|pending| Begun {
        display_name: pending.display_name,
        region: pending.region,
        roles: pending.roles,
        next: pending.next,
    }))
}

/// Has another letter written, for a browser that has signed up or for a link that is too old. A
/// letter sent before then leads nowhere.
pub async fn send_again(services: &Services, browser: &str, link: &str) -> Result<()> {
    let pending = match of_link(services, link).await? {
        Some(pending) => Some(pending),
        None => begun_in(services, browser).await?,
    };
    let pending = pending.ok_or(ServiceError::Conflict(LINK_IS_OLD))?;
    let mut tx = services.database.begin_as_house().await?;
    write_to(services, &mut tx, pending.id).await?;
    tx.commit().await?;
    Ok(())
}

/// What a link leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignUpLink {
    Good {
        email: String,
        display_name: String,
        /// Whether it was followed in another browser than the one that signed up: a password is
        /// then chosen here.
        elsewhere: bool,
    },
    /// Another one can be had.
    Old { email: String },
    /// It was used, or a newer one was sent, or there never was such a link.
    Unknown,
}

/// Looks at a link without using it: programs that look through mail follow links, too.
pub async fn sign_up_link(services: &Services, link: &str, browser: &str) -> Result<SignUpLink> {
    Ok(match of_link(services, link).await? {
        None => SignUpLink::Unknown,
        Some(pending) if !is_good(services, &pending) => SignUpLink::Old { email: pending.email },
        Some(pending) => SignUpLink::Good {
            elsewhere: !is_begun_in(&pending, browser),
            email: pending.email,
            display_name: pending.display_name,
        },
    })
}

/// Uses a link: the account comes into being, and its owner is signed in. The password in the form
/// is asked for only in another browser than the one that signed up.
pub async fn confirm_sign_up(
    services: &Services,
    link: &str,
    browser: &str,
    form: &NewPasswordForm,
    device: &Device,
) -> Result<Entered> {
    let known = of_link(services, link).await?.filter(|pending| is_good(services, pending));
    let pending = known.ok_or(ServiceError::Conflict(LINK_IS_OLD))?;
    let password_hash = if is_begun_in(&pending, browser) {
        pending.password_hash
    } else {
        let password = form.validate()?;
        refuse_weak(services, &password, &[&pending.email, &pending.display_name]).await?;
        services.passwords.hash(password.into()).await.map_err(ServiceError::internal)?
    };
    let email = Email::parse(&pending.email).map_err(|_| ServiceError::Conflict(LINK_IS_OLD))?;
    let newcomer = Newcomer {
        email: &email,
        display_name: &pending.display_name,
        password_hash: &password_hash,
        region: pending.region,
        roles: &pending.roles,
    };
    let link = token::hash(link).ok_or(ServiceError::Conflict(LINK_IS_OLD))?;
    let mut tx = services.database.begin_as_house().await?;
    // It may have become an organisation's since the letter was sent.
    refuse_other_ways(&mut *tx, &email).await?;
    if !sign_ups::use_token(&mut tx, &link, services.now()).await? {
        return Err(ServiceError::Conflict(LINK_IS_OLD));
    }
    sign_ups::delete_of_address(&mut tx, &email).await?;
    let signed_in = open_account(services, &mut tx, &newcomer, device).await?;
    tx.commit().await?;
    Ok(Entered { signed_in, next: pending.next })
}

/// Somebody whose address is known to be theirs.
pub struct Newcomer<'a> {
    pub email: &'a Email,
    pub display_name: &'a str,
    pub password_hash: &'a str,
    pub region: Region,
    pub roles: &'a Roles,
}

/// Makes an account and signs its owner in. Writes to the audit log, so nothing follows it in its
/// transaction.
pub async fn open_account(
    services: &Services,
    db: &mut PgConnection,
    newcomer: &Newcomer<'_>,
    device: &Device,
) -> Result<SignedIn> {
    let id = UserId::new();
    let user = NewUser {
        id,
        email: newcomer.email,
        display_name: newcomer.display_name,
        password_hash: Some(newcomer.password_hash),
        region: newcomer.region,
        roles: newcomer.roles,
        email_verified_at: services.now(),
    };
    users::insert(db, &user).await.map_err(|error| {
        if error.is_refused_by(users::EMAIL_UNIQUE) {
            ServiceError::Conflict("This address has an account by now. Please sign in.")
        } else {
            error.into()
        }
    })?;
    let person = admittance::admittable(db, id).await?.ok_or(ServiceError::SignedOut)?;
    let signed_in = open_session(services, db, id, &person, None, device).await?;
    audit::record(services, db, Act::of(id, "account.created"), device).await?;
    Ok(signed_in)
}

async fn begun_in(services: &Services, browser: &str) -> Result<Option<Pending>> {
    let Some(hash) = token::hash(browser) else { return Ok(None) };
    Ok(sign_ups::by_browser(services.database.house(), &hash, services.now()).await?)
}

async fn of_link(services: &Services, link: &str) -> Result<Option<Pending>> {
    let Some(hash) = token::hash(link) else { return Ok(None) };
    Ok(sign_ups::by_token(services.database.house(), &hash, services.now()).await?)
}

fn is_good(services: &Services, pending: &Pending) -> bool {
    pending.token_expires_at.is_some_and(|until| until > services.now())
}

/// Compares hashes of full entropy, which tell nothing by the time that takes.
fn is_begun_in(pending: &Pending, browser: &str) -> bool {
    token::hash(browser).is_some_and(|hash| pending.browser_hash == hash)
}

/// Has the letter of a sign-up written. Nothing is known of the address yet.
#[derive(Serialize, Deserialize)]
struct WriteToNewcomer {
    sign_up: Uuid,
}

impl Job for WriteToNewcomer {
    const KIND: &'static str = "write_to_newcomer";
}

async fn write_to(services: &Services, db: &mut PgConnection, id: Uuid) -> Result<()> {
    let once = Options::at(services.now()).unique(id);
    enqueue(db, &WriteToNewcomer { sign_up: id }, once).await.map_err(ServiceError::internal)?;
    Ok(())
}

pub(super) fn handle(services: &Services, runner: Runner) -> Runner {
    let services = services.clone();
    runner.handle(move |job: WriteToNewcomer, attempt: Attempt| {
        let services = services.clone();
        async move { write(&services, job.sign_up, &attempt).await }
    })
}

async fn write(services: &Services, id: Uuid, attempt: &Attempt) -> Result<(), Failure> {
    let house = services.database.house();
    let Some(to) = sign_ups::address(house, id).await.map_err(Failure::retry)? else { return Ok(()) };
    if !letters::may_send::<WriteToNewcomer>(services, attempt, &to).await? {
        return Ok(());
    }
    let letter = if users::has_account(house, &to).await.map_err(Failure::retry)? {
        Letter::AlreadyRegistered
    } else {
        let (link, hash) = letters::link(services, "/sign-up/confirm")?;
        let until = services.now() + TimeDelta::hours(LINK_HOURS.into());
        if !sign_ups::set_token(house, id, &hash, until).await.map_err(Failure::retry)? {
            return Ok(());
        }
        Letter::VerifyEmail { link, hours: LINK_HOURS }
    };
    letters::deliver(services, Uuid::new_v4(), &to, &letter).await
}
