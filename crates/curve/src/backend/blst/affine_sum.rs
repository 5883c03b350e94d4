//! Many additions of affine points at once, with one field inversion for all.
//!
//! Source: Montgomery's simultaneous inversion (1987), applied to λ = (y₂ − y₁)/(x₂ − x₁). An addition costs 5 multiplications and
//! a squaring, where adding an affine to a projective point costs 7 and 4. Rounds of public points go eight additions at a time where
//! the processor can do that (`lanes`).
//!
//! Timing: [`add_each`] is constant in the coordinates and branches on none of them. [`Adder`] is for public points.

#![forbid(unsafe_code)]

use super::fp::{self, Fp};
use super::g1::Affine;
use super::lanes;
use core::borrow::Borrow;
use zeroize::Zeroize;

/// How many additions make their inversion pay.
pub(super) const ENOUGH: usize = 12;

/// Adds to each point of `left` the point of `right` at the same place. Needs left ≠ ±right in each place; who calls this says why.
///
/// `products` is scratch space; the caller erases it.
pub(super) fn add_each(left: &mut [Affine], right: &[Affine], products: &mut Vec<Fp>) {
    let differences = left.iter().zip(right).map(|(p, q)| fp::sub(&q.x, &p.x));
    let mut inverse = inverse_of_products(differences, products);
    for ((p, q), before) in left.iter_mut().zip(right).zip(&*products).rev() {
        let mut slope = fp::mul(&inverse, before);
        fp::mul_assign(&mut inverse, &fp::sub(&q.x, &p.x));
        fp::mul_assign(&mut slope, &fp::sub(&q.y, &p.y));
        follow(p, q, &slope);
    }
}

/// Writes the product of all factors before each one and that of all, and returns the inverse of the latter.
fn inverse_of_products(factors: impl ExactSizeIterator<Item: Borrow<Fp>>, products: &mut Vec<Fp>) -> Fp {
    products.clear();
    products.resize(factors.len() + 1, fp::ONE);
    let mut rest = products.as_mut_slice();
    for factor in factors {
        if let [before, after, ..] = rest {
            fp::mul_to(after, before, factor.borrow());
        }
        rest = &mut rest[1..];
    }
    products.last().map_or(fp::ONE, fp::invert)
}

/// Adds q to p, where `slope` is that of the line through them. Copies what has been there for a while rather than what was just
/// computed, which would cost as much as an addition.
fn follow(p: &mut Affine, q: &Affine, slope: &Fp) {
    let mut rest = p.x;
    fp::square_to(&mut p.x, slope);
    fp::sub_assign(&mut p.x, &rest);
    fp::sub_assign(&mut p.x, &q.x);
    // y = slope·(p.x − x) − p.y
    fp::sub_assign(&mut rest, &p.x);
    fp::mul_assign(&mut rest, slope);
    fp::sub_from(&mut p.y, &rest);
}

/// How many additions make a round pay in lanes: fewer leave most of them empty.
const ENOUGH_FOR_LANES: usize = 4;

/// Additions of public points, with scratch space that is used again.
pub(super) struct Adder {
    lanes: Option<(lanes::Processor, lanes::Scratch)>,
    cases: Vec<Case>,
    runs: Vec<Fp>,
    products: Vec<Fp>,
    pairs: Vec<(usize, usize)>,
}

/// How a sum comes about.
#[derive(Clone, Copy)]
enum Case {
    Chord,
    Tangent,
    Left,
    Right,
    Identity,
}

impl Case {
    fn of(p: &Affine, q: &Affine) -> Self {
        if is_identity(p) {
            Self::Right
        } else if is_identity(q) {
            Self::Left
        } else if p.x.l != q.x.l {
            Self::Chord
        } else if p.y.l == q.y.l {
            Self::Tangent
        } else {
            Self::Identity
        }
    }

    /// The denominator of the slope. It is never 0: no point has y = 0, since that would have order 2.
    fn run(self, p: &Affine, q: &Affine) -> Fp {
        match self {
            Self::Chord => fp::sub(&q.x, &p.x),
            Self::Tangent => fp::twice(&p.y),
            Self::Left | Self::Right | Self::Identity => fp::ONE,
        }
    }

    /// Adds q to p, with the reciprocal of the denominator.
    fn add(self, p: &mut Affine, q: &Affine, reciprocal: &mut Fp) {
        match self {
            Self::Chord => {
                fp::mul_assign(reciprocal, &fp::sub(&q.y, &p.y));
                follow(p, q, reciprocal);
            }
            Self::Tangent => {
                let square = fp::square(&p.x);
                let rise = fp::sub(&fp::twice(&square), &fp::negate_if(&square, true));
                fp::mul_assign(reciprocal, &rise);
                follow(p, q, reciprocal);
            }
            Self::Left => {}
            Self::Right => *p = *q,
            Self::Identity => *p = Affine::default(),
        }
    }
}

