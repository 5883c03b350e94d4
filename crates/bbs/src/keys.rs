//! Secret and public keys.
//!
//! Source: draft-irtf-cfrg-bbs-signatures, "Key Generation Operations".   W = SK·P2
//! Public: W.  Secret: SK.
//! Caution: a key signs for BBS and nothing else. No `SK·P` for a point P of G1 may ever be published.

use core::fmt;
use std::sync::{Arc, OnceLock};

use milchglas_curve::{DecodeError, G2Prepared, NonZeroG2, Scalar};
use rand_core::CryptoRngCore;
use zeroize::{Zeroize, Zeroizing};

use crate::{ciphersuite::Ciphersuite, error::Error, random_scalars::calculate_random_scalars};

/// `SK`, a scalar that is not zero. Erased when dropped.
///
/// The first use of its public key computes it; keep the object to keep that work.
pub struct SecretKey {
    SK: Scalar,
    public: OnceLock<PublicKey>,
}

impl SecretKey {
    /// The length of an encoded key.
    pub const LENGTH: usize = 32;

    /// `KeyGen(key_material, key_info, key_dst)`: the same key from the same secret octets.
    ///
    /// `key_dst` of `None` is the draft's default, `ciphersuite_id || "KEYGEN_DST_"`.
    ///
    /// # Errors
    /// [`Error::KeyMaterial`] if the material is shorter than 32 octets or the information longer than 65,535,
    /// [`Error::DomainSeparation`] if `key_dst` is empty or longer than 255 octets.
    ///
    /// # Security
    /// The material must be secret and hold at least 256 bits of entropy; a password is not key material.
    pub fn key_gen(
        suite: Ciphersuite,
        key_material: &[u8],
        key_info: &[u8],
        key_dst: Option<&[u8]>,
    ) -> Result<Self, Error> {
        let info_length = u16::try_from(key_info.len()).map_err(|_| Error::KeyMaterial)?;
        if key_material.len() < 32 {
            return Err(Error::KeyMaterial);
        }
        let default_dst = [suite.id().as_bytes(), b"KEYGEN_DST_"].concat();
        let derive_input = Zeroizing::new([key_material, &info_length.to_be_bytes(), key_info].concat());
        let SK = suite.hash_to_scalar(&derive_input, key_dst.unwrap_or(&default_dst))?;
        if SK.is_zero() { Err(Error::KeyMaterial) } else { Ok(Self::new(SK)) }
    }

    /// A uniformly random key.
    ///
    /// # Errors
    /// [`Error::Randomness`] if the generator fails.
    pub fn random(rng: &mut (impl CryptoRngCore + ?Sized)) -> Result<Self, Error> {
        let scalars = calculate_random_scalars(1, rng)?;
        scalars.first().map(|SK| Self::new(*SK)).ok_or(Error::Randomness)
    }

    /// Reads 32 octets, big-endian.
    ///
    /// # Errors
    /// [`Error::Decode`] if the value is zero or not below r.
    pub fn from_bytes(octets: &[u8; Self::LENGTH]) -> Result<Self, Error> {
        Ok(Self::new(nonzero_scalar(octets, "secret key")?))
    }

    /// The key as 32 octets, big-endian; erased when dropped.
    #[must_use]
    pub fn to_bytes(&self) -> Zeroizing<[u8; Self::LENGTH]> {
        Zeroizing::new(self.SK.to_bytes())
    }

    /// `SkToPk(SK)`.
    ///
    /// # Errors
    /// None with a key made by this type; the curve's types ask for the check.
    pub fn public_key(&self) -> Result<PublicKey, Error> {
        if let Some(public) = self.public.get() {
            return Ok(public.clone());
        }
        let W = NonZeroG2::generator() * self.SK;
        let public: PublicKey = W.to_nonzero().map(PublicKey::from).ok_or(Error::Unsignable)?;
        Ok(self.public.get_or_init(|| public).clone())
    }

    /// `1 / (SK + e)`.
    ///
    /// # Errors
    /// [`Error::Unsignable`] if `SK = −e`.
    pub(crate) fn inverse_of_sum(&self, e: &Scalar) -> Result<Scalar, Error> {
        (self.SK + *e).invert().ok_or(Error::Unsignable)
    }

    fn new(SK: Scalar) -> Self {
        Self { SK, public: OnceLock::new() }
    }
}

impl Drop for SecretKey {
    fn drop(&mut self) {
        self.SK.zeroize();
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(..)")
    }
}

/// `W = SK·P2`, a point of G2 that is not the identity.
///
/// The first check under a key prepares it for pairings; keep the object to keep that work.
#[derive(Clone)]
pub struct PublicKey(Arc<G2Prepared>);

impl PublicKey {
    /// The length of an encoded key.
    pub const LENGTH: usize = 96;

    /// `octets_to_pubkey`: reads a compressed point.
    ///
    /// # Errors
    /// [`Error::Decode`] if it is not canonical, not on the curve, not in the subgroup, or the identity.
    pub fn from_bytes(octets: &[u8; Self::LENGTH]) -> Result<Self, Error> {
        Ok(NonZeroG2::from_bytes(octets)?.into())
    }

    /// The compressed point.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; Self::LENGTH] {
        self.W().to_bytes()
    }

    /// `W` itself.
    #[must_use]
    pub fn W(&self) -> &NonZeroG2 {
        self.0.point()
    }

    /// `W` with its part of the pairing, computed once.
    #[must_use]
    pub fn prepared(&self) -> &G2Prepared {
        &self.0
    }
}

impl From<NonZeroG2> for PublicKey {
    fn from(W: NonZeroG2) -> Self {
        Self(Arc::new(G2Prepared::from(&W)))
    }
}

impl PartialEq for PublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.to_bytes() == other.to_bytes()
    }
}

impl Eq for PublicKey {}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PublicKey").field(self.W()).finish()
    }
}

/// Reads a scalar that the draft does not allow to be zero.
pub(crate) fn nonzero_scalar(octets: &[u8; 32], what: &'static str) -> Result<Scalar, DecodeError> {
    let scalar = Scalar::from_bytes(octets).map_err(|_| DecodeError { what })?;
    if scalar.is_zero() { Err(DecodeError { what }) } else { Ok(scalar) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rejects_e_that_is_the_negated_key() {
        let sk = SecretKey::key_gen(Ciphersuite::Bls12381Sha256, &[7; 32], b"", None).unwrap();
        assert_eq!(sk.inverse_of_sum(&-sk.SK).unwrap_err(), Error::Unsignable);
        let e = Scalar::from(5);
        assert_eq!((sk.SK + e) * sk.inverse_of_sum(&e).unwrap(), Scalar::ONE);
    }

    #[test]
    fn debug_output_hides_the_key() {
        let sk = SecretKey::from_bytes(&[1; 32]).unwrap();
        assert_eq!(format!("{sk:?}"), "SecretKey(..)");
    }
}
