//! Products in the field of pairing values, and the Miller loop: the coefficients of 1, w, …, w⁵ in six lanes, with w⁶ = ξ = 1 + i.
//!
//! A product has Σ_j f_{k−j}·g_j as its coefficient of wᵏ, where f_{k−j} stands for ξ·f_{k−j+6} below 0. So each coefficient of g is multiplied
//! with all of f, rotated by j lanes. With f = x + y·i and g = u + v·i this takes three products in the base field:
//! x·u − y·v and (x + y)·(u + v) − x·u − y·v; sums are taken first and reduced once.
//!
//! Caution: for public values.

#![forbid(unsafe_code)]

use super::{Accumulator, Columns, Fp8, LANES, store_row};
use crate::backend::blst::fp::Fp;
use crate::backend::blst::fp12::{self, Fp12};
use crate::backend::blst::pairing::{Evaluation, LINES, Z};

/// x and y of f = x + y·i, below 3·p, with lane k for wᵏ. Lanes 6 and 7 are not used.
#[derive(Clone, Copy)]
pub(super) struct Element {
    pub(super) x: Fp8,
    pub(super) y: Fp8,
}

/// u, v and u + v of a coefficient u + v·i of the other factor, in limbs: u and v below 3·p.
type Coefficient = [[i64; 8]; 3];

/// The coordinate that a lane holds.
fn coordinate(f: &Fp12, lane: usize, i: usize) -> &Fp {
    &f.fp6[lane % 2].fp2[lane / 2 % 3].fp[i]
}

impl Element {
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi")]
    pub(super) fn load(f: &Fp12) -> Self {
        let x = Fp8::load(core::array::from_fn(|lane| coordinate(f, lane, 0)));
        let y = Fp8::load(core::array::from_fn(|lane| coordinate(f, lane, 1)));
        Self { x: x.columns().raise::<0>().reduce(), y: y.columns().raise::<0>().reduce() }
    }

    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi")]
    pub(super) fn store(&self) -> Fp12 {
        let mut f = Fp12::default();
        for (i, rows) in [self.x.store(), self.y.store()].into_iter().enumerate() {
            for (lane, row) in rows.into_iter().take(6).enumerate() {
                store_row(&mut f.fp6[lane % 2].fp2[lane / 2].fp[i], row);
            }
        }
        f
    }

    /// f·g.
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi")]
    pub(super) fn mul(&self, g: &Self) -> Self {
        let [x, y] = multiply(&parts(self), [0, 1, 2, 3, 4, 5], &g.coefficients());
        Self { x: x.raise::<1>().reduce(), y: y.raise::<1>().reduce() }
    }

    /// f². With f = c + d·w, where c and d are in Fp(i)(v) and v = w², it is (c + d)·(c + v·d) − c·d − v·c·d + 2·c·d·w: two products of three
    /// coefficients each, the first in even lanes and c·d in odd ones.
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi")]
    pub(super) fn square(&self) -> Self {
        let [x, y, _] = parts(self);
        // c + d and c; then c + v·d and d.
        let left = |part: &Fp8| {
            let (c, d) = (part.permute([0, 0, 2, 2, 4, 4, 6, 7]), part.permute([1, 1, 3, 3, 5, 5, 6, 7]));
            c.columns().add_where(EVEN, &d).carry()
        };
        let right = |part: &Part| part.plain.columns().add_where(EVEN, &part.rotated(1)).carry();
        let (f, g) = (Self { x: left(&self.x), y: left(&self.y) }, Self { x: right(&x), y: right(&y) });
        let g_sum = g.x.columns().add(&g.y).carry();
        let times = |part: &Part, g: &Fp8| {
            let mut t = Accumulator::new();
            t.add_product(&part.plain, &g.permute([0, 1, 0, 1, 0, 1, 6, 7]));
            t.add_product(&part.rotated(2), &g.permute([2, 3, 2, 3, 2, 3, 6, 7]));
            t.add_product(&part.rotated(4), &g.permute([4, 5, 4, 5, 4, 5, 6, 7]));
            t
        };
        let [f_x, f_y, f_sum] = parts(&f);
        let (xu, yv, both) = (times(&f_x, &g.x), times(&f_y, &g.y), times(&f_sum, &g_sum));
        let products = Self {
            x: xu.minus(&yv).reduce().raise::<0>().carry(),
            y: both.minus(&xu).minus(&yv).reduce().raise::<0>().carry(),
        };
        let [x, y, _] = parts(&products);
        let join = |part: &Part| {
            let own = &part.plain;
            let sum = own.columns().add_where(ODD, own).sub_where(EVEN, &own.permute([1, 1, 3, 3, 5, 5, 6, 7]));
            sum.sub_where(EVEN, &part.rotated(1)).raise::<4>().reduce()
        };
        Self { x: join(&x), y: join(&y) }
    }

    /// f^(p⁶): w becomes −w.
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi")]
    pub(super) fn conjugate(&self) -> Self {
        Self { x: opposite_in_odd_lanes(&self.x), y: opposite_in_odd_lanes(&self.y) }
    }

    /// f·(s + t·w² + w³).
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi")]
    fn mul_by_line(&self, line: &[Coefficient; 2]) -> Self {
        let parts = parts(self);
        let [x, y] = multiply(&parts, [0, 2], line);
        let [last_x, last_y, _] = &parts;
        Self { x: x.add(&last_x.rotated(3)).raise::<1>().reduce(), y: y.add(&last_y.rotated(3)).raise::<1>().reduce() }
    }

