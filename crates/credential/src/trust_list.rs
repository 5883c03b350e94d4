//! Trust lists: one signed file that says who is who, and who may ask what.
//!
//! An authority that holders trust lists issuers, verifiers with the [profiles](crate::profile) they may name, inspectors, and the authorities of
//! published sets and lists, each with the key that stands for it. It is the same file for everyone, with a sequence number that grows.
//!
//! Spec: `spec/encodings.md`, Trust list.   Ed25519 over the canonical CBOR, as with parameters.
//! Caution: [`TrustList::from_json`] checks the signature under the key in the file. Whether that key is the right one only its
//! [fingerprint](TrustList::fingerprint) can tell, got some other way; a wallet pins it with the name.
//! Not here: pinning, and what a wallet does with a verifier that is not listed.

use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use serde::{Deserialize, Serialize};

use crate::cbor::{self, Reader, Wire, Writer};
use crate::digest::{
    AuthorityFingerprint, IdentityKey, InspectorDigest, IssuerFingerprint, TrustListDigest, VerifierKey,
    lower_case_hex, tagged_digest,
};
use crate::encrypt_to::InspectorKey;
use crate::error::{DecodeError, Error};
use crate::json::{from_json, to_json};
use crate::profile::Profile;
use crate::request::VerifierIdentity;
use crate::text::{Label, Origin, is_readable};

/// Most bytes of a trust list, as a file and in its canonical form.
pub const MAX_TRUST_LIST: usize = 1 << 19;
const FORMAT: &str = "trust-list/1";
const CONTENT_FORMAT: &str = "trust-list-content/1";
const SIGNATURE_TAG: &[u8] = b"milchglas trust-list/1 signature";
const MAX_NAME: usize = 64;
/// Most issuers, and authorities.
const MAX_ISSUERS: usize = 256;
const MAX_VERIFIERS: usize = 1024;
const MAX_INSPECTORS: usize = 64;
const MAX_PROFILES: usize = 64;
/// Most profiles of one verifier.
const MAX_NAMED: usize = 16;

/// What an authority says in its trust list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    /// The authority's name, 1 to 64 readable characters.
    pub name: String,
    /// Grows with each publication.
    pub sequence: u32,
    /// Issuers.
    pub issuers: Vec<ListedIssuer>,
    /// Verifiers.
    pub verifiers: Vec<ListedVerifier>,
    /// Inspectors.
    pub inspectors: Vec<ListedInspector>,
    /// Authorities of published sets and lists.
    pub authorities: Vec<ListedAuthority>,
    /// The profiles that verifiers may name.
    pub profiles: Vec<Profile>,
}

/// An issuer on a trust list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListedIssuer {
    /// Its name.
    pub name: String,
    /// Its fingerprint.
    pub fingerprint: IssuerFingerprint,
}

/// A verifier on a trust list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListedVerifier {
    /// Its name.
    pub name: String,
    /// Where it asks.
    pub origin: Origin,
    /// Its key.
    pub key: VerifierKey,
    /// The profiles that its requests may name.
    #[serde(default)]
    pub profiles: Vec<Label>,
}

/// An inspector on a trust list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListedInspector {
    /// Its name.
    pub name: String,
    /// The point to which is encrypted.
    pub key: InspectorKey,
    /// The digest of its published file.
    pub digest: InspectorDigest,
}

/// An authority of published sets or lists.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListedAuthority {
    /// The name of what it publishes: wallets refuse a first publication of that name by an authority that is not listed under it.
    pub name: String,
    /// Its fingerprint.
    pub fingerprint: AuthorityFingerprint,
}

/// A signed trust list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustList {
    content: Content,
    identity: IdentityKey,
    signature: [u8; 64],
    digest: TrustListDigest,
}

/// What a trust list says about a verifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Regard<'l> {
    /// Nothing.
    Unlisted,
    /// This.
    Listed(&'l ListedVerifier),
    /// That its place has another key, or its key another place.
    Contradicted,
}

