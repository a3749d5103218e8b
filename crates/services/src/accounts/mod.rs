//! Signing up, in and out, and the basics of one's own account.

mod admission;
mod email;
pub mod external;
mod familiar;
mod own;
mod passwords;
mod private;
mod reset;
pub mod second_factor;
mod sessions;
mod sign_in;
mod sign_up;

pub use admission::{Admission, PendingSignIn};
pub use email::{
    Agreed, EmailLink, OwnEmail, ask_email_change, confirm_email_change, email_link, give_up_email_change,
    own_email,
};
pub use own::{change, change_password, own};
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
    Entered, Newcomer, SignUpLink, SigningUp, confirm_sign_up, open_account, send_again, sign_up,
    sign_up_link, signing_up,
};

pub(crate) use sessions::new_token;

use ::jobs::Runner;

use crate::Services;

/// Teaches the runner to write the letters whose links this module makes.
pub(crate) fn handle(services: &Services, runner: Runner) -> Runner {
    email::handle(services, reset::handle(services, sign_up::handle(services, runner)))
}
