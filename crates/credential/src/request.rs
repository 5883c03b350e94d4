//! Requests: who asks, what for, until when, and what is to be disclosed and proven.
//!
//! A request is written as JSON and has exactly one canonical form, deterministic CBOR. The canonical form is what the verifier signs, what
//! the transcript of a presentation absorbs and what travels in QR codes. From either form the other follows.
//!
//! The verifier signs `milchglas request/1 ‖ canonical form` with Ed25519 (RFC 8032). [`SignedRequest::verify`] checks against the
//! key that the request itself names, so it shows that the holder of that key made the request, and nothing about who that is.
//!
//! Caution: whether the key is known, the time has not passed and the as-of date is today is the wallet's to check.
//! Not here: clocks, pinning, replay protection; what a request reveals (see [`predicate`](crate::predicate) for its sentences).

use crate::cbor::{self, Reader, Wire, Writer};
use crate::date::{Date, Timestamp};
use crate::digest::{
    IssuerFingerprint, ParametersDigest, RequestDigest, RequestNonce, SchemaDigest, VerifierKey, tagged_digest,
};
use crate::document::DocumentRef;
use crate::encrypt_to::EncryptAsk;
use crate::error::{DecodeError, Error};
use crate::json::{from_json, to_json};
use crate::predicate::Predicate;
use crate::revocation::AcceptedEpochs;
use crate::scope::{PseudonymAsk, RateAsk};
use crate::text::{ClaimName, Label, Origin, is_readable};
pub use ed25519_dalek::SigningKey;
use ed25519_dalek::{Signature, Signer as _, VerifyingKey};
use serde::{Deserialize, Serialize};

/// Most bytes of a canonical request.
pub const MAX_REQUEST: usize = 1 << 14;
/// Most bytes of a request file.
const MAX_REQUEST_JSON: usize = 1 << 16;
/// Longest time from issue to expiry, in seconds.
const MAX_SPAN: u64 = 24 * 60 * 60;
/// Deepest nesting of an ask; a single credential has depth 1.
const MAX_DEPTH: usize = 4;
/// Most nodes of an ask.
const MAX_NODES: usize = 16;
/// Most issuers, schemas or predicates of one credential.
const MAX_LIST: usize = 16;
/// Most signature keys whose accumulators are accepted.
const MAX_KEYS: usize = 64;
/// Most claims that one credential discloses.
const MAX_DISCLOSE: usize = 64;
/// Most characters of a verifier's name.
const MAX_NAME: usize = 64;
/// Most characters of a purpose.
const MAX_PURPOSE: usize = 200;
/// The first field of a request file.
const FORMAT: &str = "request/1";
/// What the signature is over, before the canonical form.
const SIGNATURE_TAG: &str = "milchglas request/1";
/// What the digest is over, before the canonical form.
const DIGEST_TAG: &str = "milchglas request-digest/1";

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VerifierIdentity {
    /// What it calls itself.
    pub name: String,
    /// Where it asks.
    pub origin: Origin,
    /// Its key, which stands for it.
    pub key: VerifierKey,
}

impl VerifierIdentity {
    /// Checks that the name can be shown and that the key is one.
    ///
    /// # Errors
    /// [`DecodeError`] naming the rule that is broken.
    pub fn check(&self) -> Result<(), DecodeError> {
        if !is_readable(&self.name, MAX_NAME) {
            return Err(DecodeError { what: "a verifier's name of 1 to 64 readable characters" });
        }
        let key = VerifyingKey::from_bytes(self.key.as_bytes()).ok().filter(|key| !key.is_weak());
        key.map(|_| ()).ok_or(DecodeError { what: "a verifier's key that is an Ed25519 public key" })
    }
}

/// What is asked: a credential, all of several asks, or any one of several.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(clippy::large_enum_variant, reason = "an ask has at most 16 nodes")]
pub enum Ask {
    /// Every one of these.
    All(Vec<Ask>),
    /// One of these; which one shows.
    Any(Vec<Ask>),
    /// Something about one credential.
    Credential(CredentialAsk),
}

/// What is asked about one credential.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CredentialAsk {
    /// Its name inside the request.
    pub name: Label,
    /// The issuers that are accepted.
    pub accept: Vec<Accept>,
    /// The schemas that are accepted.
    pub schemas: Vec<SchemaRef>,
    /// The claims to disclose.
    #[serde(default)]
    pub disclose: Vec<ClaimName>,
    /// What to prove about claims that stay hidden.
    #[serde(default)]
    pub prove: Vec<Predicate>,
    /// The epochs by which the card must not have been revoked, for each signature key of the accepted issuers; none where that is not asked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_revoked: Vec<AcceptedEpochs>,
    /// The holder's name in a scope, where it is asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pseudonym: Option<PseudonymAsk>,
    /// One of the holder's tokens in a scope and epoch, where it is asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<RateAsk>,
    /// For which inspector the card's handle is to be encrypted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encrypt_to: Option<EncryptAsk>,
}

