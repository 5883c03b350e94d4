//! The log of one key's epochs, as somebody has followed it.

use std::fmt;

use super::MAX_WINDOW;
use super::ask::AcceptedEpochs;
use super::epoch::{Epoch, EpochFile, EpochHead, SignedHead};
use crate::cbor::{Reader, Wire, Writer};
use crate::digest::AccumulatorBytes;
use crate::error::{DecodeError, Error};
use crate::parameters::Parameters;

/// The newest head of one key's log that somebody has seen, all before it having been followed. Public; kept by wallets and verifiers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    newest: SignedHead,
}

/// A head that does not continue a log.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LogError {
    /// The issuer did not sign it, or it is about another key.
    Foreign,
    /// An epoch that was seen already, unchanged.
    Old,
    /// Epochs are missing in between.
    Gap,
    /// **The issuer has signed two different heads of one epoch, or changed what came before**: somebody is shown something else than the others.
    /// Both are signed, and prove it to anybody.
    TwoHeads(Box<[SignedHead; 2]>),
}

impl fmt::Display for LogError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Foreign => "the issuer did not sign this epoch",
            Self::Old => "this epoch is known already",
            Self::Gap => "epochs are missing before this one",
            Self::TwoHeads(_) => "the issuer has signed two different histories of revocation",
        })
    }
}

impl std::error::Error for LogError {}

impl Log {
    /// Begins with the first head of a key: epoch 0, at which nothing is revoked.
    ///
    /// # Errors
    /// [`LogError::Foreign`] if the issuer did not sign it, [`LogError::Gap`] if it is a later one.
    pub fn begin(first: &SignedHead, parameters: &Parameters) -> Result<Self, LogError> {
        let head = first.verify(parameters).map_err(|_| LogError::Foreign)?;
        if head.epoch != Epoch(0) {
            return Err(LogError::Gap);
        }
        let expected = parameters.first_accumulator(&head.key).ok_or(LogError::Foreign)?;
        if head.accumulators.newest().ok() != Some(&AccumulatorBytes(expected.to_bytes())) {
            return Err(LogError::Foreign);
        }
        Ok(Self { newest: first.clone() })
    }

    /// Trusts a head without what came before: for verifiers, who need no more. The issuer's signature is checked.
    ///
    /// # Errors
    /// [`LogError::Foreign`] if the issuer did not sign it.
    pub fn trust(head: &SignedHead, parameters: &Parameters) -> Result<Self, LogError> {
        head.verify(parameters).map_err(|_| LogError::Foreign)?;
        Ok(Self { newest: head.clone() })
    }

    /// Goes on with the next epoch.
    ///
    /// # Errors
    /// [`LogError`], and the log stays as it is.
    pub fn follow(&mut self, file: &EpochFile, parameters: &Parameters) -> Result<(), LogError> {
        let head = self.verify(file.head(), parameters)?;
        let known = self.head();
        if head.epoch.0 > known.epoch.0.saturating_add(1) {
            return Err(LogError::Gap);
        }
        let continues = head.previous == known.digest()
            && known.total.checked_add(head.revoked) == Some(head.total)
            && head.accumulators.as_slice().iter().skip(1).eq(known
                .accumulators
                .as_slice()
                .iter()
                .take(MAX_WINDOW - 1))
            && (head.revoked > 0 || head.accumulators.newest().ok() == known.accumulators.newest().ok());
        if !continues {
            return Err(self.two_heads(file.head()));
        }
        self.newest = file.head().clone();
        Ok(())
    }

