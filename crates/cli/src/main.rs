//! The program `milchglas`.
#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    milchglas_cli::run(std::env::args_os())
}
