//! Pseudonyms, rate tokens and signed documents in whole presentations.
//!
//! One person has one name in a scope, n tokens in an epoch, and nothing of either in a scope of somebody else.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use milchglas_credential::claim::Claims;
use milchglas_credential::compile::compile;
use milchglas_credential::credential::{Credential, HolderSecret, Holdings};
use milchglas_credential::digest::{DocumentDigest, Pseudonym, RequestNonce, Token, VerifierKey};
use milchglas_credential::document::{DocumentRef, verify_document};
use milchglas_credential::error::Error;
use milchglas_credential::presentation::{Precomputed, Presentation, Verified};
use milchglas_credential::request::{Ask, CredentialAsk, Request, RequestFields, SignedRequest, SigningKey};
use milchglas_credential::schema::Schema;
use milchglas_credential::scope::{PseudonymAsk, RateAsk};
use milchglas_credential::selection::{Selection, ShownAs};
use milchglas_tests::{SeededRng, TestIssuer, holder, national_id_json, only_selection, request, today, verifier_key};

struct World {
    schema: Schema,
    state: TestIssuer,
    tax: TestIssuer,
    erika: HolderSecret,
    hans: HolderSecret,
    card: Credential,
    tax_card: Credential,
    card_of_hans: Credential,
}

fn world() -> &'static World {
    static WORLD: OnceLock<World> = OnceLock::new();
    WORLD.get_or_init(|| {
        let mut rng = SeededRng::new("world");
        let schema = Schema::national_id().unwrap();
        let [state, tax] = ["state", "tax office"].map(|name| TestIssuer::new(name, vec![schema.clone()]).unwrap());
        let [erika, hans] = ["erika", "hans"].map(|seed| holder(seed).unwrap());
        let mut issue = |issuer: &TestIssuer, k: &HolderSecret| {
            let claims = Claims::from_json(&schema, &national_id_json("1990-01-31")).unwrap();
            issuer.issue(&schema, k, claims, &mut rng).unwrap()
        };
        let (card, tax_card, card_of_hans) = (issue(&state, &erika), issue(&tax, &erika), issue(&state, &hans));
        World { schema, state, tax, erika, hans, card, tax_card, card_of_hans }
    })
}

fn pseudonym(scope: &str) -> Option<PseudonymAsk> {
    Some(PseudonymAsk { scope: scope.parse().unwrap() })
}

fn rate(scope: &str, epoch: &str, limit: u16) -> Option<RateAsk> {
    Some(RateAsk { scope: scope.parse().unwrap(), epoch: epoch.parse().unwrap(), limit })
}

fn plain() -> CredentialAsk {
    world().state.ask("card", &world().schema, &[], Vec::new()).unwrap()
}

fn named(scope: &str) -> Ask {
    Ask::Credential(CredentialAsk { pseudonym: pseudonym(scope), ..plain() })
}

fn counted(scope: &str, epoch: &str, limit: u16) -> Ask {
    Ask::Credential(CredentialAsk { rate: rate(scope, epoch, limit), ..plain() })
}

fn asked(ask: Ask) -> Request {
    request("scopes", today(), ask).unwrap()
}

fn edited(request: &Request, edit: impl FnOnce(&mut RequestFields)) -> Request {
    let mut fields = request.fields().clone();
    edit(&mut fields);
    Request::new(fields).unwrap()
}

fn leaf(fields: &mut RequestFields) -> &mut CredentialAsk {
    match &mut fields.ask {
        Ask::Credential(ask) => ask,
        Ask::All(_) | Ask::Any(_) => panic!("one credential"),
    }
}

fn answer_as(request: &Request, k: &HolderSecret, card: &Credential, counters: &[u16]) -> Result<Presentation, Error> {
    let plan = compile(request, only_selection(1), &[&world().state.parameters])?;
    let credentials = [card];
    let holdings = Holdings::new(k, &credentials).with_counters(counters);
    Presentation::create(&plan, &holdings, b"", &mut SeededRng::new("answer"))
}

fn answer(request: &Request, counters: &[u16]) -> Result<Presentation, Error> {
    answer_as(request, &world().erika, &world().card, counters)
}

