use std::collections::HashMap;

use domain::{
    FieldErrors, UserId,
    account::{AccountStatus, Email, suspension_reason},
    role::{Role, Roles},
};
use events::Event;
use identity::{Permission, Principal};
use mail::Letter;
use sqlx::{PgConnection, Postgres, Transaction};
use storage::{
    audit::Entry,
    email_changes, jobs, password_resets,
    people::{self, Account, Filter},
    profiles,
    sessions::{self, Device as Session},
    users,
};

use super::{administers, may_look_after};
use crate::{
    Result, ServiceError, Services,
    accounts::{Device, market_roles, refuse_who_has_changed, second_factor::distrust},
    audit::{self, Act},
    letters,
};

/// How many people a page of them has.
pub const PAGE: i64 = 50;

/// A page of people.
pub struct Found {
    pub people: Vec<Account>,
    /// Where the next page begins, if there is one.
    pub next: Option<UserId>,
}

/// Finds accounts; `filter.limit` is chosen here.
pub async fn find(services: &Services, who: &Principal, filter: Filter) -> Result<Found> {
    who.may(Permission::FindPeople)?;
    let filter = Filter { limit: PAGE + 1, ..filter };
    let mut people = people::find(services.database.house(), &filter).await?;
    let more = people.len() as i64 > PAGE;
    people.truncate(PAGE as usize);
    let next = people.last().filter(|_| more).map(|last| last.id);
    Ok(Found { people, next })
}

/// An account with what is needed to look after it.
pub struct AccountView {
    pub account: Account,
    pub sessions: Vec<Session>,
    /// The newest entries of its audit trail.
    pub trail: Trail,
    /// Whether the viewer may change anything about it.
    pub changeable: bool,
}

/// One account. That somebody looked is written down.
pub async fn person(
    services: &Services,
    who: &Principal,
    id: UserId,
    device: &Device,
) -> Result<AccountView> {
    who.may(Permission::FindPeople)?;
    who.may(Permission::SeeSessions)?;
    who.may(Permission::SeeAudit)?;
    let mut tx = services.database.begin_as_house().await?;
    let account = people::by_id(&mut *tx, id).await?.ok_or(ServiceError::NotFound("account"))?;
    let sessions = sessions::of_user(&mut *tx, id, services.now()).await?;
    let entries = storage::audit::of_person(&mut *tx, id, None, audit::PAGE).await?;
    let trail = with_names(&mut tx, entries).await?;
    if id != who.user_id {
        audit::record(services, &mut tx, Act::of(who.user_id, "account.seen").about(Some(id)), device)
            .await?;
    }
    tx.commit().await?;
    let changeable = may_look_after(who, &account).is_ok();
    Ok(AccountView { account, sessions, trail, changeable })
}

/// Entries of the audit log, and what the people in them are called now. An entry itself knows them by
/// their identifiers alone, for it outlasts their names.
pub struct Trail {
    pub entries: Vec<Entry>,
    pub names: HashMap<UserId, String>,
}

async fn with_names(db: &mut PgConnection, entries: Vec<Entry>) -> Result<Trail> {
    let mut ids: Vec<UserId> =
        entries.iter().flat_map(|entry| [entry.actor_id, entry.subject_id]).flatten().collect();
    ids.sort_unstable();
    ids.dedup();
    Ok(Trail { names: people::names(db, &ids).await?, entries })
}

/// The audit trail of everybody, newest first, before the entry `before`.
pub async fn trail(services: &Services, who: &Principal, before: Option<i64>) -> Result<Trail> {
    who.may(Permission::SeeAudit)?;
    let mut tx = services.database.begin_as_house().await?;
    let entries = storage::audit::newest(&mut *tx, before, audit::PAGE).await?;
    let trail = with_names(&mut tx, entries).await?;
    tx.commit().await?;
    Ok(trail)
}

