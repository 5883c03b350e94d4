//! What a request says about revocation: the accumulators that it accepts.

use serde::{Deserialize, Serialize};

use super::epoch::Epoch;
use crate::cbor::{Reader, Wire, Writer};
use crate::digest::{AccumulatorBytes, IssuerKeyId};
use crate::error::DecodeError;

/// Most accumulators of one key in a request, and in a head.
pub const MAX_WINDOW: usize = 16;

/// The epochs of one signature key at which a card of it must not have been revoked: the newest that the verifier knows, and as many before as it
/// permits. The accumulators themselves stand in the request, so that it can be checked, and checked again later, by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AcceptedEpochs {
    /// The signature key.
    pub key: IssuerKeyId,
    /// The newest epoch.
    pub newest: Epoch,
    /// Its accumulator, then those of the epochs before, one by one.
    pub accumulators: Vec<AccumulatorBytes>,
}

impl AcceptedEpochs {
    pub(crate) fn check(&self) -> Result<(), DecodeError> {
        // Not more than there have been.
        let most = MAX_WINDOW.min(usize::try_from(self.newest.0).unwrap_or(MAX_WINDOW).saturating_add(1));
        if self.accumulators.is_empty() || self.accumulators.len() > most {
            return Err(DecodeError { what: "the accumulators of 1 to 16 epochs" });
        }
        Ok(())
    }

    /// The epoch that many before the newest, with its accumulator, if it is accepted.
    #[must_use]
    pub fn before(&self, back: usize) -> Option<(Epoch, &AccumulatorBytes)> {
        let epoch = self.newest.0.checked_sub(u32::try_from(back).ok()?)?;
        Some((Epoch(epoch), self.accumulators.get(back)?))
    }
}

impl Wire for AcceptedEpochs {
    fn write(&self, out: &mut Writer) {
        out.array(3).object(&self.key).object(&self.newest).list(self.accumulators.iter());
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let what = "a key with its accumulators";
        input.array(3, what)?;
        Ok(Self { key: input.object()?, newest: input.object()?, accumulators: input.list(MAX_WINDOW, what)? })
    }
}
