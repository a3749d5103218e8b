//! Recovery codes: the way in for somebody whose second factor is lost.

use identity::{Principal, recovery};
use mail::letter::FactorChange;
use storage::second_factors;

use super::change::{Changed, follow, new_recovery_codes};
use crate::{
    Result, ServiceError, Services,
    accounts::{Device, act_as},
    audit::{self, Act},
};

/// Ten new codes in place of the former ones.
pub async fn renew_recovery_codes(services: &Services, who: &Principal, device: &Device) -> Result<Changed> {
    who.proved(services.now())?;
    let mut tx = act_as(services, who).await?;
    let factors = second_factors::of(&mut *tx, who.user_id).await?.ok_or(ServiceError::SignedOut)?;
    if !factors.guard() {
        return Err(ServiceError::Conflict("Set up an authenticator app or a passkey first."));
    }
    let codes = new_recovery_codes(services, &mut tx, who).await?;
    let changed = follow(services, &mut tx, who, FactorChange::RecoveryCodesRenewed, None).await?;
    audit::record(services, &mut tx, Act::of(who.user_id, "recovery_codes.renewed"), device).await?;
    tx.commit().await?;
    Ok(Changed { recovery_codes: codes, ..changed })
}

/// Whether all of these are unused recovery codes of this person: a browser keeps new ones for the
/// page that shows them, and somebody else may be signed in there by then.
pub async fn are_current(services: &Services, who: &Principal, codes: &[&str]) -> Result<bool> {
    let hashes: Vec<Vec<u8>> = codes.iter().filter_map(|code| recovery::hash(code)).map(Vec::from).collect();
    let mut tx = services.database.begin_as(who.user_id).await?;
    let count = second_factors::count_recovery_codes(&mut *tx, who.user_id, &hashes).await?;
    tx.commit().await?;
    Ok(!codes.is_empty() && usize::try_from(count) == Ok(codes.len()))
}
