//! One's own data as a whole: the archive of it, and its end.

mod erase;
mod exports;
mod tables;

pub use erase::{
    anonymise, close_open_jobs, delete_at_once, email_of, erase_afterwards, forget_in_feeds, is_deleted,
    is_settled, jobs_of,
};
pub use exports::{
    Archive, ExportState, as_of_one_moment, delete_expired, download, ready, request, rows, state,
};
pub use tables::{Deletion, Export, PERSON_TABLES, PersonTable};
