use domain::{
    FieldErrors,
    account::{AccountForm, ChangePasswordForm, PASSWORD_LENGTH},
    role::Role,
};
use events::Event;
use identity::Principal;
use mail::Letter;
use storage::{
    email_changes, organisations, password_resets, sessions,
    users::{self, User},
};

use super::{
    act_as, guesses, hold, market_roles,
    passwords::refuse_weak,
    second_factor,
    sessions::{Device, SignedIn, change_token},
};
use crate::{
    Result, ServiceError, Services,
    audit::{self, Act},
    letters,
};

/// One's own account.
pub async fn own(services: &Services, who: &Principal) -> Result<User> {
    let mut db = services.database.begin_as(who.user_id).await?;
    users::by_id(&mut *db, who.user_id).await?.ok_or(ServiceError::NotFound("account"))
}

/// Changes name, home region and roles. A freelancer's profile moves along with its owner, and is
/// paused when they give up freelancing. Other roles need a fresh proof, and give the session another
/// token; whose organisation gives them roles by their groups has no others.
pub async fn change(
    services: &Services,
    who: &Principal,
    form: &AccountForm,
    device: &Device,
) -> Result<Option<SignedIn>> {
    let change = form.validate()?;
    let chosen = |roles: &domain::role::Roles| -> Vec<Role> {
        roles.iter().filter(|role| matches!(role, Role::Freelancer | Role::Client)).collect()
    };
    let (before, after) = (chosen(&who.roles), chosen(&change.roles));
    if before != after {
        if organisations::gives_roles_to(services.database.house(), who.user_id).await? {
            let message = "Your organisation decides what you do here, by the groups you are in there.";
            return Err(FieldErrors::one("purpose", message).into());
        }
        who.proved(services.now())?;
    }
    let mut tx = act_as(services, who).await?;
    if !change.roles.contains(Role::Client) && storage::jobs::has_open(&mut *tx, who.user_id).await? {
        let message = "You have open jobs as a client. Close them before you give up hiring.";
        return Err(FieldErrors::one("purpose", message).into());
    }
    market_roles::follow(&mut tx, who.user_id, &who.roles, &change.roles, services.now()).await?;
    users::update(&mut tx, who.user_id, &change.display_name, change.region).await?;
    users::set_roles(&mut tx, who.user_id, &change.roles).await?;
    storage::profiles::set_region(&mut tx, who.user_id, change.region, services.now()).await?;
    // The name is masked in what is embedded, and the region is a condition of matching: either
    // change may alter the matches of a profile. Without one, there is nothing to do.
    events::append(&mut tx, Event::ProfileSaved { user_id: who.user_id }).await?;
    let renewed = if before == after { None } else { Some(change_token(&mut tx, who).await?) };
    let act = Act::of(who.user_id, "account.changed").before(&before).after(&after);
    audit::record(services, &mut tx, act, device).await?;
    tx.commit().await?;
    Ok(renewed)
}

/// Whether one's account has a password.
pub async fn has_password(services: &Services, who: &Principal) -> Result<bool> {
    // The house alone can tell.
    Ok(users::password_since(services.database.house(), who.user_id).await?.is_some())
}

/// Changes the password and signs out everywhere else. Who has one gives it, though they have just
/// proved who they are; who signs in another way chooses one.
pub async fn change_password(
    services: &Services,
    who: &Principal,
    form: &ChangePasswordForm,
    device: &Device,
) -> Result<SignedIn> {
    who.proved(services.now())?;
    let password = form.validate()?;
    let account = own(services, who).await?;
    let present = give_present(services, who, &form.current, device).await?;
    refuse_weak(services, &password, &[&account.email, &account.display_name]).await?;
    let hash = services.passwords.hash(password.into()).await.map_err(ServiceError::internal)?;
    // On behalf of the house, for nobody else sees whether the password is still the same.
    let mut tx = services.database.begin_as_house().await?;
    hold(services, &mut tx, who).await?;
    let known = users::credentials_of(&mut *tx, who.user_id).await?;
    if known.and_then(|known| known.password_hash) != present {
        return Err(not_the_present_one());
    }
    users::set_password(&mut tx, who.user_id, &hash, services.now()).await?;
    sessions::delete_others(&mut *tx, who.user_id, Some(who.session_id)).await?;
    // What was asked for under the old password is not to be done under the new one.
    password_resets::forget(&mut tx, who.user_id).await?;
    email_changes::forget(&mut tx, who.user_id).await?;
    second_factor::distrust(&mut tx, who.user_id).await?;
    let renewed = change_token(&mut tx, who).await?;
    letters::send(services, &mut tx, &account.email, Letter::PasswordChanged).await?;
    audit::record(services, &mut tx, Act::of(who.user_id, "password.changed"), device).await?;
    tx.commit().await?;
    Ok(renewed)
}

/// Compares what is given as the present password, if there is one; gives its hash.
async fn give_present(
    services: &Services,
    who: &Principal,
    given: &str,
    device: &Device,
) -> Result<Option<String>> {
    let known = users::credentials_of(services.database.house(), who.user_id).await?;
    let Some(hash) = known.and_then(|known| known.password_hash) else { return Ok(None) };
    if given.is_empty() {
        return Err(FieldErrors::one("current", "Please give your present password.").into());
    }
    let attempt = guesses::confirmation(services, who.session_id).await?;
    // Nobody has one so long: it is not hashed, but that it was tried is written down.
    let right = given.chars().count() <= *PASSWORD_LENGTH.end() && {
        let verdict = services.passwords.verify(given.into(), Some(hash.clone()));
        verdict.await.map_err(ServiceError::internal)?.is_right()
    };
    if !right {
        let mut tx = services.database.begin_as(who.user_id).await?;
        audit::record(services, &mut tx, Act::of(who.user_id, "proof.failed"), device).await?;
        tx.commit().await?;
        return Err(not_the_present_one());
    }
    attempt.was_right(services).await;
    Ok(Some(hash))
}

fn not_the_present_one() -> ServiceError {
    FieldErrors::one("current", "That is not your present password.").into()
}
