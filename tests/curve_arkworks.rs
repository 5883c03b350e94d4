//! The curve crate against arkworks, an independent implementation: scalars, group operations, encodings, sums, pairings, and
//! hash to curve against the vectors of RFC 9380.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod curve_corpus;

use ark_bls12_381::{Bls12_381, Fq, Fr, G1Affine, G1Projective, G2Affine, G2Projective};
use ark_ec::pairing::Pairing;
use ark_ec::{CurveGroup, PrimeGroup, VariableBaseMSM};
use ark_ff::{AdditiveGroup, Field, One, PrimeField, Zero};
use ark_serialize::CanonicalDeserialize;
use curve_corpus::{Case, Verdict, bit_flips, compress, scalar_bytes};
use milchglas_curve::{
    Expander, FixedBase, FixedPoint, G1, G2, G2Prepared, NonZeroG1, NonZeroG2, PublicSum, Scalar, SecretSum,
    VartimeTable, pairing_product_is_one,
};
use proptest::prelude::*;

/// Our scalar as arkworks reads its bytes.
fn fr(scalar: &Scalar) -> Fr {
    Fr::from_be_bytes_mod_order(&scalar.to_bytes())
}

/// The scalars on which the decompositions and carries of implementations turn.
fn edge_scalars() -> Vec<Scalar> {
    let z_squared = Scalar::from(0xd201_0000_0001_0000_u64) * Scalar::from(0xd201_0000_0001_0000_u64);
    let two_to = |n: u32| (0..n).fold(Scalar::ONE, |power, _| power + power);
    let mut scalars = vec![
        Scalar::ZERO,
        Scalar::ONE,
        Scalar::from(2),
        Scalar::from(15),
        Scalar::from(16),
        Scalar::from(17),
        Scalar::from(31),
        Scalar::from(33),
        Scalar::from(u64::MAX),
        z_squared,
        z_squared + Scalar::ONE,
        z_squared - Scalar::ONE,
        two_to(64),
        two_to(127),
        two_to(128),
        two_to(128) - Scalar::ONE,
        two_to(254),
        two_to(254) - Scalar::ONE,
    ];
    scalars.extend(scalars.clone().iter().map(|scalar| -scalar));
    scalars
}

fn any_scalar() -> impl Strategy<Value = Scalar> {
    let random =
        proptest::collection::vec(any::<u8>(), 64).prop_map(|bytes| Scalar::from_wide(&bytes.try_into().unwrap()));
    prop_oneof![3 => random, 1 => proptest::sample::select(edge_scalars())]
}

fn g1(scalar: &Scalar) -> (G1, G1Projective) {
    (G1::generator() * scalar, G1Projective::generator() * fr(scalar))
}

fn g2(scalar: &Scalar) -> (G2, G2Projective) {
    (G2::generator() * scalar, G2Projective::generator() * fr(scalar))
}

fn same_g1(ours: &G1, theirs: G1Projective) {
    assert_eq!(ours.to_bytes(), compress::<48>(&theirs.into_affine()));
}

