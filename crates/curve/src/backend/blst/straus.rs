//! Sums of public multiples: one chain of doublings for all bases of a sum, and two half-length scalars for each.
//!
//! Source: Straus, "Addition Chains of Vectors" (1964), with signed digits of a fixed width over the halves that [`endomorphism`] gives.
//! All digits stand on multiples of [`STEP`] bits, so that everything which falls on one place, of all sums that are wanted, is added up
//! in affine coordinates with shared inversions before the doublings begin; a sum then adds about one point for each place. Very many
//! points are summed in parts or, on processors without lanes, by blst's implementation of Pippenger's method, also in halves.
//!
//! Timing: variable. For public inputs only.

#![forbid(unsafe_code)]

use super::affine_sum::Adder;
use super::endomorphism::{self, split};
use super::fp;
use super::fr::{self, Fr};
use super::g1::{self, Affine, Point};
use super::lanes::Processor;

/// How many bits lie between two places, which is the width of digits over bases that come as they are.
const STEP: usize = 5;
/// How many places a half-length scalar has: they cover 130 bits.
const PLACES: usize = 26;
/// The width of digits over bases with a table, in places.
const FIXED_PLACES: usize = 2;
/// How many multiples a base needs that comes as it is: 1, 2, …, 2^4.
const FRESH_MULTIPLES: usize = 1 << (STEP - 1);
/// How many multiples a table holds: 1, 2, …, 2^9.
const FIXED_MULTIPLES: usize = 1 << (FIXED_PLACES * STEP - 1);
/// From how many half-length scalars on Pippenger's method is faster, where additions go one by one.
const MANY: usize = 220;
/// How many bases without tables are summed at once where additions go eight at a time, which is faster than Pippenger's method for any
/// number, as long as the multiples stay in the cache: they take 400 KiB.
const PART: usize = 256;
/// About how many points are summed at once. It bounds the scratch space, to about 300 KiB.
const GROUP: usize = 2048;

/// P, 2·P, …, 512·P: 48 KiB.
#[derive(Clone)]
pub struct VartimeTable(Box<[Affine]>);

impl VartimeTable {
    /// How many bytes it takes.
    pub fn bytes(&self) -> usize {
        size_of_val(&*self.0)
    }

    /// The multiples of a base.
    pub fn new(base: &Affine) -> Self {
        Self(multiples(&[*base], FIXED_MULTIPLES).into())
    }

    /// P.
    pub fn base(&self) -> &Affine {
        &self.0[0]
    }
}

/// The multiples of these bases; cheaper together than one by one.
pub fn vartime_tables(bases: &[Affine]) -> Vec<VartimeTable> {
    let multiples = multiples(bases, FIXED_MULTIPLES);
    multiples.chunks_exact(FIXED_MULTIPLES).map(|multiples| VartimeTable(multiples.into())).collect()
}

/// P, 2·P, …, count·P of each base in turn; `count` is a power of two.
fn multiples(bases: &[Affine], count: usize) -> Vec<Affine> {
    let mut points = vec![Affine::default(); count * bases.len()];
    for (b, base) in bases.iter().enumerate() {
        points[b * count] = *base;
    }
    let mut adder = Adder::default();
    let mut pairs = Vec::with_capacity(points.len() / 2);
    let mut have = 1;
    while have < count {
        // With the first n multiples come the next n: j·P + n·P for 1 ≤ j ≤ n.
        pairs.clear();
        for start in (0..points.len()).step_by(count) {
            for j in start..start + have {
                points[j + have] = points[j];
                pairs.push((j + have, start + have - 1));
            }
        }
        adder.add_pairs_vartime(&mut points, &pairs);
        have *= 2;
    }
    points
}

/// The summands of one sum.
pub struct Terms<'a> {
    /// Bases with tables.
    pub fixed: Vec<(&'a VartimeTable, &'a Fr)>,
    /// Bases as they come.
    pub fresh: Vec<(&'a Affine, &'a Fr)>,
}

