//! Sets and long lists in requests, end to end: issue, ask, answer, check; and the second verifier agrees.

#![allow(clippy::unwrap_used, clippy::panic, clippy::wildcard_enum_match_arm, missing_docs, dead_code)]

#[path = "second_verifier/mod.rs"]
mod second;

use std::sync::Arc;

use milchglas_credential::claim::{ClaimType, Claims, IntegerBits, Literal, Value};
use milchglas_credential::compile::compile;
use milchglas_credential::credential::{Credential, HolderSecret, Holdings};
use milchglas_credential::digest::DocumentDigest;
use milchglas_credential::digest::{ElementSignature, SetDigest, SetPublicKey};
use milchglas_credential::document::{DocumentRef, verify_document};
use milchglas_credential::error::Error;
use milchglas_credential::list::{ListRef, PublishedList};
use milchglas_credential::parameters::{Parameters, SetSecretKey};
use milchglas_credential::predicate::Predicate;
use milchglas_credential::presentation::{Precomputed, Presentation};
use milchglas_credential::request::{Ask, Request, RequestFields, SigningKey};
use milchglas_credential::schema::Schema;
use milchglas_credential::set::{Published, PublishedSet, SetContent, SetRef, SignedSet};
use milchglas_tests::{SeededRng, TestIssuer, holder, only_selection, request, today, verifier_key};

const CARD: &str = r#"{
    "milchglas": "schema/1", "id": "card", "title": "test card",
    "claims": [
        {"name": "country", "title": "country", "type": "code", "codes": ["AT", "CH", "DE", "LI"]},
        {"name": "birthplace", "title": "place of birth", "type": "text", "optional": true},
        {"name": "level", "title": "level", "type": "integer", "bits": 8},
        {"name": "day", "title": "day", "type": "date"},
        {"name": "list_key", "title": "list key", "type": "integer", "bits": 64, "optional": true}
    ]}"#;

struct World {
    issuer: TestIssuer,
    schema: Schema,
    k: HolderSecret,
    card: Credential,
    known: second::parameters::Parameters,
    rng: SeededRng,
}

fn world(claims: &str) -> World {
    let mut rng = SeededRng::new(claims);
    let schema = Schema::from_json(CARD).unwrap();
    let issuer = TestIssuer::new("state", vec![schema.clone()]).unwrap();
    let k = holder("erika").unwrap();
    let card = issuer.issue(&schema, &k, Claims::from_json(&schema, claims).unwrap(), &mut rng).unwrap();
    let known = second::parameters::Parameters::from_json(&issuer.parameters.to_json().unwrap()).unwrap();
    World { issuer, schema, k, card, known, rng }
}

fn erika() -> World {
    world(
        r#"{"country": "CH", "birthplace": "Köln", "level": 3, "day": "2020-02-29", "list_key": "18446744073709551615"}"#,
    )
}

impl World {
    fn request(&self, disclose: &[&str], prove: Vec<Predicate>) -> Request {
        let ask = self.issuer.ask("card", &self.schema, disclose, prove).unwrap();
        request("sets", today(), Ask::Credential(ask)).unwrap()
    }

    fn answer(&mut self, request: &Request, published: Published<'_>) -> Result<Presentation, Error> {
        let plan = compile(request, only_selection(1), &[&self.issuer.parameters])?;
        let cards = [&self.card];
        Presentation::create(&plan, &Holdings::new(&self.k, &cards).with_sets(published), b"", &mut self.rng)
    }

    fn check(&self, request: &Request, answer: &Presentation) -> Result<Vec<String>, Error> {
        let answer = Presentation::from_bytes(&answer.to_bytes())?;
        let verified = answer.verify(request, &[&self.issuer.parameters], &mut SeededRng::new("verifier"));
        let second = second::verify(&answer.to_bytes(), request.to_bytes(), &[&self.known]);
        assert_eq!(verified.is_ok(), second.is_ok(), "{:?}", second.err());
        let verified = verified?;
        Ok(verified.credentials()[0].proved().to_vec())
    }

    /// Answers and checks.
    fn shows(&mut self, prove: Vec<Predicate>, published: Published<'_>) -> Result<Vec<String>, Error> {
        let request = self.request(&[], prove);
        let answer = self.answer(&request, published)?;
        self.check(&request, &answer)
    }

