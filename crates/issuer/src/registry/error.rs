//! What can go wrong in the registry, split by whose fault it is.

use core::fmt;
use std::error::Error;

/// Why a call of the registry failed.
#[derive(Debug)]
#[non_exhaustive]
pub enum RegistryError {
    /// A rule of the registry says no. Nothing has changed.
    Refused(Refusal),
    /// The call itself is wrong; the text says what its documentation asks for.
    Misuse {
        /// What the caller must do differently.
        what: &'static str,
    },
    /// The store failed. A transaction that had not been committed has no effect.
    Storage(StorageError),
}

/// The rule that a call runs into. For the operator's log; an applicant sees no difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Refusal {
    /// No invitation has this nonce.
    UnknownInvitation,
    /// The invitation expired before it was answered.
    InvitationExpired,
    /// Another application has already answered the invitation.
    AnsweredToAnother,
    /// An invitation with this nonce exists already.
    InvitationExists,
    /// The registered name belongs to another person: one secret serves one person.
    NameOfAnotherPerson,
    /// The person is registered under another name: one person has one secret.
    PersonHasAnotherName,
    /// The name was retired: it serves nobody any more.
    NameRetired,
    /// No credential has this handle.
    UnknownHandle,
    /// The credential is revoked already, or its revocation is pending.
    AlreadyRevoked,
    /// No person has this tag or name.
    UnknownPerson,
    /// The person has no active credential.
    NothingToRevoke,
    /// The person has no name that could be retired.
    NothingToRetire,
    /// An epoch of this number is stored already, perhaps by another process just now.
    EpochTaken,
    /// The epoch does not follow the last one stored: a number is left out, or the last one has another digest.
    EpochOutOfOrder,
    /// The epoch names a handle that is not pending in its cohort, or names one twice.
    NotPending,
    /// The epoch would bring its cohort over [`MAX_COHORT_REVOCATIONS`](super::MAX_COHORT_REVOCATIONS).
    CohortExhausted,
}

/// A failure of the store: opaque to programs, with its cause for the operator.
#[derive(Debug)]
pub struct StorageError {
    what: &'static str,
    source: Option<Box<dyn Error + Send + Sync>>,
    conflict: bool,
}

impl StorageError {
    pub(super) fn new(what: &'static str) -> Self {
        Self { what, source: None, conflict: false }
    }

    pub(super) fn caused(what: &'static str, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { what, source: Some(source.into()), conflict: false }
    }

    /// The same error, marked as one that the transaction owes to others: it was rolled back, and would succeed on its own.
    pub(super) fn of_a_conflict(self) -> Self {
        Self { conflict: true, ..self }
    }
}

impl RegistryError {
    /// Whether the transaction was rolled back only because of others, so that it should be tried again.
    pub(super) fn is_conflict(&self) -> bool {
        matches!(self, Self::Storage(StorageError { conflict: true, .. }))
    }
}

impl fmt::Display for RegistryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(refusal) => refusal.fmt(f),
            Self::Misuse { what } => write!(f, "misuse of the registry: {what}"),
            Self::Storage(error) => error.fmt(f),
        }
    }
}

impl Error for RegistryError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Refused(_) | Self::Misuse { .. } => None,
            Self::Storage(error) => error.source(),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UnknownInvitation => "no invitation has this nonce",
            Self::InvitationExpired => "the invitation has expired",
            Self::AnsweredToAnother => "the invitation has already been answered to another application",
            Self::InvitationExists => "an invitation with this nonce exists already",
            Self::NameOfAnotherPerson => "this holder secret is registered to another person",
            Self::PersonHasAnotherName => "this person is registered with another holder secret",
            Self::NameRetired => "this holder secret was retired",
            Self::UnknownHandle => "no credential has this handle",
            Self::AlreadyRevoked => "the credential is revoked already, or about to be",
            Self::UnknownPerson => "no such person is registered",
            Self::NothingToRevoke => "the person has no active credential",
            Self::NothingToRetire => "the person has no holder secret that could be retired",
            Self::EpochTaken => "an epoch of this number is stored already",
            Self::EpochOutOfOrder => "the epoch does not follow the last one stored",
            Self::NotPending => "the epoch names a handle whose revocation is not pending, or names one twice",
            Self::CohortExhausted => "the cohort has no room for so many revocations",
        })
    }
}

impl Error for Refusal {}

impl fmt::Display for StorageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the registry's store failed: {}", self.what)
    }
}

impl Error for StorageError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.source {
            Some(source) => Some(source.as_ref()),
            None => None,
        }
    }
}