fn verify(presentation: &Presentation, request: &Request) -> Result<Verified, Error> {
    let world = world();
    presentation.verify(request, &[&world.state.parameters, &world.tax.parameters], &mut SeededRng::new("weights"))
}

fn name_in(request: &Request) -> Pseudonym {
    verify(&answer(request, &[]).unwrap(), request).unwrap().credentials()[0].pseudonym().unwrap()
}

fn token_in(request: &Request, counter: u16) -> Token {
    verify(&answer(request, &[counter]).unwrap(), request).unwrap().credentials()[0].token().unwrap()
}

#[test]
fn recognises_a_holder_inside_one_scope_only() {
    let first = asked(named("customers"));
    let again = edited(&first, |fields| {
        fields.nonce = RequestNonce([1; 16]);
        fields.purpose = "Come in again".into();
        fields.verifier.name = "Café Glas (new owner)".into();
    });
    assert_eq!(name_in(&first), name_in(&again));
    assert_eq!(name_in(&first).to_string().len(), 96);

    let mut names = BTreeSet::from([name_in(&first)]);
    let mut other = |what: &str, request: &Request| assert!(names.insert(name_in(request)), "{what}");
    other("another scope", &asked(named("customer")));
    other(
        "origin with a port",
        &edited(&first, |it| it.verifier.origin = "https://cafe.example:8443".parse().unwrap()),
    );
    other("subdomain", &edited(&first, |it| it.verifier.origin = "https://www.cafe.example".parse().unwrap()));
    other("look-alike", &edited(&first, |it| it.verifier.origin = "https://caf-e.example".parse().unwrap()));
    other("homograph", &edited(&first, |it| it.verifier.origin = "https://xn--caf-dma.example".parse().unwrap()));
    other(
        "another key",
        &edited(&first, |it| {
            it.verifier.key = VerifierKey(SigningKey::from_bytes(&[8; 32]).verifying_key().to_bytes());
        }),
    );
    // What stands on either side of the boundary between origin and scope counts.
    other(
        "moved boundary",
        &edited(&first, |it| {
            it.verifier.origin = "https://cafe.examplec".parse().unwrap();
            leaf(it).pseudonym = pseudonym("ustomers");
        }),
    );

    let hans = answer_as(&first, &world().hans, &world().card_of_hans, &[]).unwrap();
    let hans = verify(&hans, &first).unwrap().credentials()[0].pseudonym().unwrap();
    assert!(!names.contains(&hans));
}

#[test]
fn spells_no_scope_in_two_ways() {
    for text in ["Customers", "customers ", "customers\u{0}", "сustomers", "customers/", "-customers", ""] {
        assert!(text.parse::<milchglas_credential::text::ScopeText>().is_err(), "{text:?}");
    }
}

#[test]
fn names_the_same_person_under_any_of_her_cards() {
    let world = world();
    let of = |issuer: &TestIssuer, name: &str| {
        let ask = issuer.ask(name, &world.schema, &[], Vec::new()).unwrap();
        Ask::Credential(CredentialAsk { pseudonym: pseudonym("customers"), ..ask })
    };
    let request = asked(Ask::Any(vec![of(&world.state, "card"), of(&world.tax, "tax")]));
    let parameters = [&world.state.parameters, &world.tax.parameters];
    let names: Vec<Pseudonym> = [&world.card, &world.tax_card]
        .into_iter()
        .zip(0u8..)
        .map(|(card, branch)| {
            let selection =
                Selection { branches: vec![branch], shown: vec![ShownAs { accept: 0, key: 0, schema: 0, back: 0 }] };
            let plan = compile(&request, selection, &parameters).unwrap();
            let holdings = Holdings::new(&world.erika, std::slice::from_ref(&card));
            let presentation = Presentation::create(&plan, &holdings, b"", &mut SeededRng::new("answer")).unwrap();
            verify(&presentation, &request).unwrap().credentials()[0].pseudonym().unwrap()
        })
        .collect();
    assert_eq!(names[0], names[1]);
}

