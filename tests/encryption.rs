//! Encryption for an inspector: what is accepted opens to the handle that the card certifies, by t shareholders and no fewer; whatever
//! was put together otherwise does not.

#![allow(non_snake_case)]

use std::sync::OnceLock;

use milchglas_credential::case::Case;
use milchglas_credential::cbor::{Reader, Writer};
use milchglas_credential::claim::Claims;
use milchglas_credential::credential::{Credential, HolderSecret};
use milchglas_credential::digest::{CaseDigest, InspectorDigest};
use milchglas_credential::encrypt_to::{EncryptAsk, InspectorKey};
use milchglas_credential::inspector::{Inspector, InspectorContent};
use milchglas_credential::presentation::{Presentation, Verified};
use milchglas_credential::request::{Ask, CredentialAsk, Request, SigningKey};
use milchglas_credential::schema::Schema;
use milchglas_credential::selection::Selection;
use milchglas_credential::text::Label;
use milchglas_curve::{Expander, G1, NonZeroG1, Scalar};
use milchglas_inspector::{Error, OpeningShare, Refusal, SecretShare, VerifiedCase, combine, deal};
use milchglas_sigma::{Commitment, Prover, Statement, System, Transcript, Var, Verifier};
use milchglas_statements::{Encryption, inspector_base};
use milchglas_tests::anchored::anchor;
use milchglas_tests::{SeededRng, TestIssuer, holder, national_id_json, present, request, today, verifier_key};
use proptest::prelude::*;
use rand_core::CryptoRngCore;

const LABEL: &str = "stay 17, 2026-11-23 to 2026-11-25";
const PURPOSE: &str = "a crime in the house, by order of a court";

struct World {
    schema: Schema,
    state: TestIssuer,
    erika: HolderSecret,
    card: Credential,
    second_card: Credential,
    court: Inspector,
    shares: Vec<SecretShare>,
    other_court: Inspector,
    other_shares: Vec<SecretShare>,
}

fn world() -> &'static World {
    static WORLD: OnceLock<World> = OnceLock::new();
    WORLD.get_or_init(|| {
        let mut rng = SeededRng::new("inspection");
        let schema = Schema::national_id().unwrap();
        let state = TestIssuer::new("state", vec![schema.clone()]).unwrap();
        let erika = holder("erika").unwrap();
        let mut issue = || {
            let claims = Claims::from_json(&schema, &national_id_json("1990-01-31")).unwrap();
            state.issue(&schema, &erika, claims, &mut rng).unwrap()
        };
        let (card, second_card) = (issue(), issue());
        let (court, shares) = deal("Registry Court", 2, 3, &mut rng).unwrap();
        let (other_court, other_shares) = deal("Other Court", 2, 3, &mut rng).unwrap();
        World { schema, state, erika, card, second_card, court, shares, other_court, other_shares }
    })
}

fn ask(name: &str, inspector: &Inspector) -> CredentialAsk {
    let encrypt_to = EncryptAsk { inspector: inspector.reference(), label: LABEL.into(), purpose: PURPOSE.into() };
    let world = world();
    let ask = world.state.ask(name, &world.schema, &["surname"], vec![]).unwrap();
    CredentialAsk { encrypt_to: Some(encrypt_to), ..ask }
}

fn asked(seed: &str) -> Request {
    request(seed, today(), Ask::Credential(ask("guest", &world().court))).unwrap()
}

fn answer(request: &Request, card: &Credential) -> Presentation {
    let world = world();
    present(request, &[&world.state.parameters], &world.erika, &[card], &mut SeededRng::new("answer")).unwrap()
}

fn check(presentation: &[u8], request: &Request) -> Result<Verified, milchglas_credential::error::Error> {
    let parameters = [&world().state.parameters];
    Presentation::from_bytes(presentation)?.verify(request, &parameters, &mut SeededRng::new("weights"))
}

fn case_of(request: &Request, presentation: &Presentation) -> Case {
    let signed = request.sign(&verifier_key()).unwrap();
    Case { request: signed.to_bytes(), presentation: presentation.to_bytes() }
}

