//! What an issuer publishes: its keys, its digit signatures, its schemas, signed.
//!
//! One JSON file, the same bytes for everyone. A request names its digest and a wallet answers only under parameters that it
//! has pinned, so an issuer that shows one holder other keys or another digit set does not thereby mark that holder.
//!
//! Spec: `spec/encodings.md`, Parameters.
//! Caution: [`Parameters::from_json`] checks the issuer's signature under the identity key in the file. Whether that key is the
//! right one only its [fingerprint](Parameters::fingerprint) can tell, got some other way. A wallet also calls
//! [`Parameters::check`] once, before it first uses them.
//! Not here: trust lists, storage.

use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use milchglas_bbs::PublicKey;
pub use milchglas_bbs::SecretKey;
/// z·P2, under which the credentials of one signature key are revoked.
pub use milchglas_curve::NonZeroG2 as RevocationKey;
use milchglas_curve::{Expander, G1, NonZeroG1, NonZeroG2, Scalar};
use milchglas_sigma::FixedPoint;
pub use milchglas_statements::SetSecretKey;
use milchglas_statements::{DIGIT_BASE, PublicSet};
use rand_core::CryptoRngCore;
use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use crate::cbor::Writer;
use crate::date::Date;
use crate::digest::{
    IdentityKey, IssuerFingerprint, IssuerKeyId, ParametersDigest, SchemaDigest, lower_case_hex, tagged_digest,
};
use crate::error::Error;
use crate::issuer_key::{CredentialKey, key_id};
use crate::json::{from_json, to_json};
use crate::schema::Schema;
use crate::text::is_readable;

const FORMAT: &str = "parameters/1";
const SIGNATURE_TAG: &[u8] = b"milchglas parameters/1 signature";
const DIGITS_NAME: &[u8] = b"milchglas digits/1";
const REGISTRY_DST: &[u8] = b"MILCHGLAS-V1-REGISTRY";
const MAX_JSON: usize = 4 << 20;
const MAX_NAME: usize = 64;
/// Most keys, and most schemas.
const MAX_LIST: usize = 16;

/// One of an issuer's signature keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuerKey {
    /// The key.
    pub public: PublicKey,
    /// The last day on which credentials signed with it are accepted. Keys overlap while cards are renewed.
    pub accepted_until: Date,
    /// z·P2, under which the credentials signed with it are revoked: a key of its own for each.
    pub revocation: RevocationKey,
}

/// What an issuer says in its parameters.
#[derive(Clone, Debug)]
pub struct Content {
    /// The issuer's name, 1 to 64 readable characters.
    pub name: String,
    /// Grows with each publication.
    pub sequence: u32,
    /// The signature keys; the last one signs new credentials.
    pub keys: Vec<IssuerKey>,
    /// The digits 0 to 255, signed with the issuer's set key.
    pub digits: PublicSet,
    /// The schemas of the credentials that it issues.
    pub schemas: Vec<Schema>,
}

/// Signed parameters.
#[derive(Clone, Debug)]
pub struct Parameters {
    content: Content,
    identity: IdentityKey,
    digest: ParametersDigest,
    signature: Signature,
    prepared: Vec<CredentialKey>,
    registry_base: NonZeroG1,
}

