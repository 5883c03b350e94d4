//! Revoking: whose cards, in which epoch, and the witness that goes with a new card.
//!
//! A revocation is requested, which the registry keeps; the next epoch of the card's key publishes it. Each signature key has its own epochs,
//! counted from 0, at which nothing is revoked. An epoch is durable in the registry before any file shows it ([`publishing`](crate::publishing)).
//!
//! Spec: `spec/revocation.md`. Secret: z; handles until they are published.
//! Caution: several processes may publish on one PostgreSQL; the registry lets one of them have each epoch, and the others go on from it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use milchglas_credential::credential::{self, Credential};
use milchglas_credential::date::Timestamp;
use milchglas_credential::issuer_key::CredentialKey;
use milchglas_credential::parameters::IssuerKey;
use milchglas_credential::revocation::{EpochFile, RevocationRequest, SignedHead, Witness};
use rand_core::{CryptoRng, RngCore};

use crate::issuer::revocation_key;
use crate::keys;
use crate::registry::{
    self, Cohort, EpochDigest, EpochNumber, Handle, Holder, NewEpoch, Reason, RegisteredName, RegistryError,
    UnixSeconds,
};
use crate::{Error, Issuer};

/// Most handles of one epoch.
const MAX_REVOKED: usize = 1 << 16;
/// How often others may be first with an epoch before this call gives up.
const TRIES: usize = 64;
/// For how many seconds a holder's request to revoke is good.
const MAX_REQUEST_AGE: u64 = 24 * 60 * 60;

/// The newest head of each cohort that this process has seen. An older one does no harm: a card issued under it is updated like all others.
#[derive(Default)]
pub(crate) struct Heads(Mutex<BTreeMap<u32, Arc<SignedHead>>>);

impl Heads {
    fn get(&self, cohort: Cohort) -> Option<Arc<SignedHead>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&cohort.0).cloned()
    }

    fn put(&self, cohort: Cohort, head: SignedHead) -> Arc<SignedHead> {
        let head = Arc::new(head);
        let mut heads = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = heads.entry(cohort.0).or_insert_with(|| Arc::clone(&head));
        if kept.unverified().epoch < head.unverified().epoch {
            *kept = Arc::clone(&head);
        }
        head
    }
}

/// An epoch that was published.
#[derive(Debug, Clone)]
pub struct PublishedEpoch {
    /// Its head.
    pub head: SignedHead,
    /// How many requests wait for the next one, because there were too many for one epoch.
    pub waiting: bool,
}

impl Issuer {
    /// Requests the revocation of one card, by its handle.
    ///
    /// # Errors
    /// [`Error::Refused`] for an unknown handle, or a card that is revoked already; [`Error::Storage`].
    pub async fn revoke(&self, handle: &Handle, reason: Reason, now: Timestamp) -> Result<(), Error> {
        Ok(self.registry.revoke(handle, reason, UnixSeconds(now.as_unix())).await?)
    }

    /// Requests the revocation of all cards of a person, and says how many there are. The person may apply again with the same secret.
    ///
    /// # Errors
    /// [`Error::Refused`] for an unknown person, or one without a valid card; [`Error::Storage`].
    pub async fn revoke_all(&self, holder: Holder, reason: Reason, now: Timestamp) -> Result<usize, Error> {
        Ok(self.registry.revoke_all(holder, reason, UnixSeconds(now.as_unix())).await?.len())
    }

    /// Revokes what a holder asks to have revoked, by a proof of the holder secret: the cards of that holder that were issued before the request was
    /// made. Says how many there are.
    ///
    /// # Errors
    /// [`Error::Input`] if it is no such request, or older than a day; [`Error::Invalid`] if its proof does not hold for this issuer;
    /// [`Error::Refused`] for an unknown holder, or one without such a card; [`Error::Storage`].
    pub async fn revoke_on_request(
        &self,
        request: &[u8],
        now: Timestamp,
        rng: &mut (impl CryptoRng + RngCore),
    ) -> Result<usize, Error> {
        let request = RevocationRequest::from_bytes(request)?;
        let mut verified = request.verify(&self.parameters, now, MAX_REQUEST_AGE, rng);
        if verified == Err(milchglas_credential::error::Error::Invalid) {
            // The wallet may know an earlier publication.
            for parameters in self.folder.all_kept()? {
                verified = request.verify(&parameters, now, MAX_REQUEST_AGE, rng);
                if verified.is_ok() {
                    break;
                }
            }
        }
        let verified = verified?;
        let holder = Holder::Name(RegisteredName(verified.name().to_bytes()));
        let (before, now) = (UnixSeconds(verified.time().as_unix()), UnixSeconds(now.as_unix()));
        Ok(self.registry.revoke_issued_before(holder, Reason::Lost, before, now).await?.len())
    }

    /// Gives up a person's holder secret, which is lost: all cards are revoked, and the next wallet that applies for the person brings a new secret,
    /// with new pseudonyms and unspent tokens. For the issuer's policy to decide, case by case.
    ///
    /// # Errors
    /// [`Error::Refused`] for an unknown person, or one whose secret was given up already; [`Error::Storage`].
    pub async fn retire(&self, holder: Holder, reason: Reason, now: Timestamp) -> Result<usize, Error> {
        Ok(self.registry.retire_name(holder, reason, UnixSeconds(now.as_unix())).await?.len())
    }

    /// The newest epoch of every signature key that is accepted.
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub async fn newest_epochs(&self, now: Timestamp) -> Result<Vec<Arc<SignedHead>>, Error> {
        let mut heads = Vec::new();
        for key in &self.parameters.content().keys {
            heads.push(self.newest_head(key, now).await?);
        }
        Ok(heads)
    }

