//! Arithmetic by the crate `bls12_381`: pure Rust, for targets without a C compiler, and to check `blst` against.
//!
//! Timing: constant in the values, unless a name ends in `_vartime` or the function's comment says otherwise.

#![forbid(unsafe_code)]

/// The scalar field.
pub mod fr {
    use bls12_381::Scalar;
    use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};
    use zeroize::Zeroize;

    /// A scalar.
    pub type Fr = Scalar;

    /// 0.
    pub const ZERO: Fr = Scalar::zero();
    /// 1.
    pub const ONE: Fr = Scalar::one();

    /// The scalar of a small integer.
    pub fn from_u64(value: u64) -> Fr {
        Scalar::from(value)
    }

    /// 64 bytes, big-endian, reduced.
    pub fn from_wide(bytes: &[u8; 64]) -> Fr {
        let mut little_endian = *bytes;
        little_endian.reverse();
        let scalar = Scalar::from_bytes_wide(&little_endian);
        little_endian.zeroize();
        scalar
    }

    /// 32 bytes, big-endian, canonical.
    pub fn from_bytes(bytes: &[u8; 32]) -> Option<Fr> {
        let mut little_endian = *bytes;
        little_endian.reverse();
        let scalar = Scalar::from_bytes(&little_endian);
        little_endian.zeroize();
        scalar.into()
    }

    /// 32 bytes, big-endian.
    pub fn to_bytes(a: &Fr) -> [u8; 32] {
        let mut bytes = a.to_bytes();
        bytes.reverse();
        bytes
    }

    /// a + b.
    pub fn add(a: &Fr, b: &Fr) -> Fr {
        a + b
    }

    /// a − b.
    pub fn sub(a: &Fr, b: &Fr) -> Fr {
        a - b
    }

    /// a·b.
    pub fn mul(a: &Fr, b: &Fr) -> Fr {
        a * b
    }

    /// −a.
    pub fn neg(a: &Fr) -> Fr {
        -a
    }

    /// 1/a, and 0 for 0. In constant time (a fixed chain of multiplications).
    pub fn invert(a: &Fr) -> Fr {
        a.invert().unwrap_or(ZERO)
    }

    /// Whether a = b.
    pub fn ct_eq(a: &Fr, b: &Fr) -> Choice {
        ConstantTimeEq::ct_eq(a, b)
    }

    /// b where `choice` is set, else a.
    pub fn select(a: &Fr, b: &Fr, choice: Choice) -> Fr {
        Scalar::conditional_select(a, b, choice)
    }

    /// Overwrites with 0.
    pub fn zeroize(a: &mut Fr) {
        a.zeroize();
    }

    /// The width of the signed windows of `digits_vartime`.
    const WINDOW: u32 = 5;
    /// How many odd multiples 1, 3, 5, … a digit may ask for.
    pub(super) const ODD_MULTIPLES: usize = 1 << (WINDOW - 2);

    /// The width-5 non-adjacent form, least significant digit first: every digit is zero or odd, below 16 in magnitude, and of
    /// five consecutive ones at most one is not zero.
    pub(super) fn digits_vartime(a: &Fr) -> [i8; 256] {
        let bytes = a.to_bytes();
        let bit = |i: usize| bytes.get(i / 8).map_or(0, |byte| i32::from(byte >> (i % 8) & 1));
        let mut digits = [0; 256];
        let mut carry = 0;
        let mut i = 0;
        while i < digits.len() {
            if bit(i) + carry == 1 {
                let window: i32 = (0..WINDOW as usize).map(|j| bit(i + j) << j).sum::<i32>() + carry;
                carry = i32::from(window >= 1 << (WINDOW - 1));
                digits[i] = (window - (carry << WINDOW)) as i8;
                i += WINDOW as usize;
            } else {
                // An even digit: zero here, and the carry stays as it is.
                i += 1;
            }
        }
        digits
    }
}

