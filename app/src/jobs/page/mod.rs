//! Pages about jobs.

mod browse;
mod filters;
mod form;
mod job;
mod own;
mod post;

pub use browse::*;
pub use job::*;
pub use own::*;
pub use post::*;
