//! The endomorphism of G1, scalars in two halves by it, and the digits of the halves.
//!
//! Source: Gallant, Lambert, Vanstone, "Faster Point Multiplication on Elliptic Curves with Efficient Endomorphisms" (2001); the
//! constants follow from z = −0xd201000000010000, the parameter in the pairing-friendly curves draft, section 4.2.1.
//!
//! ψ(x, y) = (βx, −y) with β = 2^((p−1)/3) is multiplication by z² on the subgroup of order r = z⁴ − z² + 1. So k·P = k₁·P + k₂·ψ(P)
//! for every pair with k ≡ k₁ + k₂·z² modulo r; division with remainder gives the one with 0 ≤ k₁, k₂ < z² < 2^128.
//!
//! Digits of secret scalars: [`SignedDigits`], in constant time.
//! Caution: right in the subgroup only.

#![forbid(unsafe_code)]

use super::fp::{self, Fp};
use super::fr::{self, Fr};
use super::g1::{Affine, Point};
use core::hint::black_box;
use subtle::Choice;
use zeroize::Zeroize;

/// β in Montgomery form, which is 2^384·β mod p.
pub(super) const BETA: Fp = Fp {
    l: [
        0x30f1_361b_798a_64e8,
        0xf3b8_ddab_7ece_5a2a,
        0x16a8_ca3a_c615_77f7,
        0xc26a_2ff8_74fd_029b,
        0x3636_b766_6070_1c6e,
        0x051b_a4ab_241b_6160,
    ],
};
/// z².
const Z_SQUARED: [u64; 3] = [0x0000_0001_0000_0000, 0xac45_a401_0001_a402, 0];
/// ⌊2^255/z²⌋.
const RECIPROCAL: [u64; 2] = [0xb1fb_7291_7b67_f717, 0xbe35_f678_f00f_d56e];

/// ψ(p) = z²·p.
pub(super) fn apply(p: &Point) -> Point {
    Point { x: fp::mul(&p.x, &BETA), y: fp::negate_if(&p.y, true), z: p.z }
}

/// ψ(p) = z²·p.
pub(super) fn apply_affine(p: &Affine) -> Affine {
    Affine { x: fp::mul(&p.x, &BETA), y: fp::negate_if(&p.y, true) }
}

/// Makes ψ(p) of p.
pub(super) fn assign_affine(p: &mut Affine) {
    fp::mul_assign(&mut p.x, &BETA);
    fp::negate(&mut p.y);
}

/// The k₁, k₂ < z² with k = k₁ + k₂·z², least significant limb first. In constant time.
pub(super) fn split(k: &Fr) -> [[u64; 2]; 2] {
    let mut bytes = fr::to_scalar(k).b;
    let mut limbs = [0; 4];
    for (limb, chunk) in limbs.iter_mut().zip(bytes.chunks_exact(8)) {
        *limb = chunk.iter().rev().fold(0, |limb, byte| limb << 8 | u64::from(*byte));
    }
    // With m the reciprocal and k < 2^255, k/z² exceeds k·m/2^255 by less than 1: the quotient is right or one too small.
    let mut wide: [u64; 6] = product(&limbs, &RECIPROCAL);
    let mut quotient = [wide[4] << 1 | wide[3] >> 63, wide[5] << 1 | wide[4] >> 63, 0];
    let mut remainder = sub([limbs[0], limbs[1], limbs[2]], product(&quotient[..2], &Z_SQUARED[..2]));
    let mut reduced = sub(remainder, Z_SQUARED);
    // All ones where the subtraction went below zero.
    let negative = black_box(reduced[2] >> 63).wrapping_neg();
    for (limb, other) in reduced.iter_mut().zip(remainder) {
        *limb = *limb & !negative | other & negative;
    }
    quotient = add(quotient, [!negative & 1, 0, 0]);
    let halves = [[reduced[0], reduced[1]], [quotient[0], quotient[1]]];
    bytes.zeroize();
    limbs.zeroize();
    wide.zeroize();
    quotient.zeroize();
    remainder.zeroize();
    reduced.zeroize();
    halves
}

