//! Proof that a public point is a hidden scalar times a public base.
//!
//! Spec: `spec/statements.md`, Opening (Schnorr 1991).   PoK{x: I = x·B}
//! Public: B and I. Sent: nothing more. Secret: x (the input).

use milchglas_curve::{NonZeroG1, Scalar};
use milchglas_sigma::{Commitment, Error, Statement, System, Term, Var};
use rand_core::CryptoRngCore;

/// `image = input·base`.
#[derive(Clone, Copy, Debug)]
pub struct Opening {
    /// What the name of the equation is in the transcript.
    pub label: &'static str,
    /// B.
    pub base: NonZeroG1,
    /// I.
    pub image: NonZeroG1,
}

impl Statement for Opening {
    type Witness = ();

    fn points(&self) -> usize {
        0
    }

    fn commit(&self, (): &(), _: &mut dyn CryptoRngCore) -> Result<Commitment, Error> {
        Ok(Commitment::default())
    }

    fn constrain(&self, inputs: &[Var], _: &[NonZeroG1], system: &mut System) -> Result<(), Error> {
        let &[x] = inputs else { return Err(Error::Misuse("an opening has one input")) };
        let (image, base) = (system.base(&self.image), system.base(&self.base));
        system.equation(self.label, vec![(Scalar::ONE, image)], vec![Term::plus(x, base)]);
        Ok(())
    }
}
