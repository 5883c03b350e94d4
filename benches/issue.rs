//! Issuing many cards: what signing takes, and apart from it what the check of the applications takes.
//!
//! One iteration is 100 national identity cards of 13 messages for 100 holders, on one thread. `milchglas` begins with a checked
//! application and ends with a signed credential; `milchglas_check_applications` begins with the bytes of an application.
//! Not here: encryption to the wallet, the registry's transaction.
#![forbid(unsafe_code)]
#![allow(missing_docs)]

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use milchglas_benches::{ThreadCpuTime, slow};
use milchglas_credential::claim::{Claims, Value};
use milchglas_credential::credential::Handle;
use milchglas_credential::date::Timestamp;
use milchglas_credential::digest::InvitationNonce;
use milchglas_credential::issuance::{Application, Invitation, VerifiedApplication};
use milchglas_credential::schema::Schema;
use milchglas_tests::{SeededRng, TestIssuer, holder, national_id_json};
use rand_core::OsRng;
use std::hint::black_box;

const CARDS: usize = 100;
const SCHEMA: &str = include_str!("../crates/credential/schemas/national-id.json");

/// An issuer with invitations that were answered.
struct Office {
    issuer: TestIssuer,
    schema: Schema,
    invitations: Vec<Invitation>,
    applications: Vec<Vec<u8>>,
}

impl Office {
    fn new() -> Self {
        let schema = Schema::from_json(SCHEMA).unwrap();
        let issuer = TestIssuer::new("bench office", vec![schema.clone()]).unwrap();
        issuer.parameters.prepare_for_proving();
        let invitations: Vec<Invitation> = (0..CARDS)
            .map(|i| Invitation {
                issuer: issuer.parameters.fingerprint(),
                parameters: issuer.parameters.digest(),
                schema: schema.digest(),
                nonce: InvitationNonce((i as u128).to_be_bytes()),
                expires: Timestamp::from_unix(4_000_000_000).unwrap(),
            })
            .collect();
        let apply = |(i, invitation): (usize, &Invitation)| {
            let k = holder(&format!("bench holder {i}")).unwrap();
            Application::create(invitation, &issuer.parameters, &k, "reply", &mut OsRng).unwrap().to_bytes()
        };
        let applications = invitations.iter().enumerate().map(apply).collect();
        Self { issuer, schema, invitations, applications }
    }

    fn check(&self) -> Vec<VerifiedApplication> {
        let check = |(invitation, application): (&Invitation, &Vec<u8>)| {
            let application = Application::from_bytes(black_box(application)).unwrap();
            application.verify(invitation, &self.issuer.parameters, &mut OsRng).unwrap()
        };
        self.invitations.iter().zip(&self.applications).map(check).collect()
    }

    /// What the officers wrote down, with a fresh handle for each card.
    fn claims(&self) -> Vec<(Claims, Handle)> {
        let claims = Claims::from_json(&self.schema, &national_id_json("1990-01-31")).unwrap();
        let mut rng = SeededRng::new("bench handles");
        let card = |_| {
            let values: Vec<Value> = claims.values().to_vec();
            (Claims::new(&self.schema, values).unwrap(), Handle::random(&mut rng))
        };
        (0..CARDS).map(card).collect()
    }
}

fn issue(c: &mut Criterion<ThreadCpuTime>) {
    let office = Office::new();
    let checked = office.check();
    let Office { issuer, invitations, .. } = &office;
    let mut group = c.benchmark_group("issue_bulk");
    group.throughput(Throughput::Elements(CARDS as u64));
    group.bench_function("milchglas", |b| {
        b.iter_batched(
            || office.claims(),
            |cards| {
                let all = checked.iter().zip(invitations).zip(cards);
                let sign = all.map(|((application, invitation), (claims, handle))| {
                    application.issue(invitation, &issuer.parameters, &issuer.secret, handle, claims).unwrap()
                });
                sign.collect::<Vec<_>>()
            },
            BatchSize::LargeInput,
        );
    });
    group.bench_function("milchglas_check_applications", |b| b.iter(|| office.check()));
    group.finish();
}

criterion_group! {
    name = issue_bulk;
    config = slow();
    targets = issue
}
criterion_main!(issue_bulk);
