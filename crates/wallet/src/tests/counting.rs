//! Tokens, names and documents: each token once, whatever happens to the disk; and what the person is told.

use std::collections::BTreeSet;

use milchglas_credential::digest::{DocumentDigest, Pseudonym, Token};
use milchglas_credential::document::DocumentRef;
use milchglas_credential::scope::{PseudonymAsk, RateAsk};

use super::*;
use crate::vault::MAX_RATES;

fn rate(epoch: &str, limit: u16) -> Option<RateAsk> {
    Some(RateAsk { scope: "accounts".parse().unwrap(), epoch: epoch.parse().unwrap(), limit })
}

fn counted(issuer: &Issuer, epoch: &str, limit: u16) -> Ask {
    Ask::Credential(CredentialAsk { rate: rate(epoch, limit), ..issuer.ask(&[], &[]) })
}

fn named_in(issuer: &Issuer, scope: &str) -> Ask {
    let pseudonym = Some(PseudonymAsk { scope: scope.parse().unwrap() });
    Ask::Credential(CredentialAsk { pseudonym, ..issuer.ask(&[], &[]) })
}

fn respond<S: Store>(wallet: &mut Wallet<S>, request: &[u8]) -> Result<Vec<u8>, Error> {
    let consent = wallet.review(request, now(), &mut OsRng)?;
    wallet.respond(consent, 0, now(), &mut OsRng)
}

fn shown(answer: &[u8], fields: RequestFields, issuer: &Issuer) -> (Option<Pseudonym>, Option<Token>) {
    let request = Request::new(fields).unwrap();
    let presentation = Presentation::from_bytes(answer).unwrap();
    let verified = presentation.verify(&request, &[&issuer.parameters], &mut OsRng).unwrap();
    (verified.credentials()[0].pseudonym(), verified.credentials()[0].token())
}

fn token(wallet: &mut Wallet, issuer: &Issuer, nonce: u8, epoch: &str, limit: u16) -> Result<Token, Error> {
    let ask = counted(issuer, epoch, limit);
    let answer = respond(wallet, &cafe(nonce, ask.clone()))?;
    Ok(shown(&answer, fields(nonce, ask), issuer).1.unwrap())
}

#[test]
fn spends_each_token_once_and_then_refuses() {
    let (dir, mut wallet, issuer) = with_card();
    let mut tokens = BTreeSet::new();
    for nonce in 1..=3 {
        // Also across restarts.
        drop(wallet);
        wallet = Wallet::open(place(&dir), &passphrase("p")).unwrap();
        let consent = wallet.review(&cafe(nonce, counted(&issuer, "2026", 3)), now(), &mut OsRng).unwrap();
        let text = consent.text(0).unwrap();
        let spent = format!(
            "You have spent {} of your 3 tokens for “accounts” in “2026”; the answer spends one, even if it does not arrive.",
            nonce - 1
        );
        assert!(text.iter().any(|line| line == spent), "{:?}", lines(&text));
        let learned = consent.choices()[0].learned();
        assert!(lines(&learned)[1].starts_with("That this is one of at most 3 answers"), "{:?}", lines(&learned));
        assert!(tokens.insert(token(&mut wallet, &issuer, nonce, "2026", 3).unwrap()));
    }
    let why = refused(wallet.review(&cafe(4, counted(&issuer, "2026", 3)), now(), &mut OsRng)).explanation();
    assert_eq!(
        lines(&why),
        ["You have used all 3 tokens that this verifier gives each person for “accounts” in “2026”."]
    );
    // Fewer would be refused too; more add the difference; another epoch begins anew.
    assert!(matches!(
        refused(wallet.review(&cafe(4, counted(&issuer, "2026", 2)), now(), &mut OsRng)),
        Refusal::NotSatisfiable(_)
    ));
    assert!(tokens.insert(token(&mut wallet, &issuer, 4, "2026", 4).unwrap()));
    assert!(matches!(token(&mut wallet, &issuer, 5, "2026", 4), Err(Error::Refused(_))));
    assert!(tokens.insert(token(&mut wallet, &issuer, 5, "2027", 4).unwrap()));

    // Another verifier's counter is another. So is that of a known one, once it was forgotten and came with a new key.
    let key = SigningKey::from_bytes(&[8; 32]);
    let mut elsewhere = fields(6, counted(&issuer, "2026", 1));
    elsewhere.verifier = VerifierIdentity {
        name: "Hotel".into(),
        origin: "https://hotel.example".parse().unwrap(),
        key: VerifierKey(key.verifying_key().to_bytes()),
    };
    let answer = respond(&mut wallet, &signed(elsewhere.clone(), &key)).unwrap();
    assert!(tokens.insert(shown(&answer, elsewhere, &issuer).1.unwrap()));
    assert_eq!(tokens.len(), 6);
    // Forgetting the verifier does not give tokens back.
    let cafe_key = VerifierKey(cafe_key().verifying_key().to_bytes());
    assert_eq!(wallet.forget_verifier(&cafe_key), Ok(true));
    assert!(matches!(token(&mut wallet, &issuer, 7, "2026", 4), Err(Error::Refused(_))));
}