/// The file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ParametersFile {
    milchglas: String,
    name: String,
    identity: IdentityKey,
    sequence: u32,
    #[serde(deserialize_with = "at_most_16")]
    keys: Vec<KeyEntry>,
    digits: DigitsEntry,
    #[serde(deserialize_with = "at_most_16")]
    schemas: Vec<Schema>,
    signature: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyEntry {
    public_key: String,
    accepted_until: Date,
    revocation_key: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct DigitsEntry {
    public_key: String,
    signatures: Vec<String>,
}

/// Signs the digits 0 to 255 with a set key.
///
/// # Errors
/// None with a random key.
pub fn sign_digits(key: &SetSecretKey) -> Result<PublicSet, Error> {
    Ok(key.sign(DIGITS_NAME, digits())?)
}

/// The fingerprint of an issuer.
#[must_use]
pub fn fingerprint(identity: &IdentityKey) -> IssuerFingerprint {
    let mut out = Writer::new();
    out.array(1).object(identity);
    IssuerFingerprint(tagged_digest("milchglas issuer/1", &out.into_bytes()))
}

impl Parameters {
    /// Signs parameters with the issuer's identity key.
    ///
    /// # Errors
    /// [`Error::Misuse`] without keys or schemas, with more than 16 of either, or with one key for two purposes; [`Error::Decode`] for a name
    /// that can not be read.
    pub fn sign(content: Content, identity: &SigningKey) -> Result<Self, Error> {
        content.check().map_err(Error::Misuse)?;
        let key = IdentityKey(identity.verifying_key().to_bytes());
        let bytes = canonical(&content, &key);
        Self::assemble(content, key, identity.sign(&[SIGNATURE_TAG, &bytes].concat()), &bytes)
    }

    /// Reads a parameters file and checks its signature.
    ///
    /// # Errors
    /// [`Error::Json`] or [`Error::Decode`] where it is no such file, [`Error::Invalid`] where the signature does not hold.
    pub fn from_json(json: &str) -> Result<Self, Error> {
        if json.len() > MAX_JSON {
            return Err(Error::decode("the parameters file is too long"));
        }
        let file: ParametersFile = from_json(json)?;
        if file.milchglas != FORMAT {
            return Err(Error::decode("the format of parameters is parameters/1"));
        }
        if file.digits.signatures.len() != DIGIT_BASE as usize {
            return Err(Error::decode("parameters have 256 digit signatures"));
        }
        let keys = file.keys.iter().map(IssuerKey::read).collect::<Result<_, _>>()?;
        let content = Content {
            name: file.name,
            sequence: file.sequence,
            keys,
            digits: file.digits.read()?,
            schemas: file.schemas,
        };
        content.check().map_err(Error::decode)?;
        let bytes = canonical(&content, &file.identity);
        let signature = lower_case_hex(&file.signature).ok_or(Error::decode("a signature of 64 bytes"))?;
        let signature = Signature::from_bytes(&signature);
        let verifying =
            VerifyingKey::from_bytes(file.identity.as_bytes()).map_err(|_| Error::decode("an identity key"))?;
        verifying.verify_strict(&[SIGNATURE_TAG, &bytes].concat(), &signature).map_err(|_| Error::Invalid)?;
        Self::assemble(content, file.identity, signature, &bytes)
    }

    fn assemble(content: Content, identity: IdentityKey, signature: Signature, bytes: &[u8]) -> Result<Self, Error> {
        if !is_readable(&content.name, MAX_NAME) {
            return Err(Error::decode("an issuer's name of 1 to 64 readable characters"));
        }
        let issuer = fingerprint(&identity);
        let mut prepared = Vec::new();
        for key in &content.keys {
            prepared.extend(CredentialKey::prepare(&issuer, key, &content.schemas)?);
        }
        let digest = ParametersDigest(tagged_digest("milchglas parameters/1", bytes));
        let registry_base = G1::hash(Expander::XmdSha256, issuer.as_bytes(), REGISTRY_DST);
        Ok(Self { content, identity, digest, signature, prepared, registry_base })
    }

    /// The parameters file.
    ///
    /// # Errors
    /// None that can happen: parameters have a JSON form.
    pub fn to_json(&self) -> Result<String, Error> {
        let content = &self.content;
        let file = ParametersFile {
            milchglas: FORMAT.into(),
            name: content.name.clone(),
            identity: self.identity,
            sequence: content.sequence,
            keys: content.keys.iter().map(IssuerKey::entry).collect(),
            digits: DigitsEntry {
                public_key: hex::encode(content.digits.key().to_bytes()),
                signatures: content
                    .digits
                    .signatures()
                    .iter()
                    .map(|signature| hex::encode(signature.to_bytes()))
                    .collect(),
            },
            schemas: content.schemas.clone(),
            signature: hex::encode(self.signature.to_bytes()),
        };
        to_json(&file)
    }

    /// Checks every digit signature by pairing: the wallet's duty before it first uses these parameters.
    ///
    /// # Errors
    /// [`Error::Invalid`] if one is wrong.
    pub fn check(&self, rng: &mut dyn CryptoRngCore) -> Result<(), Error> {
        Ok(self.content.digits.check(rng)?)
    }

    /// Builds now, in idle time, the tables for proving under these parameters: about 5 ms and 1 MiB for a key of 13 messages.
    pub fn prepare_for_proving(&self) {
        FixedPoint::prepare_for_proving(self.fixed_points());
    }

    /// Builds now the tables for verifying under these parameters: about 2 ms and 740 KiB for a key of 13 messages. And prepares its three keys
    /// for pairings.
    pub fn prepare_for_verifying(&self) {
        FixedPoint::prepare_for_verifying(self.fixed_points());
        self.prepared.iter().for_each(CredentialKey::prepare_pairings);
        self.content.digits.set_key().pairing().prepare();
    }

    /// How many bytes the tables take that there are now: at most 2 MiB for a key of 13 messages.
    #[must_use]
    pub fn table_bytes(&self) -> usize {
        self.fixed_points().map(FixedPoint::table_bytes).sum()
    }

    fn fixed_points(&self) -> impl Iterator<Item = &FixedPoint> {
        self.prepared.iter().flat_map(|key| key.bases().iter().chain([key.empty()])).chain([self.content.digits.base()])
    }

    /// What they say.
    #[must_use]
    pub fn content(&self) -> &Content {
        &self.content
    }

    /// The key that signed them.
    #[must_use]
    pub fn identity(&self) -> &IdentityKey {
        &self.identity
    }

    /// What people compare to know that these are this issuer's.
    #[must_use]
    pub fn fingerprint(&self) -> IssuerFingerprint {
        fingerprint(&self.identity)
    }

    /// The digest that requests name.
    #[must_use]
    pub fn digest(&self) -> ParametersDigest {
        self.digest
    }

    /// A schema by its digest.
    #[must_use]
    pub fn schema(&self, digest: &SchemaDigest) -> Option<&Schema> {
        self.content.schemas.iter().find(|schema| schema.digest() == *digest)
    }

    /// The id of one of its keys.
    #[must_use]
    pub fn key_id(&self, key: &IssuerKey) -> IssuerKeyId {
        key_id(&self.fingerprint(), key)
    }

    /// A key by its id.
    #[must_use]
    pub fn key(&self, id: &IssuerKeyId) -> Option<&IssuerKey> {
        self.content.keys.iter().find(|key| self.key_id(key) == *id)
    }

    /// A key prepared for a schema.
    #[must_use]
    pub fn credential_key(&self, key: &IssuerKeyId, schema: &SchemaDigest) -> Option<&CredentialKey> {
        self.prepared.iter().find(|prepared| prepared.id() == *key && prepared.schema() == *schema)
    }

    /// The accumulator of a key at epoch 0.
    #[must_use]
    pub fn first_accumulator(&self, key: &IssuerKeyId) -> Option<NonZeroG1> {
        self.prepared.iter().find(|prepared| prepared.id() == *key).map(CredentialKey::first_accumulator)
    }

    /// The key that signs new credentials, prepared for a schema.
    #[must_use]
    pub fn signing_key(&self, schema: &SchemaDigest) -> Option<&CredentialKey> {
        self.credential_key(&self.key_id(self.content.keys.last()?), schema)
    }

    /// The base of the names under which this issuer's registry knows its holders.
    #[must_use]
    pub fn registry_base(&self) -> NonZeroG1 {
        self.registry_base
    }
}

impl Content {
    /// The rules for lists and keys; what is broken, if one is.
    fn check(&self) -> Result<(), &'static str> {
        if self.keys.is_empty() || self.schemas.is_empty() {
            return Err("parameters have at least one key and one schema");
        }
        if self.keys.len() > MAX_LIST || self.schemas.len() > MAX_LIST {
            return Err("parameters have at most 16 keys and 16 schemas");
        }
        let mut keys: Vec<[u8; 96]> = self.keys.iter().map(|key| key.revocation.to_bytes()).collect();
        keys.extend(self.keys.iter().map(|key| key.public.to_bytes()));
        keys.push(self.digits.key().to_bytes());
        keys.sort_unstable();
        if keys.windows(2).any(|pair| pair.first() == pair.last()) {
            return Err("signature keys, revocation keys and set key are independent");
        }
        Ok(())
    }
}

