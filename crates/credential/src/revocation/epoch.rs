//! The file of an epoch: a signed head, then what was revoked.
//!
//! ```text
//! file = I2OSP(|head|, 4) ‖ head ‖ body      body = (handle, 16 bytes ‖ accumulator, 48 bytes) for each revocation
//! ```
//! Files of consecutive epochs may stand one behind the other. The accumulator after the last revocation is the epoch's.
//!
//! Caution: of the accumulators in a body it is only checked that they are points of the curve; see [`Witness::update`](super::Witness::update).

use std::fmt;

use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use milchglas_curve::{CurvePoint, NonZeroG1, Scalar};
use milchglas_sigma::FixedPoint;
use milchglas_statements::{AccumulatorSecretKey, MAX_REVOCATIONS};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::MAX_WINDOW;
use crate::cbor::{self, Reader, Wire, Writer};
use crate::credential::Handle;
use crate::date::Timestamp;
pub use crate::digest::EpochDigest;
use crate::digest::{AccumulatorBytes, IssuerKeyId, tagged_digest};
use crate::error::{DecodeError, Error};
use crate::issuer_key::CredentialKey;
use crate::parameters::Parameters;

/// Most revocations in one epoch.
const MAX_REVOKED: usize = 1 << 16;
/// Bytes of one revocation.
const ENTRY: usize = 64;
/// Most bytes of a signed head.
const MAX_HEAD: usize = 2048;
/// Most bytes of an epoch's file.
pub const MAX_FILE: usize = 4 + MAX_HEAD + MAX_REVOKED * ENTRY;
const SIGNATURE_TAG: &[u8] = b"milchglas epoch/1 signature";
const DIGEST_TAG: &str = "milchglas epoch/1";

/// An epoch of one signature key, counted from 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Epoch(pub u32);

impl Epoch {
    /// The next one, unless there is none.
    #[must_use]
    pub fn next(self) -> Option<Self> {
        self.0.checked_add(1).map(Self)
    }
}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Wire for Epoch {
    fn write(&self, out: &mut Writer) {
        out.uint(self.0.into());
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        input.uint32("an epoch").map(Self)
    }
}

/// What is to be known about an epoch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EpochHead {
    /// The signature key whose cards it is about.
    pub key: IssuerKeyId,
    /// Which epoch.
    pub epoch: Epoch,
    /// The digest of the head before; zeros for epoch 0.
    pub previous: EpochDigest,
    /// When it was made.
    pub issued: Timestamp,
    /// How many have been revoked, in this epoch and all before.
    pub total: u32,
    /// How many have been revoked in this epoch.
    pub revoked: u32,
    /// The SHA-256 of the body.
    pub body: [u8; 32],
    /// This epoch's accumulator, then those of up to 15 epochs before.
    pub accumulators: Accumulators,
}

/// One to sixteen accumulators, the newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accumulators(Vec<AccumulatorBytes>);

impl Accumulators {
    /// That of epoch 0.
    #[must_use]
    pub fn first(point: &NonZeroG1) -> Self {
        Self(vec![AccumulatorBytes(point.to_bytes())])
    }

    /// With a newer one; the oldest makes room.
    #[must_use]
    pub fn followed_by(&self, newest: AccumulatorBytes) -> Self {
        Self(std::iter::once(newest).chain(self.0.iter().copied()).take(MAX_WINDOW).collect())
    }

    /// The newest.
    ///
    /// # Errors
    /// None: there is always one.
    pub fn newest(&self) -> Result<&AccumulatorBytes, Error> {
        self.0.first().ok_or(Error::Misuse("accumulators are never empty"))
    }

    /// All, the newest first.
    #[must_use]
    pub fn as_slice(&self) -> &[AccumulatorBytes] {
        &self.0
    }
}

impl EpochHead {
    fn check(&self) -> Result<(), DecodeError> {
        let expected = MAX_WINDOW.min(usize::try_from(self.epoch.0).unwrap_or(MAX_WINDOW).saturating_add(1));
        if self.accumulators.0.len() != expected {
            return Err(DecodeError { what: "a head with the accumulators of up to 16 epochs" });
        }
        if self.revoked > self.total || self.total > MAX_REVOCATIONS || self.revoked as usize > MAX_REVOKED {
            return Err(DecodeError { what: "a head with a permitted number of revocations" });
        }
        if self.epoch.0 == 0 && (self.total != 0 || self.previous.0 != [0; 32]) {
            return Err(DecodeError { what: "a first epoch without revocations and predecessor" });
        }
        Ok(())
    }

