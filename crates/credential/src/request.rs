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
use crate::error::{DecodeError, Error};
use crate::predicate::Predicate;
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

/// What is asked: a credential, all of several asks, or any one of several.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
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
        let file: RequestFile = serde_json::from_str(json)?;
        if file.milchglas != FORMAT {
            return Err(Error::decode("the format of a request is request/1"));
        }
        let RequestFile { milchglas: _, verifier, profile, purpose, nonce, issued, expires, as_of, ask } = file;
        Self::new(RequestFields { verifier, profile, purpose, nonce, issued, expires, as_of, ask })
    }

    /// The request file.
    ///
    /// # Errors
    /// None that can happen: a request has a JSON form.
    pub fn to_json(&self) -> Result<String, Error> {
        let RequestFields { verifier, profile, purpose, nonce, issued, expires, as_of, ask } = self.fields.clone();
        let milchglas = FORMAT.to_owned();
        let file = RequestFile { milchglas, verifier, profile, purpose, nonce, issued, expires, as_of, ask };
        Ok(serde_json::to_string_pretty(&file)?)
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
        if self.accept.is_empty() || self.accept.len() > MAX_LIST || !all_different(&self.accept) {
            return Err(error("1 to 16 different issuers to accept"));
        }
        if self.schemas.is_empty() || self.schemas.len() > MAX_LIST || !all_different(&self.schemas) {
            return Err(error("1 to 16 different schemas to accept"));
        }
        if self.disclose.len() > MAX_DISCLOSE || !all_different(&self.disclose) {
            return Err(error("at most 64 different claims to disclose"));
        }
        if self.prove.len() > MAX_LIST || !all_different(&self.prove) {
            return Err(error("at most 16 different predicates to prove"));
        }
        self.prove.iter().try_for_each(Predicate::check)
    }
}

impl RequestFields {
    fn check(&self) -> Result<(), DecodeError> {
        let error = |what| DecodeError { what };
        if !is_readable(&self.verifier.name, MAX_NAME) {
            return Err(error("a verifier's name of 1 to 64 readable characters"));
        }
        VerifyingKey::from_bytes(self.verifier.key.as_bytes())
            .ok()
            .filter(|key| !key.is_weak())
            .ok_or(error("a verifier's key that is an Ed25519 public key"))?;
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
        credentials.into_iter().try_for_each(CredentialAsk::check)
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
}

impl Wire for RequestFields {
    fn write(&self, out: &mut Writer) {
        out.array(8).object(&self.verifier);
        match &self.profile {
            Some(profile) => out.object(profile),
            None => out.null(),
        };
        out.text(&self.purpose).object(&self.nonce).object(&self.issued).object(&self.expires).object(&self.as_of);
        out.object(&self.ask);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        input.array(8, "a request")?;
        let fields = Self {
            verifier: input.object()?,
            profile: if input.null("a profile")? { None } else { Some(input.object()?) },
            purpose: input.text(4 * MAX_PURPOSE, "a purpose")?.to_owned(),
            nonce: input.object()?,
            issued: input.object()?,
            expires: input.object()?,
            as_of: input.object()?,
            ask: input.object()?,
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
        out.array(5).object(&self.name).list(self.accept.iter()).list(self.schemas.iter());
        out.list(self.disclose.iter()).list(self.prove.iter());
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        input.array(5, "what is asked about a credential")?;
        Ok(Self {
            name: input.object()?,
            accept: input.list(MAX_LIST, "a list of issuers")?,
            schemas: input.list(MAX_LIST, "a list of schemas")?,
            disclose: input.list(MAX_DISCLOSE, "a list of claims")?,
            prove: input.list(MAX_LIST, "a list of predicates")?,
        })
    }
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
