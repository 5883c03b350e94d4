//! The curve's operations, each beside what it replaces, so that ratios can be read off one run.
//!
//! `blst` is a direct call of the library's own function for the same job; `single` is the sum of single constant-time multiples.
#![forbid(unsafe_code)]
#![allow(missing_docs)]

use criterion::{BenchmarkId, criterion_group, criterion_main};
use milchglas_benches::{ThreadCpuTime, points, quick, scalar, weight};
use milchglas_credential::parameters::sign_digits;
use milchglas_curve::backend::blst;
use milchglas_curve::{
    Expander, FixedBase, G1, G2, G2Prepared, NonZeroG1, NonZeroG2, Scalar, VartimeTable, pairing_product_is_one,
};
use milchglas_sigma::{Transcript, TranscriptExt};
use milchglas_statements::SetSecretKey;
use rand_core::OsRng;
use std::hint::black_box;

type Criterion = criterion::Criterion<ThreadCpuTime>;

fn scalars(count: usize) -> Vec<Scalar> {
    (0..count as u64).map(scalar).collect()
}

fn weights(count: usize) -> Vec<Scalar> {
    (0..count as u64).map(weight).collect()
}

/// One multiplication.
fn mul(c: &mut Criterion) {
    let mut group = c.benchmark_group("g1_mul");
    let (point, k) = (points(1)[0], scalar(0));
    let table = FixedBase::new(&point);
    group.bench_function("blst", |b| b.iter(|| black_box(&point) * black_box(&k)));
    group.bench_function("fixed_base", |b| b.iter(|| black_box(&table).mul(black_box(&k))));
    group.bench_function("vartime", |b| b.iter(|| G1::msm_vartime(&[black_box(point)], &[black_box(k)])));
    let projective = point * scalar(1);
    group.bench_function("vartime_projective", |b| b.iter(|| black_box(&projective).mul_vartime(black_box(&k))));
    group.bench_function("vartime_128_bits", |b| b.iter(|| G1::msm_vartime(&[black_box(point)], &[weight(0)])));
    group.finish();
}

/// Sums over secret scalars.
fn fixed_msm(c: &mut Criterion) {
    let mut group = c.benchmark_group("g1_fixed_msm");
    for n in [2, 3, 5, 8, 13, 30, 100] {
        let (points, scalars) = (points(n), scalars(n));
        let tables = FixedBase::batch(&points);
        let tables: Vec<&FixedBase> = tables.iter().collect();
        group.bench_with_input(BenchmarkId::new("fixed_base", n), &n, |b, _| {
            b.iter(|| FixedBase::msm(black_box(&tables), black_box(&scalars)));
        });
        if n == 13 {
            group.bench_with_input(BenchmarkId::new("single", n), &n, |b, _| {
                b.iter(|| points.iter().zip(&scalars).map(|(point, k)| black_box(point) * k).sum::<G1>());
            });
        }
    }
    group.finish();
}

/// Building tables.
fn tables(c: &mut Criterion) {
    let mut group = c.benchmark_group("g1_tables");
    for n in [1, 15] {
        let points = points(n);
        group.bench_with_input(BenchmarkId::new("fixed_base", n), &n, |b, _| {
            b.iter(|| FixedBase::batch(black_box(&points)))
        });
        group.bench_with_input(BenchmarkId::new("vartime", n), &n, |b, _| {
            b.iter(|| VartimeTable::batch(black_box(&points)))
        });
    }
    group.finish();
}

/// Sums over public scalars.
fn msm_vartime(c: &mut Criterion) {
    for (name, scalars) in
        [("g1_msm_vartime", scalars as fn(usize) -> Vec<Scalar>), ("g1_msm_vartime_128_bits", weights)]
    {
        let mut group = c.benchmark_group(name);
        for n in [1, 2, 3, 4, 8, 16, 32, 64, 128, 256, 1024] {
            let (points, scalars) = (points(n), scalars(n));
            group.bench_with_input(BenchmarkId::new("milchglas", n), &n, |b, _| {
                b.iter(|| G1::msm_vartime(black_box(&points), black_box(&scalars)));
            });
            let terms: Vec<_> = points.iter().zip(&scalars).map(|(p, k)| raw(p, k)).collect();
            group.bench_with_input(BenchmarkId::new("blst", n), &n, |b, _| {
                b.iter(|| blst::g1::msm_vartime(black_box(&terms).iter().map(|(p, k)| (p, k))));
            });
        }
        group.finish();
    }
}

