//! One's own data as a whole: taking it along, and leaving.

mod archive;
mod export;
mod leave;

use ::jobs::Runner;

pub use export::{AGAIN_AFTER, Archive, KEEP_EXPORT, download_export, export_state, request_export};
pub use leave::leave;
pub use storage::own_data::{ExportState, PERSON_TABLES};

use crate::Services;

/// Teaches the runner what is done in the background.
pub(crate) fn handle(services: &Services, runner: Runner) -> Runner {
    leave::handle(services, export::handle(services, runner))
}