/// Whether p is (0, 0), which is no point of the curve and stands for the identity.
pub(super) fn is_identity(p: &Affine) -> bool {
    p.x.l == [0; 6] && p.y.l == [0; 6]
}

impl Default for Adder {
    fn default() -> Self {
        Self {
            lanes: lanes::Processor::detect().map(|processor| (processor, lanes::Scratch::default())),
            ..Self::without_lanes()
        }
    }
}

impl Adder {
    /// One that adds one pair after the other on any processor.
    fn without_lanes() -> Self {
        Self { lanes: None, cases: Vec::new(), runs: Vec::new(), products: Vec::new(), pairs: Vec::new() }
    }

    /// For each (i, j), from the last to the first, adds the point at j to the point at i; the additions must not depend on each
    /// other, except that a later pair may read what an earlier one then changes.
    pub(super) fn add_pairs_vartime(&mut self, points: &mut [Affine], pairs: &[(usize, usize)]) {
        if let Some((processor, scratch)) = &mut self.lanes
            && pairs.len() >= ENOUGH_FOR_LANES
            && processor.add_pairs_vartime(points, pairs, scratch)
        {
            return;
        }
        self.runs.resize(pairs.len(), fp::ONE);
        for (run, (i, j)) in self.runs.iter_mut().zip(pairs) {
            fp::sub_to(run, &points[*j].x, &points[*i].x);
        }
        // Sums of different points, neither of them the identity, need no distinction of cases.
        let is_chord = |((i, j), run): (&(usize, usize), &Fp)| {
            run.l != [0; 6] && !is_identity(&points[*i]) && !is_identity(&points[*j])
        };
        if !pairs.iter().zip(&self.runs).all(is_chord) {
            return self.add_any_pairs_vartime(points, pairs);
        }
        let mut inverse = inverse_of_products(self.runs.iter(), &mut self.products);
        let mut slope = fp::ONE;
        for (((i, j), before), run) in pairs.iter().zip(&self.products).zip(&self.runs).rev() {
            let q = points[*j];
            let p = &mut points[*i];
            fp::mul_to(&mut slope, &inverse, before);
            fp::mul_assign(&mut inverse, run);
            fp::mul_assign(&mut slope, &fp::sub(&q.y, &p.y));
            follow(p, &q, &slope);
        }
    }

    /// The same where some summands may be equal, opposite, or the identity.
    fn add_any_pairs_vartime(&mut self, points: &mut [Affine], pairs: &[(usize, usize)]) {
        self.cases.clear();
        self.cases.extend(pairs.iter().map(|(i, j)| Case::of(&points[*i], &points[*j])));
        self.runs.clear();
        let runs = pairs.iter().zip(&self.cases).map(|((i, j), case)| case.run(&points[*i], &points[*j]));
        self.runs.extend(runs);
        let mut inverse = inverse_of_products(self.runs.iter(), &mut self.products);
        for ((((i, j), case), before), run) in pairs.iter().zip(&self.cases).zip(&self.products).zip(&self.runs).rev() {
            let q = points[*j];
            let p = &mut points[*i];
            let mut reciprocal = fp::mul(&inverse, before);
            fp::mul_assign(&mut inverse, run);
            case.add(p, &q, &mut reciprocal);
        }
    }

    /// Adds up each list, as long as there is enough to add; `lengths` says how many points each list has.
    pub(super) fn shorten_lists_vartime(&mut self, points: &mut Vec<Affine>, lengths: &mut [usize]) {
        let mut pairs = core::mem::take(&mut self.pairs);
        while lengths.iter().map(|length| length / 2).sum::<usize>() >= ENOUGH {
            pairs.clear();
            let mut start = 0;
            for length in &*lengths {
                pairs.extend((start + 1..start + length).step_by(2).map(|i| (i - 1, i)));
                start += length;
            }
            self.add_pairs_vartime(points, &pairs);
            // Of each list every second point remains.
            let (mut start, mut end) = (0, 0);
            for length in &mut *lengths {
                for i in (start..start + *length).step_by(2) {
                    points[end] = points[i];
                    end += 1;
                }
                start += *length;
                *length = length.div_ceil(2);
            }
            points.truncate(end);
        }
        self.pairs = pairs;
    }
}

/// Overwrites points with 0.
pub(super) fn clear_points(points: &mut [Affine]) {
    for point in points {
        point.x.l.zeroize();
        point.y.l.zeroize();
    }
}

