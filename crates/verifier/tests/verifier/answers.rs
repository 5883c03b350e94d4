//! Which answers are accepted, and what is learned from them.

use milchglas_credential::claim::{Claims, Literal};
use milchglas_credential::date::Date;
use milchglas_credential::date::Timestamp;
use milchglas_credential::digest::RequestNonce;
use milchglas_credential::predicate::Predicate;
use milchglas_credential::request::{Ask, CredentialAsk, Request, RequestFields, SigningKey};
use milchglas_tests::{SeededRng, national_id_json, only_selection};
use milchglas_verifier::{
    Asked, Consumed, Error, Lookup, MemoryStore, Reason, RequestStore, ShownToken, StoreError, Template, Verdict,
    Verifier,
};
use rand_core::OsRng;
use serde_json::json;

use crate::scene::{Scene, ask, later, now, reason, refused, template};

fn json(verdict: &Verdict) -> serde_json::Value {
    serde_json::to_value(verdict).unwrap()
}

#[test]
fn accepts_the_cafe_and_learns_no_claim() {
    let scene = Scene::new();
    let cafe = scene.cafe();
    let asked = ask(&cafe);
    let verdict = cafe.check(&scene.answer(&asked), later(1), &mut OsRng).unwrap();
    assert_eq!(verdict.nonce(), asked.nonce());
    assert_eq!(verdict.learned().count(), 0);
    assert_eq!(
        json(&verdict),
        json!({
            "accepted": true,
            "nonce": asked.nonce().to_string(),
            "time": "2026-11-23T09:00:01Z",
            "as_of": "2026-11-23",
            "issuers": ["Issuer state"],
            "learned": {},
            "proved": [
                "date of birth is on or before 2008-11-23 (at least 18 years old on 2026-11-23)",
                "valid until is 2026-11 or later (valid on 2026-11-23)"
            ],
            "not_revoked": {"card": 0}
        })
    );
}

#[test]
fn learns_what_is_disclosed_and_prints_it_nowhere_else() {
    let mut scene = Scene::new();
    let mut claims: serde_json::Value = serde_json::from_str(&national_id_json("1990-01-31")).unwrap();
    claims.as_object_mut().unwrap().remove("address");
    let claims = Claims::from_json(&scene.schema, &claims.to_string()).unwrap();
    scene.card = scene.issuer.issue(&scene.schema, &scene.k, claims, &mut SeededRng::new("no address")).unwrap();

    let cafe = scene.cafe();
    let asked = cafe.request(&template(&["surname", "assurance", "address"], "[]"), now(), &mut OsRng).unwrap();
    let verdict = cafe.check(&scene.answer(&asked), now(), &mut OsRng).unwrap();
    assert_eq!(json(&verdict)["learned"], json!({"card": {"surname": "Muster", "assurance": 2, "address": null}}));
    let surname = verdict.credentials()[0].learned().get(&"surname".parse().unwrap()).unwrap();
    assert!(*surname == Some(Literal::Text("Muster".into())));
    assert!(!format!("{verdict:?}").contains("Muster"));
}

