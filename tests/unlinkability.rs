//! Two presentations have nothing in common but what their requests fix, whatever the statement, and nothing by which issuer, publisher or
//! verifier could know a card again.
//!
//! Searched are runs of 8 bytes. Two proofs of a few thousand bytes have one in common by chance once in about 2⁴⁰ pairs.
//! Not here: that the proofs are zero-knowledge, which no test shows.

use std::collections::HashSet;
use std::sync::{Arc, OnceLock};

use milchglas_credential::cbor;
use milchglas_credential::claim::{ClaimType, Claims, Literal};
use milchglas_credential::compile::compile;
use milchglas_credential::credential::{Credential, Handle, HeldWitness, HolderSecret, Holdings};
use milchglas_credential::date::Timestamp;
use milchglas_credential::digest::{ElementSignature, InvitationNonce, VerifierKey};
use milchglas_credential::encrypt_to::EncryptAsk;
use milchglas_credential::inspector::Inspector;
use milchglas_credential::issuance::{Application, Invitation};
use milchglas_credential::list::PublishedList;
use milchglas_credential::parameters::SetSecretKey;
use milchglas_credential::predicate::Predicate;
use milchglas_credential::presentation::{Presentation, Verified};
use milchglas_credential::request::{Ask, CredentialAsk, Request, SigningKey};
use milchglas_credential::revocation::{EpochFile, Log, Witness};
use milchglas_credential::schema::Schema;
use milchglas_credential::scope::{PseudonymAsk, RateAsk};
use milchglas_credential::set::{Published, PublishedSet, SetContent, SetRef, SignedSet};
use milchglas_inspector::deal;
use milchglas_tests::{SeededRng, TestIssuer, holder, only_selection, request, today};

const CARD: &str = r#"{
    "milchglas": "schema/1", "id": "card", "title": "test card", "claims": [
        {"name": "surname", "title": "surname", "type": "text"},
        {"name": "country", "title": "country", "type": "code", "codes": ["AT", "CH", "DE", "LI"]},
        {"name": "born", "title": "date of birth", "type": "date"},
        {"name": "list_key", "title": "list key", "type": "integer", "bits": 64},
        {"name": "number", "title": "number", "type": "text"}]}"#;
const ERIKA: &str = r#"{"surname": "Muster", "country": "CH", "born": "1990-01-31", "list_key": "9007199254740993", "number": "T22000129"}"#;
/// Younger, so that he is in the other of the two hidden ranges.
const HANS: &str =
    r#"{"surname": "Mustermann", "country": "LI", "born": "2005-11-23", "list_key": "11", "number": "X1"}"#;
const STRANGER: &str = r#"{"surname": "Frey", "country": "DE", "born": "1970-01-01", "list_key": "12", "number": "Z"}"#;

/// How many bytes in a row two proofs must not have in common.
const RUN: usize = 8;

