//! An issuer, a holder and a café, and a wallet that does as it is told.

use milchglas_credential::claim::Claims;
use milchglas_credential::compile::{Plan, compile};
use milchglas_credential::credential::{Credential, HeldWitness, HolderSecret, Holdings};
use milchglas_credential::date::Timestamp;
use milchglas_credential::parameters::{Content, Parameters};
use milchglas_credential::presentation::Presentation;
use milchglas_credential::request::{Request, SignedRequest, SigningKey};
use milchglas_credential::revocation::Witness;
use milchglas_credential::schema::Schema;
use milchglas_credential::selection::Selection;
use milchglas_tests::{SeededRng, TestIssuer, holder, national_id_json, only_selection};
use milchglas_verifier::{Asked, MemoryStore, Reason, Rejection, RequestStore, Template, Verdict, Verifier};
use rand_core::OsRng;

/// 2026-11-23T09:00:00Z.
pub(crate) fn now() -> Timestamp {
    "2026-11-23T09:00:00Z".parse().unwrap()
}

pub(crate) fn later(seconds: u64) -> Timestamp {
    Timestamp::from_unix(now().as_unix() + seconds).unwrap()
}

pub(crate) struct Scene {
    pub(crate) issuer: TestIssuer,
    pub(crate) schema: Schema,
    pub(crate) k: HolderSecret,
    pub(crate) card: Credential,
}

impl Scene {
    pub(crate) fn new() -> Self {
        Self::born("1990-01-31")
    }

    pub(crate) fn born(day: &str) -> Self {
        let schema = Schema::national_id().unwrap();
        let issuer = TestIssuer::new("state", vec![schema.clone()]).unwrap();
        let k = holder("erika").unwrap();
        let claims = Claims::from_json(&schema, &national_id_json(day)).unwrap();
        let card = issuer.issue(&schema, &k, claims, &mut SeededRng::new(day)).unwrap();
        Self { issuer, schema, k, card }
    }

    /// A verifier that trusts the issuer.
    pub(crate) fn verifier<S: RequestStore>(&self, seed: u8, store: S) -> Verifier<S> {
        let origin = "https://cafe.example".parse().unwrap();
        let key = SigningKey::from_bytes(&[seed; 32]);
        let verifier = Verifier::new("Café Glas", origin, key, [self.issuer.parameters.clone()], store).unwrap();
        verifier.learn_epoch(&self.head()).unwrap();
        verifier
    }

    /// The head of epoch 0 of the issuer's key.
    pub(crate) fn head(&self) -> Vec<u8> {
        self.issuer.first_epoch().unwrap().head().to_bytes()
    }

    pub(crate) fn cafe(&self) -> Verifier<MemoryStore> {
        self.verifier(7, MemoryStore::new())
    }

    /// The issuer's parameters with another sequence number, and otherwise the same.
    pub(crate) fn parameters(&self, sequence: u32) -> Parameters {
        let content = self.issuer.parameters.content().clone();
        Parameters::sign(Content { sequence, ..content }, &self.issuer.identity).unwrap()
    }

    /// What the wallet answers to a signed request without choices.
    pub(crate) fn answer(&self, asked: &Asked) -> Vec<u8> {
        self.answer_with(asked, &self.issuer.parameters)
    }

    pub(crate) fn answer_with(&self, asked: &Asked, parameters: &Parameters) -> Vec<u8> {
        let request = SignedRequest::verify(asked.bytes()).unwrap();
        self.present(request.request(), only_selection(1), parameters)
    }

    pub(crate) fn present(&self, request: &Request, selection: Selection, parameters: &Parameters) -> Vec<u8> {
        let plan = compile(request, selection, &[parameters]).unwrap();
        self.prove(&plan, &[]).to_bytes()
    }

    /// Answers with a witness of the caller's choice.
    pub(crate) fn prove_with(
        &self,
        request: &Request,
        selection: Selection,
        witness: &Witness,
    ) -> Result<Presentation, milchglas_credential::error::Error> {
        let plan = compile(request, selection, &[&self.issuer.parameters])?;
        let held = [HeldWitness { credential: 0, witness }];
        let credentials = [&self.card];
        Presentation::create(&plan, &Holdings::new(&self.k, &credentials).with_witnesses(&held), b"", &mut OsRng)
    }

    /// Proves a plan about the card, with these counters.
    pub(crate) fn prove(&self, plan: &Plan<'_>, counters: &[u16]) -> Presentation {
        let witness = self.issuer.witness_asked(plan.shown()[0].ask, &self.card).unwrap();
        let held: Vec<_> = witness.iter().map(|witness| HeldWitness { credential: 0, witness }).collect();
        let credentials = [&self.card];
        let holdings = Holdings::new(&self.k, &credentials).with_counters(counters).with_witnesses(&held);
        Presentation::create(plan, &holdings, b"", &mut OsRng).unwrap()
    }
}

pub(crate) fn ask<S: RequestStore>(verifier: &Verifier<S>) -> Asked {
    verifier.request(&Template::cafe().unwrap(), now(), &mut OsRng).unwrap()
}

/// A template whose ask is about one national identity card.
pub(crate) fn template(disclose: &[&str], prove: &str) -> Template {
    let disclose = serde_json::to_string(disclose).unwrap();
    Template::from_json(&format!(
        r#"{{"milchglas": "template/1", "purpose": "A test", "ask": {{"credential": {{
            "name": "card", "schemas": ["national-id"], "disclose": {disclose}, "prove": {prove}}}}}}}"#
    ))
    .unwrap()
}

/// Why an answer is refused, alone and in a batch.
pub(crate) fn refused<S: RequestStore>(verifier: &Verifier<S>, answer: &[u8], now: Timestamp) -> Reason {
    let alone = reason(verifier.check(answer, now, &mut OsRng));
    for result in verifier.check_many(&[answer, answer], now, &mut OsRng) {
        assert_eq!(reason(result), alone);
    }
    alone
}

/// Why an answer was refused, after checking that the outside hears only the one sentence.
pub(crate) fn reason(result: Result<Verdict, Rejection>) -> Reason {
    let rejection = result.expect_err("this answer must be refused");
    assert_eq!(rejection.to_string(), "The answer was not accepted.");
    rejection.for_log()
}
