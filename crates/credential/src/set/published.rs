//! The file of a published set.

use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use milchglas_curve::{NonZeroG1, Scalar};
use milchglas_statements::{PublicSet, SetSecretKey};
use rand_core::CryptoRngCore;
use serde::{Deserialize, Serialize};

use super::{PublishedSetRef, SetRef, set_base, set_key, value_bytes};
use crate::cbor::Writer;
use crate::claim::{ClaimType, Literal, Value, to_scalar};
use crate::digest::{
    AuthorityFingerprint, ElementSignature, IdentityKey, SetDigest, SetPublicKey, lower_case_hex, tagged_digest,
};
use crate::error::Error;
use crate::json::{from_json, to_json};
use crate::text::{Label, is_readable};
use crate::trust_list::fingerprint;
use crate::type_file::{TypeFile, write_type};

const FORMAT: &str = "set/1";
const SIGNATURE_TAG: &[u8] = b"milchglas set/1 signature";
/// Most bytes of a set file.
pub const MAX_SET_JSON: usize = 2 << 20;
/// Most characters of a title.
const MAX_TITLE: usize = 64;
/// Most values.
const MAX_VALUES: usize = 4096;

/// What an authority says about a set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetContent {
    /// A short name.
    pub name: Label,
    /// What people call it, 1 to 64 readable characters.
    pub title: String,
    /// Grows with each publication under that name.
    pub sequence: u32,
    /// The type of the claims that may be in it.
    pub claim_type: ClaimType,
    /// The values, 1 to 4,096 different ones of that type, none of them absence.
    pub values: Vec<Value>,
}

/// A set that an authority signed for everyone.
///
/// [`PublishedSet::from_json`] checks the authority's signature under the identity key in the file. Whether that key is the right one
/// only its [fingerprint](PublishedSet::authority) can tell, got some other way.
#[derive(Clone, Debug)]
pub struct PublishedSet {
    content: SetContent,
    identity: IdentityKey,
    named: PublishedSetRef,
    base: [u8; 32],
    elements: Vec<Scalar>,
    set: PublicSet,
    signature: Signature,
}

/// The file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SetFile<'a> {
    milchglas: String,
    name: Label,
    title: String,
    authority: IdentityKey,
    sequence: u32,
    #[serde(rename = "type")]
    claim_type: TypeFile<'a>,
    values: Vec<Literal>,
    key: SetPublicKey,
    signatures: Vec<ElementSignature>,
    signature: String,
}

impl PublishedSet {
    /// Signs a set: its elements with the set key, the whole with the identity key.
    ///
    /// # Errors
    /// [`Error::Unfit`] where a value is not of the type; [`Error::Decode`] where they are not 1 to 4,096 different ones, or the title can not
    /// be read.
    pub fn sign(content: SetContent, key: &SetSecretKey, identity: &SigningKey) -> Result<Self, Error> {
        let elements = content.check()?;
        let owner = IdentityKey(identity.verifying_key().to_bytes());
        let public = SetPublicKey(key.public_key()?.to_bytes());
        let named = content.named(&owner, public);
        let base = set_base(&named.digest, &public, &content.claim_type);
        let set = key.sign_under(&base, elements.clone())?;
        let signature = identity.sign(&content.signed(&owner, public, &set));
        Ok(Self { content, identity: owner, named, base, elements, set, signature })
    }

    /// Reads a set file and checks the authority's signature on it.
    ///
    /// # Errors
    /// [`Error::Json`], [`Error::Decode`] or [`Error::Unfit`] where it is no such file, [`Error::Invalid`] where the signature does not hold.
    pub fn from_json(json: &str) -> Result<Self, Error> {
        if json.len() > MAX_SET_JSON {
            return Err(Error::decode("the set file is too long"));
        }
        let file: SetFile<'_> = from_json(json)?;
        if file.milchglas != FORMAT {
            return Err(Error::decode("the format of a set is set/1"));
        }
        let claim_type = file.claim_type.read()?;
        let values = file.values.iter().map(|value| claim_type.read(value)).collect::<Result<_, _>>()?;
        let SetFile { name, title, sequence, .. } = file;
        let content = SetContent { name, title, sequence, claim_type, values };
        let elements = content.check()?;
        if file.signatures.len() != elements.len() {
            return Err(Error::decode("a signature for each value of a set"));
        }
        let signatures: Vec<[u8; 48]> = file.signatures.iter().map(|bytes| *bytes.as_bytes()).collect();
        let signatures = NonZeroG1::from_bytes_many(&signatures)?;
        let named = content.named(&file.authority, file.key);
        let base = set_base(&named.digest, &file.key, &content.claim_type);
        let set = PublicSet::from_parts(set_key(&base, &file.key)?, elements.clone(), signatures)?;
        let signature = lower_case_hex(&file.signature).ok_or(Error::decode("a signature of 64 bytes"))?;
        let signature = Signature::from_bytes(&signature);
        let verifying =
            VerifyingKey::from_bytes(file.authority.as_bytes()).map_err(|_| Error::decode("an identity key"))?;
        let signed = content.signed(&file.authority, file.key, &set);
        verifying.verify_strict(&signed, &signature).map_err(|_| Error::Invalid)?;
        Ok(Self { content, identity: file.authority, named, base, elements, set, signature })
    }