/// Overwrites field elements with 0, those of earlier and longer contents too.
pub(super) fn clear_elements(elements: &mut Vec<Fp>) {
    elements.resize(elements.capacity(), fp::ONE);
    for element in elements {
        element.l.zeroize();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::blst::fr;
    use crate::backend::blst::g1::{self, Point};

    /// n times the generator, and (0, 0) for 0.
    fn multiple(n: i64) -> Affine {
        let p = g1::mul(&g1::from_affine(&g1::generator()), &fr::from_u64(n.unsigned_abs()));
        let p = g1::to_affine(&p).unwrap_or_default();
        if n < 0 { g1::neg_affine(&p) } else { p }
    }

    fn naive(points: &[Affine]) -> Point {
        points.iter().filter(|point| !is_identity(point)).fold(g1::identity(), |sum, point| g1::add_affine(&sum, point))
    }

    /// One as this processor has it, and one without lanes.
    fn adders() -> [Adder; 2] {
        [Adder::default(), Adder::without_lanes()]
    }

    fn same(p: &Affine, q: &Affine) -> bool {
        p.x.l == q.x.l && p.y.l == q.y.l
    }

    #[test]
    fn adds_unequal_points() {
        let mut left: Vec<Affine> = (1..30).map(multiple).collect();
        let right: Vec<Affine> = (1..30).map(|i| multiple(100 - 2 * i)).collect();
        add_each(&mut left, &right, &mut Vec::new());
        assert!((1..30).zip(&left).all(|(i, sum)| same(sum, &multiple(100 - i))));
        add_each(&mut [], &[], &mut Vec::new());
    }

    #[test]
    fn adds_all_pairs_alike() {
        let numbers: Vec<i64> = (-4..=4).collect();
        let cases: Vec<(i64, i64)> = numbers.iter().flat_map(|i| numbers.iter().map(|j| (*i, *j))).collect();
        let mut points: Vec<Affine> = cases.iter().flat_map(|(i, j)| [multiple(*i), multiple(*j)]).collect();
        let mut pairs: Vec<(usize, usize)> = (0..cases.len()).map(|k| (2 * k, 2 * k + 1)).collect();
        // And one that is doubled in its place.
        points.push(multiple(9));
        pairs.push((points.len() - 1, points.len() - 1));
        for mut adder in adders() {
            let mut points = points.clone();
            adder.add_pairs_vartime(&mut points, &pairs);
            for (k, (i, j)) in cases.iter().enumerate() {
                assert!(same(&points[2 * k], &multiple(i + j)), "{i} + {j}");
            }
            assert!(points.last().is_some_and(|point| same(point, &multiple(18))));
            adder.add_pairs_vartime(&mut [], &[]);
        }
    }

    #[test]
    fn adds_chords_and_tangents_of_any_number_alike() {
        let multiples: Vec<Affine> = (0..=120).map(multiple).collect();
        let points = &multiples[1..=60];
        for mut adder in adders() {
            for count in 1..30 {
                for tangents_every in [1, 3, 100] {
                    // Each adds to a place of its own, one of them what another changes after it.
                    let mut sums = points.to_vec();
                    let partner = |i: usize| if i.is_multiple_of(tangents_every) { i } else { 30 + i };
                    let mut pairs: Vec<(usize, usize)> = (0..count).map(|i| (i, partner(i))).collect();
                    pairs.push((59, count - 1));
                    adder.add_pairs_vartime(&mut sums, &pairs);
                    for (i, j) in &pairs {
                        assert!(same(&sums[*i], &multiples[i + j + 2]), "{i} and {j} of {count}");
                    }
                    assert!((count..59).all(|i| same(&sums[i], &points[i])));
                }
            }
        }
    }

    #[test]
    fn shortens_lists_to_the_same_sums() {
        // Few different points, so that equal, opposite and vanishing sums abound.
        let mut state = 1_u32;
        let mut random = |bound: u32| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 16) % bound
        };
        let few: Vec<Affine> = (-2..=2).map(multiple).collect();
        for (lists, mut adder) in [1, 2, 7, 40].into_iter().flat_map(|lists| adders().map(|adder| (lists, adder))) {
            let mut lengths: Vec<usize> = (0..lists).map(|_| random(60) as usize).collect();
            let mut points: Vec<Affine> = (0..lengths.iter().sum()).map(|_| few[random(5) as usize]).collect();
            let (lengths_before, points_before) = (lengths.clone(), points.clone());
            adder.shorten_lists_vartime(&mut points, &mut lengths);
            assert_eq!(points.len(), lengths.iter().sum::<usize>());
            assert!(lengths.iter().map(|length| length / 2).sum::<usize>() < ENOUGH);
            let (mut before, mut after) = (points_before.as_slice(), points.as_slice());
            for (length_before, length) in lengths_before.iter().zip(&lengths) {
                let (list_before, list) = (&before[..*length_before], &after[..*length]);
                assert!(bool::from(g1::ct_eq(&naive(list_before), &naive(list))));
                (before, after) = (&before[*length_before..], &after[*length..]);
            }
        }
    }
}
