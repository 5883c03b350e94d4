//! Proof that a hidden scalar is a public one.
//!
//! Spec: `spec/statements.md`, Exactly.   PoK{m: m = v}, an affine constraint, which saves the response of m.
//! Public: v. Sent: nothing. Secret: m (the input), which the verifier then knows.

use milchglas_curve::{NonZeroG1, Scalar};
use milchglas_sigma::{Commitment, Error, Statement, System, Var};
use rand_core::CryptoRngCore;

/// `input = value`.
#[derive(Clone, Copy, Debug)]
pub struct Exactly {
    /// v.
    pub value: Scalar,
}

impl Statement for Exactly {
    type Witness = ();

    fn points(&self) -> usize {
        0
    }

    fn commit(&self, (): &(), _: &mut dyn CryptoRngCore) -> Result<Commitment, Error> {
        Ok(Commitment::default())
    }

    fn constrain(&self, inputs: &[Var], _: &[NonZeroG1], system: &mut System) -> Result<(), Error> {
        let &[m] = inputs else { return Err(Error::Misuse("one input")) };
        system.constrain(vec![(-Scalar::ONE, m)], self.value)
    }
}
