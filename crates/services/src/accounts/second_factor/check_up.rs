//! How well one's account is guarded, at a glance.

use chrono::{DateTime, Utc};
use identity::Principal;
use storage::{
    external, organisations,
    second_factors::{self, Factors},
    sessions, trusted_devices, users,
};

use crate::{Result, ServiceError, Services};

/// What guards an account.
#[derive(Clone, Debug)]
pub struct CheckUp {
    pub email: String,
    pub email_verified: bool,
    /// When the password was set; none where there is none.
    pub password_since: Option<DateTime<Utc>>,
    pub factors: Factors,
    /// Whether the role of the person needs a second factor.
    pub factor_needed: bool,
    /// Accounts at other sites, and at one's organisation, with which one may sign in.
    pub connections: usize,
    pub devices: usize,
    pub trusted_devices: usize,
}

pub async fn check_up(services: &Services, who: &Principal) -> Result<CheckUp> {
    let now = services.now();
    let mut tx = services.database.begin_as(who.user_id).await?;
    let account = users::by_id(&mut *tx, who.user_id).await?.ok_or(ServiceError::SignedOut)?;
    let factors = second_factors::of(&mut *tx, who.user_id).await?.ok_or(ServiceError::SignedOut)?;
    // Whether there is a password, the house alone can tell.
    let password_since = users::password_since(services.database.house(), who.user_id).await?;
    let elsewhere = external::of_user(&mut *tx, who.user_id).await?.len();
    let organised = organisations::identities_of(&mut *tx, who.user_id).await?.len();
    let devices = sessions::of_user(&mut *tx, who.user_id, now).await?.len();
    let trusted_devices = trusted_devices::of_user(&mut *tx, who.user_id, now).await?.len();
    tx.commit().await?;
    Ok(CheckUp {
        email: account.email,
        email_verified: who.email_verified,
        password_since,
        factors,
        factor_needed: services.needs_second_factor(&who.roles),
        connections: elsewhere + organised,
        devices,
        trusted_devices,
    })
}
