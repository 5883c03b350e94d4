//! Eight elements of the base field at once, on processors with AVX-512 IFMA.
//!
//! Source: Montgomery, "Modular Multiplication without Trial Division" (1985), with eight limbs of 52 bits, each limb of eight elements
//! in one register, and R = 2^416. The library's own form of x, six limbs of x·2^384 mod p, becomes x·2^416 by a shift of 32 bits, which
//! costs nothing where limbs of 64 bits are cut into limbs of 52; back it goes by a reduction of 32 bits.
//!
//! Bounds: 2^416 > 2^35·p, so that elements need not be reduced. An [`Fp8`] says of its lanes only that they are below 2^416; the
//! functions say what they need and give, as multiples of p:
//!
//! | | needs | gives |
//! |---|---|---|
//! | [`Fp8::load`] | | below 2^32 |
//! | [`Fp8::mul`] | factors whose bounds' product is at most 2^35 | below 2 |
//! | [`Fp8::square`] | at most 2^17 | below 2 |
//! | [`Accumulator::reduce`] | a sum of products of at most 2^35 | below 2 |
//! | [`Columns::carry`] | a value from 0 to 2^35 | the same |
//! | [`Columns::reduce`] | a value from 1 to 2^34 | below 3 |
//! | [`Fp8::store`] | below 3·2^32 | the library's form, fully reduced |
//!
//! Timing: nothing here branches on an element or looks one up. All the same this is for public values: the tools that check our claims
//! of constant time know no processor with these instructions.
//!
//! All functions with vectors are safe where the processor has the instructions; [`Processor`] is the evidence of that.

#![allow(clippy::absurd_extreme_comparisons, reason = "each_limb! makes a constant of the number of a limb")]

use super::fp::{self, Fp};
use super::fp12::Fp12;
use super::g1::{Affine, Point};
use super::pairing::Evaluation;
use core::arch::x86_64::{
    __m512i, _mm512_add_epi64, _mm512_and_si512, _mm512_cmpeq_epi64_mask, _mm512_cmplt_epi64_mask,
    _mm512_madd52hi_epu64, _mm512_madd52lo_epu64, _mm512_mask_add_epi64, _mm512_mask_blend_epi64,
    _mm512_mask_permutexvar_epi64, _mm512_mask_storeu_epi64, _mm512_mask_sub_epi64, _mm512_maskz_loadu_epi64,
    _mm512_maskz_permutexvar_epi8, _mm512_or_si512, _mm512_permutex2var_epi64, _mm512_permutexvar_epi64,
    _mm512_set_epi64, _mm512_set1_epi64, _mm512_setzero_si512, _mm512_shuffle_i64x2, _mm512_slli_epi64,
    _mm512_srai_epi64, _mm512_srli_epi64, _mm512_srlv_epi64, _mm512_sub_epi64, _mm512_unpackhi_epi64,
    _mm512_unpacklo_epi64, _mm512_xor_si512,
};

mod affine;
mod cyclotomic;
mod points;
mod tower;

pub(super) use affine::Scratch;

/// How many lanes there are.
pub(super) const LANES: usize = 8;

/// The width of a limb.
const WIDTH: u32 = 52;
/// A whole limb.
const LIMB: i64 = (1 << WIDTH) - 1;
/// By how much R = 2^416 exceeds the library's 2^384.
const EXCESS: u32 = 32;
/// p.
const MODULUS: [u64; 6] = [
    0xb9fe_ffff_ffff_aaab,
    0x1eab_fffe_b153_ffff,
    0x6730_d2a0_f6b0_f624,
    0x6477_4b84_f385_12bf,
    0x4b1b_a7b6_434b_acd7,
    0x1a01_11ea_397f_e69a,
];
/// p in limbs.
const P: [i64; 8] = multiple_of_p(0);
/// −1/p modulo 2^52.
const MINUS_INVERSE: i64 = 0x0003_fffc_fffc_fffd;
/// ⌊2^416/p⌋.
const RECIPROCAL: i64 = 0x9_d835_d2f3;

