//! Proof that a point is the holder's name inside a scope.
//!
//! Spec: `spec/statements.md`, Pseudonym (the domain-specific pseudonyms of Camenisch–Lysyanskaya and of direct anonymous attestation).
//!
//! With `P = H1(scope)`:
//! ```text
//! PoK{k: N = k·P}
//! ```
//! Public: the scope. Sent: N. Secret: k (the input), the holder secret.
//!
//! Caution: N is the same whenever this holder shows itself in this scope; that is its purpose. What a scope is made of, and whose it is, the
//! caller decides: two parties that could use one scope could join what they know.

use milchglas_curve::{Expander, G1, NonZeroG1, Scalar};
use milchglas_sigma::{Commitment, Error, Statement, System, Term, Var};
use rand_core::CryptoRngCore;

const PSEUDONYM_DST: &[u8] = b"MILCHGLAS-V1-PSEUDONYM";

/// The one input, times the scope's base, is the point sent.
#[derive(Clone, Copy, Debug)]
pub struct Pseudonym {
    base: NonZeroG1,
}

impl Pseudonym {
    /// Names inside the scope with these bytes.
    #[must_use]
    pub fn new(scope: &[u8]) -> Self {
        Self { base: G1::hash(Expander::XmdSha256, scope, PSEUDONYM_DST) }
    }
}

impl Statement for Pseudonym {
    type Witness = Scalar;

    fn points(&self) -> usize {
        1
    }

    fn commit(&self, k: &Scalar, _: &mut dyn CryptoRngCore) -> Result<Commitment, Error> {
        let N = (self.base * *k).to_nonzero().ok_or(Error::Unsatisfied)?;
        Ok(Commitment { points: vec![N], secrets: Vec::new(), multiples: Vec::new() })
    }

    fn constrain(&self, inputs: &[Var], points: &[NonZeroG1], system: &mut System) -> Result<(), Error> {
        let (&[k], &[N]) = (inputs, points) else {
            return Err(Error::Misuse("a pseudonym has one input and sends one point"));
        };
        let image = vec![(Scalar::ONE, system.base(&N))];
        let terms = vec![Term::plus(k, system.base(&self.base))];
        system.equation("pseudonym", image, terms);
        Ok(())
    }
}
