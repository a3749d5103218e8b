//! Second factors: what one has beside a password, and what one answers when it is asked for.

mod answer;
mod app;
mod change;
mod check_up;
mod email;
mod finish;
mod passkeys;
mod recovery;
mod trusted;

use domain::UserId;
use sqlx::PgConnection;

pub use answer::Answer;
pub use app::{AppSetUp, begin_app, begun_app, confirm_app, give_up_app, remove_app};
pub use change::Changed;
pub(crate) use change::distrust;
pub use check_up::{CheckUp, check_up};
pub use email::{allow_email_codes, send_sign_in_code};
pub(crate) use email::{handle, send_code};
pub use finish::{Finished, Pending, confirm_with, finish_sign_in, pending};
pub use passkeys::{
    Ceremony, OwnPasskey, add_passkey, passkeys, remove_passkey, rename_passkey, sign_in_with_passkey,
    start_confirmation, start_passkey_sign_in, start_registration, start_second_factor,
};
pub use recovery::{are_current, renew_recovery_codes};
pub use storage::{second_factors::Factors, trusted_devices::TrustedDevice};
pub use trusted::{Trust, forget_trusted_device, forget_trusted_devices, trusted_devices};

/// Whether the account has a second factor, beside which a password or another site proves nothing new.
pub(crate) async fn is_guarded(db: &mut PgConnection, user_id: UserId) -> crate::Result<bool> {
    Ok(storage::second_factors::of(db, user_id).await?.is_some_and(|factors| factors.guard()))
}
