//! The draft's operations beside other implementations: ten messages, three disclosed.
#![forbid(unsafe_code)]
#![allow(missing_docs)]

use criterion::{Criterion, criterion_group, criterion_main};
use milchglas_bbs::{Ciphersuite, Interface, Proof, SecretKey};
use milchglas_benches::{ThreadCpuTime, slow};
use rand_core::OsRng;
use std::hint::black_box;

const MESSAGES: usize = 10;
const DISCLOSED: [usize; 3] = [0, 1, 2];
const HEADER: &[u8] = b"header";
const PH: &[u8] = b"presentation header";

fn messages() -> Vec<Vec<u8>> {
    (0..MESSAGES).map(|i| format!("message {i}").into_bytes()).collect()
}

fn ours(c: &mut Criterion<ThreadCpuTime>) {
    let bbs = Interface::hm2s(Ciphersuite::Bls12381Sha256);
    let generators = bbs.create_generators(MESSAGES).unwrap();
    generators.prepare_for_secrets();
    generators.prepare_for_verifying();
    let sk = SecretKey::key_gen(bbs.suite(), &[7; 32], b"", None).unwrap();
    let pk = sk.public_key().unwrap();
    let messages = messages();
    let signature = bbs.sign(&sk, &pk, &generators, HEADER, &messages).unwrap();
    let scalars = bbs.messages_to_scalars(&messages).unwrap();
    let prepared = bbs.prepare_signature(&pk, &signature, &generators, HEADER, &scalars).unwrap();
    prepared.prepare_for_proving();
    let prove = || prepared.proof_gen(PH, &DISCLOSED, &mut OsRng).unwrap().to_bytes();
    let prove_once = || {
        bbs.proof_gen(&pk, &signature, &generators, HEADER, PH, &messages, &DISCLOSED, &mut OsRng).unwrap().to_bytes()
    };
    let proof = prove();
    let shown = &messages[..DISCLOSED.len()];

    let sign = || bbs.sign(&sk, &pk, &generators, HEADER, black_box(&messages)).unwrap();
    c.benchmark_group("sign").bench_function("milchglas", |b| b.iter(sign));
    let verify = || bbs.verify(&pk, black_box(&signature), &generators, HEADER, &messages).unwrap();
    c.benchmark_group("verify").bench_function("milchglas", |b| b.iter(verify));
    c.benchmark_group("proof_gen").bench_function("milchglas", |b| b.iter(prove));
    c.benchmark_group("proof_gen").bench_function("milchglas_unprepared_signature", |b| b.iter(prove_once));
    let check = || {
        let proof = Proof::from_bytes(black_box(&proof)).unwrap();
        bbs.proof_verify(&pk, &proof, &generators, HEADER, PH, shown, &DISCLOSED).unwrap();
    };
    c.benchmark_group("proof_verify").bench_function("milchglas", |b| b.iter(check));
}

#[cfg(feature = "peers")]
fn theirs(c: &mut Criterion<ThreadCpuTime>) {
    use milchglas_benches::peers::{bbs_plus, zkryptium};

    let peer = bbs_plus::Peer::new(MESSAGES, DISCLOSED.len());
    c.benchmark_group("sign").bench_function("bbs_plus", |b| b.iter(|| peer.sign()));
    c.benchmark_group("verify").bench_function("bbs_plus", |b| {
        b.iter_batched(|| peer.keys(), |keys| peer.verify(keys), criterion::BatchSize::SmallInput);
    });
    c.benchmark_group("proof_gen").bench_function("bbs_plus", |b| b.iter(|| peer.prove()));
    let proof = peer.prove();
    let mut group = c.benchmark_group("proof_verify");
    group.bench_function("bbs_plus", |b| {
        b.iter_batched(|| peer.keys(), |keys| peer.check(&proof, keys), criterion::BatchSize::SmallInput);
    });
    group.bench_function("bbs_plus_decoded", |b| {
        b.iter_batched(
            || (peer.decode(&proof), peer.keys()),
            |(proof, keys)| peer.check_decoded(proof, keys),
            criterion::BatchSize::SmallInput,
        );
    });
    group.finish();

    let peer = zkryptium::Peer::new(messages(), &DISCLOSED, HEADER, PH);
    c.benchmark_group("sign").bench_function("zkryptium", |b| b.iter(|| peer.sign()));
    c.benchmark_group("verify").bench_function("zkryptium", |b| b.iter(|| peer.verify()));
    c.benchmark_group("proof_gen").bench_function("zkryptium", |b| b.iter(|| peer.prove()));
    let proof = peer.prove();
    c.benchmark_group("proof_verify").bench_function("zkryptium", |b| b.iter(|| peer.check(&proof)));
}

#[cfg(not(feature = "peers"))]
fn theirs(_: &mut Criterion<ThreadCpuTime>) {}

criterion_group! {
    name = bbs;
    config = slow();
    targets = ours, theirs
}
criterion_main!(bbs);
