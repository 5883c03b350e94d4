//! Proof that a hidden integer lies in one of two public ranges, without saying in which.
//!
//! Spec: `spec/statements.md`, Either range.
//!
//! With a hidden bit s, `lo = lo_0 + s·(lo_1 − lo_0)`, `hi = hi_0 + s·(hi_1 − hi_0)`, and n digits for the wider range:
//! ```text
//! PoK{(m, s, d…, d'…): s ∈ {0,1}  ∧  m − lo = Σ 256^i·d_i  ∧  hi − 1 − m = Σ 256^i·d'_i  ∧  every d_i, d'_i ∈ {0…255}}
//! ```
//! Where both ranges are exactly 256^n wide, the first half implies the second, which is left out.
//! Public: the ranges, the set of digits. Sent: the bit's point, then two points a digit. Secret: m (the input), s and the digits.
//!
//! Caution: the ranges may touch or overlap; a number in both is proven as one of the first.

use milchglas_curve::{NonZeroG1, Scalar};
use milchglas_sigma::{Commitment, Error, Statement, System, Var};
use rand_core::CryptoRngCore;
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};
use zeroize::Zeroizing;

use crate::digits::{Digits, check_bounds, integer};
use crate::{Bit, DigitTables, PublicSet};

/// The one input is an integer in one of the ranges `lo..hi`.
#[derive(Clone, Debug)]
pub struct EitherRange<'a> {
    digits: Digits<'a>,
    ranges: [(i128, i128); 2],
    one_sided: bool,
}

/// One demand: `offset + sign·m + slope·s` is written with digits.
struct Side {
    sign: Scalar,
    slope: Scalar,
    offset: Scalar,
}

impl<'a> EitherRange<'a> {
    /// Two ranges `lo ≤ m < hi`, each at most 2^64 wide, between −2^65 and 2^65. `digits` is a set of exactly 0 to 255.
    ///
    /// # Errors
    /// [`Error::Misuse`] for an empty or too wide range or a set that is not one of digits.
    pub fn new(digits: &'a PublicSet, ranges: [(i128, i128); 2]) -> Result<Self, Error> {
        for (lo, hi) in ranges {
            check_bounds(lo, hi)?;
        }
        let [one, other] = ranges.map(|(lo, hi)| hi - lo);
        let (digits, exact) = Digits::new(digits, one.max(other))?;
        Ok(Self { digits, ranges, one_sided: exact && one == other })
    }

    /// The same with what earlier proofs about the same number left; see [`DigitTables`].
    #[must_use]
    pub fn with_tables(self, tables: &'a DigitTables) -> Self {
        Self { digits: self.digits.with_tables(tables), ..self }
    }

    /// Builds now, in idle time, the tables for proofs about m: about 0.3 ms a digit.
    ///
    /// # Errors
    /// [`Error::Unsatisfied`] if m is in neither range.
    pub fn prepare(&self, m: &Scalar) -> Result<(), Error> {
        let s = Zeroizing::new(self.which(m));
        for (side, Side { sign, slope, offset }) in self.sides().enumerate() {
            self.digits.look_up(offset + sign * *m + slope * *s, side)?;
        }
        self.digits.prepare();
        Ok(())
    }

    fn sides(&self) -> impl Iterator<Item = Side> {
        let [(lo, hi), (other_lo, other_hi)] = self.ranges;
        let above = Side { sign: Scalar::ONE, slope: integer(lo - other_lo), offset: -integer(lo) };
        let below = Side { sign: -Scalar::ONE, slope: integer(other_hi - hi), offset: integer(hi - 1) };
        [Some(above), (!self.one_sided).then_some(below)].into_iter().flatten()
    }

    /// s: 0 where the first range holds m, otherwise 1. In constant time.
    fn which(&self, m: &Scalar) -> Scalar {
        let [(lo, hi), _] = self.ranges;
        let inside = is_short(*m - integer(lo)) & is_short(integer(hi - 1) - *m);
        Scalar::conditional_select(&Scalar::ONE, &Scalar::ZERO, inside)
    }
}

/// Whether a scalar is less than 2^64. In constant time.
fn is_short(scalar: Scalar) -> Choice {
    let bytes = Zeroizing::new(scalar.to_bytes());
    bytes.iter().take(24).fold(0, |all, byte| all | byte).ct_eq(&0)
}

impl Statement for EitherRange<'_> {
    type Witness = Scalar;

    fn points(&self) -> usize {
        Bit.points() + self.sides().count() * self.digits.points()
    }

    fn commit(&self, m: &Scalar, rng: &mut dyn CryptoRngCore) -> Result<Commitment, Error> {
        // s, t and w for the bit's point; a digit and its r for every two others. Room for all, so that growing leaves no copy behind.
        let room = self.points() + 2;
        let mut commitment = Commitment {
            points: Vec::with_capacity(room),
            secrets: Vec::with_capacity(room),
            multiples: Vec::with_capacity(1 + room / 2),
        };
        let s = Zeroizing::new(self.which(m));
        commitment.secrets.push(*s);
        commitment.append(&Bit.commit(&s, rng)?);
        for (side, Side { sign, slope, offset }) in self.sides().enumerate() {
            self.digits.commit(offset + sign * *m + slope * *s, side, &mut commitment, rng)?;
        }
        Ok(commitment)
    }

    fn constrain(&self, inputs: &[Var], points: &[NonZeroG1], system: &mut System) -> Result<(), Error> {
        let &[m] = inputs else { return Err(Error::Misuse("an either-range has one input")) };
        let Some((bit, points)) = points.split_at_checked(Bit.points()).filter(|_| points.len() == self.points())
        else {
            return Err(Error::Misuse("an either-range sends the bit's point and two points a digit"));
        };
        let s = system.secret();
        Bit.constrain(&[s], bit, system)?;
        for (Side { sign, slope, offset }, points) in self.sides().zip(points.chunks_exact(self.digits.points())) {
            self.digits.constrain((sign, m), Some((slope, s)), offset, points, system)?;
        }
        Ok(())
    }
}
