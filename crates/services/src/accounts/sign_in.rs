use domain::{
    FieldErrors,
    account::{Email, FirstFactor, PASSWORD_LENGTH, SignInForm},
};
use identity::password::Verdict;
use secrecy::SecretString;
use storage::users;

use super::{
    admission::{Admission, admit},
    sessions::Device,
};
use crate::{
    Result, ServiceError, Services,
    audit::{self, Act},
};

pub async fn sign_in(services: &Services, form: &SignInForm, device: &Device) -> Result<Admission> {
    let wrong = || FieldErrors::one("password", "The e-mail address or the password is not right.");
    let email = Email::parse(&form.email).map_err(|message| FieldErrors::one("email", message))?;
    if form.password.chars().count() > *PASSWORD_LENGTH.end() {
        return Err(wrong().into());
    }
    let known = users::credentials(services.database.house(), &email).await?;
    let (user_id, hash) = known.map_or((None, None), |known| (Some(known.user_id), known.password_hash));
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
    let mut tx = services.database.begin_as_house().await?;
    let Some(id) = user_id.filter(|_| verdict.is_right()) else {
        // The same is written down whether or not there is an account, in the same time.
        let failed = Act::of_nobody("sign_in.failed").about(user_id);
        audit::record(services, &mut tx, failed, device).await?;
        tx.commit().await?;
        return Err(wrong().into());
    };
    if let (Some(old), Some(newer)) = (hash, newer) {
        users::rehash(&mut *tx, id, &old, &newer).await?;
    }
    let admission = match admit(services, &mut tx, id, FirstFactor::Password, device).await {
        // Of what was there once, nobody learns.
        Err(ServiceError::SignedOut) => return Err(wrong().into()),
        admission => admission?,
    };
    tx.commit().await?;
    Ok(admission)
}
