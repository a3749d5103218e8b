use domain::{
    FieldErrors, UserId,
    account::{Email, FirstFactor, PASSWORD_LENGTH, SignInForm},
};
use identity::password::Verdict;
use secrecy::SecretString;
use storage::{
    admittance::{self, Knock},
    users,
};

use super::{
    admission::{Admission, ByPassword, admit_as_seen, admit_by_password, turn_away},
    familiar, guesses, known_browser,
    sessions::Device,
};
use crate::{
    Result, ServiceError, Services,
    audit::{self, Act},
};

pub async fn sign_in(services: &Services, form: &SignInForm, device: &Device) -> Result<Admission> {
    let email = Email::parse(&form.email).map_err(|message| FieldErrors::one("email", message))?;
    let now = services.now();
    let (shown, fingerprint) = (known_browser::shown(device), familiar::fingerprint(device));
    let browser = shown.and_then(|shown| guesses::of_browser(services, &shown));
    // Whoever is only led to their organisation's issuer has guessed nothing.
    let charge = browser.as_ref().filter(|_| !form.password.is_empty());
    let knock = Knock {
        email: &email,
        browser: shown.as_ref(),
        device: &fingerprint,
        at: now,
        charge: charge.map(|counter| (&counter.key, counter.slowing(now))),
    };
    let door = admittance::at_the_door(services.database.house(), &knock).await?;
    let elsewhere = door.organised;
    // An organisation's people are led to its issuer, whether or not there is such an account.
    if elsewhere && form.password.is_empty() {
        return Err(ServiceError::OrganisationOnly);
    }
    let wrong = || {
        let wrong = FieldErrors::one("password", "The e-mail address or the password is not right.");
        if elsewhere { ServiceError::OrganisationOnly } else { wrong.into() }
    };
    let user_id = door.account.as_ref().map(|account| account.id);
    let hash = door.account.as_ref().and_then(|account| account.person.password_hash.clone());
    let browser = browser.filter(|_| door.known_browser);
    let attempt = guesses::sign_in(services, &email, browser, door.charged, device).await?;
    // Nobody has one so long: it is not hashed, but that it was tried is written down.
    if form.password.chars().count() > *PASSWORD_LENGTH.end() {
        let mut tx = services.database.begin_as_house().await?;
        audit::record(services, &mut tx, failed(user_id), device).await?;
        tx.commit().await?;
        return Err(wrong());
    }
    let password = SecretString::from(form.password.clone());
    let verdict = services.passwords.verify(password.clone(), hash.clone());
    let verdict = verdict.await.map_err(ServiceError::internal)?;
    // Only now is the password at hand to be hashed as passwords are hashed today.
    let newer = match (&hash, verdict) {
        (Some(_), Verdict::Right { outdated: true }) => {
            Some(services.passwords.hash(password).await.map_err(ServiceError::internal)?)
        }
        _ => None,
    };
    let Some(account) = door.account.filter(|_| verdict.is_right()) else {
        // The same is written down whether or not there is an account, in the same time.
        let mut tx = services.database.begin_as_house().await?;
        audit::record(services, &mut tx, failed(user_id), device).await?;
        tx.commit().await?;
        return Err(wrong());
    };
    let id = account.id;
    if door.familiar
        && newer.is_none()
        && let Some(signed_in) = admit_as_seen(services, &account, attempt.only(), device).await?
    {
        return Ok(Admission::SignedIn(signed_in));
    }
    let right = match (hash.unwrap_or_default(), newer) {
        (old, Some(newer)) if users::rehash(services.database.house(), id, &old, &newer).await? => newer,
        (old, _) => old,
    };
    let mut tx = services.database.begin_as_house_holding(id).await?;
    attempt.was_right_in(&mut tx, services.now()).await?;
    let password = ByPassword { hash: &right, besieged: attempt.is_of_a_siege() };
    let admission = match admit_by_password(services, &mut tx, id, &password, device).await {
        Ok(admission) => admission,
        Err(error) => {
            return Err(match turn_away(services, tx, id, FirstFactor::Password, error, device).await? {
                // Of what was right once, nobody learns.
                ServiceError::SignedOut => wrong(),
                other => other,
            });
        }
    };
    tx.commit().await?;
    Ok(admission)
}

/// The same whether or not there is such an account.
fn failed(user_id: Option<UserId>) -> Act {
    Act::of_nobody("sign_in.failed").about(user_id)
}