    /// The set file.
    ///
    /// # Errors
    /// None that can happen: a set has a JSON form.
    pub fn to_json(&self) -> Result<String, Error> {
        let content = &self.content;
        let file = SetFile {
            milchglas: FORMAT.into(),
            name: content.name.clone(),
            title: content.title.clone(),
            authority: self.identity,
            sequence: content.sequence,
            claim_type: (&content.claim_type).into(),
            values: content.values.iter().filter_map(|value| value.literal(&content.claim_type)).collect(),
            key: self.named.key,
            signatures: self.set.signatures().iter().map(|one| ElementSignature(one.to_bytes())).collect(),
            signature: hex::encode(self.signature.to_bytes()),
        };
        to_json(&file)
    }

    /// Checks the signature of every element by pairing: the duty of whoever proves, before the set is first used.
    ///
    /// # Errors
    /// [`Error::Invalid`] if one is wrong.
    pub fn check(&self, rng: &mut dyn CryptoRngCore) -> Result<(), Error> {
        Ok(self.set.check(rng)?)
    }

    /// What it says.
    #[must_use]
    pub fn content(&self) -> &SetContent {
        &self.content
    }

    /// What people compare to know that it is this authority's.
    #[must_use]
    pub fn authority(&self) -> AuthorityFingerprint {
        self.named.authority
    }

    /// The digest that requests name.
    #[must_use]
    pub fn digest(&self) -> SetDigest {
        self.named.digest
    }

    /// How a request names it.
    #[must_use]
    pub fn reference(&self) -> SetRef {
        SetRef::Published(self.named.clone())
    }

    /// How a request names it; one that says anything else means another set.
    #[must_use]
    pub fn named(&self) -> &PublishedSetRef {
        &self.named
    }

    pub(super) fn base(&self) -> &[u8; 32] {
        &self.base
    }

    pub(super) fn elements(&self) -> &[Scalar] {
        &self.elements
    }

    pub(super) fn set(&self) -> &PublicSet {
        &self.set
    }
}

impl SetContent {
    /// The rules; the elements' scalars.
    fn check(&self) -> Result<Vec<Scalar>, Error> {
        if !is_readable(&self.title, MAX_TITLE) {
            return Err(Error::decode("a title of 1 to 64 readable characters"));
        }
        let mut sorted: Vec<Vec<u8>> = self.values.iter().map(value_bytes).collect();
        sorted.sort_unstable();
        sorted.dedup();
        if self.values.is_empty() || self.values.len() > MAX_VALUES || sorted.len() != self.values.len() {
            return Err(Error::decode("a set has 1 to 4,096 different values"));
        }
        let element = |value| {
            self.claim_type.check(value)?;
            to_scalar(&self.claim_type, value)
        };
        self.values.iter().map(element).collect()
    }

    fn named(&self, identity: &IdentityKey, key: SetPublicKey) -> PublishedSetRef {
        let mut out = Writer::new();
        self.write(identity, key, out.array(7));
        let digest = SetDigest(tagged_digest("milchglas set/1", &out.into_bytes()));
        PublishedSetRef { name: self.name.clone(), authority: fingerprint(identity), key, digest }
    }

    /// What the identity key signs.
    fn signed(&self, identity: &IdentityKey, key: SetPublicKey, set: &PublicSet) -> Vec<u8> {
        let mut out = Writer::new();
        self.write(identity, key, out.array(8));
        out.array(set.signatures().len());
        for signature in set.signatures() {
            out.bytes(&signature.to_bytes());
        }
        [SIGNATURE_TAG, &out.into_bytes()].concat()
    }

    fn write(&self, identity: &IdentityKey, key: SetPublicKey, out: &mut Writer) {
        out.object(&self.name).text(&self.title).object(identity).uint(self.sequence.into()).object(&key);
        write_type(&self.claim_type, out);
        out.list(self.values.iter());
    }
}
