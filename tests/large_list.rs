//! A list of a million entries: signed, checked once, and answered from. It takes a while, so it is run by hand:
//! `cargo test --release -p milchglas-tests --features parallel --test large_list -- --ignored --nocapture`. Signing and checking a million entries
//! took 20 s and 54 s on two busy cores, with at most 149 MiB.

use std::sync::Arc;
use std::time::{Duration, Instant};

use milchglas_credential::claim::Claims;
use milchglas_credential::compile::compile;
use milchglas_credential::credential::Holdings;
use milchglas_credential::error::Error;
use milchglas_credential::list::PublishedList;
use milchglas_credential::parameters::SetSecretKey;
use milchglas_credential::predicate::Predicate;
use milchglas_credential::presentation::Presentation;
use milchglas_credential::request::{Ask, SigningKey};
use milchglas_credential::schema::Schema;
use milchglas_credential::set::Published;
use milchglas_tests::{SeededRng, TestIssuer, holder, only_selection, request, today};
use rand_core::RngCore;

const CARD: &str = r#"{"milchglas": "schema/1", "id": "card", "title": "test card",
    "claims": [{"name": "list_key", "title": "list key", "type": "integer", "bits": 64}]}"#;

fn timed<T>(what: &str, work: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    let result = work();
    let time = start.elapsed();
    println!("{what}: {time:.2?}");
    (result, time)
}

/// The most memory that this process has had, in MiB, where the system tells.
fn peak() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    Some(line.split_whitespace().nth(1)?.parse::<u64>().ok()? >> 10)
}

fn run(count: usize) {
    let mut rng = SeededRng::new("large list");
    let entries: Vec<u64> = (0..count).map(|_| rng.next_u64()).collect();
    let (listed, unlisted) = (entries[count / 2], rng.next_u64());
    let key = SetSecretKey::random(&mut rng);
    let name = "large".parse().unwrap();
    let (list, _) =
        timed("sign", || PublishedList::sign(name, 1, entries, &key, &SigningKey::from_bytes(&[9; 32])).unwrap());
    println!("{} entries, {} bytes; peak {:?} MiB", list.len(), list.to_bytes().len(), peak());
    let file = list.to_bytes().to_vec();
    drop(list);
    let (list, _) = timed("read", || PublishedList::from_bytes(file).unwrap());
    timed("check", || list.check(&mut rng).unwrap());
    println!("peak {:?} MiB", peak());

    let schema = Schema::from_json(CARD).unwrap();
    let issuer = TestIssuer::new("state", vec![schema.clone()]).unwrap();
    let k = holder("erika").unwrap();
    let lists = [Arc::new(list)];
    let published = Published { lists: &lists, ..Published::default() };
    let predicate = Predicate::NotInList { claim: "list_key".parse().unwrap(), list: lists[0].reference().clone() };
    for (number, off) in [(unlisted, true), (listed, false)] {
        let claims = Claims::from_json(&schema, &format!(r#"{{"list_key": "{number}"}}"#)).unwrap();
        let card = issuer.issue(&schema, &k, claims, &mut rng).unwrap();
        let ask = issuer.ask("card", &schema, &[], vec![predicate.clone()]).unwrap();
        let request = request("large", today(), Ask::Credential(ask)).unwrap();
        let cards = [&card];
        let holdings = Holdings::new(&k, &cards).with_sets(published);
        for round in 0..if off { 10 } else { 1 } {
            let plan = compile(&request, only_selection(1), &[&issuer.parameters]).unwrap();
            let (answer, _) = timed("prove", || Presentation::create(&plan, &holdings, b"", &mut rng));
            if !off {
                assert_eq!(answer.err(), Some(Error::Unsatisfied));
                continue;
            }
            let answer = answer.unwrap();
            timed("verify", || answer.verify(&request, &[&issuer.parameters], &mut rng).unwrap());
            if round == 0 {
                println!("proof: {} bytes", answer.proof().len());
            }
        }
    }
}

#[test]
fn answers_from_a_list_of_several_parts() {
    // More pairs than are signed and checked at once.
    run((1 << 14) + 5);
}

#[test]
#[ignore = "a minute of work for all cores"]
fn answers_from_a_list_of_a_million() {
    run(1_000_000);
}
