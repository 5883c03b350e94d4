//! The second verifier of `second_verifier/` agrees with the first: on fresh presentations, and on what mutation makes of them.
//!
//! On the vectors it agrees too; `vectors.rs` shows that.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::wildcard_enum_match_arm,
    missing_docs,
    dead_code
)]

#[path = "second_verifier/mod.rs"]
mod second;

use milchglas_credential::claim::Claims;
use milchglas_credential::compile::compile;
use milchglas_credential::credential::{Credential, HolderSecret, Holdings};
use milchglas_credential::digest::{DocumentDigest, InspectorDigest};
use milchglas_credential::document::DocumentRef;
use milchglas_credential::encrypt_to::{EncryptAsk, InspectorKey, InspectorRef};
use milchglas_credential::predicate::Predicate;
use milchglas_credential::presentation::Presentation;
use milchglas_credential::request::{Ask, Request};
use milchglas_credential::revocation::Log;
use milchglas_credential::schema::Schema;
use milchglas_credential::scope::{PseudonymAsk, RateAsk};
use milchglas_curve::{Expander, G1};
use milchglas_tests::{
    SeededRng, TestIssuer, holder, national_id_json, only_selection, present, present_not_revoked, request, today,
};
use proptest::prelude::*;
use std::sync::LazyLock;

struct World {
    issuer: TestIssuer,
    known: second::parameters::Parameters,
    /// Requests with a presentation of each.
    answers: Vec<(Request, Vec<u8>)>,
}

static WORLD: LazyLock<World> = LazyLock::new(World::new);

fn adult() -> Predicate {
    Predicate::AgeAtLeast { claim: "date_of_birth".parse().unwrap(), years: 18 }
}

fn inspector() -> EncryptAsk {
    let key = G1::hash(Expander::XmdSha256, b"an inspector", b"test");
    let inspector = InspectorRef { name: "Court".into(), key: InspectorKey(key), digest: InspectorDigest([1; 32]) };
    EncryptAsk { inspector, label: "stay 17".into(), purpose: "a crime".into() }
}

impl World {
    fn new() -> Self {
        let mut rng = SeededRng::new("second verifier");
        let schema = Schema::national_id().unwrap();
        let issuer = TestIssuer::new("second", vec![schema.clone()]).unwrap();
        let k = holder("erika").unwrap();
        let claims = Claims::from_json(&schema, &national_id_json("1990-01-31")).unwrap();
        let card = issuer.issue(&schema, &k, claims, &mut rng).unwrap();
        let known = second::parameters::Parameters::from_json(&issuer.parameters.to_json().unwrap()).unwrap();
        let ask = |disclose: &[&str], prove| Ask::Credential(issuer.ask("card", &schema, disclose, prove).unwrap());
        let mut answers = Vec::new();
        let twice = ["one", "two"]
            .map(|name| Ask::Credential(issuer.ask(name, &schema, &["sex"], vec![Predicate::Valid]).unwrap()));
        for (seed, ask, count) in [
            ("cafe", ask(&[], vec![adult(), Predicate::Valid]), 1),
            ("hotel", ask(&["surname", "date_of_birth", "assurance"], vec![adult()]), 1),
            ("twice", Ask::All(twice.into()), 2),
        ] {
            let request = request(seed, today(), ask).unwrap();
            let answer = answer(&issuer, &request, &k, &vec![&card; count], &mut rng);
            answers.push((request, answer));
        }
        let mut card_ask = issuer.ask("card", &schema, &[], vec![adult(), Predicate::Valid]).unwrap();
        let first = issuer.first_epoch().unwrap();
        let mut log = Log::begin(first.head(), &issuer.parameters).unwrap();
        log.follow(&issuer.revoke(&first, &[]).unwrap(), &issuer.parameters).unwrap();
        card_ask.not_revoked = vec![log.accepted(1)];
        let not_revoked = request("not revoked", today(), Ask::Credential(card_ask)).unwrap();
        let answer = present_not_revoked(&not_revoked, &[&issuer], &k, &[&card], &mut rng).unwrap();
        answers.push((not_revoked, answer.to_bytes()));
        for (seed, named, limit, counter, encrypted) in
            [("account", true, 3, 2, false), ("seat", false, 1, 0, true), ("visits", true, 256, 255, true)]
        {
            let mut ask = issuer.ask("card", &schema, &["sex"], vec![Predicate::Valid]).unwrap();
            ask.pseudonym = named.then(|| PseudonymAsk { scope: "customers".parse().unwrap() });
            ask.rate = Some(RateAsk { scope: seed.parse().unwrap(), epoch: "2026".parse().unwrap(), limit });
            ask.encrypt_to = encrypted.then(inspector);
            let mut fields = request(seed, today(), Ask::Credential(ask)).unwrap().fields().clone();
            fields.document = Some(DocumentRef { title: seed.into(), sha256: DocumentDigest::of(seed.as_bytes()) });
            let request = Request::new(fields).unwrap();
            let plan = compile(&request, only_selection(1), &[&issuer.parameters]).unwrap();
            let (credentials, counters) = ([&card], [counter]);
            let holdings = Holdings::new(&k, &credentials).with_counters(&counters);
            let answer = Presentation::create(&plan, &holdings, b"", &mut rng).unwrap().to_bytes();
            answers.push((request, answer));
        }
        Self { issuer, known, answers }
    }

