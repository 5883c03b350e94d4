//! The draft's two ciphersuites and their hash to a scalar.
//!
//! Source: draft-irtf-cfrg-bbs-signatures, "Ciphersuites" and "Hash to Scalar".
//! Everything here is public.

use milchglas_curve::{DecodeError, Expander, NonZeroG1, Scalar};

use crate::error::Error;

/// `expand_len` of both suites: octets that are reduced to one scalar.
const EXPAND_LEN: usize = 48;

/// The longest domain separation tag that the draft allows.
pub(crate) const MAX_DST: usize = 255;

/// `P1` of BLS12-381-SHA-256.
const P1_SHA_256: [u8; 48] = [
    0xa8, 0xce, 0x25, 0x61, 0x02, 0x84, 0x08, 0x21, 0xa3, 0xe9, 0x4e, 0xa9, 0x02, 0x5e, 0x46, 0x62, 0xb2, 0x05, 0x76,
    0x2f, 0x97, 0x76, 0xb3, 0xa7, 0x66, 0xc8, 0x72, 0xb9, 0x48, 0xf1, 0xfd, 0x22, 0x5e, 0x7c, 0x59, 0x69, 0x85, 0x88,
    0xe7, 0x0d, 0x11, 0x40, 0x6d, 0x16, 0x1b, 0x4e, 0x28, 0xc9,
];

/// `P1` of BLS12-381-SHAKE-256.
const P1_SHAKE_256: [u8; 48] = [
    0x89, 0x29, 0xdf, 0xbc, 0x7e, 0x66, 0x42, 0xc4, 0xed, 0x9c, 0xba, 0x08, 0x56, 0xe4, 0x93, 0xf8, 0xb9, 0xd7, 0xd5,
    0xfc, 0xb0, 0xc3, 0x1e, 0xf8, 0xfd, 0xcd, 0x34, 0xd5, 0x06, 0x48, 0xa5, 0x6c, 0x79, 0x5e, 0x10, 0x6e, 0x9e, 0xad,
    0xa6, 0xe0, 0xbd, 0xa3, 0x86, 0xb4, 0x14, 0x15, 0x07, 0x55,
];

/// A ciphersuite of the draft. Both use the curve BLS12-381 and differ in their hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ciphersuite {
    /// BLS12-381-SHA-256.
    Bls12381Sha256,
    /// BLS12-381-SHAKE-256.
    Bls12381Shake256,
}

impl Ciphersuite {
    /// `ciphersuite_id`, the unique identifier that prefixes every domain separation tag.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Bls12381Sha256 => "BBS_BLS12381G1_XMD:SHA-256_SSWU_RO_",
            Self::Bls12381Shake256 => "BBS_BLS12381G1_XOF:SHAKE-256_SSWU_RO_",
        }
    }

    /// `expand_message` of the suite.
    #[must_use]
    pub fn expander(self) -> Expander {
        match self {
            Self::Bls12381Sha256 => Expander::XmdSha256,
            Self::Bls12381Shake256 => Expander::XofShake256,
        }
    }

    /// `hash_to_scalar(msg_octets, dst)`: 48 expanded octets, big-endian, reduced modulo r.
    ///
    /// # Errors
    /// [`Error::DomainSeparation`] if `dst` is empty or longer than 255 octets.
    pub fn hash_to_scalar(self, msg_octets: &[u8], dst: &[u8]) -> Result<Scalar, Error> {
        if dst.is_empty() || dst.len() > MAX_DST {
            return Err(Error::DomainSeparation);
        }
        Ok(self.hash_to_scalar_checked(msg_octets, dst))
    }

    /// [`hash_to_scalar`](Self::hash_to_scalar) for a `dst` whose length is known to be right.
    pub(crate) fn hash_to_scalar_checked(self, msg_octets: &[u8], dst: &[u8]) -> Scalar {
        let mut uniform_bytes = [0u8; EXPAND_LEN];
        self.expander().expand(msg_octets, dst, &mut uniform_bytes);
        Scalar::from_okm(&uniform_bytes)
    }

    /// `P1`, the fixed point of G1 to which every signed point refers.
    pub(crate) fn P1(self) -> Result<NonZeroG1, DecodeError> {
        NonZeroG1::from_bytes(match self {
            Self::Bls12381Sha256 => &P1_SHA_256,
            Self::Bls12381Shake256 => &P1_SHAKE_256,
        })
    }
}
