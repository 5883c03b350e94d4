//! Presentations end to end: issue, ask, answer, check.

use milchglas_credential::claim::{Claims, Value};
use milchglas_credential::compile::compile;
use milchglas_credential::credential::{Credential, Holdings};
use milchglas_credential::date::Date;
use milchglas_credential::error::Error;
use milchglas_credential::parameters::{Parameters, SetSecretKey, sign_digits};
use milchglas_credential::predicate::Predicate;
use milchglas_credential::presentation::{Pending, Precomputed, Presentation, finish_all, verify_all};
use milchglas_credential::request::{Ask, Request};
use milchglas_credential::schema::Schema;
use milchglas_curve::{G1, NonZeroG1};
use milchglas_tests::{SeededRng, TestIssuer, holder, national_id_json, only_selection, present, request, today};

fn adult() -> Predicate {
    Predicate::AgeAtLeast { claim: "date_of_birth".parse().unwrap(), years: 18 }
}

#[test]
fn accepts_adult_and_valid_in_one_small_answer() {
    let mut rng = SeededRng::new("cafe");
    let schema = Schema::national_id().unwrap();
    let issuer = TestIssuer::new("state", vec![schema.clone()]).unwrap();
    issuer.parameters.check(&mut rng).unwrap();
    let k = holder("erika").unwrap();
    let claims = Claims::from_json(&schema, &national_id_json("1990-01-31")).unwrap();
    let credential = issuer.issue(&schema, &k, claims, &mut rng).unwrap();
    credential.verify(&k, issuer.parameters.signing_key(&schema.digest()).unwrap(), &schema).unwrap();

    let ask = issuer.ask("card", &schema, &[], vec![adult(), Predicate::Valid]).unwrap();
    let request = request("first", today(), Ask::Credential(ask)).unwrap();
    let presentation = present(&request, &[&issuer.parameters], &k, &[&credential], &mut rng).unwrap();
    let bytes = presentation.to_bytes();
    assert_eq!(presentation.proof().len(), 1024);
    assert!(bytes.len() <= 1100, "{} bytes", bytes.len());

    let verified = Presentation::from_bytes(&bytes).unwrap().verify(&request, &[&issuer.parameters], &mut rng).unwrap();
    let [card] = verified.credentials() else { panic!("one credential") };
    assert!(card.disclosed().is_empty());
    assert_eq!(card.proved().len(), 2);
}

#[test]
fn an_issuers_tables_stay_small_and_one_answer_builds_none() {
    let mut rng = SeededRng::new("tables");
    let schema = Schema::national_id().unwrap();
    assert_eq!(schema.messages(), 13);
    let issuer = TestIssuer::new("state", vec![schema.clone()]).unwrap();
    let parameters = Parameters::from_json(&issuer.parameters.to_json().unwrap()).unwrap();
    let k = holder("erika").unwrap();
    let claims = Claims::from_json(&schema, &national_id_json("1990-01-31")).unwrap();
    let credential = issuer.issue(&schema, &k, claims, &mut rng).unwrap();
    let ask = issuer.ask("card", &schema, &[], vec![Predicate::Valid]).unwrap();
    let request = request("first", today(), Ask::Credential(ask)).unwrap();
    let presentation = present(&request, &[&parameters], &k, &[&credential], &mut rng).unwrap();
    presentation.verify(&request, &[&parameters], &mut rng).unwrap();
    assert_eq!(parameters.table_bytes(), 0);
    parameters.prepare_for_proving();
    parameters.prepare_for_verifying();
    let bytes = parameters.table_bytes();
    assert!((1 << 20..=2 << 20).contains(&bytes), "{bytes}");
}

#[test]
fn accepts_disclosed_values_beside_hidden_ones() {
    let mut rng = SeededRng::new("hotel");
    let schema = Schema::national_id().unwrap();
    let issuer = TestIssuer::new("state", vec![schema.clone()]).unwrap();
    let k = holder("erika").unwrap();
    let claims = Claims::from_json(&schema, &national_id_json("1990-01-31")).unwrap();
    let credential = issuer.issue(&schema, &k, claims, &mut rng).unwrap();
    let ask = issuer.ask("card", &schema, &["given_names", "surname"], vec![adult()]).unwrap();
    let request = request("first", today(), Ask::Credential(ask)).unwrap();
    let presentation = present(&request, &[&issuer.parameters], &k, &[&credential], &mut rng).unwrap();
    let verified = presentation.verify(&request, &[&issuer.parameters], &mut rng).unwrap();
    let [card] = verified.credentials() else { panic!("one credential") };
    let shown: Vec<_> = card.disclosed().iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
    assert_eq!(shown, [("surname", Value::Text("Muster".into())), ("given_names", Value::Text("Erika".into()))]);
}

