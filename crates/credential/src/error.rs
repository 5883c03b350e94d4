//! What can go wrong, split by whose fault it is.
//!
//! Bytes or text that can not be read, a request or a claim that does not fit its schema, a proof or signature that does
//! not hold, and misuse of this crate. No variant carries a claim's value or any other text from outside.

use std::fmt;

pub use milchglas_curve::DecodeError;

/// The error of every fallible function of this crate.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// Input from outside that is not a valid encoding, or whose content breaks a rule of its format.
    Decode(DecodeError),
    /// A JSON text that can not be read at the given place.
    Json {
        /// What is wrong there.
        what: &'static str,
        /// Line, counted from 1.
        line: usize,
        /// Column, counted from 1.
        column: usize,
    },
    /// Well-formed by itself, but it does not fit the schema with which it is used.
    Unfit {
        /// What does not fit.
        what: &'static str,
    },
    /// A proof or a signature that does not hold. It says no more.
    Invalid,
    /// Wallet only: the credentials do not satisfy what is asked.
    Unsatisfied,
    /// The calling code is wrong; reading it shows why.
    Misuse(&'static str),
}

impl Error {
    pub(crate) const fn decode(what: &'static str) -> Self {
        Self::Decode(DecodeError { what })
    }

    pub(crate) const fn unfit(what: &'static str) -> Self {
        Self::Unfit { what }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Decode(error) => error.fmt(f),
            Self::Json { what, line, column } => {
                write!(f, "JSON, line {line}, column {column}: {what}")
            }
            Self::Unfit { what } => write!(f, "does not fit the schema: {what}"),
            Self::Invalid => f.write_str("does not hold"),
            Self::Unsatisfied => f.write_str("the credentials do not satisfy what is asked"),
            Self::Misuse(what) => write!(f, "misuse: {what}"),
        }
    }
}

impl std::error::Error for Error {}

impl From<DecodeError> for Error {
    fn from(error: DecodeError) -> Self {
        Self::Decode(error)
    }
}

impl From<serde_json::Error> for Error {
    fn from(error: serde_json::Error) -> Self {
        let what = match error.classify() {
            serde_json::error::Category::Data => "a field is unknown, missing, repeated or of the wrong form",
            serde_json::error::Category::Eof => "the text ends too early",
            serde_json::error::Category::Syntax | serde_json::error::Category::Io => "not JSON",
        };
        Self::Json { what, line: error.line(), column: error.column() }
    }
}

impl From<milchglas_sigma::Error> for Error {
    fn from(error: milchglas_sigma::Error) -> Self {
        match error {
            milchglas_sigma::Error::Decode(error) => Self::Decode(error),
            milchglas_sigma::Error::Unsatisfied => Self::Unsatisfied,
            milchglas_sigma::Error::Misuse(what) => Self::Misuse(what),
            milchglas_sigma::Error::Invalid | _ => Self::Invalid,
        }
    }
}

impl From<milchglas_bbs::Error> for Error {
    fn from(error: milchglas_bbs::Error) -> Self {
        match error {
            milchglas_bbs::Error::Decode(error) => Self::Decode(error),
            milchglas_bbs::Error::Unsignable => Self::Misuse("there is no signature on this input under this key"),
            milchglas_bbs::Error::Randomness => Self::Misuse("the random number generator returned an unusable value"),
            milchglas_bbs::Error::Indexes
            | milchglas_bbs::Error::DisclosedCount
            | milchglas_bbs::Error::GeneratorCount
            | milchglas_bbs::Error::TooManyMessages
            | milchglas_bbs::Error::KeyMaterial
            | milchglas_bbs::Error::DomainSeparation => Self::Misuse("the BBS interface was used outside its limits"),
            milchglas_bbs::Error::InvalidSignature
            | milchglas_bbs::Error::InvalidProof
            | milchglas_bbs::Error::InvalidCommitment
            | _ => Self::Invalid,
        }
    }
}