/// p·2^shift in limbs, for a shift below 52 that leaves it below 2^416.
const fn multiple_of_p(shift: u32) -> [i64; 8] {
    limbs(&MODULUS, shift)
}

/// a·2^shift in limbs, for a shift below 52 that leaves it below 2^416.
const fn limbs(a: &[u64; 6], shift: u32) -> [i64; 8] {
    let mut out = [0; 8];
    let mut i = 0;
    while i < 8 {
        // Bits of a from 52·i − shift on.
        let start = WIDTH as i64 * i as i64 - shift as i64;
        let mut bit = 0;
        while bit < WIDTH as i64 {
            let from = start + bit;
            if from >= 0 && from < 384 && a[from as usize / 64] >> (from % 64) & 1 == 1 {
                out[i] |= 1 << bit;
            }
            bit += 1;
        }
        i += 1;
    }
    out
}

/// A vector of these numbers, the first in lane 0.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma,avx512vbmi")]
fn vector([a, b, c, d, e, f, g, h]: [i64; 8]) -> __m512i {
    _mm512_set_epi64(h, g, f, e, d, c, b, a)
}

/// Runs the block for each limb, with its number as a constant, so that limbs stay in registers.
macro_rules! each_limb {
    ($i:ident $block:block) => {
        each_limb!(@ $i $block 0 1 2 3 4 5 6 7);
    };
    (@ $i:ident $block:block $($n:literal)*) => {
        $({
            const $i: usize = $n;
            $block
        })*
    };
}

/// Evidence that the processor has the instructions that this module needs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Processor(());

impl Processor {
    /// The evidence, if there is any.
    pub(super) fn detect() -> Option<Self> {
        // The standard library asks the processor once and remembers.
        let found = is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512ifma")
            && is_x86_feature_detected!("avx512vbmi");
        found.then_some(Self(()))
    }

    /// As `affine_sum::Adder::add_pairs_vartime`, unless a summand is the identity or a sum would be: then nothing is done, and the
    /// result is `false`.
    pub(super) fn add_pairs_vartime(
        self,
        points: &mut [Affine],
        pairs: &[(usize, usize)],
        scratch: &mut Scratch,
    ) -> bool {
        // SAFETY: `self` exists only where the processor has the features that the function needs.
        unsafe { affine::add_pairs_vartime(points, pairs, scratch) }
    }

    /// Several sums of lists of points: `lengths` says of each place, from the highest to the lowest, how many points each sum has there, in
    /// the order of `points`; from place to place a sum is doubled `step` times. Nothing for a sum that is the identity without being
    /// empty, or in which equal or opposite points met.
    pub(super) fn add_up(self, points: &[Affine], lengths: &[usize], sums: usize, step: usize) -> Vec<Option<Point>> {
        // SAFETY: `self` exists only where the processor has the features that the function needs.
        unsafe { points::add_up(points, lengths, sums, step) }
    }

    /// For each x a y, of either sign, that makes a point of the subgroup of it, if there is one.
    pub(super) fn complete_points(self, x: [&Fp; LANES]) -> [Option<Fp>; LANES] {
        // SAFETY: `self` exists only where the processor has the features that the function needs.
        unsafe { points::complete_points(x) }
    }

    /// As `final_exponentiation::hard_part`.
    pub(super) fn hard_part(self, g: &Fp12) -> Option<Fp12> {
        // SAFETY: `self` exists only where the processor has the features that the function needs.
        unsafe { cyclotomic::hard_part(g) }
    }

    /// The product of the lines of all terms, each evaluated at its point.
    pub(super) fn miller_loop(self, terms: &[Evaluation<'_>]) -> Fp12 {
        // SAFETY: `self` exists only where the processor has the features that the function needs.
        unsafe { tower::miller_loop(terms) }
    }
}

/// Eight elements x, each as x·2^416 modulo p, below 2^416: limb i of all of them in register i, each limb below 2^52.
#[derive(Clone, Copy)]
pub(super) struct Fp8([__m512i; 8]);

/// The same with limbs of any magnitude below 2^62, perhaps negative: what sums and products are before carries.
#[derive(Clone, Copy)]
struct Columns([__m512i; 8]);

/// Sums of products in eight lanes, not yet reduced.
struct Accumulator([__m512i; 16]);

impl Fp8 {
    /// The element in each lane.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi")]
    fn broadcast(x: &Fp) -> Self {
        Self::load([x; LANES])
    }