#[test]
fn rejects_who_is_too_young_by_one_day() {
    let mut rng = SeededRng::new("young");
    let schema = Schema::national_id().unwrap();
    let issuer = TestIssuer::new("state", vec![schema.clone()]).unwrap();
    let k = holder("erika").unwrap();
    for (born, old_enough) in [("2008-11-23", true), ("2008-11-24", false)] {
        let claims = Claims::from_json(&schema, &national_id_json(born)).unwrap();
        let credential = issuer.issue(&schema, &k, claims, &mut rng).unwrap();
        let ask = issuer.ask("card", &schema, &[], vec![adult()]).unwrap();
        let request = request("first", today(), Ask::Credential(ask)).unwrap();
        let answer = present(&request, &[&issuer.parameters], &k, &[&credential], &mut rng);
        match (old_enough, answer) {
            (true, Ok(presentation)) => {
                presentation.verify(&request, &[&issuer.parameters], &mut rng).unwrap();
            }
            (false, Err(error)) => assert_eq!(error, Error::Unsatisfied),
            (expected, answer) => panic!("born {born}: expected {expected}, got {answer:?}"),
        }
    }
}

/// Tables change how long it takes, not what comes out.
#[test]
fn prepared_keys_give_the_same_bytes() {
    let schema = Schema::national_id().unwrap();
    let k = holder("erika").unwrap();
    let run = |prepare: bool| {
        let mut rng = SeededRng::new("prepared");
        let issuer = TestIssuer::new("state", vec![schema.clone()]).unwrap();
        let claims = Claims::from_json(&schema, &national_id_json("1990-01-31")).unwrap();
        let credential = issuer.issue(&schema, &k, claims, &mut rng).unwrap();
        if prepare {
            let key = issuer.parameters.signing_key(&schema.digest()).unwrap();
            credential.prepare(&k, key, &schema).unwrap();
            issuer.parameters.prepare_for_proving();
            issuer.parameters.prepare_for_verifying();
        }
        let ask = issuer.ask("card", &schema, &["surname"], vec![adult(), Predicate::Valid]).unwrap();
        let request = request("first", today(), Ask::Credential(ask)).unwrap();
        let presentation = present(&request, &[&issuer.parameters], &k, &[&credential], &mut rng).unwrap();
        presentation.verify(&request, &[&issuer.parameters], &mut rng).unwrap();
        let mut altered = presentation.to_bytes();
        let last = altered.len() - 1;
        altered[last] ^= 1;
        let altered = Presentation::from_bytes(&altered).unwrap();
        assert!(altered.verify(&request, &[&issuer.parameters], &mut rng).is_err());
        presentation.to_bytes()
    };
    assert_eq!(run(false), run(true));
}

