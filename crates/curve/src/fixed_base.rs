//! Points of G1 that are multiplied again and again, with tables that make it cheap.
//!
//! [`FixedBase`] is for secret scalars and takes constant time: about a quarter of a multiplication without a table, for 66 KiB (85 on
//! the portable backend) and, to build it, the time of about five multiplications. [`VartimeTable`] is for public scalars in sums
//! with other points, where the doublings have to be done anyway: 49 KiB, built in the time of two multiplications.
//!
//! What the tables hold is the point, nothing more; they are as public as it is, and are not erased.

use crate::backend::active::g1;
use crate::g1::{G1, NonZeroG1};
use crate::scalar::Scalar;
use core::fmt;
use zeroize::Zeroize;

/// A point with a table for multiplying it by secret scalars.
///
/// ```
/// use milchglas_curve::{FixedBase, G1, NonZeroG1, Scalar};
///
/// let base = FixedBase::new(&NonZeroG1::generator());
/// let k = Scalar::random(&mut rand_core::OsRng);
/// assert_eq!(base.mul(&k), G1::generator() * k);
/// ```
#[derive(Clone)]
pub struct FixedBase(pub(crate) g1::Comb);

impl FixedBase {
    /// Builds the table of a point.
    pub fn new(base: &NonZeroG1) -> Self {
        Self(g1::Comb::new(&base.0))
    }

    /// Builds the tables of several points, which is cheaper than one by one.
    pub fn batch(bases: &[NonZeroG1]) -> Vec<Self> {
        let bases: Vec<g1::Affine> = bases.iter().map(|base| base.0).collect();
        g1::combs(&bases).into_iter().map(Self).collect()
    }

    /// The point.
    pub fn base(&self) -> NonZeroG1 {
        NonZeroG1(self.0.base())
    }

    /// The point times a scalar, in constant time.
    #[must_use]
    pub fn mul(&self, scalar: &Scalar) -> G1 {
        G1(g1::comb_sum(&[(&self.0, &scalar.0)]))
    }

    /// Σ scalar·point, in constant time in the scalars (not in their number). Cheaper than the sum of single multiples.
    ///
    /// # Panics
    /// When the two slices differ in length.
    pub fn msm(bases: &[&Self], scalars: &[Scalar]) -> G1 {
        assert_eq!(bases.len(), scalars.len(), "a scalar for every point");
        let terms: Vec<_> = bases.iter().zip(scalars).map(|(base, scalar)| (&base.0, &scalar.0)).collect();
        G1(g1::comb_sum(&terms))
    }
}

/// Σ k·point for secrets of at most `bits` bits, 128 at most, in constant time: cheaper the fewer bits there are.
pub(crate) fn sum_short(terms: &[(&FixedBase, u128)], bits: usize) -> G1 {
    let mut terms: Vec<_> = terms.iter().map(|(base, k)| (&base.0, *k)).collect();
    let sum = G1(g1::comb_sum_short(&terms, bits));
    terms.iter_mut().for_each(|(_, k)| k.zeroize());
    sum
}

impl fmt::Debug for FixedBase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("FixedBase").field(&self.base()).finish()
    }
}

/// A point with a small table for [`G1::msm_vartime_with`], which is for public scalars only.
#[derive(Clone)]
pub struct VartimeTable(pub(crate) g1::VartimeTable);

impl VartimeTable {
    /// Builds the table of a point.
    pub fn new(base: &NonZeroG1) -> Self {
        Self(g1::VartimeTable::new(&base.0))
    }

    /// Builds the tables of several points, which is cheaper than one by one.
    pub fn batch(bases: &[NonZeroG1]) -> Vec<Self> {
        let bases: Vec<g1::Affine> = bases.iter().map(|base| base.0).collect();
        g1::vartime_tables(&bases).into_iter().map(Self).collect()
    }

    /// The point.
    pub fn base(&self) -> NonZeroG1 {
        NonZeroG1(*self.0.base())
    }
}

impl fmt::Debug for VartimeTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("VartimeTable").field(&self.base()).finish()
    }
}
