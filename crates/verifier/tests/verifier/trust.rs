//! Who is believed, and what changes when that does.

use milchglas_credential::error::Error as CredentialError;
use milchglas_credential::parameters::{Content, Parameters};
use milchglas_credential::request::SigningKey;
use milchglas_tests::TestIssuer;
use milchglas_verifier::{Error, MemoryStore, Reason, Template, Verifier};
use rand_core::OsRng;

use crate::scene::{Scene, ask, now, reason};

#[test]
fn asks_under_newer_parameters_and_still_accepts_pending_answers_under_older_ones() {
    let scene = Scene::new();
    let cafe = scene.cafe();
    let old = ask(&cafe);
    let newer = scene.parameters(2);
    let trusted = cafe.trust(&newer.to_json().unwrap(), Some(&newer.fingerprint())).unwrap();
    assert_eq!((trusted.sequence, trusted.parameters), (2, newer.digest()));
    assert_eq!(cafe.checker().trusted(), [trusted]);

    let new = ask(&cafe);
    let accepted = |asked: &milchglas_verifier::Asked| asked.request().ask().credentials()[0].accept[0].parameters;
    assert_eq!(accepted(&old), scene.issuer.parameters.digest());
    assert_eq!(accepted(&new), newer.digest());
    cafe.check(&scene.answer(&old), now(), &mut OsRng).unwrap();
    cafe.check(&scene.answer_with(&new, &newer), now(), &mut OsRng).unwrap();
}

#[test]
fn refuses_older_contradicting_foreign_and_altered_parameters() {
    let scene = Scene::new();
    let cafe = scene.cafe();
    let json = |sequence| scene.parameters(sequence).to_json().unwrap();
    let fingerprint = scene.issuer.parameters.fingerprint();
    cafe.trust(&json(5), Some(&fingerprint)).unwrap();
    // Again the same: nothing happens.
    cafe.trust(&json(5), Some(&fingerprint)).unwrap();
    assert_eq!(cafe.trust(&json(4), None), Err(Error::Superseded));
    let content = Content { name: "Another name".into(), sequence: 5, ..scene.issuer.parameters.content().clone() };
    let contradiction = Parameters::sign(content, &scene.issuer.identity).unwrap();
    assert_eq!(cafe.trust(&contradiction.to_json().unwrap(), None), Err(Error::Conflict));

    let foreign = TestIssuer::new("elsewhere", vec![scene.schema.clone()]).unwrap().parameters;
    let found = foreign.fingerprint();
    assert_eq!(cafe.trust(&foreign.to_json().unwrap(), Some(&fingerprint)), Err(Error::OtherIssuer { found }));
    let altered = json(6).replace("Issuer state", "Issuer stato");
    assert_eq!(cafe.trust(&altered, None), Err(Error::Input(CredentialError::Invalid)));
    assert!(matches!(cafe.trust("{}", None), Err(Error::Input(CredentialError::Json { .. }))));
    assert_eq!(cafe.checker().trusted().len(), 1);
}

#[test]
fn rejects_answers_under_an_issuer_that_is_no_longer_trusted() {
    let scene = Scene::new();
    let cafe = scene.cafe();
    let answer = scene.answer(&ask(&cafe));
    let issuer = scene.issuer.parameters.fingerprint();
    assert_eq!(cafe.checker().distrust(&issuer), Ok(true));
    assert_eq!(cafe.checker().distrust(&issuer), Ok(false));
    assert_eq!(reason(cafe.check(&answer, now(), &mut OsRng)), Reason::Untrusted);
    let schema = "national-id".parse().unwrap();
    assert_eq!(cafe.request(&Template::cafe().unwrap(), now(), &mut OsRng).unwrap_err(), Error::UnknownSchema(schema));
    // The request stayed pending.
    cafe.trust(&scene.issuer.parameters.to_json().unwrap(), Some(&issuer)).unwrap();
    cafe.check(&answer, now(), &mut OsRng).unwrap();
}

#[test]
fn rejects_a_card_of_another_issuer_with_the_same_name() {
    let scene = Scene::new();
    let impostor = Scene { issuer: TestIssuer::new("state", vec![scene.schema.clone()]).unwrap(), ..Scene::new() };
    let key = TestIssuer::new("impostor", vec![scene.schema.clone()]).unwrap();
    let content = Content { name: "Issuer state".into(), ..key.parameters.content().clone() };
    let parameters = Parameters::sign(content, &key.identity).unwrap();
    let forged = TestIssuer { parameters, ..key };
    let claims =
        milchglas_credential::claim::Claims::from_json(&scene.schema, &milchglas_tests::national_id_json("1990-01-31"));
    let card = forged.issue(&scene.schema, &scene.k, claims.unwrap(), &mut OsRng).unwrap();
    let forger = Scene { issuer: forged, card, ..impostor };

    let cafe = scene.cafe();
    let asked = ask(&cafe);
    let mut fields = asked.request().fields().clone();
    let milchglas_credential::request::Ask::Credential(ask) = &mut fields.ask else { panic!("one credential") };
    ask.accept[0].issuer = forger.issuer.parameters.fingerprint();
    ask.accept[0].parameters = forger.issuer.parameters.digest();
    ask.not_revoked.clear();
    let request = milchglas_credential::request::Request::new(fields).unwrap();
    let answer = forger.present(&request, milchglas_tests::only_selection(1), &forger.issuer.parameters);
    assert_eq!(reason(cafe.check(&answer, now(), &mut OsRng)), Reason::NotProven);
}

#[test]
fn refuses_a_name_that_can_not_be_shown() {
    let scene = Scene::new();
    for name in ["", " Café", "Caf\u{202e}é", &"x".repeat(65)] {
        let key = SigningKey::from_bytes(&[7; 32]);
        let trusted = [scene.issuer.parameters.clone()];
        let made = Verifier::new(name, "milchglas:cafe".parse().unwrap(), key, trusted, MemoryStore::new());
        assert!(matches!(made, Err(Error::Input(CredentialError::Decode(_)))), "{name}");
    }
}
