//! The server as browsers and programs see it: a real listener, a real PostgreSQL.

#![allow(clippy::unwrap_used, unreachable_pub)]

mod admin;
mod connections;
mod forms;
mod headers;
mod http;
mod kill;
mod letters;
mod live;
mod outage;
mod role_walk;
mod second_factor;
mod site;
mod socket;
