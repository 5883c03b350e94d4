//! Proof that two hidden scalars are equal.
//!
//! Spec: `spec/statements.md`, Same.   PoK{(m, m'): m = m'}, an affine constraint, which saves the response of m.
//! Public: nothing. Sent: nothing. Secret: m and m' (the inputs).

use milchglas_curve::{NonZeroG1, Scalar};
use milchglas_sigma::{Commitment, Error, Statement, System, Var};
use rand_core::CryptoRngCore;

/// The two inputs are equal.
#[derive(Clone, Copy, Debug)]
pub struct Same;

impl Statement for Same {
    type Witness = ();

    fn points(&self) -> usize {
        0
    }

    fn commit(&self, (): &(), _: &mut dyn CryptoRngCore) -> Result<Commitment, Error> {
        Ok(Commitment::default())
    }

    fn constrain(&self, inputs: &[Var], _: &[NonZeroG1], system: &mut System) -> Result<(), Error> {
        let &[one, other] = inputs else { return Err(Error::Misuse("two inputs")) };
        system.constrain(vec![(Scalar::ONE, one), (-Scalar::ONE, other)], Scalar::ZERO)
    }
}
