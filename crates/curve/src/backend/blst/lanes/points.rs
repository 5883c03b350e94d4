//! Eight points at once: a coordinate from the other one, the subgroup check, and chains of doublings and additions.
//!
//! Source: p = 3 mod 4, so that a^((p+1)/4) is a square root of a if there is one; Scott, "A note on group membership tests for G1, G2 and GT on
//! BLS pairing-friendly curves" (2021): a point P of the curve is in the subgroup exactly if z²·P = ψ(P), with ψ as in `endomorphism`.
//!
//! Points are added in Jacobian coordinates by formulas that hold for unequal summands other than the identity, and else make Z = 0, which
//! all that follows preserves. In the subgroup check a point of the subgroup never comes to that, because its order is above all numbers
//! that occur; so Z = 0 says that it is outside. A sum with Z = 0 is left to the caller.
//!
//! Caution: for public points.

#![forbid(unsafe_code)]

use super::{Accumulator, Columns, Fp8, LANES, MODULUS, fp, store_row};
use crate::backend::blst::affine_sum::is_identity;
use crate::backend::blst::endomorphism::BETA;
use crate::backend::blst::fp::Fp;
use crate::backend::blst::g1::{Affine, Point};
use crate::backend::blst::pairing::Z;

/// For each lane a y with y² = x³ + 4, if there is one and (x, y) is in the subgroup; its sign is left open.
#[target_feature(enable = "avx512f,avx512ifma,avx512vbmi")]
pub(super) fn complete_points(x: [&Fp; LANES]) -> [Option<Fp>; LANES] {
    let x = Fp8::load(x).columns().raise::<0>().reduce();
    let one = Fp8::broadcast(&fp::ONE).columns().raise::<0>().reduce();
    let four = one.columns().add(&one).add(&one).add(&one).carry();
    let square = x.square().mul(&x).columns().add(&four).carry();
    let root = square_root(&square);
    let is_on_curve = is_zero(root.square().columns().sub(&square));
    let is_in_subgroup = is_in_subgroup(&x, &root, &one);
    let mut out = [None; LANES];
    for (lane, (out, row)) in out.iter_mut().zip(root.store()).enumerate() {
        let mut y = fp::ZERO;
        store_row(&mut y, row);
        *out = ((is_on_curve & is_in_subgroup) >> lane & 1 == 1).then_some(y);
    }
    out
}

/// In which lanes a is 0 modulo p. Needs it from −2^5·p to 2^32·p.
#[target_feature(enable = "avx512f,avx512ifma,avx512vbmi")]
fn is_zero(a: Columns) -> u8 {
    Fp8(a.raise::<5>().carry().store_lanes()).zero_limbs()
}

/// (p + 1)/4.
const ROOT_EXPONENT: [u64; 6] = {
    let mut exponent = [0; 6];
    let mut i = 0;
    while i < 6 {
        let above = if i < 5 { MODULUS[i + 1] << 62 } else { 0 };
        exponent[i] = MODULUS[i] >> 2 | above;
        i += 1;
    }
    // p = 3 mod 4, so this is (p − 3)/4 + 1.
    exponent[0] += 1;
    exponent
};

/// a^((p+1)/4), below 2·p. Needs a below 2^17·p.
#[target_feature(enable = "avx512f,avx512ifma,avx512vbmi")]
fn square_root(a: &Fp8) -> Fp8 {
    let bit = |i: usize| ROOT_EXPONENT[i / 64] >> (i % 64) & 1;
    // a, a³, …, a³¹ for windows of up to five bits, the lowest of which is set.
    let square = a.square();
    let mut odd_powers = [*a; 16];
    for i in 1..16 {
        odd_powers[i] = odd_powers[i - 1].mul(&square);
    }
    let mut power: Option<Fp8> = None;
    let mut rest = 379;
    while rest > 0 {
        let top = rest - 1;
        if bit(top) == 0 {
            power = power.map(|power| power.square());
            rest = top;
            continue;
        }
        let mut low = rest.saturating_sub(5);
        while bit(low) == 0 {
            low += 1;
        }
        let mut window = 0;
        for i in (low..rest).rev() {
            window = window << 1 | bit(i) as usize;
        }
        let factor = &odd_powers[window / 2];
        power = Some(match power {
            None => *factor,
            Some(mut power) => {
                for _ in low..rest {
                    power = power.square();
                }
                power.mul(factor)
            }
        });
        rest = low;
    }
    power.unwrap_or(*a)
}

