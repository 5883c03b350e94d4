//! Proof that a hidden scalar is none of a few public ones.
//!
//! Spec: `spec/statements.md`, Not in (Camenisch–Shoup 2003, section 5, for one value; the commitment serves all of them).
//!
//! With one commitment `K = m·G + s·H`, and for each value v `t = 1/(m − v)`, `a = 1 + v·t`, `w = s·t`:
//! ```text
//! PoK{(m, s, t…, a…, w…): K = m·G + s·H  ∧  for each v: 0 = t·K − a·G − w·H  ∧  a = 1 + v·t}
//! ```
//! The second equation is `G = t·(K − v·G) − w·H`, written over fixed bases.
//! Public: the values, G and H. Sent: K. Secret: m (the input), s and for each value t, a, w.
//!
//! Caution: cost and size grow with the values; for long lists there are other proofs.

use milchglas_curve::{NonZeroG1, Scalar};
use milchglas_sigma::{Commitment, Error, Multiple, Statement, System, Term, Var};
use rand_core::CryptoRngCore;
use zeroize::Zeroizing;

use crate::generators::Generators;

/// The one input is none of these values.
#[derive(Clone, Debug)]
pub struct NotIn {
    values: Vec<Scalar>,
}

impl NotIn {
    /// Most values.
    pub const MAX_VALUES: usize = 17;

    /// Excludes 1 to 17 different values.
    ///
    /// # Errors
    /// [`Error::Misuse`] for another number of values, or a value twice.
    pub fn new(values: Vec<Scalar>) -> Result<Self, Error> {
        let repeated = values.iter().enumerate().any(|(place, value)| values.iter().take(place).any(|v| v == value));
        if values.is_empty() || values.len() > Self::MAX_VALUES || repeated {
            return Err(Error::Misuse("1 to 17 different values"));
        }
        Ok(Self { values })
    }
}

impl Statement for NotIn {
    type Witness = Scalar;

    fn points(&self) -> usize {
        1
    }

    fn commit(&self, m: &Scalar, mut rng: &mut dyn CryptoRngCore) -> Result<Commitment, Error> {
        let Generators { G, H } = Generators::get();
        let s = Scalar::random(&mut rng);
        let K = (G.mul(m) + H.mul(&s)).to_nonzero().ok_or(Error::Unsatisfied)?;
        // Room for all, so that growing leaves no copy behind.
        let mut secrets = Vec::with_capacity(1 + 3 * self.values.len());
        secrets.push(s);
        let mut commitment = Commitment { points: vec![K], secrets, multiples: Vec::with_capacity(2) };
        let differences: Zeroizing<Vec<Scalar>> = Zeroizing::new(self.values.iter().map(|v| *m - *v).collect());
        let inverses = Scalar::invert_all(&differences).ok_or(Error::Unsatisfied)?;
        for (v, t) in self.values.iter().zip(inverses.iter().copied()) {
            commitment.secrets.extend([t, Scalar::ONE + *v * t, s * t]);
        }
        for (base, factor) in [(G, *m), (H, s)] {
            commitment.multiples.push(Multiple { place: 0, base: base.clone(), factor });
        }
        Ok(commitment)
    }

    fn constrain(&self, inputs: &[Var], points: &[NonZeroG1], system: &mut System) -> Result<(), Error> {
        let (&[m], &[K]) = (inputs, points) else {
            return Err(Error::Misuse("a not-in statement has one input and sends one point"));
        };
        let generators = Generators::get();
        let s = system.secret();
        let committed = system.base(&K);
        let (G, H) = (system.fixed(&generators.G), system.fixed(&generators.H));
        let image = vec![(Scalar::ONE, committed)];
        system.equation("not in: commitment", image, vec![Term::plus(m, G), Term::plus(s, H)]);
        for v in &self.values {
            let (t, a, w) = (system.secret(), system.secret(), system.secret());
            let terms = vec![Term::plus(t, committed), Term::minus(a, G), Term::minus(w, H)];
            system.equation("not in", Vec::new(), terms);
            // 0 = 1 + v·t − a, solved for a.
            system.constrain(vec![(-Scalar::ONE, a), (*v, t)], Scalar::ONE)?;
        }
        Ok(())
    }
}
