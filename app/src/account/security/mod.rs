//! What guards one's account: the check-up, second factors, and where one is asked for them.

mod api;
mod app;
mod check_up;
mod codes;
mod factor_forms;
mod passkey_form;
mod passkeys;
mod second;

pub use api::*;
pub use app::*;
pub use check_up::*;
pub use codes::*;
pub use factor_forms::*;
pub use passkey_form::*;
pub use passkeys::*;
pub use second::*;

pub(super) use api::answer;