fn verified(case: &Case, inspector: &Inspector, credential: Option<&str>) -> Result<VerifiedCase, Error> {
    let credential: Option<Label> = credential.map(|name| name.parse().unwrap());
    let parameters = [&world().state.parameters];
    VerifiedCase::verify(&case.to_bytes(), inspector, &parameters, credential.as_ref(), &mut SeededRng::new("weights"))
}

/// A case of the first card under this seed.
fn case(seed: &str) -> VerifiedCase {
    let request = asked(seed);
    verified(&case_of(&request, &answer(&request, &world().card)), &world().court, None).unwrap()
}

fn release(share: &SecretShare, case: &VerifiedCase) -> OpeningShare {
    share.release(case, LABEL, PURPOSE, &mut SeededRng::new("release")).unwrap()
}

fn open(case: &VerifiedCase, shares: &[OpeningShare]) -> Result<[u8; 48], Refusal> {
    let opened = combine(case, &world().court, shares, &mut SeededRng::new("weights"));
    opened.map(|opened| opened.to_bytes()).map_err(|error| {
        let Error::Refused(refusal) = error else { panic!("{error}") };
        refusal
    })
}

/// The parts of a presentation, to be exchanged.
fn with_proof(presentation: &Presentation, proof: &[u8]) -> Vec<u8> {
    let bytes = presentation.to_bytes();
    let mut input = Reader::new(&bytes);
    input.array(5, "").unwrap();
    input.text(8, "").unwrap();
    let nonce: milchglas_credential::digest::RequestNonce = input.object().unwrap();
    let selection: Selection = input.object().unwrap();
    let lists = input.array_up_to(16, "").unwrap();
    let disclosed: Vec<Vec<milchglas_credential::claim::Value>> =
        (0..lists).map(|_| input.list(64, "").unwrap()).collect();
    let mut out = Writer::new();
    out.array(5).text("P1").object(&nonce).object(&selection).array(disclosed.len());
    for values in &disclosed {
        out.list(values.iter());
    }
    out.bytes(proof);
    out.into_bytes()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn opens_every_accepted_case_to_the_certified_handle(
        seed in any::<u64>(),
        second in any::<bool>(),
        of in Just(vec![0usize, 1, 2]).prop_shuffle(),
        count in 2usize..=3,
    ) {
        let world = world();
        let request = asked(&seed.to_string());
        let card = if second { &world.second_card } else { &world.card };
        let case = verified(&case_of(&request, &answer(&request, card)), &world.court, None).unwrap();
        let shares: Vec<OpeningShare> = of[..count].iter().map(|&n| release(&world.shares[n], &case)).collect();
        prop_assert_eq!(open(&case, &shares).unwrap(), card.handle().inspector_point().to_bytes());
        // One alone opens nothing.
        prop_assert_eq!(open(&case, &shares[..1]), Err(Refusal::TooFew { have: 1, need: 2 }));
    }
}

#[test]
fn opens_each_card_of_a_case_by_its_name() {
    let world = world();
    let both =
        Ask::All(vec![Ask::Credential(ask("first", &world.court)), Ask::Credential(ask("second", &world.court))]);
    let request = request("both", today(), both).unwrap();
    let parameters = [&world.state.parameters];
    let cards = [&world.card, &world.second_card];
    let presentation = present(&request, &parameters, &world.erika, &cards, &mut SeededRng::new("both")).unwrap();
    let case = case_of(&request, &presentation);
    assert_eq!(verified(&case, &world.court, None).unwrap_err(), Refusal::WhichCredential.into());
    assert_eq!(verified(&case, &world.court, Some("third")).unwrap_err(), Refusal::NotForThisInspector.into());
    let [first, second] = ["first", "second"].map(|name| verified(&case, &world.court, Some(name)).unwrap());
    let [of_first, of_second] =
        [&first, &second].map(|case| world.shares[..2].iter().map(|share| release(share, case)).collect::<Vec<_>>());
    assert_eq!(open(&first, &of_first).unwrap(), world.card.handle().inspector_point().to_bytes());
    assert_eq!(open(&second, &of_second).unwrap(), world.second_card.handle().inspector_point().to_bytes());
    assert_eq!(open(&first, &of_second), Err(Refusal::OtherCase { index: 1 }));
}

