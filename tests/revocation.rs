//! Revocation from end to end: who is not revoked is accepted, and nobody else, whatever the prover tries.

#![allow(non_snake_case)]

use std::sync::LazyLock;

use milchglas_credential::cbor::{self, Writer};
use milchglas_credential::claim::Claims;
use milchglas_credential::compile::compile;
use milchglas_credential::credential::{Credential, HeldWitness, HolderSecret, Holdings};
use milchglas_credential::digest::AccumulatorBytes;
use milchglas_credential::error::Error;
use milchglas_credential::parameters::Parameters;
use milchglas_credential::predicate::Predicate;
use milchglas_credential::presentation::{Precomputed, Presentation, verify_all};
use milchglas_credential::request::{Ask, CredentialAsk, Request};
use milchglas_credential::revocation::{AcceptedEpochs, Epoch, EpochFile, Log, Update, Witness};
use milchglas_credential::schema::Schema;
use milchglas_credential::selection::Selection;
use milchglas_curve::{Expander, G1, NonZeroG1, NonZeroG2, Scalar};
use milchglas_sigma::{
    Commitment, Error as ProofError, FixedPoint, Multiple, PairingKey, Statement, System, Term, Var,
};
use milchglas_statements::{
    Accumulator, AccumulatorSecretKey, Member, MemberWitness, NonRevocation, NonRevocationWitness, SetSecretKey,
};
use milchglas_tests::{SeededRng, TestIssuer, anchored, holder, national_id_json, only_selection, request, today};
use proptest::prelude::*;
use rand_core::CryptoRngCore;
use std::sync::Arc;

struct World {
    schema: Schema,
    state: TestIssuer,
    erika: HolderSecret,
    /// Two cards of one holder.
    cards: [Credential; 2],
    /// In epochs 1 and 3 strangers are revoked, in epoch 4 the second card; in epoch 2 nobody.
    files: Vec<EpochFile>,
}

static WORLD: LazyLock<World> = LazyLock::new(|| {
    let mut rng = SeededRng::new("revocation");
    let schema = Schema::national_id().unwrap();
    let state = TestIssuer::new("state", vec![schema.clone()]).unwrap();
    let erika = holder("erika").unwrap();
    let mut issue = |born: &str| {
        let claims = Claims::from_json(&schema, &national_id_json(born)).unwrap();
        state.issue(&schema, &erika, claims, &mut rng).unwrap()
    };
    let cards = ["1990-01-31", "2012-01-31"].map(&mut issue);
    let strangers = ["1970-01-01", "1971-01-01", "1972-01-01"].map(&mut issue);
    let mut files = vec![state.first_epoch().unwrap()];
    for revoked in [&[&strangers[0], &strangers[1]][..], &[], &[&strangers[2]], &[&cards[1]]] {
        files.push(state.revoke(files.last().unwrap(), revoked).unwrap());
    }
    World { schema, state, erika, cards, files }
});

const NOW: usize = 4;

fn adult() -> Predicate {
    Predicate::AgeAtLeast { claim: "date_of_birth".parse().unwrap(), years: 18 }
}

fn log(epoch: usize) -> Log {
    let parameters = &WORLD.state.parameters;
    let mut log = Log::begin(WORLD.files[0].head(), parameters).unwrap();
    WORLD.files[1..=epoch].iter().for_each(|file| log.follow(file, parameters).unwrap());
    log
}

fn ask(accepted: AcceptedEpochs, prove: Vec<Predicate>) -> CredentialAsk {
    CredentialAsk { not_revoked: vec![accepted], ..WORLD.state.ask("card", &WORLD.schema, &[], prove).unwrap() }
}

fn cafe(epoch: usize, within: u8) -> Request {
    let ask = ask(log(epoch).accepted(within), vec![adult(), Predicate::Valid]);
    request("cafe", today(), Ask::Credential(ask)).unwrap()
}

fn back(epochs: u8) -> Selection {
    let mut selection = only_selection(1);
    selection.shown[0].back = epochs;
    selection
}

fn witness(epoch: usize, card: &Credential) -> Witness {
    WORLD.state.witness(&WORLD.files[epoch], card).unwrap()
}

