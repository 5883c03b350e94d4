//! Points of the whole curve, of which the subgroup G1 is a part: for long lists whose sum alone is checked.
//!
//! Reading a point of G1 costs a square root and a subgroup check that is more than twice as dear. Where many points only enter one sum, and
//! the sum is checked anyway, [`CurvePoint`] leaves the second one out: [`CurveSum::to_subgroup`] does it once for all.
//!
//! Caution: a sum in the subgroup does not put its summands there. Use this only where the result is verified by an equation of its own.
//! Not here: constant time. Everything is in variable time.

use crate::backend::active::g1;
use crate::error::DecodeError;
use crate::g1::G1;
use crate::scalar::Scalar;
use core::fmt;
use core::ops::AddAssign;

/// A point of the curve over the base field, not the identity, perhaps outside the subgroup of order r.
#[derive(Clone, Copy)]
pub struct CurvePoint(g1::Affine);

impl CurvePoint {
    /// Decodes a compressed point. That it is on the curve is checked, that it is in the subgroup is not.
    ///
    /// # Errors
    /// For wrong flags, a coordinate that is not reduced, a point off the curve, and for the identity.
    pub fn from_bytes(bytes: &[u8; 48]) -> Result<Self, DecodeError> {
        g1::decode_on_curve(bytes).map(Self).ok_or(DecodeError { what: "curve point other than the identity" })
    }
}

impl fmt::Debug for CurvePoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        crate::operators::write_hex(f, "CurvePoint", &g1::encode_affine(&self.0))
    }
}

/// A sum of multiples of points of the curve.
#[derive(Clone, Copy)]
pub struct CurveSum(g1::Point);

impl CurveSum {
    /// Σ scalar·point, in variable time.
    ///
    /// # Panics
    /// When the two slices differ in length.
    #[must_use]
    pub fn msm_vartime(points: &[CurvePoint], scalars: &[Scalar]) -> Self {
        assert_eq!(points.len(), scalars.len(), "a scalar for every point");
        Self(g1::msm_on_curve_vartime(points.iter().map(|point| &point.0).zip(scalars.iter().map(|scalar| &scalar.0))))
    }

    /// The sum as a point of G1.
    ///
    /// # Errors
    /// If it is not in the subgroup.
    pub fn to_subgroup(self) -> Result<G1, DecodeError> {
        if g1::is_in_subgroup(&self.0) { Ok(G1(self.0)) } else { Err(DecodeError { what: "G1 point" }) }
    }
}

impl Default for CurveSum {
    /// The empty sum.
    fn default() -> Self {
        Self(g1::identity())
    }
}

impl AddAssign for CurveSum {
    fn add_assign(&mut self, other: Self) {
        self.0 = g1::add(&self.0, &other.0);
    }
}

impl fmt::Debug for CurveSum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        crate::operators::write_hex(f, "CurveSum", &g1::encode(&self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::NonZeroG1;
    use rand_core::OsRng;

    fn curve_point(point: &NonZeroG1) -> CurvePoint {
        CurvePoint::from_bytes(&point.to_bytes()).unwrap()
    }

    /// x = 4, from the curve's equation y² = x³ + 4: the smallest x of a point of the curve, and not in the subgroup.
    fn off_subgroup() -> CurvePoint {
        let mut bytes = [0; 48];
        bytes[0] = 0x80;
        bytes[47] = 4;
        assert!(NonZeroG1::from_bytes(&bytes).is_err());
        CurvePoint::from_bytes(&bytes).unwrap()
    }

    #[test]
    fn sums_what_g1_sums() {
        for n in [0, 1, 2, 33, 150] {
            let scalars: Vec<Scalar> = (0..n).map(|_| Scalar::random(&mut OsRng)).collect();
            let points: Vec<NonZeroG1> =
                (0..n as u64).map(|i| (G1::generator() * Scalar::from(i / 2 + 1)).to_nonzero().unwrap()).collect();
            let on_curve: Vec<CurvePoint> = points.iter().map(curve_point).collect();
            let (left, right) = on_curve.split_at(n / 3);
            let mut sum = CurveSum::msm_vartime(left, &scalars[..n / 3]);
            sum += CurveSum::msm_vartime(right, &scalars[n / 3..]);
            assert_eq!(sum.to_subgroup().unwrap(), G1::msm(&points, &scalars));
        }
    }

    #[test]
    fn rejects_a_sum_off_the_subgroup_and_takes_it_with_its_opposite() {
        let (point, two) = (off_subgroup(), Scalar::from(2));
        assert!(CurveSum::msm_vartime(&[point], &[two]).to_subgroup().is_err());
        assert!(
            CurveSum::msm_vartime(&[point, curve_point(&NonZeroG1::generator())], &[two, two]).to_subgroup().is_err()
        );
        let one = CurveSum::msm_vartime(&[point, point], &[two, Scalar::ONE]);
        let mut other = CurveSum::msm_vartime(&[point; 3], &[Scalar::ONE; 3]);
        assert!(other.to_subgroup().is_err());
        other.0 = g1::neg(&other.0);
        other += one;
        assert!(other.to_subgroup().unwrap().is_identity());
    }

    #[test]
    fn rejects_what_is_not_on_the_curve() {
        let mut bytes = [0; 48];
        bytes[0] = 0x80;
        // 1³ + 4 = 5 is no square.
        bytes[47] = 1;
        for bytes in [bytes, [0xff; 48], G1::identity().to_bytes(), [0; 48]] {
            assert!(CurvePoint::from_bytes(&bytes).is_err());
        }
    }
}
