//! Presentations: what a wallet answers, and what a verifier may read out of it.
//!
//! A presentation is the request's nonce, the selection, the disclosed values and the proof. It can be read only together with the
//! request that the verifier stored: number and order of everything in the proof follow from that.
//!
//! Disclosed values reach a verifier only inside a [`Verified`], which nothing but a complete check builds.
//!
//! Spec: `spec/presentation.md`.
//! Caution: [`Verified`] says that the proof holds for the request. That the request is the verifier's own, fresh, and answered
//! once is for the caller to check before (see the verifier crate).

mod batch;

use std::fmt;

use milchglas_sigma::{Announced, PairingChecks};
use rand_core::CryptoRngCore;

use crate::cbor::{self, Reader, Wire, Writer};
use crate::claim::Value;
use crate::compile::{Checked, Plan, Told, compile};
use crate::credential::Holdings;
use crate::digest::{IssuerFingerprint, Pseudonym, RequestNonce, SchemaDigest, Token};
use crate::encrypt_to::{Ciphertext, EncryptAsk};
use crate::error::{DecodeError, Error};
use crate::parameters::Parameters;
use crate::request::Request;
use crate::revocation::Epoch;
use crate::schema::MAX_CLAIMS;
use crate::scope::{PseudonymAsk, RateAsk};
use crate::selection::Selection;
use crate::text::{ClaimName, Label};

pub use batch::{finish_all, verify_all};

/// Most bytes of a presentation. No permitted request has a longer answer: 16 credentials with 64 disclosed texts of 1,024 bytes each
/// and 16 predicates of 16 digits each stay below.
pub const MAX_PRESENTATION: usize = 1 << 21;
const MAX_CREDENTIALS: usize = 16;
const FORMAT: &str = "P1";

/// A wallet's answer to a request.
#[derive(Clone, PartialEq, Eq)]
pub struct Presentation {
    nonce: RequestNonce,
    selection: Selection,
    disclosed: Vec<Vec<Value>>,
    proof: Vec<u8>,
}

impl Presentation {
    /// Answers a request: proves the plan with one credential for each place, all of the same holder.
    ///
    /// `hedge` is a counter that the caller reserved before, and that never repeats, or nothing; see
    /// [`milchglas_sigma::Prover::new`].
    ///
    /// # Errors
    /// [`Error::Unsatisfied`] if a credential does not satisfy what is asked, [`Error::Invalid`] if that shows on a disclosed claim;
    /// [`Error::Misuse`] if the credentials are not those of the plan.
    pub fn create(
        plan: &Plan<'_>,
        holdings: &Holdings<'_>,
        hedge: &[u8],
        rng: &mut dyn CryptoRngCore,
    ) -> Result<Self, Error> {
        let disclosed = plan.disclose(holdings.credentials)?;
        let proof = plan.prove(holdings, &disclosed, hedge, rng)?;
        Ok(Self { nonce: plan.request().fields().nonce, selection: plan.selection().clone(), disclosed, proof })
    }

    /// The nonce of the request that it answers.
    #[must_use]
    pub fn nonce(&self) -> RequestNonce {
        self.nonce
    }

    /// The bytes of the proof alone.
    #[must_use]
    pub fn proof(&self) -> &[u8] {
        &self.proof
    }

    /// Checks everything but the pairing equations, which [`Pending::finish`] checks, alone or many together.
    ///
    /// `request` is the one that the verifier stored under the nonce; `parameters` are those that it trusts.
    ///
    /// # Errors
    /// [`Error::Invalid`] or [`Error::Decode`] if the presentation does not answer this request.
    pub fn check(&self, request: &Request, parameters: &[&Parameters]) -> Result<Pending, Error> {
        let plan = self.plan(request, parameters)?;
        let Checked { pairings, told } = plan.check(&self.disclosed, &self.proof)?;
        Ok(Pending { pairings, verified: self.verified(&plan, told)? })
    }

    /// Checks everything.
    ///
    /// # Errors
    /// As [`Presentation::check`].
    pub fn verify(
        &self,
        request: &Request,
        parameters: &[&Parameters],
        rng: &mut dyn CryptoRngCore,
    ) -> Result<Verified, Error> {
        let plan = self.plan(request, parameters)?;
        let told = plan.verify(&self.disclosed, &self.proof, rng)?;
        self.verified(&plan, told)
    }

