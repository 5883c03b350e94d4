//! The scalar field: integers modulo the group order r.
//!
//! Encoding: 32 bytes, big-endian, canonical (less than r).
//! Caution: a [`Scalar`] is `Copy` so that formulas read as formulas. What holds a secret scalar for longer than a function call
//! must erase it itself (`Zeroize` is there for that).

use crate::backend::active::fr;
use crate::error::DecodeError;
use crate::operators::{forward_binary, forward_sum};
use core::fmt;
use core::ops::{Add, AddAssign, Mul, MulAssign, Neg, Sub, SubAssign};
use rand_core::{CryptoRng, RngCore};
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};
use zeroize::{Zeroize, Zeroizing};

/// An integer modulo r, the prime order of G1 and G2.
///
/// Every operation takes constant time, except what returns an `Option` or a `bool`: there the outcome, and only it, shows.
#[derive(Clone, Copy)]
pub struct Scalar(pub(crate) fr::Fr);

impl Scalar {
    /// 0.
    pub const ZERO: Self = Self(fr::ZERO);
    /// 1.
    pub const ONE: Self = Self(fr::ONE);

    /// A uniformly random scalar, made from 64 random bytes.
    pub fn random(rng: &mut (impl CryptoRng + RngCore + ?Sized)) -> Self {
        let mut wide = [0; 64];
        rng.fill_bytes(&mut wide);
        let scalar = Self::from_wide(&wide);
        wide.zeroize();
        scalar
    }

    /// The big-endian integer of 64 bytes, reduced modulo r. Uniform bytes give a uniform scalar.
    pub fn from_wide(bytes: &[u8; 64]) -> Self {
        Self(fr::from_wide(bytes))
    }

    /// The big-endian integer of 48 bytes, reduced modulo r: `OS2IP(bytes) mod r` of the BBS draft's `hash_to_scalar`.
    pub fn from_okm(bytes: &[u8; 48]) -> Self {
        let mut wide = [0; 64];
        wide[16..].copy_from_slice(bytes);
        let scalar = Self::from_wide(&wide);
        wide.zeroize();
        scalar
    }

    /// Decodes 32 bytes, big-endian.
    ///
    /// # Errors
    /// When the integer is not less than r.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, DecodeError> {
        fr::from_bytes(bytes).map(Self).ok_or(DecodeError { what: "scalar" })
    }

    /// 32 bytes, big-endian.
    pub fn to_bytes(&self) -> [u8; 32] {
        fr::to_bytes(&self.0)
    }

    /// `low + high·z²` with z the parameter of the curve: 2^128 different scalars, by which points can be multiplied with half as many
    /// doublings as usual. For weights of batched checks.
    #[must_use]
    pub fn weight(low: u64, high: u64) -> Self {
        let z = Self::from(0xd201_0000_0001_0000);
        Self::from(low) + Self::from(high) * (z * z)
    }

    /// Whether this is 0.
    pub fn is_zero(&self) -> bool {
        fr::ct_eq(&self.0, &fr::ZERO).into()
    }

    /// The inverses of several, with one inversion for all (Montgomery's trick), in constant time; none where one of them is 0.
    pub fn invert_all(scalars: &[Self]) -> Option<Zeroizing<Vec<Self>>> {
        let mut inverses = Zeroizing::new(Vec::with_capacity(scalars.len()));
        let mut product = Zeroizing::new(Self::ONE);
        for scalar in scalars {
            inverses.push(*product);
            *product *= *scalar;
        }
        let mut inverse = Zeroizing::new(product.invert()?);
        for (place, scalar) in inverses.iter_mut().zip(scalars).rev() {
            *place *= *inverse;
            *inverse *= *scalar;
        }
        Some(inverses)
    }

    /// The multiplicative inverse, in constant time; none for 0.
    pub fn invert(&self) -> Option<Self> {
        if self.is_zero() { None } else { Some(Self(fr::invert(&self.0))) }
    }
}

impl From<u64> for Scalar {
    fn from(value: u64) -> Self {
        Self(fr::from_u64(value))
    }
}

impl Default for Scalar {
    /// 0.
    fn default() -> Self {
        Self::ZERO
    }
}

impl fmt::Debug for Scalar {
    /// Prints no value: most scalars are secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Scalar(..)")
    }
}

impl ConstantTimeEq for Scalar {
    fn ct_eq(&self, other: &Self) -> Choice {
        fr::ct_eq(&self.0, &other.0)
    }
}

impl PartialEq for Scalar {
    fn eq(&self, other: &Self) -> bool {
        self.ct_eq(other).into()
    }
}

impl Eq for Scalar {}

impl ConditionallySelectable for Scalar {
    fn conditional_select(a: &Self, b: &Self, choice: Choice) -> Self {
        Self(fr::select(&a.0, &b.0, choice))
    }
}

impl Zeroize for Scalar {
    fn zeroize(&mut self) {
        fr::zeroize(&mut self.0);
    }
}

impl Add<&Scalar> for &Scalar {
    type Output = Scalar;
    fn add(self, other: &Scalar) -> Scalar {
        Scalar(fr::add(&self.0, &other.0))
    }
}

impl Sub<&Scalar> for &Scalar {
    type Output = Scalar;
    fn sub(self, other: &Scalar) -> Scalar {
        Scalar(fr::sub(&self.0, &other.0))
    }
}

impl Mul<&Scalar> for &Scalar {
    type Output = Scalar;
    fn mul(self, other: &Scalar) -> Scalar {
        Scalar(fr::mul(&self.0, &other.0))
    }
}

impl Neg for Scalar {
    type Output = Self;
    fn neg(self) -> Self {
        Self(fr::neg(&self.0))
    }
}

impl Neg for &Scalar {
    type Output = Scalar;
    fn neg(self) -> Scalar {
        -*self
    }
}

forward_binary!(Add::add, AddAssign::add_assign, Scalar, Scalar);
forward_binary!(Sub::sub, SubAssign::sub_assign, Scalar, Scalar);
forward_binary!(Mul::mul, MulAssign::mul_assign, Scalar, Scalar);
forward_sum!(Scalar, Scalar, Scalar::ZERO);