#[test]
fn answers_from_a_precomputed_presentation() {
    let mut rng = SeededRng::new("precomputed");
    let schema = Schema::national_id().unwrap();
    let issuer = TestIssuer::new("state", vec![schema.clone()]).unwrap();
    let k = holder("erika").unwrap();
    let claims = Claims::from_json(&schema, &national_id_json("1990-01-31")).unwrap();
    let credential = issuer.issue(&schema, &k, claims, &mut rng).unwrap();
    let parameters = [&issuer.parameters];
    let ask = issuer.ask("card", &schema, &["surname"], vec![adult(), Predicate::Valid]).unwrap();
    let expected = request("expected", today(), Ask::Credential(ask.clone())).unwrap();
    let make = |hedge: &[u8], rng: &mut SeededRng| {
        let plan = compile(&expected, only_selection(1), &parameters).unwrap();
        Precomputed::create(&plan, &Holdings::new(&k, &[&credential]), hedge, rng).unwrap()
    };

    let real = request("real", today(), Ask::Credential(ask.clone())).unwrap();
    assert_ne!(real.fields().nonce, expected.fields().nonce);
    let plan = compile(&real, only_selection(1), &parameters).unwrap();
    let presentation = make(b"1", &mut rng).answer(&plan).unwrap();
    let verified = presentation.verify(&real, &parameters, &mut rng).unwrap();
    assert_eq!(verified.credentials()[0].disclosed().len(), 1);
    assert!(presentation.verify(&expected, &parameters, &mut rng).is_err());

    // Another day, another ask: it does not fit, and says so instead of proving something else.
    let tomorrow = request("real", Date::from_ymd(2026, 11, 24).unwrap(), Ask::Credential(ask.clone())).unwrap();
    let mut less = ask;
    less.prove.pop();
    let less = request("real", today(), Ask::Credential(less)).unwrap();
    for other in [&tomorrow, &less] {
        let plan = compile(other, only_selection(1), &parameters).unwrap();
        let precomputed = make(b"2", &mut rng);
        assert!(!precomputed.fits(&plan));
        assert!(matches!(precomputed.answer(&plan), Err(Error::Misuse(_))));
    }

    // A generator that repeats itself, and a hedge that does not: other points, other proof.
    let [one, two] = [b"3", b"4"].map(|hedge| make(hedge, &mut SeededRng::new("stuck")).answer(&plan).unwrap());
    assert!(one.proof()[..96] != two.proof()[..96] && one.proof() != two.proof());
}

/// The signature replaced by points of nobody's: the linear equations hold, the pairing equation does not.
#[test]
fn finishes_a_batch_of_mixed_requests_and_issuers_and_names_the_bad() {
    let mut rng = SeededRng::new("batch");
    let schema = Schema::national_id().unwrap();
    let issuers = ["state", "town"].map(|name| TestIssuer::new(name, vec![schema.clone()]).unwrap());
    let k = holder("erika").unwrap();
    let cards = issuers.each_ref().map(|issuer| {
        let claims = Claims::from_json(&schema, &national_id_json("1990-01-31")).unwrap();
        issuer.issue(&schema, &k, claims, &mut rng).unwrap()
    });
    let forged = cards.each_ref().map(|card| {
        let mut bytes = card.to_bytes().to_vec();
        let place = bytes.len() - 80;
        bytes[place..place + 48].copy_from_slice(&NonZeroG1::generator().to_bytes());
        Credential::from_bytes(&bytes, |_, _| Some(&schema)).unwrap()
    });
    for bad in [0b0000, 0b0001, 0b0010, 0b0100, 0b1000, 0b0110, 0b1111_u32] {
        let pending = (0..4).map(|i| {
            let (issuer, card, forged) = (&issuers[i % 2], &cards[i % 2], &forged[i % 2]);
            let disclose: &[&str] = if i < 2 { &[] } else { &["surname"] };
            let prove = if i % 3 == 0 { vec![adult()] } else { vec![adult(), Predicate::Valid] };
            let ask = issuer.ask("card", &schema, disclose, prove).unwrap();
            let request = request(&format!("batch {i}"), today(), Ask::Credential(ask)).unwrap();
            let card = if bad >> i & 1 == 1 { forged } else { card };
            let answer = present(&request, &[&issuer.parameters], &k, &[card], &mut rng).unwrap();
            answer.check(&request, &[&issuer.parameters]).unwrap()
        });
        let pending: Vec<Pending> = pending.collect();
        let verdicts = finish_all(pending, &mut SeededRng::new("weights"));
        assert_eq!(verdicts.len(), 4);
        for (i, verdict) in verdicts.into_iter().enumerate() {
            match verdict {
                Err(error) => assert_eq!((error, bad >> i & 1), (Error::Invalid, 1)),
                Ok(verified) => {
                    assert_eq!(bad >> i & 1, 0);
                    assert_eq!(verified.credentials()[0].issuer(), issuers[i % 2].parameters.fingerprint());
                    assert_eq!(verified.credentials()[0].disclosed().len(), usize::from(i >= 2));
                }
            }
        }
    }
}

