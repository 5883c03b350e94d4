//! Why the pages can not be served.

use std::fmt;
use std::path::PathBuf;

/// Why the pages can not be served.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The npm package is not there, or lacks a file.
    NoPackage {
        /// The file.
        missing: PathBuf,
    },
    /// The network or a file says no.
    Io(std::io::Error),
    /// No address of this machine in a local network was found.
    NoNetwork,
    /// The certificate could not be made.
    Certificate,
    /// This build has no TLS.
    NoTls,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoPackage { missing } => {
                write!(f, "{} is not there. Build the browser's package first: cargo xtask wasm", missing.display())
            }
            Self::Io(error) => error.fmt(f),
            Self::NoNetwork => f.write_str("no address in a local network was found; give one: --lan=ADDRESS"),
            Self::Certificate => f.write_str("no certificate could be made"),
            Self::NoTls => f.write_str("this build has no TLS, which phones need; build with the feature lan"),
        }
    }
}

impl std::error::Error for Error {}

impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        Self::Io(error)
    }
}
