//! What can go wrong with a file, by whose fault it is.
//!
//! Not here: any text from the file, the passphrase, or an error of another crate.

use std::{error, fmt, io};

/// Why a file could not be opened, saved or written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The bytes are not a sealed file, or not of the kind asked for.
    Decode {
        /// What is wrong with them.
        what: &'static str,
    },
    /// A wrong passphrase or a changed file; which of them does not show.
    Unopenable,
    /// Another process, or another handle here, has the file open.
    Busy,
    /// The operating system refused a step.
    Io {
        /// The step.
        op: Op,
        /// Its reason.
        kind: io::ErrorKind,
    },
    /// The caller asked for what this crate does not do.
    Misuse {
        /// What was asked.
        what: &'static str,
    },
}

/// A step on the way to or from the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Op {
    /// Taking the lock beside the file.
    Lock,
    /// Reading the file.
    Read,
    /// Encrypting in memory.
    Encrypt,
    /// Creating the temporary file.
    Create,
    /// Writing the temporary file.
    Write,
    /// Setting its permissions.
    SetMode,
    /// Forcing it to the disk.
    Sync,
    /// Moving it into place.
    Rename,
    /// Forcing the folder's entry to the disk; the new content is in place already.
    SyncFolder,
}

impl Op {
    /// Names the step in an error, leaving behind everything of the operating system's error but its kind.
    #[cfg(not(target_family = "wasm"))]
    pub(crate) fn failed(self) -> impl FnOnce(io::Error) -> Error {
        move |cause| Error::Io { op: self, kind: cause.kind() }
    }

    fn name(self) -> &'static str {
        match self {
            Op::Lock => "lock the file",
            Op::Read => "read the file",
            Op::Encrypt => "encrypt",
            Op::Create => "create a temporary file",
            Op::Write => "write the temporary file",
            Op::SetMode => "set the temporary file's permissions",
            Op::Sync => "force the temporary file to the disk",
            Op::Rename => "move the new file into place",
            Op::SyncFolder => "force the folder to the disk (the new content is in place)",
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Decode { what } => write!(f, "not a sealed file as expected: {what}"),
            Error::Unopenable => f.write_str("wrong passphrase, or the file was changed"),
            Error::Busy => f.write_str("the file is in use by another process"),
            Error::Io { op, kind } => write!(f, "could not {}: {kind}", op.name()),
            Error::Misuse { what } => write!(f, "misuse: {what}"),
        }
    }
}

impl error::Error for Error {}
