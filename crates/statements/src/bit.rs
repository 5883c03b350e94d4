//! Proof that a hidden scalar is 0 or 1.
//!
//! Spec: `spec/statements.md`, Bit (Groth–Kohlweiss 2015, figure 1, with the product as an equation over the commitment itself).
//!
//! ```text
//! PoK{(s, t, w): C = s·G + t·H  ∧  C = s·C + w·H}        w = t·(1 − s)
//! ```
//! Public: G and H. Sent: C. Secret: s (the input), t, w.

use milchglas_curve::{NonZeroG1, Scalar};
use milchglas_sigma::{Commitment, Error, Multiple, Statement, System, Term, Var};
use rand_core::CryptoRngCore;

use crate::generators::Generators;

/// The one input is 0 or 1.
#[derive(Clone, Copy, Debug)]
pub struct Bit;

impl Statement for Bit {
    type Witness = Scalar;

    fn points(&self) -> usize {
        1
    }

    fn commit(&self, s: &Scalar, mut rng: &mut dyn CryptoRngCore) -> Result<Commitment, Error> {
        let Generators { G, H } = Generators::get();
        let rest = Scalar::ONE - *s;
        if !(*s * rest).is_zero() {
            return Err(Error::Unsatisfied);
        }
        let t = Scalar::random(&mut rng);
        let C = (G.mul(s) + H.mul(&t)).to_nonzero().ok_or(Error::Unsatisfied)?;
        let multiple = |base: &milchglas_sigma::FixedPoint, factor| Multiple { place: 0, base: base.clone(), factor };
        let multiples = vec![multiple(G, *s), multiple(H, t)];
        Ok(Commitment { points: vec![C], secrets: vec![t, t * rest], multiples })
    }

    fn constrain(&self, inputs: &[Var], points: &[NonZeroG1], system: &mut System) -> Result<(), Error> {
        let (&[s], &[C]) = (inputs, points) else {
            return Err(Error::Misuse("a bit has one input and sends one point"));
        };
        let generators = Generators::get();
        let (t, w) = (system.secret(), system.secret());
        let committed = system.base(&C);
        let image = vec![(Scalar::ONE, committed)];
        let (G, H) = (system.fixed(&generators.G), system.fixed(&generators.H));
        system.equation("bit: commitment", image.clone(), vec![Term::plus(s, G), Term::plus(t, H)]);
        system.equation("bit", image, vec![Term::plus(s, committed), Term::plus(w, H)]);
        Ok(())
    }
}