#[test]
fn costs_three_points_and_a_response() {
    let world = world();
    let encrypted = asked("size");
    let plain_ask = CredentialAsk { encrypt_to: None, ..ask("guest", &world.court) };
    let plain = request("size", today(), Ask::Credential(plain_ask)).unwrap();
    let [encrypted, plain] = [encrypted, plain].map(|request| answer(&request, &world.card).proof().len());
    assert_eq!(encrypted, plain + 3 * 48 + 32);
}

#[test]
fn looks_the_same_for_every_card_and_time() {
    let request = asked("look");
    let world = world();
    let [a, b] = [&world.card, &world.second_card].map(|card| answer(&request, card));
    assert_eq!(a.to_bytes().len(), b.to_bytes().len());
    let points =
        |presentation: &Presentation| -> Vec<[u8; 48]> { presentation.proof()[..5 * 48].as_chunks().0.to_vec() };
    let again = present(&request, &[&world.state.parameters], &world.erika, &[&world.card], &mut SeededRng::new("2"));
    let again = again.unwrap();
    for (other, point) in
        [&b, &again].iter().flat_map(|other| points(other)).flat_map(|x| points(&a).into_iter().map(move |y| (x, y)))
    {
        assert_ne!(other, point);
    }
    let handle = world.card.handle().inspector_point().to_bytes();
    assert!(!points(&a).contains(&handle));
}

#[test]
fn rejects_a_ciphertext_left_out_added_or_made_under_another_request() {
    let world = world();
    let request_with = |edit: &dyn Fn(&mut CredentialAsk)| {
        let mut ask = ask("guest", &world.court);
        edit(&mut ask);
        request("forge", today(), Ask::Credential(ask)).unwrap()
    };
    let honest = request_with(&|_| ());
    let presentation = answer(&honest, &world.card);
    check(&presentation.to_bytes(), &honest).unwrap();
    let to = |ask: &mut CredentialAsk, edit: &dyn Fn(&mut EncryptAsk)| edit(ask.encrypt_to.as_mut().unwrap());
    let others = [
        ("none", request_with(&|ask| ask.encrypt_to = None)),
        ("key", request_with(&|ask| to(ask, &|it| it.inspector.key = world.other_court.key()))),
        ("file", request_with(&|ask| to(ask, &|it| it.inspector.digest = InspectorDigest([9; 32])))),
        ("name", request_with(&|ask| to(ask, &|it| it.inspector.name.push('!')))),
        ("label", request_with(&|ask| to(ask, &|it| it.label.push('8')))),
        ("purpose", request_with(&|ask| to(ask, &|it| it.purpose.push('.')))),
    ];
    for (what, other) in &others {
        // The nonce is the same in all of them, so it is the proof that fails.
        assert!(check(&presentation.to_bytes(), other).is_err(), "{what}");
        assert!(check(&answer(other, &world.card).to_bytes(), &honest).is_err(), "{what}, reversed");
        // The ciphertext of one proof in the other.
        let foreign = answer(other, &world.card);
        if foreign.proof().len() == presentation.proof().len() {
            let mut proof = presentation.proof().to_vec();
            proof[2 * 48..5 * 48].copy_from_slice(&foreign.proof()[2 * 48..5 * 48]);
            assert!(check(&with_proof(&presentation, &proof), &honest).is_err(), "{what}, spliced");
        }
    }
}

