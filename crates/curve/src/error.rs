//! The one error of this crate: bytes that are not what they claim to be.

use core::fmt;

/// Bytes that do not decode.
///
/// Reports what was expected, never the bytes themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DecodeError {
    /// What the bytes should have been, or which rule they break.
    pub what: &'static str,
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not what it should be: {}", self.what)
    }
}

impl std::error::Error for DecodeError {}