/// What G1 and G2 have in common, over the library's parallel type names.
macro_rules! group {
    ($bytes:literal, $point:ident, $affine:ident) => {
        use super::fr::{self, Fr};
        use bls12_381::{$affine, $point};
        use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};
        use zeroize::Zeroize;

        /// A point in projective coordinates.
        pub type Point = $point;
        /// A point in affine coordinates, never the identity.
        pub type Affine = $affine;

        /// The identity.
        pub fn identity() -> Point {
            $point::identity()
        }

        /// The standard generator.
        pub fn generator() -> Affine {
            $affine::generator()
        }

        /// p + q, for all p and q alike.
        pub fn add(p: &Point, q: &Point) -> Point {
            p + q
        }

        /// p + q, for all p and q alike.
        pub fn add_affine(p: &Point, q: &Affine) -> Point {
            p + q
        }

        /// p + p.
        pub fn double(p: &Point) -> Point {
            p.double()
        }

        /// −p.
        pub fn neg(p: &Point) -> Point {
            -p
        }

        /// −p.
        pub fn neg_affine(p: &Affine) -> Affine {
            -p
        }

        /// Whether p is the identity.
        pub fn is_identity(p: &Point) -> Choice {
            p.is_identity()
        }

        /// Whether p = q as points, whatever their coordinates.
        pub fn ct_eq(p: &Point, q: &Point) -> Choice {
            ConstantTimeEq::ct_eq(p, q)
        }

        /// Whether p = q.
        pub fn ct_eq_affine(p: &Affine, q: &Affine) -> Choice {
            ConstantTimeEq::ct_eq(p, q)
        }

        /// q where `choice` is set, else p.
        pub fn select(p: &Point, q: &Point, choice: Choice) -> Point {
            $point::conditional_select(p, q, choice)
        }

        /// q where `choice` is set, else p.
        pub fn select_affine(p: &Affine, q: &Affine, choice: Choice) -> Affine {
            $affine::conditional_select(p, q, choice)
        }

        /// k·p, in constant time.
        pub fn mul(p: &Point, k: &Fr) -> Point {
            p * k
        }

        /// Affine coordinates, none for the identity.
        pub fn to_affine(p: &Point) -> Option<Affine> {
            if is_identity(p).into() { None } else { Some($affine::from(p)) }
        }

        /// `to_affine` of each with one inversion for all.
        pub fn batch_to_affine(points: &[Point]) -> Vec<Option<Affine>> {
            let mut out = vec![$affine::identity(); points.len()];
            $point::batch_normalize(points, &mut out);
            out.into_iter().map(|affine| if affine.is_identity().into() { None } else { Some(affine) }).collect()
        }

        /// Projective coordinates.
        pub fn from_affine(p: &Affine) -> Point {
            $point::from(p)
        }

        /// The compressed encoding.
        pub fn encode(p: &Point) -> [u8; $bytes] {
            $affine::from(p).to_compressed()
        }

        /// The compressed encoding.
        pub fn encode_affine(p: &Affine) -> [u8; $bytes] {
            p.to_compressed()
        }

        /// Decodes a compressed point of the subgroup: `None` for bytes that are none, `Some(None)` for the identity.
        pub fn decode(bytes: &[u8; $bytes]) -> Option<Option<Affine>> {
            let affine = Option::<Affine>::from($affine::from_compressed(bytes))?;
            Some(if affine.is_identity().into() { None } else { Some(affine) })
        }

        /// Overwrites with the identity.
        pub fn zeroize(p: &mut Point) {
            p.zeroize();
        }

        /// Σ k·p for public inputs: Straus's method, one chain of doublings for all, over signed digits.
        pub fn msm_vartime<'a>(terms: impl Iterator<Item = (&'a Affine, &'a Fr)>) -> Point {
            let terms: Vec<([Point; fr::ODD_MULTIPLES], [i8; 256])> = terms
                .filter(|(_, k)| **k != fr::ZERO)
                .map(|(p, k)| (odd_multiples(p), fr::digits_vartime(k)))
                .collect();
            let mut sum = identity();
            for i in (0..256).rev() {
                sum = sum.double();
                for (multiples, digits) in &terms {
                    let digit = digits[i];
                    if digit > 0 {
                        sum += multiples[digit as usize / 2];
                    } else if digit < 0 {
                        sum -= multiples[digit.unsigned_abs() as usize / 2];
                    }
                }
            }
            sum
        }

        /// p, 3·p, 5·p, …
        fn odd_multiples(p: &Affine) -> [Point; fr::ODD_MULTIPLES] {
            let twice = from_affine(p).double();
            let mut next = from_affine(p);
            core::array::from_fn(|_| {
                let current = next;
                next += twice;
                current
            })
        }
    };
}

