//! The hard part of the final exponentiation: powers by compressed squarings, with all eight coordinates of an element in one vector.
//!
//! Source: as in `final_exponentiation`. With a = g₂, b = g₃, c = g₄, d = g₅ and ξ = 1 + i, each coordinate of
//!
//! ```text
//! a² + ξ·b²    2·a·b    c² + ξ·d²    2·ξ·c·d
//! ```
//!
//! is a sum of at most three products of sums of two coordinates, so that eight sums of three products with one reduction are a squaring.
//! What a power needs decompressed, one for each bit of z, goes through the formulas together, each in a lane of its own.
//!
//! Caution: for public values.

#![forbid(unsafe_code)]

use super::tower::Element;
use super::{Accumulator, Fp8, fp, transpose_elements};
use crate::backend::blst::fp12::{self, Fp12};
use core::arch::x86_64::{_mm512_add_epi64, _mm512_mask_add_epi64};

/// As `final_exponentiation::hard_part`.
#[target_feature(enable = "avx512f,avx512ifma,avx512vbmi")]
pub(super) fn hard_part(g: &Fp12) -> Option<Fp12> {
    let g = Element::load(g);
    let a = power_z(&g)?.mul(&g.conjugate());
    let b = power_z(&a)?.mul(&a.conjugate());
    let c = power_z(&b)?.mul(&frobenius(&b, 1));
    let d = power_z(&power_z(&c)?)?.mul(&frobenius(&c, 2).mul(&c.conjugate()));
    Some(d.mul(&g.square().mul(&g)).store())
}

/// g^(pⁿ) for n from 1 to 3.
#[target_feature(enable = "avx512f,avx512ifma,avx512vbmi")]
fn frobenius(g: &Element, n: usize) -> Element {
    Element::load(&fp12::frobenius(&g.store(), n))
}

/// g^z, where z = −(2^63 + 2^62 + 2^60 + 2^57 + 2^48 + 2^16).
#[target_feature(enable = "avx512f,avx512ifma,avx512vbmi")]
fn power_z(g: &Element) -> Option<Element> {
    // Lanes 1, 5, 4 and 2 of an element hold a, d, b and c.
    let mut state = g.x.permute_two(&g.y, [2, 10, 5, 13, 4, 12, 1, 9]);
    let mut powers = [state; 8];
    for (power, squarings) in powers.iter_mut().zip([16, 48 - 16, 57 - 48, 60 - 57, 62 - 60, 63 - 62]) {
        for _ in 0..squarings {
            state = square(&state);
        }
        *power = state;
    }
    let [first, rest @ .., _, _] = decompress(powers)?;
    let mut product = first;
    for power in &rest {
        product = product.mul(power);
    }
    Some(product.conjugate())
}

/// Elements of Fp(i), one in each lane, with coordinates below 3·p.
#[derive(Clone, Copy)]
struct Fp2x8 {
    x: Fp8,
    y: Fp8,
}

impl Fp2x8 {
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi")]
    fn mul(&self, other: &Self) -> Self {
        let (mut x, mut yy, mut y) = (Accumulator::new(), Accumulator::new(), Accumulator::new());
        x.add_product(&self.x, &other.x);
        yy.add_product(&self.y, &other.y);
        y.add_product(&self.x, &other.y);
        y.add_product(&self.y, &other.x);
        Self { x: x.minus(&yy).reduce().raise::<1>().reduce(), y: y.reduce().raise::<1>().reduce() }
    }
}