    fn claim_type(&self, claim: &str) -> ClaimType {
        self.schema.claim(self.schema.index_of(claim).unwrap()).unwrap().claim_type.clone()
    }

    fn signed(&self, claim: &str, values: &[&str], seed: &str) -> SetRef {
        let values = values.iter().map(|value| literal(value)).collect();
        SetRef::Signed(SignedSet::sign(values, &self.claim_type(claim), &mut SeededRng::new(seed)).unwrap())
    }

    fn published(&self, claim: &str, values: &[&str], sequence: u32) -> Arc<PublishedSet> {
        let claim_type = self.claim_type(claim);
        let values = values.iter().map(|value| claim_type.read(&literal(value)).unwrap()).collect();
        let name = "countries".parse().unwrap();
        let content = SetContent { name, title: "Countries".into(), sequence, claim_type, values };
        Arc::new(PublishedSet::sign(content, &set_key(), &identity()).unwrap())
    }
}

/// Numbers of 64 bits are spelled as strings, as dates are; the level is a number.
fn literal(text: &str) -> Literal {
    match text.parse::<u8>() {
        Ok(number) => Literal::Integer(number.into()),
        Err(_) => Literal::Text(text.to_owned()),
    }
}

fn set_key() -> SetSecretKey {
    SetSecretKey::random(&mut SeededRng::new("set key"))
}

fn identity() -> SigningKey {
    SigningKey::from_bytes(&[9; 32])
}

fn is_in(claim: &str, set: SetRef) -> Predicate {
    Predicate::In { claim: claim.parse().unwrap(), set }
}

fn not_on(list: &PublishedList) -> Predicate {
    Predicate::NotInList { claim: "list_key".parse().unwrap(), list: list.reference().clone() }
}

fn list(epoch: u32, entries: &[u64]) -> Arc<PublishedList> {
    let name = "revoked".parse().unwrap();
    Arc::new(PublishedList::sign(name, epoch, entries.to_vec(), &set_key(), &identity()).unwrap())
}

#[test]
fn proves_membership_in_sets_that_a_verifier_signed_for_every_type() {
    let mut world = erika();
    for (claim, values) in [
        ("country", vec!["CH", "LI"]),
        ("country", vec!["LI", "CH"]),
        ("birthplace", vec!["Bonn", "Köln"]),
        ("level", vec!["3", "4", "200"]),
        ("day", vec!["2020-02-29", "2020-02-28"]),
        ("list_key", vec!["18446744073709551615", "1844674407370955161"]),
    ] {
        let set = world.signed(claim, &values, "seed");
        let said = world.shows(vec![is_in(claim, set)], Published::default()).unwrap();
        assert_eq!(said.len(), 1);
        let others: Vec<&str> =
            values.iter().copied().filter(|value| !["CH", "Köln", "3", "2020-02-29"].contains(value)).collect();
        if claim != "list_key" {
            let set = world.signed(claim, &others, "seed");
            assert_eq!(world.shows(vec![is_in(claim, set)], Published::default()), Err(Error::Unsatisfied), "{claim}");
        }
    }
    let set = world.signed("country", &["CH", "LI"], "seed");
    let said = world.shows(vec![is_in("country", set)], Published::default()).unwrap();
    assert_eq!(said, ["country is one of “CH”, “LI”"]);
    let set = world.signed("country", &["CH"], "seed");
    assert_eq!(world.shows(vec![is_in("country", set)], Published::default()).unwrap(), ["country is “CH”"]);
}

#[test]
fn proves_membership_in_published_sets_of_which_the_request_has_the_digest_only() {
    let mut world = erika();
    let set = world.published("country", &["CH", "LI"], 1);
    set.check(&mut world.rng).unwrap();
    let again = PublishedSet::from_json(&set.to_json().unwrap()).unwrap();
    assert_eq!((again.digest(), again.content()), (set.digest(), set.content()));
    let mine = [Arc::clone(&set)];
    let published = Published { sets: &mine, ..Published::default() };
    let said = world.shows(vec![is_in("country", set.reference())], published).unwrap();
    assert_eq!(said, [format!("country is in the set “countries” of the authority {}", set.authority())]);
    let request = world.request(&[], vec![is_in("country", set.reference())]);
    assert!(request.to_bytes().len() < 700, "{} bytes", request.to_bytes().len());

    let without = world.published("country", &["AT", "LI"], 2);
    let mine = [without.clone()];
    let published = Published { sets: &mine, ..Published::default() };
    assert_eq!(world.shows(vec![is_in("country", without.reference())], published), Err(Error::Unsatisfied));
    // Who does not have the set can not answer.
    let result = world.shows(vec![is_in("country", set.reference())], published);
    assert!(matches!(result, Err(Error::Misuse(_))));
}