/// An issuer that is accepted, with the parameters that the verifier expects of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Accept {
    /// The digest of the issuer's identity key.
    pub issuer: IssuerFingerprint,
    /// The digest of its published parameters.
    pub parameters: ParametersDigest,
}

/// A schema that is accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SchemaRef {
    /// Its short name, for people.
    pub id: Label,
    /// The digest of its content, which decides.
    pub digest: SchemaDigest,
}

/// The content of a request, not yet checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestFields {
    /// Who asks.
    pub verifier: VerifierIdentity,
    /// The named profile that the purpose belongs to (`cafe`), where there is one.
    pub profile: Option<Label>,
    /// What the answer is for, in words.
    pub purpose: String,
    /// Random bytes that make the request unique.
    pub nonce: RequestNonce,
    /// When it was made.
    pub issued: Timestamp,
    /// When it ends; at most 24 hours later.
    pub expires: Timestamp,
    /// The day for which ages and validity are asked.
    pub as_of: Date,
    /// What is asked.
    pub ask: Ask,
    /// The document that the answer signs, where there is one.
    pub document: Option<DocumentRef>,
}

/// A request whose content keeps every rule of the format, with its canonical form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    fields: RequestFields,
    bytes: Vec<u8>,
    digest: RequestDigest,
}

impl Request {
    /// Checks the content and computes its canonical form.
    ///
    /// # Errors
    /// [`Error::Decode`] naming the rule that is broken.
    pub fn new(fields: RequestFields) -> Result<Self, Error> {
        fields.check()?;
        let bytes = cbor::to_bytes(&fields);
        if bytes.len() > MAX_REQUEST {
            return Err(Error::decode("the request is too long"));
        }
        let digest = RequestDigest(tagged_digest(DIGEST_TAG, &bytes));
        Ok(Self { fields, bytes, digest })
    }

    /// Reads a request file.
    ///
    /// # Errors
    /// [`Error::Json`] or [`Error::Decode`] where it is no request.
    pub fn from_json(json: &str) -> Result<Self, Error> {
        if json.len() > MAX_REQUEST_JSON {
            return Err(Error::decode("the request file is too long"));
        }
        let file: RequestFile = from_json(json)?;
        if file.milchglas != FORMAT {
            return Err(Error::decode("the format of a request is request/1"));
        }
        let RequestFile { milchglas: _, verifier, profile, purpose, nonce, issued, expires, as_of, ask, document } =
            file;
        Self::new(RequestFields { verifier, profile, purpose, nonce, issued, expires, as_of, ask, document })
    }

    /// The request file.
    ///
    /// # Errors
    /// None that can happen: a request has a JSON form.
    pub fn to_json(&self) -> Result<String, Error> {
        let RequestFields { verifier, profile, purpose, nonce, issued, expires, as_of, ask, document } =
            self.fields.clone();
        let milchglas = FORMAT.to_owned();
        let file = RequestFile { milchglas, verifier, profile, purpose, nonce, issued, expires, as_of, ask, document };
        to_json(&file)
    }

    /// Reads the canonical form.
    ///
    /// # Errors
    /// [`Error::Decode`] where it is not the canonical form of a request.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        Self::new(cbor::from_bytes(bytes, MAX_REQUEST)?)
    }

    /// The canonical form.
    pub fn to_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The digest of the canonical form.
    pub fn digest(&self) -> RequestDigest {
        self.digest
    }

    /// The content.
    pub fn fields(&self) -> &RequestFields {
        &self.fields
    }

    /// What is asked.
    pub fn ask(&self) -> &Ask {
        &self.fields.ask
    }

    /// Signs the request with the verifier's key.
    ///
    /// # Errors
    /// [`Error::Misuse`] where the request names another key.
    pub fn sign(&self, key: &SigningKey) -> Result<SignedRequest, Error> {
        if key.verifying_key().to_bytes() != self.fields.verifier.key.0 {
            return Err(Error::Misuse("the request names another key than the one that signs it"));
        }
        let signature = key.sign(&signed_message(&self.bytes)).to_bytes();
        Ok(SignedRequest { request: self.bytes.clone(), signature })
    }
}

/// A canonical request and its signature, neither of them checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedRequest {
    request: Vec<u8>,
    signature: [u8; 64],
}

impl SignedRequest {
    /// The wire form.
    pub fn to_bytes(&self) -> Vec<u8> {
        cbor::to_bytes(self)
    }

    /// Reads the wire form and checks everything that can be checked without a clock: encoding, content, and the signature
    /// under the key that the request names.
    ///
    /// # Errors
    /// [`Error::Decode`] where it is not a signed request in its one encoding, [`Error::Invalid`] where the signature does not hold.
    pub fn verify(bytes: &[u8]) -> Result<AuthenticatedRequest, Error> {
        let signed: Self = cbor::from_bytes(bytes, MAX_REQUEST + 128)?;
        let request = Request::from_bytes(&signed.request)?;
        let key = VerifyingKey::from_bytes(request.fields.verifier.key.as_bytes()).map_err(|_| Error::Invalid)?;
        key.verify_strict(&signed_message(&signed.request), &Signature::from_bytes(&signed.signature))
            .map_err(|_| Error::Invalid)?;
        Ok(AuthenticatedRequest { request, signed })
    }
}