fn raw(point: &NonZeroG1, scalar: &Scalar) -> (blst::g1::Affine, blst::fr::Fr) {
    let point = blst::g1::decode(&point.to_bytes()).flatten().unwrap_or_else(blst::g1::generator);
    (point, blst::fr::from_bytes(&scalar.to_bytes()).unwrap_or(blst::fr::ZERO))
}

/// What a verifier multiplies: two or three points sent, and the generators of the hidden claims.
fn msm_vartime_with(c: &mut Criterion) {
    let mut group = c.benchmark_group("g1_msm_vartime_with");
    for (fixed, fresh) in [(1, 1), (1, 2), (8, 2), (13, 2), (13, 0)] {
        let (points, scalars) = (points(fixed + fresh), scalars(fixed + fresh));
        let tables = VartimeTable::batch(&points[..fixed]);
        let terms: Vec<_> = tables.iter().zip(scalars.iter().copied()).collect();
        let name = format!("{fixed}+{fresh}");
        group.bench_function(BenchmarkId::new("tables", &name), |b| {
            b.iter(|| G1::msm_vartime_with(black_box(&terms), &points[fixed..], &scalars[fixed..]));
        });
        group.bench_function(BenchmarkId::new("no_tables", &name), |b| {
            b.iter(|| G1::msm_vartime(black_box(&points), &scalars));
        });
    }
    group.finish();
}

/// Products of pairings with prepared G2 points.
fn pairings(c: &mut Criterion) {
    let mut group = c.benchmark_group("pairing_product");
    let points = points(4);
    let prepared: Vec<G2Prepared> = (0..4)
        .filter_map(|i| (G2::generator() * scalar(i)).to_nonzero())
        .map(|point: NonZeroG2| G2Prepared::from(&point))
        .collect();
    for n in [1, 2, 3, 4] {
        let affine: Vec<(G1, &G2Prepared)> = points.iter().map(G1::from).zip(&prepared).take(n).collect();
        group.bench_function(BenchmarkId::new("affine", n), |b| b.iter(|| pairing_product_is_one(black_box(&affine))));
        let projective: Vec<_> = affine.iter().map(|(point, prepared)| (point.double(), *prepared)).collect();
        group.bench_function(BenchmarkId::new("projective", n), |b| {
            b.iter(|| pairing_product_is_one(black_box(&projective)));
        });
    }
    group.finish();
}

/// The rest, for the cost model.
fn basics(c: &mut Criterion) {
    let mut group = c.benchmark_group("g1_basics");
    let (p, q, k) = (points(1)[0], points(2)[1] * scalar(1), scalar(0));
    let bytes = p.to_bytes();
    group.bench_function("add_affine", |b| b.iter(|| black_box(q) + black_box(p)));
    group.bench_function("double", |b| b.iter(|| black_box(q).double()));
    group.bench_function("decode", |b| b.iter(|| NonZeroG1::from_bytes(black_box(&bytes))));
    for n in [2, 8, 16] {
        let bytes = vec![bytes; n];
        group.bench_function(format!("decode_many_{n}"), |b| b.iter(|| NonZeroG1::from_bytes_many(black_box(&bytes))));
    }
    group.bench_function("to_nonzero", |b| b.iter(|| black_box(q).to_nonzero()));
    group.bench_function("scalar_invert", |b| b.iter(|| black_box(k).invert()));
    group.bench_function("scalar_mul", |b| b.iter(|| black_box(k) * black_box(k)));
    group.finish();
}

/// What proofs do beside curve arithmetic, for the cost model.
fn others(c: &mut Criterion) {
    let mut group = c.benchmark_group("other_basics");
    let message = [7; 1024];
    group.bench_function("absorb_1024", |b| {
        let mut transcript = Transcript::new(b"bench");
        b.iter(|| transcript.append_message(b"message", black_box(&message)));
    });
    group.bench_function("draw", |b| {
        let mut transcript = Transcript::new(b"bench");
        b.iter(|| transcript.challenge_scalar(b"challenge"));
    });
    group.bench_function("hash_to_g1", |b| b.iter(|| G1::hash(Expander::XmdSha256, black_box(b"a scope"), b"bench")));
    let digits = sign_digits(&SetSecretKey::random(&mut OsRng)).unwrap();
    let digit = Scalar::from(77);
    group.bench_function("find_digit", |b| b.iter(|| digits.witness(black_box(&digit))));
    group.finish();
}

criterion_group! {
    name = curve;
    config = quick();
    targets = basics, others, mul, fixed_msm, tables, msm_vartime, msm_vartime_with, pairings
}
criterion_main!(curve);