    /// What this presentation has to prove.
    fn plan<'a>(&self, request: &'a Request, parameters: &[&'a Parameters]) -> Result<Plan<'a>, Error> {
        if self.nonce != request.fields().nonce {
            return Err(Error::Invalid);
        }
        compile(request, self.selection.clone(), parameters)
    }

    /// What it showed, if its proof holds.
    fn verified(&self, plan: &Plan<'_>, told: Vec<Told>) -> Result<Verified, Error> {
        let request = plan.request();
        let mut credentials = Vec::with_capacity(plan.shown().len());
        for ((shown, values), told) in plan.shown().iter().zip(&self.disclosed).zip(told) {
            let mut disclosed = Vec::with_capacity(values.len());
            for (index, value) in shown.disclosed().zip(values) {
                let claim = shown.schema.claim(index).ok_or(Error::Invalid)?;
                disclosed.push((claim.name.clone(), value.clone()));
            }
            credentials.push(VerifiedCredential {
                name: shown.ask.name.clone(),
                issuer: shown.parameters.fingerprint(),
                issuer_name: shown.parameters.content().name.clone(),
                schema: shown.schema.digest(),
                disclosed,
                proved: shown.sentences(request)?,
                epoch: shown.epoch(),
                pseudonym: shown.ask.pseudonym.clone().zip(told.pseudonym),
                token: shown.ask.rate.clone().zip(told.token),
                encrypted: shown.ask.encrypt_to.clone().zip(told.ciphertext),
            });
        }
        Ok(Verified { credentials })
    }

    /// The wire form.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        cbor::to_bytes(self)
    }

    /// Reads the wire form. Nothing is checked.
    ///
    /// # Errors
    /// [`Error::Decode`] where it is not such a form.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        Ok(cbor::from_bytes(bytes, MAX_PRESENTATION)?)
    }
}

/// A presentation that lacks only what depends on the verifier's nonce, made in idle time for a kind of request that is expected.
///
/// It answers once: [`Precomputed::answer`] consumes it. It can be neither copied nor stored, and is erased when dropped.
///
/// # Security
/// Its nonces exist before the request. They are safe while the random number generator is sound, or while the hedge given to
/// [`Precomputed::create`] never repeats. A process that forks, or a machine that is restored from a snapshot, after this was made and
/// answers in both lives hands out the holder secret: drop it on fork, lock and restore.
///
/// ```compile_fail,E0382
/// # use milchglas_credential::{compile::Plan, presentation::Precomputed};
/// fn answer_twice(precomputed: Precomputed, first: &Plan<'_>, second: &Plan<'_>) {
///     let _ = precomputed.answer(first);
///     let _ = precomputed.answer(second); // use of moved value
/// }
/// ```
pub struct Precomputed {
    announced: Announced,
    shape: Vec<u8>,
    selection: Selection,
    disclosed: Vec<Vec<Value>>,
}

impl Precomputed {
    /// Does everything that [`Presentation::create`] does short of the challenge. Of the plan's request only the as-of date and the ask
    /// matter; where it asks for a pseudonym, the verifier's key and origin too. A request for a token can not be answered in advance.
    ///
    /// # Errors
    /// As [`Presentation::create`]; [`Error::Misuse`] if the plan shows a token.
    pub fn create(
        plan: &Plan<'_>,
        holdings: &Holdings<'_>,
        hedge: &[u8],
        rng: &mut dyn CryptoRngCore,
    ) -> Result<Self, Error> {
        // A token made in advance would be spent whether it is used or not.
        if plan.counts() {
            return Err(Error::Misuse("a token is not made before it is asked for"));
        }
        let disclosed = plan.disclose(holdings.credentials)?;
        let announced = plan.announce(holdings, &disclosed, hedge, rng)?;
        Ok(Self { announced, shape: plan.shape(), selection: plan.selection().clone(), disclosed })
    }

    /// Whether it answers this plan: its request has the same as-of date and ask, and the selection is the same; where a pseudonym is
    /// shown, the verifier too.
    #[must_use]
    pub fn fits(&self, plan: &Plan<'_>) -> bool {
        self.shape == plan.shape()
    }

    /// Answers a request, with field arithmetic and hashing only.
    ///
    /// # Errors
    /// [`Error::Misuse`] if it does not [fit](Precomputed::fits). It is used up all the same.
    pub fn answer(self, plan: &Plan<'_>) -> Result<Presentation, Error> {
        if !self.fits(plan) {
            return Err(Error::Misuse("the precomputed presentation is for another kind of request"));
        }
        let proof = self.announced.answer(plan.transcript(&self.disclosed)?);
        let nonce = plan.request().fields().nonce;
        Ok(Presentation { nonce, selection: self.selection, disclosed: self.disclosed, proof })
    }
}

impl fmt::Debug for Precomputed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Precomputed(..)")
    }
}

impl fmt::Debug for Presentation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Presentation")
            .field("nonce", &self.nonce)
            .field("selection", &self.selection)
            .finish_non_exhaustive()
    }
}

