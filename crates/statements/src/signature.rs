//! Proof that an issuer signed a list of messages, of which some are shown and the others hidden.
//!
//! Spec: `spec/statements.md`, Signature (Tessaro–Zhu 2023, section 5: two points, one fewer than the BBS draft's own proof).
//!
//! Let `C = P1 + Q·domain + Σ H_i·m_i` and `A = C/(x+e)`. With `Ā = r·A`, `B̄ = r·C − e·Ā = r·(C − e·A)`, `u = 1/r`, `v = e/r`:
//! ```text
//! PoK{(u, v, m_hidden): P1 + Q·domain + Σ_shown H_i·m_i = u·B̄ + v·Ā − Σ_hidden H_j·m_j}  ∧  e(Ā, W) = e(B̄, P2)  ∧  Ā ≠ 0
//! ```
//! Public: W, domain, the shown messages. Sent: Ā, B̄. Secret: u, v and the hidden messages (the inputs, in order).
//!
//! Caution: the secret key x must be used for nothing else; a prover with u = 0 would hold x·C for a C that it knows.

use std::sync::Arc;

use milchglas_curve::{G1, NonZeroG1, Scalar};
use milchglas_sigma::{Commitment, Error, FixedPoint, Multiple, PairingKey, Statement, System, Term, Var};
use rand_core::CryptoRngCore;
use zeroize::Zeroize;

/// An issuer's signature on messages, the inputs being those hidden.
#[derive(Debug)]
pub struct Signature {
    key: Arc<PairingKey>,
    empty: FixedPoint,
    shown: Vec<(Scalar, FixedPoint)>,
    hidden: Vec<FixedPoint>,
}

/// A signature and the point that it signs, ready to be shown again and again.
pub struct SignatureWitness {
    A: FixedPoint,
    /// `C − e·A`
    B: FixedPoint,
    e: Scalar,
}

impl SignatureWitness {
    /// From the signature `(A, e)` and `C = P1 + Q·domain + Σ H_i·m_i` over all messages.
    ///
    /// # Errors
    /// [`Error::Unsatisfied`] if this can be no signature.
    pub fn new(A: &NonZeroG1, e: &Scalar, C: &G1) -> Result<Self, Error> {
        let B = (*C - A * e).to_nonzero().ok_or(Error::Unsatisfied)?;
        Ok(Self { A: FixedPoint::new(A), B: FixedPoint::new(&B), e: *e })
    }

    /// The points that each showing multiplies, for [`FixedPoint::prepare_for_proving`].
    #[must_use]
    pub fn fixed_points(&self) -> [&FixedPoint; 2] {
        [&self.A, &self.B]
    }
}

impl Drop for SignatureWitness {
    fn drop(&mut self) {
        self.e.zeroize();
    }
}

impl core::fmt::Debug for SignatureWitness {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("SignatureWitness(..)")
    }
}

impl Signature {
    /// `empty` is `P1 + Q·domain`; `shown` are the messages that are shown, each with its generator; `hidden` are the generators of the
    /// others.
    #[must_use]
    pub fn new(
        key: &Arc<PairingKey>,
        empty: &FixedPoint,
        shown: Vec<(Scalar, FixedPoint)>,
        hidden: Vec<FixedPoint>,
    ) -> Self {
        Self { key: Arc::clone(key), empty: empty.clone(), shown, hidden }
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
        let points = G1::batch_to_nonzero(&[witness.A.mul(&r), witness.B.mul(&r)]);
        let points = points.into_iter().collect::<Option<Vec<_>>>().ok_or(Error::Unsatisfied)?;
        let multiple = |place, base: &FixedPoint| Multiple { place, base: base.clone(), factor: r };
        let multiples = vec![multiple(0, &witness.A), multiple(1, &witness.B)];
        Ok(Commitment { points, secrets: vec![u, witness.e * u], multiples })
    }

    fn constrain(&self, inputs: &[Var], points: &[NonZeroG1], system: &mut System) -> Result<(), Error> {
        let &[A_bar, B_bar] = points else { return Err(Error::Misuse("a signature sends two points")) };
        if inputs.len() != self.hidden.len() {
            return Err(Error::Misuse("a signature has one input for each hidden message"));
        }
        let mut image = vec![(Scalar::ONE, system.fixed(&self.empty))];
        for (m, H) in &self.shown {
            image.push((*m, system.fixed(H)));
        }
        let (u, v) = (system.secret(), system.secret());
        let mut terms = vec![Term::plus(u, system.base(&B_bar)), Term::plus(v, system.base(&A_bar))];
        for (&m, H) in inputs.iter().zip(&self.hidden) {
            terms.push(Term::minus(m, system.fixed(H)));
        }
        system.equation("signature", image, terms);
        system.pairing(A_bar, &self.key, B_bar);
        Ok(())
    }
}