    /// The coefficients one by one.
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi")]
    fn coefficients(&self) -> [Coefficient; 6] {
        let (u, v) = (self.x.rows(), self.y.rows());
        let sum = self.x.columns().add(&self.y).carry().rows();
        core::array::from_fn(|k| [u[k], v[k], sum[k]])
    }
}

/// −a in odd lanes, a in the others, below 3·p.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma,avx512vbmi")]
fn opposite_in_odd_lanes(a: &Fp8) -> Fp8 {
    Fp8::zero().columns().raise::<2>().add_where(0x55, a).sub_where(0xaa, a).reduce()
}

/// The lanes of even powers of w, and those of odd ones.
const EVEN: u8 = 0x15;
const ODD: u8 = 0x2a;

/// In which lanes of f and, from lane 8 on, of ξ·f the factors of a coefficient are.
const ROTATIONS: [[i64; 8]; 6] = {
    let mut rotations = [[0, 0, 0, 0, 0, 0, 6, 7]; 6];
    let mut j = 0;
    while j < 6 {
        let mut k = 0;
        while k < 6 {
            rotations[j][k] = if k < j { 8 + 6 + k as i64 - j as i64 } else { k as i64 - j as i64 };
            k += 1;
        }
        j += 1;
    }
    rotations
};

/// One of x, y, x + y, and the same of ξ·f.
struct Part {
    plain: Fp8,
    wrapped: Fp8,
}

impl Part {
    /// Σ over the places j of this part of f_{k−j}, times the same part of g_j.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi")]
    fn times<const N: usize>(&self, places: [usize; N], g: &[Coefficient; N], part: usize) -> Accumulator {
        let mut t = Accumulator::new();
        for i in 0..N {
            t.add_multiple(&self.rotated(places[i]), &g[i][part]);
        }
        t
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi")]
    fn rotated(&self, j: usize) -> Fp8 {
        self.plain.permute_two(&self.wrapped, ROTATIONS[j])
    }
}

/// The parts x, y and x + y, where ξ·f = (x − y) + (x + y)·i. Needs coordinates below 6·p, and gives parts below 14·p; of coordinates below
/// 3·p parts below 11·p.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma,avx512vbmi")]
fn parts(f: &Element) -> [Part; 3] {
    let sum = f.x.columns().add(&f.y).carry();
    let difference = f.x.columns().sub(&f.y).raise::<3>().carry();
    let twice = f.x.columns().add(&f.x).carry();
    [Part { plain: f.x, wrapped: difference }, Part { plain: f.y, wrapped: sum }, Part { plain: sum, wrapped: twice }]
}

/// The product of f with Σ g_j·wʲ over these places j, before carries: each from −p to 2·p.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma,avx512vbmi")]
fn multiply<const N: usize>([x, y, sum]: &[Part; 3], places: [usize; N], g: &[Coefficient; N]) -> [Columns; 2] {
    let xu = x.times(places, g, 0);
    let yv = y.times(places, g, 1);
    let both = sum.times(places, g, 2);
    [xu.minus(&yv).reduce(), both.minus(&xu).minus(&yv).reduce()]
}

/// Two points, or the same one twice, with what their lines are multiplied by.
struct Pair<'a> {
    terms: [&'a Evaluation<'a>; 2],
    /// Of each point twice the factor of s and twice that of t, below 3·p.
    factors: Fp8,
}

impl<'a> Pair<'a> {
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi")]
    fn new(terms: [&'a Evaluation<'a>; 2]) -> Self {
        let [p, q] = terms;
        let factors = Fp8::load([&p.s, &p.s, &p.t, &p.t, &q.s, &q.s, &q.t, &q.t]);
        Self { terms, factors: factors.columns().raise::<0>().reduce() }
    }

    /// The coefficients of a line at both points.
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi")]
    fn evaluate(&self, line: usize) -> [[Coefficient; 2]; 2] {
        let coordinates: [&Fp; LANES] =
            core::array::from_fn(|lane| &self.terms[lane / 4].lines[line][lane / 2 % 2].fp[lane % 2]);
        let both = Fp8::load(coordinates).mul(&self.factors);
        let sum = both.columns().add(&both.permute([1, 0, 3, 2, 5, 4, 7, 6])).carry().rows();
        let both = both.rows();
        let coefficient = |i: usize| [both[i], both[i + 1], sum[i]];
        [[coefficient(0), coefficient(2)], [coefficient(4), coefficient(6)]]
    }
}

/// The product of all lines, as in `pairing::product_is_one`.
#[target_feature(enable = "avx512f,avx512ifma,avx512vbmi")]
pub(super) fn miller_loop(terms: &[Evaluation<'_>]) -> Fp12 {
    let mut pairs = Vec::with_capacity(terms.len().div_ceil(2));
    for terms in terms.chunks(2) {
        if let (Some(first), Some(last)) = (terms.first(), terms.last()) {
            pairs.push((Pair::new([first, last]), terms.len()));
        }
    }
    let mut product = Element::load(&fp12::ONE);
    let mut line = 0;
    for bit in (0..63).rev() {
        if line > 0 {
            product = product.square();
        }
        for _ in 0..1 + (Z >> bit & 1) {
            for (pair, count) in &pairs {
                for line in pair.evaluate(line).iter().take(*count) {
                    product = product.mul_by_line(line);
                }
            }
            line += 1;
        }
    }
    debug_assert_eq!(line, LINES);
    product.store()
}