type Record = (&'static str, Vec<u8>);

/// Somebody with two cards.
struct Person {
    k: HolderSecret,
    cards: [Credential; 2],
    witnesses: [Witness; 2],
    /// What the issuer, or a thief of the wallet, could know the cards by.
    records: Vec<Record>,
}

struct World {
    issuer: TestIssuer,
    schema: Schema,
    set: Arc<PublishedSet>,
    list: Arc<PublishedList>,
    court: Inspector,
    log: Log,
    erika: Person,
    hans: Person,
    publications: Vec<Record>,
}

fn world() -> &'static World {
    static WORLD: OnceLock<World> = OnceLock::new();
    WORLD.get_or_init(|| {
        let mut rng = SeededRng::new("unlinkable world");
        let schema = Schema::from_json(CARD).unwrap();
        let issuer = TestIssuer::new("state", vec![schema.clone()]).unwrap();
        let claims = Claims::from_json(&schema, STRANGER).unwrap();
        let revoked = issuer.issue(&schema, &holder("stranger").unwrap(), claims, &mut rng).unwrap();
        let epoch = issuer.revoke(&issuer.first_epoch().unwrap(), &[&revoked]).unwrap();

        let (set_key, identity) = (SetSecretKey::random(&mut rng), SigningKey::from_bytes(&[9; 32]));
        let claim_type = country(&schema);
        let values = ["AT", "CH", "LI"].map(|code| claim_type.read(&Literal::Text(code.to_owned())).unwrap()).into();
        let (name, title) = ("countries".parse().unwrap(), "Countries".into());
        let content = SetContent { name, title, sequence: 1, claim_type, values };
        let set = PublishedSet::sign(content, &set_key, &identity).unwrap();
        let entries = (1..=100).map(|entry| 1_000_000_007 * entry).collect();
        let list = PublishedList::sign("stolen".parse().unwrap(), 1, entries, &set_key, &identity).unwrap();
        let json: serde_json::Value = serde_json::from_str(&set.to_json().unwrap()).unwrap();
        let of_elements: Vec<ElementSignature> = serde_json::from_value(json["signatures"].clone()).unwrap();
        assert_eq!(of_elements.len(), 3);
        let of_digits = issuer.parameters.content().digits.signatures();
        let publications = vec![
            ("a digit's signature", of_digits.iter().flat_map(|signature| signature.to_bytes()).collect()),
            ("a set's signature", of_elements.iter().flat_map(|signature| *signature.as_bytes()).collect()),
            ("the list", list.to_bytes().to_vec()),
            ("the epoch", epoch.head().to_bytes()),
        ];
        World {
            log: Log::trust(epoch.head(), &issuer.parameters).unwrap(),
            erika: Person::new(&issuer, &schema, &epoch, "erika", ERIKA),
            hans: Person::new(&issuer, &schema, &epoch, "hans", HANS),
            set: Arc::new(set),
            list: Arc::new(list),
            court: deal("Court", 2, 3, &mut rng).unwrap().0,
            issuer,
            schema,
            publications,
        }
    })
}

fn country(schema: &Schema) -> ClaimType {
    schema.claim(schema.index_of("country").unwrap()).unwrap().claim_type.clone()
}

impl Person {
    fn new(issuer: &TestIssuer, schema: &Schema, epoch: &EpochFile, seed: &str, claims: &str) -> Self {
        let mut rng = SeededRng::new(seed);
        let k = holder(seed).unwrap();
        let mut records = Vec::new();
        let cards = [1, 2].map(|number| {
            let parameters = &issuer.parameters;
            let invitation = Invitation {
                issuer: parameters.fingerprint(),
                parameters: parameters.digest(),
                schema: schema.digest(),
                nonce: InvitationNonce([number; 16]),
                expires: Timestamp::from_unix(4_000_000_000).unwrap(),
            };
            let application = Application::create(&invitation, parameters, &k, "reply", &mut rng).unwrap();
            records.push(("an application with its commitment", application.to_bytes()));
            let verified = application.verify(&invitation, parameters, &mut rng).unwrap();
            let (handle, claims) = (Handle::random(&mut rng), Claims::from_json(schema, claims).unwrap());
            verified.issue(&invitation, parameters, &issuer.secret, handle, claims).unwrap()
        });
        let witnesses = cards.each_ref().map(|card| issuer.witness(epoch, card).unwrap());
        for (card, witness) in cards.iter().zip(&witnesses) {
            records.push(("a card with its signature", card.to_bytes().to_vec()));
            records.push(("a handle", card.handle().as_bytes().to_vec()));
            records.push(("a handle as a scalar", card.handle().to_scalar().to_bytes().to_vec()));
            records.push(("a handle as an inspector finds it", card.handle().inspector_point().to_bytes().to_vec()));
            records.push(("a witness", cbor::to_bytes(witness)));
        }
        Self { k, cards, witnesses, records }
    }
}

/// What a request asks besides the issuer's signature.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Nothing,
    Range,
    BothSides,
    NotEquals,
    NotIn,
    InPublished,
    InSigned,
    NotInList,
    AnyHidden,
    SameAs,
    Rate,
    EncryptTo,
    NotRevoked,
    Pseudonym,
}

const KINDS: [Kind; 14] = [
    Kind::Nothing,
    Kind::Range,
    Kind::BothSides,
    Kind::NotEquals,
    Kind::NotIn,
    Kind::InPublished,
    Kind::InSigned,
    Kind::NotInList,
    Kind::AnyHidden,
    Kind::SameAs,
    Kind::Rate,
    Kind::EncryptTo,
    Kind::NotRevoked,
    Kind::Pseudonym,
];

