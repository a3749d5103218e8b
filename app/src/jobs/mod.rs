//! Jobs: browsing, reading, posting, editing and closing them.

mod api;
mod posting;
mod page;

pub use page::{BrowsePage, EditPage, JobPage, NewPage, OwnJobsPage};
