//! The group G2, where public keys are.
//!
//! As in G1, [`G2`] is the type to compute with and [`NonZeroG2`] the type to keep, send and receive. Every value of either type
//! lies in the subgroup of order r; decoding checks it.
//! Encoding: 96 bytes, compressed, as in the ZCash specification (and the BBS draft's `point_to_octets_E2`).

use crate::backend::active::g2;
use crate::error::DecodeError;
use crate::operators::group_traits;
use crate::scalar::Scalar;
use core::fmt;
use core::ops::{Add, AddAssign, Mul, MulAssign, Neg, Sub, SubAssign};
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};
use zeroize::Zeroize;

/// A point of G2, possibly the identity, in projective coordinates.
///
/// Arithmetic takes constant time unless a name ends in `_vartime`. Going to affine coordinates or bytes may show whether the
/// point is the identity or had been affine.
#[derive(Clone, Copy)]
pub struct G2(g2::Point);

/// A point of G2 that is not the identity, in affine coordinates.
#[derive(Clone, Copy)]
pub struct NonZeroG2(pub(crate) g2::Affine);

impl G2 {
    /// The identity, the point at infinity.
    pub fn identity() -> Self {
        Self(g2::identity())
    }

    /// The standard generator.
    pub fn generator() -> Self {
        NonZeroG2::generator().into()
    }

    /// Whether this is the identity.
    pub fn is_identity(&self) -> bool {
        g2::is_identity(&self.0).into()
    }

    /// Twice this point.
    #[must_use]
    pub fn double(&self) -> Self {
        Self(g2::double(&self.0))
    }

    /// Affine coordinates, none for the identity.
    pub fn to_nonzero(&self) -> Option<NonZeroG2> {
        g2::to_affine(&self.0).map(NonZeroG2)
    }

    /// The compressed encoding.
    pub fn to_bytes(&self) -> [u8; 96] {
        g2::encode(&self.0)
    }

    /// Decodes a compressed point; the identity is allowed. Where it is not, use [`NonZeroG2::from_bytes`].
    ///
    /// # Errors
    /// For wrong flags, a coordinate that is not reduced, a point off the curve or outside the subgroup.
    pub fn from_bytes(bytes: &[u8; 96]) -> Result<Self, DecodeError> {
        match g2::decode(bytes) {
            None => Err(DecodeError { what: "G2 point" }),
            Some(None) => Ok(Self::identity()),
            Some(Some(affine)) => Ok(NonZeroG2(affine).into()),
        }
    }

    /// Σ scalar·point, in variable time, for public inputs only.
    ///
    /// # Panics
    /// When the two slices differ in length.
    pub fn msm_vartime(points: &[NonZeroG2], scalars: &[Scalar]) -> Self {
        assert_eq!(points.len(), scalars.len(), "a scalar for every point");
        Self(g2::msm_vartime(points.iter().zip(scalars).map(|(point, scalar)| (&point.0, &scalar.0))))
    }
}

impl NonZeroG2 {
    /// The standard generator.
    pub fn generator() -> Self {
        Self(g2::generator())
    }

    /// The compressed encoding.
    pub fn to_bytes(&self) -> [u8; 96] {
        g2::encode_affine(&self.0)
    }

    /// Decodes a compressed point.
    ///
    /// # Errors
    /// For wrong flags, a coordinate that is not reduced, a point off the curve or outside the subgroup, and for the identity.
    pub fn from_bytes(bytes: &[u8; 96]) -> Result<Self, DecodeError> {
        g2::decode(bytes).flatten().map(Self).ok_or(DecodeError { what: "G2 point other than the identity" })
    }
}

group_traits!(G2, NonZeroG2, g2);
