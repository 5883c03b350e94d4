//! Compressed squarings in the cyclotomic subgroup: all eight coordinates of an element in one vector.
//!
//! Source: as in `final_exponentiation`. With a = g₂, b = g₃, c = g₄, d = g₅ and ξ = 1 + i, each coordinate of
//!
//! ```text
//! a² + ξ·b²    2·a·b    c² + ξ·d²    2·ξ·c·d
//! ```
//!
//! is a sum of at most three products of sums of two coordinates, so that eight sums of three products with one reduction are a squaring.
//!
//! Caution: for public values.

#![forbid(unsafe_code)]

use super::{Accumulator, Columns, Fp8, LANES, store_row};
use crate::backend::blst::fp::Fp;
use crate::backend::blst::fp2::Fp2;
use core::arch::x86_64::{_mm512_add_epi64, _mm512_mask_add_epi64, _mm512_setzero_si512};

/// Of which coordinate each lane is: g₄, g₅, g₃, g₂ as index into g₂, g₃, g₄, g₅.
const ORDER: [usize; 4] = [2, 3, 1, 0];

/// g₂, g₃, g₄, g₅ after so many squarings, and after so many more each time.
#[target_feature(enable = "avx512f,avx512ifma,avx512vbmi")]
pub(super) fn compressed_squares(g: &[Fp2; 4], squarings: [usize; 3]) -> [[Fp2; 4]; 3] {
    let coordinates: [&Fp; LANES] = core::array::from_fn(|lane| &g[ORDER[lane / 2]].fp[lane % 2]);
    let mut state = Fp8::load(coordinates).columns().raise::<0>().reduce();
    let mut out = [[Fp2::default(); 4]; 3];
    for (out, squarings) in out.iter_mut().zip(squarings) {
        for _ in 0..squarings {
            state = square(&state);
        }
        for (lane, row) in state.store().into_iter().enumerate() {
            store_row(&mut out[ORDER[lane / 2]].fp[lane % 2], row);
        }
    }
    out
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
    let others = Columns([_mm512_setzero_si512(); 8])
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
        &Fp8([_mm512_setzero_si512(); 8]).permute_into(0x33, &others, [4, 1, 0, 0, 5, 3, 0, 0]),
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
