//! The server as browsers and programs see it: a real listener, a real PostgreSQL.

#![allow(clippy::unwrap_used, unreachable_pub)]

mod admin;
mod connections;
mod external;
mod forms;
mod headers;
mod http;
mod kill;
mod letters;
mod live;
mod outage;
mod own_data;
mod role_walk;
mod second_factor;
mod site;
mod socket;
#[path = "../../../crates/identity/tests/external/stand_ins.rs"]
mod stand_ins;
mod visitor;
