//! The library behind the program `milchglas`: the command line of issuer, wallet, verifier and authority, and the demonstrations.
//!
//! It parses, prints and converts; every decision is the role crates'. The clock is read here and the operating system's random
//! number generator opened here, and both are handed on.
//!
//! | module | what it does |
//! |---|---|
//! | `args`, `inspector_args` | the command line and its help |
//! | `input`, `output`, [`qr`] | objects in files, pipes and QR codes |
//! | `batch` | files of JSON lines, one object a line |
//! | `passphrase` | secrets from the terminal or a file |
//! | `commands` | one function for each command |
//! | `inspect` | any object in readable form |
//! | `demo` | everyday errands, played with the real thing |
//!
//! Not here: policy, cryptography, storage.

#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod args;
mod batch;
mod clock;
mod commands;
mod demo;
mod epochs;
mod failure;
mod input;
mod inspect;
mod inspector_args;
mod output;
mod passphrase;

pub use milchglas_qr as qr;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser as _;

use crate::args::{Cli, Command};
use crate::commands::Context;
use crate::failure::{Failure, Result};
use crate::output::Report;

/// Runs the program with these arguments, the first of them its own name, and gives its exit code.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let cli = match Cli::try_parse_from(&arguments) {
        Ok(cli) => cli,
        Err(error) => return usage(&error, &arguments),
    };
    let as_json = cli.json;
    let on_stdout = cli.command.object_on_stdout();
    output::finish(&perform(cli), as_json, on_stdout)
}

fn perform(cli: Cli) -> Result<Report> {
    let context = Context { now: clock::now(cli.now)?, as_json: cli.json };
    match cli.command {
        Command::Issuer(command) => commands::issuer::run(command, context),
        Command::Wallet(command) => commands::wallet::run(command, context),
        Command::Verifier(command) => commands::verifier::run(command, context),
        Command::Authority(command) => commands::authority::run(command, context),
        Command::Inspector(command) => commands::inspector::run(command, context),
        Command::TrustList(command) => commands::trust_list::run(command, context),
        Command::Inspect { file } => {
            inspect::inspect(&input::object(&file)?).map_err(|failure| failure.about(file.display()))
        }
        Command::VerifyDocument { request, presentation, document, issuers } => {
            commands::document::verify(&request, &presentation, &document, &issuers)
        }
        Command::Serve(serve) => commands::serve::run(serve, cli.now, context),
        Command::Demo { name, show_qr, svg } => demo::run(name, show_qr, svg.as_deref(), context.now),
    }
}

/// Help and version go to standard output; a wrong command line is a failure like any other.
fn usage(error: &clap::Error, arguments: &[OsString]) -> ExitCode {
    if !error.use_stderr() || !arguments.iter().any(|argument| argument == "--json") {
        // Where the output is closed nobody is there to be told.
        let _nobody_reads = error.print();
        return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
    }
    output::finish(&Err(Failure::usage(error.to_string().trim_end())), true, false)
}
