//! Presentations end to end: issue, ask, answer, check.

use milchglas_credential::claim::{Claims, Value};
use milchglas_credential::error::Error;
use milchglas_credential::predicate::Predicate;
use milchglas_credential::presentation::Presentation;
use milchglas_credential::request::Ask;
use milchglas_credential::schema::Schema;
use milchglas_tests::{SeededRng, TestIssuer, holder, national_id_json, present, request, today};

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