/// How many bits a digit of a secret scalar covers.
pub(super) const WINDOW: usize = 6;
/// How many such digits a half has.
pub(super) const WINDOWS: usize = 22;
/// How many odd multiples such a digit may ask for: 1, 3, …, 2^6 − 1.
pub(super) const ENTRIES: usize = 1 << (WINDOW - 1);

/// A scalar as Σ_i (d_i + e_i·z²)·2^(6i) modulo r, with all d_i and e_i odd and below 2^6 in magnitude. Erased when dropped.
///
/// For digits without zeros both halves must be odd. The lattice of pairs that stand for 0 contains (1, z² − 1), which changes both
/// parities (z is even), and (−z², 1), which changes the second. So the first is added where k₁ is even, then the other where k₂ is.
/// This leaves −z² ≤ k₁ ≤ z² and 0 < k₂ ≤ 2·z².
///
/// An odd h of magnitude below 2^132 is Σ_i (2·u_i + 1 − 2^6)·2^(6i), with u_i the base-64 digits of (h − 1 + 2^132)/2.
pub(super) struct SignedDigits([[u64; 3]; 2]);

/// A number below 2^128 as Σ_i d_i·2^(6i), with all d_i odd and below 2^6 in magnitude; one too much where it is even. Erased when
/// dropped.
pub(super) struct ShortDigits {
    digits: [u64; 3],
    even: u64,
}

impl ShortDigits {
    /// The digits of k in so many windows, in constant time. They must have room for k + 1.
    pub(super) fn new(k: u128, windows: usize) -> Self {
        let even = black_box(!k as u64 & 1);
        let mut odd = add([k as u64, (k >> 64) as u64, 0], [even, 0, 0]);
        // 2^(6·windows) − 1
        let bits = WINDOW * windows;
        let limb = |i: usize| match bits.saturating_sub(64 * i) {
            0 => 0,
            rest @ 1..64 => (1 << rest) - 1,
            _ => u64::MAX,
        };
        let digits = half(add(odd, [limb(0), limb(1), limb(2)]));
        odd.zeroize();
        Self { digits, even }
    }

    /// d_i.
    pub(super) fn get(&self, i: usize) -> SignedDigit {
        digit(&self.digits, i)
    }

    /// Whether the digits say one too much.
    pub(super) fn surplus(&self) -> Choice {
        Choice::from(self.even as u8)
    }
}

impl Drop for ShortDigits {
    fn drop(&mut self) {
        self.digits.zeroize();
        self.even.zeroize();
    }
}

/// An odd number d, positive or negative.
#[derive(Clone, Copy)]
pub(super) struct SignedDigit {
    /// (|d| − 1)/2.
    pub(super) index: u64,
    /// Whether d < 0.
    pub(super) negative: bool,
}

impl SignedDigits {
    /// The digits of k, in constant time.
    pub(super) fn new(k: &Fr) -> Self {
        let mut halves = split(k);
        let mut first = [halves[0][0], halves[0][1], 0];
        let mut second = [halves[1][0], halves[1][1], 0];
        let is_even = |half: [u64; 3]| black_box(!half[0] & 1).wrapping_neg();

        let change = is_even(first);
        first = add(first, [change & 1, 0, 0]);
        second = add(second, sub(Z_SQUARED, [1, 0, 0]).map(|limb| limb & change));
        let change = is_even(second);
        first = sub(first, Z_SQUARED.map(|limb| limb & change));
        second = add(second, [change & 1, 0, 0]);

        // 2^132 − 1; adding it makes up for a difference that went below zero.
        let offset = [u64::MAX, u64::MAX, (1 << (WINDOW * WINDOWS - 128)) - 1];
        let digits = Self([half(add(first, offset)), half(add(second, offset))]);
        halves.zeroize();
        first.zeroize();
        second.zeroize();
        digits
    }

    /// d_i and e_i.
    pub(super) fn get(&self, i: usize) -> [SignedDigit; 2] {
        self.0.each_ref().map(|limbs| digit(limbs, i))
    }
}

