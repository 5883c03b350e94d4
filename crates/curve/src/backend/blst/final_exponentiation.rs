//! Whether the final exponentiation of a pairing product gives one.
//!
//! Source: the chain (p⁴ − p² + 1)·3/r = (z − 1)²·(z + p)·(z² + p² − 1) + 3 of Hayashida, Hayasaka, Teruya, "Efficient Final Exponentiation via
//! Cyclotomic Structure" (2020), where the factor 3 is prime to r; and for powers with exponent z Karabina, "Squaring in Cyclotomic
//! Subgroups" (2013), theorems 3.1 and 3.2: four of the six coefficients of a square in Fp(i) follow from the same four.
//!
//! With w⁶ = ξ an element is g₀ + g₂·w + g₄·w² + g₁·w³ + g₃·w⁴ + g₅·w⁵, and in the cyclotomic subgroup, if g₂ ≠ 0,
//! g₁ = (ξ·g₅² + 3·g₄² − 2·g₃)/(4·g₂) and g₀ = ξ·(2·g₁² + g₂·g₅ − 3·g₃·g₄) + 1.
//! Where g₂ = 0, which occurs for few elements other than 1, the library's own chain is used.
//!
//! Timing: variable. For public inputs only.

#![forbid(unsafe_code)]

use super::fp2::{self, Fp2};
use super::fp12::{self, Fp6, Fp12};
use super::lanes::Processor;

/// Whether f^((p¹² − 1)/r) = 1.
pub(super) fn gives_one(f: &Fp12) -> bool {
    // To the power (p⁶ − 1)·(p² + 1), which leads into the cyclotomic subgroup, where a conjugate is an inverse.
    let g = fp12::mul(&fp12::conjugate(f), &fp12::invert(f));
    let g = fp12::mul(&fp12::frobenius(&g, 2), &g);
    let result = hard_part(&g, Processor::detect()).unwrap_or_else(|| fp12::final_exponentiation(f));
    fp12::is_one(&result)
}

/// g to the power (z − 1)²·(z + p)·(z² + p² − 1) + 3, unless some power can not be decompressed.
fn hard_part(g: &Fp12, lanes: Option<Processor>) -> Option<Fp12> {
    if let Some(processor) = lanes {
        return processor.hard_part(g);
    }
    let a = fp12::mul(&power_z(g)?, &fp12::conjugate(g));
    let b = fp12::mul(&power_z(&a)?, &fp12::conjugate(&a));
    let c = fp12::mul(&power_z(&b)?, &fp12::frobenius(&b, 1));
    let d = fp12::mul(&power_z(&power_z(&c)?)?, &fp12::mul(&fp12::frobenius(&c, 2), &fp12::conjugate(&c)));
    Some(fp12::mul(&d, &fp12::mul(&fp12::cyclotomic_square(g), g)))
}

/// g^z, where z = −(2^63 + 2^62 + 2^60 + 2^57 + 2^48 + 2^16).
fn power_z(g: &Fp12) -> Option<Fp12> {
    let mut compressed = Compressed::of(g);
    let mut after = |squarings: usize| {
        compressed.square_assign(squarings);
        compressed
    };
    let [first, second, mut power] = decompress([after(16), after(48 - 16), after(57 - 48)])?;
    let mut product = fp12::mul(&fp12::mul(&first, &second), &power);
    // For the last few squarings compression would not pay.
    for squarings in [60 - 57, 62 - 60, 63 - 62] {
        (0..squarings).for_each(|_| power = fp12::cyclotomic_square(&power));
        fp12::mul_assign(&mut product, &power);
    }
    Some(fp12::conjugate(&product))
}

/// g₂, g₃, g₄, g₅.
#[derive(Clone, Copy)]
struct Compressed([Fp2; 4]);

impl Compressed {
    fn of(g: &Fp12) -> Self {
        let [even, odd] = &g.fp6;
        Self([odd.fp2[0], even.fp2[2], even.fp2[1], odd.fp2[2]])
    }

    /// Squares so many times. Each result is computed into its place: to copy what was just computed costs as much as an addition.
    fn square_assign(&mut self, times: usize) {
        let Self([g2, g3, g4, g5]) = self;
        let mut room = [Fp2::default(); 6];
        let [a, b, c, d, square, product] = &mut room;
        for _ in 0..times {
            square_pair_to([a, b], g2, g3, [square, product]);
            square_pair_to([c, d], g4, g5, [square, product]);
            fp2::mul_by_xi_to(product, d);
            // 3·x + 2·g, or 3·x − 2·g.
            for (g, x) in [(&mut *g2, &*product), (&mut *g5, &*b)] {
                fp2::add_assign(g, x);
                fp2::double_assign(g);
                fp2::add_assign(g, x);
            }
            for (g, x) in [(&mut *g3, &*c), (&mut *g4, &*a)] {
                fp2::sub_from(g, x);
                fp2::double_assign(g);
                fp2::add_assign(g, x);
            }
        }
    }
}

/// The elements that were compressed, with one inversion for all.
fn decompress(elements: [Compressed; 3]) -> Option<[Fp12; 3]> {
    let [a, b, c] = elements.map(|Compressed([g2, ..])| twice(&twice(&g2)));
    let (ab, bc) = (fp2::mul(&a, &b), fp2::mul(&b, &c));
    let product = fp2::mul(&ab, &c);
    if fp2::is_zero(&product) {
        return None;
    }
    let inverse = fp2::invert(&product);
    let reciprocals = [fp2::mul(&inverse, &bc), fp2::mul(&inverse, &fp2::mul(&a, &c)), fp2::mul(&inverse, &ab)];
    let [first, second, third] = elements;
    let [u, v, w] = &reciprocals;
    Some([complete(&first, u), complete(&second, v), complete(&third, w)])
}

