//! Developer commands: `cargo xtask`.

#![forbid(unsafe_code)]

use std::process::ExitCode;

#[cfg(feature = "wasm")]
mod pack;
#[cfg(feature = "wasm")]
mod wasm;

const USAGE: &str = "cargo xtask wasm [--backend blst|portable] [--keep-names] [[--testing] --out FOLDER]
    builds the npm package of wallet and verifier, in target/wasm-pkg or elsewhere;
    with --testing it also exports what the tests and measurements call";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match run(&words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(feature = "wasm")]
fn run(words: &[&str]) -> Result<(), String> {
    let ["wasm", options @ ..] = words else { return Err(USAGE.to_owned()) };
    wasm::build(wasm::Options::parse(options).ok_or(USAGE)?)
}

#[cfg(not(feature = "wasm"))]
fn run(_words: &[&str]) -> Result<(), String> {
    Err(format!("{USAGE}\n\nThis build lacks the feature `wasm`; the alias in .cargo/config.toml turns it on."))
}
