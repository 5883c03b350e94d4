//! Sums of public multiples: one chain of doublings for all bases, and two half-length scalars for each.
//!
//! Source: Straus, "Addition Chains of Vectors" (1964), interleaved with non-adjacent forms (Möller 2001) over the halves that
//! [`endomorphism`] gives. What falls on the same doubling is summed in affine coordinates before the chain begins. Very many
//! points go to blst's implementation of Pippenger's method instead, also in halves.
//!
//! Timing: variable. For public inputs only.

#![forbid(unsafe_code)]

use super::affine_sum::Adder;
use super::endomorphism::{self, NAF_DIGITS, naf_vartime, split};
use super::fp;
use super::fr::{self, Fr};
use super::g1::{self, Affine, Point};

/// The width of the digits over bases that come as they are; they need the odd multiples below 2^(width−1).
const FRESH_WIDTH: u32 = 5;
/// The same over bases with a table.
const FIXED_WIDTH: u32 = 8;
/// From how many half-length scalars on Pippenger's method is faster.
const MANY: usize = 220;
/// About how many points are summed at once. It bounds the scratch space, to about 100 KiB.
const GROUP: usize = 768;

/// P, 3·P, …, 127·P: 6 KiB.
#[derive(Clone)]
pub struct VartimeTable(Box<[Affine]>);

impl VartimeTable {
    /// The odd multiples of a base.
    pub fn new(base: &Affine) -> Self {
        Self(odd_multiples(&[*base], FIXED_WIDTH).into())
    }

    /// P.
    pub fn base(&self) -> &Affine {
        &self.0[0]
    }
}

/// The odd multiples of these bases; cheaper together than one by one.
pub fn vartime_tables(bases: &[Affine]) -> Vec<VartimeTable> {
    let multiples = odd_multiples(bases, FIXED_WIDTH);
    multiples.chunks_exact(1 << (FIXED_WIDTH - 2)).map(|multiples| VartimeTable(multiples.into())).collect()
}

/// P, 3·P, …, (2^(width−1) − 1)·P of each base in turn.
fn odd_multiples(bases: &[Affine], width: u32) -> Vec<Affine> {
    let count = 1 << (width - 2);
    let mut points = vec![Affine::default(); (count + 1) * bases.len()];
    // Behind the multiples, one point for each base that is doubled each round.
    let power = |b: usize| count * bases.len() + b;
    for (b, base) in bases.iter().enumerate() {
        points[b * count] = *base;
        points[power(b)] = *base;
    }
    let mut adder = Adder::default();
    let mut pairs: Vec<(usize, usize)> = (0..bases.len()).map(|b| (power(b), power(b))).collect();
    adder.add_pairs_vartime(&mut points, &pairs);
    // With 2^i odd multiples and 2^(i+1) times the base come the next 2^i odd multiples.
    let mut have = 1;
    while have < count {
        if 2 * have == count {
            // The powers have served.
            pairs.clear();
        }
        for b in 0..bases.len() {
            for j in b * count..b * count + have {
                points[j + have] = points[j];
                pairs.push((j + have, power(b)));
            }
        }
        adder.add_pairs_vartime(&mut points, &pairs);
        have *= 2;
        pairs.truncate(bases.len());
    }
    points.truncate(count * bases.len());
    points
}

