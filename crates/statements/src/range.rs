//! Proof that a hidden integer lies between public bounds.
//!
//! Spec: `spec/statements.md`, Range (digits after Camenisch–Chaabouni–shelat 2008).
//!
//! `lo ≤ m < hi`, with n the least number such that `256^n ≥ hi − lo`:
//! ```text
//! PoK{(m, d_0…d_{n−1}, d'_0…d'_{n−1}): m − lo = Σ 256^i·d_i  ∧  hi − 1 − m = Σ 256^i·d'_i  ∧  every d_i, d'_i ∈ {0…255}}
//! ```
//! Where `hi − lo = 256^n` exactly, the first half implies the second, which is left out.
//! Public: lo, hi, the set of digits. Sent: two points a digit. Secret: m (the input) and the digits.
//!
//! Caution: base, number of digits and bounds follow from what the verifier asked, never from the proof.

use milchglas_curve::{NonZeroG1, Scalar};
use milchglas_sigma::{Commitment, Error, Statement, System, Var};
use rand_core::CryptoRngCore;

use crate::digits::{Digits, check_bounds, integer, room_for};
use crate::{DigitTables, PublicSet};

/// The base in which ranges are written: a set of digits holds the scalars 0 to 255, in order.
pub const DIGIT_BASE: u64 = 256;

/// The one input is an integer in `lo..hi`.
#[derive(Clone, Debug)]
pub struct Range<'a> {
    digits: Digits<'a>,
    lo: i128,
    hi: i128,
    one_sided: bool,
}

impl<'a> Range<'a> {
    /// The range `lo ≤ m < hi`, at most 2^64 wide, between −2^65 and 2^65. `digits` is a set of exactly 0 to 255.
    ///
    /// # Errors
    /// [`Error::Misuse`] for an empty or too wide range or a set that is not one of digits.
    pub fn new(digits: &'a PublicSet, lo: i128, hi: i128) -> Result<Self, Error> {
        check_bounds(lo, hi)?;
        let (digits, one_sided) = Digits::new(digits, hi - lo)?;
        Ok(Self { digits, lo, hi, one_sided })
    }

    /// The same with what earlier proofs about the same number left; see [`DigitTables`].
    #[must_use]
    pub fn with_tables(self, tables: &'a DigitTables) -> Self {
        Self { digits: self.digits.with_tables(tables), ..self }
    }

    /// Builds now, in idle time, the tables for proofs about m: about 0.3 ms a digit.
    ///
    /// # Errors
    /// [`Error::Unsatisfied`] if m is not in the range.
    pub fn prepare(&self, m: &Scalar) -> Result<(), Error> {
        for (side, (sign, offset)) in self.sides().enumerate() {
            self.digits.look_up(offset + sign * *m, side)?;
        }
        self.digits.prepare();
        Ok(())
    }

    /// For each side: the sign of m in `offset + sign·m = Σ 256^i·d_i`, and the offset.
    fn sides(&self) -> impl Iterator<Item = (Scalar, Scalar)> {
        let above = (Scalar::ONE, -integer(self.lo));
        let below = (-Scalar::ONE, integer(self.hi - 1));
        [Some(above), (!self.one_sided).then_some(below)].into_iter().flatten()
    }
}

impl Statement for Range<'_> {
    type Witness = Scalar;

    fn points(&self) -> usize {
        self.sides().count() * self.digits.points()
    }

    fn commit(&self, m: &Scalar, rng: &mut dyn CryptoRngCore) -> Result<Commitment, Error> {
        let mut commitment = room_for(self.points());
        for (side, (sign, offset)) in self.sides().enumerate() {
            self.digits.commit(offset + sign * *m, side, &mut commitment, rng)?;
        }
        Ok(commitment)
    }

    fn constrain(&self, inputs: &[Var], points: &[NonZeroG1], system: &mut System) -> Result<(), Error> {
        let &[m] = inputs else { return Err(Error::Misuse("a range has one input")) };
        if points.len() != self.points() {
            return Err(Error::Misuse("a range sends two points a digit"));
        }
        for ((sign, offset), points) in self.sides().zip(points.chunks_exact(self.digits.points())) {
            self.digits.constrain((sign, m), None, offset, points, system)?;
        }
        Ok(())
    }
}
