//! Sets that a request asks a hidden claim to be in.
//!
//! Two kinds. A *published* set is a file that its authority signed once for everyone ([`PublishedSet`]); a request names it by digest, and who
//! answers has it. A *signed* set stands in the request with all its values: the verifier signed them itself, with a key made for that
//! one set ([`SignedSet`]).
//!
//! An element's scalar depends on the claim's type (a code is its place in the schema's list), so the type is in the base of the set:
//! `P_D = H1(SHA-256("milchglas set-base/1" ‖ [digest, Y, type]))`. What is signed for one type serves no other.
//!
//! Spec: `spec/encodings.md`, Sets.
//! Caution: with one bad element signature, whether an answer comes at all would tell whether the holder has that element. So all signatures of
//! a signed set are checked before it is used: by the wallet that reviews the request ([`CheckedSet`]), else when proving. Whoever pins a
//! published set calls [`PublishedSet::check`] once.
//! Not here: whether an authority can be believed, storage.

mod published;

use std::sync::Arc;

use milchglas_curve::{NonZeroG1, NonZeroG2, Scalar};
use milchglas_statements::{MemberWitness, PublicSet, SetKey, SetSecretKey};
use rand_core::CryptoRngCore;
use serde::{Deserialize, Serialize};

pub use published::{MAX_SET_JSON, PublishedSet, SetContent};

use crate::cbor::{self, Reader, Wire, Writer};
use crate::claim::{ClaimType, Literal, MAX_TEXT, Value, to_scalar};
use crate::digest::{AuthorityFingerprint, ElementSignature, ListDigest, SetDigest, SetPublicKey, tagged_digest};
use crate::error::{DecodeError, Error};
use crate::list::PublishedList;
use crate::text::{Label, is_readable, quoted};
use crate::type_file::write_type;

/// Most values of a set in a request.
pub const MAX_SIGNED_VALUES: usize = 64;
/// Most bytes of all texts of a set in a request, so that one sentence can name them, though quoting may make each byte three.
const MAX_SIGNED_TEXT: usize = 1024;

/// A set that a request names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SetRef {
    /// A set that an authority published.
    Published(PublishedSetRef),
    /// A set that the verifier signed for this request.
    Signed(SignedSet),
}

/// A published set, named so that nobody can take another for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PublishedSetRef {
    /// What its authority calls it.
    pub name: Label,
    /// Who published it.
    pub authority: AuthorityFingerprint,
    /// The key of its elements' signatures.
    pub key: SetPublicKey,
    /// The digest of its content.
    pub digest: SetDigest,
}

/// A set with all its values and their signatures.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedSet {
    /// The key of the elements' signatures, made for this set.
    pub key: SetPublicKey,
    /// The values, 1 to 64 different ones, as a claims file spells them.
    pub values: Vec<Literal>,
    /// Their signatures, in the same order.
    pub signatures: Vec<ElementSignature>,
}

/// Membership in a set, resolved for a claim's type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    key: SetPublicKey,
    base: [u8; 32],
    elements: Elements,
}

/// Where a set's elements are.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Elements {
    /// With the holder.
    Published(PublishedSetRef),
    /// In the request.
    Signed(Vec<Scalar>, Vec<ElementSignature>),
}

/// A set of a request, for claims of one type, whose signatures hold.
#[derive(Clone, Debug)]
pub struct CheckedSet {
    membership: Membership,
    set: PublicSet,
}

/// The sets and lists that somebody has the content of.
#[derive(Clone, Copy, Debug, Default)]
pub struct Published<'a> {
    /// Published sets.
    pub sets: &'a [Arc<PublishedSet>],
    /// Published lists.
    pub lists: &'a [Arc<PublishedList>],
    /// Sets of the request itself that were checked before.
    pub checked: &'a [CheckedSet],
}

impl<'a> Published<'a> {
    /// The set with that digest.
    #[must_use]
    pub fn set(&self, digest: &SetDigest) -> Option<&'a PublishedSet> {
        self.sets.iter().map(Arc::as_ref).find(|set| set.digest() == *digest)
    }

    /// The list with that digest.
    #[must_use]
    pub fn list(&self, digest: &ListDigest) -> Option<&'a PublishedList> {
        self.lists.iter().map(Arc::as_ref).find(|list| list.digest() == *digest)
    }
}

impl SignedSet {
    /// Signs values of a claim's type with a key that is made for this set and then forgotten.
    ///
    /// # Errors
    /// [`Error::Unfit`] where a value is not of the type; [`Error::Decode`] where they are not 1 to 64 different ones that can be shown.
    pub fn sign(values: Vec<Literal>, claim_type: &ClaimType, rng: &mut dyn CryptoRngCore) -> Result<Self, Error> {
        let secret = SetSecretKey::random(rng);
        let key = SetPublicKey(secret.public_key()?.to_bytes());
        let mut set = Self { key, values, signatures: Vec::new() };
        set.check_values()?;
        let elements = set.scalars(claim_type)?;
        let signed = secret.sign_under(&set_base(&set.digest(), &key, claim_type), elements)?;
        set.signatures = signed.signatures().iter().map(|signature| ElementSignature(signature.to_bytes())).collect();
        Ok(set)
    }

