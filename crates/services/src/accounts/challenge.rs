//! What an account costs where many were made from one network of late: a little computing, which a
//! browser does by itself, or a minute of waiting, for those without JavaScript.

use chrono::TimeDelta;
use domain::{FieldErrors, account::SignUpForm};
use sha2::{Digest as _, Sha256};
use sqlx::{PgConnection, PgExecutor};
use storage::{
    challenges::{self, Challenge as Stored},
    guesses,
};
use uuid::Uuid;

use super::{
    guesses::{KEPT, key, network},
    sessions::Device,
};
use crate::{Result, Services};

/// So many accounts a day from one network cost nothing.
const FREE: i32 = 5;
/// About 33,000 hashes on the average: a second in the browser of a cheap telephone.
const DIFFICULTY: i16 = 15;
/// Whoever cannot compute waits for so long.
const WAIT: TimeDelta = TimeDelta::seconds(60);
/// A challenge that was not met by then is forgotten.
pub(super) const LASTS: TimeDelta = TimeDelta::hours(1);

/// What the form of the sign-up asks for, if it does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    pub id: Uuid,
    /// So many leading bits of SHA-256 of `<id>.<answer>` have to be zero.
    pub difficulty: u8,
    /// After so many seconds it is met without an answer.
    pub wait_seconds: u32,
}

/// The challenge to put into a form, where one is due: the one that the form had before if that is
/// still good, so that nobody waits twice; or else the one of the network, which has one at a time.
pub async fn sign_up_challenge(
    services: &Services,
    form: &SignUpForm,
    device: &Device,
) -> Result<Option<Challenge>> {
    if !is_due(services, device).await? {
        return Ok(None);
    }
    let (house, now) = (services.database.house(), services.now());
    let known = match find(services, house, form, device).await? {
        Some(known) => Some(known),
        None => challenges::of_network(house, &place(device), now - LASTS).await?,
    };
    let (id, stored) = match known {
        Some(known) => known,
        None => {
            let new = Stored { network: place(device), difficulty: DIFFICULTY, created_at: now };
            let id = Uuid::now_v7();
            challenges::insert(house, id, &new).await?;
            (id, new)
        }
    };
    let wait = ((stored.created_at + WAIT - services.now()).num_milliseconds() + 999).div_euclid(1_000);
    Ok(Some(Challenge {
        id,
        difficulty: u8::try_from(stored.difficulty).unwrap_or(u8::MAX),
        wait_seconds: u32::try_from(wait).unwrap_or(0),
    }))
}

/// Before an account is made: lets through where nothing is due or the challenge is met, and counts the
/// account. The work is good once, and of those who wait one is let through at a time.
pub(super) async fn meet(services: &Services, form: &SignUpForm, device: &Device) -> Result<()> {
    if !services.slow_guessing {
        return Ok(());
    }
    let now = services.now();
    let mut tx = services.database.begin_as_house().await?;
    // Counted before it is looked at: of those who come at once from one network, each waits here for the
    // one before. Who is not let through is not counted after all.
    let accounts = challenges::count_account(&mut *tx, &counter(device), now, now - KEPT).await?;
    if accounts > FREE && !is_met(services, &mut tx, form, device).await? {
        let message = "Many accounts were made from your network today, so this one takes a moment longer. \
                       What to do stands above the button.";
        return Err(FieldErrors::one("challenge", message).into());
    }
    tx.commit().await?;
    Ok(())
}

/// Whether the challenge in the form is met, which is then used up.
async fn is_met(
    services: &Services,
    db: &mut PgConnection,
    form: &SignUpForm,
    device: &Device,
) -> Result<bool> {
    let Some((id, stored)) = find(services, &mut *db, form, device).await? else { return Ok(false) };
    if is_solved(&stored, form) && challenges::use_answer(&mut *db, id, &form.answer).await? {
        return Ok(true);
    }
    let now = services.now();
    Ok(challenges::use_wait(db, id, now - WAIT, now).await?)
}

/// The challenge that a form carries, if it is good and was given to this network.
async fn find(
    services: &Services,
    db: impl PgExecutor<'_>,
    form: &SignUpForm,
    device: &Device,
) -> Result<Option<(Uuid, Stored)>> {
    let Ok(id) = form.challenge.parse::<Uuid>() else { return Ok(None) };
    let stored = challenges::by_id(db, id, services.now() - LASTS).await?;
    Ok(stored.filter(|stored| stored.network == place(device)).map(|stored| (id, stored)))
}

fn is_solved(stored: &Stored, form: &SignUpForm) -> bool {
    let hash = Sha256::digest(format!("{}.{}", form.challenge, form.answer));
    let is_number = form.answer.len() <= 20 && form.answer.bytes().all(|byte| byte.is_ascii_digit());
    is_number && leading_zeros(&hash) >= stored.difficulty.unsigned_abs().into()
}

fn leading_zeros(hash: &[u8]) -> u32 {
    let whole = hash.iter().take_while(|byte| **byte == 0).count();
    whole as u32 * 8 + hash.get(whole).map_or(0, |byte| byte.leading_zeros())
}

/// Whether many accounts were made from this network within a day of each other.
async fn is_due(services: &Services, device: &Device) -> Result<bool> {
    if !services.slow_guessing {
        return Ok(false);
    }
    let since = services.now() - KEPT;
    Ok(guesses::failures(services.database.house(), &counter(device), since).await? >= FREE)
}

fn counter(device: &Device) -> [u8; 32] {
    key("sign-up", &[&network(device)])
}

fn place(device: &Device) -> Vec<u8> {
    key("place of a challenge", &[&network(device)]).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leading_zeros_are_counted_across_bytes() {
        assert_eq!(leading_zeros(&[0x80, 0]), 0);
        assert_eq!(leading_zeros(&[0, 0x10, 0xff]), 11);
        assert_eq!(leading_zeros(&[0, 0]), 16);
    }
}