    /// The digest by which the next head names this one.
    #[must_use]
    pub fn digest(&self) -> EpochDigest {
        EpochDigest(tagged_digest(DIGEST_TAG, &cbor::to_bytes(self)))
    }

    /// Signs it with the issuer's identity key.
    #[must_use]
    pub fn sign(self, identity: &SigningKey) -> SignedHead {
        let signature = identity.sign(&[SIGNATURE_TAG, &cbor::to_bytes(&self)].concat()).to_bytes();
        SignedHead { head: self, signature }
    }
}

impl Wire for EpochHead {
    fn write(&self, out: &mut Writer) {
        out.array(8).object(&self.key).object(&self.epoch).object(&self.previous).object(&self.issued);
        out.uint(self.total.into()).uint(self.revoked.into()).bytes(&self.body);
        out.list(self.accumulators.0.iter());
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let what = "the head of an epoch";
        input.array(8, what)?;
        let head = Self {
            key: input.object()?,
            epoch: input.object()?,
            previous: input.object()?,
            issued: input.object()?,
            total: input.uint32(what)?,
            revoked: input.uint32(what)?,
            body: input.bytes(what)?,
            accumulators: Accumulators(input.list(MAX_WINDOW, what)?),
        };
        head.check()?;
        Ok(head)
    }
}

/// A head with the issuer's signature, which [`SignedHead::verify`] checks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedHead {
    head: EpochHead,
    signature: [u8; 64],
}

impl SignedHead {
    /// The head of epoch 0 of a key: nothing is revoked.
    #[must_use]
    pub fn first(key: &CredentialKey, issued: Timestamp, identity: &SigningKey) -> Self {
        EpochHead {
            key: key.id(),
            epoch: Epoch(0),
            previous: EpochDigest([0; 32]),
            issued,
            total: 0,
            revoked: 0,
            body: Sha256::digest([]).into(),
            accumulators: Accumulators::first(&key.first_accumulator()),
        }
        .sign(identity)
    }

    /// The head, of which nothing is checked but its form.
    #[must_use]
    pub fn unverified(&self) -> &EpochHead {
        &self.head
    }

    /// Checks that the issuer signed it, for one of its signature keys; returns it.
    ///
    /// # Errors
    /// [`Error::Invalid`] if not.
    pub fn verify(&self, parameters: &Parameters) -> Result<&EpochHead, Error> {
        if parameters.key(&self.head.key).is_none() {
            return Err(Error::Invalid);
        }
        let identity = VerifyingKey::from_bytes(parameters.identity().as_bytes()).map_err(|_| Error::Invalid)?;
        let message = [SIGNATURE_TAG, &cbor::to_bytes(&self.head)].concat();
        identity.verify_strict(&message, &Signature::from_bytes(&self.signature)).map_err(|_| Error::Invalid)?;
        Ok(&self.head)
    }

    /// The wire form.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        cbor::to_bytes(self)
    }

    /// Reads the wire form. The signature is not checked.
    ///
    /// # Errors
    /// [`Error::Decode`] where it is not such a form.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        Ok(cbor::from_bytes(bytes, MAX_HEAD)?)
    }
}

impl Wire for SignedHead {
    fn write(&self, out: &mut Writer) {
        out.array(3).text("milchglas epoch/1").object(&self.head).bytes(&self.signature);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let what = "the signed head of an epoch";
        input.array(3, what)?;
        if input.text(32, what)? != "milchglas epoch/1" {
            return Err(DecodeError { what });
        }
        Ok(Self { head: input.object()?, signature: input.bytes("a signature of 64 bytes")? })
    }
}

/// One epoch as it is published.
#[derive(Clone, PartialEq, Eq)]
pub struct EpochFile {
    head: SignedHead,
    body: Vec<u8>,
}

impl EpochFile {
    /// The file of epoch 0.
    #[must_use]
    pub fn first(key: &CredentialKey, issued: Timestamp, identity: &SigningKey) -> Self {
        Self { head: SignedHead::first(key, issued, identity), body: Vec::new() }
    }

