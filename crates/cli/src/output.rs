//! What a command leaves behind: one text or one JSON object, and the object that it made.
//!
//! Without `--json` the text goes to standard output, or to standard error where the object itself takes standard output.
//! With `--json` exactly one JSON object goes to standard output, a failure's too.
//!
//! Files are written whole or not at all, and replace nothing unless `--force` says so; [`Delivery::prepare`] looks before
//! the work is done, so that an answer which can be given only once is not lost to a file that stands in its way.
//!
//! Not here: what the commands do.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde_json::{Map, Value, json};

use crate::args::Deliver;
use crate::failure::{Failure, Result};
use crate::input::is_standard;
use crate::qr::{self, Qr};

/// What a command says when it has done its work.
pub(crate) struct Report {
    /// For people.
    pub(crate) text: String,
    /// For programs: the fields of one object.
    pub(crate) json: Value,
}

impl Report {
    pub(crate) fn new(text: impl Into<String>, json: Value) -> Self {
        Self { text: text.into(), json }
    }

    /// Nothing more: the command said what it had to say before it ended.
    pub(crate) fn said() -> Self {
        Self { text: String::new(), json: Value::Null }
    }

    fn is_said(&self) -> bool {
        self.text.is_empty() && self.json.is_null()
    }

    /// Adds where an object went.
    pub(crate) fn delivered(mut self, delivered: &Delivered) -> Self {
        if let Value::Object(fields) = &mut self.json {
            fields.extend(delivered.json.clone());
        }
        self.text.push('\n');
        self.text.push_str(&delivered.text);
        self
    }
}

/// Prints the outcome and gives the exit code.
pub(crate) fn finish(outcome: &Result<Report>, as_json: bool, object_on_stdout: bool) -> ExitCode {
    let printed = match (outcome, as_json) {
        (Ok(report), _) if report.is_said() => Ok(()),
        (Ok(report), true) => print(&format!("{:#}", report.json)),
        (Ok(report), false) if object_on_stdout => {
            note(report.text.trim_end());
            Ok(())
        }
        (Ok(report), false) => print(report.text.trim_end()),
        (Err(failure), true) => print(&format!("{:#}", failure.to_json())),
        (Err(failure), false) => {
            note(&format!("milchglas: {}", failure.message));
            Ok(())
        }
    };
    match (outcome, printed) {
        (Err(failure), _) => failure.code(),
        (Ok(_), Err(failure)) => {
            note(&format!("milchglas: {}", failure.message));
            failure.code()
        }
        (Ok(_), Ok(())) => ExitCode::SUCCESS,
    }
}

/// A line for the person at the terminal that is not part of the output.
pub(crate) fn note(text: &str) {
    // Where standard error is closed nobody is there to be told.
    let _nobody_listens = writeln!(std::io::stderr(), "{text}");
}

/// Writes a text and a line's end to standard output, at once.
pub(crate) fn print(text: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{text}")
        .and_then(|()| out.flush())
        .map_err(|error| Failure::storage(format!("standard output: {error}")))
}

/// Who may read the file that an object is written to.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Readers {
    /// The owner only: whoever has the object can use it, or it says something about a person.
    Owner,
    /// Everyone.
    Everyone,
}

impl Readers {
    /// The mode of a file that they may read.
    pub(crate) fn mode(self) -> u32 {
        match self {
            Self::Owner => 0o600,
            Self::Everyone => 0o644,
        }
    }
}

/// Where an object will go, checked before it exists.
pub(crate) struct Delivery<'a> {
    to: &'a Deliver,
    as_json: bool,
    readers: Readers,
}

/// Where an object went.
pub(crate) struct Delivered {
    text: String,
    json: Map<String, Value>,
}

impl<'a> Delivery<'a> {
    /// Checks that nothing is in the way.
    pub(crate) fn prepare(to: &'a Deliver, as_json: bool, readers: Readers) -> Result<Self> {
        if as_json && to.out.as_deref().is_some_and(is_standard) {
            return Err(Failure::usage("--json and --out - both want standard output"));
        }
        for path in [&to.out, &to.qr].into_iter().flatten().filter(|path| !is_standard(path)) {
            free(path, to.force)?;
        }
        Ok(Self { to, as_json, readers })
    }

    /// Whether the object itself takes standard output.
    pub(crate) fn on_stdout(to: &Deliver) -> bool {
        to.out.as_deref().is_some_and(is_standard)
    }

    /// Writes the object.
    pub(crate) fn write(&self, bytes: &[u8]) -> Result<Delivered> {
        let mut text = vec![format!("{} bytes", bytes.len())];
        let mut json = Map::new();
        json.insert("bytes".into(), bytes.len().into());
        if let Some(path) = &self.to.out {
            if is_standard(path) {
                let mut out = std::io::stdout().lock();
                let written = out.write_all(bytes).and_then(|()| out.flush());
                written.map_err(|error| Failure::storage(format!("standard output: {error}")))?;
                text.push("on standard output".into());
            } else {
                self.file(path, bytes)?;
                text.push(format!("in {}", path.display()));
                json.insert("out".into(), json!(path.display().to_string()));
            }
        }
        if let Some(path) = &self.to.qr {
            let code = Qr::from_bytes(bytes)?;
            json.insert("qr_version".into(), code.version().into());
            if is_standard(path) {
                let picture = code.to_terminal();
                if self.as_json || Self::on_stdout(self.to) {
                    note(&picture)
                } else {
                    print(&picture)?
                }
                text.push(format!("as a QR code of version {} above", code.version()));
            } else {
                self.file(path, &code.to_png(qr::DEFAULT_SCALE)?)?;
                text.push(format!("as a QR code of version {} in {}", code.version(), path.display()));
                json.insert("qr".into(), json!(path.display().to_string()));
            }
        }
        Ok(Delivered { text: text.join(", "), json })
    }

    fn file(&self, path: &Path, bytes: &[u8]) -> Result<()> {
        let mode = self.readers.mode();
        let written = if self.to.force {
            milchglas_sealed::atomic_write(path, bytes, mode)
        } else {
            milchglas_sealed::atomic_create_new(path, bytes, mode)
        };
        written.map_err(|error| Failure::from(error).about(path.display()))
    }
}

/// Checks that a file may be written to this path.
pub(crate) fn free(path: &Path, force: bool) -> Result<()> {
    let refused = |message: &str| Err(Failure::storage(message).about(path.display()));
    match path.symlink_metadata() {
        Ok(_) if !force => refused("exists already; --force replaces it"),
        Ok(found) if !found.is_file() => refused("is not a file"),
        Ok(_) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
            let folder = folder.map_or_else(|| PathBuf::from("."), Path::to_path_buf);
            if folder.is_dir() { Ok(()) } else { refused("its folder does not exist") }
        }
        Err(error) => refused(&error.to_string()),
    }
}
