//! The server as browsers and programs see it: a real listener, a real PostgreSQL.

#![allow(clippy::unwrap_used, unreachable_pub)]

mod connections;
mod forms;
mod http;
mod kill;
mod live;
mod outage;
mod site;
mod socket;
