//! The two backends against each other: the same bytes, and the same verdict on every encoding.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod curve_corpus;

use curve_corpus::{Verdict, bit_flips};
use milchglas_curve::Expander;
use milchglas_curve::backend::{blst, portable};

/// Bytes without end that look random, the same in every run.
fn bytes<const N: usize>(label: &str, i: usize) -> [u8; N] {
    let mut out = [0; N];
    Expander::XofShake256.expand(&i.to_be_bytes(), label.as_bytes(), &mut out);
    out
}

/// Every scalar of the corpus and some random ones, in both representations.
fn scalars() -> Vec<(blst::fr::Fr, portable::fr::Fr)> {
    let corpus = curve_corpus::scalars().into_iter().filter(|case| case.verdict == Verdict::Valid);
    let decoded =
        corpus.map(|case| (blst::fr::from_bytes(&case.bytes).unwrap(), portable::fr::from_bytes(&case.bytes).unwrap()));
    let random =
        (0..12).map(|i| bytes("scalar", i)).map(|wide| (blst::fr::from_wide(&wide), portable::fr::from_wide(&wide)));
    decoded.chain(random).collect()
}

#[test]
fn scalars_agree() {
    let same = |a: blst::fr::Fr, b: portable::fr::Fr| assert_eq!(blst::fr::to_bytes(&a), portable::fr::to_bytes(&b));
    same(blst::fr::ZERO, portable::fr::ZERO);
    same(blst::fr::ONE, portable::fr::ONE);
    same(blst::fr::from_u64(u64::MAX), portable::fr::from_u64(u64::MAX));
    for i in 0..200 {
        let wide = bytes("wide", i);
        same(blst::fr::from_wide(&wide), portable::fr::from_wide(&wide));
    }
    same(blst::fr::from_wide(&[0xff; 64]), portable::fr::from_wide(&[0xff; 64]));
    let scalars = scalars();
    for (a, pa) in &scalars {
        same(*a, *pa);
        same(blst::fr::neg(a), portable::fr::neg(pa));
        same(blst::fr::invert(a), portable::fr::invert(pa));
        for (b, pb) in &scalars {
            same(blst::fr::add(a, b), portable::fr::add(pa, pb));
            same(blst::fr::sub(a, b), portable::fr::sub(pa, pb));
            same(blst::fr::mul(a, b), portable::fr::mul(pa, pb));
            assert_eq!(bool::from(blst::fr::ct_eq(a, b)), bool::from(portable::fr::ct_eq(pa, pb)));
        }
    }
}

#[test]
fn scalar_encodings_get_the_same_verdict() {
    let random = (0..500).map(|i| bytes("scalar encoding", i));
    for bytes in curve_corpus::scalars().into_iter().map(|case| case.bytes).chain(random) {
        let verdicts = (blst::fr::from_bytes(&bytes), portable::fr::from_bytes(&bytes));
        assert_eq!(
            verdicts.0.map(|a| blst::fr::to_bytes(&a)),
            verdicts.1.map(|a| portable::fr::to_bytes(&a)),
            "{bytes:02x?}"
        );
    }
}

/// The same tests for G1 and for G2.
macro_rules! group_tests {
    ($group:ident, $bytes:literal, $operations:ident, $verdicts:ident, $sums:ident) => {
        #[test]
        fn $operations() {
            let same = |p: &blst::$group::Point, q: &portable::$group::Point| {
                assert_eq!(blst::$group::encode(p), portable::$group::encode(q));
            };
            let generators = (blst::$group::generator(), portable::$group::generator());
            let generator = (blst::$group::from_affine(&generators.0), portable::$group::from_affine(&generators.1));
            assert_eq!(blst::$group::encode_affine(&generators.0), portable::$group::encode_affine(&generators.1));
            same(&blst::$group::identity(), &portable::$group::identity());
            let points: Vec<_> = scalars()
                .iter()
                .map(|(k, pk)| (blst::$group::mul(&generator.0, k), portable::$group::mul(&generator.1, pk)))
                .collect();
            for (p, pp) in &points {
                same(p, pp);
                same(&blst::$group::double(p), &portable::$group::double(pp));
                same(&blst::$group::neg(p), &portable::$group::neg(pp));
                for (q, pq) in &points {
                    same(&blst::$group::add(p, q), &portable::$group::add(pp, pq));
                    assert_eq!(bool::from(blst::$group::ct_eq(p, q)), bool::from(portable::$group::ct_eq(pp, pq)));
                    if let (Some(q), Some(pq)) = (blst::$group::to_affine(q), portable::$group::to_affine(pq)) {
                        same(&blst::$group::add_affine(p, &q), &portable::$group::add_affine(pp, &pq));
                    }
                }
            }
            let (ours, theirs): (Vec<_>, Vec<_>) = points.into_iter().unzip();
            let ours: Vec<_> = blst::$group::batch_to_affine(&ours)
                .iter()
                .map(|p| p.map(|p| blst::$group::encode_affine(&p)))
                .collect();
            let theirs: Vec<_> = portable::$group::batch_to_affine(&theirs)
                .iter()
                .map(|p| p.map(|p| portable::$group::encode_affine(&p)))
                .collect();
            assert_eq!(ours, theirs);
        }

        #[test]
        fn $verdicts() {
            let corpus = curve_corpus::$group().into_iter().map(|case| (case.name, case.bytes));
            let valid = blst::$group::encode_affine(&blst::$group::generator());
            // Random bytes with every pattern of flags.
            let random = (0..128).map(|i| {
                let mut bytes: [u8; $bytes] = bytes("point encoding", i);
                bytes[0] = bytes[0] & 0x1f | (i as u8) << 5;
                (format!("random {i}"), bytes)
            });
            let flipped = bit_flips(valid).map(|bytes| ("flipped bit".to_owned(), bytes));
            for (name, bytes) in corpus.chain(flipped).chain(random) {
                let ours = blst::$group::decode(&bytes).map(|p| p.map(|p| blst::$group::encode_affine(&p)));
                let theirs = portable::$group::decode(&bytes).map(|p| p.map(|p| portable::$group::encode_affine(&p)));
                assert_eq!(ours, theirs, "{name} {bytes:02x?}");
            }
        }

        #[test]
        fn $sums() {
            let generators = (blst::$group::generator(), portable::$group::generator());
            let generator = (blst::$group::from_affine(&generators.0), portable::$group::from_affine(&generators.1));
            let scalars = scalars();
            let points: Vec<_> = scalars
                .iter()
                .filter_map(|(k, pk)| {
                    let p = blst::$group::to_affine(&blst::$group::mul(&generator.0, k))?;
                    Some((p, portable::$group::to_affine(&portable::$group::mul(&generator.1, pk))?))
                })
                .collect();
            for n in [0, 1, 2, 3, 5, 8, 13, points.len()] {
                let ours =
                    blst::$group::msm_vartime(points.iter().zip(&scalars).take(n).map(|((p, _), (k, _))| (p, k)));
                let theirs =
                    portable::$group::msm_vartime(points.iter().zip(&scalars).take(n).map(|((_, p), (_, k))| (p, k)));
                assert_eq!(blst::$group::encode(&ours), portable::$group::encode(&theirs), "{n}");
            }
        }
    };
}

