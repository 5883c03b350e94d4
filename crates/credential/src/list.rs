//! Long lists that a request asks absence from: revoked keys, wanted persons, a million entries.
//!
//! An entry is a number of 64 bits, as a claim of that type has it: a truncated hash of what identifies a person, say. An authority publishes
//! all entries in order, with a signature for each pair of neighbours ([`Neighbours`]), anew for each epoch. Whoever proves has the whole list, so no
//! look-up tells anybody which entry was looked for; the proof's size does not depend on the list's.
//!
//! | bytes | what |
//! |---|---|
//! | 16 | `milchglas list/1` |
//! | 2 | length of the header, big-endian, at most 512 |
//! | … | header, CBOR: name, identity key, set key, epoch, number n of entries, SHA-256 of the entries, SHA-256 of the signatures |
//! | 64 | Ed25519 signature of `milchglas list/1 signature ‖ header` |
//! | 8·n | entries, big-endian, ascending, different |
//! | 48·(n + 1) | the signature of each pair of neighbours, from the lowest |
//!
//! **False hits.** A hash of 64 bits is the same for two persons by accident: somebody who is not meant is hit by a list of n entries
//! with probability n/2⁶⁴ (n = 1,000,000: 5·10⁻¹⁴). Such a person can not prove absence and is turned away; only the authority, which knows whom
//! it meant, can tell. Whoever is on the list is never let through.
//!
//! Spec: `spec/encodings.md`, Lists; `spec/statements.md`, Gap.
//! Caution: [`PublishedList::witness`] searches memory in a way that depends on the entry: it is for the holder's own device. Before a list is first
//! used, [`PublishedList::check`] must have held: with one bad signature, whether an answer comes would tell where the holder's entry lies.
//! Not here: storage, whether an authority can be believed.

use std::fmt;
use std::sync::OnceLock;

use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use milchglas_curve::{NonZeroG1, NonZeroG2, Scalar};
use milchglas_statements::{GapWitness, Neighbours, SetCheck, SetKey, SetSecretKey};
use rand_core::CryptoRngCore;
#[cfg(feature = "parallel")]
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::cbor::{Reader, Wire, Writer};
use crate::claim::Value;
use crate::digest::{AuthorityFingerprint, IdentityKey, ListDigest, SetPublicKey, tagged_digest};
use crate::error::{DecodeError, Error};
use crate::set::Published;
use crate::text::{Label, quoted};
use crate::trust_list::fingerprint;

/// Most entries of a list.
pub const MAX_ENTRIES: usize = 1 << 24;
/// Most bytes of a list file.
pub const MAX_LIST_FILE: usize =
    MAGIC.len() + 2 + MAX_HEADER + 64 + ENTRY * MAX_ENTRIES + SIGNATURE * (MAX_ENTRIES + 1);
const MAGIC: &[u8; 16] = b"milchglas list/1";
const MAX_HEADER: usize = 512;
const SIGNATURE_TAG: &[u8] = b"milchglas list/1 signature";
const ENTRY: usize = 8;
const SIGNATURE: usize = 48;
/// Pairs that are signed or checked together; each takes about 0.4 KiB of memory meanwhile.
const CHUNK: usize = 1 << 14;

/// A list that a request names, in one epoch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListRef {
    /// What its authority calls it.
    pub name: Label,
    /// Who published it.
    pub authority: AuthorityFingerprint,
    /// The key of the pairs' signatures.
    pub key: SetPublicKey,
    /// Which publication it is.
    pub epoch: u32,
    /// The digest of its content.
    pub digest: ListDigest,
}

/// A list that an authority signed for everyone.
///
/// Keeps the bytes of the file and little else.
#[derive(Clone)]
pub struct PublishedList {
    reference: ListRef,
    count: usize,
    /// Where the entries begin in the file.
    start: usize,
    file: Vec<u8>,
    /// Base and key for proofs, decoded when they are first needed.
    key: OnceLock<SetKey>,
}

/// What the authority signs.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Header {
    name: Label,
    identity: IdentityKey,
    key: SetPublicKey,
    epoch: u32,
    count: u64,
    entries: [u8; 32],
    signatures: [u8; 32],
}

