//! Tables for bases that are multiplied often, and sums of secret multiples over them.
//!
//! Source: Lim, Lee, "More Flexible Exponentiation with Precomputation" (1994), with one row of the table per window; the zero-free
//! digits and the halves are explained at [`SignedDigits`]. The table holds (2j + 1)·2^(6i)·P in row i < 22 and column j < 32: 66 KiB.
//!
//! k·P = Σ_i d_i·2^(6i)·P + ψ(Σ_i e_i·2^(6i)·P): 44 looked-up points, all from one table.
//!
//! **Why no exceptional case occurs.** The additions in affine coordinates need operands that are neither equal nor opposite, and
//! an operand must not be the identity. Within one half of one base every operand is s·P with s = Σ_{i∈I} d_i·2^(6i) over a set I
//! of windows, and two operands have disjoint sets. All d_i are odd, so 2^(6·min I) is the highest power of two that divides s. Thus
//! s ≠ 0, and s ± s′ ≠ 0 for disjoint sets; and as |s|, |s′| < 2^132, neither is a multiple of r. This holds for every scalar, so no
//! probability needs to be argued away. Between halves and bases, where operands may coincide, the additions are complete.
//!
//! Timing: constant in the scalars. A lookup reads the whole row, and selects by masks.

#![forbid(unsafe_code)]

use super::affine_sum::{ENOUGH, add_each, clear_elements, clear_points};
use super::endomorphism::{self, ENTRIES, ShortDigits, SignedDigit, SignedDigits, WINDOW, WINDOWS};
use super::fp::{self, Fp};
use super::fr::Fr;
use super::g1::{self, Affine, Point};
use core::hint::black_box;

/// The table of one base.
#[derive(Clone)]
pub struct Comb {
    rows: Box<[[Entry; ENTRIES]]>,
}

/// The coordinates of a point in one array, which is quicker to scan.
type Entry = [u64; LIMBS];
const LIMBS: usize = 12;

/// How many tables are built, and how many bases summed, at once. It bounds the scratch space, to about 100 KiB for a sum.
const CHUNK: usize = 16;

/// Builds the tables of these bases; cheaper together than one by one.
pub fn combs(bases: &[Affine]) -> Vec<Comb> {
    bases
        .chunks(CHUNK)
        .flat_map(|bases| rows(bases).chunks_exact(WINDOWS).map(Comb::from_rows).collect::<Vec<_>>())
        .collect()
}

/// The rows of the tables, one table after the other.
fn rows(bases: &[Affine]) -> Vec<[Entry; ENTRIES]> {
    // 2^(6i)·P, and twice that, for all windows of all bases. None is the identity, since the order r is an odd prime.
    let mut powers = Vec::with_capacity(2 * bases.len() * WINDOWS);
    for base in bases {
        let mut power = g1::from_affine(base);
        for _ in 0..WINDOWS {
            powers.push(power);
            (0..WINDOW).for_each(|_| power = g1::double(&power));
        }
    }
    powers.extend_from_within(..);
    let (_, twice) = powers.split_at_mut(bases.len() * WINDOWS);
    twice.iter_mut().for_each(|power| *power = g1::double(power));
    let mut current: Vec<Affine> = g1::batch_to_affine(&powers).into_iter().flatten().collect();
    let twice = current.split_off(bases.len() * WINDOWS);

    let mut rows = vec![[[0; LIMBS]; ENTRIES]; bases.len() * WINDOWS];
    let mut products = Vec::with_capacity(current.len());
    for column in 0..ENTRIES {
        if column > 0 {
            // (2j − 1)·Q + 2·Q, where 2j − 1 ≠ ±2.
            add_each(&mut current, &twice, &mut products);
        }
        for (row, point) in rows.iter_mut().zip(&current) {
            row[column] = entry(point);
        }
    }
    rows
}

impl Comb {
    /// How many bytes it takes.
    pub fn bytes(&self) -> usize {
        size_of_val(&*self.rows)
    }

    /// Builds the table of a base.
    pub fn new(base: &Affine) -> Self {
        Self::from_rows(&rows(&[*base]))
    }

    fn from_rows(rows: &[[Entry; ENTRIES]]) -> Self {
        Self { rows: rows.into() }
    }

    /// The base.
    pub fn base(&self) -> Affine {
        point(&self.rows[0][0])
    }
}

