//! What a verifier knows of revocation: of each signature key of its issuers, the newest head.
//!
//! A head is believed because the issuer signed it, and has to agree with the one known before. So a verifier that was shown two histories
//! finds out, and has both signed heads to prove it. Nothing else of a log is needed to ask or to check.
//!
//! Not here: where heads come from, the files of epochs, who is revoked.

use milchglas_credential::date::Date;
use milchglas_credential::digest::{IssuerFingerprint, IssuerKeyId};
use milchglas_credential::parameters::Parameters;
use milchglas_credential::revocation::{AcceptedEpochs, Epoch, Log, LogError, SignedHead};
use milchglas_credential::sorted_map::SortedMap;

use crate::Error;
use crate::trust::Trust;

/// What is known of one key after a head was learned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LearnedEpoch {
    /// The issuer.
    pub issuer: IssuerFingerprint,
    /// What it calls itself.
    pub issuer_name: String,
    /// The signature key whose cards the head is about.
    pub key: IssuerKeyId,
    /// The newest epoch that is known now.
    pub epoch: Epoch,
    /// Whether it was not known before.
    pub is_new: bool,
}

/// The newest known head of each key.
#[derive(Clone, Debug, Default)]
pub(crate) struct Epochs(SortedMap<IssuerKeyId, Log>);

impl Epochs {
    /// What is known of the head's key once the head is: the log to keep where that is newer, and `None` where nothing changes.
    ///
    /// # Errors
    /// [`Error::Epoch`] where no trusted issuer signed it, or where it contradicts what is known.
    pub(crate) fn learn(&self, head: &SignedHead, trust: &Trust) -> Result<(LearnedEpoch, Option<Log>), Error> {
        let key = head.unverified().key;
        let parameters = trust.of_key(&key).ok_or(Error::Epoch(LogError::Foreign))?;
        let told = |log: &Log, is_new| LearnedEpoch {
            issuer: parameters.fingerprint(),
            issuer_name: parameters.content().name.clone(),
            key,
            epoch: log.head().epoch,
            is_new,
        };
        let heard = Log::trust(head, parameters).map_err(Error::Epoch)?;
        let Some(known) = self.0.get(&key) else { return Ok((told(&heard, true), Some(heard))) };
        if head == known.signed_head() {
            return Ok((told(known, false), None));
        }
        let mut newer = known.clone();
        match newer.advance(head, parameters) {
            Ok(()) => Ok((told(&newer, true), Some(newer))),
            // An older one; what is known has to continue it.
            Err(LogError::Old) => {
                let mut older = heard;
                match older.advance(known.signed_head(), parameters) {
                    Ok(()) | Err(LogError::Old) => Ok((told(known, false), None)),
                    Err(error) => Err(Error::Epoch(error)),
                }
            }
            Err(error) => Err(Error::Epoch(error)),
        }
    }

    pub(crate) fn keep(&mut self, log: Log) {
        self.0.insert(log.head().key, log);
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &Log> {
        self.0.values()
    }

    /// What a request accepts of an issuer's cards: for each key that is still accepted and whose newest head is known.
    ///
    /// # Errors
    /// [`Error::NoEpoch`] where none is known.
    pub(crate) fn accepted(
        &self,
        parameters: &Parameters,
        within: u8,
        as_of: Date,
    ) -> Result<Vec<AcceptedEpochs>, Error> {
        let keys = parameters.content().keys.iter().filter(|key| key.accepted_until >= as_of);
        let known = keys.filter_map(|key| self.0.get(&parameters.key_id(key)));
        let accepted: Vec<_> = known.map(|log| log.accepted(within)).collect();
        if accepted.is_empty() { Err(Error::NoEpoch(parameters.content().name.clone())) } else { Ok(accepted) }
    }
}
