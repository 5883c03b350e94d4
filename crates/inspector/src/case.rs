//! A case, checked: what a shareholder looks at before releasing anything.
//!
//! The request is signed by the verifier that it names; the answer holds for it, under issuers' parameters that the shareholder
//! trusts; and it contains a ciphertext for exactly this inspector. Only then is there a [`VerifiedCase`].
//!
//! Caution: that the request has expired long ago is as it should be. Whether the case *should* be opened is the shareholder's to
//! decide, by label, purpose and verifier; no program can.
//! Not here: shares (`opening`).

use milchglas_credential::case::Case;
use milchglas_credential::date::Timestamp;
use milchglas_credential::digest::{CaseDigest, InspectorDigest, IssuerFingerprint, RequestDigest};
use milchglas_credential::encrypt_to::{Ciphertext, EncryptAsk};
use milchglas_credential::error::Error as CredentialError;
use milchglas_credential::inspector::Inspector;
use milchglas_credential::parameters::Parameters;
use milchglas_credential::presentation::Presentation;
use milchglas_credential::request::{SignedRequest, VerifierIdentity};
use milchglas_credential::text::Label;
use rand_core::CryptoRngCore;

use crate::{Error, Refusal};

/// A case whose request and answer hold, about one of its cards.
#[derive(Clone, Debug)]
pub struct VerifiedCase {
    digest: CaseDigest,
    request: RequestDigest,
    verifier: VerifierIdentity,
    issued: Timestamp,
    credential: Label,
    issuer: IssuerFingerprint,
    issuer_name: String,
    ask: EncryptAsk,
    ciphertext: Ciphertext,
}

impl VerifiedCase {
    /// Checks a case, as a shareholder of this inspector.
    ///
    /// `parameters` are those that the shareholder trusts. `credential` names one of the cards in the request, where several are
    /// encrypted for this inspector.
    ///
    /// # Errors
    /// [`Error::Input`] where it is no case; [`Error::Refused`] with [`Refusal::BadRequest`], [`Refusal::UnknownIssuer`],
    /// [`Refusal::NotProven`], [`Refusal::NotForThisInspector`] or [`Refusal::WhichCredential`].
    pub fn verify(
        case: &[u8],
        inspector: &Inspector,
        parameters: &[&Parameters],
        credential: Option<&Label>,
        rng: &mut dyn CryptoRngCore,
    ) -> Result<Self, Error> {
        let case = Case::from_bytes(case)?;
        let signed = SignedRequest::verify(&case.request).map_err(|error| invalid_means(Refusal::BadRequest, error))?;
        let request = signed.request();
        let presentation = Presentation::from_bytes(&case.presentation)?;
        let verified = presentation.verify(request, parameters, rng).map_err(|error| {
            let mut accepted = request.ask().credentials().into_iter().flat_map(|ask| &ask.accept);
            let missing = accepted.find(|accept| !parameters.iter().any(|known| known.digest() == accept.parameters));
            let refusal = missing.map_or(Refusal::NotProven, |accept| Refusal::UnknownIssuer(accept.parameters));
            invalid_means(refusal, error)
        })?;
        let mut found = verified.credentials().iter().filter_map(|shown| {
            let (ask, ciphertext) = shown.encrypted()?;
            let meant = credential.is_none_or(|name| shown.name() == name);
            (meant && ask.inspector == inspector.reference()).then_some((shown, ask, ciphertext))
        });
        let (shown, ask, ciphertext) = found.next().ok_or(Refusal::NotForThisInspector)?;
        if found.next().is_some() {
            return Err(Refusal::WhichCredential.into());
        }
        Ok(Self {
            digest: case.digest(),
            request: request.digest(),
            verifier: signed.verifier().clone(),
            issued: request.fields().issued,
            credential: shown.name().clone(),
            issuer: shown.issuer(),
            issuer_name: shown.issuer_name().to_owned(),
            ask: ask.clone(),
            ciphertext: *ciphertext,
        })
    }

    /// The digest of request and answer.
    #[must_use]
    pub fn digest(&self) -> CaseDigest {
        self.digest
    }

    /// The digest of the request.
    #[must_use]
    pub fn request(&self) -> RequestDigest {
        self.request
    }

    /// Who asked.
    #[must_use]
    pub fn verifier(&self) -> &VerifierIdentity {
        &self.verifier
    }

    /// When it asked, by its own clock.
    #[must_use]
    pub fn issued(&self) -> Timestamp {
        self.issued
    }

    /// The name that the request gave the card.
    #[must_use]
    pub fn credential(&self) -> &Label {
        &self.credential
    }

    /// The card's issuer, whose registry knows what the case opens to.
    #[must_use]
    pub fn issuer(&self) -> IssuerFingerprint {
        self.issuer
    }

    /// The issuer's name.
    #[must_use]
    pub fn issuer_name(&self) -> &str {
        &self.issuer_name
    }

    /// The occasion.
    #[must_use]
    pub fn label(&self) -> &str {
        &self.ask.label
    }

    /// What it may be opened for.
    #[must_use]
    pub fn purpose(&self) -> &str {
        &self.ask.purpose
    }

    /// The digest of the inspector's file.
    #[must_use]
    pub fn inspector(&self) -> InspectorDigest {
        self.ask.inspector.digest
    }

    pub(crate) fn ciphertext(&self) -> &Ciphertext {
        &self.ciphertext
    }
}

/// What does not hold is a refusal, and so is an answer that does not fit the request; everything else is unreadable input.
fn invalid_means(refusal: Refusal, error: CredentialError) -> Error {
    if matches!(error, CredentialError::Invalid | CredentialError::Unfit { .. }) {
        refusal.into()
    } else {
        error.into()
    }
}