/// The file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct TrustListFile {
    milchglas: String,
    name: String,
    identity: IdentityKey,
    sequence: u32,
    issuers: Vec<ListedIssuer>,
    verifiers: Vec<ListedVerifier>,
    inspectors: Vec<ListedInspector>,
    authorities: Vec<ListedAuthority>,
    profiles: Vec<Profile>,
    signature: String,
}

/// The content as people write it.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ContentFile {
    milchglas: String,
    name: String,
    sequence: u32,
    #[serde(default)]
    issuers: Vec<ListedIssuer>,
    #[serde(default)]
    verifiers: Vec<ListedVerifier>,
    #[serde(default)]
    inspectors: Vec<ListedInspector>,
    #[serde(default)]
    authorities: Vec<ListedAuthority>,
    #[serde(default)]
    profiles: Vec<Profile>,
}

/// The fingerprint of an authority.
#[must_use]
pub fn fingerprint(identity: &IdentityKey) -> AuthorityFingerprint {
    let mut out = Writer::new();
    out.array(1).object(identity);
    AuthorityFingerprint(tagged_digest("milchglas authority/1", &out.into_bytes()))
}

impl Content {
    /// Reads what an authority is to sign, as people write it.
    ///
    /// # Errors
    /// [`Error::Json`] or [`Error::Decode`] where it is no such content.
    pub fn from_json(json: &str) -> Result<Self, Error> {
        if json.len() > MAX_TRUST_LIST {
            return Err(Error::decode("the content of the trust list is too long"));
        }
        let file: ContentFile = from_json(json)?;
        if file.milchglas != CONTENT_FORMAT {
            return Err(Error::decode("the format of a trust list's content is trust-list-content/1"));
        }
        let ContentFile { milchglas: _, name, sequence, issuers, verifiers, inspectors, authorities, profiles } = file;
        let content = Self { name, sequence, issuers, verifiers, inspectors, authorities, profiles };
        content.check()?;
        Ok(content)
    }

    /// The content as people write it.
    ///
    /// # Errors
    /// None that can happen: a content has a JSON form.
    pub fn to_json(&self) -> Result<String, Error> {
        let Self { name, sequence, issuers, verifiers, inspectors, authorities, profiles } = self.clone();
        let milchglas = CONTENT_FORMAT.to_owned();
        let file = ContentFile { milchglas, name, sequence, issuers, verifiers, inspectors, authorities, profiles };
        to_json(&file)
    }

    fn check(&self) -> Result<(), DecodeError> {
        let error = |what| Err(DecodeError { what });
        let names = std::iter::once(&self.name)
            .chain(self.issuers.iter().map(|issuer| &issuer.name))
            .chain(self.inspectors.iter().map(|inspector| &inspector.name))
            .chain(self.authorities.iter().map(|authority| &authority.name));
        if !names.into_iter().all(|name| is_readable(name, MAX_NAME)) {
            return error("names of 1 to 64 readable characters in a trust list");
        }
        if self.issuers.len() > MAX_ISSUERS || !all_different(self.issuers.iter().map(|issuer| issuer.fingerprint.0)) {
            return error("at most 256 different issuers in a trust list");
        }
        let keys = self.verifiers.iter().map(|verifier| verifier.key.0);
        if self.verifiers.len() > MAX_VERIFIERS || !all_different(keys) {
            return error("at most 1,024 verifiers with different keys in a trust list");
        }
        let keys = self.inspectors.iter().map(|inspector| inspector.key.0.to_bytes());
        if self.inspectors.len() > MAX_INSPECTORS || !all_different(keys) {
            return error("at most 64 inspectors with different keys in a trust list");
        }
        let fingerprints = self.authorities.iter().map(|authority| authority.fingerprint.0);
        if self.authorities.len() > MAX_ISSUERS || !all_different(fingerprints) {
            return error("at most 256 different authorities in a trust list");
        }
        if self.profiles.len() > MAX_PROFILES || !all_different(self.profiles.iter().map(|profile| &profile.id)) {
            return error("at most 64 profiles of different names in a trust list");
        }
        self.profiles.iter().try_for_each(Profile::check)?;
        self.verifiers.iter().try_for_each(|verifier| {
            let ListedVerifier { name, origin, key, profiles } = verifier;
            VerifierIdentity { name: name.clone(), origin: origin.clone(), key: *key }.check()?;
            let described = |id: &Label| self.profiles.iter().any(|profile| profile.id == *id);
            if profiles.len() > MAX_NAMED || !all_different(profiles.iter()) || !profiles.iter().all(described) {
                return error("verifiers with at most 16 different profiles, each of them in the trust list");
            }
            Ok(())
        })
    }
}