impl IssuerKey {
    fn read(entry: &KeyEntry) -> Result<Self, Error> {
        let bytes = lower_case_hex(&entry.public_key).ok_or(Error::decode("an issuer key of 96 bytes"))?;
        let revocation = lower_case_hex(&entry.revocation_key).ok_or(Error::decode("a revocation key of 96 bytes"))?;
        let revocation = NonZeroG2::from_bytes(&revocation)?;
        Ok(Self { public: PublicKey::from_bytes(&bytes)?, accepted_until: entry.accepted_until, revocation })
    }

    fn entry(&self) -> KeyEntry {
        KeyEntry {
            public_key: hex::encode(self.public.to_bytes()),
            accepted_until: self.accepted_until,
            revocation_key: hex::encode(self.revocation.to_bytes()),
        }
    }
}

impl DigitsEntry {
    fn read(&self) -> Result<PublicSet, Error> {
        let key = lower_case_hex(&self.public_key).ok_or(Error::decode("a set key of 96 bytes"))?;
        let mut signatures = Vec::with_capacity(self.signatures.len());
        for signature in &self.signatures {
            let bytes = lower_case_hex(signature).ok_or(Error::decode("a digit signature of 48 bytes"))?;
            signatures.push(NonZeroG1::from_bytes(&bytes)?);
        }
        Ok(PublicSet::new(DIGITS_NAME, &NonZeroG2::from_bytes(&key)?, digits(), signatures)?)
    }
}