#[test]
fn gives_each_holder_as_many_tokens_as_the_limit() {
    let request = asked(counted("accounts", "2026", 3));
    let mut tokens: BTreeSet<Token> = (0..3).map(|counter| token_in(&request, counter)).collect();
    assert_eq!(tokens.len(), 3);
    assert_eq!(answer(&request, &[3]).err(), Some(Error::Unsatisfied));
    assert_eq!(answer(&request, &[u16::MAX]).err(), Some(Error::Unsatisfied));
    for counters in [&[][..], &[0, 1]] {
        assert!(matches!(answer(&request, counters), Err(Error::Misuse(_))));
    }
    // A raised limit adds tokens and repeats the others.
    let raised = asked(counted("accounts", "2026", 4));
    assert!((0..3).all(|counter| tokens.contains(&token_in(&raised, counter))));
    assert!(tokens.insert(token_in(&raised, 3)));
    // Another epoch, scope, verifier or person: others.
    for counter in 0..3 {
        assert!(tokens.insert(token_in(&asked(counted("accounts", "2027", 3)), counter)));
        assert!(tokens.insert(token_in(&asked(counted("account", "2026", 3)), counter)));
        let moved = edited(&request, |it| it.verifier.origin = "https://cafe.example:8443".parse().unwrap());
        assert!(tokens.insert(token_in(&moved, counter)));
        let hans = answer_as(&request, &world().hans, &world().card_of_hans, &[counter]).unwrap();
        assert!(tokens.insert(verify(&hans, &request).unwrap().credentials()[0].token().unwrap()));
    }
}

#[test]
fn gives_one_token_where_one_is_the_limit() {
    let request = asked(counted("ic-703", "2026-11-24", 1));
    let later = edited(&request, |fields| fields.nonce = RequestNonce([2; 16]));
    assert_eq!(token_in(&request, 0), token_in(&later, 0));
    assert_eq!(answer(&request, &[1]).err(), Some(Error::Unsatisfied));
    // It is the first of those that a higher limit gives.
    assert_eq!(token_in(&request, 0), token_in(&asked(counted("ic-703", "2026-11-24", 5)), 0));
}

type Change = fn(&mut RequestFields);

#[test]
fn rejects_a_scope_that_was_edited_after_proving() {
    let both = CredentialAsk { pseudonym: pseudonym("s"), rate: rate("s", "1", 3), ..plain() };
    let request = asked(Ask::Credential(both));
    let presentation = answer(&request, &[2]).unwrap();
    let told = verify(&presentation, &request).unwrap();
    assert_ne!(told.credentials()[0].pseudonym().unwrap().0, told.credentials()[0].token().unwrap().0);
    let changes: [(&str, Change); 8] = [
        ("scope of the name", |it| leaf(it).pseudonym = pseudonym("t")),
        ("no name", |it| leaf(it).pseudonym = None),
        ("scope of the token", |it| leaf(it).rate = rate("t", "1", 3)),
        ("epoch", |it| leaf(it).rate = rate("s", "2", 3)),
        ("higher limit", |it| leaf(it).rate = rate("s", "1", 4)),
        ("lower limit", |it| leaf(it).rate = rate("s", "1", 2)),
        ("no token", |it| leaf(it).rate = None),
        ("origin", |it| it.verifier.origin = "https://cafe.example:444".parse().unwrap()),
    ];
    for (what, change) in changes {
        assert!(verify(&presentation, &edited(&request, change)).is_err(), "{what}");
    }
}

#[test]
fn rejects_a_name_or_token_of_somebody_else_in_a_proof() {
    let both = CredentialAsk { pseudonym: pseudonym("s"), rate: rate("s", "1", 3), ..plain() };
    let request = asked(Ask::Credential(both));
    let world = world();
    let own = answer(&request, &[0]).unwrap().to_bytes();
    let told = verify(&Presentation::from_bytes(&own).unwrap(), &request).unwrap();
    let hans = answer_as(&request, &world.hans, &world.card_of_hans, &[0]).unwrap();
    let hans = verify(&hans, &request).unwrap();
    let replace = |old: [u8; 48], new: [u8; 48]| {
        let at = own.windows(48).position(|part| part == old).expect("the proof sends it");
        let mut forged = own.clone();
        forged[at..at + 48].copy_from_slice(&new);
        assert!(verify(&Presentation::from_bytes(&forged).unwrap(), &request).is_err());
    };
    let [own_shown, hans_shown] = [&told, &hans].map(|verified| &verified.credentials()[0]);
    replace(own_shown.pseudonym().unwrap().0, hans_shown.pseudonym().unwrap().0);
    replace(own_shown.token().unwrap().0, hans_shown.token().unwrap().0);
    replace(own_shown.token().unwrap().0, own_shown.pseudonym().unwrap().0);
    // Another of her own tokens, which this proof is not about.
    let next = verify(&answer(&request, &[1]).unwrap(), &request).unwrap();
    replace(own_shown.token().unwrap().0, next.credentials()[0].token().unwrap().0);
    // A secret that the card was not issued for proves nothing.
    let foreign = answer_as(&request, &world.hans, &world.card, &[0]);
    assert!(foreign.is_err() || verify(&foreign.unwrap(), &request).is_err());
}