#[test]
fn loses_a_token_and_never_doubles_it_in_a_crash() {
    let (dir, wallet, issuer) = with_card();
    drop(wallet);
    let request = |nonce| cafe(nonce, counted(&issuer, "2026", 3));
    // Stopped before the reservation: no token is lost.
    let (mut wallet, _) = failing(&dir, 0);
    assert!(matches!(respond(&mut wallet, &request(1)), Err(Error::Vault(_))));
    assert!(wallet.state.rates.is_empty());
    drop(wallet);
    // Stopped between reservation and answer: the token is lost, and nothing came out.
    let (mut wallet, _) = failing(&dir, 1);
    assert!(matches!(respond(&mut wallet, &request(1)), Err(Error::Vault(_))));
    drop(wallet);
    let mut wallet = Wallet::open(place(&dir), &passphrase("p")).unwrap();
    assert_eq!(wallet.state.rates.iter().map(|counter| counter.used).collect::<Vec<_>>(), [1]);
    let tokens: BTreeSet<Token> = (1..=2).map(|nonce| token(&mut wallet, &issuer, nonce, "2026", 3).unwrap()).collect();
    assert_eq!(tokens.len(), 2);
    assert!(matches!(token(&mut wallet, &issuer, 3, "2026", 3), Err(Error::Refused(_))));
    // Two consents for the last token: one answer.
    let consents =
        [4, 5].map(|nonce| wallet.review(&cafe(nonce, counted(&issuer, "2026", 4)), now(), &mut OsRng).unwrap());
    let results = consents.map(|consent| wallet.respond(consent, 0, now(), &mut OsRng).map_err(|_| ()));
    assert!(results[0].is_ok() && results[1].is_err());
}

#[test]
fn recognises_itself_by_name_in_one_scope() {
    let (_dir, mut wallet, issuer) = with_card();
    let mut name = |nonce, scope: &str| {
        let ask = named_in(&issuer, scope);
        let answer = respond(&mut wallet, &cafe(nonce, ask.clone())).unwrap();
        shown(&answer, fields(nonce, ask), &issuer).0.unwrap()
    };
    assert_eq!(name(1, "customers"), name(2, "customers"));
    assert_ne!(name(3, "customers"), name(4, "suppliers"));
    let consent = wallet.review(&cafe(5, named_in(&issuer, "customers")), now(), &mut OsRng).unwrap();
    let learned = consent.choices()[0].learned();
    assert_eq!(
        lines(&learned)[1],
        "A name for you that only it sees, for “customers”, the same at each visit: it will recognise you. No other verifier \
         gets that name."
    );
}

#[test]
fn prepares_no_answers_that_name_or_count() {
    let (_dir, mut wallet, issuer) = with_card();
    respond(&mut wallet, &cafe(1, named_in(&issuer, "customers"))).unwrap();
    respond(&mut wallet, &cafe(2, counted(&issuer, "2026", 3))).unwrap();
    assert!(wallet.state.recent.is_empty());
    assert_eq!(wallet.prepare(now(), &mut OsRng), Ok(0));
    // Were such a kind remembered, it would be passed over.
    let selection = milchglas_credential::selection::Selection {
        branches: vec![],
        shown: vec![milchglas_credential::selection::ShownAs { accept: 0, key: 0, schema: 0, back: 0 }],
    };
    wallet.state.recent = [counted(&issuer, "2026", 3), named_in(&issuer, "customers")]
        .map(|ask| crate::vault::Recent { ask, selection: selection.clone() })
        .to_vec();
    assert_eq!(wallet.prepare(now(), &mut OsRng), Ok(0));
    assert_eq!(wallet.state.rates[0].used, 1);
}

#[test]
fn prefers_to_stay_without_a_name() {
    let (_dir, wallet, issuer) = with_card();
    let leaf = |ask: Ask, name: &str| match ask {
        Ask::Credential(ask) => named(name, ask),
        Ask::All(_) | Ask::Any(_) => panic!("one credential"),
    };
    let plain = named("plain", issuer.ask(&[], &[ADULT, VALID]));
    let ways = vec![leaf(named_in(&issuer, "customers"), "named"), leaf(counted(&issuer, "1", 3), "counted"), plain];
    let consent = wallet.review(&cafe(1, Ask::Any(ways)), now(), &mut OsRng).unwrap();
    let order: Vec<&str> = consent.choices().iter().map(|choice| choice.credentials()[0].name.as_str()).collect();
    assert_eq!(order, ["counted", "plain", "named"]);
}

