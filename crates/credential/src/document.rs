//! A presentation as a signature over a document.
//!
//! A request may name a document by its digest. The request is in the transcript of the proof, so whoever answers has signed: holders of such
//! credentials, of whom what the request asks is true, agreed to this document for this verifier. Request and presentation together can be
//! checked by anybody with the issuers' parameters, at any later time.
//!
//! Spec: `spec/presentation.md`, Signatures over documents.
//! Caution: the signature is as anonymous as the answer is. The verifier dates it; that it was made between the request's issue and
//! expiry, only the verifier saw.
//! Not here: what a verifier must check before it accepts (freshness, single use).

use rand_core::CryptoRngCore;
use serde::{Deserialize, Serialize};

use crate::cbor::{Reader, Wire, Writer};
use crate::digest::DocumentDigest;
use crate::error::{DecodeError, Error};
use crate::parameters::Parameters;
use crate::predicate::Predicate;
use crate::presentation::{Presentation, Verified};
use crate::request::{AuthenticatedRequest, SignedRequest};
use crate::text::is_readable;

/// Most characters of a document's title.
const MAX_TITLE: usize = 200;

/// The document that an answer signs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DocumentRef {
    /// What the verifier calls it.
    pub title: String,
    /// The digest of its bytes, which decides.
    pub sha256: DocumentDigest,
}

impl DocumentRef {
    pub(crate) fn check(&self) -> Result<(), DecodeError> {
        let what = "a document's title of 1 to 200 readable characters";
        if is_readable(&self.title, MAX_TITLE) { Ok(()) } else { Err(DecodeError { what }) }
    }
}

impl Wire for DocumentRef {
    fn write(&self, out: &mut Writer) {
        out.array(2).text(&self.title).object(&self.sha256);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        input.array(2, "a document's title and digest")?;
        let title = input.text(4 * MAX_TITLE, "a document's title")?.to_owned();
        Ok(Self { title, sha256: input.object()? })
    }
}

/// A document's signature that holds. Only [`verify_document`] makes one.
#[derive(Clone, Debug)]
pub struct DocumentSignature {
    request: AuthenticatedRequest,
    verified: Verified,
}

impl DocumentSignature {
    /// The request that asked for it: who, when, and the document's title.
    #[must_use]
    pub fn request(&self) -> &AuthenticatedRequest {
        &self.request
    }

    /// What is known of who signed.
    #[must_use]
    pub fn verified(&self) -> &Verified {
        &self.verified
    }
}

/// Checks a kept pair of signed request and presentation as a signature over the document with this digest. Expiry is not checked.
///
/// `parameters` are those that the caller trusts; they must contain those that the request names.
///
/// # Errors
/// [`Error::Unfit`] where the request names no document or another one, or asks about a set or list, whose key the verifier that wrote the
/// request chose, so that nobody else can rely on it; otherwise as [`SignedRequest::verify`] and
/// [`Presentation::verify`].
pub fn verify_document(
    request: &[u8],
    presentation: &[u8],
    document: DocumentDigest,
    parameters: &[&Parameters],
    rng: &mut dyn CryptoRngCore,
) -> Result<DocumentSignature, Error> {
    let request = SignedRequest::verify(request)?;
    match &request.request().fields().document {
        None => return Err(Error::unfit("the request is about no document")),
        Some(named) if named.sha256 != document => return Err(Error::unfit("the request is about another document")),
        Some(_) => (),
    }
    let asks = request.request().ask().credentials();
    if asks.iter().flat_map(|ask| &ask.prove).any(Predicate::rests_on_the_request) {
        return Err(Error::unfit("the request itself names the set or list that it asks about"));
    }
    let verified = Presentation::from_bytes(presentation)?.verify(request.request(), parameters, rng)?;
    Ok(DocumentSignature { request, verified })
}