impl Wire for SignedRequest {
    fn write(&self, out: &mut Writer) {
        out.array(2).bytes(&self.request).bytes(&self.signature);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        input.array(2, "a signed request")?;
        let request = input.bytes_up_to(MAX_REQUEST, "the bytes of a request")?.to_vec();
        Ok(Self { request, signature: input.bytes("a signature of 64 bytes")? })
    }
}

/// A request that the holder of the key it names has signed. Only [`SignedRequest::verify`] makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthenticatedRequest {
    request: Request,
    signed: SignedRequest,
}

impl AuthenticatedRequest {
    /// The request.
    pub fn request(&self) -> &Request {
        &self.request
    }

    /// Who asks.
    pub fn verifier(&self) -> &VerifierIdentity {
        &self.request.fields.verifier
    }

    /// The request with its signature, as it came.
    pub fn signed(&self) -> &SignedRequest {
        &self.signed
    }
}

impl Ask {
    /// All credentials that the ask mentions, from left to right.
    pub fn credentials(&self) -> Vec<&CredentialAsk> {
        match self {
            Self::All(asks) | Self::Any(asks) => asks.iter().flat_map(Self::credentials).collect(),
            Self::Credential(ask) => vec![ask],
        }
    }

    fn measure(&self, depth: usize, nodes: &mut usize) -> Result<(), DecodeError> {
        *nodes += 1;
        if depth > MAX_DEPTH || *nodes > MAX_NODES {
            return Err(DecodeError { what: "an ask of at most 4 levels and 16 nodes" });
        }
        match self {
            Self::All(asks) | Self::Any(asks) => {
                if asks.is_empty() {
                    return Err(DecodeError { what: "all and any list at least one ask" });
                }
                asks.iter().try_for_each(|ask| ask.measure(depth + 1, nodes))
            }
            Self::Credential(_) => Ok(()),
        }
    }

    fn read_at(input: &mut Reader<'_>, depth: usize, nodes: &mut usize) -> Result<Self, DecodeError> {
        let what = "an ask of at most 4 levels and 16 nodes";
        *nodes += 1;
        if depth > MAX_DEPTH || *nodes > MAX_NODES {
            return Err(DecodeError { what });
        }
        input.array(2, what)?;
        let kind = input.uint(what)?;
        if kind == 2 {
            return Ok(Self::Credential(input.object()?));
        }
        let len = input.array_up_to(MAX_NODES, what)?;
        let mut asks = Vec::new();
        for _ in 0..len {
            asks.push(Self::read_at(input, depth + 1, nodes)?);
        }
        match kind {
            0 => Ok(Self::All(asks)),
            1 => Ok(Self::Any(asks)),
            _ => Err(DecodeError { what }),
        }
    }
}

impl CredentialAsk {
    fn check(&self) -> Result<(), DecodeError> {
        let error = |what| DecodeError { what };
        // An issuer or a schema that stood there twice would let the answer tell more than was asked: which version it is.
        let issuers: Vec<_> = self.accept.iter().map(|accept| accept.issuer).collect();
        if issuers.is_empty() || issuers.len() > MAX_LIST || !all_different(&issuers) {
            return Err(error("1 to 16 different issuers to accept"));
        }
        let schemas: Vec<_> = self.schemas.iter().map(|schema| schema.digest).collect();
        if schemas.is_empty() || schemas.len() > MAX_LIST || !all_different(&schemas) {
            return Err(error("1 to 16 different schemas to accept"));
        }
        if self.disclose.len() > MAX_DISCLOSE || !all_different(&self.disclose) {
            return Err(error("at most 64 different claims to disclose"));
        }
        if self.prove.len() > MAX_LIST || !all_different(&self.prove) {
            return Err(error("at most 16 different predicates to prove"));
        }
        self.prove.iter().try_for_each(Predicate::check)?;
        let keys: Vec<_> = self.not_revoked.iter().map(|accepted| accepted.key).collect();
        if keys.len() > MAX_KEYS || !all_different(&keys) {
            return Err(error("at most 64 different keys with their accumulators"));
        }
        self.not_revoked.iter().try_for_each(AcceptedEpochs::check)?;
        self.rate.iter().try_for_each(RateAsk::check)?;
        self.encrypt_to.iter().try_for_each(EncryptAsk::check)
    }
}

