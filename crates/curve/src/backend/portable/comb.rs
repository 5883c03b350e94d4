//! Tables for bases that are multiplied often, and sums of secret multiples over them.
//!
//! Source: Lim, Lee, "More Flexible Exponentiation with Precomputation" (1994), with one row of the table per window. The table holds
//! (2j + 1)·2^(5i)·P in row i < 51 and column j < 16: about 85 KiB.
//!
//! The digits are odd, so that no lookup has to return the identity: unless k is 0, one of k and r − k is odd, and an odd k below
//! 2^255 is Σ_i (2·u_i + 1 − 2^5)·2^(5i), where the u_i are the base-32 digits of (k − 1 + 2^255)/2. For 0, the result is discarded.
//! All additions are complete.
//!
//! Timing: constant in the scalars. A lookup reads the whole row, and selects by masks.

#![forbid(unsafe_code)]

use super::fr::{self, Fr};
use super::g1::{self, Affine, Point};
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};
use zeroize::Zeroize;

/// How many bits a digit covers.
const WINDOW: usize = 5;
/// How many digits a scalar has.
const WINDOWS: usize = 51;
/// How many odd multiples a digit may ask for: 1, 3, …, 2^5 − 1.
const ENTRIES: usize = 1 << (WINDOW - 1);

/// The table of one base.
#[derive(Clone)]
pub struct Comb {
    rows: Box<[[Affine; ENTRIES]]>,
}

/// Builds the tables of these bases.
pub fn combs(bases: &[Affine]) -> Vec<Comb> {
    bases.iter().map(Comb::new).collect()
}

impl Comb {
    /// How many bytes it takes.
    pub fn bytes(&self) -> usize {
        size_of_val(&*self.rows)
    }

    /// Builds the table of a base.
    pub fn new(base: &Affine) -> Self {
        let mut points = Vec::with_capacity(WINDOWS * ENTRIES);
        let mut power = g1::from_affine(base);
        for _ in 0..WINDOWS {
            let twice = g1::double(&power);
            let mut multiple = power;
            for _ in 0..ENTRIES {
                points.push(multiple);
                multiple = g1::add(&multiple, &twice);
            }
            (0..WINDOW).for_each(|_| power = g1::double(&power));
        }
        // None is the identity: the order is an odd prime beyond all the odd factors.
        let points: Vec<Affine> = g1::batch_to_affine(&points).into_iter().flatten().collect();
        let row = |row: &[Affine]| core::array::from_fn(|j| row[j]);
        Self { rows: points.chunks_exact(ENTRIES).map(row).collect() }
    }

    /// The base.
    pub fn base(&self) -> Affine {
        self.rows[0][0]
    }

    /// k times the base.
    fn mul(&self, k: &Fr) -> Point {
        let mut bytes = fr::to_bytes(k);
        let even = Choice::from(!bytes[31] & 1);
        bytes.zeroize();
        let mut odd = fr::select(k, &fr::neg(k), even);
        let mut bytes = fr::to_bytes(&odd);
        // Bits 1 to 254, and a one above them, are those of (k − 1 + 2^255)/2.
        let bit = |i: usize| if i == 255 { 1 } else { bytes[31 - i / 8] >> (i % 8) & 1 };
        let mut sum = g1::identity();
        for (i, row) in self.rows.iter().enumerate() {
            let mut u = (0..WINDOW).fold(0, |u, j| u | bit(i * WINDOW + 1 + j) << j);
            // Negative where the top bit is not set; there the complement is the index.
            let negative = Choice::from(!u >> (WINDOW - 1) & 1);
            u = u8::conditional_select(&u, &!u, negative) & (ENTRIES as u8 - 1);
            let mut found = row[0];
            for (j, entry) in (1..).zip(&row[1..]) {
                found.conditional_assign(entry, u.ct_eq(&j));
            }
            found.conditional_assign(&g1::neg_affine(&found), negative);
            sum = g1::add_affine(&sum, &found);
            found.zeroize();
            u.zeroize();
        }
        bytes.zeroize();
        fr::zeroize(&mut odd);
        let sum = g1::select(&sum, &g1::neg(&sum), even);
        g1::select(&sum, &g1::identity(), fr::ct_eq(k, &fr::ZERO))
    }
}

/// Σ k·P over bases with tables, in constant time in the scalars.
pub fn comb_sum(terms: &[(&Comb, &Fr)]) -> Point {
    terms.iter().fold(g1::identity(), |sum, (comb, k)| g1::add(&sum, &comb.mul(k)))
}

/// Σ k·P for short scalars. This backend takes them for long ones.
pub fn comb_sum_short(terms: &[(&Comb, u128)], _: usize) -> Point {
    terms.iter().fold(g1::identity(), |sum, (comb, k)| {
        let mut wide = [0; 64];
        wide[48..].copy_from_slice(&k.to_be_bytes());
        let mut scalar = fr::from_wide(&wide);
        wide.zeroize();
        let sum = g1::add(&sum, &comb.mul(&scalar));
        fr::zeroize(&mut scalar);
        sum
    })
}
