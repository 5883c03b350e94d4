use core::fmt;

use milchglas_curve::DecodeError;

/// What can go wrong, by whose fault it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The proof's bytes are not an encoding of a proof for this system.
    Decode(DecodeError),
    /// The proof does not hold. Deliberately without detail.
    Invalid,
    /// Prover only: the witness does not satisfy the statement.
    Unsatisfied,
    /// The caller broke a rule of this interface; the text names it.
    Misuse(&'static str),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Decode(error) => error.fmt(f),
            Self::Invalid => f.write_str("the proof does not hold"),
            Self::Unsatisfied => f.write_str("the witness does not satisfy the statement"),
            Self::Misuse(rule) => write!(f, "misuse of the proof system: {rule}"),
        }
    }
}

impl core::error::Error for Error {}

impl From<DecodeError> for Error {
    fn from(error: DecodeError) -> Self {
        Self::Decode(error)
    }
}
