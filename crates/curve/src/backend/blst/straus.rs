//! Sums of public multiples: one chain of doublings for all bases, two half-length scalars for each.
//!
//! Source: Straus, "Addition Chains of Vectors" (1964), interleaved with non-adjacent forms (Möller 2001) over the halves that
//! [`endomorphism`] gives. Many points go to blst's implementation of Pippenger's method instead.
//!
//! Timing: variable. For public inputs only.

#![forbid(unsafe_code)]

use super::endomorphism::{self, NAF_DIGITS, naf_vartime, split};
use super::fp;
use super::fr::Fr;
use super::g1::{self, Affine, Point};

/// The width of the digits over bases that come as they are, and how many odd multiples of such a base are needed.
const FRESH_WIDTH: u32 = 5;
const FRESH_MULTIPLES: usize = 1 << (FRESH_WIDTH - 2);
/// The same for bases with a table.
const FIXED_WIDTH: u32 = 8;
const FIXED_MULTIPLES: usize = 1 << (FIXED_WIDTH - 2);
/// From how many bases without a table on Pippenger's method is faster.
const MANY: usize = 64;

/// P, 3·P, …, 127·P: 6 KiB.
#[derive(Clone)]
pub struct VartimeTable(Box<[Affine]>);

impl VartimeTable {
    /// The odd multiples of a base.
    pub fn new(base: &Affine) -> Self {
        Self(multiples(&[*base], FIXED_MULTIPLES).into())
    }

    /// P.
    pub fn base(&self) -> &Affine {
        &self.0[0]
    }
}

/// The odd multiples of these bases; cheaper together than one by one.
pub fn vartime_tables(bases: &[Affine]) -> Vec<VartimeTable> {
    let points = multiples(bases, FIXED_MULTIPLES);
    points.chunks_exact(FIXED_MULTIPLES).map(|multiples| VartimeTable(multiples.into())).collect()
}

/// P, 3·P, …, (2n − 1)·P of each base in turn.
fn multiples(bases: &[Affine], n: usize) -> Vec<Affine> {
    let mut points = Vec::with_capacity(n * bases.len());
    for base in bases {
        let twice = g1::double(&g1::from_affine(base));
        let mut multiple = g1::from_affine(base);
        points.push(multiple);
        for j in 1..n {
            multiple = if j == 1 { g1::add_affine_unequal(&twice, base) } else { g1::add(&multiple, &twice) };
            points.push(multiple);
        }
    }
    // None is the identity: the order is a prime beyond all these factors.
    g1::batch_to_affine(&points).into_iter().flatten().collect()
}

/// Digits over the odd multiples of a base, or over their images under ψ.
struct Track<'a> {
    digits: [i8; NAF_DIGITS],
    multiples: &'a [Affine],
    /// Whether ψ remains to be applied.
    image: bool,
}

/// Σ k·P over bases with and without tables.
pub fn sum_vartime(fixed: &[(&VartimeTable, &Fr)], fresh: &[(&Affine, &Fr)]) -> Point {
    if fresh.len() >= MANY {
        let with_tables = fixed.iter().map(|(multiples, k)| (multiples.base(), *k));
        return g1::msm_vartime(fresh.iter().copied().chain(with_tables));
    }
    straus(fixed, fresh)
}

fn straus(fixed: &[(&VartimeTable, &Fr)], fresh: &[(&Affine, &Fr)]) -> Point {
    let bases: Vec<Affine> = fresh.iter().map(|(base, _)| **base).collect();
    let tables = multiples(&bases, FRESH_MULTIPLES);
    let images: Vec<Affine> = tables.iter().map(endomorphism::apply_affine).collect();

    let mut tracks = Vec::with_capacity(2 * (fixed.len() + fresh.len()));
    for (VartimeTable(multiples), k) in fixed {
        for (half, image) in split(k).into_iter().zip([false, true]) {
            tracks.push(Track { digits: naf_vartime(half, FIXED_WIDTH), multiples, image });
        }
    }
    let tables = tables.chunks_exact(FRESH_MULTIPLES).zip(images.chunks_exact(FRESH_MULTIPLES));
    for ((_, k), (multiples, images)) in fresh.iter().zip(tables) {
        for (half, multiples) in split(k).into_iter().zip([multiples, images]) {
            tracks.push(Track { digits: naf_vartime(half, FRESH_WIDTH), multiples, image: false });
        }
    }

    let length = tracks.iter().filter_map(|track| track.digits.iter().rposition(|digit| *digit != 0)).max();
    let mut sum = g1::identity();
    for i in (0..=length.unwrap_or(0)).rev() {
        sum = g1::double(&sum);
        for track in &tracks {
            let digit = track.digits[i];
            if digit == 0 {
                continue;
            }
            let multiple = &track.multiples[usize::from(digit.unsigned_abs()) / 2];
            let multiple = if track.image { &endomorphism::apply_affine(multiple) } else { multiple };
            let point = Affine { x: multiple.x, y: fp::negate_if(&multiple.y, digit < 0) };
            sum = add_vartime(&sum, &point);
        }
    }
    sum
}

/// p + q, by the cheaper formula wherever it holds.
fn add_vartime(p: &Point, q: &Affine) -> Point {
    let sum = g1::add_affine_unequal(p, q);
    if sum.z.l == [0; 6] { g1::add_affine(p, q) } else { sum }
}