/// A witness with another epoch's number, as a prover could write it.
fn relabelled(witness: &Witness, epoch: usize) -> Witness {
    let bytes = cbor::to_bytes(witness);
    with_point(&bytes[bytes.len() - 48..], epoch)
}

fn with_point(point: &[u8], epoch: usize) -> Witness {
    let mut out = Writer::new();
    out.array(2).uint(epoch as u64).bytes(point);
    cbor::from_bytes(&out.into_bytes(), 128).unwrap()
}

fn answer(request: &Request, selection: Selection, card: &Credential, w: &Witness) -> Result<Presentation, Error> {
    let plan = compile(request, selection, &[&WORLD.state.parameters])?;
    let held = [HeldWitness { credential: 0, witness: w }];
    let cards = [card];
    let holdings = Holdings::new(&WORLD.erika, &cards).with_witnesses(&held);
    Presentation::create(&plan, &holdings, b"", &mut SeededRng::new("answer"))
}

fn epoch(presentation: &Presentation, request: &Request) -> Result<Option<Epoch>, Error> {
    let bytes = presentation.to_bytes();
    let read = Presentation::from_bytes(&bytes)?;
    let verified = read.verify(request, &[&WORLD.state.parameters], &mut SeededRng::new("weights"))?;
    Ok(verified.credentials()[0].epoch())
}

#[test]
fn accepts_who_is_not_revoked_at_every_accepted_epoch_in_a_small_answer() {
    let card = &WORLD.cards[0];
    let request = cafe(NOW, 4);
    for behind in 0..=4 {
        let at = NOW - usize::from(behind);
        let presentation = answer(&request, back(behind), card, &witness(at, card)).unwrap();
        assert_eq!(epoch(&presentation, &request), Ok(Some(Epoch(at as u32))));
        assert_eq!(presentation.to_bytes().len(), 1186, "adult, valid, not revoked, 13 claims hidden");
        assert!(presentation.to_bytes().len() <= 1230);
    }
    // The request says nothing else than what stands in the log, so a wallet knows which to take.
    let accepted = &request.ask().credentials()[0].not_revoked[0];
    assert_eq!(log(3).choose(accepted, |epoch| epoch == Epoch(3)), Ok((1, Epoch(3))));
}

#[test]
fn accepts_witnesses_that_followed_the_epochs() {
    let (first, second) = (&WORLD.cards[0], &WORLD.cards[1]);
    let key = WORLD.state.signing_key().unwrap();
    let rng = &mut SeededRng::new("update");
    for from in 0..NOW {
        let files = &WORLD.files[from + 1..];
        let Update::Current(now) = witness(from, first).update(first.handle(), files, key, rng).unwrap() else {
            panic!("not revoked")
        };
        assert_eq!(cbor::to_bytes(&now), cbor::to_bytes(&witness(NOW, first)));
        let request = cafe(NOW, 0);
        assert_eq!(epoch(&answer(&request, back(0), first, &now).unwrap(), &request), Ok(Some(Epoch(4))));
        let update = witness(from, second).update(second.handle(), files, key, rng).unwrap();
        assert!(matches!(update, Update::Revoked));
    }
}

/// The second card was revoked in epoch 4; up to epoch 3 it could show that it was not.
#[test]
fn rejects_the_revoked_with_every_old_witness() {
    let (card, request) = (&WORLD.cards[1], |epoch, within| {
        request("any", today(), Ask::Credential(ask(log(epoch).accepted(within), vec![Predicate::Valid]))).unwrap()
    });
    let before = request(3, 0);
    let presentation = answer(&before, back(0), card, &witness(3, card)).unwrap();
    assert_eq!(epoch(&presentation, &before), Ok(Some(Epoch(3))));
    let now = request(NOW, 0);
    for old in 0..NOW {
        // The library does not use a witness of another epoch; a prover that writes another number gets no proof that holds.
        assert_eq!(answer(&now, back(0), card, &witness(old, card)).unwrap_err(), Error::Unsatisfied);
        let forced = answer(&now, back(0), card, &relabelled(&witness(old, card), NOW)).unwrap();
        assert_eq!(epoch(&forced, &now), Err(Error::Invalid), "{old}");
    }
    // Its witness of before is the accumulator of now: known to all, of no use.
    let newest = log(NOW).accepted(0).accumulators[0];
    assert_eq!(cbor::to_bytes(&relabelled(&witness(3, card), NOW)), cbor::to_bytes(&with_point(&newest.0, NOW)));
    assert!(epoch(&presentation, &now).is_err());
}

