//! What an inspector publishes: its name, its key, and how many shareholders open together.
//!
//! The key `I = C_0` belongs to nobody: shareholder j holds `s_j = f(j)` for a polynomial f of degree t − 1 that nobody knows as a
//! whole, and t of the shares together do what `s = f(0)` would. The file carries the Feldman commitments `C_k = f_k·G` to the
//! coefficients (Feldman 1987). Every verification key `I_j = s_j·G = Σ_k j^k·C_k` follows from them, so that any t of them
//! interpolate to I, and none can be wrong. No commitment is zero: f has degree t − 1 exactly, and fewer than t shares say nothing.
//!
//! One JSON file, signed by an identity key. A request names its digest, and a wallet answers only for inspectors that it has
//! pinned.
//!
//! Spec: `spec/encodings.md`, Inspector.
//! Caution: [`Inspector::from_json`] checks the signature under the identity key in the file. Whether that key is the right one only
//! its [fingerprint](Inspector::fingerprint) can tell, got some other way.
//! Not here: shares, decryption (the inspector crate).

use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use milchglas_curve::{G1, NonZeroG1};
use serde::{Deserialize, Serialize};

use crate::cbor::Writer;
use crate::digest::{IdentityKey, InspectorDigest, InspectorFingerprint, lower_case_hex, tagged_digest};
use crate::encrypt_to::{InspectorKey, InspectorRef, MAX_NAME};
use crate::error::Error;
use crate::json::{from_json, to_json};
use crate::text::is_readable;

const FORMAT: &str = "inspector/1";
const SIGNATURE_TAG: &[u8] = b"milchglas inspector/1 signature";
/// Most bytes of an inspector's file.
pub const MAX_INSPECTOR: usize = 1 << 13;
/// Fewest shareholders who open together. One alone is no threshold.
pub const MIN_THRESHOLD: u8 = 2;
/// Most shareholders.
pub const MAX_SHAREHOLDERS: u8 = 16;

/// What an inspector says in its file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InspectorContent {
    /// The inspector's name, 1 to 64 readable characters.
    pub name: String,
    /// How many shareholders there are: n.
    pub shareholders: u8,
    /// The commitments to the coefficients, as many as must open together: t.
    pub commitments: Vec<NonZeroG1>,
}

/// A signed inspector's file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inspector {
    content: InspectorContent,
    identity: IdentityKey,
    signature: Signature,
    digest: InspectorDigest,
    key: InspectorKey,
    keys: Vec<NonZeroG1>,
}

/// The file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct InspectorFile {
    milchglas: String,
    name: String,
    identity: IdentityKey,
    threshold: u8,
    shareholders: u8,
    commitments: Vec<InspectorKey>,
    signature: String,
}

impl Inspector {
    /// Signs an inspector's file with its identity key.
    ///
    /// # Errors
    /// [`Error::Decode`] where the content breaks a rule: 2 ≤ t ≤ n ≤ 16, a readable name, no shareholder's key zero.
    pub fn sign(content: InspectorContent, identity: &SigningKey) -> Result<Self, Error> {
        let key = IdentityKey(identity.verifying_key().to_bytes());
        let bytes = canonical(&content, &key);
        Self::assemble(content, key, identity.sign(&[SIGNATURE_TAG, &bytes].concat()), &bytes)
    }

    /// Reads an inspector's file and checks its signature.
    ///
    /// # Errors
    /// [`Error::Json`] or [`Error::Decode`] where it is no such file, [`Error::Invalid`] where the signature does not hold.
    pub fn from_json(json: &str) -> Result<Self, Error> {
        if json.len() > MAX_INSPECTOR {
            return Err(Error::decode("the inspector's file is too long"));
        }
        let file: InspectorFile = from_json(json)?;
        if file.milchglas != FORMAT {
            return Err(Error::decode("the format of an inspector's file is inspector/1"));
        }
        let commitments: Vec<NonZeroG1> = file.commitments.iter().map(|key| key.0).collect();
        if commitments.len() != usize::from(file.threshold) {
            return Err(Error::decode("as many commitments as the threshold"));
        }
        let content = InspectorContent { name: file.name, shareholders: file.shareholders, commitments };
        let bytes = canonical(&content, &file.identity);
        let signature = lower_case_hex(&file.signature).ok_or(Error::decode("a signature of 64 bytes"))?;
        let signature = Signature::from_bytes(&signature);
        let verifying =
            VerifyingKey::from_bytes(file.identity.as_bytes()).map_err(|_| Error::decode("an identity key"))?;
        verifying.verify_strict(&[SIGNATURE_TAG, &bytes].concat(), &signature).map_err(|_| Error::Invalid)?;
        Self::assemble(content, file.identity, signature, &bytes)
    }

