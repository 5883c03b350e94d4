//! `issuance.json`: one credential from invitation to signature, with every secret of it.

use super::Cast;
use crate::second;
use crate::second::cbor::{self, Item};
use milchglas_credential::claim::Claims;
use milchglas_credential::credential::Handle;
use milchglas_credential::date::Timestamp;
use milchglas_credential::digest::InvitationNonce;
use milchglas_credential::issuance::{Application, Invitation, SignedInvitation};
use milchglas_curve::Scalar;
use milchglas_tests::{SeededRng, national_id_json};
use rand_core::RngCore;
use serde::{Deserialize, Serialize};

/// The file.
#[derive(Serialize, Deserialize, PartialEq, Debug)]
pub(crate) struct File {
    pub(crate) about: String,
    pub(crate) parameters: String,
    pub(crate) identity_secret: String,
    pub(crate) x: String,
    pub(crate) y: String,
    pub(crate) key: Key,
    pub(crate) registry_base: String,
    pub(crate) digit_base: String,
    pub(crate) k: String,
    pub(crate) invitation: String,
    pub(crate) application: String,
    pub(crate) application_digest: String,
    pub(crate) commitment: String,
    pub(crate) name: String,
    pub(crate) claims: serde_json::Value,
    pub(crate) handle: String,
    pub(crate) signed_point: String,
    pub(crate) credential: String,
    pub(crate) rejected: Vec<Rejected>,
}

/// The issuer's newest key, for the schema of the invitation.
#[derive(Serialize, Deserialize, PartialEq, Debug)]
pub(crate) struct Key {
    pub(crate) id: String,
    pub(crate) api_id: String,
    pub(crate) header: String,
    pub(crate) domain: String,
    #[serde(rename = "Q")]
    pub(crate) q: String,
    #[serde(rename = "H")]
    pub(crate) h: Vec<String>,
}

/// What must be refused.
#[derive(Serialize, Deserialize, PartialEq, Debug)]
pub(crate) struct Rejected {
    pub(crate) name: String,
    /// `invitation`, `application` or `credential`.
    pub(crate) object: String,
    pub(crate) bytes: String,
}

/// The wire form with some items of its array replaced by encoded ones.
fn with(bytes: &[u8], replace: &[(usize, &[u8])]) -> Vec<u8> {
    let mut items: Vec<Vec<u8>> = cbor::decode(bytes).unwrap().array().unwrap().iter().map(Item::encode).collect();
    for (place, item) in replace {
        items[*place] = item.to_vec();
    }
    Item::Array(items.iter().map(|item| cbor::decode(item).unwrap()).collect()).encode()
}

fn item(bytes: &[u8], place: usize) -> Vec<u8> {
    cbor::decode(bytes).unwrap().array().unwrap()[place].encode()
}

