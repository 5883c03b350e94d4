//! Proof that an issuer signed a list of messages, of which some are shown and the others hidden.
//!
//! Spec: `spec/statements.md`, Signature (Tessaro–Zhu 2023, section 5: two points, one fewer than the BBS draft's own proof).
//!
//! Let `C = P1 + Q·domain + Σ H_i·m_i` and `A = C/(x+e)`. With `Ā = r·A`, `B̄ = r·C − e·Ā`, `u = 1/r`, `v = e/r`:
//! ```text
//! PoK{(u, v, m_hidden): P1 + Q·domain + Σ_shown H_i·m_i = u·B̄ + v·Ā − Σ_hidden H_j·m_j}  ∧  e(Ā, W) = e(B̄, P2)  ∧  Ā ≠ 0
//! ```
//! Public: W, domain, the shown messages. Sent: Ā, B̄. Secret: u, v and the hidden messages (the inputs, in order).
//!
//! Caution: the secret key x must be used for nothing else; a prover with u = 0 would hold x·C for a C that it knows.

use std::sync::Arc;

use milchglas_curve::{G1, NonZeroG1, Scalar};
use milchglas_sigma::{Commitment, Error, PairingKey, Statement, System, Term, Var};
use rand_core::CryptoRngCore;

/// An issuer's signature on messages, the inputs being those hidden.
#[derive(Debug)]
pub struct Signature {
    key: Arc<PairingKey>,
    shown: G1,
    hidden: Vec<NonZeroG1>,
}

/// A signature and the point that it signs.
pub struct SignatureWitness {
    /// The signature's point.
    pub A: NonZeroG1,
    /// The signature's scalar.
    pub e: Scalar,
    /// `C = P1 + Q·domain + Σ H_i·m_i` over all messages.
    pub C: G1,
}

impl Signature {
    /// `shown` is `P1 + Q·domain + Σ H_i·m_i` over the messages that are shown; `hidden` are the generators of the others.
    #[must_use]
    pub fn new(key: &Arc<PairingKey>, shown: G1, hidden: Vec<NonZeroG1>) -> Self {
        Self { key: Arc::clone(key), shown, hidden }
    }
}

impl Statement for Signature {
    type Witness = SignatureWitness;

    fn points(&self) -> usize {
        2
    }

    fn commit(&self, witness: &SignatureWitness, mut rng: &mut dyn CryptoRngCore) -> Result<Commitment, Error> {
        let r = Scalar::random(&mut rng);
        let u = r.invert().ok_or(Error::Unsatisfied)?;
        let A_bar = witness.A * r;
        let B_bar = witness.C * r - A_bar * witness.e;
        let points = [A_bar, B_bar].map(|point| point.to_nonzero().ok_or(Error::Unsatisfied));
        let [A_bar, B_bar] = points;
        Ok(Commitment { points: vec![A_bar?, B_bar?], secrets: vec![u, witness.e * u] })
    }

    fn constrain(&self, inputs: &[Var], points: &[NonZeroG1], system: &mut System) -> Result<(), Error> {
        let &[A_bar, B_bar] = points else { return Err(Error::Misuse("a signature sends two points")) };
        if inputs.len() != self.hidden.len() {
            return Err(Error::Misuse("a signature has one input for each hidden message"));
        }
        let (u, v) = (system.secret(), system.secret());
        let mut terms = vec![Term::plus(u, system.base(&B_bar)), Term::plus(v, system.base(&A_bar))];
        for (&m, H) in inputs.iter().zip(&self.hidden) {
            terms.push(Term::minus(m, system.base(H)));
        }
        system.equation("signature", self.shown, terms);
        system.pairing(A_bar, &self.key, B_bar);
        Ok(())
    }
}