#[test]
fn rejects_stale_future_and_foreign_epochs() {
    let card = &WORLD.cards[0];
    let accepted = cafe(NOW, 1);
    for (request, selection, w) in [
        // Two epochs before the newest, where one is accepted.
        (&accepted, back(2), witness(2, card)),
        (&accepted, back(255), witness(0, card)),
        // No epoch is before the first.
        (&cafe(1, 15), back(2), witness(0, card)),
    ] {
        assert_eq!(answer(request, selection, card, &w).unwrap_err(), Error::Invalid);
    }
    // What was proven under one number does not hold under another.
    let proven = answer(&accepted, back(1), card, &witness(3, card)).unwrap();
    assert_eq!(epoch(&proven, &accepted), Ok(Some(Epoch(3))));
    for behind in [0u8, 2, 3, 15, 16, 255] {
        let mut bytes = proven.to_bytes();
        // P1, nonce, then the selection: [[], [[0, 0, 0, 1]]].
        let at = bytes.windows(6).position(|window| window == [0x80, 0x81, 0x84, 0, 0, 0]).unwrap() + 6;
        assert_eq!(bytes[at], 1);
        let number = if behind < 24 { vec![behind] } else { vec![0x18, behind] };
        bytes.splice(at..=at, number);
        assert!(Presentation::from_bytes(&bytes).is_ok(), "{behind}");
        let read = Presentation::from_bytes(&bytes).unwrap();
        assert_eq!(epoch(&read, &accepted), Err(Error::Invalid), "{behind}");
    }
    // Later and earlier epochs than the request names.
    for other in [cafe(2, 1), cafe(3, 1), cafe(NOW, 0)] {
        assert!(epoch(&proven, &other).is_err());
    }
    // Accumulators of another key of revocation, and of nobody.
    let town = TestIssuer::new("town", vec![WORLD.schema.clone()]).unwrap();
    let theirs = Log::begin(town.first_epoch().unwrap().head(), &town.parameters).unwrap().accepted(0);
    let mut taken = log(0).accepted(0);
    taken.accumulators = theirs.accumulators.clone();
    let foreign = request("foreign", today(), Ask::Credential(ask(taken, vec![]))).unwrap();
    let theirs_w = town.witness(&town.first_epoch().unwrap(), card);
    assert!(matches!(theirs_w, Ok(_) | Err(Error::Misuse(_))));
    for w in [witness(0, card), with_point(&theirs.accumulators[0].0, 0)] {
        let forced = answer(&foreign, back(0), card, &w).unwrap();
        assert_eq!(epoch(&forced, &foreign), Err(Error::Invalid));
    }
    // The request names another issuer's key only: the card's own is not among them.
    let other = request("other", today(), Ask::Credential(ask(theirs, vec![]))).unwrap();
    assert_eq!(answer(&other, back(0), card, &witness(0, card)).unwrap_err(), Error::Invalid);
}

#[test]
fn rejects_a_choice_of_epoch_where_none_is_asked() {
    let card = &WORLD.cards[0];
    let plain = WORLD.state.ask("card", &WORLD.schema, &[], vec![adult()]).unwrap();
    let plain = request("plain", today(), Ask::Credential(plain)).unwrap();
    assert_eq!(answer(&plain, back(1), card, &witness(3, card)).unwrap_err(), Error::Invalid);
    let presentation = answer(&plain, back(0), card, &witness(NOW, card)).unwrap();
    assert_eq!(epoch(&presentation, &plain), Ok(None));
    // With non-revocation or without it: neither passes for the other.
    let asked = request("plain", today(), Ask::Credential(ask(log(NOW).accepted(0), vec![adult()]))).unwrap();
    assert!(epoch(&presentation, &asked).is_err());
    let shown = answer(&asked, back(0), card, &witness(NOW, card)).unwrap();
    assert!(epoch(&shown, &plain).is_err());
    // No witness, no answer.
    let plan = compile(&asked, back(0), &[&WORLD.state.parameters]).unwrap();
    let cards = [card];
    let none = Presentation::create(&plan, &Holdings::new(&WORLD.erika, &cards), b"", &mut SeededRng::new("none"));
    assert_eq!(none.unwrap_err(), Error::Unsatisfied);
}