/// The element with these four coefficients, given 1/(4·g₂).
fn complete(Compressed([g2, g3, g4, g5]): &Compressed, reciprocal: &Fp2) -> Fp12 {
    let square = fp2::square(g4);
    let sum = fp2::add(&fp2::mul_by_xi(&fp2::square(g5)), &fp2::add(&twice(&square), &square));
    let g1 = fp2::mul(&fp2::sub(&sum, &twice(g3)), reciprocal);
    let product = fp2::mul(g3, g4);
    let sum = fp2::add(&twice(&fp2::sub(&fp2::square(&g1), &product)), &fp2::sub(&fp2::mul(g2, g5), &product));
    let g0 = fp2::add(&fp2::mul_by_xi(&sum), &fp2::ONE);
    Fp12 { fp6: [Fp6 { fp2: [g0, *g4, *g3] }, Fp6 { fp2: [*g2, g1, *g5] }] }
}

/// (a + b·s)² = (a² + ξ·b²) + 2·a·b·s, where s² = ξ, with room for two products.
fn square_pair_to([even, odd]: [&mut Fp2; 2], a: &Fp2, b: &Fp2, [square, product]: [&mut Fp2; 2]) {
    fp2::square_to(even, a);
    fp2::square_to(square, b);
    fp2::add_to(odd, a, b);
    fp2::square_assign(odd);
    fp2::sub_assign(odd, even);
    fp2::sub_assign(odd, square);
    fp2::mul_by_xi_to(product, square);
    fp2::add_assign(even, product);
}

fn twice(x: &Fp2) -> Fp2 {
    fp2::add(x, x)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::blst::fp;
    use crate::hash::Expander;

    /// Elements with no structure.
    fn elements() -> Vec<Fp12> {
        let element = |i: u32| {
            let coefficient = |j: u32| {
                let coordinate = |k: u32| {
                    let mut bytes = [0; 40];
                    Expander::XofShake256.expand(&[i, j, k].map(u32::to_be_bytes).concat(), b"fp12 test", &mut bytes);
                    let limb = |n: usize| bytes[8 * n..][..8].iter().fold(0, |limb, byte| limb << 8 | u64::from(*byte));
                    fp::Fp { l: [limb(0), limb(1), limb(2), limb(3), limb(4), 0] }
                };
                Fp2 { fp: [coordinate(0), coordinate(1)] }
            };
            let half = |j: u32| Fp6 { fp2: [coefficient(j), coefficient(j + 1), coefficient(j + 2)] };
            Fp12 { fp6: [half(0), half(3)] }
        };
        (0..20).map(element).collect()
    }

    fn equal(a: &Fp12, b: &Fp12) -> bool {
        let same = |(x, y): (&Fp6, &Fp6)| x.fp2.iter().zip(&y.fp2).all(|(x, y)| fp2::is_zero(&fp2::sub(x, y)));
        a.fp6.iter().zip(&b.fp6).all(same)
    }

    /// Into the cyclotomic subgroup.
    fn easy_part(f: &Fp12) -> Fp12 {
        let g = fp12::mul(&fp12::conjugate(f), &fp12::invert(f));
        fp12::mul(&fp12::frobenius(&g, 2), &g)
    }

    #[test]
    fn compressed_powers_are_the_powers() {
        for f in elements() {
            let g = easy_part(&f);
            let mut power = g;
            for bit in (0..63).rev() {
                fp12::square_assign(&mut power);
                if 0xd201_0000_0001_0000_u64 >> bit & 1 == 1 {
                    power = fp12::mul(&power, &g);
                }
            }
            let expected = fp12::conjugate(&power);
            assert!(power_z(&g).is_some_and(|power| equal(&power, &expected)));
        }
    }

    #[test]
    fn hard_part_matches_the_library() {
        for f in elements() {
            let expected = fp12::final_exponentiation(&f);
            for lanes in [Processor::detect(), None] {
                assert!(hard_part(&easy_part(&f), lanes).is_some_and(|result| equal(&result, &expected)));
            }
            assert!(!gives_one(&f));
        }
    }

    #[test]
    fn gives_one_exactly_where_the_library_does() {
        // Powers with an exponent r, of which (z − 1)²·(z + p)·… make one; and the identity, which can not be decompressed.
        let r = [0xffff_ffff_0000_0001, 0x53bd_a402_fffe_5bfe, 0x3339_d808_09a1_d805, 0x73ed_a753_299d_7d48_u64];
        for f in elements() {
            let mut power = fp12::ONE;
            for bit in (0..256).rev() {
                fp12::square_assign(&mut power);
                if r[bit / 64] >> (bit % 64) & 1 == 1 {
                    power = fp12::mul(&power, &f);
                }
            }
            assert!(fp12::is_one(&fp12::final_exponentiation(&power)));
            assert!(gives_one(&power));
        }
        assert!(gives_one(&fp12::ONE));
        assert!([Processor::detect(), None].iter().all(|lanes| hard_part(&fp12::ONE, *lanes).is_none()));
        assert!(!gives_one(&Fp12 { fp6: [Fp6 { fp2: [fp2::ZERO; 3] }; 2] }));
    }
}
