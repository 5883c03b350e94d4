//! Opening a case together: shares of the decryption, each with its proof, and their combination.
//!
//! Spec: `spec/inspection.md`. Shareholder j sends `D_j = s_j·E1` and, with Chaum and Pedersen (1992),
//! ```text
//! PoK{s: I_j = s·G  ∧  D_j = s·E1}
//! ```
//! t shares give `h·G' = E2 − Σ λ_j·D_j`. The proof's transcript holds the inspector's file, the case, the request, the card, label,
//! purpose and j, so that a share is of use for one opening only.
//!
//! Public: everything but s_j.
//! Not here: whose card it is: the issuer looks up `h·G'` in its registry.

use milchglas_credential::cbor::{self, Reader, Wire, Writer};
use milchglas_credential::digest::{CaseDigest, InspectorDigest};
use milchglas_credential::error::DecodeError;
use milchglas_credential::inspector::Inspector;
use milchglas_credential::text::Label;
use milchglas_curve::{G1, NonZeroG1, Scalar};
use milchglas_sigma::{Prover, Transcript, Verifier};
use milchglas_statements::Opening;
use rand_core::CryptoRngCore;

use crate::polynomial::weight;
use crate::{Error, Refusal, SecretShare, VerifiedCase};

const FORMAT: &str = "milchglas opening share/1";
/// Challenge and response.
const PROOF: usize = 64;
/// Most bytes of a share.
pub const MAX_SHARE: usize = 512;

/// One shareholder's part in the opening of one card of one case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpeningShare {
    inspector: InspectorDigest,
    case: CaseDigest,
    credential: Label,
    index: u8,
    point: NonZeroG1,
    proof: [u8; PROOF],
}

impl SecretShare {
    /// Releases this shareholder's part in opening a case, if it is about this label and for this purpose, letter by letter: what
    /// the shareholder was told to open, got some other way than from the case.
    ///
    /// # Errors
    /// [`Error::Refused`] with [`Refusal::NotForThisInspector`], [`Refusal::OtherLabel`] or [`Refusal::OtherPurpose`].
    pub fn release(
        &self,
        case: &VerifiedCase,
        label: &str,
        purpose: &str,
        rng: &mut dyn CryptoRngCore,
    ) -> Result<OpeningShare, Error> {
        if case.inspector() != self.inspector().digest() {
            return Err(Refusal::NotForThisInspector.into());
        }
        if case.label() != label {
            return Err(Refusal::OtherLabel.into());
        }
        if case.purpose() != purpose {
            return Err(Refusal::OtherPurpose.into());
        }
        let misuse = |_| Error::Misuse("a share of this inspector's key");
        let point = (case.ciphertext().E1 * self.scalar()).to_nonzero();
        let point = point.ok_or(Error::Misuse("a share is not zero"))?;
        let key = self.inspector().verification_key(self.index());
        let key = key.ok_or(Error::Misuse("a share of this inspector's key"))?;
        let mut prover = Prover::new(transcript(case, self.index()), vec![*self.scalar()], b"", rng);
        let inputs = prover.inputs();
        for statement in statements(case, key, &point) {
            prover.add(&statement, &inputs, &()).map_err(misuse)?;
        }
        let proof = prover.prove(rng).map_err(misuse)?;
        Ok(OpeningShare {
            inspector: case.inspector(),
            case: case.digest(),
            credential: case.credential().clone(),
            index: self.index(),
            point,
            proof: proof.try_into().map_err(|_| Error::Misuse("a challenge and a response"))?,
        })
    }
}

impl OpeningShare {
    /// Whose share it says it is, from 1.
    #[must_use]
    pub fn index(&self) -> u8 {
        self.index
    }

    /// The case that it says it is about.
    #[must_use]
    pub fn case(&self) -> CaseDigest {
        self.case
    }