/// The first card has the age, the second is not revoked by epoch 3: neither answers for the other.
#[test]
fn rejects_age_from_one_credential_with_non_revocation_from_another() {
    let [adults, childs] = &WORLD.cards;
    let request = cafe(3, 0);
    let forced = answer(&request, back(0), adults, &witness(3, childs)).unwrap();
    assert_eq!(epoch(&forced, &request), Err(Error::Invalid));
    assert_eq!(answer(&request, back(0), childs, &witness(3, childs)).unwrap_err(), Error::Unsatisfied);
    // The parts of two honest proofs put together.
    let plain = WORLD.state.ask("card", &WORLD.schema, &[], vec![]).unwrap();
    let named = CredentialAsk { not_revoked: vec![log(3).accepted(0)], ..plain };
    let own = milchglas_tests::request("cafe", today(), Ask::Credential(named)).unwrap();
    let of_child = answer(&own, back(0), childs, &witness(3, childs)).unwrap();
    epoch(&of_child, &own).unwrap();
    let of_adult = answer(&request, back(0), adults, &witness(3, adults)).unwrap();
    let mut bytes = of_adult.to_bytes();
    let at = bytes.len() - of_adult.proof().len() + 96;
    bytes[at..at + 96].copy_from_slice(&of_child.proof()[96..192]);
    assert_eq!(epoch(&Presentation::from_bytes(&bytes).unwrap(), &request), Err(Error::Invalid));
}

#[test]
fn rejects_after_every_change_of_what_is_accepted() {
    let card = &WORLD.cards[0];
    let request = cafe(NOW, 2);
    let presentation = answer(&request, back(1), card, &witness(3, card)).unwrap();
    epoch(&presentation, &request).unwrap();
    let AcceptedEpochs { key: _, newest: _, accumulators } = &request.ask().credentials()[0].not_revoked[0];
    type Change = Box<dyn Fn(&mut Vec<AcceptedEpochs>)>;
    let mut changes: Vec<Change> = vec![
        Box::new(|all| all[0].key.0[0] ^= 1),
        Box::new(|all| all[0].newest.0 += 1),
        Box::new(|all| all[0].newest.0 -= 1),
        Box::new(|all| all[0].newest.0 += 1 << 31),
        Box::new(|all| all[0].accumulators.truncate(2)),
        Box::new(|all| {
            all[0].accumulators.remove(0);
        }),
        Box::new(|all| {
            let more = all[0].accumulators[0];
            all[0].accumulators.push(more);
        }),
        Box::new(|all| {
            let mut more = all[0].clone();
            more.key.0[0] ^= 1;
            all.push(more);
        }),
        Box::new(|all| {
            let mut more = all[0].clone();
            more.key.0[0] ^= 1;
            all.insert(0, more);
        }),
        Box::new(|all| all.clear()),
    ];
    for place in 0..accumulators.len() {
        for bit in [0, 100, 383] {
            changes.push(Box::new(move |all| all[0].accumulators[place].0[bit / 8] ^= 1 << (bit % 8)));
        }
        for other in 0..place {
            changes.push(Box::new(move |all| all[0].accumulators.swap(place, other)));
        }
        let infinity = [&[0xc0][..], &[0; 47]].concat().try_into().unwrap();
        changes.push(Box::new(move |all| all[0].accumulators[place] = AccumulatorBytes(infinity)));
    }
    for (number, change) in changes.iter().enumerate() {
        let mut fields = request.fields().clone();
        let Ask::Credential(ask) = &mut fields.ask else { panic!("one credential") };
        let before = ask.not_revoked.clone();
        change(&mut ask.not_revoked);
        // Neighbouring epochs in which nobody was revoked have one accumulator.
        if ask.not_revoked == before {
            continue;
        }
        assert!(epoch(&presentation, &Request::new(fields).unwrap()).is_err(), "change {number}");
    }
}