    fn check(&self) -> Result<(), DecodeError> {
        self.check_values()?;
        if self.signatures.len() != self.values.len() {
            return Err(DecodeError { what: "a signature for each value of a set" });
        }
        Ok(())
    }

    fn check_values(&self) -> Result<(), DecodeError> {
        let error = |what| Err(DecodeError { what });
        if self.values.is_empty() || self.values.len() > MAX_SIGNED_VALUES {
            return error("a set in a request has 1 to 64 values");
        }
        let mut room = MAX_SIGNED_TEXT;
        for (place, value) in self.values.iter().enumerate() {
            if self.values.iter().take(place).any(|earlier| earlier == value) {
                return error("a set has different values");
            }
            if let Literal::Text(text) = value {
                if !is_readable(text, MAX_TEXT) {
                    return error("a value that can be read");
                }
                match room.checked_sub(text.len()) {
                    Some(left) => room = left,
                    None => return error("the texts of a set in a request have at most 1,024 bytes together"),
                }
            }
        }
        Ok(())
    }

    fn scalars(&self, claim_type: &ClaimType) -> Result<Vec<Scalar>, Error> {
        self.values.iter().map(|value| to_scalar(claim_type, &claim_type.read(value)?)).collect()
    }

    fn digest(&self) -> SetDigest {
        let mut out = Writer::new();
        out.array(2).object(&self.key).list(self.values.iter());
        SetDigest(tagged_digest("milchglas signed-set/1", &out.into_bytes()))
    }

    fn resolve(&self, claim_type: &ClaimType) -> Result<Membership, Error> {
        Ok(Membership {
            key: self.key,
            base: set_base(&self.digest(), &self.key, claim_type),
            elements: Elements::Signed(self.scalars(claim_type)?, self.signatures.clone()),
        })
    }
}

impl SetRef {
    /// Checks what can be checked without a schema.
    ///
    /// # Errors
    /// [`DecodeError`] naming the rule that is broken.
    pub fn check(&self) -> Result<(), DecodeError> {
        match self {
            Self::Published(_) => Ok(()),
            Self::Signed(set) => set.check(),
        }
    }

    /// The membership for a claim of a type.
    ///
    /// # Errors
    /// [`Error::Unfit`] where a value is not of that type.
    pub fn resolve(&self, claim_type: &ClaimType) -> Result<Membership, Error> {
        match self {
            Self::Published(set) => Ok(Membership {
                key: set.key,
                base: set_base(&set.digest, &set.key, claim_type),
                elements: Elements::Published(set.clone()),
            }),
            Self::Signed(set) => set.resolve(claim_type),
        }
    }

    /// What being in it means, after “nationality is ”.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Published(PublishedSetRef { name, authority, .. }) => {
                format!("in the set {} of the authority {authority}", quoted(name.as_str()))
            }
            Self::Signed(set) => {
                let values: Vec<String> = set.values.iter().map(spelled).collect();
                match values.as_slice() {
                    [only] => only.clone(),
                    _ => format!("one of {}", values.join(", ")),
                }
            }
        }
    }
}

fn spelled(value: &Literal) -> String {
    match value {
        Literal::Boolean(true) => "yes".to_owned(),
        Literal::Boolean(false) => "no".to_owned(),
        Literal::Integer(number) => number.to_string(),
        Literal::Text(text) => quoted(text),
    }
}

impl Membership {
    /// Whether it is in a published set.
    #[must_use]
    pub fn is_published(&self) -> bool {
        matches!(self.elements, Elements::Published(_))
    }

    /// How many values it has; nothing of a published set that nobody here has.
    #[must_use]
    pub fn count(&self, published: &Published<'_>) -> Option<usize> {
        match &self.elements {
            Elements::Signed(elements, _) => Some(elements.len()),
            Elements::Published(named) => self.find(named, published).map(|set| set.elements().len()),
        }
    }

    /// Whether a value is in the set; of a published set that nobody here has, none is. Not in constant time.
    pub(crate) fn holds(
        &self,
        claim_type: &ClaimType,
        value: &Value,
        published: &Published<'_>,
    ) -> Result<bool, Error> {
        if *value == Value::Absent {
            return Ok(false);
        }
        let scalar = to_scalar(claim_type, value)?;
        Ok(match &self.elements {
            Elements::Signed(elements, _) => elements.contains(&scalar),
            Elements::Published(named) => {
                self.find(named, published).is_some_and(|set| set.elements().contains(&scalar))
            }
        })
    }

