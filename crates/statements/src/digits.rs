//! Non-negative integers written with signed digits: what ranges and gaps are made of.
//!
//! Spec: `spec/statements.md`, Range (digits after Camenisch–Chaabouni–shelat 2008).
//!
//! `v = Σ 256^i·d_i` with n digits, each a [`Member`] of {0…255}, so that `0 ≤ v < 256^n`. For each digit, from the lowest, one
//! variable and then its member's own.
//!
//! Caution: this ties v to nothing; the statement that uses it writes the affine constraint.

use milchglas_curve::{NonZeroG1, Scalar};
use milchglas_sigma::{Commitment, Error, Statement, System, Var};
use rand_core::CryptoRngCore;
use zeroize::Zeroizing;

use crate::{Member, PublicSet};

/// The base in which numbers are written: a set of digits holds the scalars 0 to 255, in order.
pub const DIGIT_BASE: u64 = 256;

/// Integers of so many digits.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Digits<'a> {
    set: &'a PublicSet,
    count: u32,
}

impl<'a> Digits<'a> {
    /// Integers of `count` digits; `set` is one of exactly 0 to 255.
    pub(crate) fn new(set: &'a PublicSet, count: u32) -> Result<Self, Error> {
        if !set.is_counting_up_to(DIGIT_BASE) {
            return Err(Error::Misuse("digits are of the set 0 to 255"));
        }
        Ok(Self { set, count })
    }

    fn member(&self) -> Member<'_> {
        Member { set: self.set.set_key() }
    }

    /// How many points one integer sends.
    pub(crate) fn points(&self) -> usize {
        self.count as usize * self.member().points()
    }

    /// Prover only: appends the digits of `value`, in constant time up to the verdict. One that is too large leaves by the error, which
    /// is no secret to itself.
    pub(crate) fn commit(
        &self,
        value: &Scalar,
        commitment: &mut Commitment,
        rng: &mut dyn CryptoRngCore,
    ) -> Result<(), Error> {
        let bytes = Zeroizing::new(value.to_bytes());
        let (high, low) = bytes.split_at(bytes.len() - self.count as usize);
        if high.iter().fold(0, |all, byte| all | byte) != 0 {
            return Err(Error::Unsatisfied);
        }
        for &digit in low.iter().rev() {
            let d = Scalar::from(u64::from(digit));
            let member = self.member().commit(&self.set.witness(&d)?, rng)?;
            commitment.secrets.push(d);
            commitment.append(&member);
        }
        Ok(())
    }

    /// Both sides: writes the digits' members and appends `scale·Σ 256^i·d_i` to the terms of a constraint.
    pub(crate) fn constrain(
        &self,
        scale: Scalar,
        points: &[NonZeroG1],
        terms: &mut Vec<(Scalar, Var)>,
        system: &mut System,
    ) -> Result<(), Error> {
        let mut power = scale;
        for chunk in points.chunks_exact(self.member().points()) {
            let d = system.secret();
            self.member().constrain(&[d], chunk, system)?;
            terms.push((power, d));
            power *= Scalar::from(DIGIT_BASE);
        }
        Ok(())
    }
}

/// A commitment with room for statements that send so many points and have as many variables, so that growing leaves no copy behind.
pub(crate) fn room_for(points: usize) -> Commitment {
    Commitment { points: Vec::with_capacity(points), secrets: Vec::with_capacity(points), multiples: Vec::new() }
}