/// Σ k·P, for each of several sums. Cheaper together than one by one.
pub fn sums_vartime(sums: &[Terms<'_>]) -> Vec<Point> {
    sums_with(sums, Processor::detect())
}

fn sums_with(sums: &[Terms<'_>], lanes: Option<Processor>) -> Vec<Point> {
    if lanes.is_none() && sums.iter().any(|terms| terms.halves() >= MANY) {
        return sums.iter().map(pippenger).collect();
    }
    if lanes.is_some() && sums.iter().any(|terms| terms.fresh.len() > PART) {
        let sum_of_parts = |terms: &Terms<'_>| {
            let fixed = Terms { fixed: terms.fixed.clone(), fresh: Vec::new() };
            let parts = terms.fresh.chunks(PART).map(|part| Terms { fixed: Vec::new(), fresh: part.to_vec() });
            let sums = [fixed].into_iter().chain(parts).flat_map(|part| sums_with(&[part], lanes));
            sums.fold(g1::identity(), |sum, part| g1::add(&sum, &part))
        };
        return sums.iter().map(sum_of_parts).collect();
    }
    let mut bases: Vec<Affine> = Vec::new();
    // For each base of each sum that is multiplied, which of the different ones it is.
    let mut places = Vec::new();
    for (base, _) in sums.iter().flat_map(|terms| &terms.fresh).filter(|(_, k)| **k != fr::ONE) {
        let known = bases.iter().position(|other| other.x.l == base.x.l && other.y.l == base.y.l);
        places.push(known.unwrap_or_else(|| {
            bases.push(**base);
            bases.len() - 1
        }));
    }
    let multiples = multiples(&bases, FRESH_MULTIPLES);
    let mut places = places.into_iter();
    let mut tracks = Vec::with_capacity(sums.len());
    for terms in sums {
        let mut these = Vec::with_capacity(2 * (terms.fixed.len() + terms.fresh.len()));
        for (table, k) in &terms.fixed {
            these.extend(Track::both(FIXED_PLACES, &table.0, k));
        }
        for (base, k) in &terms.fresh {
            if **k == fr::ONE {
                these.push(Track::once(base));
            } else if let Some(place) = places.next() {
                these.extend(Track::both(1, &multiples[place * FRESH_MULTIPLES..][..FRESH_MULTIPLES], k));
            }
        }
        tracks.push(these);
    }
    straus(&tracks, lanes)
}

impl Terms<'_> {
    /// How many half-length scalars over bases without tables are not 0.
    fn halves(&self) -> usize {
        self.fresh.iter().flat_map(|(_, k)| split(k)).filter(|half| *half != [0; 2]).count()
    }
}

/// A half-length scalar over the multiples of a base, or over their images under ψ.
struct Track<'a> {
    /// A digit for each place; 0 where the digits of this track skip it.
    digits: [i16; PLACES],
    multiples: &'a [Affine],
    image: bool,
}

impl<'a> Track<'a> {
    /// The two halves of k, with digits that cover `step` places.
    fn both(step: usize, multiples: &'a [Affine], k: &Fr) -> [Self; 2] {
        let [low, high] = split(k).map(|half| digits(half, step));
        [Self { digits: low, multiples, image: false }, Self { digits: high, multiples, image: true }]
    }

    /// A base that is added once.
    fn once(base: &'a Affine) -> Self {
        let mut digits = [0; PLACES];
        digits[0] = 1;
        Self { digits, multiples: core::slice::from_ref(base), image: false }
    }

    /// Appends what the digit at this place contributes, before doublings and before ψ.
    fn append_point(&self, place: usize, points: &mut Vec<Affine>) {
        let digit = self.digits[place];
        if digit != 0 {
            points.push(self.multiples[usize::from(digit.unsigned_abs()) - 1]);
        }
        if digit < 0
            && let Some(point) = points.last_mut()
        {
            fp::negate(&mut point.y);
        }
    }
}

/// Signed digits of `step` places each, the least significant first: each at most 2^(step·STEP − 1) in magnitude.
fn digits(half: [u64; 2], step: usize) -> [i16; PLACES] {
    let width = step * STEP;
    let (modulus, half_modulus) = (1_i32 << width, 1_i32 << (width - 1));
    let rest = u128::from(half[0]) | u128::from(half[1]) << 64;
    let mut digits = [0; PLACES];
    let mut carry = 0;
    for (i, digit) in digits.iter_mut().step_by(step).enumerate() {
        // The top digit has fewer bits than the width, so it can take the carry.
        let window = (rest >> (i * width)) as i32 & (modulus - 1);
        let value = window + carry;
        carry = i32::from(value > half_modulus);
        *digit = (value - (carry << width)) as i16;
    }
    digits
}