    /// The set, if it is what the request says in everything, and of the claim's type.
    fn find<'a>(&self, named: &PublishedSetRef, published: &Published<'a>) -> Option<&'a PublishedSet> {
        published.set(&named.digest).filter(|set| set.named() == named && *set.base() == self.base)
    }

    /// What both sides need for the statement. Who has the content has it decoded, with its tables.
    pub(crate) fn set_key(&self, published: &Published<'_>) -> Result<SetKey, Error> {
        let known = match &self.elements {
            Elements::Published(named) => self.find(named, published).map(PublishedSet::set),
            Elements::Signed(..) => self.find_checked(published.checked),
        };
        known.map_or_else(|| set_key(&self.base, &self.key), |set| Ok(set.set_key().clone()))
    }

    /// Whether it is published, or among the sets that were checked.
    #[must_use]
    pub fn is_checked(&self, published: &Published<'_>) -> bool {
        self.is_published() || self.find_checked(published.checked).is_some()
    }

    fn find_checked<'a>(&self, checked: &'a [CheckedSet]) -> Option<&'a PublicSet> {
        checked.iter().find(|known| known.membership == *self).map(|known| &known.set)
    }

    /// Checks the signatures of a signed set, unless it is among the `checked`, where it is put: proving with it does not check again. There is
    /// nothing to check of a published one.
    ///
    /// # Errors
    /// [`Error::Decode`] where key or signatures can not be read, [`Error::Invalid`] where a signature is wrong.
    pub fn check(&self, checked: &mut Vec<CheckedSet>, rng: &mut dyn CryptoRngCore) -> Result<(), Error> {
        let Elements::Signed(elements, signatures) = &self.elements else { return Ok(()) };
        if self.find_checked(checked).is_none() {
            let key = set_key(&self.base, &self.key)?;
            let set = check_signatures(&key, elements, signatures, rng)?;
            checked.push(CheckedSet { membership: self.clone(), set });
        }
        Ok(())
    }

    /// Prover only: the witness for an element, found by a constant-time scan, after all signatures of a signed set have been checked.
    pub(crate) fn witness(
        &self,
        key: &SetKey,
        d: &Scalar,
        published: &Published<'_>,
        rng: &mut dyn CryptoRngCore,
    ) -> Result<MemberWitness, Error> {
        Ok(match &self.elements {
            Elements::Published(named) => {
                let set = self.find(named, published).ok_or(Error::Misuse("the content of every published set"))?;
                set.set().witness(d)?
            }
            Elements::Signed(elements, signatures) => match self.find_checked(published.checked) {
                Some(set) => set.witness(d)?,
                None => check_signatures(key, elements, signatures, rng)?.witness(d)?,
            },
        })
    }
}

impl Wire for SetRef {
    fn write(&self, out: &mut Writer) {
        match self {
            Self::Published(set) => out.array(2).uint(0).object(set),
            Self::Signed(set) => out.array(2).uint(1).object(set),
        };
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let what = "a set";
        input.array(2, what)?;
        match input.uint(what)? {
            0 => Ok(Self::Published(input.object()?)),
            1 => Ok(Self::Signed(input.object()?)),
            _ => Err(DecodeError { what }),
        }
    }
}

impl Wire for PublishedSetRef {
    fn write(&self, out: &mut Writer) {
        out.array(4).object(&self.name).object(&self.authority).object(&self.key).object(&self.digest);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        input.array(4, "a published set")?;
        Ok(Self { name: input.object()?, authority: input.object()?, key: input.object()?, digest: input.object()? })
    }
}

impl Wire for SignedSet {
    fn write(&self, out: &mut Writer) {
        out.array(3).object(&self.key).list(self.values.iter()).list(self.signatures.iter());
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let what = "a signed set";
        input.array(3, what)?;
        Ok(Self {
            key: input.object()?,
            values: input.list(MAX_SIGNED_VALUES, what)?,
            signatures: input.list(MAX_SIGNED_VALUES, what)?,
        })
    }
}

/// What the base of a set for claims of a type is hashed from.
fn set_base(digest: &SetDigest, key: &SetPublicKey, claim_type: &ClaimType) -> [u8; 32] {
    let mut out = Writer::new();
    out.array(3).object(digest).object(key);
    write_type(claim_type, &mut out);
    tagged_digest("milchglas set-base/1", &out.into_bytes())
}

/// What both sides of a proof need to know of a set with that base.
fn set_key(base: &[u8; 32], key: &SetPublicKey) -> Result<SetKey, Error> {
    Ok(SetKey::of_digest(base, &NonZeroG2::from_bytes(key.as_bytes())?))
}

fn check_signatures(
    key: &SetKey,
    elements: &[Scalar],
    signatures: &[ElementSignature],
    rng: &mut dyn CryptoRngCore,
) -> Result<PublicSet, Error> {
    let signatures: Vec<[u8; 48]> = signatures.iter().map(|bytes| *bytes.as_bytes()).collect();
    let set = PublicSet::from_parts(key.clone(), elements.to_vec(), NonZeroG1::from_bytes_many(&signatures)?)?;
    set.check(rng)?;
    Ok(set)
}

/// The bytes of a value, for comparing values without a type.
fn value_bytes(value: &Value) -> Vec<u8> {
    cbor::to_bytes(value)
}

#[cfg(test)]
pub(crate) mod tests;
