//! Pages about jobs.

mod browse;
mod filters;
mod form;
mod job;
mod own;
mod post;

pub use browse::BrowsePage;
pub use job::JobPage;
pub use own::OwnJobsPage;
pub use post::{EditPage, NewPage};