    /// These elements. Gives them below 2^32·p.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi")]
    fn load(elements: [&Fp; LANES]) -> Self {
        let mut rows = [_mm512_setzero_si512(); 8];
        each_limb!(I {
            rows[I] = cut(load_row(elements[I]));
        });
        Self(transpose(rows))
    }

    /// The reduced elements, in the library's form, one in each row. Needs them below 3·2^32·p.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi")]
    fn store(&self) -> [__m512i; 8] {
        transpose(self.store_lanes())
    }

    /// The same, with limb i of all elements in row i.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi")]
    fn store_lanes(&self) -> [__m512i; 8] {
        // A multiple m·p with m < 2^32 that makes the low 32 bits 0; the sum is below 4·2^32·p.
        let quotient = _mm512_madd52lo_epu64(_mm512_setzero_si512(), self.0[0], _mm512_set1_epi64(MINUS_INVERSE));
        let quotient = _mm512_and_si512(quotient, _mm512_set1_epi64((1 << EXCESS) - 1));
        let mut sum = self.0;
        each_limb!(I {
            sum[I] = _mm512_madd52lo_epu64(sum[I], quotient, _mm512_set1_epi64(P[I]));
            if I > 0 {
                sum[I] = _mm512_madd52hi_epu64(sum[I], quotient, _mm512_set1_epi64(P[(I + 7) % 8]));
            }
        });
        // The high half of the last product is 0, since p has 17 bits in its last limb.
        let sum = Columns(sum).carry();
        let sum = sum.subtract_if_not_below(&const { multiple_of_p(EXCESS + 1) });
        let Self(a) = sum.subtract_if_not_below(&const { multiple_of_p(EXCESS) });
        // Bits 32 to 416, in limbs of 64.
        let zero = _mm512_setzero_si512();
        [
            _mm512_or_si512(_mm512_srli_epi64::<32>(a[0]), _mm512_slli_epi64::<20>(a[1])),
            _mm512_or_si512(
                _mm512_or_si512(_mm512_srli_epi64::<44>(a[1]), _mm512_slli_epi64::<8>(a[2])),
                _mm512_slli_epi64::<60>(a[3]),
            ),
            _mm512_or_si512(_mm512_srli_epi64::<4>(a[3]), _mm512_slli_epi64::<48>(a[4])),
            _mm512_or_si512(_mm512_srli_epi64::<16>(a[4]), _mm512_slli_epi64::<36>(a[5])),
            _mm512_or_si512(_mm512_srli_epi64::<28>(a[5]), _mm512_slli_epi64::<24>(a[6])),
            _mm512_or_si512(_mm512_srli_epi64::<40>(a[6]), _mm512_slli_epi64::<12>(a[7])),
            zero,
            zero,
        ]
    }

    /// a − m where that is not negative, else a.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi")]
    fn subtract_if_not_below(&self, m: &[i64; 8]) -> Self {
        let mut difference = self.0;
        each_limb!(I {
            difference[I] = _mm512_sub_epi64(difference[I], _mm512_set1_epi64(m[I]));
        });
        let Self(mut out) = Columns(difference).carry();
        let negative = _mm512_cmplt_epi64_mask(out[7], _mm512_setzero_si512());
        each_limb!(I {
            out[I] = _mm512_mask_blend_epi64(negative, out[I], self.0[I]);
        });
        Self(out)
    }

    /// 0.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi")]
    fn zero() -> Self {
        Self([_mm512_setzero_si512(); 8])
    }

    /// The same, to be added to.
    #[inline]
    fn columns(&self) -> Columns {
        Columns(self.0)
    }