/// Shuts somebody out: their sessions end, their profile is paused, their open jobs are held.
pub async fn suspend(
    services: &Services,
    who: &Principal,
    id: UserId,
    reason: &str,
    device: &Device,
) -> Result<()> {
    who.may(Permission::SuspendAccounts)?;
    who.proved(services.now())?;
    let reason = suspension_reason(reason).map_err(|message| FieldErrors::one("reason", message))?;
    let now = services.now();
    let (mut tx, account) = take(services, who, id).await?;
    if account.status != AccountStatus::Active {
        return Err(ServiceError::Conflict("This account is not active, so it cannot be suspended."));
    }
    if account.roles.contains(Role::Superadmin) && !people::another_superadmin(&mut tx, id).await? {
        return Err(ServiceError::Conflict(LAST_SUPERADMIN));
    }
    people::suspend(&mut *tx, id, &reason, now).await?;
    sessions::delete_others(&mut *tx, id, None).await?;
    password_resets::forget(&mut tx, id).await?;
    email_changes::forget(&mut tx, id).await?;
    distrust(&mut tx, id).await?;
    profiles::pause(&mut tx, id, now).await?;
    events::append(&mut tx, Event::ProfileSaved { user_id: id }).await?;
    for job_id in jobs::hold(&mut tx, id, now).await? {
        events::append(&mut tx, Event::JobClosed { job_id }).await?;
    }
    letters::send(services, &mut tx, &account.email, Letter::AccountSuspended).await?;
    let act = Act::of(who.user_id, "account.suspended").about(Some(id)).after(&reason);
    audit::record(services, &mut tx, act, device).await?;
    tx.commit().await?;
    Ok(())
}

/// Lets somebody in again. Their held jobs are open again; their profile they show again themselves.
pub async fn reinstate(services: &Services, who: &Principal, id: UserId, device: &Device) -> Result<()> {
    who.may(Permission::SuspendAccounts)?;
    who.proved(services.now())?;
    let now = services.now();
    let (mut tx, account) = take(services, who, id).await?;
    if account.status != AccountStatus::Suspended {
        return Err(ServiceError::Conflict("This account is not suspended."));
    }
    people::reinstate(&mut *tx, id, now).await?;
    market_roles::follow(&mut tx, id, &Roles::default(), &account.roles, now).await?;
    letters::send(services, &mut tx, &account.email, Letter::AccountReinstated).await?;
    let act = Act::of(who.user_id, "account.reinstated").about(Some(id)).before(&account.suspended_for);
    audit::record(services, &mut tx, act, device).await?;
    tx.commit().await?;
    Ok(())
}

/// Takes it as shown, by other means than a letter, that somebody reads mail at their address.
pub async fn verify_email(services: &Services, who: &Principal, id: UserId, device: &Device) -> Result<()> {
    who.may(Permission::VerifyAccounts)?;
    who.proved(services.now())?;
    let (mut tx, account) = take(services, who, id).await?;
    if account.email_verified_at.is_some() {
        return Ok(());
    }
    people::verify_email(&mut *tx, id, services.now()).await?;
    let act = Act::of(who.user_id, "email.verified_by_admin").about(Some(id));
    audit::record(services, &mut tx, act, device).await?;
    tx.commit().await?;
    Ok(())
}

/// Signs somebody out everywhere; gives on how many devices that was.
pub async fn end_sessions(services: &Services, who: &Principal, id: UserId, device: &Device) -> Result<u64> {
    who.may(Permission::EndSessions)?;
    who.proved(services.now())?;
    let (mut tx, _) = take(services, who, id).await?;
    let count = sessions::delete_others(&mut *tx, id, None).await?;
    let act = Act::of(who.user_id, "session.closed_by_admin").about(Some(id)).after(&count);
    audit::record(services, &mut tx, act, device).await?;
    tx.commit().await?;
    Ok(count)
}

