//! What a wallet reads: its vault, an issuer's answer, a verifier's request.

use crate::scene::{Memory, SCENE};
use crate::{Target, bytes};
use milchglas_credential::date::Timestamp;
use milchglas_credential::digest::VerifierKey;
use milchglas_credential::presentation::Presentation;
use milchglas_credential::request::{Request, RequestFields, SignedRequest, VerifierIdentity};
use milchglas_tests::{SeededRng, verifier_key};
use milchglas_wallet::{Error, Sentences, Wallet};
use std::cell::RefCell;

/// A vault, already decrypted, and everything that a wallet shows of it.
pub const VAULT: Target = Target { name: "vault", seeds: || bytes(&[&SCENE.vault, &SCENE.waiting]), property: vault };

/// An issuer's answer, given to the wallet that waits for it.
pub const ANSWER: Target = Target { name: "answer", seeds: || bytes(&[&SCENE.answer]), property: answer };

/// The canonical form of a request. The scene's verifier signs it, freshly; the wallet reviews it and answers it if it can.
pub const REVIEW: Target = Target { name: "review", seeds: review_seeds, property: review };

fn vault(input: &[u8]) -> bool {
    let Ok(mut wallet) = SCENE.wallet(input) else { return false };
    assert!(wallet.issuers().len() <= 1024 && wallet.history().len() <= 4096);
    if let Ok(cards) = wallet.list() {
        for card in cards {
            // A file of parameters may lack what the vault says; then it is an error.
            let _shown = wallet.show(card.id);
        }
    }
    let (request, _) = &SCENE.answered[0];
    let signed = request.sign(&verifier_key()).unwrap().to_bytes();
    let mut rng = SeededRng::new("vault");
    if let Ok(consent) = wallet.review(&signed, SCENE.now, &mut rng)
        && let Ok(answer) = wallet.respond(consent, 0, SCENE.now, &mut rng)
    {
        // A card whose signature does not hold is stopped by the wallet's own check.
        let answer = Presentation::from_bytes(&answer).unwrap();
        answer.verify(request, &[&SCENE.issuer.parameters], &mut rng).unwrap();
    }
    let _application = wallet.apply(&SCENE.signed_invitation, SCENE.now, &mut SeededRng::new("vault"));
    let _accepted = wallet.accept(&SCENE.answer, SCENE.now);
    true
}

fn answer(input: &[u8]) -> bool {
    thread_local! {
        static WAITING: RefCell<Wallet<Memory>> = RefCell::new(SCENE.wallet(&SCENE.waiting).unwrap());
    }
    if let Ok(answer) = milchglas_credential::issuance::Answer::from_bytes(input) {
        assert_eq!(answer.to_bytes(), input);
    }
    WAITING.with_borrow_mut(|wallet| {
        let accepted = wallet.accept(input, SCENE.now).is_ok();
        assert_eq!(accepted, input == SCENE.answer);
        accepted
    })
}

fn review_seeds() -> Vec<Vec<u8>> {
    let issuer = &SCENE.issuer;
    let several = r#"{"any": [{"all": [CARD, OTHER]}, OTHER]}"#;
    let card = |name: &str, disclose: &[&str], prove: &str| {
        let ask = issuer.ask(name, &SCENE.schema, disclose, serde_json::from_str(prove).unwrap()).unwrap();
        serde_json::json!({ "credential": ask }).to_string()
    };
    let adult = card("card", &[], r#"[{"age_at_least": {"claim": "date_of_birth", "years": 18}}, "valid"]"#);
    let other = card("other", &["surname"], r#"[{"equals": {"claim": "sex", "value": "F"}}]"#);
    let ask = several.replace("CARD", &adult).replace("OTHER", &other);
    // The same name twice is refused in one request, so the second branch gets another.
    let ask = ask.replacen("\"other\"", "\"third\"", 1);
    let (request, _) = &SCENE.answered[0];
    let fields = RequestFields { ask: serde_json::from_str(&ask).unwrap(), ..request.fields().clone() };
    let branches = Request::new(fields).unwrap();
    let all = SCENE.answered.iter().map(|(request, _)| request).chain([&branches]);
    all.map(|request| request.to_bytes().to_vec()).collect()
}

fn review(input: &[u8]) -> bool {
    thread_local! {
        static OWN: RefCell<(Wallet<Memory>, u64)> = RefCell::new((SCENE.wallet(&SCENE.vault).unwrap(), 0));
    }
    let Ok(request) = Request::from_bytes(input) else { return false };
    OWN.with_borrow_mut(|(wallet, count)| {
        *count += 1;
        if wallet.history().len() > 32 {
            *wallet = SCENE.wallet(&SCENE.vault).unwrap();
        }
        ask(wallet, &request, *count)
    })
}

/// Asks this of the wallet. Whether it answers.
fn ask(wallet: &mut Wallet<Memory>, request: &Request, count: u64) -> bool {
    let now = SCENE.now;
    let mut fields = request.fields().clone();
    // One verifier, this moment, and a nonce of its own: what is to be fuzzed is the ask.
    let key = VerifierKey(verifier_key().verifying_key().to_bytes());
    fields.verifier = VerifierIdentity { origin: "https://cafe.example".parse().unwrap(), key, ..fields.verifier };
    fields.nonce.0[..8].copy_from_slice(&count.to_be_bytes());
    fields.issued = now;
    fields.expires = Timestamp::from_unix(now.as_unix() + 300).unwrap();
    fields.as_of = now.date();
    let request = Request::new(fields).unwrap();
    let signed = request.sign(&verifier_key()).unwrap().to_bytes();
    assert_eq!(*SignedRequest::verify(&signed).unwrap().request(), request);

    let mut rng = SeededRng::new("review");
    let consent = match wallet.review(&signed, now, &mut rng) {
        Ok(consent) => consent,
        Err(Error::Refused(refusal)) => {
            assert_readable(&refusal.explanation());
            return false;
        }
        Err(_) => return false,
    };
    assert!(!consent.choices().is_empty());
    for choice in 0..consent.choices().len() {
        assert_readable(&consent.text(choice).unwrap());
    }
    let answer = wallet.respond(consent, 0, now, &mut rng).unwrap();
    let answer = Presentation::from_bytes(&answer).unwrap();
    answer.verify(&request, &[&SCENE.issuer.parameters], &mut rng).unwrap();
    true
}

/// What a person reads must not move the cursor, colour the screen or reverse the text.
fn assert_readable(sentences: &Sentences) {
    for sentence in sentences.iter() {
        let bad = |c: char| {
            c.is_control() || matches!(c, '\u{200e}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        };
        assert!(!sentence.is_empty() && !sentence.contains(bad), "{sentence:?}");
    }
}
