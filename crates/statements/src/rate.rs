//! Proof that a point is one of the holder's few tokens for a scope and epoch.
//!
//! Spec: `spec/statements.md`, Rate (tokens after Camenisch, Hohenberger, Kohlweiss, Lysyanskaya and Meyerovich 2006, on the function of
//! Dodis–Yampolskiy 2005).
//!
//! With `P = H1(scope, epoch)` and a counter `i` below the limit n:
//! ```text
//! PoK{(k, i): P = k·T + i·T  ∧  0 ≤ i < n}        so  T = P/(k+i)
//! ```
//! Public: scope, epoch, n. Sent: T. Secret: k, i (the inputs). Where n = 1, i is 0 and no input: `P = k·T`.
//!
//! Caution: a token that is sent twice is the same point: whoever counts keeps those that it has seen. The limit is not in P, so that a
//! raised limit adds no more tokens than its difference. This statement does not bound i: [`Rate::counter`] gives the range to prove with it.

use milchglas_curve::{Expander, G1, NonZeroG1, Scalar};
use milchglas_sigma::{Commitment, Error, Statement, System, Term, Var};
use rand_core::CryptoRngCore;
use zeroize::Zeroize;

use crate::{PublicSet, Range};

const RATE_DST: &[u8] = b"MILCHGLAS-V1-RATE";

/// The inputs are the holder secret and, where the limit is above 1, the counter. The point sent is the token.
#[derive(Clone, Copy, Debug)]
pub struct Rate {
    base: NonZeroG1,
    limit: u16,
}

/// The holder secret and the counter. Erased when dropped.
pub struct RateWitness {
    /// k.
    pub k: Scalar,
    /// i.
    pub i: Scalar,
}

impl Drop for RateWitness {
    fn drop(&mut self) {
        self.k.zeroize();
        self.i.zeroize();
    }
}

impl Rate {
    /// The most tokens that a limit may permit: a counter is one digit.
    pub const MAX_LIMIT: u16 = 256;

    /// At most `limit` tokens for the scope and epoch with these bytes.
    ///
    /// # Errors
    /// [`Error::Misuse`] for a limit that is not 1 to [`Rate::MAX_LIMIT`].
    pub fn new(scope_and_epoch: &[u8], limit: u16) -> Result<Self, Error> {
        if !(1..=Self::MAX_LIMIT).contains(&limit) {
            return Err(Error::Misuse("a limit is 1 to 256"));
        }
        Ok(Self { base: G1::hash(Expander::XmdSha256, scope_and_epoch, RATE_DST), limit })
    }

    /// Whether the counter is an input: where only one token is permitted, it is publicly 0.
    #[must_use]
    pub fn has_counter(&self) -> bool {
        self.limit > 1
    }

    /// What has to be proven about the counter, where it is an input. `digits` is a set of exactly 0 to 255.
    ///
    /// # Errors
    /// [`Error::Misuse`] for another set.
    pub fn counter<'a>(&self, digits: &'a PublicSet) -> Result<Option<Range<'a>>, Error> {
        self.has_counter().then(|| Range::new(digits, 0, self.limit.into())).transpose()
    }
}

impl Statement for Rate {
    type Witness = RateWitness;

    fn points(&self) -> usize {
        1
    }

    fn commit(&self, witness: &RateWitness, _: &mut dyn CryptoRngCore) -> Result<Commitment, Error> {
        if !self.has_counter() && !witness.i.is_zero() {
            return Err(Error::Unsatisfied);
        }
        let mut sum = witness.k + witness.i;
        let inverse = sum.invert();
        sum.zeroize();
        // k = −i has no token. An honest secret is that with probability 2⁻²⁴⁶ or less.
        let mut inverse = inverse.ok_or(Error::Unsatisfied)?;
        let T = (self.base * inverse).to_nonzero();
        inverse.zeroize();
        Ok(Commitment { points: vec![T.ok_or(Error::Unsatisfied)?], secrets: Vec::new(), multiples: Vec::new() })
    }

    fn constrain(&self, inputs: &[Var], points: &[NonZeroG1], system: &mut System) -> Result<(), Error> {
        let &[T] = points else { return Err(Error::Misuse("a rate sends one point")) };
        let expected = if self.has_counter() { 2 } else { 1 };
        if inputs.len() != expected {
            return Err(Error::Misuse("a rate has the holder secret and, above a limit of 1, a counter as inputs"));
        }
        let image = vec![(Scalar::ONE, system.base(&self.base))];
        let base = system.base(&T);
        let terms = inputs.iter().map(|&input| Term::plus(input, base)).collect();
        system.equation("rate", image, terms);
        Ok(())
    }
}