impl PublishedList {
    /// Signs a list: its pairs of neighbours with the set key, the whole with the identity key. Entries may come in any order; those that come
    /// twice are taken once. With the feature `parallel`, all cores sign, at about 20 µs a pair.
    ///
    /// # Errors
    /// [`Error::Decode`] for more than 2²⁴ entries.
    pub fn sign(
        name: Label,
        epoch: u32,
        mut entries: Vec<u64>,
        key: &SetSecretKey,
        identity: &SigningKey,
    ) -> Result<Self, Error> {
        entries.sort_unstable();
        entries.dedup();
        if entries.len() > MAX_ENTRIES {
            return Err(Error::decode("a list has at most 2^24 entries"));
        }
        let mut bytes = Vec::with_capacity(ENTRY * entries.len());
        entries.iter().for_each(|entry| bytes.extend_from_slice(&entry.to_be_bytes()));
        let mut header = Header {
            name,
            identity: IdentityKey(identity.verifying_key().to_bytes()),
            key: SetPublicKey(key.public_key()?.to_bytes()),
            epoch,
            count: entries.len() as u64,
            entries: sha256(&bytes),
            signatures: [0; 32],
        };
        let set = header.set_key()?;
        milchglas_sigma::FixedPoint::prepare_for_proving([set.base()]);
        let pairs = Pairs(&bytes);
        let signatures = each_part(pairs.count(), |places| {
            let elements: Vec<_> = places.filter_map(|place| pairs.get(place)).map(Neighbours::element).collect();
            let signed = key.sign_elements(&set, &elements)?;
            Ok(signed.iter().flat_map(NonZeroG1::to_bytes).collect::<Vec<u8>>())
        })?
        .concat();
        header.signatures = sha256(&signatures);
        let head = header.to_bytes();
        let signature = identity.sign(&[SIGNATURE_TAG, &head].concat());
        let length = u16::try_from(head.len()).map_err(|_| Error::Misuse("a header of at most 512 bytes"))?;
        let file = [&MAGIC[..], &length.to_be_bytes(), &head, &signature.to_bytes(), &bytes, &signatures].concat();
        Self::from_bytes(file)
    }

    /// Reads a list file, and checks the authority's signature on it, the digests and the order of the entries. It keeps the bytes.
    ///
    /// # Errors
    /// [`Error::Decode`] where it is no such file, [`Error::Invalid`] where the signature or a digest does not hold.
    pub fn from_bytes(file: Vec<u8>) -> Result<Self, Error> {
        let what = "a list file";
        let short = Error::decode(what);
        if file.len() > MAX_LIST_FILE {
            return Err(Error::decode("the list file is too long"));
        }
        let rest = file.strip_prefix(MAGIC).ok_or(Error::decode("the format of a list is list/1"))?;
        let (length, rest) = rest.split_first_chunk::<2>().ok_or(short)?;
        let length = usize::from(u16::from_be_bytes(*length));
        let (head, rest) = rest.split_at_checked(length).ok_or(short)?;
        let (signature, body) = rest.split_first_chunk::<64>().ok_or(short)?;
        let header: Header = crate::cbor::from_bytes(head, MAX_HEADER)?;
        let count = usize::try_from(header.count).ok().filter(|count| *count <= MAX_ENTRIES).ok_or(short)?;
        if body.len() != ENTRY * count + SIGNATURE * (count + 1) {
            return Err(short);
        }
        let (entries, signatures) = body.split_at_checked(ENTRY * count).ok_or(short)?;
        let verifying =
            VerifyingKey::from_bytes(header.identity.as_bytes()).map_err(|_| Error::decode("an identity key"))?;
        verifying
            .verify_strict(&[SIGNATURE_TAG, head].concat(), &Signature::from_bytes(signature))
            .map_err(|_| Error::Invalid)?;
        if sha256(entries) != header.entries || sha256(signatures) != header.signatures {
            return Err(Error::Invalid);
        }
        let (entries, _) = entries.as_chunks::<ENTRY>();
        // Big-endian numbers are in the order of their bytes.
        if !entries.is_sorted_by(|one, next| one < next) {
            return Err(Error::decode("the entries of a list ascend"));
        }
        NonZeroG2::from_bytes(header.key.as_bytes())?;
        let reference = header.reference();
        let start = file.len() - body.len();
        Ok(Self { reference, count, start, file, key: OnceLock::new() })
    }