#[test]
fn has_one_length_for_all_holders_and_epochs() {
    let mut lengths = Vec::new();
    let requests = [(cafe(NOW, 4), 4), (cafe(0, 0), 0), (cafe(3, 0), 3)];
    for (place, born) in ["1950-01-01", "1990-12-31", "2008-11-23"].into_iter().enumerate() {
        let mut rng = SeededRng::new(born);
        let k = holder(born).unwrap();
        let claims = Claims::from_json(&WORLD.schema, &national_id_json(born)).unwrap();
        let card = WORLD.state.issue(&WORLD.schema, &k, claims, &mut rng).unwrap();
        let (request, at) = &requests[place];
        let w = witness(*at, &card);
        let plan = compile(request, back(0), &[&WORLD.state.parameters]).unwrap();
        let (cards, held) = ([&card], [HeldWitness { credential: 0, witness: &w }]);
        let holdings = Holdings::new(&k, &cards).with_witnesses(&held);
        let presentation = Presentation::create(&plan, &holdings, b"", &mut rng).unwrap();
        epoch(&presentation, request).unwrap();
        lengths.push(presentation.to_bytes().len());
    }
    assert!(lengths.iter().all(|length| *length == lengths[0]), "{lengths:?}");
}

#[test]
fn holds_in_batches_and_from_precomputed_answers() {
    let [card, revoked] = &WORLD.cards;
    let any = |seed: &str| {
        let ask = ask(log(NOW).accepted(1), vec![Predicate::Valid]);
        request(seed, today(), Ask::Credential(ask)).unwrap()
    };
    let requests: Vec<Request> = (0..4).map(|place| any(&format!("batch {place}"))).collect();
    let good = |request, behind: u8| answer(request, back(behind), card, &witness(NOW - usize::from(behind), card));
    let forged = answer(&requests[2], back(0), revoked, &relabelled(&witness(3, revoked), NOW)).unwrap();
    let answers =
        [good(&requests[0], 0).unwrap(), good(&requests[1], 1).unwrap(), forged, good(&requests[3], 0).unwrap()];
    // Its linear equations hold; it fails in the pairings alone.
    assert!(answers[2].check(&requests[2], &[&WORLD.state.parameters]).is_ok());
    let pairs: Vec<_> = answers.iter().zip(&requests).collect();
    let verdicts = verify_all(&pairs, &[&WORLD.state.parameters], &mut SeededRng::new("weights"));
    let epochs: Vec<_> =
        verdicts.iter().map(|verdict| verdict.as_ref().ok().map(|shown| shown.credentials()[0].epoch())).collect();
    assert_eq!(epochs, [Some(Some(Epoch(4))), Some(Some(Epoch(3))), None, Some(Some(Epoch(4)))]);

    let parameters = [&WORLD.state.parameters];
    let w = witness(NOW, card);
    let (cards, held) = ([card], [HeldWitness { credential: 0, witness: &w }]);
    let holdings = Holdings::new(&WORLD.erika, &cards).with_witnesses(&held);
    let made = |rng: &mut SeededRng| {
        let plan = compile(&requests[0], back(0), &parameters).unwrap();
        plan.prepare_for_proving(&WORLD.erika, &cards).unwrap();
        Precomputed::create(&plan, &holdings, b"1", rng).unwrap()
    };
    let later = any("later");
    let plan = compile(&later, back(0), &parameters).unwrap();
    let presentation = made(&mut SeededRng::new("one")).answer(&plan).unwrap();
    assert_eq!(epoch(&presentation, &later), Ok(Some(Epoch(4))));
    // Another epoch is another kind of request.
    let moved = request("later", today(), Ask::Credential(ask(log(3).accepted(1), vec![Predicate::Valid]))).unwrap();
    for plan in [compile(&later, back(1), &parameters).unwrap(), compile(&moved, back(0), &parameters).unwrap()] {
        let precomputed = made(&mut SeededRng::new("two"));
        assert!(!precomputed.fits(&plan));
        assert!(matches!(precomputed.answer(&plan), Err(Error::Misuse(_))));
    }
}

