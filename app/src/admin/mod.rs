//! Administration: people, their accounts, and the trail of what was done.

mod api;
mod layout;
mod people;
mod person;
mod trail;

pub use api::*;
pub use layout::*;
pub use people::*;
pub use person::*;
pub use trail::*;
