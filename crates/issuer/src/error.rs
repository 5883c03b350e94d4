//! What can go wrong at the issuer, split by whose fault it is.
//!
//! Not here: any text from an application or a claims file.

use std::{error, fmt};

use milchglas_credential::error as credential;
use milchglas_sealed as sealed;

use crate::registry::{self, RegistryError, StorageError};

/// The error of every fallible function of this crate outside of [`registry`].
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// A claims file, a schema or an application that can not be read or does not fit.
    Input(credential::Error),
    /// The application's proof does not hold for its invitation. It says no more.
    Invalid,
    /// A rule says no, for the officer to read. Nothing has changed.
    Refused(Refusal),
    /// A file could not be opened, read or written.
    File(sealed::Error),
    /// The issuer's folder does not fit together: a file is missing, changed, or another issuer's.
    Damaged {
        /// What does not fit.
        what: &'static str,
    },
    /// The registry's store failed.
    Storage(StorageError),
    /// The calling code is wrong; the text says what its documentation asks for.
    Misuse {
        /// What the caller must do differently.
        what: &'static str,
    },
}

/// Why the issuer does not invite or does not issue. Its text is for the officer; an applicant is told no more than "refused".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Refusal {
    /// A rule of the registry.
    Registry(registry::Refusal),
    /// The issuer has no schema of that name.
    UnknownSchema,
    /// The claims begin to be valid in a later month.
    NotYetValid,
    /// The claims were valid in earlier months only.
    NoLongerValid,
    /// The claims file says another assurance than the officer.
    AssuranceContradicts,
    /// The claims said again with an application are not those of its invitation.
    ClaimsContradict,
    /// The schema has no claim that numbers the person, and no number was given.
    PersonNumberMissing,
    /// A number was given for the person, though the schema has a claim for it.
    PersonNumberTwice,
    /// The issuer's signature key was replaced after the invitation.
    KeyReplaced,
}

impl Refusal {
    /// The sentence that the officer should read.
    #[must_use]
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Registry(refusal) => registry_sentence(refusal),
            Self::UnknownSchema => "This issuer has no schema of that name. Add the schema first, or correct the name.",
            Self::NotYetValid => {
                "The claims begin to be valid in a later month. Issue them then, or correct the month in which they begin."
            }
            Self::NoLongerValid => "The claims are no longer valid. Correct the month in which they end.",
            Self::AssuranceContradicts => {
                "The claims file says another assurance than the one at which the person was checked. Leave it out of the \
                 file: the issuer sets it."
            }
            Self::ClaimsContradict => {
                "The claims beside the application are not those that the person was invited with. Leave them out, or make a \
                 new invitation."
            }
            Self::PersonNumberMissing => {
                "The schema has no claim that numbers the person. Give the person's number beside the claims: it is not \
                 put on the card, and the registry keeps only a keyed hash of it."
            }
            Self::PersonNumberTwice => {
                "The schema has a claim that numbers the person, so no other number can be given beside it."
            }
            Self::KeyReplaced => {
                "The issuer's signature key was replaced after this invitation was made. Make a new invitation."
            }
        }
    }
}

fn registry_sentence(refusal: registry::Refusal) -> &'static str {
    match refusal {
        registry::Refusal::UnknownInvitation => {
            "This issuer knows no invitation that the application answers. Perhaps it is meant for another issuer."
        }
        registry::Refusal::InvitationExpired => "The invitation has expired. Make a new one.",
        registry::Refusal::AnsweredToAnother => {
            "The invitation was answered already, to another application. If that was not this person's wallet, somebody \
             else has their card and it must be revoked; otherwise make a new invitation."
        }
        registry::Refusal::InvitationExists => "An invitation of this number exists already. Make another one.",
        registry::Refusal::NameOfAnotherPerson => {
            "This wallet is registered to another person. A wallet serves one person; the applicant needs one of their own."
        }
        registry::Refusal::PersonHasAnotherName => {
            "This person is registered with another wallet. They apply with that wallet, or restore it from its recovery \
             phrase."
        }
        registry::Refusal::NameRetired => {
            "This wallet's secret was given up and serves nobody any more. The applicant needs a new wallet."
        }
        registry::Refusal::UnknownHandle => "No card of this registry has that handle.",
        registry::Refusal::AlreadyRevoked => "The card is revoked already, or will be with the next epoch.",
        registry::Refusal::UnknownPerson => "This registry has no such person.",
        registry::Refusal::NothingToRevoke => "This person has no valid card of this issuer.",
        registry::Refusal::NothingToRetire => {
            "This person's wallet was given up already, or was replaced by another one."
        }
        registry::Refusal::EpochTaken => "An epoch of this number is published already.",
        registry::Refusal::EpochOutOfOrder => "The epoch does not follow the last one that was published.",
        registry::Refusal::NotPending => "The epoch revokes a card whose revocation is not pending.",
        registry::Refusal::CohortExhausted => {
            "The key of these cards has served as many revocations as it may. Renew the cards under a new one."
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.sentence())
    }
}

impl error::Error for Refusal {}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Input(error) => error.fmt(f),
            Self::Invalid => f.write_str("the application's proof does not hold"),
            Self::Refused(refusal) => refusal.fmt(f),
            Self::File(error) => error.fmt(f),
            Self::Damaged { what } => write!(f, "the issuer's folder is damaged: {what}"),
            Self::Storage(error) => error.fmt(f),
            Self::Misuse { what } => write!(f, "misuse: {what}"),
        }
    }
}

impl error::Error for Error {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match self {
            Self::Storage(error) => error::Error::source(error),
            Self::Input(_)
            | Self::Invalid
            | Self::Refused(_)
            | Self::File(_)
            | Self::Damaged { .. }
            | Self::Misuse { .. } => None,
        }
    }
}

impl From<credential::Error> for Error {
    fn from(error: credential::Error) -> Self {
        if let credential::Error::Misuse(what) = error {
            Self::Misuse { what }
        } else if error == credential::Error::Invalid {
            Self::Invalid
        } else {
            Self::Input(error)
        }
    }
}

impl From<sealed::Error> for Error {
    fn from(error: sealed::Error) -> Self {
        Self::File(error)
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<RegistryError> for Error {
    fn from(error: RegistryError) -> Self {
        match error {
            RegistryError::Refused(refusal) => Self::Refused(Refusal::Registry(refusal)),
            RegistryError::Misuse { what } => Self::Misuse { what },
            RegistryError::Storage(error) => Self::Storage(error),
        }
    }
}
