//! What can go wrong, by whose fault it is.

use core::fmt;

use milchglas_curve::DecodeError;

/// An operation of this crate that did not succeed.
///
/// `Decode` is undecodable input; the three `Invalid…` values are opaque verdicts on well-formed input; the rest is
/// misuse of the interface, except the last two, which do not occur with honest keys and a working random number
/// generator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// Octets that are not the canonical encoding of the object.
    Decode(DecodeError),
    /// The signature does not hold for this key, header and these messages.
    InvalidSignature,
    /// The proof does not hold for this key, header, presentation header and these disclosed messages.
    InvalidProof,
    /// The commitment's proof of correctness does not hold.
    InvalidCommitment,
    /// Disclosed indexes are not strictly ascending, or one is not below the number of messages.
    Indexes,
    /// The number of disclosed messages differs from the number of disclosed indexes.
    DisclosedCount,
    /// The generators do not fit the number of messages.
    GeneratorCount,
    /// More than [`MAX_MESSAGES`](crate::MAX_MESSAGES) messages.
    TooManyMessages,
    /// Key material shorter than 32 octets, or key information longer than 65,535.
    KeyMaterial,
    /// An interface identifier or domain separation tag that is empty or too long.
    DomainSeparation,
    /// There is no signature on this input under this key (`SK + e = 0`, or the point to sign is the identity).
    Unsignable,
    /// The random number generator returned a value that can not be used.
    Randomness,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Decode(error) => return error.fmt(f),
            Self::InvalidSignature => "the signature does not hold",
            Self::InvalidProof => "the proof does not hold",
            Self::InvalidCommitment => "the commitment's proof does not hold",
            Self::Indexes => "disclosed indexes must be strictly ascending and below the number of messages",
            Self::DisclosedCount => "one disclosed message is needed for each disclosed index",
            Self::GeneratorCount => "the generators do not fit the number of messages",
            Self::TooManyMessages => "too many messages",
            Self::KeyMaterial => "key material needs at least 32 octets, key information at most 65535",
            Self::DomainSeparation => "an identifier or domain separation tag is empty or too long",
            Self::Unsignable => "there is no signature on this input under this key",
            Self::Randomness => "the random number generator returned an unusable value",
        }
        .fmt(f)
    }
}

impl core::error::Error for Error {}

impl From<DecodeError> for Error {
    fn from(error: DecodeError) -> Self {
        Self::Decode(error)
    }
}