#[test]
fn asks_for_the_day_at_the_place_and_at_most_a_day_away() {
    let scene = Scene::born("2008-11-24");
    let cafe = scene.cafe();
    let adult = template(&[], r#"[{"age_at_least": {"claim": "date_of_birth", "years": 18}}]"#);
    let day = |day| Date::from_ymd(2026, 11, day).unwrap();
    for (as_of, fine) in [(21, false), (22, true), (23, true), (24, true), (25, false)] {
        let asked = cafe.request_as_of(&adult, now(), day(as_of), &mut OsRng);
        assert_eq!(asked.as_ref().err(), (!fine).then_some(&Error::AsOf), "{as_of}");
        let Ok(asked) = asked else { continue };
        assert_eq!(asked.request().fields().as_of, day(as_of));
        if as_of == 24 {
            let verdict = cafe.check(&scene.answer(&asked), now(), &mut OsRng).unwrap();
            assert_eq!(verdict.as_of(), day(24));
        }
    }
}

/// Answers a changed request under the nonce of the one that was asked; the café must refuse.
fn refuses_answer_to(
    changed: impl FnOnce(&mut RequestFields),
    scene: &Scene,
    cafe: &Verifier<MemoryStore>,
    asked: &Asked,
) {
    let mut fields = asked.request().fields().clone();
    changed(&mut fields);
    let answer = scene.present(&Request::new(fields).unwrap(), only_selection(1), &scene.issuer.parameters);
    assert_eq!(refused(cafe, &answer, now()), Reason::NotProven);
}

fn the_credential(fields: &mut RequestFields) -> &mut CredentialAsk {
    let Ask::Credential(ask) = &mut fields.ask else { panic!("one credential") };
    ask
}

/// Who is too young by a day answers an easier question than the one asked.
#[test]
fn rejects_an_answer_to_an_easier_request() {
    let scene = Scene::born("2008-11-24");
    let cafe = scene.cafe();
    let asked = ask(&cafe);
    let refuses = |change: fn(&mut RequestFields)| refuses_answer_to(change, &scene, &cafe, &asked);
    refuses(|fields| fields.as_of = Date::from_ymd(2026, 11, 24).unwrap());
    refuses(|fields| {
        the_credential(fields).prove[0] = Predicate::AgeAtLeast { claim: "date_of_birth".parse().unwrap(), years: 17 };
    });
    refuses(|fields| drop(the_credential(fields).prove.remove(0)));
    refuses(|fields| the_credential(fields).prove.clear());
}

/// The proof is bound to every field of the request, also for who satisfies what was asked.
#[test]
fn rejects_an_answer_to_a_request_that_differs_in_any_field() {
    let scene = Scene::new();
    let cafe = scene.cafe();
    let asked = ask(&cafe);
    let refuses = |change: fn(&mut RequestFields)| refuses_answer_to(change, &scene, &cafe, &asked);
    refuses(|fields| fields.verifier.name = "Hotel".into());
    refuses(|fields| fields.verifier.origin = "https://cafe.example:8443".parse().unwrap());
    refuses(|fields| fields.verifier.key.0 = SigningKey::from_bytes(&[8; 32]).verifying_key().to_bytes());
    refuses(|fields| fields.profile = None);
    refuses(|fields| fields.purpose = "Something else".into());
    refuses(|fields| fields.issued = later(1));
    refuses(|fields| fields.expires = later(301));
    refuses(|fields| fields.as_of = Date::from_ymd(2026, 11, 22).unwrap());
    refuses(|fields| the_credential(fields).name = "pass".parse().unwrap());
    refuses(|fields| the_credential(fields).schemas[0].id = "other".parse().unwrap());
    refuses(|fields| the_credential(fields).prove.reverse());
    cafe.check(&scene.answer(&asked), now(), &mut OsRng).unwrap();
}

#[test]
fn rejects_every_changed_byte_and_keeps_the_request_pending() {
    let scene = Scene::new();
    let cafe = scene.cafe();
    let answer = scene.answer(&ask(&cafe));
    let mut all = vec![answer.clone()];
    for place in 0..answer.len() {
        let mut changed = answer.clone();
        changed[place] ^= 1 << (place % 8);
        refused(&cafe, &changed, now());
        all.push(changed);
    }
    let mut longer = answer.clone();
    longer.push(0);
    assert_eq!(refused(&cafe, &longer, now()), Reason::Undecodable);
    assert_eq!(refused(&cafe, &answer[..answer.len() - 1], now()), Reason::Undecodable);
    assert_eq!(refused(&cafe, &[], now()), Reason::Undecodable);
    assert_eq!(refused(&cafe, &vec![0; 1 << 20], now()), Reason::Undecodable);
    // All of them together, with the right one at the end.
    all.swap_remove(0);
    all.push(answer);
    let results = cafe.check_many(&all, now(), &mut OsRng);
    assert_eq!(results.iter().position(Result::is_ok), Some(all.len() - 1));
}

#[test]
fn rejects_another_verifiers_and_another_sessions_request() {
    let scene = Scene::new();
    let (cafe, hotel) = (scene.cafe(), scene.verifier(8, MemoryStore::new()));
    let theirs = scene.answer(&ask(&hotel));
    assert_eq!(refused(&cafe, &theirs, now()), Reason::UnknownRequest);

    let (mine, other) = (ask(&cafe), ask(&cafe));
    let answer = scene.answer(&other);
    assert_eq!(reason(cafe.check_answer_to(mine.nonce(), &answer, now(), &mut OsRng)), Reason::OtherRequest);
    cafe.check_answer_to(other.nonce(), &answer, now(), &mut OsRng).unwrap();
    assert_eq!(reason(cafe.check_answer_to(other.nonce(), &answer, now(), &mut OsRng)), Reason::Answered);
}

#[test]
fn rejects_from_the_second_of_expiry_on() {
    let scene = Scene::new();
    let cafe = scene.cafe();
    let (first, second) = (scene.answer(&ask(&cafe)), scene.answer(&ask(&cafe)));
    assert_eq!(refused(&cafe, &first, later(300)), Reason::Expired);
    assert_eq!(refused(&cafe, &first, later(1_000_000)), Reason::Expired);
    cafe.check(&first, later(299), &mut OsRng).unwrap();
    assert_eq!(cafe.prune(later(299)).unwrap(), 0);
    assert_eq!(cafe.prune(later(300)).unwrap(), 2);
    // Forgotten, and refused all the same, even if the clock goes back.
    for answer in [&first, &second] {
        assert_eq!(refused(&cafe, answer, now()), Reason::UnknownRequest);
    }
}

/// A store that does one thing wrong.
struct Broken {
    inner: MemoryStore,
    fault: Fault,
}

#[derive(Clone, Copy)]
enum Fault {
    Put,
    Get,
    Consume,
    Swap(RequestNonce),
}

impl RequestStore for Broken {
    fn put(&self, nonce: RequestNonce, bytes: &[u8], expires: Timestamp, now: Timestamp) -> Result<(), StoreError> {
        match self.fault {
            Fault::Put => Err(StoreError::Damaged),
            Fault::Get | Fault::Consume | Fault::Swap(_) => self.inner.put(nonce, bytes, expires, now),
        }
    }

    fn get(&self, nonce: RequestNonce) -> Result<Lookup, StoreError> {
        match self.fault {
            Fault::Get => Err(StoreError::Damaged),
            Fault::Swap(other) => self.inner.get(other),
            Fault::Put | Fault::Consume => self.inner.get(nonce),
        }
    }

    fn consume(&self, _nonce: RequestNonce, _tokens: &[ShownToken]) -> Result<Consumed, StoreError> {
        Err(StoreError::Damaged)
    }

    fn prune(&self, now: Timestamp) -> Result<usize, StoreError> {
        self.inner.prune(now)
    }
}

#[test]
fn fails_closed_where_the_store_fails() {
    let scene = Scene::new();
    let template = Template::cafe().unwrap();
    let broken = |fault| scene.verifier(7, Broken { inner: MemoryStore::new(), fault });

    let error = broken(Fault::Put).request(&template, now(), &mut OsRng).unwrap_err();
    assert_eq!(error, Error::Store(StoreError::Damaged));
    for fault in [Fault::Get, Fault::Consume] {
        let cafe = broken(fault);
        let answer = scene.answer(&ask(&cafe));
        assert_eq!(refused(&cafe, &answer, now()), Reason::Store(StoreError::Damaged));
    }
    // Another request than the one asked for must not be taken for it.
    let inner = MemoryStore::new();
    let other = ask(&scene.verifier(7, MemoryStore::new()));
    inner.put(other.nonce(), other.bytes(), later(300), now()).unwrap();
    let cafe = scene.verifier(7, Broken { inner, fault: Fault::Swap(other.nonce()) });
    let answer = scene.answer(&ask(&cafe));
    assert_eq!(refused(&cafe, &answer, now()), Reason::Store(StoreError::Damaged));
}

#[test]
fn refuses_a_stored_request_that_it_did_not_sign() {
    let scene = Scene::new();
    let store = MemoryStore::new();
    let theirs = ask(&scene.verifier(8, MemoryStore::new()));
    store.put(theirs.nonce(), theirs.bytes(), later(300), now()).unwrap();
    let cafe = scene.verifier(7, store);
    let answer = scene.answer(&theirs);
    assert_eq!(refused(&cafe, &answer, now()), Reason::Store(StoreError::Damaged));
}