    /// a·b, below 2·p. Needs a·b ≤ 2^35·p².
    #[inline(never)]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi")]
    fn mul(&self, b: &Self) -> Self {
        self.mul_columns(b).carry()
    }

    /// a·b before carries, from 0 to 2·p. Needs a·b ≤ 2^35·p².
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi")]
    fn mul_columns(&self, b: &Self) -> Columns {
        let (Self(a), Self(b)) = (self, b);
        let mut t = [_mm512_setzero_si512(); 16];
        each_limb!(I {
            each_limb!(J {
                t[I + J] = _mm512_madd52lo_epu64(t[I + J], a[I], b[J]);
            });
            each_limb!(J {
                t[I + J + 1] = _mm512_madd52hi_epu64(t[I + J + 1], a[I], b[J]);
            });
            // One row behind, so that the processor has products to compute while it waits for the quotient.
            if I > 0 {
                reduce_column(&mut t, I - 1);
            }
        });
        reduce_column(&mut t, 7);
        upper(&t)
    }

    /// a², below 2·p. Needs a ≤ 2^17·p.
    #[inline(never)]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi")]
    fn square(&self) -> Self {
        self.square_columns().carry()
    }

    /// a² before carries, as [`mul_columns`](Self::mul_columns).
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi")]
    fn square_columns(&self) -> Columns {
        let Self(a) = self;
        let mut t = [_mm512_setzero_si512(); 16];
        each_limb!(I {
            each_limb!(J {
                if J > I {
                    t[I + J] = _mm512_madd52lo_epu64(t[I + J], a[I], a[J]);
                }
            });
            each_limb!(J {
                if J > I {
                    t[I + J + 1] = _mm512_madd52hi_epu64(t[I + J + 1], a[I], a[J]);
                }
            });
        });
        each_limb!(I {
            t[2 * I] = _mm512_add_epi64(t[2 * I], t[2 * I]);
            t[2 * I] = _mm512_madd52lo_epu64(t[2 * I], a[I], a[I]);
            t[2 * I + 1] = _mm512_add_epi64(t[2 * I + 1], t[2 * I + 1]);
            t[2 * I + 1] = _mm512_madd52hi_epu64(t[2 * I + 1], a[I], a[I]);
        });
        each_limb!(I {
            reduce_column(&mut t, I);
        });
        upper(&t)
    }

    /// 1/a in each lane, below 2·p, with one inversion for all; nothing if one of them is 0. Needs a below 3·p.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi")]
    fn invert(&self) -> Option<Self> {
        let neighbour = self.permute([1, 0, 3, 2, 5, 4, 7, 6]);
        let pairs = self.mul(&neighbour);
        let other_pair = pairs.permute([2, 3, 0, 1, 6, 7, 4, 5]);
        let fours = pairs.mul(&other_pair);
        let other_four = fours.permute([4, 5, 6, 7, 0, 1, 2, 3]);
        let others = neighbour.mul(&other_pair).mul(&other_four);
        let mut product = fp::ZERO;
        store_row(&mut product, fours.mul(&other_four).store()[0]);
        let inverse = Self::broadcast(&fp::invert(&product));
        (product.l != [0; 6]).then_some(inverse.mul(&others))
    }

    /// b in the lanes that are set, else a.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi")]
    fn select(&self, b: &Self, lanes: u8) -> Self {
        let mut out = self.0;
        each_limb!(I {
            out[I] = _mm512_mask_blend_epi64(lanes, out[I], b.0[I]);
        });
        Self(out)
    }

    /// The lanes in another order: lane i of the result is lane `order[i]` of a.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi")]
    fn permute(&self, order: [i64; 8]) -> Self {
        let order = vector(order);
        let mut out = self.0;
        each_limb!(I {
            out[I] = _mm512_permutexvar_epi64(order, out[I]);
        });
        Self(out)
    }