impl Wire for Presentation {
    fn write(&self, out: &mut Writer) {
        out.array(5).text(FORMAT).object(&self.nonce).object(&self.selection);
        out.array(self.disclosed.len());
        for values in &self.disclosed {
            out.list(values.iter());
        }
        out.bytes(&self.proof);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let what = "a presentation";
        input.array(5, what)?;
        if input.text(8, what)? != FORMAT {
            return Err(DecodeError { what });
        }
        let (nonce, selection) = (input.object()?, input.object()?);
        let mut disclosed = Vec::new();
        for _ in 0..input.array_up_to(MAX_CREDENTIALS, "the disclosed values")? {
            disclosed.push(input.list(MAX_CLAIMS, "the disclosed values")?);
        }
        let proof = input.bytes_up_to(MAX_PRESENTATION, "the bytes of a proof")?.to_vec();
        Ok(Self { nonce, selection, disclosed, proof })
    }
}

/// A presentation whose linear equations hold. Nothing can be read out of it before [`Pending::finish`].
#[must_use = "nothing is verified before the pairing equations are"]
pub struct Pending {
    pairings: PairingChecks,
    verified: Verified,
}

impl Pending {
    /// Checks the pairing equations.
    ///
    /// # Errors
    /// [`Error::Invalid`] if they do not hold.
    pub fn finish(self, rng: &mut dyn CryptoRngCore) -> Result<Verified, Error> {
        self.pairings.check(rng)?;
        Ok(self.verified)
    }
}

/// What a presentation showed, all of it proven.
#[derive(Clone, Debug)]
pub struct Verified {
    credentials: Vec<VerifiedCredential>,
}

/// What was shown of one credential.
#[derive(Clone)]
pub struct VerifiedCredential {
    name: Label,
    issuer: IssuerFingerprint,
    issuer_name: String,
    schema: SchemaDigest,
    disclosed: Vec<(ClaimName, Value)>,
    proved: Vec<String>,
    epoch: Option<Epoch>,
    pseudonym: Option<(PseudonymAsk, Pseudonym)>,
    token: Option<(RateAsk, Token)>,
    encrypted: Option<(EncryptAsk, Ciphertext)>,
}

impl Verified {
    /// The credentials shown, in the order of the request. All have the same holder.
    #[must_use]
    pub fn credentials(&self) -> &[VerifiedCredential] {
        &self.credentials
    }
}

impl VerifiedCredential {
    /// The name that the request gave it.
    #[must_use]
    pub fn name(&self) -> &Label {
        &self.name
    }

    /// The issuer.
    #[must_use]
    pub fn issuer(&self) -> IssuerFingerprint {
        self.issuer
    }

    /// The issuer's name, as its parameters give it.
    #[must_use]
    pub fn issuer_name(&self) -> &str {
        &self.issuer_name
    }

    /// The schema.
    #[must_use]
    pub fn schema(&self) -> SchemaDigest {
        self.schema
    }

    /// The disclosed claims.
    #[must_use]
    pub fn disclosed(&self) -> &[(ClaimName, Value)] {
        &self.disclosed
    }

    /// What was proven about the others, in words.
    #[must_use]
    pub fn proved(&self) -> &[String] {
        &self.proved
    }

    /// The epoch by which it has not been revoked, where that was asked.
    #[must_use]
    pub fn epoch(&self) -> Option<Epoch> {
        self.epoch
    }

    /// The holder's name in the scope that was asked for.
    #[must_use]
    pub fn pseudonym(&self) -> Option<Pseudonym> {
        self.pseudonym.as_ref().map(|(_, name)| *name)
    }

    /// The holder's token in the scope and epoch that were asked for. That it is new, the verifier must see to.
    #[must_use]
    pub fn token(&self) -> Option<Token> {
        self.token.as_ref().map(|(_, token)| *token)
    }

    /// The name, with the scope that it is for.
    #[must_use]
    pub fn pseudonym_in(&self) -> Option<&(PseudonymAsk, Pseudonym)> {
        self.pseudonym.as_ref()
    }

    /// The token, with what it is counted in.
    #[must_use]
    pub fn token_in(&self) -> Option<&(RateAsk, Token)> {
        self.token.as_ref()
    }

    /// The ciphertext of the credential's handle and for whom it is, where that was asked.
    #[must_use]
    pub fn encrypted(&self) -> Option<(&EncryptAsk, &Ciphertext)> {
        self.encrypted.as_ref().map(|(ask, ciphertext)| (ask, ciphertext))
    }
}

impl fmt::Debug for VerifiedCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifiedCredential")
            .field("name", &self.name)
            .field("proved", &self.proved)
            .finish_non_exhaustive()
    }
}