/// Σ k·P over bases with and without tables.
pub fn sum_vartime(fixed: &[(&VartimeTable, &Fr)], fresh: &[(&Affine, &Fr)]) -> Point {
    let fresh: Vec<(&Affine, &Fr)> = fresh.iter().copied().filter(|(_, k)| **k != fr::ZERO).collect();
    let halves: Vec<[[u64; 2]; 2]> = fresh.iter().map(|(_, k)| split(k)).collect();
    if halves.iter().flatten().filter(|half| **half != [0; 2]).count() >= MANY {
        return pippenger(fixed, &fresh, &halves);
    }
    let bases: Vec<Affine> = fresh.iter().map(|(base, _)| **base).collect();
    let multiples = odd_multiples(&bases, FRESH_WIDTH);

    let mut tracks = Vec::with_capacity(2 * (fixed.len() + fresh.len()));
    for (table, k) in fixed {
        let [low, high] = split(k).map(|half| naf_vartime(half, FIXED_WIDTH));
        tracks.push(Track { digits: low, multiples: &table.0, image: false });
        tracks.push(Track { digits: high, multiples: &table.0, image: true });
    }
    for (halves, multiples) in halves.iter().zip(multiples.chunks_exact(1 << (FRESH_WIDTH - 2))) {
        let [low, high] = halves.map(|half| naf_vartime(half, FRESH_WIDTH));
        tracks.push(Track { digits: low, multiples, image: false });
        tracks.push(Track { digits: high, multiples, image: true });
    }
    straus(&tracks)
}

/// A half-length scalar over the odd multiples of a base, or over their images under ψ.
struct Track<'a> {
    digits: [i8; NAF_DIGITS],
    multiples: &'a [Affine],
    image: bool,
}

impl Track<'_> {
    /// What the digit at this place contributes, before doublings.
    fn point(&self, place: usize) -> Option<Affine> {
        let digit = self.digits[place];
        if digit == 0 {
            return None;
        }
        let multiple = &self.multiples[usize::from(digit.unsigned_abs()) / 2];
        let multiple = if self.image { &endomorphism::apply_affine(multiple) } else { multiple };
        Some(Affine { x: multiple.x, y: fp::negate_if(&multiple.y, digit < 0) })
    }
}

fn straus(tracks: &[Track<'_>]) -> Point {
    let mut adder = Adder::default();
    let (mut points, mut lengths) = (Vec::with_capacity(GROUP + tracks.len()), Vec::with_capacity(NAF_DIGITS));
    let mut sum = Sum::default();
    let mut places = (0..NAF_DIGITS).rev().peekable();
    while places.peek().is_some() {
        points.clear();
        lengths.clear();
        while points.len() < GROUP
            && let Some(place) = places.next()
        {
            let before = points.len();
            points.extend(tracks.iter().filter_map(|track| track.point(place)));
            lengths.push(points.len() - before);
        }
        adder.shorten_lists_vartime(&mut points, &mut lengths);
        let mut rest = points.iter();
        for length in &lengths {
            sum.double();
            rest.by_ref().take(*length).for_each(|point| sum.add_vartime(point));
        }
    }
    sum.points[sum.current]
}

/// A sum, and a place for the next one: cheaper than a copy after each addition.
#[derive(Default)]
struct Sum {
    points: [Point; 2],
    current: usize,
    /// Whether anything has been added.
    started: bool,
}

impl Sum {
    fn double(&mut self) {
        if self.started {
            g1::double_assign(&mut self.points[self.current]);
        }
    }

    /// Adds q, by the cheaper formula wherever it holds.
    fn add_vartime(&mut self, q: &Affine) {
        self.started = true;
        let [first, second] = &mut self.points;
        let (p, out) = if self.current == 0 { (first, second) } else { (second, first) };
        g1::add_unequal_affine_to(out, p, q);
        if out.z.l == [0; 6] {
            g1::add_assign_affine(p, q);
        } else {
            self.current = 1 - self.current;
        }
    }
}

fn pippenger(fixed: &[(&VartimeTable, &Fr)], fresh: &[(&Affine, &Fr)], halves: &[[[u64; 2]; 2]]) -> Point {
    let bases = fixed.iter().map(|(table, _)| table.base()).chain(fresh.iter().map(|(base, _)| *base));
    let fixed_halves = fixed.iter().map(|(_, k)| split(k));
    let terms: Vec<(Affine, Fr)> = bases
        .zip(fixed_halves.chain(halves.iter().copied()))
        .flat_map(|(base, [low, high])| [(*base, low), (endomorphism::apply_affine(base), high)])
        .map(|(point, half)| (point, fr::from_limbs(half)))
        .collect();
    g1::msm_vartime(terms.iter().map(|(point, k)| (point, k)))
}
