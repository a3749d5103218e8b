//! The services as the server calls them, on a real PostgreSQL.

#![allow(clippy::unwrap_used)]

mod admin;
mod audit;
mod authorisation;
mod browsing;
mod changing_address;
mod changing_password;
mod code_limit;
mod coming_back;
mod delivery;
mod guesses;
mod leaving_races;
mod matching_flow;
mod new_browsers;
mod organisations;
mod own_data;
mod passwords;
mod people;
mod places;
mod races;
mod reading;
mod required_issuer;
mod resetting;
mod restored;
mod row_security;
mod row_security_writes;
mod second_factor;
mod sessions;
mod signing_up;
mod smtp;
mod token_crowds;
mod tokens;
mod trusted_browsers;
mod vault;
