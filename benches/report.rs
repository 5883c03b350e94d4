//! Turns what criterion measured into `benches/RESULTS.md` and the plots beside it.
//!
//! `cargo bench -p milchglas-benches --features peers` measures; this reads the files that it leaves, and nothing else. What is missing is
//! named, and then nothing is written.
#![forbid(unsafe_code)]

mod plots;
mod results;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use milchglas_benches::additions;
use milchglas_benches::environment::Environment;
use milchglas_benches::measurements::Measurements;
use milchglas_benches::predictions::predictions;
use milchglas_benches::primitives::Primitives;
use milchglas_benches::targets;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("report: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let benches = Path::new(env!("CARGO_MANIFEST_DIR"));
    let workspace = benches.parent().unwrap_or(benches);
    let criterion = target_folder(workspace).join("criterion");
    let measurements = Measurements::read(&criterion)?;
    let ids = ids();
    if let Err(missing) = measurements.demand(ids.iter().map(String::as_str)) {
        let folder = criterion.display();
        return Err(format!("{missing}\n(in {folder}; cargo bench -p milchglas-benches --features peers)").into());
    }

    let environment = Environment::of(workspace)?;
    let primitives = Primitives::read(&measurements)?;
    let measured = measurements.span(ids.iter().map(String::as_str));
    let results = results::render(&measurements, &primitives, &environment, measured)?;
    plots::messages(&measurements, &benches.join("messages.svg"))?;
    plots::batch(&measurements, &primitives, &benches.join("batch.svg"))?;
    plots::verification(&measurements, &primitives, &benches.join("verification.svg"))?;
    std::fs::write(benches.join("RESULTS.md"), results)?;
    println!("wrote RESULTS.md, messages.svg, batch.svg and verification.svg in {}", benches.display());
    Ok(())
}

/// Where cargo builds, and criterion writes.
fn target_folder(workspace: &Path) -> PathBuf {
    let folder = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| PathBuf::from("target"), PathBuf::from);
    workspace.join(folder)
}

/// All measurements that the report shows.
fn ids() -> Vec<String> {
    let mut ids = targets::ids();
    ids.extend(additions::ids());
    ids.extend(Primitives::ids());
    ids.extend(predictions().into_iter().map(|prediction| prediction.id));
    ids.sort();
    ids.dedup();
    ids
}
