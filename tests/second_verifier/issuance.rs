//! Invitations, applications and credentials: `spec/issuance.md`, `spec/encodings.md`.

use super::cbor;
use super::curve::{decode_g1, decode_scalar, digest, encode_g1, hash_to_scalar, reduce};
use super::parameters::{CredentialKey, Parameters, Schema};
use super::system::System;
use super::value::Value;
use ark_bls12_381::{Bls12_381, Fr, G1Affine, G1Projective, G2Affine};
use ark_ec::pairing::Pairing;
use ark_ec::{AffineRepr, CurveGroup};
use ed25519_dalek::{Signature, VerifyingKey};
use merlin::Transcript;

/// An invitation whose signature holds.
pub(crate) struct Invitation {
    pub(crate) canonical: Vec<u8>,
    pub(crate) schema: [u8; 32],
    pub(crate) nonce: Vec<u8>,
}

/// An application whose proof holds.
pub(crate) struct Application {
    pub(crate) commitment: G1Affine,
    pub(crate) name: G1Affine,
    pub(crate) digest: [u8; 32],
}

/// A credential whose signature holds.
pub(crate) struct Credential {
    pub(crate) signed: G1Projective,
    pub(crate) a: G1Affine,
    pub(crate) e: Fr,
}

/// Reads a signed invitation of this issuer.
pub(crate) fn invitation(bytes: &[u8], parameters: &Parameters) -> Option<Invitation> {
    let [name, invitation, signature] = cbor::decode(bytes)?.array()?.try_into().ok()?;
    let canonical = invitation.encode();
    let [issuer, digest, schema, nonce, expires] = invitation.array()?.try_into().ok()?;
    let well_formed = bytes.len() <= 512
        && name.text()? == "milchglas invitation/1"
        && issuer.bytes()? == parameters.fingerprint
        && digest.bytes()? == parameters.digest
        && nonce.bytes()?.len() == 16
        && expires.uint()? <= 253_402_300_799;
    well_formed.then_some(())?;
    let key = VerifyingKey::from_bytes(&parameters.identity).ok()?;
    let message = [b"milchglas invitation/1 signature", &canonical[..]].concat();
    key.verify_strict(&message, &Signature::from_bytes(signature.bytes()?.try_into().ok()?)).ok()?;
    Some(Invitation { canonical, schema: schema.bytes()?.try_into().ok()?, nonce: nonce.bytes()?.to_vec() })
}

/// Reads an application that answers an invitation.
pub(crate) fn application(bytes: &[u8], invitation: &Invitation, parameters: &Parameters) -> Option<Application> {
    let [name, nonce, commitment, registered, reply_to, proof] = cbor::decode(bytes)?.array()?.try_into().ok()?;
    let well_formed = bytes.len() <= 2048
        && name.text()? == "milchglas application/1"
        && nonce.bytes()? == invitation.nonce
        && reply_to.text()?.len() <= 512
        && proof.bytes()?.len() == 64;
    well_formed.then_some(())?;
    let (_, key) = key_for(parameters, &invitation.schema, parameters.keys.len() - 1)?;
    let (commitment, registered) = (decode_g1(commitment.bytes()?)?, decode_g1(registered.bytes()?)?);

    let mut system = System::default();
    let k = system.variable();
    for (label, image, base) in [
        ("holder commitment", commitment, key.generators[0]),
        ("registered name", registered, parameters.registry_base()),
    ] {
        system.equation(label, vec![(Fr::from(1u64), image)], vec![(false, k, base)]);
    }
    let (challenge, response) = proof.bytes()?.split_at(32);
    let (challenge, response) = (decode_scalar(challenge)?, decode_scalar(response)?);

    let mut transcript = Transcript::new(b"milchglas application/1");
    transcript.append_message(b"invitation", &invitation.canonical);
    transcript.append_message(b"key", &key.encoded);
    transcript.append_message(b"schema", &invitation.schema);
    transcript.append_message(b"reply-to", reply_to.text()?.as_bytes());
    transcript.append_message(b"points", b"");
    transcript.append_message(b"system", &system.describe());
    let announcements = system.announcements(&[response], challenge);
    let announcements: Vec<u8> = announcements.iter().flat_map(|point| encode_g1(&point.into_affine())).collect();
    transcript.append_message(b"announcements", &announcements);
    let mut wide = [0; 64];
    transcript.challenge_bytes(b"challenge", &mut wide);
    let digest = digest("milchglas application/1 digest", bytes);
    (reduce(&wide) == challenge).then_some(Application { commitment, name: registered, digest })
}

/// Reads a credential of this holder.
pub(crate) fn credential(bytes: &[u8], k: &[u8], parameters: &Parameters) -> Option<Credential> {
    let [issuer, key, schema, handle, claims, signature] = cbor::decode(bytes)?.array()?.try_into().ok()?;
    let place = (0..parameters.keys.len()).find(|place| {
        parameters.credential_keys.get(&(*place, 0)).is_some_and(|own| key.bytes() == Some(&own.id[..]))
    })?;
    let (schema, key) = key_for(parameters, &schema.bytes()?.try_into().ok()?, place)?;
    let values = claims.array()?.iter().map(Value::decode).collect::<Option<Vec<_>>>()?;
    let fits = issuer.bytes()? == parameters.fingerprint
        && handle.bytes()?.len() == 16
        && values.len() == schema.claims.len()
        && schema.claims.iter().zip(&values).all(|(claim, value)| claim.permits(value));
    fits.then_some(())?;
    let mut signed = key.empty + key.generators[0] * decode_scalar(k)? + key.generators[1] * reduce(handle.bytes()?);
    for ((claim, value), generator) in schema.claims.iter().zip(&values).zip(&key.generators[2..]) {
        signed += *generator * claim.scalar(value);
    }
    let (a, e) = signature.bytes()?.split_at_checked(48)?;
    let (a, e) = (decode_g1(a)?, decode_scalar(e)?);
    // e(A, W)·e(e·A − C, P2) = 1.
    let right = signed - a * e;
    (Bls12_381::pairing(a, key.point) == Bls12_381::pairing(right, G2Affine::generator())).then_some(Credential {
        signed,
        a,
        e,
    })
}

/// How the issuer derives e from its secret key.
pub(crate) fn derived_e(x: &[u8], credential: &Credential, key: &CredentialKey) -> Fr {
    let input = [x, &encode_g1(&credential.signed.into_affine())].concat();
    hash_to_scalar(&input, &[&key.api_id[..], b"H2S_"].concat())
}

/// Whether the signature of one digit holds.
pub(crate) fn digit_holds(parameters: &Parameters, digit: usize) -> bool {
    let signature = parameters.digit_signatures[digit];
    let right = parameters.digit_base - signature * Fr::from(digit as u64);
    Bls12_381::pairing(signature, parameters.digit_key) == Bls12_381::pairing(right, G2Affine::generator())
}

fn key_for<'p>(parameters: &'p Parameters, schema: &[u8; 32], key: usize) -> Option<(&'p Schema, &'p CredentialKey)> {
    let place = parameters.schemas.iter().position(|known| known.digest == *schema)?;
    Some((&parameters.schemas[place], parameters.credential_keys.get(&(key, place))?))
}