#[test]
fn takes_another_way_where_tokens_are_used_up() {
    let (_dir, mut wallet, issuer) = with_card();
    token(&mut wallet, &issuer, 1, "2026", 1).unwrap();
    let Ask::Credential(used) = counted(&issuer, "2026", 1) else { panic!("one credential") };
    let either = |ask: CredentialAsk| Ask::Any(vec![named("counted", used.clone()), named("other", ask)]);
    let consent = wallet.review(&cafe(2, either(issuer.ask(&[], &[ADULT]))), now(), &mut OsRng).unwrap();
    assert_eq!(consent.choices().len(), 1);
    let old = r#"{"age_at_least": {"claim": "date_of_birth", "years": 90}}"#;
    let why = refused(wallet.review(&cafe(3, either(issuer.ask(&[], &[old]))), now(), &mut OsRng)).explanation();
    assert!(why.iter().any(|line| line.starts_with("You have used the one token")), "{:?}", lines(&why));
}

#[test]
fn names_the_document_that_an_answer_signs() {
    let (_dir, mut wallet, issuer) = with_card();
    let document = DocumentRef { title: "Contract".into(), sha256: DocumentDigest::of(b"contract") };
    let asked =
        RequestFields { document: Some(document.clone()), ..fields(1, Ask::Credential(issuer.ask(&[], &[ADULT]))) };
    let request = signed(asked.clone(), &cafe_key());
    let consent = wallet.review(&request, now(), &mut OsRng).unwrap();
    assert_eq!(consent.document(), Some(&document));
    let text = consent.text(0).unwrap();
    let line = text.iter().find(|line| line.contains("signs a document")).unwrap();
    assert!(line.contains("“Contract”") && line.contains(&document.sha256.to_string()), "{line}");
    let answer = wallet.respond(consent, 0, now(), &mut OsRng).unwrap();
    let remembered = wallet.history()[0].learned.iter().last().unwrap().to_owned();
    assert_eq!(remembered, format!("That you signed “Contract” (SHA-256 {}).", document.sha256));
    let check = |document: &[u8]| {
        let digest = DocumentDigest::of(document);
        milchglas_credential::document::verify_document(&request, &answer, digest, &[&issuer.parameters], &mut OsRng)
    };
    assert!(check(b"contract").is_ok());
    assert!(check(b"another").is_err());
    let plain = wallet.review(&cafe(2, Ask::Credential(issuer.ask(&[], &[ADULT]))), now(), &mut OsRng).unwrap();
    assert!(plain.document().is_none());
    assert!(!plain.text(0).unwrap().iter().any(|line| line.contains("document")));
}

#[test]
fn keeps_counters_in_the_one_encoding_and_within_bounds() {
    let (dir, mut wallet, issuer) = with_card();
    token(&mut wallet, &issuer, 1, "2026", 3).unwrap();
    let counter = wallet.state.rates[0].clone();
    let many = |count: usize| {
        let mut counters = vec![counter.clone(); count];
        for (number, counter) in counters.iter_mut().enumerate() {
            counter.epoch = format!("e{number}").parse().unwrap();
        }
        counters
    };
    wallet.state.rates = many(MAX_RATES);
    assert_eq!(token(&mut wallet, &issuer, 2, "2027", 3), Err(Error::Full("counters of tokens")));
    drop(wallet);
    let (folder, bytes) = Folder::open(&place(&dir), &passphrase("p")).unwrap();
    drop(folder);
    let (root, mut state) = State::from_bytes(&bytes).unwrap();
    assert!(state.rates == [counter.clone()] && state.recent.is_empty());
    assert_eq!(*state.to_bytes(&root), *bytes);
    state.standings.clear();
    state.rates = many(MAX_RATES);
    let bytes = state.to_bytes(&root);
    assert!(State::from_bytes(&bytes).unwrap().1.rates == state.rates);
    state.rates = many(MAX_RATES + 1);
    assert!(State::from_bytes(&state.to_bytes(&root)).is_err());
    // An empty list is not written, and not read.
    state.rates = Vec::new();
    let bytes = state.to_bytes(&root);
    let count = bytes.windows(16).position(|window| window == root.id).unwrap() + 16;
    assert_eq!(bytes[count], 0x88);
    let mut empty = bytes.to_vec();
    empty[count] = 0x8a;
    empty.extend([0x80, 0x80]);
    assert!(State::from_bytes(&empty).is_err());
}
