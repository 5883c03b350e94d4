//! Groups, scalars and hashes: `spec/notation.md`.

use ark_bls12_381::g1::Config;
use ark_bls12_381::{Fq, Fr, G1Affine, G2Affine};
use ark_ec::hashing::curve_maps::wb::WBMap;
use ark_ec::hashing::map_to_curve_hasher::MapToCurve;
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::{BigInteger, PrimeField};
use ark_serialize::{CanonicalDeserialize, CanonicalSerialize};
use sha2::{Digest, Sha256};

/// A point of G1 that is not infinity, in its one encoding.
pub(crate) fn decode_g1(bytes: &[u8]) -> Option<G1Affine> {
    let point = G1Affine::deserialize_compressed(bytes).ok()?;
    (bytes.len() == 48 && !point.is_zero() && encode_g1(&point) == bytes).then_some(point)
}

/// A point of G2 that is not infinity, in its one encoding.
pub(crate) fn decode_g2(bytes: &[u8]) -> Option<G2Affine> {
    let point = G2Affine::deserialize_compressed(bytes).ok()?;
    let mut again = Vec::new();
    point.serialize_compressed(&mut again).ok()?;
    (bytes.len() == 96 && !point.is_zero() && again == bytes).then_some(point)
}

/// The encoding of a point, infinity included.
pub(crate) fn encode_g1(point: &G1Affine) -> Vec<u8> {
    let mut bytes = Vec::new();
    point.serialize_compressed(&mut bytes).unwrap();
    bytes
}

/// A scalar below r.
pub(crate) fn decode_scalar(bytes: &[u8]) -> Option<Fr> {
    let scalar = reduce(bytes);
    (bytes.len() == 32 && encode_scalar(&scalar) == bytes).then_some(scalar)
}

/// 32 bytes, big-endian.
pub(crate) fn encode_scalar(scalar: &Fr) -> Vec<u8> {
    scalar.into_bigint().to_bytes_be()
}

/// OS2IP, modulo r.
pub(crate) fn reduce(bytes: &[u8]) -> Fr {
    Fr::from_be_bytes_mod_order(bytes)
}

/// An integer modulo r.
pub(crate) fn integer(value: i128) -> Fr {
    let magnitude = reduce(&value.unsigned_abs().to_be_bytes());
    if value < 0 { -magnitude } else { magnitude }
}

/// RFC 9380, section 5.3.1: expand_message_xmd with SHA-256, for tags of at most 255 bytes.
pub(crate) fn expand(message: &[u8], tag: &[u8], len: usize) -> Vec<u8> {
    let tag = [tag, &[u8::try_from(tag.len()).unwrap()]].concat();
    let first = Sha256::new()
        .chain_update([0; 64])
        .chain_update(message)
        .chain_update(u16::try_from(len).unwrap().to_be_bytes())
        .chain_update([0])
        .chain_update(&tag)
        .finalize();
    let mut block = [0u8; 32];
    let mut out = Vec::new();
    let mut i = 1u8;
    while out.len() < len {
        for (byte, first) in block.iter_mut().zip(&first) {
            *byte ^= first;
        }
        block = Sha256::new().chain_update(block).chain_update([i]).chain_update(&tag).finalize().into();
        out.extend_from_slice(&block);
        i += 1;
    }
    out.truncate(len);
    out
}

/// Hs.
pub(crate) fn hash_to_scalar(message: &[u8], tag: &[u8]) -> Fr {
    reduce(&expand(message, tag, 48))
}

/// H1.
pub(crate) fn hash_to_curve(message: &[u8], tag: &[u8]) -> G1Affine {
    let uniform = expand(message, tag, 128);
    let map = |bytes| <WBMap<Config> as MapToCurve<_>>::map_to_curve(Fq::from_be_bytes_mod_order(bytes)).unwrap();
    (map(&uniform[..64]) + map(&uniform[64..])).into_affine().clear_cofactor()
}

/// SHA-256 of a tag and an object.
pub(crate) fn digest(tag: &str, object: &[u8]) -> [u8; 32] {
    Sha256::new().chain_update(tag).chain_update(object).finalize().into()
}