fn straus(sums: &[Vec<Track<'_>>], lanes: Option<Processor>) -> Vec<Point> {
    let mut adder = Adder::default();
    let room = GROUP + sums.iter().map(Vec::len).sum::<usize>();
    let (mut points, mut lengths) = (Vec::with_capacity(room), Vec::with_capacity(2 * PLACES * sums.len()));
    let mut joined = Vec::with_capacity(PLACES * sums.len());
    // What is left of each place, and how much for each sum.
    let (mut summands, mut counts) = (Vec::new(), Vec::with_capacity(PLACES * sums.len()));
    let mut places = (0..PLACES).rev().peekable();
    while places.peek().is_some() {
        points.clear();
        lengths.clear();
        while points.len() < GROUP
            && let Some(place) = places.next()
        {
            for tracks in sums {
                // First what comes as it is, then what ψ is applied to once it is added up.
                for image in [false, true] {
                    let before = points.len();
                    let these = tracks.iter().filter(|track| track.image == image);
                    these.for_each(|track| track.append_point(place, &mut points));
                    lengths.push(points.len() - before);
                }
            }
        }
        adder.shorten_lists_vartime(&mut points, &mut lengths);
        let mut start = 0;
        joined.clear();
        for lengths in lengths.chunks_exact(2) {
            let (middle, end) = (start + lengths[0], start + lengths[0] + lengths[1]);
            points[middle..end].iter_mut().for_each(endomorphism::assign_affine);
            joined.push(end - start);
            start = end;
        }
        adder.shorten_lists_vartime(&mut points, &mut joined);
        summands.extend_from_slice(&points);
        counts.extend_from_slice(&joined);
    }
    let one_by_one = |sum| add_up_vartime(&summands, &counts, sums.len(), sum);
    match lanes {
        // One sum alone would leave most lanes empty.
        Some(processor) if sums.len() > 1 => {
            let results = processor.add_up(&summands, &counts, sums.len(), STEP);
            results.into_iter().enumerate().map(|(i, sum)| sum.unwrap_or_else(|| one_by_one(i))).collect()
        }
        _ => (0..sums.len()).map(one_by_one).collect(),
    }
}

/// Adds up one of so many sums: the points of each place, from the highest to the lowest, with the doublings between.
fn add_up_vartime(points: &[Affine], counts: &[usize], sums: usize, which: usize) -> Point {
    let mut sum = Sum::default();
    let mut rest = points.iter();
    for (i, count) in counts.iter().enumerate() {
        let these = rest.by_ref().take(*count);
        if i % sums == which {
            (0..STEP).for_each(|_| sum.double());
            these.for_each(|point| sum.add_vartime(point));
        } else {
            these.for_each(drop);
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

fn pippenger(terms: &Terms<'_>) -> Point {
    let fixed = terms.fixed.iter().map(|(table, k)| (table.base(), *k));
    let halves: Vec<(Affine, Fr)> = fixed
        .chain(terms.fresh.iter().copied())
        .flat_map(|(base, k)| {
            let [low, high] = split(k);
            [(*base, low), (endomorphism::apply_affine(base), high)]
        })
        .filter(|(_, half)| *half != [0; 2])
        .map(|(point, half)| (point, fr::from_limbs(half)))
        .collect();
    g1::msm_vartime(halves.iter().map(|(point, half)| (point, half)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_add_up() {
        let mut half = [0x0123_4567_89ab_cdef_u64, 0xfedc_ba98_7654_3210];
        for round in 0..200_u64 {
            for half in [half, [u64::MAX; 2], [0, 1 << 63], [half[0], 0], [round, 0]] {
                for step in [1, FIXED_PLACES] {
                    // Modulo 2^128, which is more than the value and its carries can hide.
                    let expected = u128::from(half[0]) | u128::from(half[1]) << 64;
                    let digits = digits(half, step);
                    let sum = digits.iter().rev().fold(0_u128, |sum, digit| {
                        sum.wrapping_shl(STEP as u32).wrapping_add_signed(i128::from(*digit))
                    });
                    assert_eq!(sum, expected);
                    assert!(digits.iter().all(|digit| digit.unsigned_abs() <= 1 << (step * STEP - 1)));
                    assert!(digits.last().is_none_or(|top| step > 1 || (0..=8).contains(top)));
                    assert!(digits.iter().enumerate().all(|(place, digit)| place % step == 0 || *digit == 0));
                }
            }
            half = [half[1].rotate_left(13) ^ round, half[0].wrapping_mul(0x9e37_79b9_7f4a_7c15)];
        }
    }

    #[test]
    fn adds_up_alike_with_and_without_lanes() {
        // Few different points, so that equal and opposite ones and the identity come up; and sums without any.
        let multiples = multiples(&[g1::generator()], 8);
        let both_signs = multiples.iter().flat_map(|point| [*point, g1::neg_affine(point)]);
        // And (0, 0), which stands for the identity.
        let few: Vec<Affine> = both_signs.chain([Affine::default(); 2]).collect();
        let mut state = 1_u32;
        let mut random = |bound: u32| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 16) % bound
        };
        let Some(processor) = Processor::detect() else { return };
        let mut left_out = 0;
        for sums in [1, 2, 3, 7, 8, 9, 17] {
            for (places, most) in [(1, 2), (2, 3), (PLACES, 1), (PLACES, 4)] {
                let counts: Vec<usize> = (0..places * sums).map(|_| random(most + 1) as usize).collect();
                let total: usize = counts.iter().sum();
                let points: Vec<Affine> = (0..total).map(|_| few[random(few.len() as u32) as usize]).collect();
                let results = processor.add_up(&points, &counts, sums, STEP);
                assert_eq!(results.len(), sums);
                for (i, result) in results.iter().enumerate() {
                    let expected = add_up_vartime(&points, &counts, sums, i);
                    left_out += u32::from(result.is_none());
                    assert!(result.is_none_or(|result| bool::from(g1::ct_eq(&result, &expected))));
                }
            }
        }
        assert!((1..100).contains(&left_out));
    }

    #[test]
    fn sums_alike_with_and_without_lanes() {
        let bases = multiples(&[g1::generator()], 16);
        let scalar = |i: u64| fr::invert(&fr::from_u64(i));
        let scalars: Vec<Fr> = (0..16).map(scalar).collect();
        for count in [1, 2, 5, 9] {
            let tracks: Vec<Vec<Track<'_>>> = (0..count)
                .map(|sum| {
                    let terms = scalars.iter().zip(&bases).skip(sum);
                    terms
                        .flat_map(|(k, base)| [Track::once(base)].into_iter().chain(Track::both(1, &bases, k)))
                        .collect()
                })
                .collect();
            let [one, other] = [Processor::detect(), None].map(|lanes| straus(&tracks, lanes));
            assert_eq!(one.len(), count);
            assert!(one.iter().zip(&other).all(|(one, other)| bool::from(g1::ct_eq(one, other))));
        }
    }

    #[test]
    fn sums_many_points_alike_with_and_without_lanes() {
        let bases = multiples(&[g1::generator()], 512);
        let tables = vartime_tables(&bases[..2]);
        let scalars: Vec<Fr> = (0..600).map(|i| fr::invert(&fr::from_u64(i))).collect();
        for count in [100, PART, PART + 1, 600] {
            let terms = || Terms {
                fixed: tables.iter().zip(&scalars[7..]).collect(),
                fresh: bases.iter().cycle().zip(&scalars).take(count).collect(),
            };
            let few = || Terms { fixed: Vec::new(), fresh: bases.iter().zip(&scalars[..3]).collect() };
            let sums = [terms(), few()];
            let [one, other] = [Processor::detect(), None].map(|lanes| sums_with(&sums, lanes));
            assert_eq!((one.len(), other.len()), (2, 2));
            assert!(one.iter().zip(&other).all(|(one, other)| bool::from(g1::ct_eq(one, other))));
        }
    }

    #[test]
    fn multiples_are_in_order() {
        let bases = [g1::generator(), endomorphism::apply_affine(&g1::generator())];
        for count in [1, 2, 16, 512] {
            let points = multiples(&bases, count);
            for (base, points) in bases.iter().zip(points.chunks_exact(count)) {
                let mut sum = g1::identity();
                for point in points {
                    g1::add_assign_affine(&mut sum, base);
                    assert!(bool::from(g1::ct_eq(&sum, &g1::from_affine(point))));
                }
            }
        }
    }
}
