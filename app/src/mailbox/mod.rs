//! The mailbox of a demonstration, which sends no letter to anybody: all of them can be read here.

mod letter;
mod page;

pub use page::*;