#[test]
fn rejects_points_of_another_answer_and_of_another_card() {
    let world = world();
    let (first, second) = (asked("first"), asked("second"));
    let honest = answer(&first, &world.card);
    for foreign in [answer(&second, &world.card), answer(&first, &world.second_card)] {
        assert!(check(&with_proof(&honest, honest.proof()), &first).is_ok(), "the splicing itself is harmless");
        for points in [2..3, 3..4, 4..5, 2..4, 3..5, 2..5] {
            let mut proof = honest.proof().to_vec();
            let bytes = points.start * 48..points.end * 48;
            proof[bytes.clone()].copy_from_slice(&foreign.proof()[bytes]);
            assert!(check(&with_proof(&honest, &proof), &first).is_err(), "{points:?}");
        }
    }
    // E1 and E2 exchanged; a point left out; one more; a byte more.
    let proof = honest.proof();
    for forged in [
        [&proof[..2 * 48], &proof[3 * 48..4 * 48], &proof[2 * 48..3 * 48], &proof[4 * 48..]].concat(),
        [&proof[..4 * 48], &proof[5 * 48..]].concat(),
        [&proof[..5 * 48], &proof[4 * 48..]].concat(),
        [proof, &[0]].concat(),
    ] {
        assert!(check(&with_proof(&honest, &forged), &first).is_err());
    }
}

#[test]
fn rejects_every_flipped_byte_of_the_proof() {
    let request = asked("flip");
    let honest = answer(&request, &world().card);
    for at in 2 * 48..honest.proof().len() {
        let mut proof = honest.proof().to_vec();
        proof[at] ^= 1 << (at % 8);
        assert!(check(&with_proof(&honest, &proof), &request).is_err(), "byte {at}");
    }
}

/// Sends what it likes, under the equations of an encryption.
struct Dishonest<'a> {
    inner: Encryption,
    points: &'a dyn Fn(Scalar) -> [G1; 3],
}

impl Statement for Dishonest<'_> {
    type Witness = ();
    fn points(&self) -> usize {
        self.inner.points()
    }
    fn commit(&self, (): &(), mut rng: &mut dyn CryptoRngCore) -> Result<Commitment, milchglas_sigma::Error> {
        let r = Scalar::random(&mut rng);
        let points = (self.points)(r).map(|point| point.to_nonzero().unwrap()).to_vec();
        Ok(Commitment { points, secrets: vec![r], multiples: Vec::new() })
    }
    fn constrain(
        &self,
        inputs: &[Var],
        points: &[NonZeroG1],
        system: &mut System,
    ) -> Result<(), milchglas_sigma::Error> {
        self.inner.constrain(inputs, points, system)
    }
}

/// The points for a witness r.
type Sent<'a> = &'a dyn Fn(Scalar) -> [G1; 3];

