//! Every object that travels: exactly one encoding, exact lengths, hostile bytes refused without a panic.

use std::sync::OnceLock;

use milchglas_credential::claim::Claims;
use milchglas_credential::credential::{Credential, Handle, HolderSecret};
use milchglas_credential::date::Timestamp;
use milchglas_credential::digest::InvitationNonce;
use milchglas_credential::error::Error;
use milchglas_credential::issuance::{Answer, Application, Invitation, SignedInvitation};
use milchglas_credential::parameters::Parameters;
use milchglas_credential::predicate::Predicate;
use milchglas_credential::presentation::Presentation;
use milchglas_credential::request::{Ask, SignedRequest};
use milchglas_credential::schema::Schema;
use milchglas_tests::{SeededRng, TestIssuer, holder, national_id_json, present, request, today, verifier_key};
use proptest::prelude::*;
use rand_core::RngCore;

struct World {
    schema: Schema,
    issuer: TestIssuer,
    k: HolderSecret,
    invitation: Invitation,
}

fn world() -> &'static World {
    static WORLD: OnceLock<World> = OnceLock::new();
    WORLD.get_or_init(|| {
        let schema = Schema::national_id().unwrap();
        let issuer = TestIssuer::new("state", vec![schema.clone()]).unwrap();
        let invitation = Invitation {
            issuer: issuer.parameters.fingerprint(),
            parameters: issuer.parameters.digest(),
            schema: schema.digest(),
            nonce: InvitationNonce([3; 16]),
            expires: Timestamp::from_unix(1_900_000_000).unwrap(),
        };
        World { schema, issuer, k: holder("erika").unwrap(), invitation }
    })
}

fn credential() -> Credential {
    let world = world();
    let claims = Claims::from_json(&world.schema, &national_id_json("1990-01-31")).unwrap();
    world.issuer.issue(&world.schema, &world.k, claims, &mut SeededRng::new("credential")).unwrap()
}

fn application() -> Application {
    let world = world();
    let rng = &mut SeededRng::new("application");
    Application::create(&world.invitation, &world.issuer.parameters, &world.k, "age1reply", rng).unwrap()
}

fn signed_request() -> SignedRequest {
    let world = world();
    let ask = world.issuer.ask("card", &world.schema, &["surname"], vec![Predicate::Valid]).unwrap();
    request("signed", today(), Ask::Credential(ask)).unwrap().sign(&verifier_key()).unwrap()
}

fn presentation() -> Presentation {
    let world = world();
    let ask = world.issuer.ask("card", &world.schema, &["surname"], vec![Predicate::Valid]).unwrap();
    let request = request("signed", today(), Ask::Credential(ask)).unwrap();
    let rng = &mut SeededRng::new("presentation");
    present(&request, &[&world.issuer.parameters], &world.k, &[&credential()], rng).unwrap()
}

/// Decodes and encodes again.
type Decoder = fn(&[u8]) -> Result<Vec<u8>, Error>;

fn objects() -> Vec<(&'static str, Vec<u8>, Decoder)> {
    let world = world();
    vec![
        ("invitation", SignedInvitation::sign(world.invitation.clone(), &world.issuer.identity).to_bytes(), |bytes| {
            Ok(SignedInvitation::from_bytes(bytes)?.to_bytes())
        }),
        ("application", application().to_bytes(), |bytes| Ok(Application::from_bytes(bytes)?.to_bytes())),
        ("answer", Answer { nonce: InvitationNonce([3; 16]), ciphertext: vec![5; 300] }.to_bytes(), |bytes| {
            Ok(Answer::from_bytes(bytes)?.to_bytes())
        }),
        ("credential", credential().to_bytes().to_vec(), |bytes| {
            Ok(Credential::from_bytes(bytes, |_, digest| world_schema(digest))?.to_bytes().to_vec())
        }),
        ("signed request", signed_request().to_bytes(), |bytes| Ok(SignedRequest::verify(bytes)?.signed().to_bytes())),
        ("presentation", presentation().to_bytes(), |bytes| Ok(Presentation::from_bytes(bytes)?.to_bytes())),
    ]
}

fn world_schema(digest: &milchglas_credential::digest::SchemaDigest) -> Option<&'static Schema> {
    Some(&world().schema).filter(|schema| schema.digest() == *digest)
}

#[test]
fn every_object_has_exactly_one_length() {
    for (name, bytes, decode) in objects() {
        assert_eq!(decode(&bytes).unwrap(), bytes, "{name}");
        for len in 0..bytes.len() {
            assert!(decode(&bytes[..len]).is_err(), "{name} cut to {len} bytes");
        }
        assert!(decode(&[&bytes[..], &[0]].concat()).is_err(), "{name} with a byte behind it");
        assert!(decode(&[&[0], &bytes[..]].concat()).is_err(), "{name} with a byte before it");
        assert!(decode(&bytes.repeat(2)).is_err(), "{name} twice");
    }
}

