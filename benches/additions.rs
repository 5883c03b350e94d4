//! What each statement adds to a presentation: one request with it and one without, on warm tables.
//!
//! The base is a card of 7 messages with nothing disclosed and nothing proven but the issuer's signature. `same_as` stands on two cards, whose
//! base is `second_card`. Not here: the measuring (`added`).

use std::sync::Arc;

use milchglas_credential::claim::{Claims, Literal};
use milchglas_credential::compile::{Plan, compile};
use milchglas_credential::credential::{Credential, Handle, HeldWitness, HolderSecret, Holdings};
use milchglas_credential::digest::InspectorDigest;
use milchglas_credential::encrypt_to::{EncryptAsk, InspectorKey, InspectorRef};
use milchglas_credential::list::PublishedList;
use milchglas_credential::parameters::SetSecretKey;
use milchglas_credential::predicate::Predicate;
use milchglas_credential::presentation::Presentation;
use milchglas_credential::request::{Ask, CredentialAsk, Request, SigningKey};
use milchglas_credential::revocation::{EpochFile, Log, Witness};
use milchglas_credential::schema::Schema;
use milchglas_credential::scope::{PseudonymAsk, RateAsk};
use milchglas_credential::set::{CheckedSet, Published, PublishedSet, SetContent, SetRef, SignedSet};
use milchglas_curve::{Expander, G1};
use milchglas_tests::{SeededRng, TestIssuer, holder, only_selection, request, today};
use rand_core::OsRng;

/// How much a statement may cost each side, in microseconds.
#[derive(Clone, Copy, Debug)]
pub struct Limit {
    /// The prover.
    pub prove: f64,
    /// The verifier.
    pub verify: f64,
}

const USUAL: Limit = Limit { prove: 600.0, verify: 600.0 };
const ONE_SIDED: Limit = Limit { prove: 2_500.0, verify: 2_500.0 };
const LONG: Limit = Limit { prove: 5_000.0, verify: 5_000.0 };
const NOT_REVOKED: Limit = Limit { prove: 300.0, verify: 500.0 };

/// Name, what it says, on what it stands, and what it may cost.
pub const ADDITIONS: [(&str, &str, &str, Limit); 16] = [
    ("not_equals", "not equal to a value", "signature", USUAL),
    ("not_in_2", "none of two values", "signature", USUAL),
    ("not_in_16", "none of sixteen values", "signature", USUAL),
    ("in_published", "in a published set", "signature", USUAL),
    ("in_request", "in a set that the verifier signs in its request", "signature", USUAL),
    ("range_16", "one-sided range of 16 bits", "signature", USUAL),
    ("range_64", "one-sided range of 64 bits", "signature", ONE_SIDED),
    ("range_64_both", "two-sided range of 64 bits", "signature", LONG),
    ("any_hidden", "in one of two ranges of 16 bits, not which", "signature", USUAL),
    ("not_listed", "not on a list of 10,000", "signature", LONG),
    ("pseudonym", "pseudonym", "signature", USUAL),
    ("rate_1", "token, one a scope", "signature", USUAL),
    ("rate_3", "token, three a scope, the counter hidden", "signature", USUAL),
    ("encryption", "handle encrypted for an inspector", "signature", USUAL),
    ("not_revoked", "not revoked", "signature", NOT_REVOKED),
    ("same_as", "the same value on two cards", "second_card", USUAL),
];

/// The bases.
pub const BASES: [&str; 2] = ["signature", "second_card"];

/// The review of what a verifier signed in its request.
pub const REVIEW: &str = "added_review/in_request";

/// The full ids of all that is measured.
#[must_use]
pub fn ids() -> Vec<String> {
    let names = BASES.into_iter().chain(ADDITIONS.map(|(name, ..)| name));
    let both = names.flat_map(|name| [format!("added_prove/{name}"), format!("added_verify/{name}")]);
    both.chain([REVIEW.to_owned()]).collect()
}

const CARD: &str = r#"{
    "milchglas": "schema/1", "id": "bench-facts", "title": "bench card", "claims": [
        {"name": "surname", "title": "surname", "type": "text"},
        {"name": "country", "title": "country", "type": "code", "codes": ["AT", "CH", "DE", "LI"]},
        {"name": "born", "title": "date of birth", "type": "date"},
        {"name": "list_key", "title": "list key", "type": "integer", "bits": 64},
        {"name": "number", "title": "number", "type": "text"}]}"#;
const CLAIMS: &str = r#"{"surname": "Muster", "country": "CH", "born": "1990-01-31", "list_key": "9007199254740993", "number": "T22000129"}"#;

