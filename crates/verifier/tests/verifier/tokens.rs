//! Names, tokens and documents: what a verdict says of them, and that each token counts once.

use std::sync::Barrier;

use milchglas_credential::compile::compile;
use milchglas_credential::digest::{DocumentDigest, RequestNonce, Token};
use milchglas_credential::document::DocumentRef;
use milchglas_credential::request::SignedRequest;
use milchglas_sealed::{Passphrase, Work};
use milchglas_tests::only_selection;
use milchglas_verifier::{
    Asked, Checker, Consumed, FolderStore, Lookup, MemoryStore, Reason, RequestStore, ShownToken, Template, Verdict,
    Verifier,
};
use rand_core::OsRng;
use serde_json::json;
use zeroize::Zeroizing;

use crate::scene::{Scene, later, now, reason};

fn template(credential: &str) -> Template {
    Template::from_json(&format!(
        r#"{{"milchglas": "template/1", "purpose": "A test", "ask": {{"credential": {{
            "name": "card", "schemas": ["national-id"], "not_revoked": {{"within": 0}}, {credential}}}}}}}"#
    ))
    .unwrap()
}

fn three_accounts() -> Template {
    template(r#""rate": {"scope": "accounts", "epoch": "2026", "limit": 3}"#)
}

fn ask<S: RequestStore>(verifier: &Verifier<S>, template: &Template) -> Asked {
    verifier.request(template, now(), &mut OsRng).unwrap()
}

fn answer(scene: &Scene, asked: &Asked, counters: &[u16]) -> Vec<u8> {
    let request = SignedRequest::verify(asked.bytes()).unwrap();
    let plan = compile(request.request(), only_selection(1), &[&scene.issuer.parameters]).unwrap();
    scene.prove(&plan, counters).to_bytes()
}

fn folder_verifier(scene: &Scene, folder: &std::path::Path) -> Verifier<FolderStore> {
    let passphrase = Passphrase::new(&Zeroizing::new("a passphrase".to_owned())).unwrap();
    let origin = "https://cafe.example".parse().unwrap();
    let work = Work::with_log_n(1).unwrap();
    let cafe = Verifier::init(folder, "Café Glas", origin, &passphrase, work, &mut OsRng).unwrap();
    cafe.trust(&scene.issuer.parameters.to_json().unwrap(), None).unwrap();
    cafe.learn_epoch(&scene.head()).unwrap();
    cafe
}

fn counts_each_token_once<S: RequestStore>(scene: &Scene, cafe: &Verifier<S>) -> Vec<Token> {
    let mut tokens = Vec::new();
    for counter in 0..3 {
        let asked = ask(cafe, &three_accounts());
        let verdict = cafe.check(&answer(scene, &asked, &[counter]), now(), &mut OsRng).unwrap();
        let token = verdict.credentials()[0].token().unwrap();
        assert_eq!(verdict.tokens().map(|(_, token)| token).collect::<Vec<_>>(), [token]);
        assert!(!tokens.contains(&token));
        tokens.push(token);
    }
    let asked = ask(cafe, &three_accounts());
    for counter in 0..3 {
        let again = cafe.check(&answer(scene, &asked, &[counter]), later(1), &mut OsRng);
        assert_eq!(reason(again), Reason::TokenSeen);
    }
    // The request waits for another answer: who copies a token takes nobody's place.
    let other = scene_of("hans", scene);
    cafe.check(&answer(&other, &asked, &[0]), now(), &mut OsRng).unwrap();
    // Another epoch counts anew.
    let next_year = template(r#""rate": {"scope": "accounts", "epoch": "2027", "limit": 3}"#);
    cafe.check(&answer(scene, &ask(cafe, &next_year), &[0]), now(), &mut OsRng).unwrap();
    tokens
}

/// Another person with a card of the same issuer.
fn scene_of(holder: &str, scene: &Scene) -> Scene {
    let k = milchglas_tests::holder(holder).unwrap();
    let issuer = milchglas_tests::TestIssuer::new("state", vec![scene.schema.clone()]).unwrap();
    assert_eq!(issuer.parameters.digest(), scene.issuer.parameters.digest());
    let claims = scene.card.claims().to_json(&scene.schema).unwrap();
    let claims = milchglas_credential::claim::Claims::from_json(&scene.schema, &claims).unwrap();
    let card = issuer.issue(&scene.schema, &k, claims, &mut OsRng).unwrap();
    Scene { issuer, schema: scene.schema.clone(), k, card }
}

#[test]
fn counts_each_token_once_in_memory_and_in_a_folder() {
    let scene = Scene::new();
    let cafe = scene.cafe();
    counts_each_token_once(&scene, &cafe);
    // Forgotten, they count again; so that is for epochs that are over.
    let forget = |epoch: &str| cafe.checker().forget_tokens(&"accounts".parse().unwrap(), &epoch.parse().unwrap());
    assert_eq!([forget("2025"), forget("2026"), forget("2026")], [Ok(0), Ok(4), Ok(0)]);
    cafe.check(&answer(&scene, &ask(&cafe, &three_accounts()), &[0]), now(), &mut OsRng).unwrap();

    let folder = tempfile::tempdir().unwrap();
    let cafe = folder_verifier(&scene, folder.path());
    let tokens = counts_each_token_once(&scene, &cafe);
    let kept = folder.path().join("tokens").join("accounts@2026");
    assert_eq!(std::fs::read_dir(&kept).unwrap().count(), 4);
    // Nothing but the token is kept.
    assert_eq!(std::fs::read(kept.join(tokens[0].to_string())).unwrap(), b"");
    let asked = ask(&cafe, &three_accounts());
    let again = Checker::open(folder.path()).unwrap();
    assert_eq!(reason(again.check(&answer(&scene, &asked, &[1]), now(), &mut OsRng)), Reason::TokenSeen);
    assert_eq!(again.prune(later(100_000)).unwrap(), 6);
    assert_eq!(std::fs::read_dir(&kept).unwrap().count(), 4, "tokens outlive requests");
    let forget = |epoch: &str| again.forget_tokens(&"accounts".parse().unwrap(), &epoch.parse().unwrap());
    assert_eq!([forget("2025"), forget("2026"), forget("2026")], [Ok(0), Ok(4), Ok(0)]);
    assert!(!kept.exists());
}

#[test]
fn takes_one_of_many_answers_with_one_token_at_once() {
    let scene = Scene::new();
    let folder = tempfile::tempdir().unwrap();
    let cafe = folder_verifier(&scene, folder.path());
    let again = Checker::open(folder.path()).unwrap();
    let one = template(r#""rate": {"scope": "ic-703", "epoch": "2026-11-24", "limit": 1}"#);
    let answers: Vec<Vec<u8>> = (0..16).map(|_| answer(&scene, &ask(&cafe, &one), &[0])).collect();
    let barrier = Barrier::new(answers.len());
    let results: Vec<Result<Verdict, Reason>> = std::thread::scope(|threads| {
        let submit = |(place, answer): (usize, &Vec<u8>)| {
            let (checker, barrier, answer) =
                (if place % 2 == 0 { cafe.checker() } else { &again }, &barrier, answer.clone());
            threads.spawn(move || {
                barrier.wait();
                checker.check(&answer, now(), &mut OsRng).map_err(|rejection| rejection.for_log())
            })
        };
        let all: Vec<_> = answers.iter().enumerate().map(submit).collect();
        all.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
    assert!(results.iter().flat_map(|result| result.as_ref().err()).all(|reason| *reason == Reason::TokenSeen));

    // In one batch too.
    let cafe = scene.cafe();
    let answers: Vec<Vec<u8>> = (0..3).map(|_| answer(&scene, &ask(&cafe, &one), &[0])).collect();
    let mut results = cafe.check_many(&answers, now(), &mut OsRng).into_iter();
    assert!(results.next().unwrap().is_ok());
    assert!(results.all(|result| reason(result) == Reason::TokenSeen));
}

fn consumes_all_or_nothing(store: &impl RequestStore, scene: &Scene) {
    let cafe = scene.cafe();
    let put = |nonce: u8| {
        let asked = ask(&cafe, &three_accounts());
        store.put(RequestNonce([nonce; 16]), asked.bytes(), later(300), now()).unwrap();
    };
    let token = |token: u8, epoch: &str| ShownToken {
        scope: "s".parse().unwrap(),
        epoch: epoch.parse().unwrap(),
        token: Token([token; 48]),
    };
    put(1);
    put(2);
    let consume = |nonce: u8, tokens: &[ShownToken]| store.consume(RequestNonce([nonce; 16]), tokens).unwrap();
    // An unknown request spends no token.
    assert_eq!(consume(9, &[token(1, "1")]), Consumed::NotPending);
    assert_eq!(consume(1, &[token(1, "1"), token(1, "2")]), Consumed::Now);
    // One token that was seen: the other is not spent, and the request waits.
    assert_eq!(consume(2, &[token(2, "1"), token(1, "2")]), Consumed::TokenSeen);
    assert!(matches!(store.get(RequestNonce([2; 16])), Ok(Lookup::Pending(_))));
    // An answered request spends no token either.
    assert_eq!(consume(1, &[token(2, "1")]), Consumed::NotPending);
    assert_eq!(consume(2, &[token(2, "1")]), Consumed::Now);
}

#[test]
fn consumes_request_and_tokens_together() {
    let scene = Scene::new();
    consumes_all_or_nothing(&MemoryStore::new(), &scene);
    let folder = tempfile::tempdir().unwrap();
    consumes_all_or_nothing(&FolderStore::open(folder.path()).unwrap(), &scene);
}

#[test]
fn counts_nothing_twice_after_a_crash_between_token_and_request() {
    let scene = Scene::new();
    let folder = tempfile::tempdir().unwrap();
    let cafe = folder_verifier(&scene, folder.path());
    let asked = ask(&cafe, &three_accounts());
    let first = answer(&scene, &asked, &[0]);
    // A folder in the place of the answered file stops the step after the token is down.
    let blocked = folder.path().join("answered");
    std::fs::remove_dir(&blocked).unwrap();
    assert!(matches!(reason(cafe.check(&first, now(), &mut OsRng)), Reason::Store(_)));
    std::fs::create_dir(&blocked).unwrap();
    // The token is seen though its answer never counted, and the request still waits.
    let again = Checker::open(folder.path()).unwrap();
    assert_eq!(reason(again.check(&first, now(), &mut OsRng)), Reason::TokenSeen);
    again.check(&answer(&scene, &asked, &[1]), now(), &mut OsRng).unwrap();
}

#[test]
fn says_name_token_and_document_in_the_verdict() {
    let scene = Scene::new();
    let cafe = scene.cafe();
    let mut asks =
        template(r#""pseudonym": {"scope": "customers"}, "rate": {"scope": "accounts", "epoch": "2026", "limit": 3}"#);
    asks.document =
        Some(DocumentRef { title: "Account contract".into(), sha256: DocumentDigest::of(b"Account contract") });
    assert_eq!(Template::from_json(&asks.to_json().unwrap()).unwrap(), asks);
    let check = |counter| cafe.check(&answer(&scene, &ask(&cafe, &asks), &[counter]), now(), &mut OsRng).unwrap();
    let (first, second) = (check(0), check(1));
    let [one, two] = [&first, &second].map(|verdict| &verdict.credentials()[0]);
    assert_eq!(one.pseudonym(), two.pseudonym());
    assert_ne!(one.token(), two.token());
    let json = json!(first);
    assert_eq!(json["pseudonyms"], json!({"card": one.pseudonym().unwrap().to_string()}));
    assert_eq!(json["tokens"], json!({"card": one.token().unwrap().to_string()}));
    assert_eq!(json["document"], json!(asks.document));

    let plain = cafe.check(&scene.answer(&ask(&cafe, &template(r#""prove": ["valid"]"#))), now(), &mut OsRng).unwrap();
    let json = json!(plain);
    assert!(["pseudonyms", "tokens", "document"].iter().all(|field| json.get(field).is_none()));
    assert_eq!((plain.pseudonyms().count(), plain.tokens().count(), plain.document()), (0, 0, None));
}
