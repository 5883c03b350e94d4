//! What can go wrong in opening, by whose fault it is.

use std::fmt;

use milchglas_credential::digest::ParametersDigest;
use milchglas_credential::error::{DecodeError, Error as CredentialError};

/// The error of every fallible function of this crate.
#[non_exhaustive]
#[derive(Debug, PartialEq, Eq)]
pub enum Error {
    /// Input from outside that can not be read.
    Input(CredentialError),
    /// A case or a share that is refused; the refusal says why.
    Refused(Refusal),
    /// The sealed file of a share.
    File(milchglas_sealed::Error),
    /// The calling code is wrong; reading it shows why.
    Misuse(&'static str),
}

/// Why a case is not opened.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The request in the case is not signed by the key that it names.
    BadRequest,
    /// The proof of the answer does not hold for the request.
    NotProven,
    /// The request accepts an issuer's parameters that were not given, so the answer can not be checked.
    UnknownIssuer(ParametersDigest),
    /// Nothing in the answer is encrypted for this inspector.
    NotForThisInspector,
    /// The answer shows several cards with a ciphertext for this inspector; which one is meant must be said.
    WhichCredential,
    /// The ciphertext is about another occasion than the one to be opened.
    OtherLabel,
    /// The ciphertext may be opened for another purpose only.
    OtherPurpose,
    /// A share by another inspector's shareholder.
    ForeignShare {
        /// Which shareholder it says it is of.
        index: u8,
    },
    /// A share of the opening of another case, or of another card in it.
    OtherCase {
        /// Whose it is.
        index: u8,
    },
    /// A share by a shareholder whom this inspector does not have.
    UnknownShareholder {
        /// The number that it gives.
        index: u8,
    },
    /// A second share by the same shareholder.
    Duplicate {
        /// Whose it is.
        index: u8,
    },
    /// A share whose proof does not hold.
    BadShare {
        /// Whose it says it is.
        index: u8,
    },
    /// Too few shares.
    TooFew {
        /// How many there are.
        have: usize,
        /// How many are needed.
        need: u8,
    },
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BadRequest => f.write_str("the request in the case was altered or not made by whom it names"),
            Self::NotProven => f.write_str("the answer in the case does not hold for the request"),
            Self::UnknownIssuer(parameters) => {
                write!(f, "the request accepts an issuer whose parameters {parameters} were not given")
            }
            Self::NotForThisInspector => f.write_str("nothing in the case is encrypted for this inspector"),
            Self::WhichCredential => {
                f.write_str("the case has several cards encrypted for this inspector; say which one")
            }
            Self::OtherLabel => f.write_str("the case has another label than the one to be opened"),
            Self::OtherPurpose => f.write_str("the case may be opened for another purpose only"),
            Self::ForeignShare { index } => write!(f, "the share of shareholder {index} is of another inspector"),
            Self::OtherCase { index } => write!(f, "the share of shareholder {index} is of another case"),
            Self::UnknownShareholder { index } => write!(f, "this inspector has no shareholder {index}"),
            Self::Duplicate { index } => write!(f, "shareholder {index} has given a share already"),
            Self::BadShare { index } => write!(f, "the proof in the share of shareholder {index} does not hold"),
            Self::TooFew { have, need } => write!(f, "{need} shares are needed, and {have} are here"),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Input(error) => error.fmt(f),
            Self::Refused(refusal) => refusal.fmt(f),
            Self::File(error) => error.fmt(f),
            Self::Misuse(what) => write!(f, "misuse: {what}"),
        }
    }
}

impl std::error::Error for Refusal {}

impl std::error::Error for Error {}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<CredentialError> for Error {
    fn from(error: CredentialError) -> Self {
        Self::Input(error)
    }
}

impl From<DecodeError> for Error {
    fn from(error: DecodeError) -> Self {
        Self::Input(error.into())
    }
}

impl From<milchglas_sealed::Error> for Error {
    fn from(error: milchglas_sealed::Error) -> Self {
        Self::File(error)
    }
}