pub(crate) fn file(cast: &Cast) -> File {
    let issuer = &cast.state[2];
    let parameters = &issuer.parameters;
    let mut rng = SeededRng::new("vectors: issuance");
    let mut nonce = [0; 16];
    rng.fill_bytes(&mut nonce);
    let invitation = Invitation {
        issuer: parameters.fingerprint(),
        parameters: parameters.digest(),
        schema: cast.card.digest(),
        nonce: InvitationNonce(nonce),
        expires: Timestamp::from_unix(1_800_000_000).unwrap(),
    };
    let mut other = invitation.clone();
    other.nonce.0[0] ^= 1;
    let reply_to = "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj";
    let apply = |invitation: &Invitation, k, rng: &mut SeededRng| {
        Application::create(invitation, parameters, k, reply_to, rng).unwrap()
    };
    let application = apply(&invitation, &cast.erika, &mut rng);
    let claims = national_id_json("1990-01-31");
    let verified = application.clone().verify(&invitation, parameters, &mut rng).unwrap();
    let handle = Handle::random(&mut rng);
    let credential = verified
        .issue(&invitation, parameters, &issuer.secret, handle.clone(), Claims::from_json(&cast.card, &claims).unwrap())
        .unwrap()
        .to_bytes();
    let signed = SignedInvitation::sign(invitation.clone(), &issuer.identity).to_bytes();
    let bytes = application.to_bytes();

    let known = second::parameters::Parameters::from_json(&parameters.to_json().unwrap()).unwrap();
    let key = &known.credential_keys[&(2, 0)];
    let mut uniform = [0; 64];
    SeededRng::new("vectors: Erika").fill_bytes(&mut uniform);
    let k = Scalar::from_wide(&uniform).to_bytes();
    let own = second::issuance::credential(&credential, &k, &known).unwrap();
    let encode = |point: &ark_bls12_381::G1Affine| hex::encode(second::curve::encode_g1(point));

    let foreign = apply(&other, &cast.erika, &mut rng).to_bytes();
    let stranger = apply(&invitation, &cast.other, &mut rng).to_bytes();
    let foreign_invitation = SignedInvitation::sign(invitation, &cast.city.identity).to_bytes();
    let infinity = Item::Bytes(&[&[0xc0][..], &[0; 47]].concat()).encode();
    let mut flipped = bytes.clone();
    *flipped.last_mut().unwrap() ^= 1;
    let mut claims_changed = credential.to_vec();
    let at = claims_changed.windows(6).position(|window| window == b"Muster").unwrap();
    claims_changed[at] = b'P';
    let order = hex::decode("73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001").unwrap();
    let mut unreduced = credential.to_vec();
    let at = unreduced.len() - 32;
    unreduced[at..].copy_from_slice(&order);
    let cases: Vec<(&str, &str, Vec<u8>)> = vec![
        ("signed by another key", "invitation", foreign_invitation),
        ("changed after signing", "invitation", {
            let mut changed = signed.clone();
            let at = changed.windows(4).position(|window| window == nonce.get(..4).unwrap()).unwrap();
            changed[at] ^= 1;
            changed
        }),
        ("one byte more", "invitation", [&signed[..], &[0]].concat()),
        ("answers another invitation", "application", foreign.clone()),
        ("the proof of another invitation", "application", with(&bytes, &[(5, &item(&foreign, 5))])),
        ("the name of another holder", "application", with(&bytes, &[(3, &item(&stranger, 3))])),
        ("the commitment of another holder", "application", with(&bytes, &[(2, &item(&stranger, 2))])),
        ("commitment and name exchanged", "application", with(&bytes, &[(2, &item(&bytes, 3)), (3, &item(&bytes, 2))])),
        ("a commitment at infinity", "application", with(&bytes, &[(2, &infinity)])),
        (
            "another address",
            "application",
            with(
                &bytes,
                &[(4, &Item::Text("age1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqs3290gq").encode())],
            ),
        ),
        ("a flipped bit of the response", "application", flipped),
        ("a proof of 32 bytes", "application", with(&bytes, &[(5, &Item::Bytes(&[0; 32]).encode())])),
        ("another surname", "credential", claims_changed),
        ("another handle", "credential", with(&credential, &[(3, &Item::Bytes(&[0; 16]).encode())])),
        (
            "a claim less",
            "credential",
            with(
                &credential,
                &[(4, &{
                    let mut claims = cbor::decode(&credential).unwrap().array().unwrap().remove(4).array().unwrap();
                    claims.pop();
                    Item::Array(claims).encode()
                })],
            ),
        ),
        ("e not reduced", "credential", unreduced),
        (
            "another key",
            "credential",
            with(&credential, &[(1, &Item::Bytes(&known.credential_keys[&(1, 0)].id).encode())]),
        ),
    ];
    File {
        about: "One credential issued, with all secrets: spec/issuance.md and encodings.md. x is the issuer's newest signature key, y its \
                set key, identity_secret the seed of its Ed25519 key. What is rejected is refused by wallet (invitation, credential) or issuer (application)."
            .to_owned(),
        parameters: "state".to_owned(),
        identity_secret: hex::encode(issuer.identity.to_bytes()),
        x: hex::encode(*issuer.secret.to_bytes()),
        y: hex::encode(*cast.state_digits.to_bytes()),
        key: Key {
            id: hex::encode(key.id),
            api_id: String::from_utf8(key.api_id.clone()).unwrap(),
            header: hex::encode(&key.header),
            domain: hex::encode(second::curve::encode_scalar(&key.domain)),
            q: encode(&key.q),
            h: key.generators.iter().map(encode).collect(),
        },
        registry_base: encode(&known.registry_base()),
        digit_base: encode(&known.digit_base),
        k: hex::encode(k),
        invitation: hex::encode(&signed),
        application: hex::encode(&bytes),
        application_digest: hex::encode(application.digest().as_bytes()),
        commitment: hex::encode(verified.commitment().to_bytes()),
        name: hex::encode(verified.name().to_bytes()),
        claims: serde_json::from_str(&claims).unwrap(),
        handle: hex::encode(handle.as_bytes()),
        signed_point: encode(&own.signed.into()),
        credential: hex::encode(&*credential),
        rejected: cases
            .into_iter()
            .map(|(name, object, bytes)| Rejected {
                name: name.to_owned(),
                object: object.to_owned(),
                bytes: hex::encode(bytes),
            })
            .collect(),
    }
}