/// A request of the café's, or of another verifier's with another seed.
fn asking(kind: Kind, seed: &str, scope: &str) -> Request {
    let world = world();
    let ask = |name: &str, prove: Vec<Predicate>| world.issuer.ask(name, &world.schema, &[], prove).unwrap();
    let proving = |json: &str| Ask::Credential(ask("card", vec![serde_json::from_str(json).unwrap()]));
    let plain = ask("card", Vec::new());
    let scope = scope.parse().unwrap();
    let ask = match kind {
        Kind::Nothing => Ask::Credential(plain),
        Kind::Range => proving(r#"{"age_at_least": {"claim": "born", "years": 18}}"#),
        Kind::BothSides => proving(r#"{"between": {"claim": "list_key", "min": "10", "max": "18446744073709551000"}}"#),
        Kind::NotEquals => proving(r#"{"not_equals": {"claim": "country", "value": "AT"}}"#),
        Kind::NotIn => proving(r#"{"not_in": {"claim": "country", "values": ["AT", "DE"]}}"#),
        Kind::InPublished => {
            let set = world.set.reference();
            Ask::Credential(ask("card", vec![Predicate::In { claim: "country".parse().unwrap(), set }]))
        }
        Kind::InSigned => {
            let values = ["LI", "CH"].map(|code| Literal::Text(code.to_owned())).to_vec();
            let set = SignedSet::sign(values, &country(&world.schema), &mut SeededRng::new(seed)).unwrap();
            let set = SetRef::Signed(set);
            Ask::Credential(ask("card", vec![Predicate::In { claim: "country".parse().unwrap(), set }]))
        }
        Kind::NotInList => {
            let list = world.list.reference().clone();
            Ask::Credential(ask("card", vec![Predicate::NotInList { claim: "list_key".parse().unwrap(), list }]))
        }
        Kind::AnyHidden => {
            proving(r#"{"any_hidden": {"claim": "born", "of": [{"age_under": 26}, {"age_at_least": 30}]}}"#)
        }
        Kind::SameAs => {
            let same = r#"{"same_as": {"claim": "number", "credential": "card", "other": "number"}}"#;
            let other = ask("other", vec![serde_json::from_str(same).unwrap()]);
            Ask::All(vec![Ask::Credential(plain), Ask::Credential(other)])
        }
        Kind::Rate => {
            let rate = RateAsk { scope, epoch: "2026".parse().unwrap(), limit: 3 };
            Ask::Credential(CredentialAsk { rate: Some(rate), ..plain })
        }
        Kind::EncryptTo => {
            let inspector = world.court.reference();
            let ask = EncryptAsk { inspector, label: "stay 17".into(), purpose: "a crime".into() };
            Ask::Credential(CredentialAsk { encrypt_to: Some(ask), ..plain })
        }
        Kind::NotRevoked => Ask::Credential(CredentialAsk { not_revoked: vec![world.log.accepted(0)], ..plain }),
        Kind::Pseudonym => Ask::Credential(CredentialAsk { pseudonym: Some(PseudonymAsk { scope }), ..plain }),
    };
    let cafe = request(seed, today(), ask).unwrap();
    if seed == "café" {
        return cafe;
    }
    let mut fields = cafe.fields().clone();
    fields.verifier.origin = format!("https://{seed}.example").parse().unwrap();
    fields.verifier.key = VerifierKey(SigningKey::from_bytes(&[8; 32]).verifying_key().to_bytes());
    Request::new(fields).unwrap()
}

/// One presentation, checked by its verifier.
struct Showing<'a> {
    request: &'a Request,
    presentation: Presentation,
    verified: Verified,
}

impl<'a> Showing<'a> {
    fn new(request: &'a Request, by: &Person, counter: u16, rng: &mut SeededRng) -> Self {
        let world = world();
        let parameters = [&world.issuer.parameters];
        let plan = compile(request, only_selection(request.ask().credentials().len()), &parameters).unwrap();
        let cards: Vec<&Credential> = by.cards.iter().take(plan.shown().len()).collect();
        let asked = &plan.shown()[0].ask;
        let counters = asked.rate.as_ref().map(|_| counter);
        let held = (!asked.not_revoked.is_empty()).then(|| HeldWitness { credential: 0, witness: &by.witnesses[0] });
        let (sets, lists) = ([Arc::clone(&world.set)], [Arc::clone(&world.list)]);
        let holdings = Holdings::new(&by.k, &cards)
            .with_counters(counters.as_slice())
            .with_sets(Published { sets: &sets, lists: &lists, checked: &[] })
            .with_witnesses(held.as_slice());
        let presentation = Presentation::create(&plan, &holdings, b"", rng).unwrap();
        let verified = presentation.verify(request, &parameters, &mut SeededRng::new("weights")).unwrap();
        Self { request, presentation, verified }
    }

    fn proof(&self) -> &[u8] {
        self.presentation.proof()
    }

    /// Everything before the proof.
    fn head(&self) -> Vec<u8> {
        self.presentation.to_bytes().strip_suffix(self.proof()).unwrap().to_vec()
    }
}

/// Four presentations: twice the first holder, then the second holder to the same request, and the first one to another verifier.
fn showings<'a>(kind: Kind, requests: &'a [Request; 3]) -> [Showing<'a>; 4] {
    let (world, [first, other_scope, other_verifier]) = (world(), requests);
    let mut rng = SeededRng::new("unlinkable");
    // A name is the same in one scope; that is what it is for.
    let again = if kind == Kind::Pseudonym { other_scope } else { first };
    [
        Showing::new(first, &world.erika, 0, &mut rng),
        Showing::new(again, &world.erika, 2, &mut rng),
        Showing::new(first, &world.hans, 1, &mut rng),
        Showing::new(other_verifier, &world.erika, 0, &mut rng),
    ]
}

fn requests(kind: Kind) -> [Request; 3] {
    [asking(kind, "café", "guests"), asking(kind, "café", "members"), asking(kind, "elsewhere", "guests")]
}

#[test]
fn presentations_of_every_statement_share_nothing_but_the_request() {
    let world = world();
    for kind in KINDS {
        let requests = requests(kind);
        let all = showings(kind, &requests);
        for (place, one) in all.iter().enumerate() {
            let length = |showing: &Showing<'_>| showing.presentation.to_bytes().len();
            assert_eq!(length(one), length(&all[0]), "{kind:?}: equal lengths across holders, showings and verifiers");
            for other in &all[..place] {
                assert!(!share_run(one.proof(), other.proof()), "{kind:?}: two proofs share {RUN} bytes");
                if one.request == other.request {
                    assert_eq!(one.head(), other.head(), "{kind:?}: the request fixes what is not proof");
                }
            }
        }
        for showing in &all {
            let request = [("the request", showing.request.to_bytes().to_vec())];
            let people = [&world.erika, &world.hans].into_iter().flat_map(|person| &person.records);
            for (what, record) in people.chain(&world.publications).chain(&request) {
                assert!(!share_run(showing.proof(), record), "{kind:?}: a proof shares {RUN} bytes with {what}");
            }
        }
    }
}

#[test]
fn names_and_tokens_differ_wherever_they_can_not_be_the_same() {
    let names_of = |kind, of: fn(&Verified) -> Vec<u8>| {
        let requests = requests(kind);
        let names = showings(kind, &requests).map(|showing| {
            let name = of(&showing.verified);
            assert!(share_run(showing.proof(), &name), "{kind:?}: it stands in the proof");
            name
        });
        for (place, name) in names.iter().enumerate() {
            assert!(names[..place].iter().all(|other| !share_run(name, other)), "{kind:?}");
        }
    };
    names_of(Kind::Pseudonym, |verified| verified.credentials()[0].pseudonym().unwrap().as_bytes().to_vec());
    names_of(Kind::Rate, |verified| verified.credentials()[0].token().unwrap().as_bytes().to_vec());
}

/// What must be the same is found: a name in one scope, and a token under one counter.
#[test]
fn the_search_finds_what_two_proofs_have_in_common() {
    for kind in KINDS {
        let request = asking(kind, "café", "guests");
        let mut rng = SeededRng::new("again");
        let [one, again] = [0, 0].map(|counter| Showing::new(&request, &world().erika, counter, &mut rng));
        assert_eq!(share_run(one.proof(), again.proof()), matches!(kind, Kind::Pseudonym | Kind::Rate), "{kind:?}");
        for (what, record) in &world().erika.records {
            let leaking = [one.proof(), &record[record.len() - RUN..]].concat();
            assert!(share_run(&leaking, record), "{what}");
        }
    }
}

fn share_run(a: &[u8], b: &[u8]) -> bool {
    let runs: HashSet<&[u8]> = a.windows(RUN).collect();
    b.windows(RUN).any(|run| runs.contains(run))
}
