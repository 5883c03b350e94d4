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

/// The rule that an application or an invitation runs into. For the operator's log; an applicant sees no difference.
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
}

/// A failure of the store: opaque to programs, with its cause for the operator.
#[derive(Debug)]
pub struct StorageError {
    what: &'static str,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl StorageError {
    pub(super) fn new(what: &'static str) -> Self {
        Self { what, source: None }
    }

    pub(super) fn caused(what: &'static str, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { what, source: Some(source.into()) }
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