/// The elements with these coefficients, unless one of them has g₂ = 0.
#[target_feature(enable = "avx512f,avx512ifma,avx512vbmi")]
fn decompress(powers: [Fp8; 8]) -> Option<[Element; 8]> {
    let [g4_x, g4_y, g5_x, g5_y, g3_x, g3_y, g2_x, g2_y] = transpose_elements(powers);
    let [g2, g3, g4, g5] = [(g2_x, g2_y), (g3_x, g3_y), (g4_x, g4_y), (g5_x, g5_y)].map(|(x, y)| Fp2x8 { x, y });
    // 1/(4·g₂) by 4·(x² + y²).
    let mut norm = Accumulator::new();
    norm.add_product(&g2.x, &g2.x);
    norm.add_product(&g2.y, &g2.y);
    let norm = norm.reduce().carry();
    let inverse = norm.columns().add(&norm).add(&norm).add(&norm).raise::<1>().reduce().invert()?;
    let opposite = Fp8::zero().columns().raise::<2>().sub(&g2.y).carry();
    let reciprocal = Fp2x8 { x: g2.x.mul(&inverse), y: opposite.mul(&inverse) };
    // g₁ = (ξ·g₅² + 3·g₄² − 2·g₃)/(4·g₂)
    let (s4, s5) = (g4.mul(&g4), g5.mul(&g5));
    let x = s5.x.columns().sub(&s5.y).add(&s4.x).add(&s4.x).add(&s4.x).sub(&g3.x).sub(&g3.x);
    let y = s5.x.columns().add(&s5.y).add(&s4.y).add(&s4.y).add(&s4.y).sub(&g3.y).sub(&g3.y);
    let g1 = Fp2x8 { x: x.raise::<4>().reduce(), y: y.raise::<4>().reduce() }.mul(&reciprocal);
    // g₀ = ξ·(2·g₁² + g₂·g₅ − 3·g₃·g₄) + 1
    let (s1, p25, p34) = (g1.mul(&g1), g2.mul(&g5), g3.mul(&g4));
    let x = s1.x.columns().add(&s1.x).add(&p25.x).sub(&p34.x).sub(&p34.x).sub(&p34.x).raise::<4>().reduce();
    let y = s1.y.columns().add(&s1.y).add(&p25.y).sub(&p34.y).sub(&p34.y).sub(&p34.y).raise::<4>().reduce();
    let one = Fp8::broadcast(&fp::ONE);
    let (g0_x, g0_y) = (x.columns().sub(&y).add(&one).raise::<2>().reduce(), x.columns().add(&y).raise::<1>().reduce());
    let zero = Fp8::zero();
    let x = transpose_elements([g0_x, g2.x, g4.x, g1.x, g3.x, g5.x, zero, zero]);
    let y = transpose_elements([g0_y, g2.y, g4.y, g1.y, g3.y, g5.y, zero, zero]);
    Some(core::array::from_fn(|i| Element { x: x[i], y: y[i] }))
}

/// The next state. Needs coordinates below 3·p and gives the same.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma,avx512vbmi")]
fn square(state: &Fp8) -> Fp8 {
    // Lanes of the state: c₀ c₁ d₀ d₁ b₀ b₁ a₀ a₁.
    let (a0, a1, b0, b1, c0, c1, d0, d1) = (6, 7, 4, 5, 0, 1, 2, 3);
    // In even lanes sums of the two coordinates, in odd ones differences: below 10·p.
    let (first, second) = (state.permute([0, 0, 2, 2, 4, 4, 6, 6]), state.permute([1, 1, 3, 3, 5, 5, 7, 7]));
    let both = first.columns().raise::<2>().add_where(0x55, &second).sub_where(0xaa, &second).carry();
    let (sum, difference) = (|coordinate: i64| coordinate | 8, |coordinate: i64| coordinate | 9);
    // Doubles and opposites: 2·a₀, 2·b₀, 2·c₀, 2·d₀, −2·b₀, −2·d₀, −a₁, −c₁, below 14·p.
    let others = state.permute([a0, b0, c0, d0, b0, d0, a1, c1]);
    let others = Fp8::zero()
        .columns()
        .raise::<3>()
        .add_where(0x0f, &others)
        .add_where(0x0f, &others)
        .sub_where(0x30, &others)
        .sub_where(0xf0, &others)
        .carry();
    // (a₀ + a₁)·(a₀ − a₁) + (b₀ + b₁)·(b₀ − b₁) ∓ 2·b₀·b₁, or 2·a₀·a₁ in place of the first; half of 2·a·b; the same of c and d, but
    // half of 2·ξ·c·d.
    let mut t = Accumulator::new();
    t.add_product(
        &state.permute_two(&both, [sum(a0), 0, a0, a0, sum(c0), 0, c0, c0]).permute_into(
            0x22,
            &others,
            [0, 0, 0, 0, 0, 2, 0, 0],
        ),
        &state.permute_two(&both, [difference(a0), a1, b0, b1, difference(c0), c1, difference(d0), sum(d0)]),
    );
    t.add_product(
        &state.permute_two(&both, [sum(b0), sum(b0), 0, a1, sum(d0), sum(d0), 0, c1]).permute_into(
            0x44,
            &others,
            [0, 0, 6, 0, 0, 0, 7, 0],
        ),
        &state.permute_two(
            &both,
            [difference(b0), difference(b0), b1, b0, difference(d0), difference(d0), sum(d0), difference(d0)],
        ),
    );
    t.add_product(
        &Fp8::zero().permute_into(0x33, &others, [4, 1, 0, 0, 5, 3, 0, 0]),
        &state.permute([b1, b1, b1, b1, d1, d1, d1, d1]),
    );
    // Below 2·p before, below 12·p + 6·p + 8·p after.
    let mut t = t.reduce();
    for column in &mut t.0 {
        let once = _mm512_mask_add_epi64(*column, 0xcc, *column, *column);
        *column = _mm512_add_epi64(_mm512_add_epi64(once, once), once);
    }
    t.raise::<3>().add_where(0xcc, state).add_where(0xcc, state).sub_where(0x33, state).sub_where(0x33, state).reduce()
}
