//! Additions of affine points in lanes: eight running products, joined to one inversion.
//!
//! Caution: for public points.

#![forbid(unsafe_code)]

use super::{Fp8, LANES, fp, store_row};
use crate::backend::blst::fp::Fp;
use crate::backend::blst::g1::Affine;

/// Space that is used again.
#[derive(Default)]
pub(in super::super) struct Scratch(Vec<Step>);

/// What the first pass leaves for the second.
struct Step {
    /// The denominators of the slopes: below 2^33·p.
    runs: Fp8,
    /// The products of all runs before: below 3·p.
    before: Fp8,
    /// In which lanes a point is doubled.
    tangents: u8,
}

/// The points at one side of eight pairs. Where there are fewer pairs, the last one fills up.
#[inline]
fn gather<'a>(
    points: &'a [Affine],
    pairs: &[(usize, usize)],
    side: impl Fn(&(usize, usize)) -> usize,
    coordinate: impl Fn(&'a Affine) -> &'a Fp,
) -> [&'a Fp; LANES] {
    core::array::from_fn(|lane| coordinate(&points[side(&pairs[lane.min(pairs.len() - 1)])]))
}

/// As `Processor::add_pairs_vartime`.
#[target_feature(enable = "avx512f,avx512ifma,avx512vbmi")]
pub(super) fn add_pairs_vartime(points: &mut [Affine], pairs: &[(usize, usize)], scratch: &mut Scratch) -> bool {
    let Scratch(steps) = scratch;
    steps.clear();
    let mut product = Fp8::broadcast(&fp::ONE).columns().raise::<0>().reduce();
    for pairs in pairs.chunks(LANES) {
        let x1 = Fp8::load(gather(points, pairs, |pair| pair.0, |point| &point.x));
        let x2 = Fp8::load(gather(points, pairs, |pair| pair.1, |point| &point.x));
        let y1 = Fp8::load(gather(points, pairs, |pair| pair.0, |point| &point.y));
        let y2 = Fp8::load(gather(points, pairs, |pair| pair.1, |point| &point.y));
        let tangents = x1.same_limbs(&x2);
        // No point has y = 0 but the one that stands for the identity.
        if (y1.zero_limbs() | y2.zero_limbs() | tangents & !y1.same_limbs(&y2)) != 0 {
            return false;
        }
        let mut runs = x2.columns().sub(&x1).raise::<32>().carry();
        if tangents != 0 {
            runs = runs.select(&y1.columns().add(&y1).carry(), tangents);
        }
        steps.push(Step { runs, before: product, tangents });
        product = product.mul(&runs);
    }
    // No run is 0: where two points have the same x, it is 2·y.
    let Some(mut inverse) = product.invert() else { return false };
    for (pairs, Step { runs, before, tangents }) in pairs.chunks(LANES).zip(&*steps).rev() {
        let x1 = Fp8::load(gather(points, pairs, |pair| pair.0, |point| &point.x));
        let x2 = Fp8::load(gather(points, pairs, |pair| pair.1, |point| &point.x));
        let y1 = Fp8::load(gather(points, pairs, |pair| pair.0, |point| &point.y));
        let y2 = Fp8::load(gather(points, pairs, |pair| pair.1, |point| &point.y));
        let reciprocal = inverse.mul(before);
        inverse = inverse.mul(runs);
        let mut rise = y2.columns().sub(&y1).raise::<32>().carry();
        if *tangents != 0 {
            // 3·x², below 2^31·p: (2^64·p² + 2^416·p)/2^416 < 2^29·p.
            let square = x1.square();
            rise = rise.select(&square.columns().add(&square).add(&square).carry(), *tangents);
        }
        let slope = reciprocal.mul(&rise);
        // x₃ = λ² − x₁ − x₂, below 2^33·p + 2·p; y₃ = λ·(x₁ − x₃) − y₁.
        let x3 = slope.square_columns().sub(&x1).sub(&x2).raise::<33>().carry();
        let fall = x1.columns().sub(&x3).raise::<33>().raise::<1>().carry();
        let y3 = slope.mul_columns(&fall).sub(&y1).raise::<32>().carry();
        let (x3, y3) = (x3.store(), y3.store());
        for (lane, (i, _)) in pairs.iter().enumerate() {
            store_row(&mut points[*i].x, x3[lane]);
            store_row(&mut points[*i].y, y3[lane]);
        }
    }
    true
}