impl RequestFields {
    fn check(&self) -> Result<(), DecodeError> {
        let error = |what| DecodeError { what };
        self.verifier.check()?;
        if !is_readable(&self.purpose, MAX_PURPOSE) {
            return Err(error("a purpose of 1 to 200 readable characters"));
        }
        let span = self.expires.as_unix().checked_sub(self.issued.as_unix());
        if !span.is_some_and(|span| (1..=MAX_SPAN).contains(&span)) {
            return Err(error("an expiry after the issue, by 24 hours at most"));
        }
        self.ask.measure(1, &mut 0)?;
        let credentials = self.ask.credentials();
        let names: Vec<&Label> = credentials.iter().map(|ask| &ask.name).collect();
        if !all_different(&names) {
            return Err(error("every credential has a name of its own in the request"));
        }
        for ask in &credentials {
            let mut others = ask.prove.iter().filter_map(Predicate::counterpart).map(|(other, _)| other);
            if !others.all(|other| *other != ask.name && names.contains(&other)) {
                return Err(error("same_as names another credential of the request"));
            }
        }
        self.document.iter().try_for_each(DocumentRef::check)?;
        credentials.into_iter().try_for_each(CredentialAsk::check)?;
        self.ask.check_scopes().map(|_| ())
    }
}

fn all_different<T: PartialEq>(items: &[T]) -> bool {
    items.iter().enumerate().all(|(place, item)| !items.iter().take(place).any(|earlier| earlier == item))
}

fn signed_message(request: &[u8]) -> Vec<u8> {
    [SIGNATURE_TAG.as_bytes(), request].concat()
}

/// The JSON form, as written.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RequestFile {
    milchglas: String,
    verifier: VerifierIdentity,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    profile: Option<Label>,
    purpose: String,
    nonce: RequestNonce,
    issued: Timestamp,
    expires: Timestamp,
    as_of: Date,
    ask: Ask,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    document: Option<DocumentRef>,
}

impl Wire for RequestFields {
    fn write(&self, out: &mut Writer) {
        out.array(9).object(&self.verifier);
        match &self.profile {
            Some(profile) => out.object(profile),
            None => out.null(),
        };
        out.text(&self.purpose).object(&self.nonce).object(&self.issued).object(&self.expires).object(&self.as_of);
        out.object(&self.ask);
        put_option(out, self.document.as_ref());
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        input.array(9, "a request")?;
        let fields = Self {
            verifier: input.object()?,
            profile: if input.null("a profile")? { None } else { Some(input.object()?) },
            purpose: input.text(4 * MAX_PURPOSE, "a purpose")?.to_owned(),
            nonce: input.object()?,
            issued: input.object()?,
            expires: input.object()?,
            as_of: input.object()?,
            ask: input.object()?,
            document: option(input, "a document")?,
        };
        fields.check()?;
        Ok(fields)
    }
}

impl Wire for VerifierIdentity {
    fn write(&self, out: &mut Writer) {
        out.array(3).text(&self.name).object(&self.origin).object(&self.key);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        input.array(3, "a verifier")?;
        let name = input.text(4 * MAX_NAME, "a verifier's name")?.to_owned();
        Ok(Self { name, origin: input.object()?, key: input.object()? })
    }
}

impl Wire for Ask {
    fn write(&self, out: &mut Writer) {
        match self {
            Self::All(asks) => out.array(2).uint(0).list(asks.iter()),
            Self::Any(asks) => out.array(2).uint(1).list(asks.iter()),
            Self::Credential(ask) => out.array(2).uint(2).object(ask),
        };
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Self::read_at(input, 1, &mut 0)
    }
}

impl Wire for CredentialAsk {
    fn write(&self, out: &mut Writer) {
        out.array(9).object(&self.name).list(self.accept.iter()).list(self.schemas.iter());
        out.list(self.disclose.iter()).list(self.prove.iter()).list(self.not_revoked.iter());
        put_option(out, self.pseudonym.as_ref());
        put_option(out, self.rate.as_ref());
        put_option(out, self.encrypt_to.as_ref());
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        input.array(9, "what is asked about a credential")?;
        Ok(Self {
            name: input.object()?,
            accept: input.list(MAX_LIST, "a list of issuers")?,
            schemas: input.list(MAX_LIST, "a list of schemas")?,
            disclose: input.list(MAX_DISCLOSE, "a list of claims")?,
            prove: input.list(MAX_LIST, "a list of predicates")?,
            not_revoked: input.list(MAX_KEYS, "a list of keys with their accumulators")?,
            pseudonym: option(input, "a pseudonym")?,
            rate: option(input, "a rate")?,
            encrypt_to: option(input, "an inspector")?,
        })
    }
}

/// An object or null.
fn put_option<T: Wire>(out: &mut Writer, item: Option<&T>) {
    match item {
        Some(item) => out.object(item),
        None => out.null(),
    };
}

fn option<T: Wire>(input: &mut Reader<'_>, what: &'static str) -> Result<Option<T>, DecodeError> {
    if input.null(what)? { Ok(None) } else { input.object().map(Some) }
}

impl Wire for Accept {
    fn write(&self, out: &mut Writer) {
        out.array(2).object(&self.issuer).object(&self.parameters);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        input.array(2, "an issuer and its parameters")?;
        Ok(Self { issuer: input.object()?, parameters: input.object()? })
    }
}

