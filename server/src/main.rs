//! `eighth`: the one binary of 8thDegree.

use std::process::ExitCode;

fn main() -> ExitCode {
    server::cli::main()
}