    fn assemble(
        content: InspectorContent,
        identity: IdentityKey,
        signature: Signature,
        bytes: &[u8],
    ) -> Result<Self, Error> {
        if !is_readable(&content.name, MAX_NAME) {
            return Err(Error::decode("an inspector's name of 1 to 64 readable characters"));
        }
        let threshold = content.commitments.len();
        if threshold < usize::from(MIN_THRESHOLD)
            || threshold > usize::from(content.shareholders)
            || content.shareholders > MAX_SHAREHOLDERS
        {
            return Err(Error::decode("a threshold of 2 or more, of at most 16 shareholders"));
        }
        let keys = (1..=content.shareholders).map(|index| verification_key(&content.commitments, index));
        let keys = keys.collect::<Option<Vec<_>>>().ok_or(Error::decode("no shareholder's key is zero"))?;
        let key = content.commitments.first().copied().map(InspectorKey).ok_or(Error::Misuse("a commitment"))?;
        let digest = InspectorDigest(tagged_digest("milchglas inspector file/1", bytes));
        Ok(Self { content, identity, signature, digest, key, keys })
    }

    /// The file.
    ///
    /// # Errors
    /// None that can happen: it has a JSON form.
    pub fn to_json(&self) -> Result<String, Error> {
        let file = InspectorFile {
            milchglas: FORMAT.into(),
            name: self.content.name.clone(),
            identity: self.identity,
            threshold: self.threshold(),
            shareholders: self.content.shareholders,
            commitments: self.content.commitments.iter().copied().map(InspectorKey).collect(),
            signature: hex::encode(self.signature.to_bytes()),
        };
        to_json(&file)
    }

    /// The inspector's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.content.name
    }

    /// How many shareholders open together: t.
    #[must_use]
    pub fn threshold(&self) -> u8 {
        // At most 16, as `assemble` saw to.
        u8::try_from(self.content.commitments.len()).unwrap_or(u8::MAX)
    }

    /// How many shareholders there are: n.
    #[must_use]
    pub fn shareholders(&self) -> u8 {
        self.content.shareholders
    }

    /// How a request names it.
    #[must_use]
    pub fn reference(&self) -> InspectorRef {
        InspectorRef { name: self.content.name.clone(), key: self.key(), digest: self.digest }
    }

    /// The key I.
    #[must_use]
    pub fn key(&self) -> InspectorKey {
        self.key
    }

    /// The verification key `I_j = s_j·G` of shareholder j, counted from 1.
    #[must_use]
    pub fn verification_key(&self, index: u8) -> Option<&NonZeroG1> {
        self.keys.get(usize::from(index).checked_sub(1)?)
    }

    /// What people compare to know that this is that inspector's file.
    #[must_use]
    pub fn fingerprint(&self) -> InspectorFingerprint {
        let mut out = Writer::new();
        out.array(1).object(&self.identity);
        InspectorFingerprint(tagged_digest("milchglas inspector/1", &out.into_bytes()))
    }

    /// The digest that requests name.
    #[must_use]
    pub fn digest(&self) -> InspectorDigest {
        self.digest
    }
}

/// `f(j)·G` by the commitments (Horner's rule); none if it is zero.
fn verification_key(commitments: &[NonZeroG1], index: u8) -> Option<NonZeroG1> {
    let times_index = |point: G1| {
        (0..8).rev().fold(G1::identity(), |sum, bit| {
            let twice = sum.double();
            if index >> bit & 1 == 1 { twice + point } else { twice }
        })
    };
    let sum = commitments.iter().rev().fold(G1::identity(), |sum, commitment| times_index(sum) + commitment);
    sum.to_nonzero()
}

/// The bytes that are signed and hashed.
fn canonical(content: &InspectorContent, identity: &IdentityKey) -> Vec<u8> {
    let mut out = Writer::new();
    out.array(4).text(&content.name).object(identity).uint(content.shareholders.into());
    out.array(content.commitments.len());
    for commitment in &content.commitments {
        out.bytes(&commitment.to_bytes());
    }
    out.into_bytes()
}