    /// The limbs of the element in each lane.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi")]
    fn rows(&self) -> [[i64; 8]; LANES] {
        // SAFETY: both are 512 bytes without padding, and all patterns of them are values.
        unsafe { core::mem::transmute::<[__m512i; 8], [[i64; 8]; LANES]>(transpose(self.0)) }
    }

    /// Lanes of a and b: lane i of the result is lane `order[i]` of a, or lane `order[i] − 8` of b.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi")]
    fn permute_two(&self, b: &Self, order: [i64; 8]) -> Self {
        let order = vector(order);
        let mut out = self.0;
        each_limb!(I {
            out[I] = _mm512_permutex2var_epi64(out[I], order, b.0[I]);
        });
        Self(out)
    }

    /// Lanes of b where they are set, else a: lane i of the result is lane i of a or lane `order[i]` of b.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi")]
    fn permute_into(&self, lanes: u8, b: &Self, order: [i64; 8]) -> Self {
        let order = vector(order);
        let mut out = self.0;
        each_limb!(I {
            out[I] = _mm512_mask_permutexvar_epi64(out[I], lanes, order, b.0[I]);
        });
        Self(out)
    }

    /// In which lanes a and b have the same limbs: where both were just loaded, whether they are equal.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi")]
    fn same_limbs(&self, b: &Self) -> u8 {
        let mut difference = _mm512_setzero_si512();
        each_limb!(I {
            difference = _mm512_or_si512(difference, _mm512_xor_si512(self.0[I], b.0[I]));
        });
        _mm512_cmpeq_epi64_mask(difference, _mm512_setzero_si512())
    }

    /// In which lanes all limbs are 0.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi")]
    fn zero_limbs(&self) -> u8 {
        self.same_limbs(&Self::zero())
    }
}

impl Columns {
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi")]
    fn add(mut self, b: &Fp8) -> Self {
        each_limb!(I {
            self.0[I] = _mm512_add_epi64(self.0[I], b.0[I]);
        });
        self
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi")]
    fn sub(mut self, b: &Fp8) -> Self {
        each_limb!(I {
            self.0[I] = _mm512_sub_epi64(self.0[I], b.0[I]);
        });
        self
    }

    /// Adds b in the lanes that are set.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi")]
    fn add_where(mut self, lanes: u8, b: &Fp8) -> Self {
        each_limb!(I {
            self.0[I] = _mm512_mask_add_epi64(self.0[I], lanes, self.0[I], b.0[I]);
        });
        self
    }

    /// Subtracts b in the lanes that are set.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi")]
    fn sub_where(mut self, lanes: u8, b: &Fp8) -> Self {
        each_limb!(I {
            self.0[I] = _mm512_mask_sub_epi64(self.0[I], lanes, self.0[I], b.0[I]);
        });
        self
    }

    /// Adds 2^SHIFT·p, which changes nothing but makes room for what is subtracted.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi")]
    fn raise<const SHIFT: u32>(mut self) -> Self {
        each_limb!(I {
            self.0[I] = _mm512_add_epi64(self.0[I], _mm512_set1_epi64(const { multiple_of_p(SHIFT) }[I]));
        });
        self
    }

    /// Subtracts about as many times p as the last column tells, and carries. Needs a value from p to 2^51·2^364 and gives it below 3·p.
    ///
    /// With v the value: the columns below the last one make less than 2^9 of v/2^364, which is 2^−7 of v/p; the rounding down of
    /// RECIPROCAL loses less than a half, that of the product less than 1. So (v/p − quotient) + 1 is above 0 and below 3.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi")]
    fn reduce(self) -> Fp8 {
        let Self(mut t) = self.raise::<0>();
        let zero = _mm512_setzero_si512();
        let quotient = _mm512_madd52hi_epu64(zero, self.0[7], _mm512_set1_epi64(RECIPROCAL));
        each_limb!(I {
            let mut multiple = _mm512_madd52lo_epu64(zero, quotient, _mm512_set1_epi64(P[I]));
            if I > 0 {
                multiple = _mm512_madd52hi_epu64(multiple, quotient, _mm512_set1_epi64(P[(I + 7) % 8]));
            }
            t[I] = _mm512_sub_epi64(t[I], multiple);
        });
        Self(t).carry()
    }

    /// Carries. Needs a value from 0 to 2^416; of a negative one the last limb is negative.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi")]
    fn carry(self) -> Fp8 {
        let Self(mut t) = self;
        let limb = _mm512_set1_epi64(LIMB);
        each_limb!(I {
            if I < 7 {
                t[(I + 1) % 8] = _mm512_add_epi64(t[(I + 1) % 8], _mm512_srai_epi64::<WIDTH>(t[I]));
                t[I] = _mm512_and_si512(t[I], limb);
            }
        });
        Fp8(t)
    }
}

impl Accumulator {
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi")]
    fn new() -> Self {
        Self([_mm512_setzero_si512(); 16])
    }