group_tests!(g1, 48, g1_operations_agree, g1_encodings_get_the_same_verdict, g1_sums_agree);
group_tests!(g2, 96, g2_operations_agree, g2_encodings_get_the_same_verdict, g2_sums_agree);

#[test]
fn sums_over_tables_agree() {
    let scalars = scalars();
    let generators = (blst::g1::generator(), portable::g1::generator());
    let other = bytes("table", 0);
    let others = (
        blst::g1::to_affine(&blst::g1::map_from_okm(&other)).unwrap(),
        portable::g1::to_affine(&portable::g1::map_from_okm(&other)).unwrap(),
    );
    let ours = blst::g1::combs(&[generators.0, others.0]);
    let theirs = portable::g1::combs(&[generators.1, others.1]);
    for ((k, pk), (l, pl)) in scalars.iter().zip(scalars.iter().rev()) {
        let single = blst::g1::comb_sum(&[(&ours[0], k)]);
        let portable_single = portable::g1::comb_sum(&[(&theirs[0], pk)]);
        assert_eq!(blst::g1::encode(&single), portable::g1::encode(&portable_single));
        let sum = blst::g1::comb_sum(&[(&ours[0], k), (&ours[1], l)]);
        let portable_sum = portable::g1::comb_sum(&[(&theirs[0], pk), (&theirs[1], pl)]);
        assert_eq!(blst::g1::encode(&sum), portable::g1::encode(&portable_sum));
    }
}

#[test]
fn maps_to_the_curve_agree() {
    let edges = [[0; 128], [0xff; 128]];
    for okm in edges.into_iter().chain((0..40).map(|i| bytes("okm", i))) {
        assert_eq!(
            blst::g1::encode(&blst::g1::map_from_okm(&okm)),
            portable::g1::encode(&portable::g1::map_from_okm(&okm))
        );
    }
}

#[test]
fn pairing_products_agree() {
    // Terms (a, negative, b) stand for e(±a·P1, b·P2); the product is one exactly where Σ ±a·b = 0.
    type Terms = &'static [(u64, bool, u64)];
    let cases: [(Terms, bool); 6] = [
        (&[], true),
        (&[(1, false, 1)], false),
        (&[(6, false, 7), (42, true, 1)], true),
        (&[(6, false, 7), (42, false, 1)], false),
        (&[(6, false, 7), (21, true, 2), (5, true, 11), (55, false, 1)], true),
        (&[(6, false, 7), (21, true, 2), (5, true, 11), (54, false, 1)], false),
    ];
    for (terms, expected) in cases {
        let ours: Vec<_> = terms
            .iter()
            .map(|(a, negative, b)| {
                let p = blst::g1::mul(&blst::g1::from_affine(&blst::g1::generator()), &blst::fr::from_u64(*a));
                let p = if *negative { blst::g1::neg(&p) } else { p };
                let q = blst::g2::mul(&blst::g2::from_affine(&blst::g2::generator()), &blst::fr::from_u64(*b));
                (blst::g1::to_affine(&p).unwrap(), blst::pairing::prepare(&blst::g2::to_affine(&q).unwrap()))
            })
            .collect();
        let theirs: Vec<_> = terms
            .iter()
            .map(|(a, negative, b)| {
                let p = portable::g1::mul(
                    &portable::g1::from_affine(&portable::g1::generator()),
                    &portable::fr::from_u64(*a),
                );
                let p = if *negative { portable::g1::neg(&p) } else { p };
                let q = portable::g2::mul(
                    &portable::g2::from_affine(&portable::g2::generator()),
                    &portable::fr::from_u64(*b),
                );
                (
                    portable::g1::to_affine(&p).unwrap(),
                    portable::pairing::prepare(&portable::g2::to_affine(&q).unwrap()),
                )
            })
            .collect();
        assert_eq!(blst::pairing::product_is_one(ours.iter().map(|(p, q)| (blst::g1::from_affine(p), q))), expected);
        assert_eq!(
            portable::pairing::product_is_one(theirs.iter().map(|(p, q)| (portable::g1::from_affine(p), q))),
            expected
        );
    }
}
