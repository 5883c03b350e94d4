//! What a verifier knows of revocation, and what it asks.

use std::fs;

use milchglas_credential::credential::Credential;
use milchglas_credential::date::Date;
use milchglas_credential::parameters::{Content, Parameters};
use milchglas_credential::revocation::{Epoch, EpochFile, LogError, SignedHead};
use milchglas_sealed::{Passphrase, Work};
use milchglas_tests::{SeededRng, TestIssuer};
use milchglas_verifier::{Checker, Error, FolderStore, MemoryStore, Reason, Template, TemplateAsk, Verifier};
use rand_core::OsRng;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::scene::{Scene, ask, now, reason, template};

fn bytes(file: &EpochFile) -> Vec<u8> {
    file.head().to_bytes()
}

/// The issuer's epochs, in each of which one other card is revoked.
fn epochs(scene: &Scene, count: usize) -> Vec<EpochFile> {
    let mut files = vec![scene.issuer.first_epoch().unwrap()];
    for place in 1..count {
        let card = other_card(scene, place);
        files.push(scene.issuer.revoke(&files[place - 1], &[&card]).unwrap());
    }
    files
}

fn other_card(scene: &Scene, place: usize) -> Credential {
    let mut rng = SeededRng::new(&format!("card {place}"));
    let claims = scene.card.claims().to_json(&scene.schema).unwrap();
    let claims = milchglas_credential::claim::Claims::from_json(&scene.schema, &claims).unwrap();
    scene.issuer.issue(&scene.schema, &scene.k, claims, &mut rng).unwrap()
}

fn folder_verifier(scene: &Scene, folder: &std::path::Path) -> Verifier<FolderStore> {
    let passphrase = Passphrase::new(&Zeroizing::new("one".to_owned())).unwrap();
    let (origin, work) = ("https://cafe.example".parse().unwrap(), Work::with_log_n(1).unwrap());
    let cafe = Verifier::init(folder, "Café Glas", origin, &passphrase, work, &mut OsRng).unwrap();
    cafe.trust(&scene.issuer.parameters.to_json().unwrap(), None).unwrap();
    cafe
}

