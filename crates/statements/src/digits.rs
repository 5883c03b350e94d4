//! An affine expression of hidden scalars, written with a fixed number of digits.
//!
//! Spec: `spec/statements.md`, Range.   PoK{(x…, d_0…d_{n−1}): offset + Σ c·x = Σ 256^i·d_i  ∧  every d_i ∈ {0…255}}
//! Public: offset, coefficients, n, the set of digits. Sent: two points a digit. Secret: x (shared) and the digits.
//!
//! Caution: n follows from what the verifier asked; 256^n is at most 2^64.

use milchglas_curve::{NonZeroG1, Scalar};
use milchglas_sigma::{Commitment, Error, Statement, System, Var};
use rand_core::CryptoRngCore;
use zeroize::Zeroizing;

use crate::{DIGIT_BASE, DigitTables, Member, MemberWitness, PublicSet};

/// Expressions with values in `0..256^count`.
#[derive(Clone, Debug)]
pub(crate) struct Digits<'a> {
    set: &'a PublicSet,
    count: u32,
    tables: Option<&'a DigitTables>,
}

impl<'a> Digits<'a> {
    /// The least number of digits, 1 to 8, with which `width` values can be told apart, and whether they are exactly that many.
    ///
    /// # Errors
    /// [`Error::Misuse`] for a set that is not one of the digits 0 to 255.
    pub(crate) fn new(set: &'a PublicSet, width: i128) -> Result<(Self, bool), Error> {
        if !set.is_counting_up_to(DIGIT_BASE) {
            return Err(Error::Misuse("a range needs the set of the digits 0 to 255"));
        }
        let count = (1..=8).find(|&n| 1i128 << (8 * n) >= width).unwrap_or(8);
        Ok((Self { set, count, tables: None }, 1i128 << (8 * count) == width))
    }

    /// The same with what earlier proofs about the same number left. Numbers of more than two digits go without, for the memory.
    pub(crate) fn with_tables(self, tables: &'a DigitTables) -> Self {
        Self { tables: (self.count <= 2).then_some(tables), ..self }
    }

    /// How many points one expression sends.
    pub(crate) fn points(&self) -> usize {
        self.count as usize * self.member().points()
    }

    /// Prover only: appends the digits of a value, each followed by its Member's secret. `side` counts the values of one statement.
    ///
    /// # Errors
    /// [`Error::Unsatisfied`] if it has more digits. In constant time up to that.
    pub(crate) fn commit(
        &self,
        value: Scalar,
        side: usize,
        commitment: &mut Commitment,
        rng: &mut dyn CryptoRngCore,
    ) -> Result<(), Error> {
        for (place, d) in self.split(value)?.iter().enumerate() {
            let member = self.member().commit(&self.witness(side * self.count as usize + place, d)?, rng)?;
            commitment.secrets.push(*d);
            commitment.append(&member);
        }
        Ok(())
    }

    /// Prover only: looks up the digits of a value now, for the tables.
    ///
    /// # Errors
    /// As [`Digits::commit`].
    pub(crate) fn look_up(&self, value: Scalar, side: usize) -> Result<(), Error> {
        for (place, d) in self.split(value)?.iter().enumerate() {
            self.witness(side * self.count as usize + place, d)?;
        }
        Ok(())
    }

    /// Builds the tables of what was looked up.
    pub(crate) fn prepare(&self) {
        if let Some(tables) = self.tables {
            tables.prepare();
        }
    }

    /// The digits, the lowest first.
    fn split(&self, value: Scalar) -> Result<Zeroizing<Vec<Scalar>>, Error> {
        let bytes = Zeroizing::new(value.to_bytes());
        let (high, low) = bytes.split_at(bytes.len() - self.count as usize);
        // Constant time up to the verdict: a witness that is out of range leaves by the error, which is no secret to itself.
        if high.iter().fold(0, |all, byte| all | byte) != 0 {
            return Err(Error::Unsatisfied);
        }
        Ok(Zeroizing::new(low.iter().rev().map(|&digit| Scalar::from(u64::from(digit))).collect()))
    }

    /// Both sides: demands `offset + first + rest = Σ 256^i·d_i`. It is solved for `first`, or for the lowest digit where that is already
    /// defined.
    ///
    /// # Errors
    /// [`Error::Misuse`] for another number of points.
    pub(crate) fn constrain(
        &self,
        first: (Scalar, Var),
        rest: Option<(Scalar, Var)>,
        offset: Scalar,
        points: &[NonZeroG1],
        system: &mut System,
    ) -> Result<(), Error> {
        let mut terms = vec![first];
        self.append_terms(-Scalar::ONE, points, &mut terms, system)?;
        terms.extend(rest);
        system.constrain(terms, offset)
    }

    /// Both sides: the digits' members, and `scale·Σ 256^i·d_i` as further terms of a constraint.
    ///
    /// # Errors
    /// [`Error::Misuse`] for another number of points.
    pub(crate) fn append_terms(
        &self,
        scale: Scalar,
        points: &[NonZeroG1],
        terms: &mut Vec<(Scalar, Var)>,
        system: &mut System,
    ) -> Result<(), Error> {
        if points.len() != self.points() {
            return Err(Error::Misuse("a range sends two points a digit"));
        }
        let mut power = scale;
        for chunk in points.chunks_exact(self.member().points()) {
            let d = system.secret();
            self.member().constrain(&[d], chunk, system)?;
            terms.push((power, d));
            power *= Scalar::from(DIGIT_BASE);
        }
        Ok(())
    }

    fn witness(&self, place: usize, d: &Scalar) -> Result<MemberWitness, Error> {
        let Some(tables) = self.tables else { return self.set.witness(d) };
        let signature = tables.signature(place, d, || Ok(self.set.witness(d)?.signature().clone()))?;
        Ok(MemberWitness::digit(signature, d))
    }

    fn member(&self) -> Member<'a> {
        Member { set: self.set.set_key() }
    }
}

/// A commitment with room for statements that send so many points, two for a member with its two secrets, so that growing leaves no copy
/// behind.
pub(crate) fn room_for(points: usize) -> Commitment {
    Commitment {
        points: Vec::with_capacity(points),
        secrets: Vec::with_capacity(points),
        multiples: Vec::with_capacity(points / 2),
    }
}

/// A public integer as a scalar: negative ones are `r − |n|`.
pub(crate) fn integer(n: i128) -> Scalar {
    let mut wide = [0; 64];
    wide[48..].copy_from_slice(&n.unsigned_abs().to_be_bytes());
    let magnitude = Scalar::from_wide(&wide);
    if n < 0 { -magnitude } else { magnitude }
}

/// Whether these are the bounds of a range that can be proven.
///
/// # Errors
/// [`Error::Misuse`] for an empty, too wide or too far range.
pub(crate) fn check_bounds(lo: i128, hi: i128) -> Result<(), Error> {
    if lo >= -(1 << 65) && lo < hi && hi <= 1 << 65 && hi - lo <= 1 << 64 {
        Ok(())
    } else {
        Err(Error::Misuse("a range is at least 1 and at most 2^64 wide, between -2^65 and 2^65"))
    }
}
