//! The credential: claims, a handle and the holder's secret under one signature.
//!
//! Spec: `spec/encodings.md`, Credential. Messages: 0 the holder secret k, 1 the handle h, then the claims in the schema's order.
//! Caution: [`Credential::to_bytes`] is plaintext; a wallet stores it encrypted.
//! Not here: issuing (`issuance`), showing (`presentation`).

use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use milchglas_bbs::Signature;
use milchglas_curve::{G1, Scalar};
use milchglas_sigma::FixedPoint;
use milchglas_statements::{DigitTables, SignatureWitness, inspector_base};
use rand_core::CryptoRngCore;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::cbor::{Reader, Writer};
use crate::claim::Claims;
use crate::digest::{IssuerFingerprint, IssuerKeyId, ParametersDigest, SchemaDigest};
use crate::error::Error;
use crate::issuer_key::CredentialKey;
use crate::revocation::Witness;
use crate::schema::{ClaimIndex, HOLDER_SECRET_MESSAGE, Schema};
use crate::set::Published;

/// The secret k that ties all of a person's credentials together. Whoever has it and a credential is its holder.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct HolderSecret(Scalar);

impl HolderSecret {
    /// From 64 uniformly random bytes.
    ///
    /// # Errors
    /// [`Error::Misuse`] if they give zero, which random ones do not.
    pub fn from_uniform_bytes(bytes: &[u8; 64]) -> Result<Self, Error> {
        let k = Scalar::from_wide(bytes);
        if k.is_zero() { Err(Error::Misuse("a holder secret is not zero")) } else { Ok(Self(k)) }
    }

    /// k itself, for statements.
    pub(crate) fn scalar(&self) -> Scalar {
        self.0
    }
}

impl fmt::Debug for HolderSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HolderSecret(..)")
    }
}

/// The 16 random bytes by which the issuer's registry knows one credential. A secret of holder and issuer.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct Handle([u8; 16]);

impl Handle {
    /// A fresh handle.
    pub fn random(rng: &mut dyn CryptoRngCore) -> Self {
        let mut bytes = [0; 16];
        rng.fill_bytes(&mut bytes);
        Self(bytes)
    }

    /// A handle from its bytes.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// The message that is signed: the bytes as an integer, big-endian.
    #[must_use]
    pub fn to_scalar(&self) -> Scalar {
        let mut wide = [0; 64];
        wide[48..].copy_from_slice(&self.0);
        let scalar = Scalar::from_wide(&wide);
        wide.zeroize();
        scalar
    }

    /// `h·G'`, what an inspector's decryption opens to: the registry looks it up. In constant time.
    #[must_use]
    pub fn inspector_point(&self) -> G1 {
        inspector_base().mul(&self.to_scalar())
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Handle(..)")
    }
}

/// A signed credential. It is of use only together with the [`HolderSecret`].
///
/// The first showing computes what every showing needs; keep the object to keep that work.
#[derive(Debug)]
pub struct Credential {
    issuer: IssuerFingerprint,
    key: IssuerKeyId,
    schema: SchemaDigest,
    handle: Handle,
    claims: Claims,
    signature: Signature,
    ready: OnceLock<Arc<Ready>>,
}

/// What a holder answers a plan with.
#[derive(Clone, Copy)]
pub struct Holdings<'a> {
    /// The holder secret, which all the credentials share.
    pub k: &'a HolderSecret,
    /// One credential for each place of the plan.
    pub credentials: &'a [&'a Credential],
    /// For each rate that the plan asks for, in order: the counter of the token to show, never used before.
    pub counters: &'a [u16],
    /// The published sets and lists that the plan names. Their signatures have been checked.
    pub sets: Published<'a>,
    /// Witnesses that the credentials have not been revoked, where the plan asks.
    pub witnesses: &'a [HeldWitness<'a>],
}

/// A witness of non-revocation with the place in the plan of the credential that it is of.
#[derive(Clone, Copy, Debug)]
pub struct HeldWitness<'a> {
    /// The place.
    pub credential: usize,
    /// The witness at the epoch that the plan names.
    pub witness: &'a Witness,
}

