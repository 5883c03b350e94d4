//! Which of the permitted ways an answer takes through a request.
//!
//! Everything that a wallet may choose stands here, shows to the verifier, and is bound by the proof. Nothing else in a presentation
//! is the wallet's choice.
//!
//! Spec: `spec/encodings.md`, Selection.

use crate::cbor::{self, Reader, Wire, Writer};
use crate::error::{DecodeError, Error};
use crate::request::{Ask, CredentialAsk};

/// Most choices and most credentials in one answer; a request has no more nodes.
const MAX_CHOICES: usize = 16;

/// A way through a request's ask.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// For each `any` on the way, in the order in which it is met: which of its asks is answered, from 0.
    pub branches: Vec<u8>,
    /// For each credential asked for on the way: under what it is shown.
    pub shown: Vec<ShownAs>,
}

/// Under what one credential is shown: places in the lists of its ask and of the parameters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ShownAs {
    /// Which of the accepted issuers.
    pub accept: u8,
    /// Which of the keys in that issuer's parameters.
    pub key: u8,
    /// Which of the accepted schemas.
    pub schema: u8,
    /// How many epochs before the newest accepted one the card is shown not to have been revoked; 0 where that is not asked.
    pub back: u8,
}

impl Selection {
    /// The credentials asked for on the way, in the order of the request.
    ///
    /// # Errors
    /// [`Error::Invalid`] if the branches do not lead through this ask, exactly.
    pub fn leaves<'r>(&self, ask: &'r Ask) -> Result<Vec<&'r CredentialAsk>, Error> {
        let mut branches = self.branches.iter();
        let mut leaves = Vec::new();
        walk(ask, &mut branches, &mut leaves)?;
        if branches.next().is_some() || leaves.len() != self.shown.len() {
            return Err(Error::Invalid);
        }
        Ok(leaves)
    }

    /// The canonical form, which the transcript absorbs.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        cbor::to_bytes(self)
    }
}

/// The depth of the recursion is that of the ask, at most 4.
fn walk<'r>(
    ask: &'r Ask,
    branches: &mut std::slice::Iter<'_, u8>,
    leaves: &mut Vec<&'r CredentialAsk>,
) -> Result<(), Error> {
    match ask {
        Ask::All(asks) => asks.iter().try_for_each(|ask| walk(ask, branches, leaves)),
        Ask::Any(asks) => {
            let branch = branches.next().ok_or(Error::Invalid)?;
            walk(asks.get(usize::from(*branch)).ok_or(Error::Invalid)?, branches, leaves)
        }
        Ask::Credential(ask) => {
            leaves.push(ask);
            Ok(())
        }
    }
}

impl Wire for Selection {
    fn write(&self, out: &mut Writer) {
        out.array(2).array(self.branches.len());
        for branch in &self.branches {
            out.uint((*branch).into());
        }
        out.list(self.shown.iter());
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        input.array(2, "a selection")?;
        let mut branches = Vec::new();
        for _ in 0..input.array_up_to(MAX_CHOICES, "the branches of a selection")? {
            branches.push(small(input)?);
        }
        Ok(Self { branches, shown: input.list(MAX_CHOICES, "what a selection shows")? })
    }
}

impl Wire for ShownAs {
    fn write(&self, out: &mut Writer) {
        out.array(4).uint(self.accept.into()).uint(self.key.into()).uint(self.schema.into()).uint(self.back.into());
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        input.array(4, "a choice of issuer, key, schema and epoch")?;
        Ok(Self { accept: small(input)?, key: small(input)?, schema: small(input)?, back: small(input)? })
    }
}

fn small(input: &mut Reader<'_>) -> Result<u8, DecodeError> {
    let what = "a choice";
    u8::try_from(input.uint(what)?).map_err(|_| DecodeError { what })
}