impl TrustList {
    /// Signs a trust list with the authority's key.
    ///
    /// # Errors
    /// [`Error::Decode`] naming the rule that the content breaks.
    pub fn sign(content: Content, identity: &SigningKey) -> Result<Self, Error> {
        content.check()?;
        let key = IdentityKey(identity.verifying_key().to_bytes());
        let bytes = canonical(&content, &key);
        let signature = identity.sign(&[SIGNATURE_TAG, &bytes].concat()).to_bytes();
        Self::assemble(content, key, signature)
    }

    /// Reads a trust list and checks its signature.
    ///
    /// # Errors
    /// [`Error::Json`] or [`Error::Decode`] where it is no such file, [`Error::Invalid`] where the signature does not hold.
    pub fn from_json(json: &str) -> Result<Self, Error> {
        if json.len() > MAX_TRUST_LIST {
            return Err(Error::decode("the trust list is too long"));
        }
        let file: TrustListFile = from_json(json)?;
        if file.milchglas != FORMAT {
            return Err(Error::decode("the format of a trust list is trust-list/1"));
        }
        let TrustListFile { name, sequence, issuers, verifiers, inspectors, authorities, profiles, .. } = file;
        let content = Content { name, sequence, issuers, verifiers, inspectors, authorities, profiles };
        content.check()?;
        let signature = lower_case_hex(&file.signature).ok_or(Error::decode("a signature of 64 bytes"))?;
        Self::assemble(content, file.identity, signature)
    }

    /// The file.
    ///
    /// # Errors
    /// None that can happen: a trust list has a JSON form.
    pub fn to_json(&self) -> Result<String, Error> {
        let Content { name, sequence, issuers, verifiers, inspectors, authorities, profiles } = self.content.clone();
        let file = TrustListFile {
            milchglas: FORMAT.to_owned(),
            name,
            identity: self.identity,
            sequence,
            issuers,
            verifiers,
            inspectors,
            authorities,
            profiles,
            signature: hex::encode(self.signature),
        };
        to_json(&file)
    }

    /// What it says.
    #[must_use]
    pub fn content(&self) -> &Content {
        &self.content
    }

    /// What people compare to know whose it is.
    #[must_use]
    pub fn fingerprint(&self) -> AuthorityFingerprint {
        fingerprint(&self.identity)
    }

    /// The digest of what is signed.
    #[must_use]
    pub fn digest(&self) -> TrustListDigest {
        self.digest
    }

    /// A profile.
    #[must_use]
    pub fn profile(&self, id: &Label) -> Option<&Profile> {
        self.content.profiles.iter().find(|profile| profile.id == *id)
    }

    /// What it says about who asks.
    #[must_use]
    pub fn regard(&self, verifier: &VerifierIdentity) -> Regard<'_> {
        let mut about = self
            .content
            .verifiers
            .iter()
            .filter(|listed| listed.key == verifier.key || listed.origin == verifier.origin)
            .peekable();
        if about.peek().is_none() {
            return Regard::Unlisted;
        }
        let found = about.find(|listed| listed.key == verifier.key && listed.origin == verifier.origin);
        found.map_or(Regard::Contradicted, Regard::Listed)
    }

    fn assemble(content: Content, identity: IdentityKey, signature: [u8; 64]) -> Result<Self, Error> {
        let bytes = canonical(&content, &identity);
        if bytes.len() > MAX_TRUST_LIST {
            return Err(Error::decode("the trust list is too long"));
        }
        let key = VerifyingKey::from_bytes(identity.as_bytes()).map_err(|_| Error::decode("an identity key"))?;
        key.verify_strict(&[SIGNATURE_TAG, &bytes].concat(), &Signature::from_bytes(&signature))
            .map_err(|_| Error::Invalid)?;
        let digest = TrustListDigest(tagged_digest("milchglas trust-list/1", &bytes));
        Ok(Self { content, identity, signature, digest })
    }
}

