//! The application: pages rendered on the server, islands hydrated in the browser.

pub mod ui;
