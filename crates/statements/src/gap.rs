//! Proof that a hidden 64-bit integer is not on a long public list.
//!
//! Spec: `spec/statements.md`, Gap (sorted neighbours signed by the list's authority, as in Nakanishi–Fujii–Hira–Funabiki 2009).
//!
//! The list in order, e ↦ e + 1, between 0 and 2^64 + 1: `0 = s_0 < s_1 < … < s_{n+1} = 2^64 + 1`. The authority signs each pair of neighbours
//! (a, b) as the one element `a + 2^66·b` of a set. With m + 1 strictly between them, `t = m − a` and `t' = b − m − 2`:
//! ```text
//! PoK{(m, t, t'): (m − t) + 2^66·(m + 2 + t') is a member  ∧  0 ≤ t < 2^64  ∧  0 ≤ t' < 2^64}
//! ```
//! Public: the set's base and key, the set of digits. Sent: 2 points, and two for each of 16 digits. Secret: m (the input), t, t', their digits.
//! a and b are no variables of their own.
//!
//! Caution: m must be certified to be an integer from 0 to 2^64 − 1. Finding the neighbours of m in a list touches memory that depends on m:
//! only the holder's own device may see it.

use milchglas_curve::{NonZeroG1, Scalar};
use milchglas_sigma::{Commitment, Error, Statement, System, Var};
use rand_core::CryptoRngCore;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::digits::{Digits, room_for};
use crate::{Member, MemberWitness, PublicSet, SetKey};

/// How many values each of t and t' can have: eight digits' worth.
const WIDTH: i128 = 1 << 64;

/// Two entries between which a list has none; none stands for an end of the list. Of an empty list there is one pair, of nothing and nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Neighbours {
    /// The lower one.
    pub below: Option<u64>,
    /// The higher one.
    pub above: Option<u64>,
}

impl Neighbours {
    /// a and b.
    fn places(self) -> (u128, u128) {
        (
            self.below.map_or(0, |entry| u128::from(entry) + 1),
            self.above.map_or((1 << 64) + 1, |entry| u128::from(entry) + 1),
        )
    }

    /// What the authority signs: `a + 2^66·b`.
    #[must_use]
    pub fn element(self) -> Scalar {
        let (a, b) = self.places();
        integer(a) + two_to_66() * integer(b)
    }
}

/// The neighbours of m with their signature. Erased when dropped.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct GapWitness {
    m: u64,
    a: u128,
    b: u128,
    d: Scalar,
    #[zeroize(skip)]
    signature: NonZeroG1,
}

impl GapWitness {
    /// The witness for m.
    #[must_use]
    pub fn new(m: u64, neighbours: Neighbours, signature: NonZeroG1) -> Self {
        let (a, b) = neighbours.places();
        Self { m, a, b, d: neighbours.element(), signature }
    }
}

/// The one input is an integer from 0 to 2^64 − 1 that is not on the list.
#[derive(Clone, Debug)]
pub struct Gap<'a> {
    digits: Digits<'a>,
    list: &'a SetKey,
}

impl<'a> Gap<'a> {
    /// The list whose pairs of neighbours are signed under `list`. `digits` is a set of exactly 0 to 255.
    ///
    /// # Errors
    /// [`Error::Misuse`] if `digits` is not that set.
    pub fn new(digits: &'a PublicSet, list: &'a SetKey) -> Result<Self, Error> {
        let (digits, _) = Digits::new(digits, WIDTH)?;
        Ok(Self { digits, list })
    }

    fn member(&self) -> Member<'_> {
        Member { set: self.list }
    }
}

impl Statement for Gap<'_> {
    type Witness = GapWitness;

    fn points(&self) -> usize {
        self.member().points() + 2 * self.digits.points()
    }

    fn commit(&self, witness: &GapWitness, rng: &mut dyn CryptoRngCore) -> Result<Commitment, Error> {
        let m = u128::from(witness.m);
        let t = m.checked_sub(witness.a).ok_or(Error::Unsatisfied)?;
        let t_prime = witness.b.checked_sub(m + 2).ok_or(Error::Unsatisfied)?;
        let mut commitment = room_for(self.points());
        commitment.secrets.push(witness.d);
        commitment.append(&self.member().commit(&MemberWitness::new(witness.signature, witness.d), rng)?);
        self.digits.commit(integer(t), 0, &mut commitment, rng)?;
        self.digits.commit(integer(t_prime), 1, &mut commitment, rng)?;
        Ok(commitment)
    }

    fn constrain(&self, inputs: &[Var], points: &[NonZeroG1], system: &mut System) -> Result<(), Error> {
        let &[m] = inputs else { return Err(Error::Misuse("a gap has one input")) };
        if points.len() != self.points() {
            return Err(Error::Misuse("a gap sends two points, and two for each of 16 digits"));
        }
        let (pair, sides) = points.split_at(self.member().points());
        let (below, above) = sides.split_at(self.digits.points());
        let d = system.secret();
        self.member().constrain(&[d], pair, system)?;
        // 0 = (1 + 2^66)·m − t + 2^66·t' + 2^67 − d
        let shift = two_to_66();
        let mut terms = vec![(-Scalar::ONE, d), (Scalar::ONE + shift, m)];
        self.digits.append_terms(-Scalar::ONE, below, &mut terms, system)?;
        self.digits.append_terms(shift, above, &mut terms, system)?;
        system.constrain(terms, shift + shift)
    }
}

fn two_to_66() -> Scalar {
    integer(1 << 66)
}

fn integer(n: u128) -> Scalar {
    let mut wide = [0; 64];
    wide[48..].copy_from_slice(&n.to_be_bytes());
    let scalar = Scalar::from_wide(&wide);
    wide.zeroize();
    scalar
}