    /// Publishes the next epoch of every signature key that is accepted: durable when this returns, in the registry. About 20 µs a revocation.
    /// `done` is told after each key how many of the keys are done, and of how many.
    ///
    /// Requests beyond 65,536 of one key wait for the next epoch.
    ///
    /// # Errors
    /// [`Error::Refused`] if a key has served 2^24 revocations; [`Error::Storage`].
    pub async fn publish_epochs(
        &self,
        now: Timestamp,
        mut done: impl FnMut(usize, usize),
    ) -> Result<Vec<PublishedEpoch>, Error> {
        let keys = &self.parameters.content().keys;
        let mut published = Vec::with_capacity(keys.len());
        for (place, key) in keys.iter().enumerate() {
            published.push(self.publish_epoch(key, now).await?);
            done(place + 1, keys.len());
        }
        Ok(published)
    }

    async fn publish_epoch(&self, key: &IssuerKey, now: Timestamp) -> Result<PublishedEpoch, Error> {
        let cohort = self.cohort_of(key)?;
        let credential_key = self.credential_key(key)?;
        for _ in 0..TRIES {
            let before = self.newest_head(key, now).await?;
            let mut handles = self.registry.pending(cohort.number, MAX_REVOKED + 1).await?;
            let waiting = handles.len() > MAX_REVOKED;
            handles.truncate(MAX_REVOKED);
            let revoked: Vec<_> = handles.iter().map(|handle| credential::Handle::from_bytes(handle.0)).collect();
            let file = EpochFile::revoke(
                before.unverified(),
                credential_key,
                &revoked,
                &cohort.secret,
                now,
                &self.keys.identity,
            )?;
            if self.store(cohort.number, &file, Some(&before), &handles, now).await? {
                let head = file.head().clone();
                self.heads.put(cohort.number, head.clone());
                return Ok(PublishedEpoch { head, waiting });
            }
        }
        Err(Error::Misuse { what: "other processes publish epochs without end" })
    }

    /// Stores an epoch. Whether it was stored: not so where another process was first with this epoch, or took the handles.
    async fn store(
        &self,
        cohort: Cohort,
        file: &EpochFile,
        before: Option<&SignedHead>,
        handles: &[Handle],
        now: Timestamp,
    ) -> Result<bool, Error> {
        let head = file.head().unverified();
        let content = file.to_bytes();
        let epoch = NewEpoch {
            cohort,
            number: EpochNumber(head.epoch.0.into()),
            previous: before.map(|before| EpochDigest(before.unverified().digest().0)),
            digest: EpochDigest(head.digest().0),
            handles,
            content: &content,
        };
        match self.registry.publish(&epoch, UnixSeconds(now.as_unix())).await {
            Ok(()) => Ok(true),
            Err(RegistryError::Refused(registry::Refusal::EpochTaken | registry::Refusal::NotPending)) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// The newest epoch of a key, in the registry; epoch 0 is made where there is none.
    async fn newest_head(&self, key: &IssuerKey, now: Timestamp) -> Result<Arc<SignedHead>, Error> {
        let cohort = self.cohort_of(key)?.number;
        let newest = match self.registry.newest_epoch(cohort).await? {
            Some(newest) => newest,
            None => {
                let first = EpochFile::first(self.credential_key(key)?, now, &self.keys.identity);
                if self.store(cohort, &first, None, &[], now).await? {
                    return Ok(self.heads.put(cohort, first.head().clone()));
                }
                self.registry.newest_epoch(cohort).await?.ok_or(DAMAGED)?
            }
        };
        let known = self.heads.get(cohort).filter(|known| u64::from(known.unverified().epoch.0) == newest.number.0);
        if let Some(known) = known {
            return Ok(known);
        }
        let stored = self.registry.epoch(cohort, newest.number).await?.ok_or(DAMAGED)?;
        let file = EpochFile::from_bytes(&stored.content).map_err(|_| DAMAGED)?;
        file.head().verify(&self.parameters).map_err(|_| DAMAGED)?;
        Ok(self.heads.put(cohort, file.head().clone()))
    }

    /// Sees to it that new cards get witnesses of the newest epoch.
    pub(crate) async fn follow_epochs(&self, now: Timestamp) -> Result<(), Error> {
        let key = self.parameters.content().keys.last().ok_or(DAMAGED)?;
        self.newest_head(key, now).await.map(|_| ())
    }

    /// The witness of a new card at the newest epoch of its key that this process has followed, with the card's cohort.
    pub(crate) fn witness(&self, key: &CredentialKey, card: &Credential) -> Result<(Cohort, Witness), Error> {
        let keys = &self.parameters.content().keys;
        let listed = keys.iter().find(|listed| listed.revocation == *key.revocation()).ok_or(DAMAGED)?;
        let cohort = self.cohort_of(listed)?;
        let head = self.heads.get(cohort.number).ok_or(DAMAGED)?;
        Ok((cohort.number, Witness::issue(head.unverified(), key, card.handle(), &cohort.secret)?))
    }

    /// The accumulator's key and number that belong to a signature key.
    pub(crate) fn cohort_of(&self, key: &IssuerKey) -> Result<&keys::Cohort, Error> {
        for cohort in &self.keys.accumulators {
            if revocation_key(cohort)? == key.revocation {
                return Ok(cohort);
            }
        }
        Err(DAMAGED)
    }

    fn credential_key(&self, key: &IssuerKey) -> Result<&CredentialKey, Error> {
        let id = self.parameters.key_id(key);
        let schema = self.parameters.content().schemas.first().ok_or(DAMAGED)?;
        self.parameters.credential_key(&id, &schema.digest()).ok_or(DAMAGED)
    }
}

const DAMAGED: Error = Error::Damaged { what: "the registry's epochs are not of these keys" };
