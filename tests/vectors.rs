//! The generated files of `spec/vectors`: they are what the code makes, both verifiers agree on every one, and so does the rest of issuing.
//!
//! The vectors freeze bytes; that the bytes are right is the second verifier's word. With `MILCHGLAS_WRITE_VECTORS=1` in the
//! environment `files_hold_what_the_code_makes`, run alone, writes the files anew instead of comparing.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::wildcard_enum_match_arm,
    missing_docs,
    dead_code
)]

#[path = "second_verifier/mod.rs"]
mod second;
mod vector_corpus;

use milchglas_credential::cbor::to_bytes;
use milchglas_credential::credential::{Credential, Handle, HolderSecret};
use milchglas_credential::error::Error;
use milchglas_credential::issuance::{Application, SignedInvitation};
use milchglas_credential::parameters::Parameters;
use milchglas_credential::presentation::Presentation;
use milchglas_credential::request::Request;
use milchglas_credential::revocation::{EpochFile, Log, Update, Witness};
use milchglas_tests::SeededRng;
use rand_core::RngCore;
use second::Reason;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::LazyLock;
use vector_corpus::presentations::{self, Accepted, Credentials, Rejected};
use vector_corpus::{Cast, issuance, revocation, statements};

const ISSUERS: [&str; 3] = ["state", "city", "careless"];
const WRITE: &str = "MILCHGLAS_WRITE_VECTORS";

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../spec/vectors").join(name)
}

fn read<T: DeserializeOwned>(name: &str) -> T {
    serde_json::from_str(&std::fs::read_to_string(path(name)).unwrap()).unwrap()
}

fn unhex(text: &str) -> Vec<u8> {
    hex::decode(text).unwrap()
}

/// The published parameters as both read them.
static PUBLISHED: LazyLock<BTreeMap<&str, (Parameters, second::parameters::Parameters)>> = LazyLock::new(|| {
    let parameters = |name| {
        let text = std::fs::read_to_string(path(&format!("parameters-{name}.json"))).unwrap();
        let both = (Parameters::from_json(&text).unwrap(), second::parameters::Parameters::from_json(&text).unwrap());
        (name, both)
    };
    ISSUERS.into_iter().map(parameters).collect()
});

fn trusted(names: &[String]) -> (Vec<&'static Parameters>, Vec<&'static second::parameters::Parameters>) {
    names.iter().map(|name| &PUBLISHED[name.as_str()]).map(|(first, second)| (first, second)).unzip()
}

/// Compares a file, or writes it.
fn hold(name: &str, content: &str) {
    let content = format!("{content}\n");
    if std::env::var_os(WRITE).is_some() {
        std::fs::write(path(name), content).unwrap();
    } else {
        let found = std::fs::read_to_string(path(name)).unwrap();
        assert!(found == content, "{name} is not what the code makes; {WRITE}=1 writes it anew");
    }
}

fn pretty(content: &impl Serialize) -> String {
    serde_json::to_string_pretty(content).unwrap()
}

/// One test, so that what is written is there before anything reads it.
#[test]
fn files_hold_what_the_code_makes() {
    let cast = Cast::new();
    for name in ISSUERS {
        hold(&format!("parameters-{name}.json"), &cast.parameters(name).to_json().unwrap());
    }
    hold("issuance.json", &pretty(&issuance::file(&cast)));

    let own = Credentials::new(&cast);
    let mut answers = presentations::accepted(&cast, &own);
    let statements = statements::accepted(&cast, own.card());
    let mut refusals = presentations::rejected(&cast, &own, &answers);
    refusals.extend(statements::rejected(&cast, own.card(), &statements));
    answers.extend(statements);
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let accepted = answers.iter().map(|answer| {
        let trusted: Vec<_> = answer.trusted.iter().map(|name| &PUBLISHED[name].1).collect();
        let seen = second::verify(&answer.presentation, answer.request.to_bytes(), &trusted)
            .unwrap_or_else(|reason| panic!("{}: {reason:?}", answer.name));
        // The whole way in one case: an implementer needs one to find a difference.
        let traced = answer.name == "cafe";
        Accepted {
            name: answer.name.to_owned(),
            trusted: names(&answer.trusted),
            request: hex::encode(answer.request.to_bytes()),
            presentation: hex::encode(&answer.presentation),
            disclosed: (seen.shown.iter())
                .map(|shown| {
                    let claim =
                        |(name, value): &(String, second::value::Value)| (name.clone(), hex::encode(value.encode()));
                    shown.disclosed.iter().map(claim).collect()
                })
                .collect(),
            epochs: if seen.shown.iter().any(|shown| shown.epoch.is_some()) {
                seen.shown.iter().map(|shown| shown.epoch).collect()
            } else {
                Vec::new()
            },
            challenge: hex::encode(second::curve::encode_scalar(&seen.challenge)),
            system: traced.then(|| hex::encode(&seen.system)),
            announcements: traced.then(|| hex::encode(&seen.announcements)),
        }
    });
    let accepted = accepted.collect();
    let rejected = refusals.into_iter().map(|refusal| Rejected {
        name: refusal.name,
        of: refusal.of.to_owned(),
        reason: refusal.reason.to_owned(),
        trusted: refusal.trusted.as_deref().map(names),
        request: refusal.request.map(|request| hex::encode(request.to_bytes())),
        presentation: hex::encode(refusal.presentation),
    });
    let about = "Requests with presentations that a verifier with the trusted parameters accepts, and what it must reject. \
                 reason is the first step that fails: encoding, mismatch, proof, pairing (spec/vectors in spec/README.md). \
                 A rejected entry takes what it leaves out from the accepted one that it is of.";
    let file = presentations::File { about: about.to_owned(), accepted, rejected: rejected.collect() };
    hold("presentations.json", &pretty(&file));
    hold("revocation.json", &pretty(&revocation::file(&cast, &own)));
}

