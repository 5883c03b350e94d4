//! Attacks on whole presentations: every public field changed, parts dropped, doubled, reordered and spliced in, credentials mixed.
//!
//! Whatever is not exactly what was asked and proven must be rejected, without a panic.

use std::sync::OnceLock;

use milchglas_credential::cbor::{Reader, Writer};
use milchglas_credential::claim::{Claims, Literal, Value};
use milchglas_credential::compile::compile;
use milchglas_credential::credential::{Credential, HolderSecret, Holdings};
use milchglas_credential::date::{Date, Timestamp};
use milchglas_credential::digest::{
    AccumulatorBytes, DocumentDigest, InspectorDigest, IssuerFingerprint, ParametersDigest, RequestNonce, SchemaDigest,
    VerifierKey,
};
use milchglas_credential::document::DocumentRef;
use milchglas_credential::encrypt_to::{EncryptAsk, InspectorKey, InspectorRef};
use milchglas_credential::error::Error;
use milchglas_credential::number::Number;
use milchglas_credential::parameters::Parameters;
use milchglas_credential::predicate::Predicate;
use milchglas_credential::presentation::{Presentation, Verified};
use milchglas_credential::request::{Ask, CredentialAsk, Request, RequestFields, SigningKey};
use milchglas_credential::revocation::Log;
use milchglas_credential::schema::Schema;
use milchglas_credential::scope::{PseudonymAsk, RateAsk};
use milchglas_credential::selection::{Selection, ShownAs};
use milchglas_curve::NonZeroG1;
use milchglas_tests::{SeededRng, TestIssuer, holder, national_id_json, present, present_not_revoked, request, today};

struct World {
    schema: Schema,
    state: TestIssuer,
    tax: TestIssuer,
    erika: HolderSecret,
    hans: HolderSecret,
    card: Credential,
    tax_card: Credential,
    card_of_hans: Credential,
    tax_card_of_hans: Credential,
}

/// Issuing once is enough for all tests.
fn world() -> &'static World {
    static WORLD: OnceLock<World> = OnceLock::new();
    WORLD.get_or_init(|| {
        let mut rng = SeededRng::new("world");
        let schema = Schema::national_id().unwrap();
        let [state, tax] = ["state", "tax office"].map(|name| TestIssuer::new(name, vec![schema.clone()]).unwrap());
        let [erika, hans] = ["erika", "hans"].map(|seed| holder(seed).unwrap());
        let mut issue = |issuer: &TestIssuer, k: &HolderSecret, born: &str| {
            let claims = Claims::from_json(&schema, &national_id_json(born)).unwrap();
            issuer.issue(&schema, k, claims, &mut rng).unwrap()
        };
        let card = issue(&state, &erika, "1990-01-31");
        let tax_card = issue(&tax, &erika, "1990-01-31");
        let card_of_hans = issue(&state, &hans, "2010-05-05");
        let tax_card_of_hans = issue(&tax, &hans, "1970-05-05");
        World { schema, state, tax, erika, hans, card, tax_card, card_of_hans, tax_card_of_hans }
    })
}

fn parameters() -> [&'static Parameters; 2] {
    [&world().state.parameters, &world().tax.parameters]
}

fn adult() -> Predicate {
    Predicate::AgeAtLeast { claim: "date_of_birth".parse().unwrap(), years: 18 }
}

/// The state's log after two epochs in which somebody else's card was revoked.
fn log() -> &'static Log {
    static LOG: OnceLock<Log> = OnceLock::new();
    LOG.get_or_init(|| {
        let world = world();
        let mut file = world.state.first_epoch().unwrap();
        let mut log = Log::begin(file.head(), &world.state.parameters).unwrap();
        for card in [&world.tax_card, &world.card_of_hans] {
            file = world.state.revoke(&file, &[card]).unwrap();
            log.follow(&file, &world.state.parameters).unwrap();
        }
        log
    })
}

/// An ask that has every kind of field: two disclosed claims, three predicates, non-revocation.
fn rich_ask() -> CredentialAsk {
    let world = world();
    let equals = Predicate::Equals { claim: "nationality".parse().unwrap(), value: Literal::Text("DE".into()) };
    let prove = vec![adult(), Predicate::Valid, equals];
    let ask = world.state.ask("card", &world.schema, &["given_names", "surname"], prove).unwrap();
    CredentialAsk { not_revoked: vec![log().accepted(1)], ..ask }
}