#[test]
fn accepted_bytes_encode_to_the_same_bytes() {
    let mut rng = SeededRng::new("mutations");
    for (name, bytes, decode) in objects() {
        for place in 0..bytes.len() {
            for bit in 0..8 {
                let mut other = bytes.clone();
                other[place] ^= 1 << bit;
                if let Ok(again) = decode(&other) {
                    assert_eq!(again, other, "{name}, byte {place}, bit {bit}");
                }
            }
        }
        // Every head of an item replaced by one that claims far more than there is, or nests, or never ends.
        for place in 0..bytes.len().min(400) {
            for head in [0x9b, 0x5b, 0x7b, 0xbb, 0x9f, 0x5f, 0x7f, 0xbf, 0xdb, 0x81, 0xff] {
                let mut other = bytes.clone();
                other[place] = head;
                if let Some(next) = other.get_mut(place + 1) {
                    *next = rng.next_u32() as u8;
                }
                if let Ok(again) = decode(&other) {
                    assert_eq!(again, other, "{name}, byte {place}, head {head:x}");
                }
            }
        }
    }
}

#[test]
fn huge_claims_of_length_are_refused_at_once() {
    for (name, bytes, decode) in objects() {
        for head in [0x9bu8, 0x5b, 0x7b, 0xbb] {
            // The first array's head, replaced by one of 2^63 items.
            let hostile = [&[head, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], &bytes[1..]].concat();
            assert!(decode(&hostile).is_err(), "{name}");
        }
        let deep = vec![0x81; 1 << 16];
        assert!(decode(&deep).is_err(), "{name}");
    }
}

#[test]
fn parameters_have_one_meaning_and_one_signature() {
    let json = world().issuer.parameters.to_json().unwrap();
    let parameters = Parameters::from_json(&json).unwrap();
    assert_eq!(parameters.digest(), world().issuer.parameters.digest());
    assert_eq!(parameters.to_json().unwrap(), json);
    // Every kind of change to the text: either it says the same, or it is refused.
    let mut accepted = 0;
    for place in (0..json.len()).step_by(97).chain(0..200).chain(json.len() - 150..json.len()) {
        let mut bytes = json.clone().into_bytes();
        bytes[place] ^= 1;
        let Ok(text) = String::from_utf8(bytes) else { continue };
        if let Ok(other) = Parameters::from_json(&text) {
            assert_eq!(other.digest(), parameters.digest(), "byte {place}");
            accepted += 1;
        }
    }
    // White space between tokens is free: a line break with a flipped bit is a vertical tab, which is not.
    assert_eq!(accepted, 0);
    let doubled = json.replacen("\"sequence\": 1,", "\"sequence\": 1, \"sequence\": 1,", 1);
    assert_ne!(doubled, json);
    assert!(Parameters::from_json(&doubled).is_err());
    let unknown = json.replacen("\"sequence\": 1,", "\"sequence\": 1, \"also\": 1,", 1);
    assert!(Parameters::from_json(&unknown).is_err());
    let upper = json.replacen("\"sequence\": 1,", "\"sequence\": 2,", 1);
    assert_eq!(Parameters::from_json(&upper).unwrap_err(), Error::Invalid);
}

#[test]
fn parameters_refuse_points_that_are_none() {
    let json = world().issuer.parameters.to_json().unwrap();
    let value: serde_json::Value = serde_json::from_str(&json).unwrap();
    let infinity_g1 = format!("c0{}", "00".repeat(47));
    let infinity_g2 = format!("c0{}", "00".repeat(95));
    let off_subgroup = format!("80{}04", "00".repeat(46));
    let try_with = |edit: &dyn Fn(&mut serde_json::Value)| {
        let mut other = value.clone();
        edit(&mut other);
        assert_ne!(other, value);
        Parameters::from_json(&other.to_string())
    };
    for bad in [&infinity_g1, &off_subgroup, &"00".repeat(48), &"ff".repeat(48), &"00".repeat(47)] {
        assert!(try_with(&|json| json["digits"]["signatures"][7] = bad.as_str().into()).is_err(), "{bad}");
    }
    for bad in [&infinity_g2, &"00".repeat(96), &"ff".repeat(96)] {
        assert!(try_with(&|json| json["digits"]["public_key"] = bad.as_str().into()).is_err());
        assert!(try_with(&|json| json["keys"][0]["public_key"] = bad.as_str().into()).is_err());
    }
    assert!(try_with(&|json| drop(json["digits"]["signatures"].as_array_mut().unwrap().pop())).is_err());
    assert!(try_with(&|json| json["keys"].as_array_mut().unwrap().clear()).is_err());
    assert!(try_with(&|json| json["schemas"].as_array_mut().unwrap().clear()).is_err());
    assert!(try_with(&|json| json["identity"] = "00".repeat(32).into()).is_err());
}

