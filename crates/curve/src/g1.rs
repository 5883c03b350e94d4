//! The group G1, where nearly everything happens.
//!
//! [`G1`] is the type to compute with, [`NonZeroG1`] the type to keep, send and receive: affine, and never the identity, so that
//! no check for it can be forgotten. Every value of either type lies in the subgroup of order r; decoding checks it.
//! Encoding: 48 bytes, compressed, as in the ZCash specification (and the BBS draft's `point_to_octets_E1`).

use crate::backend::active::g1;
use crate::error::DecodeError;
use crate::fixed_base::VartimeTable;
use crate::hash::Expander;
use crate::operators::group_traits;
use crate::scalar::Scalar;
use core::fmt;
use core::ops::{Add, AddAssign, Mul, MulAssign, Neg, Sub, SubAssign};
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};
use zeroize::Zeroize;

/// A point of G1, possibly the identity, in projective coordinates.
///
/// Arithmetic takes constant time unless a name ends in `_vartime`. Going to affine coordinates or bytes may show whether the
/// point is the identity or had been affine.
#[derive(Clone, Copy)]
pub struct G1(pub(crate) g1::Point);

/// A point of G1 that is not the identity, in affine coordinates.
#[derive(Clone, Copy)]
pub struct NonZeroG1(pub(crate) g1::Affine);

impl G1 {
    /// The identity, the point at infinity.
    pub fn identity() -> Self {
        Self(g1::identity())
    }

    /// The standard generator.
    pub fn generator() -> Self {
        NonZeroG1::generator().into()
    }

    /// Whether this is the identity.
    pub fn is_identity(&self) -> bool {
        g1::is_identity(&self.0).into()
    }

    /// Twice this point.
    #[must_use]
    pub fn double(&self) -> Self {
        Self(g1::double(&self.0))
    }

    /// Affine coordinates, none for the identity.
    pub fn to_nonzero(&self) -> Option<NonZeroG1> {
        g1::to_affine(&self.0).map(NonZeroG1)
    }

    /// [`to_nonzero`](Self::to_nonzero) of every point, with one field inversion for all.
    pub fn batch_to_nonzero(points: &[Self]) -> Vec<Option<NonZeroG1>> {
        let points: Vec<g1::Point> = points.iter().map(|point| point.0).collect();
        g1::batch_to_affine(&points).into_iter().map(|affine| affine.map(NonZeroG1)).collect()
    }

    /// The compressed encoding.
    pub fn to_bytes(&self) -> [u8; 48] {
        g1::encode(&self.0)
    }

    /// Decodes a compressed point; the identity is allowed. Where it is not, use [`NonZeroG1::from_bytes`].
    ///
    /// # Errors
    /// For wrong flags, a coordinate that is not reduced, a point off the curve or outside the subgroup.
    pub fn from_bytes(bytes: &[u8; 48]) -> Result<Self, DecodeError> {
        match g1::decode(bytes) {
            None => Err(DecodeError { what: "G1 point" }),
            Some(None) => Ok(Self::identity()),
            Some(Some(affine)) => Ok(NonZeroG1(affine).into()),
        }
    }

    /// This point times a public scalar, in variable time.
    #[must_use]
    pub fn mul_vartime(&self, scalar: &Scalar) -> Self {
        self.to_nonzero().map_or_else(Self::identity, |point| Self::msm_vartime(&[point], &[*scalar]))
    }

    /// Σ scalar·point, in constant time in the scalars (not in their number). For points that recur,
    /// [`FixedBase::msm`](crate::FixedBase::msm) is several times faster.
    ///
    /// # Panics
    /// When the two slices differ in length.
    pub fn msm(points: &[NonZeroG1], scalars: &[Scalar]) -> Self {
        assert_eq!(points.len(), scalars.len(), "a scalar for every point");
        points.iter().zip(scalars).map(|(point, scalar)| point * scalar).sum()
    }

