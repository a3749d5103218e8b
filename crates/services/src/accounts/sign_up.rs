use domain::{FieldErrors, UserId, account::SignUpForm};
use storage::users::{self, NewUser};

use super::{
    own::refuse_weak,
    sessions::{Device, SignedIn, open_session},
};
use crate::{
    Result, ServiceError, Services,
    audit::{self, Act},
};

pub async fn sign_up(services: &Services, form: &SignUpForm, device: &Device) -> Result<SignedIn> {
    let sign_up = form.validate()?;
    refuse_weak(&sign_up.password, &[sign_up.email.as_str(), &sign_up.display_name])?;
    let password_hash =
        services.passwords.hash(sign_up.password.into()).await.map_err(ServiceError::internal)?;
    let id = UserId::new();
    let mut tx = services.database.begin_as_house().await?;
    let user = NewUser {
        id,
        email: &sign_up.email,
        display_name: &sign_up.display_name,
        password_hash: &password_hash,
        region: sign_up.region,
        roles: &sign_up.roles,
    };
    users::insert(&mut tx, &user).await.map_err(|error| {
        if error.is_refused_by(users::EMAIL_UNIQUE) {
            FieldErrors::one("email", "This address has an account already. Sign in instead.").into()
        } else {
            ServiceError::from(error)
        }
    })?;
    let signed_in = open_session(services, &mut tx, id, None, device).await?;
    audit::record(services, &mut tx, Act::of(id, "account.created"), device).await?;
    tx.commit().await?;
    Ok(signed_in)
}