/// Gives somebody exactly these roles, and signs them out everywhere: what their sessions may do has
/// changed.
pub async fn change_roles(
    services: &Services,
    who: &Principal,
    id: UserId,
    roles: &Roles,
    device: &Device,
) -> Result<()> {
    who.may(Permission::ChangeRoles)?;
    who.proved(services.now())?;
    if roles.is_empty() {
        return Err(FieldErrors::one("roles", "Please leave at least one role.").into());
    }
    let (mut tx, account) = take(services, who, id).await?;
    if account.status == AccountStatus::Deleted {
        return Err(ServiceError::Conflict("This account is deleted."));
    }
    if account.roles == *roles {
        return Ok(());
    }
    let steps_down = account.roles.contains(Role::Superadmin) && !roles.contains(Role::Superadmin);
    if steps_down && !people::another_superadmin(&mut tx, id).await? {
        return Err(ServiceError::Conflict(LAST_SUPERADMIN));
    }
    if account.roles.contains(Role::Client)
        && !roles.contains(Role::Client)
        && jobs::has_open(&mut *tx, id).await?
    {
        return Err(FieldErrors::one(
            "roles",
            "They have open jobs as a client; these must be closed first.",
        )
        .into());
    }
    // What is suspended stays off the market until it is opened again.
    if account.status == AccountStatus::Active {
        market_roles::follow(&mut tx, id, &account.roles, roles, services.now()).await?;
    }
    people::set_roles(&mut tx, id, roles).await?;
    sessions::delete_others(&mut *tx, id, None).await?;
    if administers(roles) != administers(&account.roles) {
        letters::send(services, &mut tx, &account.email, Letter::RolesChanged).await?;
    }
    let in_words = |roles: &Roles| roles.iter().collect::<Vec<_>>();
    let act = Act::of(who.user_id, "roles.changed").about(Some(id));
    let act = act.before(&in_words(&account.roles)).after(&in_words(roles));
    audit::record(services, &mut tx, act, device).await?;
    tx.commit().await?;
    Ok(())
}

/// Gives somebody a role that nobody takes up by themselves; for operators, who are no user of the
/// site.
pub async fn appoint(services: &Services, email: &str, role: Role) -> Result<()> {
    let email = Email::parse(email).map_err(|message| FieldErrors::one("email", message))?;
    let mut tx = services.database.begin_as_house().await?;
    let known = users::credentials(&mut *tx, &email).await?.ok_or(ServiceError::NotFound("account"))?;
    let id = known.user_id;
    let account = people::to_be_changed(&mut tx, id).await?.ok_or(ServiceError::NotFound("account"))?;
    if account.roles.contains(role) {
        return Ok(());
    }
    let roles: Roles = account.roles.iter().chain([role]).collect();
    people::set_roles(&mut tx, id, &roles).await?;
    sessions::delete_others(&mut *tx, id, None).await?;
    letters::send(services, &mut tx, &account.email, Letter::RolesChanged).await?;
    let in_words = |roles: &Roles| roles.iter().collect::<Vec<_>>();
    let act = Act::of_nobody("roles.changed").about(Some(id));
    let act = act.before(&in_words(&account.roles)).after(&in_words(&roles));
    audit::record(services, &mut tx, act, &Device::default()).await?;
    tx.commit().await?;
    Ok(())
}

const LAST_SUPERADMIN: &str = "This is the last superadmin. Give somebody else the role first.";

/// An account that the person may look after. Both accounts are held until the transaction ends, so that
/// nobody whose role was taken, or who was suspended, looks after anybody a moment longer.
pub(super) async fn take(
    services: &Services,
    who: &Principal,
    id: UserId,
) -> Result<(Transaction<'static, Postgres>, Account)> {
    let mut tx = services.database.begin_as_house().await?;
    // In one order, for two may look after each other at once.
    for held in [who.user_id.min(id), who.user_id.max(id)] {
        users::hold(&mut tx, held).await?;
    }
    refuse_who_has_changed(services, &mut tx, who).await?;
    let account = people::to_be_changed(&mut tx, id).await?.ok_or(ServiceError::NotFound("account"))?;
    may_look_after(who, &account)?;
    Ok((tx, account))
}