/// Σ k·P over bases with tables, in constant time in the scalars.
pub fn comb_sum(terms: &[(&Comb, &Fr)]) -> Point {
    let sum = |terms: &[(&Comb, &Fr)]| {
        let digits: Vec<SignedDigits> = terms.iter().map(|(_, k)| SignedDigits::new(k)).collect();
        // One after the other the windows; in each, the points of all first halves, then those of all second halves.
        let stride = 2 * terms.len();
        let mut points = Vec::with_capacity(WINDOWS * stride);
        for i in 0..WINDOWS {
            let start = points.len();
            points.resize(start + stride, Affine::default());
            let (first, second) = points[start..].split_at_mut(terms.len());
            for ((((comb, _), digits), first), second) in terms.iter().zip(&digits).zip(first).zip(second) {
                [*first, *second] = look_up(&comb.rows[i], digits.get(i));
            }
        }
        let mut sums = sums_of_halves(points, WINDOWS, terms.len());
        let sum = g1::add(&sums[0], &endomorphism::apply(&sums[1]));
        sums.iter_mut().for_each(g1::zeroize);
        sum
    };
    terms.chunks(CHUNK).map(sum).reduce(|sum, next| g1::add(&sum, &next)).unwrap_or_else(g1::identity)
}

/// Σ k·P for scalars of at most `bits` bits, which may be 128 at most: one half is enough, and as many windows as the bits need.
pub fn comb_sum_short(terms: &[(&Comb, u128)], bits: usize) -> Point {
    let windows = bits / WINDOW + 1;
    let sum = |terms: &[(&Comb, u128)]| {
        let digits: Vec<ShortDigits> = terms.iter().map(|(_, k)| ShortDigits::new(*k, windows)).collect();
        let mut points = Vec::with_capacity(windows * terms.len());
        for i in 0..windows {
            points.extend(terms.iter().zip(&digits).map(|((comb, _), digits)| {
                let [point] = look_up(&comb.rows[i], [digits.get(i)]);
                point
            }));
        }
        let mut sums = sums_of_halves(points, windows, terms.len());
        for ((comb, _), digits) in terms.iter().zip(&digits) {
            let surplus = g1::select_affine(&Affine::default(), &g1::neg_affine(&comb.base()), digits.surplus());
            g1::add_assign_affine(&mut sums[0], &surplus);
        }
        let sum = sums[0];
        sums.iter_mut().for_each(g1::zeroize);
        sum
    };
    terms.chunks(CHUNK).map(sum).reduce(|sum, next| g1::add(&sum, &next)).unwrap_or_else(g1::identity)
}

/// The sums of the first and of the second halves, from the points of each window: those of `bases` first halves, then those of as many
/// second halves, or none.
#[inline(always)]
fn sums_of_halves(mut points: Vec<Affine>, windows: usize, bases: usize) -> [Point; 2] {
    let stride = points.len() / windows;
    let mut products: Vec<Fp> = Vec::with_capacity(windows / 2 * stride + 1);

    let mut windows = windows;
    while windows > 1 && windows / 2 * stride >= ENOUGH {
        let (left, right) = points[..windows * stride].split_at_mut((windows - windows / 2) * stride);
        add_each(&mut left[..right.len()], right, &mut products);
        windows -= windows / 2;
    }

    let mut sums = [g1::identity(); 2];
    for window in points[..windows * stride].chunks_exact(stride) {
        let (first, second) = window.split_at(bases);
        for (sum, points) in sums.iter_mut().zip([first, second]) {
            for point in points {
                // The operands of a lone base can not coincide.
                if bases == 1 {
                    g1::add_assign_unequal_affine(sum, point);
                } else {
                    g1::add_assign_affine(sum, point);
                }
            }
        }
    }
    clear_points(&mut points);
    clear_elements(&mut products);
    sums
}

/// The entries of a row that digits ask for, in one pass over the row.
#[inline(always)]
fn look_up<const N: usize>(row: &[Entry; ENTRIES], digits: [SignedDigit; N]) -> [Affine; N] {
    // The compiler must not see that a mask is all ones or 0, or it may choose to branch.
    let masks = black_box(digits.map(|digit| masks(digit.index)));
    let mut found = [[0; LIMBS]; N];
    for (j, entry) in row.iter().enumerate() {
        for i in 0..LIMBS {
            for (found, masks) in found.iter_mut().zip(&masks) {
                found[i] |= entry[i] & masks[j];
            }
        }
    }
    let mut points = found.map(|limbs| point(&limbs));
    for (point, digit) in points.iter_mut().zip(&digits) {
        point.y = fp::negate_if(&point.y, digit.negative);
    }
    points
}

/// All ones at the index, 0 elsewhere.
fn masks(index: u64) -> [u64; ENTRIES] {
    // Only 0 − 1 has its top bit set.
    core::array::from_fn(|j| ((index ^ j as u64).wrapping_sub(1) >> 63).wrapping_neg())
}

fn entry(point: &Affine) -> Entry {
    let mut limbs = [0; LIMBS];
    limbs[..LIMBS / 2].copy_from_slice(&point.x.l);
    limbs[LIMBS / 2..].copy_from_slice(&point.y.l);
    limbs
}

fn point(entry: &Entry) -> Affine {
    let mut point = Affine::default();
    point.x.l.copy_from_slice(&entry[..LIMBS / 2]);
    point.y.l.copy_from_slice(&entry[LIMBS / 2..]);
    point
}