/// The first verifier's verdict, by the step that fails.
fn first_verdict(presentation: &[u8], request: &Request, trusted: &[&Parameters]) -> Result<(), &'static [Reason]> {
    const BEFORE_THE_PROOF: &[Reason] = &[Reason::Mismatch, Reason::Proof];
    let presentation = Presentation::from_bytes(presentation).map_err(|_| &[Reason::Encoding][..])?;
    let pending = presentation.check(request, trusted).map_err(|error| match error {
        Error::Decode(_) => &[Reason::Encoding][..],
        _ => BEFORE_THE_PROOF,
    })?;
    pending.finish(&mut SeededRng::new("weights")).map(drop).map_err(|_| &[Reason::Pairing][..])
}

#[test]
fn both_accept_every_accepted_presentation() {
    let file: presentations::File = read("presentations.json");
    assert!(file.accepted.len() >= 27);
    for case in &file.accepted {
        let (first, second) = trusted(&case.trusted);
        let (presentation, request) = (unhex(&case.presentation), Request::from_bytes(&unhex(&case.request)).unwrap());
        let read = Presentation::from_bytes(&presentation).unwrap();
        let verified = read.verify(&request, &first, &mut SeededRng::new("weights")).unwrap();
        let seen = second::verify(&presentation, request.to_bytes(), &second).unwrap();

        let disclosed = |index: usize| -> Vec<(String, String)> {
            let claims = verified.credentials()[index].disclosed().iter();
            claims.map(|(name, value)| (name.as_str().to_owned(), hex::encode(to_bytes(value)))).collect()
        };
        assert_eq!(verified.credentials().len(), case.disclosed.len(), "{}", case.name);
        for (index, expected) in case.disclosed.iter().enumerate() {
            assert_eq!(&disclosed(index), expected, "{}", case.name);
            assert_eq!(verified.credentials()[index].issuer().as_bytes(), &seen.shown[index].issuer);
            let epoch = verified.credentials()[index].epoch().map(|epoch| u64::from(epoch.0));
            assert_eq!(epoch, seen.shown[index].epoch, "{}", case.name);
            assert_eq!(epoch, case.epochs.get(index).copied().flatten(), "{}", case.name);
            assert_eq!(verified.credentials()[index].schema().as_bytes(), &seen.shown[index].schema);
        }
        assert_eq!(case.challenge, hex::encode(second::curve::encode_scalar(&seen.challenge)));
        for (traced, computed) in [(&case.system, &seen.system), (&case.announcements, &seen.announcements)] {
            assert!(traced.as_ref().is_none_or(|traced| *traced == hex::encode(computed)), "{}", case.name);
        }
    }
}

#[test]
fn both_reject_every_rejected_presentation_at_the_same_step() {
    let file: presentations::File = read("presentations.json");
    assert!(file.rejected.len() >= 182);
    for case in &file.rejected {
        let accepted = file.accepted.iter().find(|accepted| accepted.name == case.of).unwrap();
        let (first, second) = trusted(case.trusted.as_ref().unwrap_or(&accepted.trusted));
        let request = unhex(case.request.as_ref().unwrap_or(&accepted.request));
        let presentation = unhex(&case.presentation);
        let reason = match case.reason.as_str() {
            "encoding" => Reason::Encoding,
            "mismatch" => Reason::Mismatch,
            "proof" => Reason::Proof,
            "pairing" => Reason::Pairing,
            other => panic!("{other}"),
        };
        assert_eq!(second::verify(&presentation, &request, &second).unwrap_err(), reason, "{}", case.name);
        let permitted = first_verdict(&presentation, &Request::from_bytes(&request).unwrap(), &first).unwrap_err();
        assert!(permitted.contains(&reason), "{}: {permitted:?}", case.name);
    }
}