    /// The wire form.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        cbor::to_bytes(self)
    }

    /// Reads the wire form. Nothing is checked.
    ///
    /// # Errors
    /// [`Error::Input`] where it is not such a form.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        Ok(cbor::from_bytes(bytes, MAX_SHARE)?)
    }

    /// Checks that the share is of this case, by a shareholder of this inspector, and rightly computed.
    ///
    /// # Errors
    /// [`Error::Refused`] with [`Refusal::ForeignShare`], [`Refusal::OtherCase`], [`Refusal::UnknownShareholder`] or
    /// [`Refusal::BadShare`].
    pub fn verify(&self, case: &VerifiedCase, inspector: &Inspector, rng: &mut dyn CryptoRngCore) -> Result<(), Error> {
        let index = self.index;
        if self.inspector != inspector.digest() || case.inspector() != inspector.digest() {
            return Err(Refusal::ForeignShare { index }.into());
        }
        if self.case != case.digest() || self.credential != *case.credential() {
            return Err(Refusal::OtherCase { index }.into());
        }
        let key = inspector.verification_key(index).ok_or(Refusal::UnknownShareholder { index })?;
        let bad = |_| Error::from(Refusal::BadShare { index });
        let mut verifier = Verifier::new(transcript(case, index), 1, &self.proof);
        let inputs = verifier.inputs();
        for statement in statements(case, key, &self.point) {
            verifier.add(&statement, &inputs).map_err(bad)?;
        }
        verifier.finish(rng).map_err(bad)
    }
}

/// What a case opens to: `h·G'`, under which the issuer's registry knows the card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opened(G1);

impl Opened {
    /// The compressed point.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; 48] {
        self.0.to_bytes()
    }
}

/// Combines shares of different shareholders. Every one given must hold; t or more are needed.
///
/// # Errors
/// [`Error::Refused`] naming the share that does not hold or is there twice, or [`Refusal::TooFew`].
pub fn combine(
    case: &VerifiedCase,
    inspector: &Inspector,
    shares: &[OpeningShare],
    rng: &mut dyn CryptoRngCore,
) -> Result<Opened, Error> {
    let mut points: Vec<u8> = Vec::new();
    for share in shares {
        share.verify(case, inspector, rng)?;
        if points.contains(&share.index) {
            return Err(Refusal::Duplicate { index: share.index }.into());
        }
        points.push(share.index);
    }
    if points.len() < usize::from(inspector.threshold()) {
        return Err(Refusal::TooFew { have: points.len(), need: inspector.threshold() }.into());
    }
    let weights = points.iter().map(|index| weight(*index, &points)).collect::<Option<Vec<Scalar>>>();
    let weights = weights.ok_or(Error::Misuse("different shareholders"))?;
    let parts: Vec<NonZeroG1> = shares.iter().map(|share| share.point).collect();
    Ok(Opened(G1::from(case.ciphertext().E2) - G1::msm_vartime(&parts, &weights)))
}

/// What both sides absorb before the proof.
fn transcript(case: &VerifiedCase, index: u8) -> Transcript {
    let mut transcript = Transcript::new(b"milchglas opening share/1");
    transcript.append_message(b"inspector", case.inspector().as_bytes());
    transcript.append_message(b"case", case.digest().as_bytes());
    transcript.append_message(b"request", case.request().as_bytes());
    transcript.append_message(b"credential", case.credential().as_str().as_bytes());
    transcript.append_message(b"label", case.label().as_bytes());
    transcript.append_message(b"purpose", case.purpose().as_bytes());
    transcript.append_message(b"shareholder", &[index]);
    transcript
}

/// `I_j = s·G` and `D_j = s·E1`, over one secret.
fn statements(case: &VerifiedCase, key: &NonZeroG1, point: &NonZeroG1) -> [Opening; 2] {
    [
        Opening { label: "verification key", base: NonZeroG1::generator(), image: *key },
        Opening { label: "opening share", base: case.ciphertext().E1, image: *point },
    ]
}

impl Wire for OpeningShare {
    fn write(&self, out: &mut Writer) {
        out.array(7).text(FORMAT).object(&self.inspector).object(&self.case).object(&self.credential);
        out.uint(self.index.into()).bytes(&self.point.to_bytes()).bytes(&self.proof);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let what = "a share of an opening";
        input.array(7, what)?;
        if input.text(64, what)? != FORMAT {
            return Err(DecodeError { what });
        }
        Ok(Self {
            inspector: input.object()?,
            case: input.object()?,
            credential: input.object()?,
            index: u8::try_from(input.uint(what)?).map_err(|_| DecodeError { what })?,
            point: NonZeroG1::from_bytes(&input.bytes(what)?)?,
            proof: input.bytes(what)?,
        })
    }
}