    /// Jumps to a newer head, for verifiers: what the two have in common must agree.
    ///
    /// # Errors
    /// [`LogError`], and the log stays as it is.
    pub fn advance(&mut self, head: &SignedHead, parameters: &Parameters) -> Result<(), LogError> {
        let newer = self.verify(head, parameters)?;
        let known = self.head();
        // What both know of: the newer list, from the known epoch on.
        let back = usize::try_from(newer.epoch.0 - known.epoch.0).unwrap_or(usize::MAX);
        let common = newer.accumulators.as_slice().iter().skip(back).zip(known.accumulators.as_slice());
        let before = newer.total.saturating_sub(newer.revoked);
        let agree = before >= known.total && common.into_iter().all(|(one, other)| one == other);
        let follows = newer.previous == known.digest()
            && before == known.total
            && (newer.revoked > 0 || newer.accumulators.newest().ok() == known.accumulators.newest().ok());
        if !agree || (back == 1 && !follows) {
            return Err(self.two_heads(head));
        }
        self.newest = head.clone();
        Ok(())
    }

    fn verify<'h>(&self, head: &'h SignedHead, parameters: &Parameters) -> Result<&'h EpochHead, LogError> {
        let signed = head.verify(parameters).map_err(|_| LogError::Foreign)?;
        let known = self.head();
        if signed.key != known.key {
            return Err(LogError::Foreign);
        }
        if signed.epoch == known.epoch && signed.digest() != known.digest() {
            return Err(self.two_heads(head));
        }
        if signed.epoch <= known.epoch { Err(LogError::Old) } else { Ok(signed) }
    }

    fn two_heads(&self, other: &SignedHead) -> LogError {
        LogError::TwoHeads(Box::new([self.newest.clone(), other.clone()]))
    }

    /// The newest head.
    #[must_use]
    pub fn head(&self) -> &EpochHead {
        self.newest.unverified()
    }

    /// The newest head with its signature.
    #[must_use]
    pub fn signed_head(&self) -> &SignedHead {
        &self.newest
    }

    /// The accumulator of an epoch, if it is the newest or one of the 15 before.
    #[must_use]
    pub fn accumulator(&self, epoch: Epoch) -> Option<&AccumulatorBytes> {
        let back = self.head().epoch.0.checked_sub(epoch.0)?;
        self.head().accumulators.as_slice().get(usize::try_from(back).ok()?)
    }

    /// What a request says that accepts the newest epoch and `within` epochs before, as far as they are known.
    #[must_use]
    pub fn accepted(&self, within: u8) -> AcceptedEpochs {
        let head = self.head();
        let accumulators = head.accumulators.as_slice().iter().copied().take(1 + usize::from(within)).collect();
        AcceptedEpochs { key: head.key, newest: head.epoch, accumulators }
    }

    /// Whether an accepted accumulator is another one than in this log: then the request is not to be answered.
    #[must_use]
    pub fn contradicts(&self, accepted: &AcceptedEpochs) -> bool {
        let both = (0..accepted.accumulators.len()).filter_map(|back| accepted.before(back));
        both.into_iter().any(|(epoch, asked)| self.accumulator(epoch).is_some_and(|known| known != asked))
    }

    /// Which of the accepted epochs an answer is to name, given as epochs before the newest: the oldest that this log knows too and for which
    /// there is a witness. The oldest, because it shows: everybody who has followed the log that far names the same one, whereas the newest would
    /// tell when each wallet last looked.
    ///
    /// # Errors
    /// [`Error::Invalid`] where the log [contradicts](Log::contradicts) the request; [`Error::Unsatisfied`] where there is no such epoch.
    pub fn choose(&self, accepted: &AcceptedEpochs, has_witness: impl Fn(Epoch) -> bool) -> Result<(u8, Epoch), Error> {
        if self.contradicts(accepted) {
            return Err(Error::Invalid);
        }
        let usable = |back: usize| {
            let (epoch, _) = accepted.before(back)?;
            let usable = self.accumulator(epoch).is_some() && has_witness(epoch);
            usable.then_some((u8::try_from(back).ok()?, epoch))
        };
        (0..accepted.accumulators.len()).rev().find_map(usable).ok_or(Error::Unsatisfied)
    }
}

impl Wire for Log {
    fn write(&self, out: &mut Writer) {
        out.array(1).object(&self.newest);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        input.array(1, "a log's newest head")?;
        Ok(Self { newest: input.object()? })
    }
}