impl<'a> Holdings<'a> {
    /// A holder secret with its credentials, in the order of the plan's places.
    #[must_use]
    pub fn new(k: &'a HolderSecret, credentials: &'a [&'a Credential]) -> Self {
        Self { k, credentials, counters: &[], sets: Published::default(), witnesses: &[] }
    }

    /// The same, with a counter for each rate that the plan asks for.
    #[must_use]
    pub fn with_counters(self, counters: &'a [u16]) -> Self {
        Self { counters, ..self }
    }

    /// The same with the content of published sets and lists, all of whose signatures have been [checked](crate::set::PublishedSet::check).
    #[must_use]
    pub fn with_sets(self, sets: Published<'a>) -> Self {
        Self { sets, ..self }
    }

    /// The same with witnesses of non-revocation.
    #[must_use]
    pub fn with_witnesses(self, witnesses: &'a [HeldWitness<'a>]) -> Self {
        Self { witnesses, ..self }
    }
}

impl fmt::Debug for Holdings<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Holdings(..)")
    }
}

/// What every showing needs, for one holder.
#[derive(Debug)]
pub(crate) struct Ready {
    pub(crate) messages: Messages,
    pub(crate) witness: SignatureWitness,
    digit_tables: Mutex<Vec<(RangeOf, Arc<DigitTables>)>>,
}

/// Under which parameters, whose digits they are, which claim, and the one or two ranges that it is proven to be in. It depends on
/// requests only.
pub(crate) type RangeOf = (ParametersDigest, ClaimIndex, [(i128, i128); 2]);

/// How many ranges keep the tables of their digits, at most four of 66 KiB each.
const MAX_DIGIT_TABLES: usize = 4;

impl Ready {
    /// What proofs about one range leave for the next. The one that was used longest ago makes room.
    pub(crate) fn digit_tables(&self, of: RangeOf) -> Arc<DigitTables> {
        let mut kept = self.digit_tables.lock().unwrap_or_else(PoisonError::into_inner);
        let known = kept.iter().position(|(other, _)| *other == of);
        let tables = known.map_or_else(Arc::default, |place| kept.remove(place).1);
        kept.truncate(MAX_DIGIT_TABLES - 1);
        kept.insert(0, (of, Arc::clone(&tables)));
        tables
    }
}

/// All messages of a credential as scalars. Erased when dropped.
pub(crate) struct Messages(Zeroizing<Vec<Scalar>>);

impl Messages {
    pub(crate) fn get(&self, message: usize) -> Result<Scalar, Error> {
        self.0.get(message).copied().ok_or(Error::Misuse("one scalar for each message"))
    }
}

impl fmt::Debug for Messages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Messages(..)")
    }
}

impl Credential {
    pub(crate) fn new(
        issuer: IssuerFingerprint,
        key: &CredentialKey,
        handle: Handle,
        claims: Claims,
        signature: Signature,
    ) -> Self {
        Self { issuer, key: key.id(), schema: key.schema(), handle, claims, signature, ready: OnceLock::new() }
    }

    /// The issuer.
    #[must_use]
    pub fn issuer(&self) -> IssuerFingerprint {
        self.issuer
    }

    /// The issuer's key that signed it.
    #[must_use]
    pub fn key(&self) -> IssuerKeyId {
        self.key
    }

    /// Its schema.
    #[must_use]
    pub fn schema(&self) -> SchemaDigest {
        self.schema
    }

    /// Its handle.
    #[must_use]
    pub fn handle(&self) -> &Handle {
        &self.handle
    }

    /// Its claims.
    #[must_use]
    pub fn claims(&self) -> &Claims {
        &self.claims
    }

    /// Computes now, in idle time, what showings will need: about 1 ms and 130 KiB.
    ///
    /// # Errors
    /// [`Error::Misuse`] if key or schema are not the credential's.
    pub fn prepare(&self, k: &HolderSecret, key: &CredentialKey, schema: &Schema) -> Result<(), Error> {
        FixedPoint::prepare_for_proving(self.ready(k, key, schema)?.witness.fixed_points());
        Ok(())
    }