    /// Adds a·b.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi")]
    fn add_product(&mut self, Fp8(a): &Fp8, Fp8(b): &Fp8) {
        let Self(t) = self;
        each_limb!(I {
            each_limb!(J {
                t[I + J] = _mm512_madd52lo_epu64(t[I + J], a[I], b[J]);
            });
            each_limb!(J {
                t[I + J + 1] = _mm512_madd52hi_epu64(t[I + J + 1], a[I], b[J]);
            });
        });
    }

    /// Adds a·b for a single b, given as its limbs.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi")]
    fn add_multiple(&mut self, Fp8(a): &Fp8, b: &[i64; 8]) {
        let Self(t) = self;
        each_limb!(I {
            let b = _mm512_set1_epi64(b[I]);
            each_limb!(J {
                t[I + J] = _mm512_madd52lo_epu64(t[I + J], b, a[J]);
            });
            each_limb!(J {
                t[I + J + 1] = _mm512_madd52hi_epu64(t[I + J + 1], b, a[J]);
            });
        });
    }

    /// Subtracts.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi")]
    fn minus(&self, other: &Self) -> Self {
        let mut out = self.0;
        each_limb!(I {
            out[I] = _mm512_sub_epi64(out[I], other.0[I]);
            out[I + 8] = _mm512_sub_epi64(out[I + 8], other.0[I + 8]);
        });
        Self(out)
    }