impl Wire for SchemaRef {
    fn write(&self, out: &mut Writer) {
        out.array(2).object(&self.id).object(&self.digest);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        input.array(2, "a schema's name and digest")?;
        Ok(Self { id: input.object()?, digest: input.object()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cbor::tests::assert_strict;
    use crate::claim::tests::readable;
    use crate::date::tests::{date, timestamp};
    use crate::digest::{AccumulatorBytes, DocumentDigest, InspectorDigest, IssuerKeyId};
    use crate::encrypt_to::{InspectorKey, InspectorRef};
    use crate::predicate::tests::predicate;
    use crate::revocation::Epoch;
    use crate::text::ScopeText;
    use milchglas_curve::{Expander, G1};
    use proptest::prelude::*;
    use serde_json::{Value as Json, json};

    fn signing_key() -> SigningKey {
        SigningKey::from_bytes(&[7; 32])
    }

    fn label() -> impl Strategy<Value = Label> {
        "[a-z][a-z0-9_-]{0,10}".prop_map(|name| name.parse().unwrap())
    }

    fn scope_text() -> impl Strategy<Value = ScopeText> {
        "[a-z0-9]([a-z0-9._-]{0,10}[a-z0-9])?".prop_map(|text| text.parse().unwrap())
    }

    fn credential() -> impl Strategy<Value = Ask> {
        (
            label(),
            prop::collection::vec(any::<([u8; 32], [u8; 32])>(), 1..3),
            prop::collection::vec((label(), any::<[u8; 32]>()), 1..3),
            prop::collection::btree_set("[a-z][a-z0-9_]{0,8}", 0..4),
            prop::collection::vec(predicate(), 0..4),
            (any::<bool>(), prop::option::of((scope_text(), 1..=256u16))),
            prop::option::of((readable(), any::<u64>(), any::<[u8; 32]>(), readable())),
            prop::option::of((any::<[u8; 32]>(), 1..9u32, any::<u8>())),
        )
            .prop_map(|(name, accept, schemas, disclose, mut prove, (named, rate), encrypt_to, revocation)| {
                let not_revoked = revocation.map(|(key, count, byte)| AcceptedEpochs {
                    key: IssuerKeyId(key),
                    newest: Epoch(count + u32::from(byte) - 1),
                    accumulators: (0..count).map(|_| AccumulatorBytes([byte; 48])).collect(),
                });
                let not_revoked = not_revoked.into_iter().collect();
                let scope: ScopeText = "all".parse().unwrap();
                let pseudonym = named.then(|| PseudonymAsk { scope: scope.clone() });
                let rate = rate.map(|(epoch, limit)| RateAsk { scope, epoch, limit });
                let encrypt_to = encrypt_to.map(|(text, seed, digest, purpose)| EncryptAsk {
                    inspector: InspectorRef {
                        name: text.clone(),
                        key: InspectorKey(G1::hash(Expander::XmdSha256, &seed.to_be_bytes(), b"test")),
                        digest: InspectorDigest(digest),
                    },
                    label: text,
                    purpose,
                });
                let mut seen: Vec<Predicate> = Vec::new();
                prove.retain(|predicate| {
                    let new = !seen.contains(predicate);
                    seen.push(predicate.clone());
                    new
                });
                let accept = accept.into_iter().map(|(issuer, parameters)| Accept {
                    issuer: IssuerFingerprint(issuer),
                    parameters: ParametersDigest(parameters),
                });
                let schemas = schemas.into_iter().map(|(id, digest)| SchemaRef { id, digest: SchemaDigest(digest) });
                Ask::Credential(CredentialAsk {
                    name,
                    accept: accept.collect(),
                    schemas: schemas.collect(),
                    disclose: disclose.into_iter().map(|name| name.parse().unwrap()).collect(),
                    prove,
                    not_revoked,
                    pseudonym,
                    rate,
                    encrypt_to,
                })
            })
    }

    fn ask() -> impl Strategy<Value = Ask> {
        credential().prop_recursive(3, 8, 3, |inner| {
            let asks = prop::collection::vec(inner, 1..3);
            (any::<bool>(), asks).prop_map(|(all, asks)| if all { Ask::All(asks) } else { Ask::Any(asks) })
        })
    }

    fn rename(ask: &mut Ask, count: &mut usize) {
        match ask {
            Ask::All(asks) | Ask::Any(asks) => asks.iter_mut().for_each(|ask| rename(ask, count)),
            Ask::Credential(ask) => {
                *count += 1;
                ask.name = format!("c{count}").parse().unwrap();
                let scope: ScopeText = format!("s{count}").parse().unwrap();
                ask.pseudonym.iter_mut().for_each(|pseudonym| pseudonym.scope = scope.clone());
                ask.rate.iter_mut().for_each(|rate| rate.scope = scope.clone());
            }
        }
    }

    fn request() -> impl Strategy<Value = Request> {
        let times = (timestamp(), 1..=MAX_SPAN);
        let document = prop::option::of((readable(), any::<[u8; 32]>()));
        (readable(), prop::option::of(label()), readable(), any::<[u8; 16]>(), times, date(), ask(), document).prop_map(
            |(name, profile, purpose, nonce, (issued, span), as_of, mut ask, document)| {
                let document = document.map(|(title, sha256)| DocumentRef { title, sha256: DocumentDigest(sha256) });
                rename(&mut ask, &mut 0);
                let issued = Timestamp::from_unix(issued.as_unix() / 2).unwrap();
                Request::new(RequestFields {
                    verifier: VerifierIdentity {
                        name,
                        origin: "https://cafe.example".parse().unwrap(),
                        key: VerifierKey(signing_key().verifying_key().to_bytes()),
                    },
                    profile,
                    purpose,
                    nonce: RequestNonce(nonce),
                    issued,
                    expires: Timestamp::from_unix(issued.as_unix() + span).unwrap(),
                    as_of,
                    ask,
                    document,
                })
                .unwrap()
            },
        )
    }

    fn a_credential(name: &str) -> Json {
        json!({"credential": {
            "name": name,
            "accept": [{"issuer": "11".repeat(32), "parameters": "22".repeat(32)}],
            "schemas": [{"id": "national-id", "digest": "33".repeat(32)}],
            "disclose": ["surname"],
            "prove": [{"age_at_least": {"claim": "date_of_birth", "years": 18}}, "valid"]
        }})
    }

    fn a_request() -> Json {
        json!({
            "milchglas": "request/1",
            "verifier": {
                "name": "Café Muster", "origin": "https://cafe.example", "key": hex::encode(signing_key().verifying_key().to_bytes())
            },
            "profile": "cafe",
            "purpose": "Internet access for adults",
            "nonce": "00".repeat(16),
            "issued": "2026-11-23T09:00:00Z",
            "expires": "2026-11-23T09:05:00Z",
            "as_of": "2026-11-23",
            "ask": a_credential("card")
        })
    }

    fn read(json: &Json) -> Result<Request, Error> {
        Request::from_json(&json.to_string())
    }

    fn with(pointer: &str, value: Json) -> Result<Request, Error> {
        let mut request = a_request();
        *request.pointer_mut(pointer).unwrap() = value;
        read(&request)
    }

    #[test]
    fn accepts_the_request_that_the_rejections_vary() {
        let request = read(&a_request()).unwrap();
        assert_eq!(request.ask().credentials().len(), 1);
        assert_strict(request.fields());
        assert!(with("/expires", json!("2026-11-24T09:00:00Z")).is_ok());
        assert!(with("/purpose", json!("ü".repeat(200))).is_ok());
        let mut request = a_request();
        request.as_object_mut().unwrap().remove("profile");
        assert!(read(&request).is_ok());
    }

    #[test]
    fn rejects_content_that_breaks_a_rule() {
        let card = "/ask/credential";
        for (pointer, value) in [
            ("/milchglas", json!("request/2")),
            ("/verifier/name", json!("")),
            ("/verifier/name", json!("Caf\u{202e}e")),
            ("/verifier/name", json!("C".repeat(65))),
            ("/verifier/origin", json!("https://Cafe.example")),
            ("/verifier/origin", json!("https://c\u{430}fe.example")),
            ("/verifier/key", json!("00")),
            // The neutral element, a point of small order; and a y-coordinate that is on no point.
            ("/verifier/key", json!(format!("01{}", "00".repeat(31)))),
            ("/verifier/key", json!(format!("02{}", "00".repeat(31)))),
            ("/verifier", json!({"name": "a", "origin": "https://a", "key": "11".repeat(32), "more": 1})),
            ("/profile", json!("Cafe")),
            ("/purpose", json!("")),
            ("/purpose", json!("a\nb")),
            ("/purpose", json!("a\u{2067}b")),
            ("/purpose", json!("ü".repeat(201))),
            ("/nonce", json!("00".repeat(15))),
            ("/nonce", json!("AA".repeat(16))),
            ("/issued", json!(0)),
            ("/expires", json!("2026-11-23T09:00:00Z")),
            ("/expires", json!("2026-11-23T08:59:59Z")),
            ("/expires", json!("2026-11-24T09:00:01Z")),
            ("/as_of", json!("2026-11-31")),
            ("/ask", json!({"all": []})),
            ("/ask", json!({"any": []})),
            ("/ask", json!({"all": [a_credential("card")], "any": [a_credential("other")]})),
            ("/ask", json!({"none": [a_credential("card")]})),
            ("/ask", json!({"all": [a_credential("card"), a_credential("card")]})),
        ] {
            assert!(with(pointer, value.clone()).is_err(), "{pointer}: {value}");
        }
        for (field, value) in [
            ("name", json!("Card")),
            ("accept", json!([])),
            ("accept", json!([{"issuer": "11".repeat(32)}])),
            ("schemas", json!([])),
            ("schemas", json!([{"id": "a", "digest": "33".repeat(32)}, {"id": "a", "digest": "33".repeat(32)}])),
            ("disclose", json!(["surname", "surname"])),
            ("disclose", json!(["Surname"])),
            ("disclose", json!((0..65).map(|n| format!("c{n}")).collect::<Vec<_>>())),
            ("prove", json!(["valid", "valid"])),
            ("prove", json!([{"between": {"claim": "a", "min": 5, "max": 5}}])),
            ("prove", json!((0..17).map(|n| json!({"at_least": {"claim": "a", "value": n}})).collect::<Vec<_>>())),
        ] {
            assert!(with(&format!("{card}/{field}"), value.clone()).is_err(), "{field}: {value}");
        }
        let accept = |count: u8| {
            (0..count).map(|n| json!({"issuer": hex::encode([n; 32]), "parameters": "22".repeat(32)})).collect()
        };
        assert!(with("/ask/credential/accept", Json::Array(accept(16))).is_ok());
        assert!(with("/ask/credential/accept", Json::Array(accept(17))).is_err());
    }

    #[test]
    fn rejects_scopes_that_one_answer_would_show_twice() {
        let scoped = |name: &str, scope: &str, epoch: &str| {
            let mut ask = a_credential(name);
            ask["credential"]["pseudonym"] = json!({"scope": scope});
            ask["credential"]["rate"] = json!({"scope": scope, "epoch": epoch, "limit": 3});
            ask
        };
        let (a, b) = (scoped("a", "s", "1"), scoped("b", "s", "1"));
        assert!(with("/ask", a.clone()).is_ok());
        // Either of them, but not both.
        assert!(with("/ask", json!({"any": [a, b]})).is_ok());
        assert!(with("/ask", json!({"all": [a, b]})).is_err());
        assert!(with("/ask", json!({"all": [a, {"any": [a_credential("c"), b]}]})).is_err());
        assert!(with("/ask", json!({"all": [a, scoped("b", "t", "1")]})).is_ok());
        // The same scope in another epoch is another counter, but the same name.
        let mut later = scoped("b", "s", "2");
        assert!(with("/ask", json!({"all": [a, later]})).is_err());
        later["credential"].as_object_mut().unwrap().remove("pseudonym");
        assert!(with("/ask", json!({"all": [a, later]})).is_ok());
        for (field, value) in [
            ("pseudonym", json!({"scope": "S"})),
            ("pseudonym", json!({})),
            ("pseudonym", json!({"scope": "s", "epoch": "1"})),
            ("rate", json!({"scope": "s", "epoch": "", "limit": 3})),
            ("rate", json!({"scope": "s", "epoch": "1", "limit": 0})),
            ("rate", json!({"scope": "s", "epoch": "1", "limit": 257})),
            ("rate", json!({"scope": "s", "epoch": "1"})),
        ] {
            let mut ask = a_credential("card");
            ask["credential"][field] = value.clone();
            assert!(with("/ask", ask).is_err(), "{field}: {value}");
        }
    }

    #[test]
    fn rejects_documents_without_a_readable_title_or_a_digest() {
        let document = |document: Json| {
            let mut request = a_request();
            request["document"] = document;
            read(&request)
        };
        assert!(document(json!({"title": "Contract", "sha256": "11".repeat(32)})).is_ok());
        for bad in [
            json!({"title": "", "sha256": "11".repeat(32)}),
            json!({"title": "a\u{202e}b", "sha256": "11".repeat(32)}),
            json!({"title": "ü".repeat(201), "sha256": "11".repeat(32)}),
            json!({"title": "Contract", "sha256": "11".repeat(31)}),
            json!({"title": "Contract"}),
        ] {
            assert!(document(bad.clone()).is_err(), "{bad}");
        }
    }

    #[test]
    fn rejects_missing_unknown_and_repeated_fields() {
        let fields: Vec<String> = a_request().as_object().unwrap().keys().cloned().collect();
        for field in fields {
            let mut request = a_request();
            let value = request.as_object_mut().unwrap().remove(&field).unwrap();
            assert_eq!(read(&request).is_ok(), field == "profile", "without {field}");
            let twice = a_request().to_string().replacen('{', &format!("{{\"{field}\": {value},"), 1);
            assert!(matches!(Request::from_json(&twice), Err(Error::Json { .. })), "{field} twice");
        }
        let mut request = a_request();
        request.as_object_mut().unwrap().insert("more".to_owned(), json!(1));
        assert!(matches!(read(&request), Err(Error::Json { .. })));
    }

    #[test]
    fn rejects_deep_and_wide_asks() {
        let nest = |depth: usize| (1..depth).fold(a_credential("card"), |ask, _| json!({"all": [ask]}));
        assert!(with("/ask", nest(4)).is_ok());
        assert!(with("/ask", nest(5)).is_err());
        let deep = a_request().to_string().replace(&a_credential("card").to_string(), &"{\"all\":[".repeat(5_000));
        assert!(Request::from_json(&deep).is_err());
        let wide =
            |count: usize| json!({"any": (0..count).map(|n| a_credential(&format!("c{n}"))).collect::<Vec<_>>()});
        assert!(with("/ask", wide(15)).is_ok());
        assert!(with("/ask", wide(16)).is_err());
        for bytes in [
            [0x82, 0x00, 0x81].repeat(5000),
            [0x82, 0x01, 0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff].to_vec(),
        ] {
            assert!(cbor::from_bytes::<Ask>(&bytes, 1 << 16).is_err());
        }
    }

    #[test]
    fn compares_with_another_credential_of_the_request_only() {
        let same = |credential: &str| {
            let mut card = a_credential("card");
            let same_as = json!({"same_as": {"claim": "surname", "credential": credential, "other": "surname"}});
            *card.pointer_mut("/credential/prove").unwrap() = json!([same_as]);
            with("/ask", json!({"all": [card, a_credential("pass")]}))
        };
        let request = same("pass").unwrap();
        assert_strict(request.fields());
        for credential in ["card", "other"] {
            assert!(matches!(same(credential), Err(Error::Decode(_))), "{credential}");
        }
    }

    #[test]
    fn changes_its_digest_with_every_field() {
        let digest = read(&a_request()).unwrap().digest();
        for (pointer, value) in [
            ("/verifier/name", json!("Cafe Muster")),
            ("/verifier/origin", json!("https://cafe.example:8443")),
            ("/profile", json!("bar")),
            ("/purpose", json!("Internet access for adult")),
            ("/nonce", json!("01".repeat(16))),
            ("/issued", json!("2026-11-23T09:00:01Z")),
            ("/expires", json!("2026-11-23T09:05:01Z")),
            ("/as_of", json!("2026-11-24")),
            ("/ask", json!({"all": [a_credential("card")]})),
            ("/ask/credential/name", json!("cart")),
            ("/ask/credential/accept/0/issuer", json!("12".repeat(32))),
            ("/ask/credential/accept/0/parameters", json!("12".repeat(32))),
            ("/ask/credential/schemas/0/id", json!("national")),
            ("/ask/credential/schemas/0/digest", json!("12".repeat(32))),
            ("/ask/credential/disclose", json!([])),
            ("/ask/credential/prove/1", json!({"at_least": {"claim": "a", "value": 1}})),
            ("/ask/credential/prove/0/age_at_least/years", json!(19)),
        ] {
            assert_ne!(with(pointer, value).unwrap().digest(), digest, "{pointer}");
        }
        let any = with("/ask", json!({"any": [a_credential("card")]})).unwrap();
        let all = with("/ask", json!({"all": [a_credential("card")]})).unwrap();
        assert_ne!(any.digest(), all.digest());
    }

    #[test]
    fn rejects_every_flipped_bit_and_other_keys_of_a_signed_request() {
        let request = read(&a_request()).unwrap();
        let signed = request.sign(&signing_key()).unwrap();
        assert_strict(&signed);
        let bytes = signed.to_bytes();
        let authentic = SignedRequest::verify(&bytes).unwrap();
        assert_eq!(authentic.request(), &request);
        assert_eq!(authentic.signed().to_bytes(), bytes);
        for at in 0..bytes.len() {
            for bit in 0..8 {
                let mut flipped = bytes.clone();
                flipped[at] ^= 1 << bit;
                assert!(SignedRequest::verify(&flipped).is_err(), "byte {at}, bit {bit}");
            }
            assert!(SignedRequest::verify(&bytes[..at]).is_err());
        }
        assert!(SignedRequest::verify(&[&bytes[..], &[0]].concat()).is_err());
        assert!(matches!(request.sign(&SigningKey::from_bytes(&[8; 32])), Err(Error::Misuse(_))));
        // Signed by another key than the request names.
        let signature = SigningKey::from_bytes(&[8; 32]).sign(&signed_message(request.to_bytes())).to_bytes();
        let forged = SignedRequest { request: request.to_bytes().to_vec(), signature };
        assert_eq!(SignedRequest::verify(&forged.to_bytes()), Err(Error::Invalid));
        // A signature over the bare bytes is none over a request.
        let signature = signing_key().sign(request.to_bytes()).to_bytes();
        let bare = SignedRequest { request: request.to_bytes().to_vec(), signature };
        assert_eq!(SignedRequest::verify(&bare.to_bytes()), Err(Error::Invalid));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn roundtrips(request in request()) {
            prop_assert_eq!(&Request::from_json(&request.to_json().unwrap()).unwrap(), &request);
            prop_assert_eq!(&Request::from_bytes(request.to_bytes()).unwrap(), &request);
            let signed = request.sign(&signing_key()).unwrap().to_bytes();
            let authentic = SignedRequest::verify(&signed).unwrap();
            prop_assert_eq!(authentic.request().digest(), request.digest());
        }

        #[test]
        fn accepts_only_canonical_asks(ask in ask()) {
            assert_strict(&ask);
        }
    }
}