#[test]
fn cafe_has_the_size_that_the_specification_works_out() {
    let file: presentations::File = read("presentations.json");
    let cafe = file.accepted.iter().find(|accepted| accepted.name == "cafe").unwrap();
    assert_eq!(cafe.presentation.len() / 2, 1058);
    let not_revoked = file.accepted.iter().find(|accepted| accepted.name == "not revoked").unwrap();
    assert_eq!(not_revoked.presentation.len() / 2, 1186);
}

#[test]
fn both_agree_on_issuing() {
    let file: issuance::File = read("issuance.json");
    let (first, second) = &PUBLISHED[file.parameters.as_str()];
    let rng = &mut SeededRng::new("issuing");
    let [signed, application, credential, k] =
        [&file.invitation, &file.application, &file.credential, &file.k].map(|bytes| unhex(bytes));

    let invitation = SignedInvitation::from_bytes(&signed).unwrap().verify(first).unwrap().clone();
    let invited = second::issuance::invitation(&signed, second).unwrap();
    assert_eq!(invited.canonical, to_bytes(&invitation));
    let verified = Application::from_bytes(&application).unwrap().verify(&invitation, first, rng).unwrap();
    let applied = second::issuance::application(&application, &invited, second).unwrap();
    for (own, theirs, written) in
        [(verified.commitment(), applied.commitment, &file.commitment), (verified.name(), applied.name, &file.name)]
    {
        assert_eq!(own.to_bytes().to_vec(), second::curve::encode_g1(&theirs));
        assert_eq!(*written, hex::encode(own.to_bytes()));
    }
    assert_eq!(*verified.digest().as_bytes(), applied.digest);
    // K = k·H_1 and N = k·(registry base), computed from k.
    let own_key = &second.credential_keys[&(2, 0)];
    let scalar = second::curve::decode_scalar(&k).unwrap();
    assert_eq!(applied.commitment, own_key.generators[0] * scalar);
    assert_eq!(applied.name, second.registry_base() * scalar);

    let read = |bytes: &[u8]| Credential::from_bytes(bytes, |_, digest| first.schema(digest));
    let mut uniform = [0; 64];
    SeededRng::new("vectors: Erika").fill_bytes(&mut uniform);
    let holder = HolderSecret::from_uniform_bytes(&uniform).unwrap();
    let schema = first.schema(&invitation.schema).unwrap();
    let holds = |bytes: &[u8]| {
        read(bytes).is_ok_and(|credential| {
            let key = first.credential_key(&credential.key(), &credential.schema());
            key.is_some_and(|key| credential.verify(&holder, key, schema).is_ok())
        })
    };
    assert!(holds(&credential));
    let seen = second::issuance::credential(&credential, &k, second).unwrap();
    assert_eq!(seen.e, second::issuance::derived_e(&unhex(&file.x), &seen, own_key));
    let x = second::curve::decode_scalar(&unhex(&file.x)).unwrap();
    assert_eq!(seen.a * (x + seen.e), seen.signed);

    for case in &file.rejected {
        let bytes = unhex(&case.bytes);
        let (one, other) = match case.object.as_str() {
            "invitation" => (
                SignedInvitation::from_bytes(&bytes).and_then(|read| read.verify(first).cloned()).is_ok(),
                second::issuance::invitation(&bytes, second).is_some(),
            ),
            "application" => (
                Application::from_bytes(&bytes).and_then(|read| read.verify(&invitation, first, rng)).is_ok(),
                second::issuance::application(&bytes, &invited, second).is_some(),
            ),
            "credential" => (holds(&bytes), second::issuance::credential(&bytes, &k, second).is_some()),
            other => panic!("{other}"),
        };
        assert_eq!((one, other), (false, false), "{}", case.name);
    }
}

