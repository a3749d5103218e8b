//! Browsers that need not give the second factor for a while.

use chrono::TimeDelta;
use domain::{TrustedDeviceId, UserId};
use identity::Principal;
use secrecy::SecretString;
use sqlx::PgConnection;
use storage::trusted_devices::{self, NewTrustedDevice, TrustedDevice};

use crate::{
    Result, ServiceError, Services,
    accounts::{Device, act_as, sessions::new_token},
    audit::{self, Act},
};

const TRUST_LASTS: TimeDelta = TimeDelta::days(30);

/// The token of a trusted browser; it is shown to it once and stored only as a hash.
pub struct Trust {
    pub token: SecretString,
    pub keep_for: TimeDelta,
}

pub(super) async fn trust(
    services: &Services,
    db: &mut PgConnection,
    user_id: UserId,
    device: &Device,
) -> Result<Trust> {
    let (token, token_hash) = new_token()?;
    let now = services.now();
    let trusted = NewTrustedDevice {
        id: TrustedDeviceId::new(),
        user_id,
        token_hash: &token_hash,
        user_agent: &device.user_agent(),
        address: &device.address(),
        created_at: now,
        expires_at: now + TRUST_LASTS,
    };
    trusted_devices::insert(db, &trusted).await?;
    Ok(Trust { token, keep_for: TRUST_LASTS })
}

/// The browsers that need not give the second factor.
pub async fn trusted_devices(services: &Services, who: &Principal) -> Result<Vec<TrustedDevice>> {
    let mut tx = services.database.begin_as(who.user_id).await?;
    let devices = trusted_devices::of_user(&mut *tx, who.user_id, services.now()).await?;
    tx.commit().await?;
    Ok(devices)
}

/// Taking trust away makes nothing easier for anybody, so it needs no proof.
pub async fn forget_trusted_device(
    services: &Services,
    who: &Principal,
    id: TrustedDeviceId,
    device: &Device,
) -> Result<()> {
    let mut tx = act_as(services, who).await?;
    if !trusted_devices::delete(&mut *tx, who.user_id, id).await? {
        return Err(ServiceError::NotFound("trusted device"));
    }
    audit::record(services, &mut tx, Act::of(who.user_id, "trusted_device.forgotten"), device).await?;
    tx.commit().await?;
    Ok(())
}

pub async fn forget_trusted_devices(services: &Services, who: &Principal, device: &Device) -> Result<()> {
    let mut tx = act_as(services, who).await?;
    let count = trusted_devices::delete_of_user(&mut *tx, who.user_id).await?;
    let act = Act::of(who.user_id, "trusted_device.all_forgotten").after(&count);
    audit::record(services, &mut tx, act, device).await?;
    tx.commit().await?;
    Ok(())
}
