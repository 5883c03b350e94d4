//! Public sums over points that a prover has chosen to stand in the way: equal, opposite, multiples of each other, sums that vanish.
#![allow(missing_docs, clippy::unwrap_used)]

use milchglas_curve::{Expander, G1, G2Prepared, NonZeroG1, PublicSum, Scalar, pairing_product_is_one};

fn scalar(i: u32, j: u32) -> Scalar {
    let mut bytes = [0; 32];
    Expander::XofShake256.expand(&[i.to_be_bytes(), j.to_be_bytes()].concat(), b"public sums", &mut bytes);
    bytes[0] &= 0x3f;
    Scalar::from_bytes(&bytes).unwrap()
}

fn sum<'a>(terms: &[(NonZeroG1, Scalar)]) -> PublicSum<'a> {
    let mut sum = PublicSum::with_room(terms.len());
    terms.iter().for_each(|(point, scalar)| sum.add(point, *scalar));
    sum
}

/// The same by single multiplications.
fn naive(terms: &[(NonZeroG1, Scalar)]) -> G1 {
    terms.iter().fold(G1::identity(), |sum, (point, scalar)| sum + G1::from(*point) * *scalar)
}

#[test]
fn a_sum_that_vanishes_beside_another_is_the_identity() {
    let p = NonZeroG1::generator();
    let opposite = (-G1::from(p)).to_nonzero().unwrap();
    let other = G1::hash(Expander::XofShake256, b"other", b"public sums");
    let vanishing = [(p, Scalar::ONE), (opposite, Scalar::ONE)];
    let full = [(p, scalar(0, 0)), (other, scalar(0, 1))];
    let sums = PublicSum::finish_all_vartime(&[sum(&vanishing), sum(&full)]);
    assert!(sums[0].is_identity());
    assert_eq!(sums[1], naive(&full));
    let g2 = G2Prepared::generator();
    assert!(!pairing_product_is_one(&[(sums[0], g2), (G1::from(other), g2)]));
}

#[test]
fn sums_over_related_points_are_right() {
    let p = NonZeroG1::generator();
    let g = G1::from(p);
    for (relation, q) in [("opposite", -g), ("equal", g), ("double", g + g), ("treble", g + g + g)] {
        let q = q.to_nonzero().unwrap();
        for i in 0..60 {
            // As the equations of several answers: up to eight sums, of which each has up to eight terms.
            let terms: Vec<Vec<(NonZeroG1, Scalar)>> = (0..1 + i % 8)
                .map(|j| {
                    let pair = |k| [(p, scalar(i, 16 * j + k)), (q, scalar(i, 16 * j + k + 8))];
                    (0..1 + j % 4).flat_map(pair).collect()
                })
                .collect();
            let sums: Vec<PublicSum<'_>> = terms.iter().map(|terms| sum(terms)).collect();
            let expected: Vec<G1> = terms.iter().map(|terms| naive(terms)).collect();
            assert_eq!(PublicSum::finish_all_vartime(&sums), expected, "{relation}, {i}");
        }
    }
}
