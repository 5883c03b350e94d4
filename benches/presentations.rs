//! Whole presentations: prove and check "adult", and what a café asks, beside the peer's proofs of the same.
//!
//! Ten messages, three disclosed. From the request to the bytes of an answer, and from those bytes to the verdict, on both sides.
//! `milchglas_batch_1000` is a thousand different answers, checked together; its time is that of all of them.
#![forbid(unsafe_code)]
#![allow(missing_docs)]

use criterion::{BatchSize, BenchmarkGroup, Criterion, SamplingMode, Throughput, criterion_group, criterion_main};
use milchglas_benches::scene::{DISCLOSED, MESSAGES, Scene, adult, valid};
use milchglas_benches::statements::Revocation;
use milchglas_benches::{ThreadCpuTime, slow};
use milchglas_credential::credential::Holdings;
use milchglas_credential::predicate::Predicate;
use milchglas_credential::presentation::Precomputed;
use rand_core::OsRng;
use std::cell::LazyCell;
use std::hint::black_box;
use std::time::Duration;

fn ours(c: &mut Criterion<ThreadCpuTime>, name: &str, prove: &[Predicate]) {
    let scene = Scene::new(MESSAGES);
    let request = scene.request(0, &DISCLOSED, prove.to_vec());
    let mut group = c.benchmark_group(format!("{name}_prove"));
    group.bench_function("milchglas", |b| b.iter(|| scene.answer(black_box(&request))));
    let answer = scene.answer(&request);
    group.bench_function("milchglas_self_check", |b| b.iter(|| scene.check(&request, black_box(&answer))));
    precomputed(&mut group, &scene, prove);
    group.finish();

    let mut group = c.benchmark_group(format!("{name}_verify"));
    group.bench_function("milchglas", |b| b.iter(|| scene.check(&request, black_box(&answer))));
    group.finish();
}

/// The answer only: the announcements were made in idle time.
fn precomputed(group: &mut BenchmarkGroup<'_, ThreadCpuTime>, scene: &Scene, prove: &[Predicate]) {
    let expected = scene.request(1, &DISCLOSED, prove.to_vec());
    let plan = scene.plan(&expected);
    let request = scene.request(2, &DISCLOSED, prove.to_vec());
    group.bench_function("milchglas_precomputed", |b| {
        b.iter_batched(
            || Precomputed::create(&plan, &Holdings::new(&scene.k, &[&scene.credential]), b"", &mut OsRng).unwrap(),
            |precomputed| precomputed.answer(&scene.plan(black_box(&request))).unwrap().to_bytes(),
            BatchSize::SmallInput,
        );
    });
}

/// The first answer of a wallet that has no tables yet.
fn cold(c: &mut Criterion<ThreadCpuTime>) {
    let mut group = c.benchmark_group("adult_prove");
    group.sample_size(10).warm_up_time(Duration::from_millis(50)).measurement_time(Duration::from_millis(100));
    group.bench_function("milchglas_cold", |b| {
        b.iter_batched(
            || {
                let scene = Scene::cold(MESSAGES);
                let request = scene.request(0, &DISCLOSED, vec![adult()]);
                (scene, request)
            },
            |(scene, request)| (scene.answer(&request), scene),
            BatchSize::PerIteration,
        );
    });
    group.finish();
}

/// A thousand answers to a thousand requests.
fn batch(c: &mut Criterion<ThreadCpuTime>) {
    const ANSWERS: usize = 1000;
    let scene = Scene::new(MESSAGES);
    let answers = LazyCell::new(|| scene.answers(ANSWERS, &DISCLOSED, &[adult()]));
    let mut group = c.benchmark_group("adult_verify");
    group.sample_size(10).sampling_mode(SamplingMode::Flat).throughput(Throughput::Elements(ANSWERS as u64));
    group.bench_function("milchglas_batch_1000", |b| {
        let answers: Vec<_> = answers.iter().collect();
        b.iter(|| scene.check_all(black_box(&answers)));
    });
    group.finish();
}

#[cfg(feature = "peers")]
fn theirs(c: &mut Criterion<ThreadCpuTime>, name: &str, ranges: &[(u64, u64)]) {
    use milchglas_benches::peers::proof_system::Peer;

    let peer = Peer::new(MESSAGES, DISCLOSED.len(), ranges);
    let mut group = c.benchmark_group(format!("{name}_prove"));
    group.bench_function("proof_system", |b| {
        b.iter_batched(|| peer.prover_input(), |input| peer.prove(input), BatchSize::SmallInput);
    });
    group.finish();
    let proof = peer.prove(peer.prover_input());
    let mut group = c.benchmark_group(format!("{name}_verify"));
    group.bench_function("proof_system", |b| {
        b.iter_batched(|| peer.verifier_input(), |input| peer.verify(&proof, input), BatchSize::SmallInput);
    });
    group.bench_function("proof_system_decoded", |b| {
        b.iter_batched(
            || (peer.decode(&proof), peer.verifier_input()),
            |(proof, input)| peer.verify_decoded(proof, input),
            BatchSize::SmallInput,
        );
    });
    group.finish();
}

#[cfg(not(feature = "peers"))]
fn theirs(_: &mut Criterion<ThreadCpuTime>, _: &str, _: &[(u64, u64)]) {}

/// That a handle has not been revoked: the statement by itself.
fn non_revocation(c: &mut Criterion<ThreadCpuTime>) {
    let scene = Revocation::new();
    c.benchmark_group("non_revocation_prove").bench_function("milchglas", |b| b.iter(|| scene.prove()));
    let proof = scene.prove();
    c.benchmark_group("non_revocation_verify")
        .bench_function("milchglas", |b| b.iter(|| scene.verify(black_box(&proof))));
}

fn suites(c: &mut Criterion<ThreadCpuTime>) {
    non_revocation(c);
    ours(c, "adult", &[adult()]);
    cold(c);
    batch(c);
    theirs(c, "adult", &[(1000, 1000 + 65536)]);
    ours(c, "cafe", &[adult(), valid()]);
    theirs(c, "cafe", &[(1000, 1000 + 65536), (1000, 1256)]);
}

criterion_group! {
    name = presentations;
    config = slow();
    targets = suites
}
criterion_main!(presentations);