#[test]
fn rejects_the_identity_in_place_of_points() {
    let card = &WORLD.cards[0];
    let request = cafe(NOW, 0);
    let presentation = answer(&request, back(0), card, &witness(NOW, card)).unwrap();
    let start = presentation.to_bytes().len() - presentation.proof().len();
    let infinity = [&[0xc0][..], &[0; 47]].concat();
    for slots in [&[2][..], &[3], &[2, 3]] {
        let mut bytes = presentation.to_bytes();
        for slot in slots {
            bytes[start + 48 * slot..start + 48 * (slot + 1)].copy_from_slice(&infinity);
        }
        assert!(epoch(&Presentation::from_bytes(&bytes).unwrap(), &request).is_err());
    }
}

struct Scene {
    secret: AccumulatorSecretKey,
    key: NonZeroG2,
    Z: NonZeroG1,
}

impl Scene {
    fn new(seed: &str) -> Self {
        let secret = AccumulatorSecretKey::random(&mut SeededRng::new(seed));
        let key = secret.public_key().unwrap();
        Self { secret, key, Z: G1::hash(Expander::XmdSha256, seed.as_bytes(), b"test") }
    }

    fn accumulator(&self) -> Accumulator {
        Accumulator::new(FixedPoint::new(&self.Z), self.key, Arc::new(PairingKey::new(&self.key)))
    }

    fn w(&self, h: &Scalar) -> NonZeroG1 {
        self.secret.witness(&FixedPoint::new(&self.Z), h).unwrap()
    }
}

fn verdict(scene: &Scene, h: Scalar, proof: &[u8]) -> Result<(), ProofError> {
    anchored::verify(&NonRevocation { accumulator: &scene.accumulator() }, &[h], proof)
}

/// Writes the equation, or the pairing, or both, under whatever base.
struct Forged<'a> {
    base: &'a FixedPoint,
    pairing: Option<&'a Arc<PairingKey>>,
}

impl Statement for Forged<'_> {
    type Witness = NonZeroG1;

    fn points(&self) -> usize {
        2
    }

    fn commit(&self, w: &NonZeroG1, mut rng: &mut dyn CryptoRngCore) -> Result<Commitment, ProofError> {
        let (r, h) = (Scalar::random(&mut rng), Scalar::from(7));
        let w = FixedPoint::new(w);
        let V = w.mul(&r);
        let points = G1::batch_to_nonzero(&[V, self.base.mul(&r) - V * h]);
        let points = points.into_iter().collect::<Option<Vec<_>>>().unwrap();
        Ok(Commitment { points, secrets: vec![r], multiples: vec![Multiple { place: 0, base: w, factor: r }] })
    }

    fn constrain(&self, inputs: &[Var], points: &[NonZeroG1], system: &mut System) -> Result<(), ProofError> {
        let r = system.secret();
        let image = vec![(Scalar::ONE, system.base(&points[1]))];
        let terms = vec![Term::plus(r, system.fixed(self.base)), Term::minus(inputs[0], system.base(&points[0]))];
        system.equation("member", image, terms);
        if let Some(key) = self.pairing {
            system.pairing(points[0], key, points[1]);
        }
        Ok(())
    }
}

/// The verifier writes the pairing equation itself: a prover that leaves it out, or uses another base or key, proves another system.
#[test]
fn rejects_provers_that_leave_out_or_change_an_equation() {
    let (scene, other) = (Scene::new("one"), Scene::new("other"));
    let h = Scalar::from(7);
    let (Z, key) = (FixedPoint::new(&scene.Z), Arc::new(PairingKey::new(&scene.key)));
    let (other_Z, other_key) = (FixedPoint::new(&other.Z), Arc::new(PairingKey::new(&other.key)));
    let (good, bad) = (scene.w(&h), other.w(&h));
    let prove = |base, pairing, w: &NonZeroG1| anchored::prove(&Forged { base, pairing }, &[h], w).unwrap();
    verdict(&scene, h, &prove(&Z, Some(&key), &good)).unwrap();
    for (what, proof) in [
        ("no pairing, any point", prove(&Z, None, &bad)),
        ("no pairing, the right point", prove(&Z, None, &good)),
        ("any point", prove(&Z, Some(&key), &bad)),
        ("the accumulator itself", prove(&Z, Some(&key), &scene.Z)),
        ("another base", prove(&other_Z, Some(&key), &bad)),
        ("another key", prove(&Z, Some(&other_key), &good)),
        ("another accumulator", prove(&other_Z, Some(&other_key), &bad)),
    ] {
        assert!(verdict(&scene, h, &proof).is_err(), "{what}");
    }
}