    /// Checks the signature of every pair of neighbours, all in one merged pairing check: the duty of whoever proves, before the list is first
    /// used. With the feature `parallel` on all cores, at about 70 µs a pair, most of it for decoding the signature; memory is
    /// bounded by the file and 7 MiB a core.
    ///
    /// # Errors
    /// [`Error::Decode`] or [`Error::Invalid`] if one is wrong.
    pub fn check(&self, rng: &mut dyn CryptoRngCore) -> Result<(), Error> {
        let mut seed = [0; 32];
        rng.fill_bytes(&mut seed);
        let pairs = Pairs(self.entries());
        let (signatures, _) = self.signatures().as_chunks::<SIGNATURE>();
        let parts = each_part(pairs.count(), |places| {
            let part = signatures.get(places.clone()).ok_or(Error::Invalid)?;
            let points = NonZeroG1::from_bytes_many(part)?;
            let elements: Vec<_> = places.filter_map(|place| pairs.get(place)).map(Neighbours::element).collect();
            let mut check = SetCheck::default();
            check.add(&elements, &points, &seed)?;
            Ok(check)
        })?;
        let mut whole = SetCheck::default();
        parts.into_iter().for_each(|part| whole.merge(part));
        Ok(whole.finish(&self.reference.decode_key()?, rng)?)
    }

    /// The file.
    #[must_use]
    pub fn to_bytes(&self) -> &[u8] {
        &self.file
    }

    /// How a request names it.
    #[must_use]
    pub fn reference(&self) -> &ListRef {
        &self.reference
    }

    /// The digest that requests name.
    #[must_use]
    pub fn digest(&self) -> ListDigest {
        self.reference.digest
    }

    /// How many entries it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether it has no entries.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Whether it has an entry. The memory that it touches depends on the entry.
    #[must_use]
    pub fn contains(&self, entry: u64) -> bool {
        Pairs(self.entries()).find(entry).is_err()
    }

    /// The witness that a number is not on the list. The memory that it touches depends on the number.
    ///
    /// # Errors
    /// [`Error::Unsatisfied`] if it is on the list.
    pub fn witness(&self, entry: u64) -> Result<GapWitness, Error> {
        let pairs = Pairs(self.entries());
        let place = pairs.find(entry).map_err(|_| Error::Unsatisfied)?;
        let (signatures, _) = self.signatures().as_chunks::<SIGNATURE>();
        let (Some(neighbours), Some(signature)) = (pairs.get(place), signatures.get(place)) else {
            return Err(Error::Misuse("a signature for each pair"));
        };
        Ok(GapWitness::new(entry, neighbours, NonZeroG1::from_bytes(signature)?))
    }

    fn entries(&self) -> &[u8] {
        self.file.get(self.start..self.start + ENTRY * self.count).unwrap_or_default()
    }

    fn signatures(&self) -> &[u8] {
        self.file.get(self.start + ENTRY * self.count..).unwrap_or_default()
    }
}

impl fmt::Debug for PublishedList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PublishedList")
            .field("reference", &self.reference)
            .field("count", &self.count)
            .finish_non_exhaustive()
    }
}

impl ListRef {
    /// What both sides need for the statement. Who has the content has it decoded, with its tables.
    pub(crate) fn set_key(&self, published: &Published<'_>) -> Result<SetKey, Error> {
        let known = published.list(&self.digest).filter(|list| list.reference == *self);
        let Some(list) = known else { return self.decode_key() };
        if let Some(key) = list.key.get() {
            return Ok(key.clone());
        }
        let key = self.decode_key()?;
        Ok(list.key.get_or_init(|| key).clone())
    }

    fn decode_key(&self) -> Result<SetKey, Error> {
        let mut out = Writer::new();
        out.array(2).object(&self.digest).object(&self.key);
        let base = tagged_digest("milchglas list-base/1", &out.into_bytes());
        Ok(SetKey::of_digest(&base, &NonZeroG2::from_bytes(self.key.as_bytes())?))
    }

    /// Whether a claim's value is a number that is not on the list; of a list that nobody here has, none is known not to be.
    pub(crate) fn holds(&self, value: &Value, list: Option<&PublishedList>) -> bool {
        let number = match value {
            Value::Integer(number) => u64::try_from(number.get()).ok(),
            Value::Text(_)
            | Value::Date(_)
            | Value::Month(_)
            | Value::Boolean(_)
            | Value::Code(_)
            | Value::Digest(_)
            | Value::Absent => None,
        };
        match (number, list) {
            (Some(number), Some(list)) => list.reference == *self && !list.contains(number),
            (None, _) | (_, None) => false,
        }
    }

