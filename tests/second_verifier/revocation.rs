//! Epochs and witnesses: `spec/revocation.md`.

use super::cbor::{self, Item};
use super::curve::{decode_g1, digest, reduce};
use super::parameters::{CredentialKey, Parameters};
use ark_bls12_381::{Bls12_381, Fr, G1Affine, G2Affine};
use ark_ec::pairing::Pairing;
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::Field;
use ed25519_dalek::{Signature, VerifyingKey};
use sha2::{Digest as _, Sha256};

/// A head, and what was revoked: handle and accumulator.
pub(crate) struct EpochFile {
    pub(crate) key: [u8; 32],
    pub(crate) epoch: u64,
    pub(crate) previous: [u8; 32],
    pub(crate) digest: [u8; 32],
    pub(crate) total: u64,
    pub(crate) accumulators: Vec<[u8; 48]>,
    pub(crate) revoked: Vec<([u8; 16], [u8; 48])>,
}

/// Reads one epoch's file that the issuer of these parameters signed.
pub(crate) fn epoch_file(bytes: &[u8], parameters: &Parameters) -> Option<EpochFile> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    let length = u32::from_be_bytes(*length) as usize;
    let (signed, body) = rest.split_at_checked(length).filter(|_| length <= 2048)?;
    let [name, head, signature] = cbor::decode(signed)?.array()?.try_into().ok()?;
    (name.text()? == "milchglas epoch/1").then_some(())?;
    let canonical = head.encode();
    let message = [b"milchglas epoch/1 signature", &canonical[..]].concat();
    let identity = VerifyingKey::from_bytes(&parameters.identity).ok()?;
    identity.verify_strict(&message, &Signature::from_bytes(signature.bytes()?.try_into().ok()?)).ok()?;

    let [key, epoch, previous, issued, total, revoked, hash, accumulators]: [Item<'_>; 8] =
        head.array()?.try_into().ok()?;
    let (epoch, total, count) = (epoch.uint()?, total.uint()?, revoked.uint()?);
    let accumulators: Vec<[u8; 48]> =
        accumulators.array()?.iter().map(|item| item.bytes()?.try_into().ok()).collect::<Option<_>>()?;
    let previous: [u8; 32] = previous.bytes()?.try_into().ok()?;
    let key: [u8; 32] = key.bytes()?.try_into().ok()?;
    let well_formed = epoch < 1 << 32
        && accumulators.len() as u64 == 16.min(epoch + 1)
        && count <= total
        && total <= 1 << 24
        && count <= 1 << 16
        && (epoch > 0 || (total == 0 && previous == [0; 32]))
        && issued.uint()? <= 253_402_300_799
        && body.len() as u64 == 64 * count
        && Sha256::digest(body)[..] == *hash.bytes()?
        && parameters.credential_keys.values().any(|known| known.id == key);
    well_formed.then_some(())?;
    let revoked: Vec<([u8; 16], [u8; 48])> =
        body.chunks_exact(64).map(|entry| (entry[..16].try_into().unwrap(), entry[16..].try_into().unwrap())).collect();
    revoked.last().is_none_or(|(_, last)| *last == accumulators[0]).then_some(())?;
    let digest = digest("milchglas epoch/1", &canonical);
    Some(EpochFile { key, epoch, previous, digest, total, accumulators, revoked })
}

/// Whether a file continues another.
pub(crate) fn continues(newer: &EpochFile, older: &EpochFile) -> bool {
    newer.key == older.key
        && newer.epoch == older.epoch + 1
        && newer.previous == older.digest
        && newer.total == older.total + newer.revoked.len() as u64
        && newer.accumulators[1..].iter().eq(older.accumulators.iter().take(15))
        && (!newer.revoked.is_empty() || newer.accumulators[0] == older.accumulators[0])
}

/// Whether w is the witness of a handle: `e(w, z·P2) = e(Z − h·w, P2)`.
pub(crate) fn holds(w: G1Affine, handle: &[u8; 16], accumulator: &[u8; 48], key: &CredentialKey) -> bool {
    let Some(accumulator) = decode_g1(accumulator) else { return false };
    let right = accumulator - w * reduce(handle);
    Bls12_381::pairing(w, key.revocation) == Bls12_381::pairing(right, G2Affine::generator())
}

/// The witness after one more epoch, revocation by revocation: `w' = (w − Z')/(h' − h)`. None for a handle that was revoked.
pub(crate) fn update(w: G1Affine, handle: &[u8; 16], file: &EpochFile) -> Option<G1Affine> {
    let h = reduce(handle);
    file.revoked.iter().try_fold(w, |w, (other, accumulator)| {
        let difference: Fr = reduce(other) - h;
        let moved = w.into_group() - decode_g1(accumulator)?;
        Some((moved * difference.inverse()?).into_affine())
    })
}
