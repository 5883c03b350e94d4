//! A case: a signed request with its answer, kept so that an inspector's shareholders can open what it contains.
//!
//! Spec: `spec/encodings.md`, Case.
//! Caution: nothing in it is checked; whoever opens a case checks both parts.
//! Not here: opening (the inspector crate).

use crate::cbor::{self, Reader, Wire, Writer};
use crate::digest::{CaseDigest, tagged_digest};
use crate::error::{DecodeError, Error};
use crate::presentation::MAX_PRESENTATION;
use crate::request::MAX_REQUEST;

const FORMAT: &str = "milchglas case/1";
const MAX_SIGNED: usize = MAX_REQUEST + 128;
/// Most bytes of a case.
pub const MAX_CASE: usize = MAX_PRESENTATION + MAX_SIGNED + 64;

/// A signed request and the presentation that answered it, as they travelled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// The wire form of the signed request.
    pub request: Vec<u8>,
    /// The wire form of the presentation.
    pub presentation: Vec<u8>,
}

impl Case {
    /// The wire form.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        cbor::to_bytes(self)
    }

    /// Reads the wire form. Nothing is checked.
    ///
    /// # Errors
    /// [`Error::Decode`] where it is not such a form.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        Ok(cbor::from_bytes(bytes, MAX_CASE)?)
    }

    /// The digest to which shares of its opening are bound.
    #[must_use]
    pub fn digest(&self) -> CaseDigest {
        CaseDigest(tagged_digest("milchglas case-digest/1", &self.to_bytes()))
    }
}

impl Wire for Case {
    fn write(&self, out: &mut Writer) {
        out.array(3).text(FORMAT).bytes(&self.request).bytes(&self.presentation);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let what = "a case";
        input.array(3, what)?;
        if input.text(32, what)? != FORMAT {
            return Err(DecodeError { what });
        }
        let request = input.bytes_up_to(MAX_SIGNED, "the bytes of a signed request")?.to_vec();
        Ok(Self { request, presentation: input.bytes_up_to(MAX_PRESENTATION, "the bytes of a presentation")?.to_vec() })
    }
}