fn rich_request() -> Request {
    request("rich", today(), Ask::Credential(rich_ask())).unwrap()
}

fn answer(request: &Request) -> Presentation {
    let mut rng = SeededRng::new("answer");
    let issuers = [&world().state, &world().tax];
    present_not_revoked(request, &issuers, &world().erika, &[&world().card], &mut rng).unwrap()
}

fn check(presentation: &[u8], request: &Request) -> Result<Verified, Error> {
    Presentation::from_bytes(presentation)?.verify(request, &parameters(), &mut SeededRng::new("weights"))
}

/// The four parts of a presentation beside its format, so that each can be exchanged.
#[derive(Clone)]
struct Parts {
    nonce: RequestNonce,
    selection: Selection,
    disclosed: Vec<Vec<Value>>,
    proof: Vec<u8>,
}

impl Parts {
    fn of(presentation: &Presentation) -> Self {
        let bytes = presentation.to_bytes();
        let mut input = Reader::new(&bytes);
        input.array(5, "").unwrap();
        assert_eq!(input.text(8, "").unwrap(), "P1");
        let (nonce, selection) = (input.object().unwrap(), input.object().unwrap());
        let lists = input.array_up_to(16, "").unwrap();
        let disclosed = (0..lists).map(|_| input.list(64, "").unwrap()).collect();
        let proof = input.bytes_up_to(1 << 16, "").unwrap().to_vec();
        Self { nonce, selection, disclosed, proof }
    }

    fn to_bytes(&self) -> Vec<u8> {
        let mut out = Writer::new();
        out.array(5).text("P1").object(&self.nonce).object(&self.selection).array(self.disclosed.len());
        for values in &self.disclosed {
            out.list(values.iter());
        }
        out.bytes(&self.proof);
        out.into_bytes()
    }
}

