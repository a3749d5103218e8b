//! The server as browsers and programs see it: a real listener, a real PostgreSQL.

#![allow(clippy::unwrap_used, unreachable_pub)]

mod admin;
mod api;
mod breached;
mod connected;
mod connections;
mod device_places;
mod documents;
mod doors;
mod external;
mod forms;
mod headers;
mod held;
mod http;
mod inside;
mod kill;
mod letters;
mod limits;
mod live;
mod logs;
mod organisation;
mod outage;
mod own_data;
mod passwords;
mod process;
mod provider_tokens;
mod raw;
mod required_issuer;
mod role_walk;
mod second_factor;
mod session_token;
mod site;
mod socket;
#[path = "../../../crates/identity/tests/external/stand_ins.rs"]
mod stand_ins;
mod tls;
mod visitor;
mod walk;
