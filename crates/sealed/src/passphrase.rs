//! The passphrase, and how much work guessing it costs.
//!
//! Caution: the work is per guess; a passphrase that is easy to guess stays easy.
//! Not here: a judgement of a passphrase's strength, Unicode normalisation (the bytes count).

use std::fmt;

use zeroize::Zeroizing;

use crate::Error;

/// A passphrase: not empty, erased when dropped, never printed.
pub struct Passphrase(Zeroizing<Box<str>>);

impl Passphrase {
    /// Takes a copy of the text; the caller's own is the caller's to erase, hence the type.
    ///
    /// # Errors
    /// [`Error::Misuse`] if it is empty.
    pub fn new(text: &Zeroizing<String>) -> Result<Self, Error> {
        if text.is_empty() {
            return Err(Error::Misuse { what: "an empty passphrase" });
        }
        // `Box<str>` straight from the slice: no reallocation that leaves a copy behind.
        Ok(Self(Zeroizing::new(Box::from(text.as_str()))))
    }

    pub(crate) fn text(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passphrase(..)")
    }
}

/// The work factor of scrypt (RFC 7914, r = 8, p = 1): N = 2^log_n, which takes 2^(log_n + 10) bytes of memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Work(u8);

impl Work {
    /// N = 2^17: 128 MiB of memory a guess.
    pub const DEFAULT: Self = Self(17);

    /// The most that is accepted when opening, so that a hostile file takes at most 256 MiB.
    pub(crate) const MAX_LOG_N: u8 = 18;

    /// Another factor, 1 to 18. Below the default only for tests and throw-away demonstrations.
    ///
    /// # Errors
    /// [`Error::Misuse`] outside that range.
    pub fn with_log_n(log_n: u8) -> Result<Self, Error> {
        if (1..=Self::MAX_LOG_N).contains(&log_n) {
            Ok(Self(log_n))
        } else {
            Err(Error::Misuse { what: "a scrypt work factor outside 1 to 18" })
        }
    }

    pub(crate) fn log_n(self) -> u8 {
        self.0
    }
}

impl Default for Work {
    fn default() -> Self {
        Self::DEFAULT
    }
}
