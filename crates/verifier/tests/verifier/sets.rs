//! Sets that a template names by their values.

use milchglas_credential::predicate::Predicate;
use milchglas_credential::request::Ask;
use milchglas_credential::set::{SetRef, SignedSet};
use milchglas_verifier::{Asked, Error, MemoryStore, Verifier};
use rand_core::OsRng;

use crate::scene::{Scene, now, template};

fn signed(asked: &Asked) -> SignedSet {
    let Ask::Credential(ask) = asked.request().ask() else { panic!("one credential") };
    let [Predicate::In { set: SetRef::Signed(set), .. }] = ask.prove.as_slice() else { panic!("a signed set") };
    set.clone()
}

fn ask(cafe: &Verifier<MemoryStore>, disclose: &[&str], prove: &str) -> Result<Asked, Error> {
    cafe.request(&template(disclose, prove), now(), &mut OsRng)
}

#[test]
fn signs_the_values_of_a_template_anew_for_each_request() {
    let scene = Scene::new();
    let cafe = scene.cafe();
    let values = r#"[{"in": {"claim": "nationality", "values": ["AT", "DE"]}}]"#;
    let [first, second] = [(); 2].map(|()| ask(&cafe, &[], values).unwrap());
    assert_ne!(signed(&first).key, signed(&second).key);
    let verdict = cafe.check(&scene.answer(&first), now(), &mut OsRng).unwrap();
    assert_eq!(verdict.proved().collect::<Vec<_>>(), ["nationality is one of “AT”, “DE”"]);
    // On a disclosed claim the verifier looks for itself.
    let asked = ask(&cafe, &["nationality"], values).unwrap();
    cafe.check(&scene.answer(&asked), now(), &mut OsRng).unwrap();
}

#[test]
fn asks_for_a_day_so_many_days_ahead() {
    let scene = Scene::new();
    let cafe = scene.cafe();
    let ahead = |days: i64| format!(r#"[{{"on_or_after": {{"claim": "valid_until", "in_days": {days}}}}}]"#);
    let month = now().date().month();
    let asked = ask(&cafe, &[], &ahead(0)).unwrap();
    let verdict = cafe.check(&scene.answer(&asked), now(), &mut OsRng).unwrap();
    assert_eq!(verdict.proved().collect::<Vec<_>>(), [format!("valid until is {month} or later")]);
    // A leap year's days, counted by hand: 2026-11-23 and 3,652 days are 2036-11-22.
    let far = ask(&cafe, &[], &ahead(3652)).unwrap();
    assert!(far.request().to_json().unwrap().contains("\"2036-11-22\""));
    assert!(ask(&cafe, &[], &ahead(3653)).is_err());
}

#[test]
fn refuses_values_that_do_not_fit_and_published_sets_for_disclosed_claims() {
    let scene = Scene::new();
    let cafe = scene.cafe();
    for (disclose, prove) in [
        (&[][..], r#"[{"in": {"claim": "nationality", "values": ["Austria", "DE"]}}]"#.to_owned()),
        (&[], r#"[{"in": {"claim": "nationality", "values": []}}]"#.to_owned()),
        (&[], r#"[{"in": {"claim": "nationality", "values": ["DE", "DE"]}}]"#.to_owned()),
        (&[], r#"[{"in": {"claim": "planet", "values": ["DE"]}}]"#.to_owned()),
        (&[], r#"[{"in": {"claim": "date_of_birth", "values": [true]}}]"#.to_owned()),
        (
            &["nationality"],
            format!(
                r#"[{{"in": {{"claim": "nationality", "set": {{"published": {{"name": "eu", "authority": "{0}", "key": "{0}{0}{0}",
                    "digest": "{0}"}}}}}}}}]"#,
                "00".repeat(32)
            ),
        ),
    ] {
        let result = ask(&cafe, disclose, &prove);
        assert!(matches!(&result, Err(Error::Unfit { .. })), "{prove}: {result:?}");
    }
}
