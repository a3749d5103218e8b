//! `eighth`: the one binary of 8thDegree.

use std::process::ExitCode;

/// Rendering makes many small texts, which this allocator hands out in half the time of the
/// system's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    server::cli::main()
}
