//! The two live lists.

mod candidate_list;
mod match_feed;

pub use candidate_list::*;
pub use match_feed::*;