/// Both are 1/(key + element) times a base; base and key tell them apart.
#[test]
fn rejects_a_sets_signature_for_a_witness_and_the_reverse() {
    let scene = Scene::new("one");
    let h = Scalar::from(7);
    let set = SetSecretKey::random(&mut SeededRng::new("set")).sign_under(&[1; 32], vec![h, Scalar::from(8)]).unwrap();
    let member = Member { set: set.set_key() };
    let signature = set.signatures()[0];
    let accumulator = scene.accumulator();
    let statement = NonRevocation { accumulator: &accumulator };
    let held = |w: &NonZeroG1| NonRevocationWitness::new(FixedPoint::new(w), &h);

    let shown = anchored::prove(&statement, &[h], &held(&scene.w(&h))).unwrap();
    let in_set = anchored::prove(&member, &[h], &MemberWitness::new(signature, h)).unwrap();
    anchored::verify(&statement, &[h], &shown).unwrap();
    anchored::verify(&member, &[h], &in_set).unwrap();
    assert_eq!(shown.len(), in_set.len());
    assert!(anchored::verify(&statement, &[h], &in_set).is_err());
    assert!(anchored::verify(&member, &[h], &shown).is_err());
    let swapped = anchored::prove(&statement, &[h], &held(&signature)).unwrap();
    assert!(anchored::verify(&statement, &[h], &swapped).is_err());
    let swapped = anchored::prove(&member, &[h], &MemberWitness::new(scene.w(&h), h)).unwrap();
    assert!(anchored::verify(&member, &[h], &swapped).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// After any revocations, in any division into epochs, exactly those that remain can show it, with witnesses that they updated alone.
    #[test]
    fn shows_exactly_who_remains(fates in prop::collection::vec(0..5usize, 4)) {
        let world = &*WORLD;
        let mut rng = SeededRng::new(&format!("{fates:?}"));
        let cards: Vec<Credential> = fates.iter().map(|_| {
            let claims = Claims::from_json(&world.schema, &national_id_json("1990-01-31")).unwrap();
            world.state.issue(&world.schema, &world.erika, claims, &mut rng).unwrap()
        }).collect();
        // Fate 0 to 2: revoked in epoch 1 to 3; else never.
        let mut files = vec![world.state.first_epoch().unwrap()];
        let parameters: &Parameters = &world.state.parameters;
        let mut log = Log::begin(files[0].head(), parameters).unwrap();
        for epoch in 0..3 {
            let gone: Vec<&Credential> = cards.iter().zip(&fates).filter(|(_, fate)| **fate == epoch).map(|(card, _)| card).collect();
            files.push(world.state.revoke(files.last().unwrap(), &gone).unwrap());
            log.follow(files.last().unwrap(), parameters).unwrap();
        }
        let request = milchglas_tests::request("property", today(), Ask::Credential(ask(log.accepted(0), vec![]))).unwrap();
        let key = world.state.signing_key().unwrap();
        for (card, fate) in cards.iter().zip(&fates) {
            let first = world.state.witness(&files[0], card).unwrap();
            match first.update(card.handle(), &files[1..], key, &mut rng).unwrap() {
                Update::Current(now) => {
                    prop_assert!(*fate >= 3);
                    prop_assert_eq!(epoch(&answer(&request, back(0), card, &now).unwrap(), &request), Ok(Some(Epoch(3))));
                }
                Update::Revoked => prop_assert!(*fate < 3),
            }
            if files[3].head().unverified().total > 0 {
                let forced = answer(&request, back(0), card, &relabelled(&first, 3)).unwrap();
                prop_assert!(epoch(&forced, &request).is_err());
            }
        }
    }
}