#[test]
fn answers_in_advance_with_a_name_for_one_verifier_and_never_with_a_token() {
    let world = world();
    let parameters = [&world.state.parameters];
    let request = asked(named("customers"));
    let precompute = |request: &Request, counters: &[u16]| {
        let plan = compile(request, only_selection(1), &parameters).unwrap();
        let credentials = [&world.card];
        let holdings = Holdings::new(&world.erika, &credentials).with_counters(counters);
        Precomputed::create(&plan, &holdings, b"1", &mut SeededRng::new("early"))
    };
    let early = precompute(&request, &[]).unwrap();
    let elsewhere = edited(&request, |it| it.verifier.origin = "https://cafe.example:444".parse().unwrap());
    assert!(!early.fits(&compile(&elsewhere, only_selection(1), &parameters).unwrap()));
    let later = edited(&request, |it| it.nonce = RequestNonce([3; 16]));
    let plan = compile(&later, only_selection(1), &parameters).unwrap();
    assert!(early.fits(&plan));
    let name = verify(&early.answer(&plan).unwrap(), &later).unwrap().credentials()[0].pseudonym().unwrap();
    assert_eq!(name, name_in(&request));
    assert!(matches!(precompute(&asked(counted("s", "1", 3)), &[0]), Err(Error::Misuse(_))));
}

#[test]
fn signs_a_document_that_anybody_can_check_later() {
    let world = world();
    let contract = b"Account contract, version 3";
    let document = DocumentRef { title: "Account contract".into(), sha256: DocumentDigest::of(contract) };
    let request = edited(&asked(named("customers")), |it| it.document = Some(document.clone()));
    let presentation = answer(&request, &[]).unwrap().to_bytes();
    let signed = request.sign(&verifier_key()).unwrap().to_bytes();
    let check = |request: &[u8], presentation: &[u8], document: &[u8]| {
        let parameters = [&world.state.parameters];
        verify_document(request, presentation, DocumentDigest::of(document), &parameters, &mut SeededRng::new("w"))
    };
    let signature = check(&signed, &presentation, contract).unwrap();
    assert_eq!(signature.request().request().fields().document, Some(document));
    assert!(signature.verified().credentials()[0].pseudonym().is_some());

    assert!(matches!(check(&signed, &presentation, b"Account contract, version 4"), Err(Error::Unfit { .. })));
    let sign = |request: &Request| request.sign(&verifier_key()).unwrap().to_bytes();
    // The same proof under a request for another document, title or none.
    let changes: [&dyn Fn(&mut RequestFields); 3] = [
        &|it| it.document.as_mut().unwrap().sha256 = DocumentDigest::of(b"another"),
        &|it| it.document.as_mut().unwrap().title.push('!'),
        &|it| it.document = None,
    ];
    for change in changes {
        let other = edited(&request, change);
        for document in [&contract[..], b"another"] {
            assert!(check(&sign(&other), &presentation, document).is_err());
        }
    }
    for at in (0..presentation.len()).step_by(7) {
        let mut bad = presentation.clone();
        bad[at] ^= 1;
        assert!(check(&signed, &bad, contract).is_err(), "byte {at}");
    }
    let mut unsigned = signed.clone();
    *unsigned.last_mut().unwrap() ^= 1;
    assert_eq!(check(&unsigned, &presentation, contract).err(), Some(Error::Invalid));
    // The pair stands for what it was: an authentic request.
    assert!(SignedRequest::verify(&signed).is_ok());
}
