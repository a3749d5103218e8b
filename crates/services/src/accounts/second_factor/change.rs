//! What follows a change of the second factors, whichever it was.

use domain::{UserId, account::SecondFactor};
use identity::{Principal, recovery};
use mail::{Letter, letter::FactorChange};
use secrecy::SecretString;
use sqlx::PgConnection;
use storage::{pending_sign_ins, second_factors, sessions, trusted_devices, users};

use crate::{
    Result, ServiceError, Services,
    accounts::sessions::{SignedIn, change_token, renew},
    letters,
};

/// What the browser gets after a change of the second factors.
pub struct Changed {
    /// The session has another token.
    pub signed_in: SignedIn,
    /// The new recovery codes, in clear for this once; empty where the former ones stay good.
    pub recovery_codes: Vec<SecretString>,
}

/// Ends what rested on the former factors: trusted browsers, unfinished sign-ins, and the proofs of
/// other sessions. Gives this one another token, and recovery codes to whoever has none; writes to
/// the owner. `shown` is the factor that has just been proved with.
pub(super) async fn follow(
    services: &Services,
    db: &mut PgConnection,
    who: &Principal,
    what: FactorChange,
    shown: Option<SecondFactor>,
) -> Result<Changed> {
    distrust(db, who.user_id).await?;
    sessions::forget_proofs_elsewhere(&mut *db, who.user_id, who.session_id).await?;
    let factors = second_factors::of(&mut *db, who.user_id).await?.ok_or(ServiceError::SignedOut)?;
    let mut recovery_codes = Vec::new();
    if !factors.guard() {
        second_factors::delete_stand_ins(db, who.user_id).await?;
    } else if factors.recovery_codes == 0 {
        recovery_codes = new_recovery_codes(services, db, who).await?;
    }
    let signed_in = match shown {
        Some(_) => renew(services, db, who, shown).await?,
        None => change_token(db, who).await?,
    };
    let account = users::by_id(&mut *db, who.user_id).await?.ok_or(ServiceError::SignedOut)?;
    letters::send(services, db, &account.email, Letter::SecondFactorChanged { what }).await?;
    Ok(Changed { signed_in, recovery_codes })
}

/// Ends what rested on a factor, the password included, that is another one from now on: trusted
/// browsers and unfinished sign-ins.
pub(crate) async fn distrust(db: &mut PgConnection, user_id: UserId) -> Result<()> {
    trusted_devices::delete_of_user(&mut *db, user_id).await?;
    Ok(pending_sign_ins::delete_of_user(db, user_id).await?)
}

pub(super) async fn new_recovery_codes(
    services: &Services,
    db: &mut PgConnection,
    who: &Principal,
) -> Result<Vec<SecretString>> {
    let codes = recovery::generate().map_err(ServiceError::internal)?;
    let hashes: Vec<Vec<u8>> = codes.iter().map(|code| code.hash.to_vec()).collect();
    second_factors::set_recovery_codes(db, who.user_id, &hashes, services.now()).await?;
    Ok(codes.into_iter().map(|code| code.text).collect())
}

/// Refuses to take the last second factor from somebody whose role needs one.
pub(super) async fn refuse_to_leave_unguarded(
    services: &Services,
    db: &mut PgConnection,
    who: &Principal,
) -> Result<()> {
    let factors = second_factors::of(db, who.user_id).await?.ok_or(ServiceError::SignedOut)?;
    if services.needs_second_factor(&who.roles) && !factors.guard() {
        return Err(ServiceError::Conflict(
            "Your role needs a second factor. Set up another one before you remove this one.",
        ));
    }
    Ok(())
}
