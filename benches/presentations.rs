//! Whole presentations: prove and check "adult", and what a café asks, beside the peer's proofs of the same.
//!
//! Ten messages, three disclosed. From the request to the bytes of an answer, and from those bytes to the verdict, on both sides.
#![forbid(unsafe_code)]
#![allow(missing_docs)]

use criterion::{BatchSize, BenchmarkGroup, Criterion, criterion_group, criterion_main};
use milchglas_benches::scene::{DISCLOSED, MESSAGES, Scene, adult, valid};
use milchglas_benches::{ThreadCpuTime, slow};
use milchglas_credential::credential::Holdings;
use milchglas_credential::predicate::Predicate;
use milchglas_credential::presentation::Precomputed;
use rand_core::OsRng;
use std::hint::black_box;

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

fn suites(c: &mut Criterion<ThreadCpuTime>) {
    ours(c, "adult", &[adult()]);
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
