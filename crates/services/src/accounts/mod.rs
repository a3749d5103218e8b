//! Signing up, in and out, and the basics of one's own account.

mod admission;
mod own;
mod private;
mod sessions;
mod sign_in;
mod sign_up;

pub use admission::{Admission, PendingSignIn};
pub use own::{change, change_password, own};
pub(crate) use private::private_details_of;
pub use private::{change_private_details, private_details};
pub use sessions::{
    Authenticated, Device, Limits, SignedIn, SignedInDevice, authenticate, confirm, devices, is_open,
    sign_out, sign_out_device, sign_out_others,
};
pub use sign_in::sign_in;
pub use sign_up::sign_up;