    /// What every showing needs: computed once for the first holder who asks, who is the only one that can use it.
    pub(crate) fn ready(&self, k: &HolderSecret, key: &CredentialKey, schema: &Schema) -> Result<Arc<Ready>, Error> {
        if key.id() != self.key || key.schema() != self.schema {
            return Err(Error::Misuse("the key is not the credential's"));
        }
        if let Some(ready) = self.ready.get()
            && ready.messages.get(HOLDER_SECRET_MESSAGE)? == k.scalar()
        {
            return Ok(Arc::clone(ready));
        }
        let messages = self.messages(k, schema)?;
        let witness = SignatureWitness::new(self.signature.A(), self.signature.e(), &key.signed_point(&messages)?)?;
        let digit_tables = Mutex::default();
        let ready = Arc::new(Ready { messages: Messages(messages), witness, digit_tables });
        // Where somebody was first, theirs stays; this one serves once.
        let _ = self.ready.set(Arc::clone(&ready));
        Ok(ready)
    }

    /// All messages as scalars.
    pub(crate) fn messages(&self, k: &HolderSecret, schema: &Schema) -> Result<Zeroizing<Vec<Scalar>>, Error> {
        if schema.digest() != self.schema {
            return Err(Error::Misuse("the schema is not the credential's"));
        }
        messages(k.scalar(), &self.handle, &self.claims, schema)
    }

    /// Checks the signature, in constant time.
    ///
    /// # Errors
    /// [`Error::Invalid`] if it does not hold for this key and this secret.
    pub fn verify(&self, k: &HolderSecret, key: &CredentialKey, schema: &Schema) -> Result<(), Error> {
        if key.id() != self.key || key.schema() != self.schema {
            return Err(Error::Misuse("the key is not the credential's"));
        }
        let messages = self.messages(k, schema)?;
        key.interface()
            .core_verify(key.public(), &self.signature, key.generators(), key.header(), &messages)
            .map_err(|_| Error::Invalid)
    }

    /// The wire form: an array of issuer, key, schema, handle, values, signature.
    #[must_use]
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let mut out = Writer::new();
        out.array(6).object(&self.issuer).object(&self.key).object(&self.schema).bytes(self.handle.as_bytes());
        self.claims.write(&mut out);
        out.bytes(&self.signature.to_bytes());
        Zeroizing::new(out.into_bytes())
    }

    /// Reads the wire form; `schema_of` finds a schema by its digest. The signature is not checked.
    ///
    /// # Errors
    /// [`Error::Decode`] where it is not such a form, [`Error::Unfit`] where the schema is unknown or the claims do not fit it.
    pub fn from_bytes<'s>(
        bytes: &[u8],
        schema_of: impl FnOnce(&IssuerFingerprint, &SchemaDigest) -> Option<&'s Schema>,
    ) -> Result<Self, Error> {
        let mut input = Reader::new(bytes);
        input.array(6, "a credential")?;
        let (issuer, key, schema): (_, _, SchemaDigest) = (input.object()?, input.object()?, input.object()?);
        let handle = Handle(input.bytes("a handle of 16 bytes")?);
        let of = schema_of(&issuer, &schema).ok_or(Error::unfit("the credential's schema is not known"))?;
        let claims = Claims::read(of, &mut input)?;
        let signature = Signature::from_bytes(&input.bytes::<{ Signature::LENGTH }>("a signature of 80 bytes")?)?;
        input.finish()?;
        let credential = Self { issuer, key, schema, handle, claims, signature, ready: OnceLock::new() };
        if credential.to_bytes().as_slice() != bytes {
            return Err(Error::decode("not the deterministic encoding"));
        }
        Ok(credential)
    }
}

/// Messages in order, given k as a scalar.
pub(crate) fn messages(
    k: Scalar,
    handle: &Handle,
    claims: &Claims,
    schema: &Schema,
) -> Result<Zeroizing<Vec<Scalar>>, Error> {
    let mut messages = Zeroizing::new(Vec::with_capacity(schema.messages()));
    messages.push(k);
    messages.push(handle.to_scalar());
    messages.extend_from_slice(&claims.to_scalars(schema)?);
    Ok(messages)
}
