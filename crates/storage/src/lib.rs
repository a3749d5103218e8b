//! All SQL, a module for each noun.
//!
//! Functions that change something take a connection, so that the service that calls them owns the
//! transaction; functions that only read take any executor. Queries are checked against the schema
//! when they are compiled.

pub mod admittance;
pub mod arrivals;
pub mod audit;
pub mod avatars;
pub mod browse;
pub mod bulk;
pub mod challenges;
pub mod database;
pub mod email_changes;
pub mod embeddings;
mod error;
pub mod external;
pub mod feeds;
pub mod guesses;
pub mod jobs;
pub mod known_browsers;
pub mod known_devices;
pub mod letter_counts;
pub mod matches;
pub mod organisations;
pub mod outbox;
pub mod own_data;
pub mod passkeys;
pub mod password_resets;
pub mod pending_sign_ins;
pub mod people;
pub mod private_details;
pub mod profiles;
pub mod rankings;
pub mod second_factors;
pub mod sessions;
pub mod sign_ups;
pub mod signing_keys;
pub mod stats;
pub mod tokens;
pub mod trusted_devices;
pub mod users;
pub mod vault;

pub use database::{Database, Guard, Logins, MIGRATOR};
pub use error::Error;

pub type Result<T, E = Error> = std::result::Result<T, E>;
