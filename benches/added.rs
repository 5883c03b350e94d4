//! What each statement costs, by presentations with and without it.
#![forbid(unsafe_code)]
#![allow(missing_docs)]

use criterion::{Criterion, criterion_group, criterion_main};
use milchglas_benches::additions::{ADDITIONS, Additions, BASES};
use milchglas_benches::{ThreadCpuTime, quick};
use std::hint::black_box;

fn suites(c: &mut Criterion<ThreadCpuTime>) {
    let scene = Additions::default();
    for name in BASES.into_iter().chain(ADDITIONS.map(|(name, ..)| name)) {
        let request = scene.request(name);
        scene.prepare(&request);
        c.benchmark_group("added_prove").bench_function(name, |b| b.iter(|| scene.answer(black_box(&request))));
        let answer = scene.answer(&request);
        c.benchmark_group("added_verify")
            .bench_function(name, |b| b.iter(|| scene.check(&request, black_box(&answer))));
    }
}

criterion_group! {
    name = added;
    config = quick();
    targets = suites
}
criterion_main!(added);