#[test]
fn verifies_presentations_of_mixed_requests_and_issuers_together() {
    let mut rng = SeededRng::new("batch");
    let schema = Schema::national_id().unwrap();
    let issuers = ["state", "town"].map(|name| TestIssuer::new(name, vec![schema.clone()]).unwrap());
    let parameters = [&issuers[0].parameters, &issuers[1].parameters];
    let k = holder("erika").unwrap();
    let cards = [0, 1].map(|issuer: usize| {
        let claims = Claims::from_json(&schema, &national_id_json(["1990-01-31", "1985-02-28"][issuer])).unwrap();
        issuers[issuer].issue(&schema, &k, claims, &mut rng).unwrap()
    });
    let mut items = Vec::new();
    for (place, issuer) in [0, 1, 1, 0, 1].into_iter().enumerate() {
        let disclose: &[&str] = if place % 2 == 0 { &["date_of_birth"] } else { &[] };
        let ask = issuers[issuer].ask("card", &schema, disclose, vec![adult()]).unwrap();
        let request = request(&format!("batch {place}"), today(), Ask::Credential(ask)).unwrap();
        let presentation = present(&request, &parameters, &k, &[&cards[issuer]], &mut rng).unwrap();
        items.push((presentation, request));
    }
    let check = |items: &[(&Presentation, &Request)], rng: &mut SeededRng| -> Vec<Option<usize>> {
        let results = verify_all(items, &parameters, rng);
        let told = results.iter().zip(items).map(|(result, (presentation, request))| {
            // Alone, it is accepted or refused alike.
            let alone = presentation.verify(request, &parameters, &mut SeededRng::new("alone"));
            assert_eq!(result.as_ref().err(), alone.as_ref().err());
            let (together, alone) = (result.as_ref().ok()?, alone.ok()?);
            let (shown, same) = (&together.credentials()[0], &alone.credentials()[0]);
            assert!(shown.disclosed() == same.disclosed() && shown.issuer() == same.issuer());
            Some(shown.disclosed().len())
        });
        told.collect()
    };
    let mut all: Vec<(&Presentation, &Request)> = items.iter().map(|(p, request)| (p, request)).collect();
    assert_eq!(check(&all, &mut rng), [Some(1), Some(0), Some(1), Some(0), Some(1)]);
    assert_eq!(check(&[], &mut rng), []);

    // One that does not answer its request, and one whose signature is not the issuer's: it fails in the pairings alone.
    let mut bytes = cards[1].to_bytes();
    let at = bytes.len() - 80;
    let point = G1::from_bytes(bytes[at..at + 48].try_into().unwrap()).unwrap() + G1::generator();
    bytes[at..at + 48].copy_from_slice(&point.to_bytes());
    let forged = Credential::from_bytes(&bytes, |_, _| Some(&schema)).unwrap();
    let forged = present(&items[2].1, &parameters, &k, &[&forged], &mut rng).unwrap();
    assert!(forged.check(&items[2].1, &parameters).is_ok());
    all[2].0 = &forged;
    all[3].1 = &items[1].1;
    assert_eq!(check(&all, &mut rng), [Some(1), Some(0), None, None, Some(1)]);
    assert_eq!(check(&all[2..3], &mut rng), [None]);
}

#[test]
fn answers_under_each_publication_with_its_own_digits() {
    let mut rng = SeededRng::new("two publications");
    let schema = Schema::national_id().unwrap();
    let mut issuer = TestIssuer::new("state", vec![schema.clone()]).unwrap();
    let k = holder("erika").unwrap();
    let claims = Claims::from_json(&schema, &national_id_json("1990-01-31")).unwrap();
    let credential = issuer.issue(&schema, &k, claims, &mut rng).unwrap();

    // The same signing key under the same identity; another key for the digits.
    let mut content = issuer.parameters.content().clone();
    content.sequence += 1;
    content.digits = sign_digits(&SetSecretKey::random(&mut rng)).unwrap();
    let newer = Parameters::sign(content, &issuer.identity).unwrap();
    let older = std::mem::replace(&mut issuer.parameters, newer);
    let newer = issuer.parameters.clone();
    for (round, parameters) in [&older, &newer, &newer, &older, &newer].into_iter().enumerate() {
        issuer.parameters = parameters.clone();
        let ask = issuer.ask("card", &schema, &[], vec![adult(), Predicate::Valid]).unwrap();
        let request = request(&format!("round {round}"), today(), Ask::Credential(ask)).unwrap();
        let presentation = present(&request, &[parameters], &k, &[&credential], &mut rng).unwrap();
        presentation.verify(&request, &[parameters], &mut rng).unwrap();
    }
}
