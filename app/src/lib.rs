//! The application: pages rendered on the server, islands hydrated in the browser.
//!
//! A feature is a folder: `page.rs` holds its pages, `api.rs` its server functions, `islands/` what
//! is interactive. Pages exist on the server alone; the browser build is made of the islands, the
//! widgets they use and the types that cross the wire.

// Deep view types overflow the compiler's default.
#![recursion_limit = "256"]

pub mod error;
#[cfg(feature = "ssr")]
pub mod error_page;
pub mod ui;

#[cfg(feature = "ssr")]
pub mod access;
#[cfg(feature = "ssr")]
pub mod account;
#[cfg(feature = "ssr")]
pub mod admin;
#[cfg(feature = "ssr")]
pub mod cookie;
#[cfg(feature = "ssr")]
pub mod freelancers;
#[cfg(feature = "ssr")]
pub mod head;
#[cfg(feature = "ssr")]
pub mod home;
#[cfg(feature = "ssr")]
pub mod jobs;
#[cfg(feature = "ssr")]
pub mod mailbox;
#[cfg(feature = "ssr")]
pub mod page;
#[cfg(feature = "ssr")]
pub mod root;
#[cfg(feature = "ssr")]
pub mod ssr;
#[cfg(feature = "ssr")]
pub mod theme;

#[cfg(any(feature = "ssr", feature = "hydrate"))]
pub mod live;

#[cfg(feature = "ssr")]
pub use root::{App, BenchmarkPages, shell};