/// The bytes that are signed and hashed.
fn canonical(content: &Content, identity: &IdentityKey) -> Vec<u8> {
    let mut out = Writer::new();
    write_content(content, identity, &mut out);
    out.into_bytes()
}

fn write_content(content: &Content, identity: &IdentityKey, out: &mut Writer) {
    out.array(8).text(&content.name).object(identity).uint(content.sequence.into());
    out.list(content.issuers.iter()).list(content.verifiers.iter()).list(content.inspectors.iter());
    out.list(content.authorities.iter()).list(content.profiles.iter());
}

fn all_different<T: Ord>(items: impl Iterator<Item = T>) -> bool {
    let mut items: Vec<T> = items.collect();
    items.sort_unstable();
    items.windows(2).all(|pair| pair.first() != pair.last())
}

/// The signed form for a wallet's vault. Reading it checks the signature again.
impl Wire for TrustList {
    fn write(&self, out: &mut Writer) {
        out.array(2).bytes(&canonical(&self.content, &self.identity)).bytes(&self.signature);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let what = "a trust list";
        input.array(2, what)?;
        let Signed { content, identity } = cbor::from_bytes(input.bytes_up_to(MAX_TRUST_LIST, what)?, MAX_TRUST_LIST)?;
        let signature = input.bytes(what)?;
        Self::assemble(content, identity, signature).map_err(|_| DecodeError { what: "a trust list that is signed" })
    }
}

/// What is signed.
struct Signed {
    content: Content,
    identity: IdentityKey,
}

impl Wire for Signed {
    fn write(&self, out: &mut Writer) {
        write_content(&self.content, &self.identity, out);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let what = "a trust list";
        input.array(8, what)?;
        let name = input.text(4 * MAX_NAME, what)?.to_owned();
        let identity = input.object()?;
        let content = Content {
            name,
            sequence: input.uint32(what)?,
            issuers: input.list(MAX_ISSUERS, what)?,
            verifiers: input.list(MAX_VERIFIERS, what)?,
            inspectors: input.list(MAX_INSPECTORS, what)?,
            authorities: input.list(MAX_ISSUERS, what)?,
            profiles: input.list(MAX_PROFILES, what)?,
        };
        content.check()?;
        Ok(Self { content, identity })
    }
}

impl Wire for ListedIssuer {
    fn write(&self, out: &mut Writer) {
        out.array(2).text(&self.name).object(&self.fingerprint);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let what = "an issuer on a trust list";
        input.array(2, what)?;
        Ok(Self { name: input.text(4 * MAX_NAME, what)?.to_owned(), fingerprint: input.object()? })
    }
}

impl Wire for ListedVerifier {
    fn write(&self, out: &mut Writer) {
        out.array(4).text(&self.name).object(&self.origin).object(&self.key).list(self.profiles.iter());
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let what = "a verifier on a trust list";
        input.array(4, what)?;
        Ok(Self {
            name: input.text(4 * MAX_NAME, what)?.to_owned(),
            origin: input.object()?,
            key: input.object()?,
            profiles: input.list(MAX_NAMED, what)?,
        })
    }
}

impl Wire for ListedInspector {
    fn write(&self, out: &mut Writer) {
        out.array(3).text(&self.name).object(&self.key).object(&self.digest);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let what = "an inspector on a trust list";
        input.array(3, what)?;
        let name = input.text(4 * MAX_NAME, what)?.to_owned();
        Ok(Self { name, key: input.object()?, digest: input.object()? })
    }
}

impl Wire for ListedAuthority {
    fn write(&self, out: &mut Writer) {
        out.array(2).text(&self.name).object(&self.fingerprint);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let what = "an authority on a trust list";
        input.array(2, what)?;
        Ok(Self { name: input.text(4 * MAX_NAME, what)?.to_owned(), fingerprint: input.object()? })
    }
}
