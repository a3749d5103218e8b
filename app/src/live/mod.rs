//! Matches and candidates, live: pages rendered by the server, and in them lists that go on by
//! themselves as messages arrive.

mod channel;
pub mod islands;
mod list;
mod news;
#[cfg(feature = "ssr")]
mod page;

#[cfg(feature = "ssr")]
pub use page::*;