/// Everything that the requests need, with all tables built.
pub struct Additions {
    issuer: TestIssuer,
    schema: Schema,
    k: HolderSecret,
    cards: [Credential; 2],
    set: Arc<PublishedSet>,
    list: Arc<PublishedList>,
    epoch: EpochFile,
    witness: Witness,
}

impl Default for Additions {
    fn default() -> Self {
        let schema = Schema::from_json(CARD).unwrap();
        let issuer = TestIssuer::new("bench facts", vec![schema.clone()]).unwrap();
        let k = holder("bench holder").unwrap();
        let issue = |seed| {
            let claims = Claims::from_json(&schema, CLAIMS).unwrap();
            issuer.issue(&schema, &k, claims, &mut SeededRng::new(seed)).unwrap()
        };
        let cards = [issue("first"), issue("second")];
        let identity = SigningKey::from_bytes(&[9; 32]);
        let set_key = SetSecretKey::random(&mut SeededRng::new("set key"));
        let claim_type = schema.claim(schema.index_of("country").unwrap()).unwrap().claim_type.clone();
        let values = ["AT", "CH", "LI"].map(|code| claim_type.read(&Literal::Text(code.to_owned())).unwrap()).into();
        let name = "countries".parse().unwrap();
        let content = SetContent { name, title: "Countries".into(), sequence: 1, claim_type, values };
        let set = PublishedSet::sign(content, &set_key, &identity).unwrap();
        let entries = (0..10_000).map(|entry| 1_000_000_007 * entry).collect();
        let list = PublishedList::sign("stolen".parse().unwrap(), 1, entries, &set_key, &identity).unwrap();

        let key = issuer.parameters.signing_key(&schema.digest()).unwrap();
        let now = milchglas_credential::date::Timestamp::from_unix(1_795_424_400).unwrap();
        let first = EpochFile::first(key, now, &issuer.identity);
        let revoked = [Handle::random(&mut SeededRng::new("revoked"))];
        let head = first.head().unverified();
        let epoch = EpochFile::revoke(head, key, &revoked, &issuer.accumulator, now, &issuer.identity).unwrap();
        let witness = Witness::issue(epoch.head().unverified(), key, cards[0].handle(), &issuer.accumulator).unwrap();
        witness.prepare();
        issuer.parameters.prepare_for_proving();
        issuer.parameters.prepare_for_verifying();
        Self { issuer, schema, k, cards, set: Arc::new(set), list: Arc::new(list), epoch, witness }
    }
}

impl Additions {
    fn ask(&self, name: &str, prove: Vec<Predicate>) -> CredentialAsk {
        self.issuer.ask(name, &self.schema, &[], prove).unwrap()
    }

    fn predicate(json: &str) -> Vec<Predicate> {
        vec![serde_json::from_str(json).unwrap()]
    }

