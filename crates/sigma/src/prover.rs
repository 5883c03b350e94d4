//! The prover's side.

use merlin::{Transcript, TranscriptRng};
use milchglas_curve::{NonZeroG1, Scalar};
use rand_core::CryptoRngCore;
use zeroize::{Zeroize, Zeroizing};

use crate::transcript::{TranscriptExt, encode_all};
use crate::{Error, Statement, System, Var};

/// Builds one proof. Consumed by [`Prover::prove`], so that no nonce can be used twice.
pub struct Prover {
    transcript: Transcript,
    rng: TranscriptRng,
    hedge: Vec<u8>,
    system: System,
    values: Zeroizing<Vec<Scalar>>,
    points: Vec<NonZeroG1>,
}

impl Prover {
    /// Starts a proof about the secrets `inputs`.
    ///
    /// `transcript` holds everything public that the statements do not write themselves. All randomness is drawn from `rng`
    /// hedged with the transcript, the inputs and `hedge` (a counter that never repeats, or nothing): with a broken generator,
    /// proofs for different transcripts still use independent nonces.
    #[must_use]
    pub fn new(transcript: Transcript, inputs: Vec<Scalar>, hedge: &[u8], rng: &mut dyn CryptoRngCore) -> Self {
        let values = Zeroizing::new(inputs);
        let rng = hedged(&transcript, &values, hedge, rng);
        let system = System::with_inputs(values.len());
        Self { transcript, rng, hedge: hedge.to_vec(), system, values, points: Vec::new() }
    }

    /// The input variables, in the order of the values given.
    #[must_use]
    pub fn inputs(&self) -> Vec<Var> {
        self.system.inputs()
    }

    /// Adds a statement over shared variables.
    ///
    /// # Errors
    /// [`Error::Unsatisfied`] if the witness does not satisfy it; [`Error::Misuse`] if statement and inputs do not fit.
    pub fn add<S: Statement>(&mut self, statement: &S, inputs: &[Var], witness: &S::Witness) -> Result<(), Error> {
        let commitment = statement.commit(witness, &mut self.rng)?;
        if commitment.points.len() != statement.points() {
            return Err(Error::Misuse("a statement sends the number of points that it declares"));
        }
        statement.constrain(inputs, &commitment.points, &mut self.system)?;
        self.system.learn_multiples(&commitment);
        self.points.extend_from_slice(&commitment.points);
        extend(&mut self.values, &commitment.secrets);
        if self.values.len() != self.system.vars() {
            return Err(Error::Misuse("a statement gives a value for each variable that it allocates"));
        }
        Ok(())
    }

    /// The value of a variable, for statements whose witness follows from it.
    ///
    /// # Security
    /// This is a secret.
    #[must_use]
    pub fn value(&self, var: Var) -> Scalar {
        self.values[var.0 as usize]
    }

    /// Finishes the proof: points, challenge, and one response for each free variable, all in order.
    ///
    /// # Errors
    /// [`Error::Unsatisfied`] if the values break an affine constraint.
    pub fn prove(self, rng: &mut dyn CryptoRngCore) -> Result<Vec<u8>, Error> {
        let transcript = self.transcript.clone();
        Ok(self.announce(rng)?.answer(transcript))
    }

    /// Does everything that does not depend on the challenge. [`Announced::answer`] finishes the proof, perhaps later and for a
    /// transcript that is only then known.
    ///
    /// # Security
    /// If that transcript is not the one that this prover was started with, the nonces are hedged with less than the rule for
    /// immediate proofs: then `hedge` must be a counter that is never used twice, or `rng` must be sound.
    ///
    /// # Errors
    /// [`Error::Unsatisfied`] if the values break an affine constraint.
    pub fn announce(self, rng: &mut dyn CryptoRngCore) -> Result<Announced, Error> {
        let Self { mut transcript, hedge, system, values, points, .. } = self;
        system.check_bound()?;
        if !system.constraints_hold(&values) {
            return Err(Error::Unsatisfied);
        }
        let sent: Vec<[u8; 48]> = points.iter().map(NonZeroG1::to_bytes).collect();
        let description = system.to_bytes();
        absorb(&mut transcript, &sent, &description);

        let mut nonce_rng = hedged(&transcript, &values, &hedge, rng);
        let mut nonces = Zeroizing::new(vec![Scalar::ZERO; system.vars()]);
        for var in system.free() {
            nonces[var] = Scalar::random(&mut nonce_rng);
        }
        system.complete(&mut nonces, Scalar::ZERO);
        let announcements = encode_all(&system.announce(&nonces)).collect();
        let free = system.free().collect();
        Ok(Announced { sent, description, announcements, free, nonces, values })
    }
}

/// A proof that lacks only its challenge and responses. Consumed by [`Announced::answer`], so that it answers once.
///
/// It can be neither copied nor written anywhere: whoever has it twice, with two answers, has the witness.
pub struct Announced {
    sent: Vec<[u8; 48]>,
    description: Vec<u8>,
    announcements: Vec<[u8; 48]>,
    free: Vec<usize>,
    nonces: Zeroizing<Vec<Scalar>>,
    values: Zeroizing<Vec<Scalar>>,
}

impl Announced {
    /// Finishes the proof under a transcript that holds everything public which the statements do not write themselves.
    #[must_use]
    pub fn answer(self, mut transcript: Transcript) -> Vec<u8> {
        absorb(&mut transcript, &self.sent, &self.description);
        transcript.append_points(b"announcements", self.announcements.iter().copied());
        let challenge = transcript.challenge_scalar(b"challenge");

        let mut proof = Vec::with_capacity(48 * self.sent.len() + 32 * (1 + self.free.len()));
        proof.extend_from_slice(self.sent.as_flattened());
        proof.extend_from_slice(&challenge.to_bytes());
        for &var in &self.free {
            proof.extend_from_slice(&(self.nonces[var] + challenge * self.values[var]).to_bytes());
        }
        proof
    }

    /// The description of the system that this proves, as the transcript absorbs it.
    #[must_use]
    pub fn system(&self) -> &[u8] {
        &self.description
    }
}

impl core::fmt::Debug for Announced {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Announced(..)")
    }
}

/// What both sides absorb before the announcements.
fn absorb(transcript: &mut Transcript, sent: &[[u8; 48]], description: &[u8]) {
    transcript.append_points(b"points", sent.iter().copied());
    transcript.append_message(b"system", description);
}

/// Appends secrets. A vector that grows by itself would leave the old copy in freed memory.
fn extend(values: &mut Zeroizing<Vec<Scalar>>, more: &[Scalar]) {
    let needed = values.len() + more.len();
    if needed > values.capacity() {
        let mut larger = Zeroizing::new(Vec::with_capacity(2 * needed));
        larger.extend_from_slice(values);
        *values = larger;
    }
    values.extend_from_slice(more);
}

/// A generator keyed with all that `transcript` has absorbed, the secrets, the hedge, and 32 bytes of `rng`.
fn hedged(transcript: &Transcript, values: &[Scalar], hedge: &[u8], rng: &mut dyn CryptoRngCore) -> TranscriptRng {
    let mut bytes = Zeroizing::new(Vec::with_capacity(32 * values.len()));
    for value in values {
        let mut encoded = value.to_bytes();
        bytes.extend_from_slice(&encoded);
        encoded.zeroize();
    }
    transcript
        .build_rng()
        .rekey_with_witness_bytes(b"secrets", &bytes)
        .rekey_with_witness_bytes(b"hedge", hedge)
        .finalize(&mut { rng })
}