    /// The sum divided by 2^416, from 0 to 2·p; with differences, from −p to 2·p. Needs a sum of magnitude at most 2^35·p² from at most 30
    /// products.
    ///
    /// (a + q·p)/2^416 < 2^35·p²/(2^35·p) + p. Each column gets 16 halves of each product, 16 more here, and a carry: below 2^61.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi")]
    fn reduce(self) -> Columns {
        let Self(mut t) = self;
        each_limb!(I {
            reduce_column(&mut t, I);
        });
        upper(&t)
    }
}

/// Adds the multiple of p·2^(52·i) that makes column i a multiple of 2^52, and what it is then to the next column.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma,avx512vbmi")]
fn reduce_column(t: &mut [__m512i; 16], i: usize) {
    let zero = _mm512_setzero_si512();
    // The multiplications take the low 52 bits.
    let quotient = _mm512_madd52lo_epu64(zero, t[i], _mm512_set1_epi64(MINUS_INVERSE));
    // With the low half of quotient·P[0], which is below 2^52, the column would be the next multiple of 2^52.
    let carry = _mm512_srai_epi64::<WIDTH>(_mm512_add_epi64(t[i], _mm512_set1_epi64(LIMB)));
    t[i + 1] = _mm512_add_epi64(t[i + 1], carry);
    t[i + 1] = _mm512_madd52lo_epu64(t[i + 1], quotient, _mm512_set1_epi64(P[1]));
    let high = _mm512_madd52hi_epu64(zero, quotient, _mm512_set1_epi64(P[0]));
    t[i + 1] = _mm512_add_epi64(t[i + 1], high);
    each_limb!(J {
        if J > 1 {
            t[i + J] = _mm512_madd52lo_epu64(t[i + J], quotient, _mm512_set1_epi64(P[J]));
        }
    });
    each_limb!(J {
        if J > 0 {
            t[i + J + 1] = _mm512_madd52hi_epu64(t[i + J + 1], quotient, _mm512_set1_epi64(P[J]));
        }
    });
}

/// The upper half of the columns.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma,avx512vbmi")]
fn upper(t: &[__m512i; 16]) -> Columns {
    let mut out = [_mm512_setzero_si512(); 8];
    each_limb!(I {
        out[I] = t[8 + I];
    });
    Columns(out)
}

/// The limbs of one element as the library has them, and two of 0.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma,avx512vbmi")]
fn load_row(x: &Fp) -> __m512i {
    // SAFETY: the mask lets the six limbs be read that the reference guarantees, and no more.
    unsafe { _mm512_maskz_loadu_epi64(0x3f, x.l.as_ptr().cast()) }
}

/// Writes the six limbs of one element.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma,avx512vbmi")]
fn store_row(x: &mut Fp, row: __m512i) {
    // SAFETY: the mask lets the six limbs be written that the reference guarantees, and no more.
    unsafe { _mm512_mask_storeu_epi64(x.l.as_mut_ptr().cast(), 0x3f, row) };
}

/// Six limbs of 64 bits as eight of 52, shifted by 32 bits: limb i is bits 52·i − 32 to 52·i + 19.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma,avx512vbmi")]
fn cut(row: __m512i) -> __m512i {
    // For limb 0 the bytes 0 to 3 in the upper half; for limb i the eight bytes from (52·i − 32)/8 on. Byte 48 is 0.
    let bytes = _mm512_set_epi64(
        0x302f_2e2d_2c2b_2a29,
        0x2a29_2827_2625_2423,
        0x2322_2120_1f1e_1d1c,
        0x1d1c_1b1a_1918_1716,
        0x1615_1413_1211_100f,
        0x100f_0e0d_0c0b_0a09,
        0x0908_0706_0504_0302,
        0x0302_0100_0000_0000,
    );
    let limbs = _mm512_maskz_permutexvar_epi8(!0xf, bytes, row);
    let limbs = _mm512_srlv_epi64(limbs, _mm512_set_epi64(4, 0, 4, 0, 4, 0, 4, 0));
    _mm512_and_si512(limbs, _mm512_set1_epi64(LIMB))
}

/// Eight vectors of eight elements as rows of a matrix, to its columns.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma,avx512vbmi")]
fn transpose_elements(mut rows: [Fp8; LANES]) -> [Fp8; LANES] {
    each_limb!(I {
        let mut limbs = [_mm512_setzero_si512(); 8];
        each_limb!(J {
            limbs[J] = rows[J].0[I];
        });
        let limbs = transpose(limbs);
        each_limb!(J {
            rows[J].0[I] = limbs[J];
        });
    });
    rows
}

/// Rows to columns of an eight by eight matrix.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma,avx512vbmi")]
fn transpose(r: [__m512i; 8]) -> [__m512i; 8] {
    let even = [
        _mm512_unpacklo_epi64(r[0], r[1]),
        _mm512_unpacklo_epi64(r[2], r[3]),
        _mm512_unpacklo_epi64(r[4], r[5]),
        _mm512_unpacklo_epi64(r[6], r[7]),
    ];
    let odd = [
        _mm512_unpackhi_epi64(r[0], r[1]),
        _mm512_unpackhi_epi64(r[2], r[3]),
        _mm512_unpackhi_epi64(r[4], r[5]),
        _mm512_unpackhi_epi64(r[6], r[7]),
    ];
    let [c0, c2, c4, c6] = transpose_pairs(even);
    let [c1, c3, c5, c7] = transpose_pairs(odd);
    [c0, c1, c2, c3, c4, c5, c6, c7]
}

/// Rows to columns of a four by four matrix of pairs.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma,avx512vbmi")]
fn transpose_pairs(r: [__m512i; 4]) -> [__m512i; 4] {
    // 0x88 takes the pairs 0 and 2 of each, 0xdd the pairs 1 and 3.
    let (a, b) = (_mm512_shuffle_i64x2::<0x88>(r[0], r[1]), _mm512_shuffle_i64x2::<0x88>(r[2], r[3]));
    let (c, d) = (_mm512_shuffle_i64x2::<0xdd>(r[0], r[1]), _mm512_shuffle_i64x2::<0xdd>(r[2], r[3]));
    [
        _mm512_shuffle_i64x2::<0x88>(a, b),
        _mm512_shuffle_i64x2::<0x88>(c, d),
        _mm512_shuffle_i64x2::<0xdd>(a, b),
        _mm512_shuffle_i64x2::<0xdd>(c, d),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::Expander;

    /// Values where limbs, carries and reductions turn, and many in between.
    fn elements() -> Vec<Fp> {
        let mut elements = vec![fp::ZERO, fp::ONE, fp::negate_if(&fp::ONE, true)];
        // 1 and p − 1 as they are stored, every power of two below p, its neighbours, and their opposites.
        for bit in 0..381 {
            let mut power = fp::ZERO;
            power.l[bit / 64] = 1 << (bit % 64);
            let one = Fp { l: [1, 0, 0, 0, 0, 0] };
            let mut above = fp::ZERO;
            fp::add_to(&mut above, &power, &one);
            for element in [power, fp::sub(&power, &one), above] {
                elements.extend([element, fp::negate_if(&element, true)]);
            }
        }
        for i in 0..400_u32 {
            let mut bytes = [0; 48];
            Expander::XofShake256.expand(&i.to_be_bytes(), b"lanes test", &mut bytes);
            let limb = |n: usize| bytes[8 * n..][..8].iter().fold(0, |limb, byte| limb << 8 | u64::from(*byte));
            elements.push(Fp { l: [limb(0), limb(1), limb(2), limb(3), limb(4), limb(5) >> 4] });
        }
        elements
    }

    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi")]
    fn stored(a: &Fp8) -> [Fp; LANES] {
        let rows = a.store();
        let mut out = [fp::ZERO; LANES];
        for (out, row) in out.iter_mut().zip(rows) {
            store_row(out, row);
        }
        out
    }

    /// The operations on eight pairs, as the library has their results: a·b, a², a − b, a + b, and a·b² − a.
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi")]
    fn results(a: [&Fp; LANES], b: [&Fp; LANES]) -> [[Fp; LANES]; 5] {
        let (a, b) = (Fp8::load(a), Fp8::load(b));
        let [small_a, small_b] = [a, b].map(|element| element.columns().raise::<0>().reduce());
        [
            stored(&a.mul(&small_b)),
            stored(&small_a.square()),
            stored(&a.columns().sub(&b).raise::<32>().carry()),
            stored(&a.columns().add(&b).carry()),
            stored(&small_b.square().mul_columns(&a).sub(&a).raise::<32>().carry()),
        ]
    }

    #[test]
    fn lanes_compute_what_the_library_computes() {
        if Processor::detect().is_none() {
            return;
        }
        let elements = elements();
        for (i, first) in elements.chunks_exact(LANES).enumerate() {
            for shift in 0..5 {
                let second: [&Fp; LANES] =
                    core::array::from_fn(|lane| &elements[(i * (shift + 1) + lane * shift + shift) % elements.len()]);
                let first: [&Fp; LANES] = core::array::from_fn(|lane| &first[lane]);
                // SAFETY: the processor has just been asked.
                let results = unsafe { results(first, second) };
                for lane in 0..LANES {
                    let (a, b) = (first[lane], second[lane]);
                    let mut sum = fp::ZERO;
                    fp::add_to(&mut sum, a, b);
                    let expected =
                        [fp::mul(a, b), fp::square(a), fp::sub(a, b), sum, fp::sub(&fp::mul(a, &fp::square(b)), a)];
                    for (result, expected) in results.iter().zip(&expected) {
                        assert_eq!(result[lane].l, expected.l);
                    }
                }
            }
        }
    }
}