    /// The request of an addition or a base.
    #[must_use]
    pub fn request(&self, name: &str) -> Request {
        let country = || "country".parse().unwrap();
        let literals = |codes: &[&str]| codes.iter().map(|code| Literal::Text((*code).to_owned())).collect::<Vec<_>>();
        let card = self.ask("card", Vec::new());
        let with = |prove| Ask::Credential(self.ask("card", prove));
        let scope = || "shop".parse().unwrap();
        let rate = |limit| RateAsk { scope: scope(), epoch: "2026".parse().unwrap(), limit };
        let second = |prove| {
            Ask::All(vec![Ask::Credential(self.ask("card", Vec::new())), Ask::Credential(self.ask("other", prove))])
        };
        let ask = match name {
            "signature" => Ask::Credential(card),
            "not_equals" => with(Self::predicate(r#"{"not_equals": {"claim": "country", "value": "AT"}}"#)),
            "not_in_2" => with(Self::predicate(r#"{"not_in": {"claim": "country", "values": ["AT", "LI"]}}"#)),
            "not_in_16" => {
                let values = (1_000..1_016).map(|number| Literal::Text(number.to_string())).collect();
                with(vec![Predicate::NotIn { claim: "list_key".parse().unwrap(), values }])
            }
            "in_published" => with(vec![Predicate::In { claim: country(), set: self.set.reference() }]),
            "in_request" => {
                let claim_type = &self.schema.claim(self.schema.index_of("country").unwrap()).unwrap().claim_type;
                let signed = SignedSet::sign(literals(&["AT", "CH"]), claim_type, &mut SeededRng::new("set")).unwrap();
                with(vec![Predicate::In { claim: country(), set: SetRef::Signed(signed) }])
            }
            "range_16" => with(Self::predicate(r#"{"age_at_least": {"claim": "born", "years": 18}}"#)),
            "range_64" => with(Self::predicate(r#"{"at_least": {"claim": "list_key", "value": "1000"}}"#)),
            "range_64_both" => with(Self::predicate(
                r#"{"between": {"claim": "list_key", "min": "1000", "max": "18446744073709551000"}}"#,
            )),
            "any_hidden" => with(Self::predicate(
                r#"{"any_hidden": {"claim": "born", "of": [{"age_under": 26}, {"age_at_least": 30}]}}"#,
            )),
            "not_listed" => {
                let list = self.list.reference().clone();
                with(vec![Predicate::NotInList { claim: "list_key".parse().unwrap(), list }])
            }
            "pseudonym" => Ask::Credential(CredentialAsk { pseudonym: Some(PseudonymAsk { scope: scope() }), ..card }),
            "rate_1" => Ask::Credential(CredentialAsk { rate: Some(rate(1)), ..card }),
            "rate_3" => Ask::Credential(CredentialAsk { rate: Some(rate(3)), ..card }),
            "encryption" => {
                let key = InspectorKey(G1::hash(Expander::XmdSha256, b"court", b"bench"));
                let inspector = InspectorRef { name: "Court".into(), key, digest: InspectorDigest([1; 32]) };
                let ask = EncryptAsk { inspector, label: "stay 17".into(), purpose: "a crime".into() };
                Ask::Credential(CredentialAsk { encrypt_to: Some(ask), ..card })
            }
            "not_revoked" => {
                let log = Log::trust(self.epoch.head(), &self.issuer.parameters).unwrap();
                Ask::Credential(CredentialAsk { not_revoked: vec![log.accepted(0)], ..card })
            }
            "second_card" => second(Vec::new()),
            "same_as" => {
                second(Self::predicate(r#"{"same_as": {"claim": "number", "credential": "card", "other": "number"}}"#))
            }
            _ => panic!("not an addition"),
        };
        request("bench facts", today(), ask).unwrap()
    }

    /// The plan that answers a request.
    #[must_use]
    pub fn plan<'r>(&'r self, request: &'r Request) -> Plan<'r> {
        let cards = request.ask().credentials().len();
        compile(request, only_selection(cards), &[&self.issuer.parameters]).unwrap()
    }

    /// Builds the tables that this request wins from.
    pub fn prepare(&self, request: &Request) {
        let cards: Vec<&Credential> = self.cards.iter().take(request.ask().credentials().len()).collect();
        self.plan(request).prepare_for_proving(&self.k, &cards).unwrap();
    }

    /// What a wallet does for the sets in a request when it reviews it.
    #[must_use]
    pub fn check_sets(&self, request: &Request) -> Vec<CheckedSet> {
        let mut checked = Vec::new();
        for ask in request.ask().credentials() {
            for predicate in &ask.prove {
                if let Predicate::In { claim, set } = predicate {
                    let claim = self.schema.claim(self.schema.index_of(claim.as_str()).unwrap()).unwrap();
                    set.resolve(&claim.claim_type).unwrap().check(&mut checked, &mut OsRng).unwrap();
                }
            }
        }
        checked
    }

    /// Answers a request that was reviewed, from the request to the bytes.
    #[must_use]
    pub fn answer(&self, request: &Request, checked: &[CheckedSet]) -> Vec<u8> {
        let plan = self.plan(request);
        let cards: Vec<&Credential> = self.cards.iter().take(plan.shown().len()).collect();
        let (sets, lists) = ([Arc::clone(&self.set)], [Arc::clone(&self.list)]);
        let counters: &[u16] = if plan.shown().iter().any(|shown| shown.ask.rate.is_some()) { &[0] } else { &[] };
        let witnesses = [HeldWitness { credential: 0, witness: &self.witness }];
        let holdings = Holdings::new(&self.k, &cards)
            .with_counters(counters)
            .with_sets(Published { sets: &sets, lists: &lists, checked })
            .with_witnesses(&witnesses);
        Presentation::create(&plan, &holdings, b"", &mut OsRng).unwrap().to_bytes()
    }

    /// Checks an answer, from the bytes to the verdict.
    pub fn check(&self, request: &Request, answer: &[u8]) {
        let presentation = Presentation::from_bytes(answer).unwrap();
        presentation.verify(request, &[&self.issuer.parameters], &mut OsRng).unwrap();
    }

    /// How many bytes of proof an addition costs.
    #[must_use]
    pub fn size(&self, name: &str) -> usize {
        let request = self.request(name);
        self.answer(&request, &self.check_sets(&request)).len()
    }
}