#[test]
fn both_follow_the_epochs_and_the_witness() {
    let file: revocation::File = read("revocation.json");
    let (first, second) = &PUBLISHED[file.parameters.as_str()];
    let files: Vec<Vec<u8>> = file.epochs.iter().map(|bytes| unhex(bytes)).collect();
    let known = &second.credential_keys[&(2, 0)];
    let key = first.signing_key(&first.content().schemas[0].digest()).unwrap();
    let z = second::curve::decode_scalar(&unhex(&file.z)).unwrap();
    let handle: [u8; 16] = unhex(&file.handle).try_into().unwrap();
    let revoked: [u8; 16] = unhex(&file.revoked_handle).try_into().unwrap();
    let seen: Vec<_> = files.iter().map(|bytes| second::revocation::epoch_file(bytes, second).unwrap()).collect();
    assert_eq!(seen[0].accumulators[0].to_vec(), second::curve::encode_g1(&known.first_accumulator));

    let own: Vec<EpochFile> = files.iter().map(|bytes| EpochFile::from_bytes(bytes).unwrap()).collect();
    let mut log = Log::begin(own[0].head(), first).unwrap();
    let mut w = None;
    for (epoch, (file_of, bytes)) in seen.iter().zip(&own).enumerate() {
        if epoch > 0 {
            assert!(second::revocation::continues(file_of, &seen[epoch - 1]));
            log.follow(bytes, first).unwrap();
        }
        let point = second::curve::decode_g1(&unhex(&file.witnesses[epoch])).unwrap();
        assert!(second::revocation::holds(point, &handle, &file_of.accumulators[0], known));
        assert!(!second::revocation::holds(point, &revoked, &file_of.accumulators[0], known));
        // w·(z + h) = Z, and the step from the epoch before.
        let accumulator = second::curve::decode_g1(&file_of.accumulators[0]).unwrap();
        assert_eq!(point * (z + second::curve::reduce(&handle)), accumulator);
        if let Some(before) = w {
            assert_eq!(second::revocation::update(before, &handle, file_of), Some(point));
        }
        w = Some(point);
    }
    assert!(second::revocation::update(w.unwrap(), &revoked, &seen[2]).is_none());

    // The same with the code's own update, from epoch 0 over both.
    let mut out = milchglas_credential::cbor::Writer::new();
    out.array(2).uint(0).bytes(&unhex(&file.witnesses[0]));
    let witness: Witness = milchglas_credential::cbor::from_bytes(&out.into_bytes(), 128).unwrap();
    let rng = &mut SeededRng::new("update");
    let updated = witness.update(&Handle::from_bytes(handle), &own[1..], key, rng).unwrap();
    let Update::Current(updated) = updated else { panic!("not revoked") };
    assert_eq!(hex::encode(revocation::point(&updated)), file.witnesses[2]);
    let update = witness.update(&Handle::from_bytes(revoked), &own[1..], key, rng).unwrap();
    assert!(matches!(update, Update::Revoked));

    for case in &file.rejected {
        let bytes = unhex(&case.bytes);
        let mut log = Log::begin(own[0].head(), first).unwrap();
        own[1..case.epoch].iter().for_each(|file| log.follow(file, first).unwrap());
        let refused = EpochFile::from_bytes(&bytes).map_or(true, |file| log.follow(&file, first).is_err());
        let before = &seen[case.epoch - 1];
        let other = second::revocation::epoch_file(&bytes, second);
        assert!(refused && other.is_none_or(|file| !second::revocation::continues(&file, before)), "{}", case.name);
    }
}

#[test]
fn digit_signatures_hold_except_where_they_were_exchanged() {
    for (name, (first, second)) in PUBLISHED.iter() {
        let careless = *name == "careless";
        assert_eq!(first.check(&mut SeededRng::new("weights")).is_ok(), !careless);
        for digit in [0, 1, 6, 7, 8, 9, 127, 254, 255] {
            let exchanged = careless && [7, 8].contains(&digit);
            assert_eq!(second::issuance::digit_holds(second, digit), !exchanged, "{name}: {digit}");
        }
        assert_eq!(first.digest().as_bytes(), &second.digest);
        assert_eq!(first.fingerprint().as_bytes(), &second.fingerprint);
    }
    let file: issuance::File = read("issuance.json");
    let (_, state) = &PUBLISHED["state"];
    let y = second::curve::decode_scalar(&unhex(&file.y)).unwrap();
    for (digit, signature) in state.digit_signatures.iter().enumerate() {
        assert_eq!(*signature * (y + second::curve::integer(digit as i128)), state.digit_base);
    }
}

#[test]
fn parameters_are_signed_by_their_identity() {
    for name in ISSUERS {
        let text = std::fs::read_to_string(path(&format!("parameters-{name}.json"))).unwrap();
        let file: serde_json::Value = serde_json::from_str(&text).unwrap();
        let (_, second) = &PUBLISHED[name];
        let key = ed25519_dalek::VerifyingKey::from_bytes(&second.identity).unwrap();
        let signature = unhex(file["signature"].as_str().unwrap()).try_into().unwrap();
        let message = [b"milchglas parameters/1 signature", &second.canonical[..]].concat();
        key.verify_strict(&message, &ed25519_dalek::Signature::from_bytes(&signature)).unwrap();
        for changed in [text.replace("of Glass", "of Brass"), text.replace("Careless", "Careful")] {
            assert_eq!(Parameters::from_json(&changed).is_ok(), changed == text);
        }
    }
}