#[test]
fn rejects_a_statement_whose_points_are_otherwise_made() {
    let inner = Encryption { key: world().court.key().0 };
    let (h, other) = (Scalar::from(1789), Scalar::from(1790));
    let G = G1::generator();
    let check = G1::hash(Expander::XmdSha256, b"", b"MILCHGLAS-V1-INSPECTOR-CHECK");
    let handle = |h: Scalar| inspector_base().mul(&h);
    let foreign = NonZeroG1::generator() * Scalar::from(5);
    let two = Scalar::from(2);
    let forged: [(&str, bool, Sent<'_>); 8] = [
        ("honest", true, &|r| [G * r, handle(h) + inner.key * r, check * r]),
        ("another handle", false, &|r| [G * r, handle(other) + inner.key * r, check * r]),
        ("another key", false, &|r| [G * r, handle(h) + foreign * r, check * r]),
        ("other randomness in E1", false, &|r| [G * (r + r), handle(h) + inner.key * r, check * r]),
        ("other randomness in E2", false, &|r| [G * r, handle(h) + inner.key * (r * two), check * r]),
        ("other randomness in the check", false, &|r| [G * r, handle(h) + inner.key * r, check * (r + r)]),
        ("no key", false, &|r| [G * r, handle(h), check * r]),
        ("the handle in E1", false, &|r| [G * r + handle(h), inner.key * r, check * r]),
    ];
    for (what, holds, points) in forged {
        let statement = Dishonest { inner, points };
        let mut rng = SeededRng::new("dishonest");
        let anchor = anchor(h);
        let mut prover = Prover::new(Transcript::new(b"test"), vec![h], b"", &mut rng);
        let inputs = prover.inputs();
        prover.add(&anchor, &inputs, &()).unwrap();
        prover.add(&statement, &inputs, &()).unwrap();
        let proof = prover.prove(&mut rng).unwrap();
        let mut verifier = Verifier::new(Transcript::new(b"test"), 1, &proof);
        let inputs = verifier.inputs();
        verifier.add(&anchor, &inputs).unwrap();
        verifier.add(&inner, &inputs).unwrap();
        let accepted = verifier.verify().and_then(|pairings| pairings.check(&mut rng)).is_ok();
        assert_eq!(accepted, holds, "{what}");
    }
}

#[test]
fn refuses_cases_that_do_not_hold_or_are_for_others() {
    let world = world();
    let request = asked("case");
    let presentation = answer(&request, &world.card);
    let honest = case_of(&request, &presentation);
    verified(&honest, &world.court, None).unwrap();
    assert_eq!(verified(&honest, &world.other_court, None).unwrap_err(), Refusal::NotForThisInspector.into());

    // Not signed by the key that the request names.
    let mut altered = honest.clone();
    *altered.request.last_mut().unwrap() ^= 1;
    assert_eq!(verified(&altered, &world.court, None).unwrap_err(), Refusal::BadRequest.into());
    // The answer to another request.
    let other = asked("another case");
    let crossed = Case { request: other.sign(&verifier_key()).unwrap().to_bytes(), ..honest.clone() };
    assert_eq!(verified(&crossed, &world.court, None).unwrap_err(), Refusal::NotProven.into());
    // Another label, purpose, inspector put into the request afterwards, signed anew by a dishonest verifier.
    for edit in [
        &(|ask: &mut EncryptAsk| ask.label = "stay 18".into()) as &dyn Fn(&mut EncryptAsk),
        &|ask| ask.purpose = "curiosity".into(),
        &|ask| ask.inspector = world.other_court.reference(),
    ] {
        let mut relabelled = ask("guest", &world.court);
        edit(relabelled.encrypt_to.as_mut().unwrap());
        let relabelled = milchglas_tests::request("case", today(), Ask::Credential(relabelled)).unwrap();
        let forged = Case { request: relabelled.sign(&verifier_key()).unwrap().to_bytes(), ..honest.clone() };
        for court in [&world.court, &world.other_court] {
            assert_eq!(verified(&forged, court, None).unwrap_err(), Refusal::NotProven.into());
        }
    }
    // A shareholder who does not know the issuer can not check.
    let unknown = VerifiedCase::verify(&honest.to_bytes(), &world.court, &[], None, &mut SeededRng::new("w"));
    assert_eq!(unknown.unwrap_err(), Refusal::UnknownIssuer(world.state.parameters.digest()).into());
    // Every byte, and one more or less.
    let bytes = honest.to_bytes();
    let parameters = [&world.state.parameters];
    let refuses =
        |bytes: &[u8]| VerifiedCase::verify(bytes, &world.court, &parameters, None, &mut SeededRng::new("w")).is_err();
    for at in (0..bytes.len()).step_by(7) {
        let mut flipped = bytes.clone();
        flipped[at] ^= 1 << (at % 8);
        assert!(refuses(&flipped), "byte {at}");
    }
    assert!(refuses(&bytes[..bytes.len() - 1]) && refuses(&[&bytes[..], &[0]].concat()) && refuses(&[]));
}

#[test]
fn releases_shares_only_for_the_label_and_purpose_that_are_to_be_opened() {
    let world = world();
    let case = case("told");
    let mut rng = SeededRng::new("told");
    let told = |share: &SecretShare, label: &str, purpose: &str, rng: &mut SeededRng| {
        share.release(&case, label, purpose, rng).map(|_| ())
    };
    assert_eq!(told(&world.shares[0], LABEL, PURPOSE, &mut rng), Ok(()));
    assert_eq!(told(&world.shares[0], "stay 18", PURPOSE, &mut rng), Err(Refusal::OtherLabel.into()));
    assert_eq!(told(&world.shares[0], LABEL, "curiosity", &mut rng), Err(Refusal::OtherPurpose.into()));
    assert_eq!(told(&world.other_shares[0], LABEL, PURPOSE, &mut rng), Err(Refusal::NotForThisInspector.into()));
}

/// A share's seven items, to be exchanged.
struct Parts(InspectorDigest, CaseDigest, Label, u64, Vec<u8>, Vec<u8>);

impl Parts {
    fn of(share: &OpeningShare) -> Self {
        let bytes = share.to_bytes();
        let mut input = Reader::new(&bytes);
        input.array(7, "").unwrap();
        input.text(64, "").unwrap();
        let (inspector, case, name) = (input.object().unwrap(), input.object().unwrap(), input.object().unwrap());
        let index = input.uint("").unwrap();
        let mut bytes = || input.bytes_up_to(64, "").unwrap().to_vec();
        Self(inspector, case, name, index, bytes(), bytes())
    }

    fn share(&self) -> Result<OpeningShare, Error> {
        let mut out = Writer::new();
        out.array(7).text("milchglas opening share/1").object(&self.0).object(&self.1).object(&self.2);
        out.uint(self.3).bytes(&self.4).bytes(&self.5);
        OpeningShare::from_bytes(&out.into_bytes())
    }
}

#[test]
fn refuses_forged_foreign_and_repeated_shares_and_names_them() {
    let world = world();
    let (case, later) = (case("shares"), case("later shares"));
    let honest: Vec<OpeningShare> = world.shares.iter().map(|share| release(share, &case)).collect();
    let of_later: Vec<OpeningShare> = world.shares.iter().map(|share| release(share, &later)).collect();
    let right = world.card.handle().inspector_point().to_bytes();
    assert_eq!(open(&case, &honest).unwrap(), right);
    assert_eq!(open(&case, &honest[1..]).unwrap(), right);

    assert_eq!(open(&case, &[]), Err(Refusal::TooFew { have: 0, need: 2 }));
    let twice = [honest[1].clone(), honest[1].clone()];
    assert_eq!(open(&case, &twice), Err(Refusal::Duplicate { index: 2 }));
    assert_eq!(open(&case, &[honest[0].clone(), of_later[1].clone()]), Err(Refusal::OtherCase { index: 2 }));

    let forge = |edit: &dyn Fn(&mut Parts)| {
        let mut parts = Parts::of(&honest[2]);
        edit(&mut parts);
        open(&case, &[honest[0].clone(), parts.share().unwrap()])
    };
    assert_eq!(forge(&|_| ()), Ok(right));
    // The later case's share passed off as this one's: the transcript, and the point, are another's.
    let stolen = Parts::of(&of_later[2]);
    let bad = Err(Refusal::BadShare { index: 3 });
    assert_eq!(forge(&|parts| (parts.4, parts.5) = (stolen.4.clone(), stolen.5.clone())), bad);
    assert_eq!(forge(&|parts| parts.4 = stolen.4.clone()), bad);
    assert_eq!(forge(&|parts| parts.5 = stolen.5.clone()), bad);
    // Another shareholder's under this number, and this one's under another number.
    let first = Parts::of(&honest[0]);
    assert_eq!(forge(&|parts| (parts.4, parts.5) = (first.4.clone(), first.5.clone())), bad);
    assert_eq!(forge(&|parts| parts.3 = 2), Err(Refusal::BadShare { index: 2 }));
    assert_eq!(forge(&|parts| parts.3 = 4), Err(Refusal::UnknownShareholder { index: 4 }));
    assert_eq!(forge(&|parts| parts.3 = 0), Err(Refusal::UnknownShareholder { index: 0 }));
    assert_eq!(forge(&|parts| parts.0 = world.other_court.digest()), Err(Refusal::ForeignShare { index: 3 }));
    assert_eq!(forge(&|parts| parts.2 = "other".parse().unwrap()), Err(Refusal::OtherCase { index: 3 }));
    // A point of the forger's choice, with the honest proof.
    assert_eq!(forge(&|parts| parts.4 = NonZeroG1::generator().to_bytes().to_vec()), bad);
    for bit in 0..512 {
        let flipped = forge(&|parts| parts.5[bit / 8] ^= 1 << (bit % 8));
        assert_eq!(flipped, bad, "bit {bit}");
    }
    let mut infinity = vec![0; 48];
    infinity[0] = 0xc0;
    let mut parts = Parts::of(&honest[2]);
    parts.4 = infinity;
    assert!(matches!(parts.share(), Err(Error::Input(_))));
    let bytes = honest[2].to_bytes();
    assert!(OpeningShare::from_bytes(&bytes[..bytes.len() - 1]).is_err());
    assert!(OpeningShare::from_bytes(&[&bytes[..], &[0]].concat()).is_err());
}

#[test]
fn interpolates_verification_keys_to_the_key() {
    for (threshold, shareholders) in [(2, 2), (2, 3), (3, 5), (16, 16)] {
        let mut rng = SeededRng::new("deal");
        let (inspector, shares) = deal("Court", threshold, shareholders, &mut rng).unwrap();
        assert_eq!(shares.len(), usize::from(shareholders));
        let scalar = |n: u8| Scalar::from(u64::from(n));
        // The last t of them.
        let points: Vec<u8> = (1..=shareholders).rev().take(threshold.into()).collect();
        let sum: G1 = points.iter().fold(G1::identity(), |sum, &j| {
            let others = points.iter().filter(|&&m| m != j);
            let weight = others.fold(Scalar::ONE, |w, &m| w * scalar(m) * (scalar(m) - scalar(j)).invert().unwrap());
            sum + *inspector.verification_key(j).unwrap() * weight
        });
        assert_eq!(sum.to_nonzero(), Some(inspector.key().0));
        assert!(inspector.verification_key(0).is_none() && inspector.verification_key(shareholders + 1).is_none());
        assert_eq!(Inspector::from_json(&inspector.to_json().unwrap()).unwrap(), inspector);
    }
}

#[test]
fn rejects_inspectors_that_break_a_rule() {
    let mut rng = SeededRng::new("rules");
    for (threshold, shareholders) in [(0, 3), (1, 1), (1, 3), (4, 3), (2, 17), (17, 17), (2, 255)] {
        assert!(matches!(deal("Court", threshold, shareholders, &mut rng), Err(Error::Misuse(_))));
    }
    for name in ["", " Court", "Co\u{202e}urt"] {
        assert!(matches!(deal(name, 2, 3, &mut rng), Err(Error::Input(_))), "{name:?}");
    }
    let key = SigningKey::from_bytes(&[5; 32]);
    let G = NonZeroG1::generator();
    let point = |n: u64| (G * Scalar::from(n)).to_nonzero().unwrap();
    let minus_one = (G * -Scalar::ONE).to_nonzero().unwrap();
    let sign = |shareholders: u8, commitments: Vec<NonZeroG1>| {
        Inspector::sign(InspectorContent { name: "Court".into(), shareholders, commitments }, &key)
    };
    assert!(sign(3, vec![G, point(2)]).is_ok());
    assert!(sign(3, vec![]).is_err() && sign(3, vec![G]).is_err() && sign(1, vec![G, G]).is_err());
    assert!(sign(17, vec![G, G]).is_err() && sign(16, vec![G; 17]).is_err());
    // f(1) = 1 − 1 = 0: the first share would be zero.
    assert!(sign(3, vec![G, minus_one]).is_err());

    let json = sign(3, vec![G, point(2)]).unwrap().to_json().unwrap();
    assert!(Inspector::from_json(&json).is_ok());
    let text = |n: u64| String::from(InspectorKey(point(n)));
    let infinity = format!("c0{}", "00".repeat(47));
    for (from, to) in [
        ("inspector/1", "inspector/2"),
        ("Court", "Couch"),
        ("\"threshold\": 2", "\"threshold\": 3"),
        ("\"threshold\": 2", "\"threshold\": 1"),
        ("\"shareholders\": 3", "\"shareholders\": 4"),
        ("\"shareholders\": 3", "\"shareholders\": 300"),
        ("\"name\"", "\"more\": 1, \"name\""),
        (&text(2), &text(3)),
        (&text(2), &infinity),
        (&text(2), &text(2).to_uppercase()),
    ] {
        let altered = json.replace(from, to);
        assert_ne!(altered, json, "{from}");
        assert!(Inspector::from_json(&altered).is_err(), "{from} → {to}");
    }
    assert!(Inspector::from_json(&format!("{json}{}", " ".repeat(1 << 13))).is_err());
}