    /// The verdicts of both.
    fn verdicts(&self, request: &Request, bytes: &[u8]) -> (bool, Result<second::Accepted, second::Reason>) {
        let first = Presentation::from_bytes(bytes)
            .and_then(|read| read.verify(request, &[&self.issuer.parameters], &mut SeededRng::new("weights")));
        (first.is_ok(), second::verify(bytes, request.to_bytes(), &[&self.known]))
    }
}

fn answer(
    issuer: &TestIssuer,
    request: &Request,
    k: &HolderSecret,
    cards: &[&Credential],
    rng: &mut SeededRng,
) -> Vec<u8> {
    present(request, &[&issuer.parameters], k, cards, rng).unwrap().to_bytes()
}

#[test]
fn accepts_what_the_first_accepts() {
    for (request, bytes) in &WORLD.answers {
        let (first, second) = WORLD.verdicts(request, bytes);
        assert!(first);
        second.unwrap();
    }
}

#[test]
fn rejects_answers_to_other_requests() {
    for (place, (request, _)) in WORLD.answers.iter().enumerate() {
        for (other, (_, bytes)) in WORLD.answers.iter().enumerate() {
            let (first, second) = WORLD.verdicts(request, bytes);
            assert_eq!((first, second.is_ok()), (place == other, place == other), "{place} and {other}");
        }
    }
}

#[test]
fn rejects_points_that_fit_no_challenge() {
    // A proof whose every point is the generator: it decodes, and no challenge fits.
    let (request, bytes) = &WORLD.answers[0];
    let at = bytes.len() - 1024;
    let generator = milchglas_curve::NonZeroG1::generator().to_bytes();
    let mut changed = bytes.clone();
    for slot in 0..8 {
        changed[at + 48 * slot..at + 48 * (slot + 1)].copy_from_slice(&generator);
    }
    let (first, second) = WORLD.verdicts(request, &changed);
    assert!(!first);
    assert_eq!(second.unwrap_err(), second::Reason::Proof);
}

/// One way to damage bytes.
#[derive(Clone, Debug)]
enum Mutation {
    Flip(prop::sample::Index, u8),
    Remove(prop::sample::Index),
    Insert(prop::sample::Index, u8),
    /// Exchanges two runs of the same length.
    Swap(prop::sample::Index, prop::sample::Index, usize),
    /// Puts a run of another answer in place.
    Splice(prop::sample::Index, usize),
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let run = || prop::sample::select(vec![1usize, 16, 32, 48, 96]);
    prop_oneof![
        (any::<prop::sample::Index>(), 0..8u8).prop_map(|(at, bit)| Mutation::Flip(at, bit)),
        any::<prop::sample::Index>().prop_map(Mutation::Remove),
        any::<(prop::sample::Index, u8)>().prop_map(|(at, byte)| Mutation::Insert(at, byte)),
        (any::<prop::sample::Index>(), any::<prop::sample::Index>(), run())
            .prop_map(|(one, other, len)| Mutation::Swap(one, other, len)),
        (any::<prop::sample::Index>(), run()).prop_map(|(at, len)| Mutation::Splice(at, len)),
    ]
}

fn mutate(bytes: &[u8], other: &[u8], mutation: &Mutation) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let total = bytes.len();
    match mutation {
        Mutation::Flip(at, bit) => bytes[at.index(total)] ^= 1 << bit,
        Mutation::Remove(at) => drop(bytes.remove(at.index(total))),
        Mutation::Insert(at, byte) => bytes.insert(at.index(total + 1), *byte),
        Mutation::Swap(one, other, len) => {
            let (one, other) = (one.index(total - len), other.index(total - len));
            for place in 0..*len {
                bytes.swap(one + place, other + place);
            }
        }
        Mutation::Splice(at, len) => {
            let at = at.index(total.min(other.len()) - len);
            bytes[at..at + len].copy_from_slice(&other[at..at + len]);
        }
    }
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// Single mutations: nothing but the answer itself passes, and both say so.
    #[test]
    fn agrees_on_mutated_presentations(place in 0..7usize, mutation in mutation()) {
        let (request, bytes) = &WORLD.answers[place];
        let changed = mutate(bytes, &WORLD.answers[(place + 1) % 7].1, &mutation);
        let (first, second) = WORLD.verdicts(request, &changed);
        prop_assert_eq!(first, second.is_ok());
        prop_assert_eq!(first, changed == *bytes);
    }

    /// Presentations that decode, with their parts exchanged.
    #[test]
    fn agrees_on_exchanged_slots(place in 0..7usize, one in 0..12usize, other in 0..12usize) {
        let (request, bytes) = &WORLD.answers[place];
        // Responses stand at the end, 32 bytes each.
        let slot = |n: usize| bytes.len() - 32 * (n + 1);
        let mut changed = bytes.clone();
        for at in 0..32 {
            changed.swap(slot(one) + at, slot(other) + at);
        }
        let (first, second) = WORLD.verdicts(request, &changed);
        prop_assert_eq!(first, second.is_ok());
        prop_assert_eq!(first, changed == *bytes);
    }
}
