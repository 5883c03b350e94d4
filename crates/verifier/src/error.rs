//! What can go wrong on the operator's side, by whose fault it is.
//!
//! Not here: why an answer is refused (see [`Rejection`](crate::Rejection)).

use std::{error, fmt, io};

use milchglas_credential::digest::IssuerFingerprint;
use milchglas_credential::error::DecodeError;
use milchglas_credential::revocation::LogError;
use milchglas_credential::text::Label;

/// Why a verifier could not be set up, or could not ask.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// A template, parameters or another file that can not be read, or whose signature does not hold.
    Input(milchglas_credential::error::Error),
    /// The parameters are not those of the issuer that was expected.
    OtherIssuer {
        /// The issuer that they are of.
        found: IssuerFingerprint,
    },
    /// Newer parameters of the same issuer are trusted already.
    Superseded,
    /// The issuer signed two different parameters with the same sequence number. Ask it why.
    Conflict,
    /// The template names an issuer that is not trusted.
    UnknownIssuer(IssuerFingerprint),
    /// No accepted issuer has a schema of that name.
    UnknownSchema(Label),
    /// A named issuer has none of the schemas asked for.
    NoSuchCredential(IssuerFingerprint),
    /// What is asked does not fit a schema that would be accepted.
    Unfit {
        /// The schema.
        schema: Label,
        /// What does not fit.
        what: &'static str,
    },
    /// The template must ask that this credential has not been revoked: it shows a pseudonym or a token, or is asked for together with others.
    /// Otherwise a stolen phone would stay a name.
    MustAskNotRevoked(Label),
    /// Of no key of the issuer of this name an epoch is known.
    NoEpoch(String),
    /// A head that was not learned. [`LogError::TwoHeads`] has both signed heads: publish them.
    Epoch(LogError),
    /// The as-of date is more than a day away; no wallet would answer.
    AsOf,
    /// The folder's key is not the one that its identity file names.
    OtherKey,
    /// The store of requests.
    Store(StoreError),
    /// A sealed file, or another file of the folder.
    File(milchglas_sealed::Error),
}

/// Why a store could not do as asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StoreError {
    /// It holds as much as it may; requests leave it when they expire.
    Full,
    /// It has seen that nonce before: the random number generator repeats itself.
    NonceTaken,
    /// What it holds can not be read.
    Damaged,
    /// The operating system refused.
    Io(io::ErrorKind),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Input(error) => error.fmt(f),
            Self::OtherIssuer { found } => write!(f, "these are the parameters of another issuer, {found}"),
            Self::Superseded => f.write_str("newer parameters of this issuer are trusted already"),
            Self::Conflict => f.write_str("this issuer has signed other parameters with the same sequence number"),
            Self::UnknownIssuer(issuer) => write!(f, "the issuer {issuer} is not trusted"),
            Self::UnknownSchema(schema) => write!(f, "no accepted issuer has a schema {schema}"),
            Self::NoSuchCredential(issuer) => write!(f, "the issuer {issuer} has none of the schemas asked for"),
            Self::Unfit { schema, what } => write!(f, "what is asked does not fit the schema {schema}: {what}"),
            Self::MustAskNotRevoked(name) => write!(
                f,
                "the template must ask that {name} is not revoked, because it asks for a pseudonym, a rate or several credentials: \
                 add \"not_revoked\": {{\"within\": 1}}"
            ),
            Self::NoEpoch(issuer) => write!(f, "fetch the newest epoch of {issuer} first: none is known"),
            Self::Epoch(error) => error.fmt(f),
            Self::AsOf => f.write_str("the as-of date is more than a day away from today"),
            Self::OtherKey => f.write_str("the key is not the one that the identity file names"),
            Self::Store(error) => error.fmt(f),
            Self::File(error) => error.fmt(f),
        }
    }
}

impl error::Error for Error {}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full => f.write_str("the store is full until requests expire"),
            Self::NonceTaken => f.write_str("a nonce came up twice: the random number generator is broken"),
            Self::Damaged => f.write_str("the store holds what can not be read"),
            Self::Io(kind) => write!(f, "the store could not be read or written: {kind}"),
        }
    }
}

impl error::Error for StoreError {}

impl From<milchglas_credential::error::Error> for Error {
    fn from(error: milchglas_credential::error::Error) -> Self {
        Self::Input(error)
    }
}

impl From<DecodeError> for Error {
    fn from(error: DecodeError) -> Self {
        Self::Input(error.into())
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<io::Error> for StoreError {
    fn from(error: io::Error) -> Self {
        Self::Io(error.kind())
    }
}

impl From<milchglas_sealed::Error> for Error {
    fn from(error: milchglas_sealed::Error) -> Self {
        Self::File(error)
    }
}