/// Points in Jacobian coordinates below 3·p: x = X/Z², y = Y/Z³.
#[derive(Clone, Copy)]
struct Points {
    x: Fp8,
    y: Fp8,
    z: Fp8,
}

impl Points {
    /// 2·P.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi")]
    fn double(&self) -> Self {
        let slope = self.x.square();
        let b = self.y.square();
        let slope = slope.columns().add(&slope).add(&slope).carry();
        let z = self.y.mul_columns(&self.z).carry();
        let d = self.x.mul(&b);
        let d = d.columns().add(&d).add(&d).add(&d).carry();
        // X = slope² − 2·d, from −16·p to 2·p; Y = slope·(d − X) − 8·b².
        let x = slope.square_columns().sub(&d).sub(&d).raise::<5>().reduce();
        let fall = d.columns().sub(&x).raise::<2>().carry();
        let four_b = b.columns().add(&b).add(&b).add(&b).carry();
        let minus_eight_b = Fp8::zero().columns().raise::<5>().sub(&four_b).sub(&four_b).carry();
        let mut y = Accumulator::new();
        y.add_product(&slope, &fall);
        y.add_product(&b, &minus_eight_b);
        Self { x, y: y.reduce().raise::<0>().reduce(), z: z.columns().add(&z).raise::<0>().reduce() }
    }

    /// P + Q for P ≠ ±Q, P not the identity, with the affine coordinates of Q below 3·p; else Z = 0.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi")]
    fn add_affine(&self, x: &Fp8, y: &Fp8) -> Self {
        let z_squared = self.z.square();
        let (u, s) = (x.mul(&z_squared), y.mul(&self.z).mul(&z_squared));
        let run = u.columns().sub(&self.x).raise::<2>().carry();
        let rise = s.columns().sub(&self.y).raise::<2>().carry();
        let run_squared = run.square();
        let (run_cubed, v) = (run_squared.mul(&run), self.x.mul(&run_squared));
        // X = rise² − run³ − 2·v, Y = rise·(v − X) − Y·run³, Z = Z·run.
        let x = rise.square_columns().sub(&run_cubed).sub(&v).sub(&v).raise::<4>().reduce();
        let fall = v.columns().sub(&x).raise::<2>().carry();
        let opposite = Fp8::zero().columns().raise::<2>().sub(&self.y).carry();
        let mut y = Accumulator::new();
        y.add_product(&rise, &fall);
        y.add_product(&run_cubed, &opposite);
        Self { x, y: y.reduce().raise::<0>().reduce(), z: self.z.mul(&run) }
    }

    /// Q in the lanes that are set, else P.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi")]
    fn select(&self, other: &Self, lanes: u8) -> Self {
        let [x, y, z] = [(self.x, other.x), (self.y, other.y), (self.z, other.z)].map(|(p, q)| p.select(&q, lanes));
        Self { x, y, z }
    }

    /// P + Q for P ≠ ±Q, neither of them the identity; else Z = 0.
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi")]
    fn add(&self, other: &Self) -> Self {
        let (z1_squared, z2_squared) = (self.z.square(), other.z.square());
        let (u1, u2) = (self.x.mul(&z2_squared), other.x.mul(&z1_squared));
        let (s1, s2) = (self.y.mul(&other.z).mul(&z2_squared), other.y.mul(&self.z).mul(&z1_squared));
        let run = u2.columns().sub(&u1).raise::<1>().carry();
        let rise = s2.columns().sub(&s1).raise::<1>().carry();
        let run_squared = run.square();
        let (run_cubed, v) = (run_squared.mul(&run), u1.mul(&run_squared));
        // X = rise² − run³ − 2·v, Y = rise·(v − X) − s₁·run³, Z = Z₁·Z₂·run.
        let x = rise.square_columns().sub(&run_cubed).sub(&v).sub(&v).raise::<4>().reduce();
        let fall = v.columns().sub(&x).raise::<2>().carry();
        let y = rise.mul_columns(&fall).sub(&s1.mul(&run_cubed)).raise::<2>().reduce();
        let z = self.z.mul(&other.z).mul(&run);
        Self { x, y, z }
    }

