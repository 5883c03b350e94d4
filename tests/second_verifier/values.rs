//! `spec/statements.md`: Bit, Either range, Not in.

use super::curve::{hash_to_curve, integer};
use super::parameters::Parameters;
use super::system::System;
use super::{Reason, digits, take_point};
use ark_bls12_381::{Fr, G1Affine};

fn generators() -> [G1Affine; 2] {
    [b"MILCHGLAS-V1-COMMITMENT-G", b"MILCHGLAS-V1-COMMITMENT-H"].map(|tag| hash_to_curve(b"", tag))
}

pub(super) fn not_in(
    system: &mut System,
    points: &mut Vec<G1Affine>,
    rest: &mut &[u8],
    m: usize,
    values: &[Fr],
) -> Result<(), Reason> {
    let [g, h] = generators();
    let k = take_point(rest)?;
    points.push(k);
    let s = system.variable();
    system.equation("not in: commitment", vec![(Fr::from(1u64), k)], vec![(false, m, g), (false, s, h)]);
    for value in values {
        let [t, a, w] = [system.variable(), system.variable(), system.variable()];
        system.equation("not in", Vec::new(), vec![(false, t, k), (true, a, g), (true, w, h)]);
        system.constrain(&[(-Fr::from(1u64), a), (*value, t)], Fr::from(1u64))?;
    }
    Ok(())
}

pub(super) fn either_range(
    system: &mut System,
    points: &mut Vec<G1Affine>,
    rest: &mut &[u8],
    m: usize,
    [(lo, hi), (other_lo, other_hi)]: [(i128, i128); 2],
    parameters: &Parameters,
) -> Result<(), Reason> {
    let (one_width, other_width) = (hi - lo, other_hi - other_lo);
    let n = (1..=8).find(|n| 256i128.pow(*n) >= one_width.max(other_width)).ok_or(Reason::Mismatch)?;
    let s = system.variable();
    let [g, h] = generators();
    let c = take_point(rest)?;
    points.push(c);
    let [t, w] = [system.variable(), system.variable()];
    system.equation("bit: commitment", vec![(Fr::from(1u64), c)], vec![(false, s, g), (false, t, h)]);
    system.equation("bit", vec![(Fr::from(1u64), c)], vec![(false, s, c), (false, w, h)]);
    let one = Fr::from(1u64);
    let mut sides = vec![(one, integer(lo - other_lo), -integer(lo))];
    if one_width != other_width || one_width != 256i128.pow(n) {
        sides.push((-one, integer(other_hi - hi), integer(hi - 1)));
    }
    for (sign, slope, offset) in sides {
        let mut terms = vec![(sign, m)];
        terms.extend(digits(system, points, rest, n, parameters)?);
        terms.push((slope, s));
        system.constrain(&terms, offset)?;
    }
    Ok(())
}