/// The request with one field changed, for every field there is. A new field does not compile until it is listed here.
fn changed_requests(request: &Request) -> Vec<(&'static str, Request)> {
    let RequestFields { verifier, profile: _, purpose: _, nonce, issued, expires, as_of: _, ask, document: _ } =
        request.fields().clone();
    let Ask::Credential(CredentialAsk {
        name: _,
        accept: _,
        schemas: _,
        disclose,
        prove,
        not_revoked: _,
        pseudonym: _,
        rate: _,
        encrypt_to: _,
    }) = ask
    else {
        panic!("one credential")
    };
    let mut all: Vec<(&'static str, Request)> = Vec::new();
    let mut change = |what, edit: &dyn Fn(&mut RequestFields)| {
        let mut fields = request.fields().clone();
        edit(&mut fields);
        assert_ne!(fields, *request.fields(), "{what}");
        all.push((what, Request::new(fields).unwrap()));
    };
    fn leaf(fields: &mut RequestFields) -> &mut CredentialAsk {
        match &mut fields.ask {
            Ask::Credential(ask) => ask,
            Ask::All(_) | Ask::Any(_) => panic!("one credential"),
        }
    }
    let later = |time: Timestamp| Timestamp::from_unix(time.as_unix() + 1).unwrap();
    change("verifier name", &|fields| fields.verifier.name = format!("{}!", verifier.name));
    change("verifier origin", &|fields| fields.verifier.origin = "https://cafe.example:8443".parse().unwrap());
    change("verifier key", &|fields| {
        fields.verifier.key = VerifierKey(SigningKey::from_bytes(&[8; 32]).verifying_key().to_bytes());
    });
    change("profile", &|fields| fields.profile = Some("cafe".parse().unwrap()));
    change("purpose", &|fields| fields.purpose.push('.'));
    change("nonce", &|fields| fields.nonce.0[15] = nonce.0[15] ^ 1);
    change("issued", &|fields| fields.issued = later(issued));
    change("expires", &|fields| fields.expires = later(expires));
    change("as-of date", &|fields| fields.as_of = Date::from_ymd(2026, 11, 22).unwrap());
    change("ask: all of one", &|fields| fields.ask = Ask::All(vec![fields.ask.clone()]));
    change("credential name", &|fields| leaf(fields).name = "id".parse().unwrap());
    change("accepted issuers", &|fields| {
        let tax = &world().tax.parameters;
        leaf(fields).accept[0].issuer = tax.fingerprint();
        leaf(fields).accept[0].parameters = tax.digest();
    });
    change("accepted issuer only", &|fields| leaf(fields).accept[0].issuer = IssuerFingerprint([9; 32]));
    change("accepted parameters only", &|fields| leaf(fields).accept[0].parameters = ParametersDigest([9; 32]));
    change("one more accepted issuer", &|fields| {
        let mut more = leaf(fields).accept[0];
        more.issuer = IssuerFingerprint([9; 32]);
        leaf(fields).accept.push(more);
    });
    change("schema digest", &|fields| leaf(fields).schemas[0].digest = SchemaDigest([9; 32]));
    change("schema id", &|fields| leaf(fields).schemas[0].id = "other".parse().unwrap());
    for place in 0..disclose.len() {
        change("disclosed claim left out", &|fields| drop(leaf(fields).disclose.remove(place)));
        change("other claim disclosed", &|fields| leaf(fields).disclose[place] = "sex".parse().unwrap());
    }
    change("one more disclosed", &|fields| leaf(fields).disclose.push("sex".parse().unwrap()));
    change("order of disclosure", &|fields| leaf(fields).disclose.reverse());
    for place in 0..prove.len() {
        change("predicate left out", &|fields| drop(leaf(fields).prove.remove(place)));
    }
    change("order of predicates", &|fields| leaf(fields).prove.reverse());
    change("one more predicate", &|fields| {
        leaf(fields).prove.push(Predicate::AtLeast { claim: "assurance".parse().unwrap(), value: Number::from(1u8) });
    });
    change("years", &|fields| {
        leaf(fields).prove[0] = Predicate::AgeAtLeast { claim: "date_of_birth".parse().unwrap(), years: 17 };
    });
    change("kind of predicate", &|fields| {
        leaf(fields).prove[0] = Predicate::AgeUnder { claim: "date_of_birth".parse().unwrap(), years: 99 };
    });
    change("an inspector", &|fields| {
        let key = InspectorKey(NonZeroG1::generator());
        let inspector = InspectorRef { name: "Court".into(), key, digest: InspectorDigest([9; 32]) };
        leaf(fields).encrypt_to = Some(EncryptAsk { inspector, label: "stay".into(), purpose: "a crime".into() });
    });
    change("value that is equalled", &|fields| {
        leaf(fields).prove[2] =
            Predicate::Equals { claim: "nationality".parse().unwrap(), value: Literal::Text("AT".into()) };
    });
    change("revocation not asked", &|fields| leaf(fields).not_revoked.clear());
    change("key of the accumulators", &|fields| leaf(fields).not_revoked[0].key.0[31] ^= 1);
    change("newest epoch", &|fields| leaf(fields).not_revoked[0].newest.0 += 1);
    change("order of accumulators", &|fields| leaf(fields).not_revoked[0].accumulators.reverse());
    change("an accumulator less", &|fields| leaf(fields).not_revoked[0].accumulators.truncate(1));
    change("an accumulator more", &|fields| {
        let first = AccumulatorBytes(NonZeroG1::generator().to_bytes());
        leaf(fields).not_revoked[0].accumulators.push(first);
    });
    for place in 0..2 {
        change("another accumulator", &|fields| {
            leaf(fields).not_revoked[0].accumulators[place] = AccumulatorBytes(NonZeroG1::generator().to_bytes());
        });
    }
    change("accumulators of one more key", &|fields| {
        let mut more = leaf(fields).not_revoked[0].clone();
        more.key.0[0] ^= 1;
        leaf(fields).not_revoked.push(more);
    });
    change("pseudonym", &|fields| {
        leaf(fields).pseudonym = Some(PseudonymAsk { scope: "customers".parse().unwrap() });
    });
    change("rate", &|fields| {
        let (scope, epoch) = ("accounts".parse().unwrap(), "2026".parse().unwrap());
        leaf(fields).rate = Some(RateAsk { scope, epoch, limit: 1 });
    });
    change("document", &|fields| {
        fields.document = Some(DocumentRef { title: "Contract".into(), sha256: DocumentDigest::of(b"contract") });
    });
    all
}

#[test]
fn rejects_every_request_with_one_field_changed_after_proving() {
    let request = rich_request();
    let presentation = answer(&request);
    check(&presentation.to_bytes(), &request).unwrap();
    let changed = changed_requests(&request);
    assert!(changed.len() > 25);
    for (what, other) in changed {
        assert!(check(&presentation.to_bytes(), &other).is_err(), "{what}");
        // Also with the nonce in the clear adapted, so that it is the proof that fails.
        let mut parts = Parts::of(&presentation);
        parts.nonce = other.fields().nonce;
        assert!(check(&parts.to_bytes(), &other).is_err(), "{what}, nonce adapted");
    }
}

#[test]
fn rejects_every_flipped_bit() {
    let request = rich_request();
    let bytes = answer(&request).to_bytes();
    let parts = Parts::of(&answer(&request));
    assert_eq!(parts.to_bytes(), bytes);
    for bit in 0..8 * bytes.len() {
        let mut bad = bytes.clone();
        bad[bit / 8] ^= 1 << (bit % 8);
        assert!(check(&bad, &request).is_err(), "bit {bit}");
    }
}

#[test]
fn rejects_every_other_length() {
    let request = rich_request();
    let bytes = answer(&request).to_bytes();
    for len in 0..bytes.len() {
        assert!(check(&bytes[..len], &request).is_err(), "{len} bytes");
    }
    assert!(check(&[&bytes[..], &[0]].concat(), &request).is_err());
    let parts = Parts::of(&answer(&request));
    for len in (0..parts.proof.len()).chain([parts.proof.len() + 1, parts.proof.len() + 32, parts.proof.len() + 48]) {
        let mut other = parts.clone();
        other.proof.resize(len, 0);
        assert!(check(&other.to_bytes(), &request).is_err(), "proof of {len} bytes");
    }
}

/// Proof layout of the rich request: signature 2 points, non-revocation 2, age 2 digits, validity 1 digit; then challenge and responses.
#[test]
fn rejects_parts_of_the_proof_dropped_doubled_reordered_and_spliced() {
    let request = rich_request();
    let presentation = answer(&request);
    let parts = Parts::of(&presentation);
    let points = 2 + 2 + 2 * 2 + 2;
    let scalars = (parts.proof.len() - 48 * points) / 32;
    assert_eq!(48 * points + 32 * scalars, parts.proof.len());

    // Another proof for the same request by the same holder: every piece of it is valid where it comes from.
    let issuers = [&world().state, &world().tax];
    let rng = &mut SeededRng::new("again");
    let again = present_not_revoked(&request, &issuers, &world().erika, &[&world().card], rng).unwrap();
    check(&again.to_bytes(), &request).unwrap();
    let again = Parts::of(&again);

    let slot = |i: usize| {
        if i < points {
            48 * i..48 * i + 48
        } else {
            48 * points + 32 * (i - points)..48 * points + 32 * (i - points) + 32
        }
    };
    let reject = |what: &str, proof: Vec<u8>| {
        let bad = Parts { proof, ..parts.clone() };
        assert!(check(&bad.to_bytes(), &request).is_err(), "{what}");
    };
    for i in 0..points + scalars {
        let mut dropped = parts.proof.clone();
        dropped.drain(slot(i));
        reject("dropped", dropped);
        let mut doubled = parts.proof.clone();
        let piece = parts.proof[slot(i)].to_vec();
        doubled.splice(slot(i).start..slot(i).start, piece);
        reject("doubled", doubled);
        let mut spliced = parts.proof.clone();
        spliced[slot(i)].copy_from_slice(&again.proof[slot(i)]);
        reject("spliced", spliced);
        for j in 0..i {
            if slot(i).len() == slot(j).len() {
                let mut swapped = parts.proof.clone();
                let (a, b) = (parts.proof[slot(i)].to_vec(), parts.proof[slot(j)].to_vec());
                swapped[slot(i)].copy_from_slice(&b);
                swapped[slot(j)].copy_from_slice(&a);
                reject("swapped", swapped);
            }
        }
    }
    // All points of one proof with the scalars of the other.
    reject("halves", [&parts.proof[..48 * points], &again.proof[48 * points..]].concat());
}

#[test]
fn rejects_disclosed_values_changed_after_proving() {
    let request = rich_request();
    let parts = Parts::of(&answer(&request));
    let reject = |what: &str, edit: &dyn Fn(&mut Vec<Vec<Value>>)| {
        let mut bad = parts.clone();
        edit(&mut bad.disclosed);
        assert!(check(&bad.to_bytes(), &request).is_err(), "{what}");
    };
    reject("other value", &|lists| lists[0][0] = Value::Text("Mustermann".into()));
    reject("swapped", &|lists| lists[0].reverse());
    reject("left out", &|lists| drop(lists[0].pop()));
    reject("all left out", &|lists| lists[0].clear());
    reject("no list", &|lists| lists.clear());
    reject("one list more", &|lists| lists.push(Vec::new()));
    reject("one value more", &|lists| lists[0].push(Value::Boolean(true)));
    reject("absent", &|lists| lists[0][0] = Value::Absent);
    reject("of another type", &|lists| lists[0][0] = Value::Digest([0; 32]));
    reject("too long", &|lists| lists[0][0] = Value::Text("x".repeat(1025)));
}

#[test]
fn rejects_other_selections() {
    let request = rich_request();
    let parts = Parts::of(&answer(&request));
    let reject = |what: &str, edit: &dyn Fn(&mut Selection)| {
        let mut bad = parts.clone();
        edit(&mut bad.selection);
        assert!(check(&bad.to_bytes(), &request).is_err(), "{what}");
    };
    reject("a branch too many", &|selection| selection.branches.push(0));
    reject("nothing shown", &|selection| selection.shown.clear());
    reject("shown twice", &|selection| selection.shown.push(ShownAs { accept: 0, key: 0, schema: 0, back: 0 }));
    for far in [1, 255] {
        reject("issuer", &|selection| selection.shown[0].accept = far);
        reject("key", &|selection| selection.shown[0].key = far);
        reject("schema", &|selection| selection.shown[0].schema = far);
        reject("epoch", &|selection| selection.shown[0].back = far);
    }
}

/// Both credentials of one person, from two issuers.
fn two_credentials() -> (Request, Presentation) {
    let world = world();
    let card = world.state.ask("card", &world.schema, &[], vec![adult()]).unwrap();
    let tax = world.tax.ask("tax", &world.schema, &["nationality"], vec![Predicate::Valid]).unwrap();
    let ask = Ask::All(vec![Ask::Credential(card), Ask::Credential(tax)]);
    let request = request("two", today(), ask).unwrap();
    let mut rng = SeededRng::new("two");
    let presentation =
        present(&request, &parameters(), &world.erika, &[&world.card, &world.tax_card], &mut rng).unwrap();
    (request, presentation)
}

#[test]
fn accepts_two_credentials_of_one_holder() {
    let (request, presentation) = two_credentials();
    let verified = check(&presentation.to_bytes(), &request).unwrap();
    let names: Vec<_> = verified.credentials().iter().map(|shown| shown.name().as_str()).collect();
    assert_eq!(names, ["card", "tax"]);
    assert_eq!(verified.credentials()[1].disclosed().len(), 1);
}

#[test]
fn rejects_credentials_of_two_holders() {
    let world = world();
    let (request, _) = two_credentials();
    // Hans is a minor by his card; his tax card says otherwise. Erika's card would make him an adult.
    for (k, credentials) in [
        (&world.erika, [&world.card, &world.tax_card_of_hans]),
        (&world.hans, [&world.card, &world.tax_card_of_hans]),
        (&world.erika, [&world.card_of_hans, &world.tax_card]),
    ] {
        let forced = present(&request, &parameters(), k, &credentials, &mut SeededRng::new("mix"));
        // A prover may refuse; what it produces must not hold.
        if let Ok(presentation) = forced {
            assert!(check(&presentation.to_bytes(), &request).is_err());
        }
    }
}

#[test]
fn rejects_the_age_of_one_credential_as_that_of_another() {
    let world = world();
    // Hans' own card can not prove it …
    let card = world.state.ask("card", &world.schema, &[], vec![adult()]).unwrap();
    let request = request("minor", today(), Ask::Credential(card)).unwrap();
    let refused = present(&request, &parameters(), &world.hans, &[&world.card_of_hans], &mut SeededRng::new("minor"));
    assert_eq!(refused.unwrap_err(), Error::Unsatisfied);
    // … and a proof with the tax office's card does not stand for the state's.
    let tax = world.tax.ask("card", &world.schema, &[], vec![adult()]).unwrap();
    let other = milchglas_tests::request("minor", today(), Ask::Credential(tax)).unwrap();
    let presentation =
        present(&other, &parameters(), &world.hans, &[&world.tax_card_of_hans], &mut SeededRng::new("minor")).unwrap();
    check(&presentation.to_bytes(), &other).unwrap();
    assert!(check(&presentation.to_bytes(), &request).is_err());
}

/// Who is too young by one day edits the date in the credential. The wallet's own check finds it; a wallet that does not check gets a
/// proof that no verifier accepts.
#[test]
fn rejects_a_minor_who_forces_the_matter() {
    let world = world();
    let mut rng = SeededRng::new("forced");
    let claims = Claims::from_json(&world.schema, &national_id_json("2008-11-24")).unwrap();
    let honest = world.state.issue(&world.schema, &world.hans, claims, &mut rng).unwrap();
    let ask = world.state.ask("card", &world.schema, &[], vec![adult()]).unwrap();
    let request = request("forced", today(), Ask::Credential(ask)).unwrap();
    let refused = present(&request, &parameters(), &world.hans, &[&honest], &mut rng);
    assert_eq!(refused.unwrap_err(), Error::Unsatisfied);

    let encode = |day: u8| milchglas_credential::cbor::to_bytes(&Value::Date(Date::from_ymd(2008, 11, day).unwrap()));
    let (born, claimed) = (encode(24), encode(23));
    let mut bytes = honest.to_bytes().to_vec();
    let place = bytes.windows(born.len()).position(|window| window == born).unwrap();
    bytes[place..place + born.len()].copy_from_slice(&claimed);
    let edited = Credential::from_bytes(&bytes, |_, _| Some(&world.schema)).unwrap();
    let key = world.state.parameters.signing_key(&world.schema.digest()).unwrap();
    assert_eq!(edited.verify(&world.hans, key, &world.schema), Err(Error::Invalid));
    let forced = present(&request, &parameters(), &world.hans, &[&edited], &mut rng).unwrap();
    assert_eq!(check(&forced.to_bytes(), &request).unwrap_err(), Error::Invalid);
}

#[test]
fn rejects_the_credentials_of_a_presentation_in_another_order() {
    let (request, presentation) = two_credentials();
    let Ask::All(asks) = request.ask() else { panic!("two credentials") };
    let mut fields = request.fields().clone();
    fields.ask = Ask::All(asks.iter().rev().cloned().collect());
    assert!(check(&presentation.to_bytes(), &Request::new(fields).unwrap()).is_err());
}

#[test]
fn rejects_another_branch_than_the_one_proven() {
    let world = world();
    let adult_branch = world.state.ask("adult", &world.schema, &[], vec![adult()]).unwrap();
    let young = Predicate::AgeUnder { claim: "date_of_birth".parse().unwrap(), years: 18 };
    let young_branch = world.state.ask("young", &world.schema, &[], vec![young]).unwrap();
    let ask = Ask::Any(vec![Ask::Credential(young_branch), Ask::Credential(adult_branch)]);
    let request = request("any", today(), ask).unwrap();
    let select =
        |branch| Selection { branches: vec![branch], shown: vec![ShownAs { accept: 0, key: 0, schema: 0, back: 0 }] };

    let plan = compile(&request, select(1), &parameters()).unwrap();
    let presentation =
        Presentation::create(&plan, &Holdings::new(&world.erika, &[&world.card]), b"", &mut SeededRng::new("any"))
            .unwrap();
    let verified = check(&presentation.to_bytes(), &request).unwrap();
    assert_eq!(verified.credentials()[0].name().as_str(), "adult");

    for branch in [0, 2, 255] {
        let bad = Parts { selection: select(branch), ..Parts::of(&presentation) };
        assert!(check(&bad.to_bytes(), &request).is_err(), "branch {branch}");
    }
    let plan = compile(&request, select(0), &parameters()).unwrap();
    let refused =
        Presentation::create(&plan, &Holdings::new(&world.erika, &[&world.card]), b"", &mut SeededRng::new("any"));
    assert_eq!(refused.unwrap_err(), Error::Unsatisfied);
}

#[test]
fn rejects_predicates_that_a_disclosed_value_breaks() {
    let world = world();
    // A claim both disclosed and compared: no proof is needed for the comparison, and none can be faked.
    for (k, card, holds) in [(&world.erika, &world.card, true), (&world.hans, &world.card_of_hans, false)] {
        let ask = world.state.ask("card", &world.schema, &["date_of_birth"], vec![adult()]).unwrap();
        let request = request("both", today(), Ask::Credential(ask)).unwrap();
        let result = present(&request, &parameters(), k, &[card], &mut SeededRng::new("both"))
            .and_then(|presentation| check(&presentation.to_bytes(), &request));
        assert_eq!(result.is_ok(), holds);
    }
}

#[test]
fn rejects_an_optional_claim_that_is_absent_in_a_range() {
    let json = r#"{"milchglas": "schema/1", "id": "points", "title": "points card", "claims": [
        {"name": "points", "title": "points", "type": "integer", "bits": 16, "optional": true},
        {"name": "level", "title": "level", "type": "integer", "bits": 8, "signed": true}]}"#;
    let schema = Schema::from_json(json).unwrap();
    let mut rng = SeededRng::new("points");
    let issuer = TestIssuer::new("club", vec![schema.clone()]).unwrap();
    let k = holder("erika").unwrap();
    let mut issue = |claims| issuer.issue(&schema, &k, Claims::from_json(&schema, claims).unwrap(), &mut rng).unwrap();
    let (none, some) = (issue(r#"{"level": -3}"#), issue(r#"{"level": -3, "points": 0}"#));
    let points = || "points".parse().unwrap();
    for predicate in [
        Predicate::AtLeast { claim: points(), value: Number::from(0u8) },
        Predicate::AtMost { claim: points(), value: Number::from(65_535u64) },
        Predicate::Between { claim: points(), min: Number::from(0u8), max: Number::from(65_536u64) },
        Predicate::Equals { claim: points(), value: Literal::Integer(Number::from(0u8)) },
    ] {
        let ask = issuer.ask("card", &schema, &[], vec![predicate]).unwrap();
        let request = request("points", today(), Ask::Credential(ask)).unwrap();
        let mut try_with = |credential| present(&request, &[&issuer.parameters], &k, &[credential], &mut rng);
        let presentation = try_with(&some).unwrap();
        presentation.verify(&request, &[&issuer.parameters], &mut SeededRng::new("weights")).unwrap();
        assert_eq!(try_with(&none).unwrap_err(), Error::Unsatisfied);
    }
    // A negative number is compared as one.
    for (value, holds) in [(-3i64, true), (-2, false)] {
        let predicate = Predicate::AtLeast { claim: "level".parse().unwrap(), value: Number::from(value) };
        let ask = issuer.ask("card", &schema, &[], vec![predicate]).unwrap();
        let request = request("level", today(), Ask::Credential(ask)).unwrap();
        assert_eq!(present(&request, &[&issuer.parameters], &k, &[&some], &mut SeededRng::new("level")).is_ok(), holds);
    }
}

#[test]
fn presentations_share_nothing_but_the_request() {
    let world = world();
    let ask = world.state.ask("card", &world.schema, &[], vec![adult(), Predicate::Valid]).unwrap();
    let cafe = milchglas_tests::request("cafe", today(), Ask::Credential(ask)).unwrap();
    let mut rng = SeededRng::new("unlinkable");
    let claims = |born: &str, rng: &mut SeededRng| {
        let claims = Claims::from_json(&world.schema, &national_id_json(born)).unwrap();
        world.state.issue(&world.schema, &world.hans, claims, rng).unwrap()
    };
    let adult_of_hans = claims("1955-05-05", &mut rng);
    let mut show = |k: &HolderSecret, card: &Credential| present(&cafe, &parameters(), k, &[card], &mut rng).unwrap();
    let erika: Vec<Presentation> = (0..3).map(|_| show(&world.erika, &world.card)).collect();
    let hans = show(&world.hans, &adult_of_hans);

    let all: Vec<&Presentation> = erika.iter().chain([&hans]).collect();
    let records: Vec<Vec<u8>> = vec![
        world.card.to_bytes().to_vec(),
        world.card.handle().as_bytes().to_vec(),
        world.state.parameters.to_json().unwrap().into_bytes(),
    ];
    for (i, a) in all.iter().enumerate() {
        assert_eq!(a.to_bytes().len(), all[0].to_bytes().len(), "equal lengths across holders and showings");
        for b in &all[..i] {
            assert!(!share_run(a.proof(), b.proof(), 8), "two proofs share 8 bytes");
        }
        for record in &records {
            assert!(!share_run(a.proof(), record, 8), "a proof shares 8 bytes with the issuer's records");
        }
    }
    assert!(share_run(b"0123456789", b"xx23456789yy", 8), "the search finds what there is");
}

fn share_run(a: &[u8], b: &[u8], length: usize) -> bool {
    let runs: std::collections::HashSet<&[u8]> = a.windows(length).collect();
    b.windows(length).any(|run| runs.contains(run))
}