#[test]
fn applications_bind_invitation_address_and_points() {
    let world = world();
    let rng = &mut SeededRng::new("verify");
    let parameters = &world.issuer.parameters;
    let verify = |application: Application, invitation: &Invitation| {
        application.verify(invitation, parameters, &mut SeededRng::new("weights")).map(drop)
    };
    verify(application(), &world.invitation).unwrap();
    let mut other = world.invitation.clone();
    other.nonce = InvitationNonce([4; 16]);
    assert!(verify(application(), &other).is_err(), "another invitation");
    let mut other = world.invitation.clone();
    other.expires = Timestamp::from_unix(1_900_000_001).unwrap();
    assert!(verify(application(), &other).is_err(), "another expiry");

    // Any change that still decodes is refused by the proof: nonce, K, N, address, proof.
    let bytes = application().to_bytes();
    let mut decodable = 0;
    for place in 0..bytes.len() {
        for bit in 0..8 {
            let mut changed = bytes.clone();
            changed[place] ^= 1 << bit;
            if let Ok(application) = Application::from_bytes(&changed) {
                decodable += 1;
                assert!(verify(application, &world.invitation).is_err(), "byte {place}, bit {bit}");
            }
        }
    }
    assert!(decodable > 500, "{decodable}");

    // K of one secret with N of another.
    let hans = holder("hans").unwrap();
    let foreign = Application::create(&world.invitation, parameters, &hans, "age1reply", rng).unwrap().to_bytes();
    assert_eq!(bytes.len(), foreign.len());
    let name = bytes.windows(2).rposition(|pair| pair == [0x58, 0x30]).unwrap() + 2;
    let mut mixed = bytes.clone();
    mixed[name..name + 48].copy_from_slice(&foreign[name..name + 48]);
    assert!(verify(Application::from_bytes(&mixed).unwrap(), &world.invitation).is_err());
}

#[test]
fn invitations_hold_only_under_the_issuers_key() {
    let world = world();
    let signed = SignedInvitation::sign(world.invitation.clone(), &world.issuer.identity);
    signed.verify(&world.issuer.parameters).unwrap();
    let other = TestIssuer::new("other", vec![world.schema.clone()]).unwrap();
    assert_eq!(signed.verify(&other.parameters), Err(Error::Invalid));
    let forged = SignedInvitation::sign(world.invitation.clone(), &other.identity);
    assert_eq!(forged.verify(&world.issuer.parameters), Err(Error::Invalid));
    let bytes = signed.to_bytes();
    for place in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[place] ^= 1;
        if let Ok(changed) = SignedInvitation::from_bytes(&changed) {
            assert!(changed.verify(&world.issuer.parameters).is_err(), "byte {place}");
        }
    }
}

#[test]
fn a_credential_holds_only_as_issued() {
    let world = world();
    let credential = credential();
    let key = world.issuer.parameters.signing_key(&world.schema.digest()).unwrap();
    credential.verify(&world.k, key, &world.schema).unwrap();
    assert!(credential.verify(&holder("hans").unwrap(), key, &world.schema).is_err());
    let bytes = credential.to_bytes();
    let mut decodable = 0;
    for place in 0..bytes.len() {
        let mut changed = bytes.to_vec();
        changed[place] ^= 1;
        if let Ok(changed) = Credential::from_bytes(&changed, |_, digest| world_schema(digest)) {
            decodable += 1;
            // The issuer's fingerprint is not signed: it only says where to look for the key.
            let same_issuer = changed.issuer() == credential.issuer();
            assert_eq!(changed.verify(&world.k, key, &world.schema).is_err(), same_issuer, "byte {place}");
        }
    }
    assert!(decodable > 100, "{decodable}");
    let debug = format!("{credential:?} {:?} {:?}", world.k, Handle::from_bytes([1; 16]));
    assert!(!debug.contains("Muster") && !debug.contains("T22000129"), "{debug}");
}

proptest! {
    /// Random bytes, and random bytes behind a valid start.
    #[test]
    fn random_bytes_never_panic(noise in prop::collection::vec(any::<u8>(), 0..300), keep in 0usize..200) {
        for (_, bytes, decode) in objects_once() {
            let _ = decode(&noise);
            let mixed = [&bytes[..keep.min(bytes.len())], &noise[..]].concat();
            if let Ok(again) = decode(&mixed) {
                prop_assert_eq!(again, mixed);
            }
        }
    }
}

fn objects_once() -> &'static [(&'static str, Vec<u8>, Decoder)] {
    static OBJECTS: OnceLock<Vec<(&'static str, Vec<u8>, Decoder)>> = OnceLock::new();
    OBJECTS.get_or_init(objects)
}