    /// Prover only: the witness for the scalar of a claim of 64 bits.
    pub(crate) fn witness(&self, m: &Scalar, published: &Published<'_>) -> Result<GapWitness, Error> {
        let list = published.list(&self.digest).filter(|list| list.reference == *self);
        let list = list.ok_or(Error::Misuse("the content of every published list"))?;
        let bytes = Zeroizing::new(m.to_bytes());
        let (high, low) = bytes.split_last_chunk::<ENTRY>().ok_or(Error::Unsatisfied)?;
        if high.iter().fold(0, |all, byte| all | byte) != 0 {
            return Err(Error::Unsatisfied);
        }
        list.witness(u64::from_be_bytes(*low))
    }

    /// What not being on it means, after “list key is ”.
    #[must_use]
    pub fn words(&self) -> String {
        let Self { name, authority, epoch, .. } = self;
        format!("not on the list {} of the authority {authority}, epoch {epoch}", quoted(name.as_str()))
    }
}

/// The pairs of neighbours of a list, given its entries' bytes.
#[derive(Clone, Copy)]
struct Pairs<'a>(&'a [u8]);

impl Pairs<'_> {
    fn entries(&self) -> &[[u8; ENTRY]] {
        self.0.as_chunks().0
    }

    fn count(&self) -> usize {
        self.entries().len() + 1
    }

    /// The pair at a place; none behind the last.
    fn get(&self, place: usize) -> Option<Neighbours> {
        let entry = |place: usize| self.entries().get(place).map(|bytes| u64::from_be_bytes(*bytes));
        (place < self.count()).then(|| Neighbours { below: place.checked_sub(1).and_then(entry), above: entry(place) })
    }

    /// The place of the pair between whose entries a number lies; an error if it is an entry.
    fn find(&self, entry: u64) -> Result<usize, ()> {
        let bytes = Zeroizing::new(entry.to_be_bytes());
        match self.entries().binary_search(&bytes) {
            Ok(_) => Err(()),
            Err(place) => Ok(place),
        }
    }
}

/// Does something for all places, part by part, in their order.
fn each_part<T: Send>(
    count: usize,
    work: impl Fn(std::ops::Range<usize>) -> Result<T, Error> + Sync + Send,
) -> Result<Vec<T>, Error> {
    let parts = 0..count.div_ceil(CHUNK);
    #[cfg(feature = "parallel")]
    let parts = parts.into_par_iter();
    parts.map(|part| work(part * CHUNK..count.min((part + 1) * CHUNK))).collect()
}

impl Header {
    fn to_bytes(&self) -> Vec<u8> {
        crate::cbor::to_bytes(self)
    }

    /// The digest covers everything but the signatures, which follow from it.
    fn reference(&self) -> ListRef {
        let mut out = Writer::new();
        out.array(6);
        self.write_content(&mut out);
        let digest = ListDigest(tagged_digest("milchglas list/1", &out.into_bytes()));
        let authority = fingerprint(&self.identity);
        ListRef { name: self.name.clone(), authority, key: self.key, epoch: self.epoch, digest }
    }

    fn set_key(&self) -> Result<SetKey, Error> {
        self.reference().decode_key()
    }

    fn write_content(&self, out: &mut Writer) {
        out.object(&self.name).object(&self.identity).object(&self.key);
        out.uint(self.epoch.into()).uint(self.count).bytes(&self.entries);
    }
}

impl Wire for Header {
    fn write(&self, out: &mut Writer) {
        out.array(7);
        self.write_content(out);
        out.bytes(&self.signatures);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let what = "the header of a list";
        input.array(7, what)?;
        Ok(Self {
            name: input.object()?,
            identity: input.object()?,
            key: input.object()?,
            epoch: input.uint32(what)?,
            count: input.uint(what)?,
            entries: input.bytes(what)?,
            signatures: input.bytes(what)?,
        })
    }
}

impl Wire for ListRef {
    fn write(&self, out: &mut Writer) {
        out.array(5).object(&self.name).object(&self.authority).object(&self.key);
        out.uint(self.epoch.into()).object(&self.digest);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let what = "a list";
        input.array(5, what)?;
        Ok(Self {
            name: input.object()?,
            authority: input.object()?,
            key: input.object()?,
            epoch: input.uint32(what)?,
            digest: input.object()?,
        })
    }
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}