#[test]
fn asks_under_the_newest_epochs_and_says_by_which_it_holds() {
    let scene = Scene::new();
    let cafe = scene.cafe();
    let files = epochs(&scene, 4);
    let key = files[0].head().unverified().key;
    for (file, epoch) in files[1..].iter().zip(1..) {
        let learned = cafe.learn_epoch(&bytes(file)).unwrap();
        assert_eq!((learned.key, learned.epoch, learned.is_new), (key, Epoch(epoch), true));
        assert_eq!(learned.issuer, scene.issuer.parameters.fingerprint());
        let asked = ask(&cafe);
        let [accepted] = &asked.request().ask().credentials()[0].not_revoked[..] else { panic!("one key") };
        assert_eq!((accepted.key, accepted.newest, accepted.accumulators.len()), (key, Epoch(epoch), 2));
        let verdict = cafe.check(&scene.answer(&asked), now(), &mut OsRng).unwrap();
        assert_eq!(verdict.credentials()[0].not_revoked(), Some(Epoch(epoch)));
        assert_eq!(serde_json::to_value(&verdict).unwrap()["not_revoked"], json!({"card": epoch}));
    }
    assert_eq!(cafe.checker().newest_heads(), [files[3].head().clone()]);
    // Where it is not asked, nothing is said.
    let plain = cafe.request(&template(&[], r#"["valid"]"#), now(), &mut OsRng).unwrap();
    let verdict = cafe.check(&scene.answer(&plain), now(), &mut OsRng).unwrap();
    assert_eq!((verdict.not_revoked().count(), verdict.credentials()[0].not_revoked()), (0, None));
    assert!(serde_json::to_value(&verdict).unwrap().get("not_revoked").is_none());
}

/// A pending request is answered under the accumulators that it names, whatever was learned since.
#[test]
fn checks_a_pending_request_after_newer_epochs() {
    let scene = Scene::new();
    let cafe = scene.cafe();
    let answer = scene.answer(&ask(&cafe));
    for file in &epochs(&scene, 3)[1..] {
        cafe.learn_epoch(&bytes(file)).unwrap();
    }
    let verdict = cafe.check(&answer, now(), &mut OsRng).unwrap();
    assert_eq!(verdict.credentials()[0].not_revoked(), Some(Epoch(0)));
}

#[test]
fn refuses_a_revoked_card_and_says_nothing_of_claims() {
    let scene = Scene::new();
    let cafe = scene.cafe();
    let first = scene.issuer.first_epoch().unwrap();
    let then = ask(&cafe);
    let old = scene.issuer.witness(&first, &scene.card).unwrap();
    cafe.learn_epoch(&bytes(&scene.issuer.revoke(&first, &[&scene.card]).unwrap())).unwrap();
    // By the epoch before, it still holds; `within` 1 accepts that, and within 0 does not.
    let asked = ask(&cafe);
    let fields = |asked: &milchglas_verifier::Asked| asked.request().ask().credentials()[0].not_revoked.clone();
    assert_eq!(fields(&asked)[0].accumulators[1], fields(&then)[0].accumulators[0]);
    let mut strict = Template::cafe().unwrap();
    let TemplateAsk::Credential(card) = &mut strict.ask else { panic!("one credential") };
    card.not_revoked.as_mut().unwrap().within = 0;
    let strict = cafe.request(&strict, now(), &mut OsRng).unwrap();
    let present = |asked: &milchglas_verifier::Asked, back| {
        let mut selection = milchglas_tests::only_selection(1);
        selection.shown[0].back = back;
        scene.prove_with(asked.request(), selection, &old)
    };
    assert_eq!(present(&strict, 0).unwrap_err(), milchglas_credential::error::Error::Unsatisfied);
    assert_eq!(present(&strict, 1).unwrap_err(), milchglas_credential::error::Error::Invalid);
    // An answer to the earlier request under the nonce of the strict one.
    let mut moved = strict.request().fields().clone();
    moved.ask = then.request().ask().clone();
    let moved = milchglas_credential::request::Request::new(moved).unwrap();
    let forged = scene.prove_with(&moved, milchglas_tests::only_selection(1), &old).unwrap();
    assert_eq!(reason(cafe.check(&forged.to_bytes(), now(), &mut OsRng)), Reason::NotProven);
    let verdict = cafe.check(&present(&asked, 1).unwrap().to_bytes(), now(), &mut OsRng).unwrap();
    assert_eq!(verdict.credentials()[0].not_revoked(), Some(Epoch(0)));
}

#[test]
fn refuses_to_ask_where_no_epoch_is_known() {
    let scene = Scene::new();
    let key = milchglas_credential::request::SigningKey::from_bytes(&[7; 32]);
    let trusted = [scene.issuer.parameters.clone()];
    let origin = "https://cafe.example".parse().unwrap();
    let cafe = Verifier::new("Café Glas", origin, key, trusted, MemoryStore::new()).unwrap();
    let error = cafe.request(&Template::cafe().unwrap(), now(), &mut OsRng).unwrap_err();
    assert_eq!(error, Error::NoEpoch("Issuer state".into()));
    assert_eq!(error.to_string(), "fetch the newest epoch of Issuer state first: none is known");
    cafe.learn_epoch(&scene.head()).unwrap();
    cafe.request(&Template::cafe().unwrap(), now(), &mut OsRng).unwrap();
    // A second issuer of such cards, whose epochs are not known.
    let neighbour = TestIssuer::new("neighbour", vec![scene.schema.clone()]).unwrap();
    cafe.trust(&neighbour.parameters.to_json().unwrap(), None).unwrap();
    let error = cafe.request(&Template::cafe().unwrap(), now(), &mut OsRng).unwrap_err();
    assert_eq!(error, Error::NoEpoch("Issuer neighbour".into()));
    cafe.learn_epoch(&neighbour.first_epoch().unwrap().head().to_bytes()).unwrap();
    let asked = cafe.request(&Template::cafe().unwrap(), now(), &mut OsRng).unwrap();
    assert_eq!(asked.request().ask().credentials()[0].not_revoked.len(), 2);
    assert_eq!(cafe.checker().keys().len(), 2);
}

#[test]
fn asks_for_every_key_that_is_accepted() {
    let scene = Scene::new();
    let next = TestIssuer::new("next key", vec![scene.schema.clone()]).unwrap();
    let mut content = scene.issuer.parameters.content().clone();
    content.sequence += 1;
    content.keys[0].accepted_until = Date::from_ymd(2026, 11, 23).unwrap();
    content.keys.push(next.parameters.content().keys[0].clone());
    let both = Parameters::sign(content, &scene.issuer.identity).unwrap();
    let renewed = TestIssuer { parameters: both, identity: scene.issuer.identity.clone(), ..next };
    let cafe = scene.cafe();
    cafe.trust(&renewed.parameters.to_json().unwrap(), None).unwrap();
    let count = |as_of| {
        let asked = cafe.request_as_of(&Template::cafe().unwrap(), now(), as_of, &mut OsRng).unwrap();
        asked.request().ask().credentials()[0].not_revoked.len()
    };
    assert_eq!(count(now().date()), 1);
    cafe.learn_epoch(&renewed.first_epoch().unwrap().head().to_bytes()).unwrap();
    assert_eq!(count(now().date()), 2);
    assert_eq!(count(Date::from_ymd(2026, 11, 24).unwrap()), 1);
}

#[test]
fn refuses_foreign_altered_and_malformed_heads() {
    let scene = Scene::new();
    let cafe = scene.cafe();
    let stranger = TestIssuer::new("stranger", vec![scene.schema.clone()]).unwrap();
    assert_eq!(
        cafe.learn_epoch(&stranger.first_epoch().unwrap().head().to_bytes()),
        Err(Error::Epoch(LogError::Foreign))
    );
    // A head of the right key that somebody else signed.
    let forged = scene.issuer.first_epoch().unwrap().head().unverified().clone().sign(&stranger.identity);
    assert_eq!(cafe.learn_epoch(&forged.to_bytes()), Err(Error::Epoch(LogError::Foreign)));
    let good = bytes(&epochs(&scene, 2)[1]);
    for place in 0..good.len() {
        let mut bad = good.clone();
        bad[place] ^= 1;
        assert!(cafe.learn_epoch(&bad).is_err(), "{place}");
    }
    for bad in [&good[1..], &good[..good.len() - 1], &[good.as_slice(), &[0]].concat(), &[], &vec![0x80; 1 << 16]] {
        assert!(matches!(cafe.learn_epoch(bad), Err(Error::Input(_))));
    }
    assert_eq!(cafe.checker().newest_heads()[0].unverified().epoch, Epoch(0));
}

fn two_heads(error: Error) -> [SignedHead; 2] {
    let Error::Epoch(LogError::TwoHeads(heads)) = error else { panic!("{error}") };
    *heads
}

#[test]
fn reports_two_histories_with_both_heads_whichever_comes_first() {
    let scene = Scene::new();
    let files = epochs(&scene, 3);
    let other = scene.issuer.revoke(&files[0], &[&other_card(&scene, 77)]).unwrap();
    let later = scene.issuer.revoke(&other, &[&other_card(&scene, 78)]).unwrap();
    for (known, heard) in [(&files[1], &other), (&files[1], &later), (&files[2], &other), (&files[2], &later)] {
        let cafe = scene.cafe();
        cafe.learn_epoch(&bytes(known)).unwrap();
        let evidence = two_heads(cafe.learn_epoch(&bytes(heard)).unwrap_err());
        assert!(evidence.contains(known.head()) && evidence.contains(heard.head()));
        assert!(evidence.iter().all(|head| head.verify(&scene.issuer.parameters).is_ok()));
        // What was known stays.
        assert_eq!(cafe.checker().newest_heads(), [known.head().clone()]);
    }
    // Older heads of the same history change nothing.
    let cafe = scene.cafe();
    cafe.learn_epoch(&bytes(&files[2])).unwrap();
    for file in &files {
        let learned = cafe.learn_epoch(&bytes(file)).unwrap();
        assert_eq!((learned.epoch, learned.is_new), (Epoch(2), false));
    }
}

#[test]
fn keeps_heads_in_the_folder_and_reads_them_from_what_is_published() {
    let scene = Scene::new();
    let files = epochs(&scene, 3);
    let (folder, published) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let cafe = folder_verifier(&scene, folder.path());
    assert_eq!(cafe.checker().learn_epochs_from(published.path()), Ok(Vec::new()));
    let key = files[0].head().unverified().key;
    let of_key = published.path().join(key.to_string());
    fs::create_dir(&of_key).unwrap();
    fs::write(of_key.join("head"), bytes(&files[1])).unwrap();
    let learned = cafe.checker().learn_epochs_from(published.path()).unwrap();
    assert_eq!((learned.len(), learned[0].epoch, learned[0].is_new), (1, Epoch(1), true));

    // Another process has its own knowledge, and an older head does not take the place of a newer one on the disk.
    let again = Checker::open(folder.path()).unwrap();
    assert_eq!(again.newest_heads(), [files[1].head().clone()]);
    again.learn_epoch(&bytes(&files[2])).unwrap();
    assert!(cafe.learn_epoch(&bytes(&files[1])).is_ok());
    let kept = folder.path().join("epochs").join(key.to_string());
    assert_eq!(fs::read(&kept).unwrap(), bytes(&files[2]));
    drop(cafe);
    assert_eq!(Checker::open(folder.path()).unwrap().newest_heads()[0].unverified().epoch, Epoch(2));

    // Too long, or damaged: refused, at once and at the next start.
    fs::write(of_key.join("head"), vec![0; 1 << 20]).unwrap();
    assert!(matches!(again.learn_epochs_from(published.path()), Err(Error::Input(_))));
    let mut damaged = bytes(&files[2]);
    damaged[40] ^= 1;
    fs::write(&kept, damaged).unwrap();
    assert!(Checker::open(folder.path()).is_err());
}

#[test]
fn refuses_names_tokens_and_joined_credentials_without_revocation() {
    let scene = Scene::new();
    let cafe = scene.cafe();
    let request = |ask: &Value| {
        let template = json!({"milchglas": "template/1", "purpose": "A test", "ask": ask});
        cafe.request(&Template::from_json(&template.to_string()).unwrap(), now(), &mut OsRng)
    };
    let card = |name: &str, more: Value| {
        let mut card = json!({"name": name, "schemas": ["national-id"]});
        card.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({"credential": card})
    };
    let none = || json!({});
    let asked = || json!({"not_revoked": {"within": 1}});
    let must = |name: &str| Some(Error::MustAskNotRevoked(name.parse().unwrap()));
    for more in [
        json!({"pseudonym": {"scope": "customers"}}),
        json!({"rate": {"scope": "seats", "epoch": "2026", "limit": 1}}),
        json!({"rate": {"scope": "seats", "epoch": "2026", "limit": 3}}),
    ] {
        assert_eq!(request(&card("card", more.clone())).err(), must("card"), "{more}");
        let mut more = more;
        more["not_revoked"] = json!({"within": 15});
        assert!(request(&card("card", more)).is_ok());
    }
    let (one, two) = (card("one", asked()), card("two", none()));
    assert_eq!(request(&json!({"all": [one, two]})).err(), must("two"));
    assert_eq!(request(&json!({"all": [one, {"any": [card("three", asked()), two]}]})).err(), must("two"));
    assert!(request(&json!({"all": [one, card("two", asked())]})).is_ok());
    // One of several at a time is one credential.
    assert!(request(&json!({"any": [card("one", none()), two]})).is_ok());
    let within = |within: u8| request(&card("card", json!({"not_revoked": {"within": within}})));
    assert!(within(15).is_ok());
}

/// All that ship, except that of the stall, which does not even ask for validity.
#[test]
fn ships_templates_that_ask_for_revocation() {
    for name in Template::shipped_names() {
        let json: Value = serde_json::from_str(Template::shipped_json(name).unwrap()).unwrap();
        let expected = if name == "stall" { 0 } else { json.to_string().matches("\"credential\"").count() };
        assert_eq!(json.to_string().matches(r#""not_revoked":{"within":1}"#).count(), expected, "{name}");
    }
}

#[test]
fn tells_revocation_in_a_content_of_its_own_key_only() {
    let scene = Scene::new();
    let other = TestIssuer::new("other", vec![scene.schema.clone()]).unwrap();
    // Another issuer lists the same signature key with an accumulator of its own: another key id, so other epochs.
    let mut keys = scene.issuer.parameters.content().keys.clone();
    keys[0].revocation = other.parameters.content().keys[0].revocation;
    let content = Content { keys, ..other.parameters.content().clone() };
    let parameters = Parameters::sign(content, &other.identity).unwrap();
    let cafe = scene.cafe();
    cafe.trust(&parameters.to_json().unwrap(), None).unwrap();
    let error = cafe.request(&Template::cafe().unwrap(), now(), &mut OsRng).unwrap_err();
    assert!(matches!(error, Error::NoEpoch(_)), "{error}");
}