/// The digit that a base-64 digit u of the shifted number stands for: d = 2·u + 1 − 2^6.
fn digit(limbs: &[u64; 3], i: usize) -> SignedDigit {
    let (limb, shift) = (i * WINDOW / 64, i * WINDOW % 64);
    // A digit may straddle two limbs; the shift is public.
    let above = if shift + WINDOW > 64 { limbs[limb + 1] << (64 - shift) } else { 0 };
    let u = (limbs[limb] >> shift | above) & (2 * ENTRIES as u64 - 1);
    // d is negative where the top bit of u is not set; there |d| has the complement of u.
    let negative = black_box(!u >> (WINDOW - 1) & 1);
    SignedDigit { index: (u ^ negative.wrapping_neg()) & (ENTRIES as u64 - 1), negative: negative != 0 }
}

impl Drop for SignedDigits {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// The low N limbs of a·b.
fn product<const N: usize>(a: &[u64], b: &[u64]) -> [u64; N] {
    let mut out = [0; N];
    for (i, a) in a.iter().enumerate() {
        let mut carry = 0;
        for (out, b) in out[i..].iter_mut().zip(b.iter().chain([&0])) {
            let sum = u128::from(*a) * u128::from(*b) + u128::from(*out) + u128::from(carry);
            *out = sum as u64;
            carry = (sum >> 64) as u64;
        }
    }
    out
}

/// a + b modulo 2^192.
fn add(a: [u64; 3], b: [u64; 3]) -> [u64; 3] {
    let mut carry = 0;
    core::array::from_fn(|i| {
        let sum = u128::from(a[i]) + u128::from(b[i]) + carry;
        carry = sum >> 64;
        sum as u64
    })
}

/// a − b modulo 2^192.
fn sub(a: [u64; 3], b: [u64; 3]) -> [u64; 3] {
    add(add(a, b.map(|limb| !limb)), [1, 0, 0])
}

/// ⌊a/2⌋.
fn half(a: [u64; 3]) -> [u64; 3] {
    [a[0] >> 1 | a[1] << 63, a[1] >> 1 | a[2] << 63, a[2] >> 1]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::blst::g1;
    use crate::hash::Expander;

    /// z, without its sign.
    const Z: u64 = 0xd201_0000_0001_0000;

    fn z_squared() -> Fr {
        fr::mul(&fr::from_u64(Z), &fr::from_u64(Z))
    }

    /// The scalar of an integer of two limbs.
    fn scalar(limbs: [u64; 2]) -> Fr {
        let two_to_32 = fr::from_u64(1 << 32);
        let two_to_64 = fr::mul(&two_to_32, &two_to_32);
        fr::add(&fr::from_u64(limbs[0]), &fr::mul(&fr::from_u64(limbs[1]), &two_to_64))
    }

    /// Where quotients, remainders, parities and carries turn, and many in between.
    fn scalars() -> Vec<Fr> {
        let one = fr::ONE;
        let mut scalars = vec![fr::ZERO];
        let quotients =
            [[0, 0], [1, 0], [2, 0], [Z_SQUARED[0] - 1, Z_SQUARED[1]], [Z_SQUARED[0] - 2, Z_SQUARED[1]], [7, 1 << 63]];
        for quotient in quotients {
            let multiple = fr::mul(&scalar(quotient), &z_squared());
            for near in
                [fr::sub(&multiple, &one), multiple, fr::add(&multiple, &one), fr::add(&multiple, &fr::from_u64(64))]
            {
                scalars.extend([near, fr::neg(&near)]);
            }
        }
        let mut power = one;
        for _ in 0..255 {
            scalars.extend([power, fr::sub(&power, &one), fr::neg(&power)]);
            power = fr::add(&power, &power);
        }
        for i in 0..500_u32 {
            let mut wide = [0; 64];
            Expander::XofShake256.expand(&i.to_be_bytes(), b"endomorphism test", &mut wide);
            scalars.push(fr::from_wide(&wide));
        }
        scalars
    }

    #[test]
    fn constants_follow_from_the_parameter() {
        // z² and ⌊2^255/z²⌋, by wider arithmetic.
        let z_squared = u128::from(Z) * u128::from(Z);
        let limbs = |number: u128| [number as u64, (number >> 64) as u64];
        assert_eq!(limbs(z_squared), Z_SQUARED[..2]);
        // m·z² ≤ 2^255 < (m + 1)·z²
        let below: [u64; 4] = product(&RECIPROCAL, &Z_SQUARED[..2]);
        assert_eq!(below[3] >> 63, 0);
        let above: [u64; 4] =
            product(&limbs((u128::from(RECIPROCAL[1]) << 64 | u128::from(RECIPROCAL[0])) + 1), &Z_SQUARED[..2]);
        assert_eq!(above[3] >> 63, 1);
        // β³ = 1 ≠ β, by the curve: ψ³(P) = −P needs β³ = 1, and ψ(P) = −P needs β = 1.
        let p = g1::generator();
        let thrice = apply_affine(&apply_affine(&apply_affine(&p)));
        assert!(bool::from(g1::ct_eq_affine(&thrice, &g1::neg_affine(&p))));
        assert!(!bool::from(g1::ct_eq_affine(&apply_affine(&p), &g1::neg_affine(&p))));
    }

    #[test]
    fn endomorphism_multiplies_by_z_squared() {
        for k in scalars().iter().take(20) {
            let p = g1::mul(&g1::from_affine(&g1::generator()), k);
            let expected = g1::mul(&g1::mul(&p, &fr::from_u64(Z)), &fr::from_u64(Z));
            assert!(bool::from(g1::ct_eq(&apply(&p), &expected)));
            if let Some(affine) = g1::to_affine(&p) {
                assert!(bool::from(g1::ct_eq(&g1::from_affine(&apply_affine(&affine)), &expected)));
            }
        }
    }

    #[test]
    fn halves_are_quotient_and_remainder() {
        for k in scalars() {
            let [low, high] = split(&k);
            let integer = |half: [u64; 2]| u128::from(half[1]) << 64 | u128::from(half[0]);
            assert!(integer(low) < integer([Z_SQUARED[0], Z_SQUARED[1]]));
            assert!(integer(high) < integer([Z_SQUARED[0], Z_SQUARED[1]]));
            assert_eq!(fr::add(&scalar(low), &fr::mul(&scalar(high), &z_squared())), k);
        }
    }

    #[test]
    fn short_digits_add_up() {
        for (bits, windows) in [(32, 6), (64, 11), (128, 22)] {
            let top = u128::MAX >> (128 - bits);
            for k in [0, 1, 2, 3, 63, 64, 65, top / 3, top - 2, top - 1, top] {
                let digits = ShortDigits::new(k, windows);
                let mut wide = fr::ZERO;
                for i in (0..windows).rev() {
                    let digit = digits.get(i);
                    assert!(digit.index < ENTRIES as u64);
                    let magnitude = fr::from_u64(2 * digit.index + 1);
                    wide = fr::mul(&wide, &fr::from_u64(1 << WINDOW));
                    wide = if digit.negative { fr::sub(&wide, &magnitude) } else { fr::add(&wide, &magnitude) };
                }
                let surplus = fr::from_u64(digits.surplus().unwrap_u8().into());
                assert_eq!(fr::sub(&wide, &surplus), scalar([k as u64, (k >> 64) as u64]));
                assert_eq!(bool::from(digits.surplus()), k % 2 == 0);
            }
        }
    }

    #[test]
    fn signed_digits_add_up() {
        for k in scalars() {
            let digits = SignedDigits::new(&k);
            let mut sum = fr::ZERO;
            for i in (0..WINDOWS).rev() {
                sum = fr::mul(&sum, &fr::from_u64(1 << WINDOW));
                for (digit, factor) in digits.get(i).into_iter().zip([fr::ONE, z_squared()]) {
                    assert!(digit.index < ENTRIES as u64);
                    let magnitude = fr::mul(&fr::from_u64(2 * digit.index + 1), &factor);
                    sum = if digit.negative { fr::sub(&sum, &magnitude) } else { fr::add(&sum, &magnitude) };
                }
            }
            assert_eq!(sum, k);
        }
    }
}