mod comb;

/// G1.
pub mod g1 {
    pub use super::comb::{Comb, comb_sum, comb_sum_short, combs};
    use bls12_381::hash_to_curve::{HashToField, MapToCurve};
    use sha2::digest::generic_array::GenericArray;

    group!(48, G1Projective, G1Affine);

    /// [`decode`] of each, where all are points other than the identity.
    pub fn decode_many(bytes: &[[u8; 48]]) -> Option<Vec<Affine>> {
        bytes.iter().map(|bytes| decode(bytes).flatten()).collect()
    }

    /// Decodes a compressed point of the curve, other than the identity; whether it is in the subgroup is not checked.
    pub fn decode_on_curve(bytes: &[u8; 48]) -> Option<Affine> {
        Option::<Affine>::from(Affine::from_compressed_unchecked(bytes))
            .filter(|point| !bool::from(point.is_identity()))
    }

    /// Whether p is in the subgroup of order r.
    pub fn is_in_subgroup(p: &Point) -> bool {
        Affine::from(p).is_torsion_free().into()
    }

    /// Σ k·p for public inputs, all of them anywhere on the curve.
    pub fn msm_on_curve_vartime<'a>(terms: impl Iterator<Item = (&'a Affine, &'a Fr)>) -> Point {
        msm_vartime(terms)
    }

    /// The second half of RFC 9380 hash_to_curve: two field elements of 64 bytes each, mapped, added, cofactor cleared.
    pub fn map_from_okm(okm: &[u8; 128]) -> Point {
        let map = |okm: &[u8]| {
            let u = <Point as MapToCurve>::Field::from_okm(GenericArray::from_slice(okm));
            Point::map_to_curve(&u)
        };
        let (first, second) = okm.split_at(64);
        (map(first) + map(second)).clear_h()
    }

    /// A base of public multiples. This backend prepares nothing for it.
    #[derive(Clone)]
    pub struct VartimeTable(Affine);

    impl VartimeTable {
        /// How many bytes it takes.
        pub fn bytes(&self) -> usize {
            size_of_val(&self.0)
        }

        /// Prepares a base.
        pub fn new(base: &Affine) -> Self {
            Self(*base)
        }

        /// The base.
        pub fn base(&self) -> &Affine {
            &self.0
        }
    }

    /// Prepares these bases.
    pub fn vartime_tables(bases: &[Affine]) -> Vec<VartimeTable> {
        bases.iter().map(VartimeTable::new).collect()
    }

    /// The summands of one sum.
    pub struct Terms<'a> {
        /// Prepared bases.
        pub fixed: Vec<(&'a VartimeTable, &'a Fr)>,
        /// Bases as they come.
        pub fresh: Vec<(&'a Affine, &'a Fr)>,
    }

    /// Σ k·P, for each of several sums, for public inputs.
    pub fn sums_vartime(sums: &[Terms<'_>]) -> Vec<Point> {
        let sum = |terms: &Terms<'_>| {
            let fixed = terms.fixed.iter().map(|(prepared, k)| (prepared.base(), *k));
            msm_vartime(fixed.chain(terms.fresh.iter().copied()))
        };
        sums.iter().map(sum).collect()
    }
}

/// G2.
pub mod g2 {
    group!(96, G2Projective, G2Affine);
}

/// Pairing products.
pub mod pairing {
    use super::{g1, g2};
    use bls12_381::{G2Prepared, Gt, multi_miller_loop};

    /// The precomputed lines of a G2 point.
    pub type Prepared = G2Prepared;

    /// Precomputes the lines of q.
    pub fn prepare(q: &g2::Affine) -> Prepared {
        G2Prepared::from(*q)
    }

    /// Whether Π e(p, q) = 1.
    pub fn product_is_one<'a>(terms: impl Iterator<Item = (g1::Point, &'a Prepared)>) -> bool {
        let (points, prepared): (Vec<g1::Point>, Vec<&Prepared>) = terms.unzip();
        let points: Vec<g1::Affine> = g1::batch_to_affine(&points).into_iter().flatten().collect();
        let terms: Vec<(&g1::Affine, &Prepared)> = points.iter().zip(prepared).collect();
        multi_miller_loop(&terms).final_exponentiation() == Gt::identity()
    }
}
