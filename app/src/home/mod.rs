//! The landing page, and the table that is there to be measured.

mod landing;
mod table;

pub use landing::*;
pub use table::*;
