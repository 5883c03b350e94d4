//! How cost grows: with the messages signed, the claims hidden, the predicates, and the answers checked together.
//!
//! `scale_X/N` is the time to prove with N of them and `scale_X_verify/N` to verify; `scale_batch/N` is the time to verify all N answers of
//! a batch. One thread.
#![forbid(unsafe_code)]
#![allow(missing_docs)]

use criterion::{Criterion, SamplingMode, Throughput, criterion_group, criterion_main};
use milchglas_benches::predictions::{BATCHES, CARD, HIDDEN, MESSAGES, PREDICATES};
use milchglas_benches::scene::{Scene, adult, recent};
use milchglas_benches::statements::Statements;
use milchglas_benches::{ThreadCpuTime, slow};
use milchglas_credential::predicate::Predicate;
use std::hint::black_box;

/// A signature on N messages and a 16-bit range, nothing disclosed: the statements of "adult" alone.
fn messages(c: &mut Criterion<ThreadCpuTime>) {
    for n in MESSAGES {
        let statements = Statements::new(n);
        c.benchmark_group("scale_messages").bench_function(n.to_string(), |b| b.iter(|| statements.prove()));
        let proof = statements.prove();
        c.benchmark_group("scale_messages_verify")
            .bench_function(n.to_string(), |b| b.iter(|| statements.verify(black_box(&proof))));
    }
}

/// "Adult" with a card of 34 messages, of which N stay hidden.
fn hidden(c: &mut Criterion<ThreadCpuTime>) {
    let scene = Scene::new(CARD);
    let claims: Vec<String> = scene.schema.claims().iter().map(|claim| claim.name.to_string()).collect();
    let others: Vec<&str> = claims.iter().map(String::as_str).filter(|name| *name != "date_of_birth").collect();
    for n in HIDDEN {
        prove_and_verify(c, "scale_hidden", n, &scene, &others[..CARD - n], &[adult()]);
    }
}

/// N predicates, each over a date of its own and of 16 bits; a card of 8 dates, nothing disclosed.
fn predicates(c: &mut Criterion<ThreadCpuTime>) {
    let scene = Scene::with_dates(8);
    for n in PREDICATES {
        let prove: Vec<Predicate> = (0..n).map(recent).collect();
        prove_and_verify(c, "scale_predicates", n, &scene, &[], &prove);
    }
}

fn prove_and_verify(
    c: &mut Criterion<ThreadCpuTime>,
    group: &str,
    n: usize,
    scene: &Scene,
    disclose: &[&str],
    prove: &[Predicate],
) {
    let request = scene.request(0, disclose, prove.to_vec());
    c.benchmark_group(group).bench_function(n.to_string(), |b| b.iter(|| scene.answer(black_box(&request))));
    let answer = scene.answer(&request);
    c.benchmark_group(format!("{group}_verify"))
        .bench_function(n.to_string(), |b| b.iter(|| scene.check(&request, black_box(&answer))));
}

/// "Adult", N answers checked together: ten messages, nothing disclosed. The largest batch repeats 512 different
/// answers; no step of the check is cheaper for a point that comes twice.
fn batch(c: &mut Criterion<ThreadCpuTime>) {
    const DIFFERENT: usize = 512;
    let scene = Scene::new(10);
    let different = scene.answers(DIFFERENT, &[], &[adult()]);
    for n in BATCHES {
        let answers: Vec<_> = different.iter().cycle().take(n).collect();
        let mut group = c.benchmark_group("scale_batch");
        group.sample_size(10).sampling_mode(SamplingMode::Flat).throughput(Throughput::Elements(n as u64));
        group.bench_function(n.to_string(), |b| b.iter(|| scene.check_all(black_box(&answers))));
        group.finish();
    }
}

criterion_group! {
    name = scale;
    config = slow();
    targets = messages, hidden, predicates, batch
}
criterion_main!(scale);