#[test]
fn lets_absence_be_in_no_set_and_off_no_list() {
    let mut world = world(r#"{"country": "CH", "level": 3, "day": "2020-02-29"}"#);
    let set = world.signed("birthplace", &["Bonn", "Köln"], "seed");
    assert_eq!(world.shows(vec![is_in("birthplace", set)], Published::default()), Err(Error::Unsatisfied));
    let revoked = list(1, &[5]);
    let mine = [revoked.clone()];
    let published = Published { lists: &mine, ..Published::default() };
    assert_eq!(world.shows(vec![not_on(&revoked)], published), Err(Error::Unsatisfied));
    let content = SetContent {
        name: "x".parse().unwrap(),
        title: "X".into(),
        sequence: 1,
        claim_type: ClaimType::Text,
        values: vec![Value::Absent],
    };
    assert!(PublishedSet::sign(content, &set_key(), &identity()).is_err());
}

#[test]
fn checks_a_disclosed_claim_against_a_signed_set_and_refuses_published_ones() {
    let mut world = erika();
    for (values, holds) in [(["CH", "LI"], true), (["AT", "LI"], false)] {
        let prove = vec![is_in("country", world.signed("country", &values, "seed"))];
        let request = world.request(&["country"], prove);
        let result = world.answer(&request, Published::default()).and_then(|answer| world.check(&request, &answer));
        assert_eq!(result.is_ok(), holds);
    }
    let set = world.published("country", &["CH", "LI"], 1);
    let revoked = list(1, &[]);
    for (claim, predicate) in [("country", is_in("country", set.reference())), ("list_key", not_on(&revoked))] {
        let request = world.request(&[claim], vec![predicate]);
        let result = compile(&request, only_selection(1), &[&world.issuer.parameters]);
        assert!(matches!(result, Err(Error::Unfit { .. })));
    }
}

#[test]
fn rejects_answers_about_an_earlier_set_or_another_one() {
    let mut world = erika();
    let asked = world.request(&[], vec![is_in("country", world.signed("country", &["DE", "LI"], "today"))]);
    // Yesterday's set of the same verifier had the holder's country; so has another set today, and so has a published one.
    let yesterday = world.signed("country", &["CH", "LI"], "yesterday");
    let wider = world.signed("country", &["CH", "DE", "LI"], "today");
    let set = world.published("country", &["CH", "LI"], 1);
    let mine = [set.clone()];
    let published = Published { sets: &mine, ..Published::default() };
    for other in [yesterday.clone(), wider, set.reference()] {
        let other = world.request(&[], vec![is_in("country", other)]);
        let answer = world.answer(&other, published).unwrap();
        world.check(&other, &answer).unwrap();
        assert!(world.check(&asked, &answer).is_err());
    }
    assert_eq!(world.answer(&asked, published).err(), Some(Error::Unsatisfied));

    // A value with the signature that another set has for it: the holder notices before anything is sent.
    let (SetRef::Signed(yesterday), SetRef::Signed(mut today)) =
        (yesterday, world.signed("country", &["CH", "DE"], "today"))
    else {
        panic!("signed sets")
    };
    today.signatures[1] = yesterday.signatures[1];
    let result = world.shows(vec![is_in("country", SetRef::Signed(today))], Published::default());
    assert_eq!(result, Err(Error::Invalid), "whichever of them the holder has");
}

#[test]
fn refuses_signed_sets_with_one_bad_signature_whether_or_not_it_is_the_holders() {
    let mut world = erika();
    let SetRef::Signed(honest) = world.signed("country", &["AT", "CH", "DE", "LI"], "seed") else {
        panic!("a signed set")
    };
    for bad in 0..4 {
        let mut set = honest.clone();
        set.signatures[bad] = honest.signatures[(bad + 1) % 4];
        let result = world.shows(vec![is_in("country", SetRef::Signed(set))], Published::default());
        assert_eq!(result, Err(Error::Invalid), "signature {bad}");
        let mut set = honest.clone();
        set.signatures[bad] = ElementSignature([0; 48]);
        let result = world.shows(vec![is_in("country", SetRef::Signed(set))], Published::default());
        assert!(matches!(result, Err(Error::Decode(_))), "signature {bad}");
    }
    let mut set = honest.clone();
    set.key = SetPublicKey([0xff; 96]);
    let result = world.shows(vec![is_in("country", SetRef::Signed(set))], Published::default());
    assert!(matches!(result, Err(Error::Decode(_))));
}

#[test]
fn keeps_sets_of_one_type_from_serving_another() {
    let mut world = erika();
    // The level 3 and the code at place 3 are the same scalar.
    let set = world.published("level", &["1", "3"], 1);
    let mine = [set.clone()];
    let published = Published { sets: &mine, ..Published::default() };
    world.shows(vec![is_in("level", set.reference())], published).unwrap();
    assert!(world.shows(vec![is_in("country", set.reference())], published).is_err());
    let plan_request = world.request(&[], vec![is_in("country", set.reference())]);
    let plan = compile(&plan_request, only_selection(1), &[&world.issuer.parameters]).unwrap();
    assert_eq!(plan.satisfied(&[world.card.claims()], &published), Ok(vec![vec![false]]));
    // A value that the claim can not have.
    let set = world.signed("level", &["1", "3"], "seed");
    let request = world.request(&[], vec![is_in("country", set)]);
    let result = compile(&request, only_selection(1), &[&world.issuer.parameters]);
    assert!(matches!(result, Err(Error::Unfit { .. })));
}

#[test]
fn binds_everything_that_the_request_says_about_a_set_and_a_list() {
    let mut world = erika();
    let set = world.published("country", &["CH", "LI"], 1);
    let revoked = list(7, &[1, 2, 3]);
    let (sets, lists) = ([set.clone()], [revoked.clone()]);
    let published = Published { sets: &sets, lists: &lists, checked: &[] };
    let asked = world.request(&[], vec![is_in("country", set.reference()), not_on(&revoked)]);
    let answer = world.answer(&asked, published).unwrap();
    let said = world.check(&asked, &answer).unwrap();
    let authority = set.authority();
    assert_eq!(said[1], format!("list key is not on the list “revoked” of the authority {authority}, epoch 7"));
    let SetRef::Published(named) = set.reference() else { panic!("a published set") };
    let mut others = Vec::new();
    for change in 0..4 {
        let mut other = named.clone();
        match change {
            0 => other.name = "others".parse().unwrap(),
            1 => other.authority.0[0] ^= 1,
            2 => other.key = SetPublicKey(SetSecretKey::random(&mut world.rng).public_key().unwrap().to_bytes()),
            _ => other.digest = SetDigest([1; 32]),
        }
        others.push(vec![is_in("country", SetRef::Published(other)), not_on(&revoked)]);
    }
    for change in 0..5 {
        let mut other: ListRef = revoked.reference().clone();
        match change {
            0 => other.name = "others".parse().unwrap(),
            1 => other.authority.0[0] ^= 1,
            2 => other.key = SetPublicKey(SetSecretKey::random(&mut world.rng).public_key().unwrap().to_bytes()),
            3 => other.epoch = 8,
            _ => other.digest.0[31] ^= 1,
        }
        let other = Predicate::NotInList { claim: "list_key".parse().unwrap(), list: other };
        others.push(vec![is_in("country", set.reference()), other]);
    }
    for prove in others {
        let other = world.request(&[], prove);
        assert!(world.check(&other, &answer).is_err());
    }
}

#[test]
fn proves_absence_from_a_list_of_two_hundred_and_of_none() {
    let mut entries: Vec<u64> = (0..200u64).map(|n| n.wrapping_mul(0x9e37_79b9_7f4a_7c15)).collect();
    for (key, listed) in [("18446744073709551615", false), ("0", true), ("11400714819323198485", true), ("1", false)] {
        let claims = format!(r#"{{"country": "CH", "level": 3, "day": "2020-02-29", "list_key": "{key}"}}"#);
        let mut world = world(&claims);
        let long = list(1, &entries);
        long.check(&mut world.rng).unwrap();
        assert_eq!((long.len(), long.contains(key.parse().unwrap())), (200, listed));
        let mine = [Arc::clone(&long), list(1, &[])];
        let published = Published { lists: &mine, ..Published::default() };
        let request = world.request(&[], vec![not_on(&long)]);
        let answer = world.answer(&request, published);
        assert_eq!(answer.as_ref().err(), listed.then_some(&Error::Unsatisfied), "{key}");
        if let Ok(answer) = answer {
            world.check(&request, &answer).unwrap();
            assert!(answer.proof().len() <= 3 * 1024 + 500, "{} bytes", answer.proof().len());
        }
        world.shows(vec![not_on(&mine[1])], published).unwrap();
        entries.reverse();
    }
}

#[test]
fn refuses_to_prove_under_a_list_of_another_epoch() {
    let mut world = erika();
    let [first, second] = [list(1, &[5]), list(2, &[5, u64::MAX])];
    let mine = [first.clone(), second.clone()];
    let published = Published { lists: &mine, ..Published::default() };
    let asked = world.request(&[], vec![not_on(&second)]);
    assert_eq!(world.answer(&asked, published).err(), Some(Error::Unsatisfied));
    // What was true in epoch 1 is no answer in epoch 2.
    let before = world.request(&[], vec![not_on(&first)]);
    let answer = world.answer(&before, published).unwrap();
    world.check(&before, &answer).unwrap();
    assert!(world.check(&asked, &answer).is_err());
    // A list is of numbers with 64 bits.
    let wrong = Predicate::NotInList { claim: "level".parse().unwrap(), list: first.reference().clone() };
    let request = world.request(&[], vec![wrong]);
    let result = compile(&request, only_selection(1), &[&world.issuer.parameters]);
    assert!(matches!(result, Err(Error::Unfit { .. })));
}

#[test]
fn rejects_altered_files() {
    let world = erika();
    let list = list(1, &[5, 10]);
    let bytes = list.to_bytes().to_vec();
    assert_eq!(PublishedList::from_bytes(bytes.clone()).unwrap().reference(), list.reference());
    for place in 0..bytes.len() {
        let mut bad = bytes.clone();
        bad[place] ^= 1 << (place % 8);
        assert!(PublishedList::from_bytes(bad).is_err(), "byte {place}");
    }
    for bad in [&bytes[1..], &bytes[..bytes.len() - 1], &[&bytes[..], &[0]].concat(), &[]] {
        assert!(PublishedList::from_bytes(bad.to_vec()).is_err());
    }
    // An authority that signs entries in another order, or twice, makes no list.
    let set = world.published("country", &["CH", "LI"], 1);
    let json = set.to_json().unwrap();
    for (from, to) in [
        ("\"CH\",\n    \"LI\"\n", "\"CH\",\n    \"CH\"\n"),
        ("\"CH\",\n    \"LI\"\n", "\"LI\",\n    \"CH\"\n"),
        ("\"Countries\"", "\"Country\""),
        ("\"countries\"", "\"country\""),
        ("\"sequence\": 1", "\"sequence\": 2"),
        ("set/1", "set/2"),
        ("\"sequence\"", "\"extra\": 1, \"sequence\""),
    ] {
        let changed = json.replacen(from, to, if from == "\"CH\",\n    \"LI\"\n" { usize::MAX } else { 1 });
        assert_ne!(changed, json, "{from}");
        assert!(PublishedSet::from_json(&changed).is_err(), "{from} as {to}");
    }
}

#[test]
fn finds_bad_element_signatures_of_published_files_although_their_authority_signed_them() {
    use ed25519_dalek::Signer as _;
    let mut rng = SeededRng::new("check");
    let good = list(1, &[5, 10]);
    // An authority that exchanges two pair signatures and signs the file all the same.
    let bytes = good.to_bytes();
    let length = usize::from(u16::from_be_bytes([bytes[16], bytes[17]]));
    let (mut head, mut body) = (bytes[18..18 + length].to_vec(), bytes[18 + length + 64..].to_vec());
    let (one, two) = (body[16..64].to_vec(), body[64..112].to_vec());
    body[16..64].copy_from_slice(&two);
    body[64..112].copy_from_slice(&one);
    let digest: [u8; 32] =
        sha2::Digest::finalize(sha2::Digest::chain_update(<sha2::Sha256 as sha2::Digest>::new(), &body[16..])).into();
    let end = head.len() - 32;
    head[end..].copy_from_slice(&digest);
    let signature = identity().sign(&[&b"milchglas list/1 signature"[..], &head].concat()).to_bytes();
    let file = [&bytes[..18], &head, &signature, &body].concat();
    let bad = PublishedList::from_bytes(file).unwrap();
    assert_eq!(bad.digest(), good.digest(), "requests can not tell them apart");
    assert_eq!(bad.check(&mut rng), Err(Error::Invalid));
    good.check(&mut rng).unwrap();
}

#[test]
fn answers_from_a_precomputed_presentation_with_sets() {
    let mut world = erika();
    let revoked = list(1, &[5]);
    let mine = [revoked.clone()];
    let published = Published { lists: &mine, ..Published::default() };
    let prove = vec![not_on(&revoked), is_in("country", world.signed("country", &["CH", "LI"], "seed"))];
    let expected = world.request(&[], prove.clone());
    let ask = world.issuer.ask("card", &world.schema, &[], prove).unwrap();
    let real = request("real", today(), Ask::Credential(ask)).unwrap();
    let parameters: [&Parameters; 1] = [&world.issuer.parameters];
    let cards = [&world.card];
    let plan = compile(&expected, only_selection(1), &parameters).unwrap();
    let holdings = Holdings::new(&world.k, &cards).with_sets(published);
    let made = Precomputed::create(&plan, &holdings, b"1", &mut world.rng).unwrap();
    let plan = compile(&real, only_selection(1), &parameters).unwrap();
    world.check(&real, &made.answer(&plan).unwrap()).unwrap();
}

#[test]
fn rejects_sets_that_break_the_rules_of_requests() {
    let world = erika();
    let ask = |set: SignedSet| {
        let prove = vec![is_in("birthplace", SetRef::Signed(set))];
        let ask = world.issuer.ask("card", &world.schema, &[], prove).unwrap();
        request("sets", today(), Ask::Credential(ask))
    };
    let sign = |values: Vec<String>| {
        let values = values.into_iter().map(Literal::Text).collect();
        SignedSet::sign(values, &ClaimType::Text, &mut SeededRng::new("seed"))
    };
    let names = |count: usize| (0..count).map(|place| format!("place {place}")).collect::<Vec<_>>();
    let largest = sign(names(64)).unwrap();
    let request = ask(largest.clone()).unwrap();
    assert!(request.to_bytes().len() < 5000, "{} bytes", request.to_bytes().len());
    assert_eq!(Request::from_json(&request.to_json().unwrap()).unwrap(), request);
    assert_eq!(Request::from_bytes(request.to_bytes()).unwrap(), request);
    for bad in [names(65), vec![], vec!["same".into(), "same".into()], vec!["\u{202e}".into()], vec!["m".repeat(1025)]]
    {
        assert!(sign(bad).is_err());
    }
    assert!(sign(vec!["m".repeat(500), "n".repeat(500)]).is_ok());
    assert!(sign(vec!["m".repeat(500), "n".repeat(500), "o".repeat(25)]).is_err());
    let wide = ClaimType::Integer { bits: IntegerBits::B8, signed: false };
    assert!(SignedSet::sign(vec![Literal::Text("x".into())], &wide, &mut SeededRng::new("seed")).is_err());
    let mut set = largest;
    set.signatures.pop();
    assert!(ask(set).is_err());
}

#[test]
fn rests_no_signed_document_on_a_set_that_its_verifier_named() {
    let mut world = erika();
    let revoked = list(1, &[5]);
    let mine = [Arc::clone(&revoked)];
    let signed = |request: &Request| {
        let document = DocumentRef { title: "Contract".into(), sha256: DocumentDigest::of(b"contract") };
        let fields = RequestFields { document: Some(document), ..request.fields().clone() };
        let request = Request::new(fields).unwrap();
        (request.sign(&verifier_key()).unwrap().to_bytes(), request)
    };
    for (prove, rests) in [(vec![not_on(&revoked)], true), (Vec::new(), false)] {
        let (bytes, request) = signed(&world.request(&[], prove));
        let answer = world.answer(&request, Published { lists: &mine, ..Published::default() }).unwrap().to_bytes();
        let parameters = [&world.issuer.parameters];
        let checked = verify_document(
            &bytes,
            &answer,
            DocumentDigest::of(b"contract"),
            &parameters,
            &mut SeededRng::new("check"),
        );
        assert_eq!(matches!(checked, Err(Error::Unfit { .. })), rests);
        assert_eq!(checked.is_ok(), !rests);
    }
}
