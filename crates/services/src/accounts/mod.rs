//! Signing up, in and out, and the basics of one's own account.

mod acting;
mod admission;
mod challenge;
mod email;
pub mod external;
mod familiar;
mod guesses;
mod known_browser;
pub(crate) mod market_roles;
mod own;
mod passwords;
mod private;
mod reset;
pub mod second_factor;
mod sessions;
mod sign_in;
mod sign_up;
mod ways_in;

pub use admission::{Admission, PendingSignIn};
pub use challenge::{Challenge, sign_up_challenge};
pub use email::{
    Agreed, EmailLink, OwnEmail, ask_email_change, confirm_email_change, email_link, give_up_email_change,
    own_email,
};
pub use known_browser::known_browser;
pub use own::{change, change_password, has_password, own};
pub use passwords::breached_at;
pub(crate) use private::private_details_of;
pub use private::{change_private_details, private_details};
pub use reset::{ask_reset, reset_link, reset_password};
pub use sessions::{
    Authenticated, Device, Limits, SignedIn, SignedInDevice, authenticate, confirm, devices, is_open,
    sign_out, sign_out_device, sign_out_others,
};
pub use sign_in::sign_in;
pub use sign_up::{
    Begun, Entered, Newcomer, SignUpLink, SigningUp, begun_sign_up, confirm_sign_up, open_account,
    send_again, sign_up, sign_up_link, signing_up,
};

pub(crate) use acting::{act_as, hold, refuse_who_has_changed};
pub(crate) use sessions::new_token;

use ::jobs::Runner;

use crate::{Result, Services};

/// Forgets attempts that slow nobody any more, and what goes with them.
pub async fn tidy(services: &Services) -> Result<()> {
    let (house, now) = (services.database.house(), services.now());
    storage::guesses::prune(house, now - guesses::KEPT).await?;
    storage::known_browsers::prune(house, now - known_browser::KEPT).await?;
    storage::challenges::prune(house, now - challenge::LASTS).await?;
    Ok(())
}

/// Teaches the runner to write the letters whose links this module makes.
pub(crate) fn handle(services: &Services, runner: Runner) -> Runner {
    email::handle(services, reset::handle(services, sign_up::handle(services, runner)))
}