    /// Revokes: the file of the epoch after `newest`. About 20 µs a handle.
    ///
    /// `handles` are different from each other and from all that were revoked before; the registry sees to it.
    ///
    /// # Errors
    /// [`Error::Misuse`] for more than 65,536 handles, for more than 2^24 revocations under one key, or where `secret` is not the key's.
    pub fn revoke(
        newest: &EpochHead,
        key: &CredentialKey,
        handles: &[Handle],
        secret: &AccumulatorSecretKey,
        issued: Timestamp,
        identity: &SigningKey,
    ) -> Result<Self, Error> {
        let over = Error::Misuse("one key serves 2^24 revocations, one epoch 65,536");
        if key.id() != newest.key || secret.public_key()? != *key.revocation() {
            return Err(Error::Misuse("the accumulator is another key's"));
        }
        let revoked = u32::try_from(handles.len()).map_err(|_| over)?;
        let total = newest.total.checked_add(revoked).filter(|total| *total <= MAX_REVOCATIONS).ok_or(over)?;
        let epoch = newest.epoch.next().filter(|_| handles.len() <= MAX_REVOKED).ok_or(over)?;
        let before = newest.accumulators.newest()?;
        let scalars: Vec<Scalar> = handles.iter().map(Handle::to_scalar).collect();
        let chain = secret.revoke(&FixedPoint::new(&NonZeroG1::from_bytes(&before.0)?), &scalars)?;
        let mut body = Vec::with_capacity(ENTRY * handles.len());
        for (handle, point) in handles.iter().zip(&chain) {
            body.extend_from_slice(handle.as_bytes());
            body.extend_from_slice(&point.to_bytes());
        }
        let now = chain.last().map_or(*before, |point| AccumulatorBytes(point.to_bytes()));
        let head = EpochHead {
            key: newest.key,
            epoch,
            previous: newest.digest(),
            issued,
            total,
            revoked,
            body: Sha256::digest(&body).into(),
            accumulators: newest.accumulators.followed_by(now),
        };
        Ok(Self { head: head.sign(identity), body })
    }

    /// Its head.
    #[must_use]
    pub fn head(&self) -> &SignedHead {
        &self.head
    }

    /// How many were revoked.
    #[must_use]
    pub fn revoked(&self) -> usize {
        self.body.len() / ENTRY
    }

    /// The file's bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let head = self.head.to_bytes();
        // A head has at most 2,048 bytes.
        [&(head.len() as u32).to_be_bytes()[..], &head, &self.body].concat()
    }

    /// Reads one file, and nothing after it.
    ///
    /// # Errors
    /// [`Error::Decode`] where it is no such file.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        match Self::split_first(bytes)? {
            (file, []) => Ok(file),
            _ => Err(Error::decode("one epoch's file, and nothing after it")),
        }
    }

    /// Reads the first of several files, and returns the rest. That the body belongs to the head is checked, the signature is not.
    ///
    /// # Errors
    /// [`Error::Decode`] where there is no such file, or not all of it.
    pub fn split_first(bytes: &[u8]) -> Result<(Self, &[u8]), Error> {
        let error = Error::decode("an epoch's file");
        let (length, rest) = bytes.split_first_chunk::<4>().ok_or(error)?;
        let length = usize::try_from(u32::from_be_bytes(*length)).ok().filter(|length| *length <= MAX_HEAD);
        let (head, rest) = length.and_then(|length| rest.split_at_checked(length)).ok_or(error)?;
        let head = SignedHead::from_bytes(head)?;
        let (body, rest) = rest.split_at_checked(head.head.revoked as usize * ENTRY).ok_or(error)?;
        let last = body.last_chunk::<48>();
        if Sha256::digest(body)[..] != head.head.body
            || last.is_some_and(|last| head.head.accumulators.newest().map_or(true, |newest| newest.0 != *last))
        {
            return Err(error);
        }
        Ok((Self { head, body: body.to_vec() }, rest))
    }

    /// The handles that were revoked, in their order.
    pub fn handles(&self) -> impl ExactSizeIterator<Item = &[u8; 16]> {
        self.entries().map(|entry| entry.first_chunk().unwrap_or(&[0; 16]))
    }

    /// The accumulators after each revocation, decoded: about 16 µs each.
    pub(super) fn chain(&self) -> Result<Vec<CurvePoint>, Error> {
        let missing = Error::decode("an epoch's file");
        let point = |entry: &[u8; ENTRY]| Ok(CurvePoint::from_bytes(entry.last_chunk().ok_or(missing)?)?);
        #[cfg(feature = "parallel")]
        {
            use rayon::prelude::*;
            self.body.as_chunks::<ENTRY>().0.par_iter().map(point).collect()
        }
        #[cfg(not(feature = "parallel"))]
        self.entries().map(point).collect()
    }

    fn entries(&self) -> impl ExactSizeIterator<Item = &[u8; ENTRY]> {
        self.body.as_chunks::<ENTRY>().0.iter()
    }
}

impl fmt::Debug for EpochFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EpochFile").field("head", &self.head).field("revoked", &self.revoked()).finish()
    }
}
