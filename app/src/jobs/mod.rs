//! Jobs: browsing, reading, posting, editing and closing them.

mod api;
mod page;
mod posting;

pub use api::*;
pub use page::*;
