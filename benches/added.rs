//! What each statement costs, by presentations with and without it.
#![forbid(unsafe_code)]
#![allow(missing_docs)]

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use milchglas_benches::additions::{ADDITIONS, Additions, BASES, REVIEW};
use milchglas_benches::{ThreadCpuTime, quick};
use std::hint::black_box;

fn suites(c: &mut Criterion<ThreadCpuTime>) {
    let scene = Additions::default();
    for name in BASES.into_iter().chain(ADDITIONS.map(|(name, ..)| name)) {
        let request = scene.request(name);
        scene.prepare(&request);
        // A set that comes in a request is used once.
        let sets = || scene.check_sets(&request);
        c.benchmark_group("added_prove").bench_function(name, |b| {
            b.iter_batched_ref(sets, |sets| scene.answer(black_box(&request), sets), BatchSize::SmallInput)
        });
        let answer = scene.answer(&request, &sets());
        c.benchmark_group("added_verify")
            .bench_function(name, |b| b.iter(|| scene.check(&request, black_box(&answer))));
    }
    let request = scene.request("in_request");
    c.bench_function(REVIEW, |b| b.iter(|| scene.check_sets(black_box(&request))));
}

criterion_group! {
    name = added;
    config = quick();
    targets = suites
}
criterion_main!(added);