    /// |z|·P, as far as additions allow.
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi")]
    fn times_z(&self) -> Self {
        let mut multiple = *self;
        for bit in (0..63).rev() {
            multiple = multiple.double();
            if Z >> bit & 1 == 1 {
                multiple = multiple.add(self);
            }
        }
        multiple
    }
}

/// In which lanes (x, y) is in the subgroup. Needs coordinates below 3·p, and points of the curve.
#[target_feature(enable = "avx512f,avx512ifma,avx512vbmi")]
fn is_in_subgroup(x: &Fp8, y: &Fp8, one: &Fp8) -> u8 {
    let multiple = Points { x: *x, y: *y, z: *one }.times_z().times_z();
    // ψ(x, y) = (β·x, −y).
    let z_squared = multiple.z.square();
    let image_x = x.mul(&Fp8::broadcast(&BETA)).mul(&z_squared);
    let minus_image_y = y.mul(&multiple.z).mul(&z_squared);
    !is_zero(multiple.z.columns())
        & is_zero(image_x.columns().sub(&multiple.x))
        & is_zero(minus_image_y.columns().add(&multiple.y))
}

/// As `Processor::add_up`.
#[target_feature(enable = "avx512f,avx512ifma,avx512vbmi")]
pub(super) fn add_up(points: &[Affine], lengths: &[usize], sums: usize, step: usize) -> Vec<Option<Point>> {
    let one = Fp8::broadcast(&fp::ONE).columns().raise::<0>().reduce();
    let mut results = Vec::with_capacity(sums);
    for first in (0..sums).step_by(LANES) {
        let lanes = LANES.min(sums - first);
        let mut sum = Points { x: Fp8::zero(), y: Fp8::zero(), z: Fp8::zero() };
        let mut started = 0;
        let mut start = 0;
        for lengths in lengths.chunks_exact(sums) {
            if started != 0 {
                for _ in 0..step {
                    sum = sum.double();
                }
            }
            // Where the list of each lane begins.
            let mut starts = [start; LANES];
            for (i, length) in lengths.iter().enumerate() {
                if (first..first + lanes).contains(&i) {
                    starts[i - first] = start;
                }
                start += length;
            }
            let these = &lengths[first..first + lanes];
            for i in 0..these.iter().copied().max().unwrap_or(0) {
                let mut summands = [&points[0]; LANES];
                let mut adding = 0;
                for (lane, length) in these.iter().enumerate() {
                    // Where points have cancelled there is the identity, to which the formulas do not apply.
                    if i < *length && !is_identity(&points[starts[lane] + i]) {
                        summands[lane] = &points[starts[lane] + i];
                        adding |= 1 << lane;
                    }
                }
                let x = Fp8::load(summands.map(|point| &point.x)).columns().raise::<0>().reduce();
                let y = Fp8::load(summands.map(|point| &point.y)).columns().raise::<0>().reduce();
                sum = sum.select(&sum.add_affine(&x, &y), adding & started);
                sum = sum.select(&Points { x, y, z: one }, adding & !started);
                started |= adding;
            }
        }
        let at_infinity = is_zero(sum.z.columns());
        let (x, y, z) = (sum.x.store(), sum.y.store(), sum.z.store());
        for lane in 0..lanes {
            let mut point = Point::default();
            if started >> lane & 1 == 1 {
                store_row(&mut point.x, x[lane]);
                store_row(&mut point.y, y[lane]);
                store_row(&mut point.z, z[lane]);
            }
            results.push(((at_infinity & started) >> lane & 1 == 0).then_some(point));
        }
    }
    results
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_exponent_is_a_quarter_of_p_plus_one() {
        // Four times it is p + 1.
        let mut carry = 0_u64;
        for (i, limb) in ROOT_EXPONENT.iter().enumerate() {
            assert_eq!(limb << 2 | carry, MODULUS[i] + u64::from(i == 0));
            carry = limb >> 62;
        }
        assert_eq!(carry, 0);
        assert_eq!(ROOT_EXPONENT[378 / 64] >> (378 % 64), 1);
    }
}