    /// Σ scalar·point, in variable time, for public inputs only.
    ///
    /// # Panics
    /// When the two slices differ in length.
    pub fn msm_vartime(points: &[NonZeroG1], scalars: &[Scalar]) -> Self {
        assert_eq!(points.len(), scalars.len(), "a scalar for every point");
        Self::msm_vartime_with(&[], points, scalars)
    }

    /// Σ scalar·point over points with and without a table, in variable time, for public inputs only. One call for many points is
    /// cheaper than several calls.
    ///
    /// # Panics
    /// When `points` and `scalars` differ in length.
    pub fn msm_vartime_with(fixed: &[(&VartimeTable, Scalar)], points: &[NonZeroG1], scalars: &[Scalar]) -> Self {
        assert_eq!(points.len(), scalars.len(), "a scalar for every point");
        let terms = terms(fixed, points, scalars);
        g1::sums_vartime(&[terms]).first().map_or_else(Self::identity, |sum| Self(*sum))
    }

    /// The point times a secret of eight bits, in constant time: about a tenth of a multiplication.
    #[must_use]
    pub fn mul_byte(&self, k: u8) -> Self {
        let mut product = Self::identity();
        for bit in (0..8).rev() {
            product = product.double();
            product = Self::conditional_select(&product, &(product + *self), Choice::from(k >> bit & 1));
        }
        product
    }

    /// Hashes to a point whose discrete logarithm nobody knows: `hash_to_curve` of RFC 9380, suite
    /// `BLS12381G1_…_SSWU_RO_` with the given expander.
    ///
    /// That the result be the identity has probability 1/r, and no message with that outcome can be found; the generator would
    /// stand in for it, so that the type need not lie.
    ///
    /// Time varies with the lengths of the inputs only.
    pub fn hash(expander: Expander, msg: &[u8], dst: &[u8]) -> NonZeroG1 {
        let mut okm = [0; 128];
        expander.expand(msg, dst, &mut okm);
        let point = Self(g1::map_from_okm(&okm));
        okm.zeroize();
        point.to_nonzero().unwrap_or_else(NonZeroG1::generator)
    }
}

impl NonZeroG1 {
    /// The standard generator.
    pub fn generator() -> Self {
        Self(g1::generator())
    }

    /// The compressed encoding.
    pub fn to_bytes(&self) -> [u8; 48] {
        g1::encode_affine(&self.0)
    }

    /// Decodes a compressed point.
    ///
    /// # Errors
    /// For wrong flags, a coordinate that is not reduced, a point off the curve or outside the subgroup, and for the identity.
    pub fn from_bytes(bytes: &[u8; 48]) -> Result<Self, DecodeError> {
        g1::decode(bytes).flatten().map(Self).ok_or(DecodeError { what: "G1 point other than the identity" })
    }

    /// [`from_bytes`](Self::from_bytes) of each. One call for several points is cheaper than several calls, on some processors by much.
    /// For public points: the time shows which are valid.
    ///
    /// # Errors
    /// As [`from_bytes`](Self::from_bytes), if that fails for any of them.
    pub fn from_bytes_many(bytes: &[[u8; 48]]) -> Result<Vec<Self>, DecodeError> {
        let points = g1::decode_many(bytes).ok_or(DecodeError { what: "G1 point other than the identity" })?;
        Ok(points.into_iter().map(Self).collect())
    }
}

/// The summands of one sum, as the backends take them.
pub(crate) fn terms<'a>(
    fixed: &'a [(&VartimeTable, Scalar)],
    points: &'a [NonZeroG1],
    scalars: &'a [Scalar],
) -> g1::Terms<'a> {
    g1::Terms {
        fixed: fixed.iter().map(|(table, scalar)| (&table.0, &scalar.0)).collect(),
        fresh: points.iter().zip(scalars).map(|(point, scalar)| (&point.0, &scalar.0)).collect(),
    }
}

group_traits!(G1, NonZeroG1, g1);