fn same_g2(ours: &G2, theirs: G2Projective) {
    assert_eq!(ours.to_bytes(), compress::<96>(&theirs.into_affine()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn scalar_operations_agree(a in any_scalar(), b in any_scalar(), small: u64) {
        let (fa, fb) = (fr(&a), fr(&b));
        prop_assert_eq!(fr(&(a + b)), fa + fb);
        prop_assert_eq!(fr(&(a - b)), fa - fb);
        prop_assert_eq!(fr(&(a * b)), fa * fb);
        prop_assert_eq!(fr(&-a), -fa);
        prop_assert_eq!(a.invert().map(|inverse| fr(&inverse)), fa.inverse());
        prop_assert_eq!(fr(&Scalar::from(small)), Fr::from(small));
        prop_assert_eq!(a.is_zero(), fa.is_zero());
        prop_assert_eq!(a == b, fa == fb);
        prop_assert_eq!(fr(&[a, b, a].iter().sum()), fa + fb + fa);
        prop_assert_eq!(Scalar::from_bytes(&a.to_bytes()), Ok(a));
        prop_assert_eq!(a.to_bytes(), scalar_bytes(&fa));
    }

    #[test]
    fn scalars_from_many_bytes_agree(bytes in proptest::collection::vec(any::<u8>(), 64)) {
        let wide: [u8; 64] = bytes.as_slice().try_into().unwrap();
        let okm: [u8; 48] = bytes[..48].try_into().unwrap();
        prop_assert_eq!(fr(&Scalar::from_wide(&wide)), Fr::from_be_bytes_mod_order(&wide));
        prop_assert_eq!(fr(&Scalar::from_okm(&okm)), Fr::from_be_bytes_mod_order(&okm));
    }

    #[test]
    fn g1_operations_agree(a in any_scalar(), b in any_scalar(), k in any_scalar()) {
        let ((p, ark_p), (q, ark_q)) = (g1(&a), g1(&b));
        same_g1(&p, ark_p);
        same_g1(&(p + q), ark_p + ark_q);
        same_g1(&(p - q), ark_p - ark_q);
        same_g1(&(p + p), ark_p.double());
        same_g1(&(p - p), G1Projective::zero());
        same_g1(&p.double(), ark_p.double());
        same_g1(&-p, -ark_p);
        same_g1(&(p * k), ark_p * fr(&k));
        same_g1(&p.mul_vartime(&k), ark_p * fr(&k));
        same_g1(&[p, q, p].iter().sum(), ark_p + ark_q + ark_p);
        prop_assert_eq!(p == q, ark_p == ark_q);
        prop_assert_eq!(p.is_identity(), ark_p.is_zero());
        prop_assert_eq!(p.to_nonzero().is_none(), ark_p.is_zero());
        prop_assert_eq!(G1::from_bytes(&p.to_bytes()), Ok(p));
        prop_assert_eq!(NonZeroG1::from_bytes(&p.to_bytes()).ok(), p.to_nonzero());
        let batch: Vec<_> = [p, G1::identity(), q, p + q].to_vec();
        let one_by_one: Vec<_> = batch.iter().map(G1::to_nonzero).collect();
        prop_assert_eq!(G1::batch_to_nonzero(&batch), one_by_one);
        if let (Some(p), Some(q)) = (p.to_nonzero(), q.to_nonzero()) {
            prop_assert_eq!(p.to_bytes(), compress::<48>(&ark_p.into_affine()));
            prop_assert_eq!(p == q, ark_p == ark_q);
            same_g1(&(p + q), ark_p + ark_q);
            same_g1(&(p - q), ark_p - ark_q);
            same_g1(&(p + p), ark_p.double());
            same_g1(&(p - p), G1Projective::zero());
            same_g1(&(-p).into(), -ark_p);
            same_g1(&(G1::from(p) - q), ark_p - ark_q);
            same_g1(&(p - G1::from(q)), ark_p - ark_q);
            same_g1(&(G1::identity() + p), ark_p);
            same_g1(&(p * k), ark_p * fr(&k));
        }
    }

    #[test]
    fn g2_operations_agree(a in any_scalar(), b in any_scalar(), k in any_scalar()) {
        let ((p, ark_p), (q, ark_q)) = (g2(&a), g2(&b));
        same_g2(&p, ark_p);
        same_g2(&(p + q), ark_p + ark_q);
        same_g2(&(p - q), ark_p - ark_q);
        same_g2(&(p + p), ark_p.double());
        same_g2(&(p - p), G2Projective::zero());
        same_g2(&p.double(), ark_p.double());
        same_g2(&-p, -ark_p);
        same_g2(&(p * k), ark_p * fr(&k));
        prop_assert_eq!(p == q, ark_p == ark_q);
        prop_assert_eq!(p.is_identity(), ark_p.is_zero());
        prop_assert_eq!(G2::from_bytes(&p.to_bytes()), Ok(p));
        prop_assert_eq!(NonZeroG2::from_bytes(&p.to_bytes()).ok(), p.to_nonzero());
        if let (Some(p), Some(q)) = (p.to_nonzero(), q.to_nonzero()) {
            prop_assert_eq!(p.to_bytes(), compress::<96>(&ark_p.into_affine()));
            same_g2(&(p + q), ark_p + ark_q);
            same_g2(&(p - q), ark_p - ark_q);
            same_g2(&(p - p), G2Projective::zero());
            same_g2(&(-p).into(), -ark_p);
            same_g2(&(p * k), ark_p * fr(&k));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn pairing_products_agree(
        terms in proptest::collection::vec((any_scalar(), any_scalar()), 0..5),
        make_true: bool,
    ) {
        let mut terms: Vec<(Scalar, Scalar)> = terms.into_iter().filter(|(_, q)| !q.is_zero()).collect();
        if make_true {
            // One more term over the generator, with what the exponents of the others lack to zero.
            let total: Scalar = terms.iter().map(|(p, q)| p * q).sum();
            terms.push((-total, Scalar::ONE));
        }
        let points: Vec<(G1, NonZeroG2)> =
            terms.iter().map(|(p, q)| (G1::generator() * p, (G2::generator() * q).to_nonzero().unwrap())).collect();
        let prepared: Vec<G2Prepared> = points.iter().map(|(_, q)| G2Prepared::from(q)).collect();
        let ours = pairing_product_is_one(&points.iter().map(|(p, _)| *p).zip(&prepared).collect::<Vec<_>>());

        let ark_p: Vec<G1Affine> = points.iter().map(|(p, _)| read(&p.to_bytes())).collect();
        let ark_q: Vec<G2Affine> = points.iter().map(|(_, q)| read(&q.to_bytes())).collect();
        let theirs = Bls12_381::multi_pairing(ark_p, ark_q).is_zero();
        prop_assert_eq!(ours, theirs);
        if make_true {
            prop_assert!(ours);
        }
    }
}

/// What arkworks reads, with all its checks.
fn read<T: CanonicalDeserialize>(bytes: &[u8]) -> T {
    T::deserialize_compressed(bytes).unwrap()
}

#[test]
fn accepts_a_bilinear_relation_and_rejects_its_neighbours() {
    let (a, b) = (Scalar::from(0x1234_5678_9abc), Scalar::from(0xfedc_ba98));
    let p: G1 = G1::hash(Expander::XmdSha256, b"p", b"curve test").into();
    let b_times = G2Prepared::from(&(NonZeroG2::generator() * b).to_nonzero().unwrap());
    let generator = G2Prepared::generator();
    assert_eq!(*generator.point(), NonZeroG2::generator());
    assert!(pairing_product_is_one(&[(p * a, &b_times), (-(p * a * b), generator)]));
    assert!(!pairing_product_is_one(&[(p * a, &b_times), (p * a * b, generator)]));
    assert!(!pairing_product_is_one(&[(p * a + p, &b_times), (-(p * a * b), generator)]));
    assert!(!pairing_product_is_one(&[(p * a, &b_times)]));
    assert!(!pairing_product_is_one(&[(p, generator)]));
    assert!(pairing_product_is_one(&[(G1::identity(), generator), (G1::identity(), &b_times)]));
    assert!(pairing_product_is_one(&[(p, generator), (G1::identity(), &b_times), (-p, generator)]));
    assert!(pairing_product_is_one(&[]));
}

#[test]
fn multiplications_by_edge_scalars_agree() {
    let base = G1::hash(Expander::XmdSha256, b"edge", b"curve test");
    let p = G1::from(base);
    let ark_p: G1Projective = read::<G1Affine>(&p.to_bytes()).into();
    let q = G2::generator();
    let (fixed, vartime) = (FixedBase::new(&base), VartimeTable::new(&base));
    assert_eq!((fixed.base(), vartime.base()), (base, base));
    for k in edge_scalars() {
        same_g1(&(p * k), ark_p * fr(&k));
        same_g1(&fixed.mul(&k), ark_p * fr(&k));
        same_g1(&G1::msm_vartime_with(&[(&vartime, k)], &[], &[]), ark_p * fr(&k));
        same_g1(&p.mul_vartime(&k), ark_p * fr(&k));
        same_g2(&(q * k), G2Projective::generator() * fr(&k));
        same_g1(&(G1::identity() * k), G1Projective::zero());
        same_g1(&G1::identity().mul_vartime(&k), G1Projective::zero());
        same_g2(&(G2::identity() * k), G2Projective::zero());
    }
}

/// The lower 128 bits.
fn low_half(scalar: &Scalar) -> Scalar {
    let mut bytes = scalar.to_bytes();
    bytes[..16].fill(0);
    Scalar::from_bytes(&bytes).unwrap()
}

/// All sums, with and without tables, against the naive one and against arkworks.
fn check_sums(points: &[NonZeroG1], scalars: &[Scalar]) {
    let naive: G1 = points.iter().zip(scalars).map(|(point, scalar)| point * scalar).sum();
    let ark_points: Vec<G1Affine> = points
        .iter()
        .map(|point| G1Affine::deserialize_compressed_unchecked(point.to_bytes().as_slice()).unwrap())
        .collect();
    let ark_scalars: Vec<Fr> = scalars.iter().map(fr).collect();
    let ark_naive: G1Projective = ark_points.iter().zip(&ark_scalars).map(|(point, scalar)| *point * scalar).sum();
    same_g1(&naive, ark_naive);
    assert_eq!(ark_naive, G1Projective::msm(&ark_points, &ark_scalars).unwrap());
    assert_eq!(G1::msm(points, scalars), naive, "msm of {}", points.len());
    assert_eq!(G1::msm_vartime(points, scalars), naive, "msm_vartime of {}", points.len());
    let tables = FixedBase::batch(points);
    let tables: Vec<&FixedBase> = tables.iter().collect();
    assert_eq!(FixedBase::msm(&tables, scalars), naive, "tables of {}", points.len());
    for with_table in [points.len() / 3, points.len()] {
        let tables = VartimeTable::batch(&points[..with_table]);
        let fixed: Vec<(&VartimeTable, Scalar)> = tables.iter().zip(scalars.iter().copied()).collect();
        let sum = G1::msm_vartime_with(&fixed, &points[with_table..], &scalars[with_table..]);
        assert_eq!(sum, naive, "{with_table} with tables of {}", points.len());
    }
}

#[test]
fn several_sums_are_what_each_is_alone() {
    let points: Vec<NonZeroG1> =
        (0..12_u32).map(|i| G1::hash(Expander::XmdSha256, &i.to_be_bytes(), b"curve test several")).collect();
    let fixed: Vec<FixedPoint> = points.iter().map(FixedPoint::new).collect();
    FixedPoint::prepare_for_verifying(&fixed[..6]);
    let edges = edge_scalars();
    // Sums of different lengths with points in common, the empty one among them, and one that goes to the method for many points.
    for lengths in [vec![], vec![0], vec![1, 0, 3], vec![12, 5, 12, 1], vec![7, 150, 0]] {
        let summands: Vec<Vec<(usize, Scalar)>> = lengths
            .iter()
            .enumerate()
            .map(|(row, length)| (0..*length).map(|i| ((row + i) % 12, edges[(5 * row + i) % edges.len()])).collect())
            .collect();
        let sums: Vec<PublicSum<'_>> = summands
            .iter()
            .map(|summands| {
                let mut sum = PublicSum::with_room(summands.len());
                for (i, scalar) in summands {
                    if i % 3 == 0 { sum.add(&points[*i], *scalar) } else { sum.add_fixed(&fixed[*i], *scalar) }
                }
                sum
            })
            .collect();
        let expected: Vec<G1> =
            summands.iter().map(|summands| summands.iter().map(|(i, scalar)| points[*i] * *scalar).sum()).collect();
        assert_eq!(PublicSum::finish_all_vartime(&sums), expected);
    }
}

#[test]
fn sums_of_short_multiples_agree() {
    let points: Vec<NonZeroG1> =
        (0..5_u32).map(|i| G1::hash(Expander::XmdSha256, &i.to_be_bytes(), b"curve test short")).collect();
    let fixed: Vec<FixedPoint> = points.iter().map(FixedPoint::new).collect();
    for prepared in [0, 3, 5] {
        FixedPoint::prepare_for_proving(&fixed[..prepared]);
        for number in [0, 1, 2, 63, 64, 65, u32::MAX - 1, u32::MAX] {
            let wide = u128::from(number) << 96 | u128::from(number) << 31 | u128::from(number % 7);
            for (number, wide) in [(number, wide), (number, u128::MAX), (0, 0), (number, u128::MAX - 1)] {
                let mut sum = SecretSum::with_room(6);
                sum.add_fixed_u32(&fixed[0], number);
                sum.add_fixed_u32(&fixed[3], number / 2);
                sum.add_fixed_u128(&fixed[1], wide);
                sum.add_fixed_u128(&fixed[4], wide / 2);
                sum.add_fixed(&fixed[2], Scalar::from(u64::from(number)));
                // One point twice.
                sum.add_fixed_u32(&fixed[2], number);
                let of = |k: u128| points_scalar(k);
                let expected = points[0] * of(number.into())
                    + points[3] * of((number / 2).into())
                    + points[1] * of(wide)
                    + points[4] * of(wide / 2)
                    + points[2] * of(2 * u128::from(number));
                assert_eq!(sum.finish(), expected, "{number} {wide} {prepared}");
            }
        }
    }
}

fn points_scalar(k: u128) -> Scalar {
    let mut wide = [0; 64];
    wide[48..].copy_from_slice(&k.to_be_bytes());
    Scalar::from_wide(&wide)
}

#[test]
fn multiplications_by_a_byte_agree() {
    let p = G1::generator() * Scalar::from(77);
    for k in 0..=255 {
        let expected: G1Projective = G1Projective::generator() * Fr::from(77 * u64::from(k));
        same_g1(&p.mul_byte(k), expected);
        same_g1(&G1::identity().mul_byte(k), G1Projective::zero());
    }
}

#[test]
fn weights_are_two_halves() {
    let z_squared = Fr::from(0xd201_0000_0001_0000_u64) * Fr::from(0xd201_0000_0001_0000_u64);
    for (low, high) in [(0, 0), (1, 0), (0, 1), (u64::MAX, u64::MAX), (3, u64::MAX)] {
        assert_eq!(fr(&Scalar::weight(low, high)), Fr::from(low) + Fr::from(high) * z_squared);
    }
}

#[test]
fn sums_of_0_to_64_points_agree() {
    let distinct: Vec<NonZeroG1> =
        (0..64_u32).map(|i| G1::hash(Expander::XmdSha256, &i.to_be_bytes(), b"curve test sums")).collect();
    let random = |i: usize, j: usize| {
        let mut okm = [0; 48];
        Expander::XofShake256.expand(&[i as u8, j as u8], b"curve test sums", &mut okm);
        Scalar::from_okm(&okm)
    };
    let edges = edge_scalars();
    for n in 0..=64 {
        let points = &distinct[..n];
        let scalars: Vec<Scalar> = (0..n).map(|i| random(n, i)).collect();
        check_sums(points, &scalars);

        // The weights of a batch have 128 bits.
        let weights: Vec<Scalar> = scalars.iter().map(low_half).collect();
        check_sums(points, &weights);

        // Zero scalars, edge scalars, duplicates and inverse points all in one.
        let mixed_points: Vec<NonZeroG1> = (0..n)
            .map(|i| match i % 5 {
                0 | 1 => distinct[i],
                2 => distinct[i - 1],
                3 => -distinct[i - 2],
                _ => distinct[0],
            })
            .collect();
        let mixed_scalars: Vec<Scalar> = (0..n)
            .map(|i| match i % 4 {
                0 => Scalar::ZERO,
                1 => edges[i % edges.len()],
                _ => scalars[i / 3],
            })
            .collect();
        check_sums(&mixed_points, &mixed_scalars);
    }
}

#[test]
fn sums_that_collapse_agree() {
    let p = G1::hash(Expander::XmdSha256, b"p", b"curve test sums");
    let k = Scalar::from(0x0123_4567_89ab_cdef) * Scalar::from(0xfedc_ba98_7654_3210);
    for n in [1, 2, 3, 7, 8, 16, 31, 32, 33, 64] {
        // One point, one scalar, n times.
        check_sums(&vec![p; n], &vec![k; n]);
        check_sums(&vec![p; n], &vec![Scalar::ONE; n]);
        // Nothing but zeros.
        check_sums(&vec![p; n], &vec![Scalar::ZERO; n]);
        // Pairs that cancel, by the point and by the scalar.
        let by_point: Vec<NonZeroG1> = (0..n).map(|i| if i % 2 == 0 { p } else { -p }).collect();
        check_sums(&by_point, &vec![k; n]);
        let by_scalar: Vec<Scalar> = (0..n).map(|i| if i % 2 == 0 { k } else { -k }).collect();
        check_sums(&vec![p; n], &by_scalar);
        // One that counts among zeros.
        let mut lone = vec![Scalar::ZERO; n];
        lone[n / 2] = k;
        check_sums(&vec![p; n], &lone);
    }
}

#[test]
fn sums_of_many_points_agree() {
    let points: Vec<NonZeroG1> =
        (0..300_u32).map(|i| G1::hash(Expander::XofShake256, &i.to_be_bytes(), b"curve test sums")).collect();
    let scalars: Vec<Scalar> = (0..300_u64).map(|i| -Scalar::from(i * i * i)).collect();
    check_sums(&points, &scalars);
    // More than one block of the batched conversion, with an identity in every block.
    let many: Vec<G1> =
        (0..1600).map(|i| if i % 700 == 3 { G1::identity() } else { points[i % 300] * scalars[2] }).collect();
    let converted = G1::batch_to_nonzero(&many);
    assert_eq!(converted.len(), many.len());
    for (point, converted) in many.iter().zip(converted) {
        assert_eq!(point.to_nonzero(), converted);
    }
}

#[test]
#[should_panic(expected = "a scalar for every point")]
fn rejects_sums_of_unequal_lengths() {
    G1::msm(&[NonZeroG1::generator()], &[]);
}

#[test]
#[should_panic(expected = "a scalar for every point")]
fn rejects_public_sums_of_unequal_lengths() {
    G1::msm_vartime(&[], &[Scalar::ONE]);
}

#[test]
#[should_panic(expected = "a scalar for every point")]
fn rejects_sums_over_tables_of_unequal_lengths() {
    FixedBase::msm(&[&FixedBase::new(&NonZeroG1::generator())], &[]);
}

#[test]
#[should_panic(expected = "a scalar for every point")]
fn rejects_mixed_sums_of_unequal_lengths() {
    let table = VartimeTable::new(&NonZeroG1::generator());
    G1::msm_vartime_with(&[(&table, Scalar::ONE)], &[NonZeroG1::generator()], &[]);
}

#[test]
fn tables_built_together_equal_tables_built_alone() {
    let points: Vec<NonZeroG1> =
        (0..20_u32).map(|i| G1::hash(Expander::XmdSha256, &i.to_be_bytes(), b"curve test tables")).collect();
    let k = -Scalar::from(0x1234_5678_9abc_def0);
    let together = FixedBase::batch(&points);
    let vartime = VartimeTable::batch(&points);
    assert_eq!((together.len(), vartime.len()), (20, 20));
    for ((point, together), vartime) in points.iter().zip(&together).zip(&vartime) {
        assert_eq!((together.base(), vartime.base()), (*point, *point));
        assert_eq!(together.mul(&k), point * k);
        assert_eq!(FixedBase::new(point).mul(&k), point * k);
        assert_eq!(G1::msm_vartime_with(&[(vartime, k)], &[], &[]), point * k);
    }
    assert!(FixedBase::batch(&[]).is_empty());
}

#[test]
fn scalar_encodings_get_their_verdict() {
    for Case { name, bytes, verdict } in curve_corpus::scalars() {
        let decoded = Scalar::from_bytes(&bytes);
        assert_eq!(decoded.is_ok(), verdict == Verdict::Valid, "{name}");
        if let Ok(scalar) = decoded {
            assert_eq!(scalar.to_bytes(), bytes, "{name}");
        }
    }
}

#[test]
fn g1_encodings_get_their_verdict() {
    for Case { name, bytes, verdict } in curve_corpus::g1() {
        let (any, nonzero) = (G1::from_bytes(&bytes), NonZeroG1::from_bytes(&bytes));
        assert_eq!(any.is_ok(), verdict != Verdict::Invalid, "{name} {bytes:02x?}");
        assert_eq!(any.is_ok_and(|point| point.is_identity()), verdict == Verdict::Identity, "{name}");
        assert_eq!(nonzero.is_ok(), verdict == Verdict::Valid, "{name}");
        if let Ok(point) = any {
            assert_eq!(point.to_bytes(), bytes, "{name}");
        }
        if let Ok(point) = nonzero {
            assert_eq!(point.to_bytes(), bytes, "{name}");
        }
    }
}

#[test]
fn g2_encodings_get_their_verdict() {
    for Case { name, bytes, verdict } in curve_corpus::g2() {
        let (any, nonzero) = (G2::from_bytes(&bytes), NonZeroG2::from_bytes(&bytes));
        assert_eq!(any.is_ok(), verdict != Verdict::Invalid, "{name} {bytes:02x?}");
        assert_eq!(any.is_ok_and(|point| point.is_identity()), verdict == Verdict::Identity, "{name}");
        assert_eq!(nonzero.is_ok(), verdict == Verdict::Valid, "{name}");
        if let Ok(point) = any {
            assert_eq!(point.to_bytes(), bytes, "{name}");
        }
        if let Ok(point) = nonzero {
            assert_eq!(point.to_bytes(), bytes, "{name}");
        }
    }
}

#[test]
fn rejects_flipped_bits_of_points() {
    // Only the bit that negates leads to another point of the subgroup; a flip that hit one by chance would be 1 in 2^125.
    let p = G1::hash(Expander::XmdSha256, b"flips", b"curve test");
    let accepted: Vec<_> = bit_flips(p.to_bytes()).filter_map(|bytes| G1::from_bytes(&bytes).ok()).collect();
    assert_eq!(accepted, [G1::from(-p)]);
    let q = NonZeroG2::generator();
    let accepted: Vec<_> = bit_flips(q.to_bytes()).filter_map(|bytes| G2::from_bytes(&bytes).ok()).collect();
    assert_eq!(accepted, [G2::from(-q)]);
}

#[test]
fn matches_rfc_9380_vectors_of_g1_with_sha_256() {
    // RFC 9380, appendix J.9.1: message, P.x, P.y.
    let vectors = [
        (
            String::new(),
            "052926add2207b76ca4fa57a8734416c8dc95e24501772c814278700eed6d1e4e8cf62d9c09db0fac349612b759e79a1",
            "08ba738453bfed09cb546dbb0783dbb3a5f1f566ed67bb6be0e8c67e2e81a4cc68ee29813bb7994998f3eae0c9c6a265",
        ),
        (
            "abc".to_owned(),
            "03567bc5ef9c690c2ab2ecdf6a96ef1c139cc0b2f284dca0a9a7943388a49a3aee664ba5379a7655d3c68900be2f6903",
            "0b9c15f3fe6e5cf4211f346271d7b01c8f3b28be689c8429c85b67af215533311f0b8dfaaa154fa6b88176c229f2885d",
        ),
        (
            "abcdef0123456789".to_owned(),
            "11e0b079dea29a68f0383ee94fed1b940995272407e3bb916bbf268c263ddd57a6a27200a784cbc248e84f357ce82d98",
            "03a87ae2caf14e8ee52e51fa2ed8eefe80f02457004ba4d486d6aa1f517c0889501dc7413753f9599b099ebcbbd2d709",
        ),
        (
            format!("q128_{}", "q".repeat(128)),
            "15f68eaa693b95ccb85215dc65fa81038d69629f70aeee0d0f677cf22285e7bf58d7cb86eefe8f2e9bc3f8cb84fac488",
            "1807a1d50c29f430b8cafc4f8638dfeeadf51211e1602a5f184443076715f91bb90a48ba1e370edce6ae1062f5e6dd38",
        ),
        (
            format!("a512_{}", "a".repeat(512)),
            "082aabae8b7dedb0e78aeb619ad3bfd9277a2f77ba7fad20ef6aabdc6c31d19ba5a6d12283553294c1825c4b3ca2dcfe",
            "05b84ae5a942248eea39e1d91030458c40153f3b654ab7872d779ad1e942856a20c438e8d99bc8abfbf74729ce1f7ac8",
        ),
    ];
    for (msg, x, y) in vectors {
        let coordinate = |hex: &str| Fq::from_be_bytes_mod_order(&hex::decode(hex).unwrap());
        let expected = G1Affine::new(coordinate(x), coordinate(y));
        let point =
            G1::hash(Expander::XmdSha256, msg.as_bytes(), b"QUUX-V01-CS02-with-BLS12381G1_XMD:SHA-256_SSWU_RO_");
        assert_eq!(point.to_bytes(), compress::<48>(&expected), "{msg}");
    }
}

#[test]
fn matches_another_implementation_of_hash_to_curve() {
    use bls12_381::hash_to_curve::{ExpandMsgXmd, ExpandMsgXof, HashToCurve};
    use bls12_381::{G1Affine, G1Projective};
    // 255 is the longest tag that enters as it is; longer ones are hashed first.
    for dst_len in [1, 16, 255, 256, 300, 1000] {
        for msg_len in [0, 1, 31, 64, 135, 136, 137, 1000] {
            let (msg, dst) = (vec![0x5a; msg_len], vec![b'd'; dst_len]);
            let xmd = <G1Projective as HashToCurve<ExpandMsgXmd<sha2::Sha256>>>::hash_to_curve([&msg], &dst);
            let xof = <G1Projective as HashToCurve<ExpandMsgXof<sha3::Shake256>>>::hash_to_curve([&msg], &dst);
            let ours = |expander| G1::hash(expander, &msg, &dst).to_bytes();
            assert_eq!(ours(Expander::XmdSha256), G1Affine::from(xmd).to_compressed());
            assert_eq!(ours(Expander::XofShake256), G1Affine::from(xof).to_compressed());
        }
    }
}

#[test]
fn matches_another_implementation_of_expand_message() {
    use bls12_381::hash_to_curve::{ExpandMessage, ExpandMsgXmd, ExpandMsgXof};
    use sha2::digest::typenum::U32;
    for len in [1, 31, 32, 33, 48, 64, 128, 255, 1000, 8160] {
        for dst_len in [1, 255, 256] {
            let dst = vec![b'd'; dst_len];
            let xmd = ExpandMsgXmd::<sha2::Sha256>::init_expand::<_, U32>([b"message"], &dst, len).into_vec();
            let xof = ExpandMsgXof::<sha3::Shake256>::init_expand::<_, U32>([b"message"], &dst, len).into_vec();
            let ours = |expander: Expander| {
                let mut out = vec![0; len];
                expander.expand(b"message", &dst, &mut out);
                out
            };
            assert_eq!(ours(Expander::XmdSha256), xmd);
            assert_eq!(ours(Expander::XofShake256), xof);
        }
    }
}

#[test]
fn constants_agree() {
    assert_eq!(fr(&Scalar::ONE), Fr::one());
    assert_eq!(fr(&Scalar::ZERO), Fr::zero());
    assert_eq!(Scalar::default(), Scalar::ZERO);
    assert_eq!(NonZeroG1::generator().to_bytes(), compress::<48>(&G1Projective::generator().into_affine()));
    assert_eq!(NonZeroG2::generator().to_bytes(), compress::<96>(&G2Projective::generator().into_affine()));
    assert_eq!(G1::identity().to_bytes(), compress::<48>(&G1Affine::identity()));
    assert_eq!(G2::identity().to_bytes(), compress::<96>(&G2Affine::identity()));
}