/// Reads a list of at most 16 items and stops at the first one beyond.
fn at_most_16<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    struct List<T>(std::marker::PhantomData<T>);

    impl<'de, T: Deserialize<'de>> Visitor<'de> for List<T> {
        type Value = Vec<T>;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            write!(f, "a list of at most {MAX_LIST} items")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Vec<T>, A::Error> {
            let mut list = Vec::new();
            while let Some(item) = items.next_element()? {
                if list.len() == MAX_LIST {
                    return Err(serde::de::Error::custom("too many items"));
                }
                list.push(item);
            }
            Ok(list)
        }
    }

    deserializer.deserialize_seq(List(std::marker::PhantomData))
}

fn digits() -> Vec<Scalar> {
    (0..DIGIT_BASE).map(Scalar::from).collect()
}

/// The bytes that are signed and hashed. Schemas stand in it by their digests.
fn canonical(content: &Content, identity: &IdentityKey) -> Vec<u8> {
    let mut out = Writer::new();
    out.array(6).text(&content.name).object(identity).uint(content.sequence.into());
    out.array(content.keys.len());
    for key in &content.keys {
        out.array(3).bytes(&key.public.to_bytes()).object(&key.accepted_until).bytes(&key.revocation.to_bytes());
    }
    out.array(1 + content.digits.signatures().len()).bytes(&content.digits.key().to_bytes());
    for signature in content.digits.signatures() {
        out.bytes(&signature.to_bytes());
    }
    out.array(content.schemas.len());
    for schema in &content.schemas {
        out.object(&schema.digest());
    }
    out.into_bytes()
}
