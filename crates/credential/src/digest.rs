//! Digests, fingerprints and other fixed byte strings, each with a type of its own.
//!
//! In JSON they are lower-case hexadecimal, on the wire byte strings. Digests are SHA-256 over an ASCII tag and the
//! deterministic CBOR of the object; a tag contains no byte above 127 and an object starts with one, so that no two
//! (tag, object) pairs are the same bytes.

use crate::cbor::{Reader, Wire, Writer};
use crate::error::DecodeError;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest as _, Sha256};
use std::fmt;
use std::str::FromStr;

/// SHA-256 of `tag ‖ object`, where `object` is deterministic CBOR that starts with an array head.
pub fn tagged_digest(tag: &'static str, object: &[u8]) -> [u8; 32] {
    Sha256::new().chain_update(tag.as_bytes()).chain_update(object).finalize().into()
}

macro_rules! byte_string {
    ($(#[$doc:meta])* $name:ident, $len:literal, $what:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub [u8; $len]);

        impl $name {
            /// The bytes.
            pub fn as_bytes(&self) -> &[u8; $len] {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&hex::encode(self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({self})", stringify!($name))
            }
        }

        impl FromStr for $name {
            type Err = DecodeError;

            fn from_str(text: &str) -> Result<Self, DecodeError> {
                lower_case_hex(text).map(Self).ok_or(DecodeError { what: $what })
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
            }
        }

        impl Wire for $name {
            fn write(&self, out: &mut Writer) {
                out.bytes(&self.0);
            }

            fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
                input.bytes($what).map(Self)
            }
        }
    };
}

byte_string!(
    /// The digest of a schema's content.
    SchemaDigest, 32, "a schema digest of 32 bytes"
);
byte_string!(
    /// The digest of an issuer's identity key.
    IssuerFingerprint, 32, "an issuer fingerprint of 32 bytes"
);
byte_string!(
    /// The digest of an issuer's published parameters.
    ParametersDigest, 32, "a parameters digest of 32 bytes"
);
byte_string!(
    /// The digest of a request's canonical form.
    RequestDigest, 32, "a request digest of 32 bytes"
);
byte_string!(
    /// The digest of one of an issuer's public signature keys.
    IssuerKeyId, 32, "an issuer key id of 32 bytes"
);
byte_string!(
    /// An issuer's Ed25519 public key, which signs its parameters and invitations.
    IdentityKey, 32, "an identity key of 32 bytes"
);
byte_string!(
    /// The random bytes that make an invitation unique.
    InvitationNonce, 16, "an invitation nonce of 16 bytes"
);
byte_string!(
    /// The digest of an application for a credential.
    ApplicationDigest, 32, "an application digest of 32 bytes"
);
byte_string!(
    /// A verifier's Ed25519 public key; it stands for the verifier.
    VerifierKey, 32, "a verifier key of 32 bytes"
);
byte_string!(
    /// The digest of the identity key of whoever signs trust lists, published sets or lists.
    AuthorityFingerprint, 32, "an authority's fingerprint of 32 bytes"
);
byte_string!(
    /// The digest of a trust list.
    TrustListDigest, 32, "a trust list's digest of 32 bytes"
);
byte_string!(
    /// The random bytes that make a request unique.
    RequestNonce, 16, "a request nonce of 16 bytes"
);
byte_string!(
    /// The digest of a set's content.
    SetDigest, 32, "a set digest of 32 bytes"
);
byte_string!(
    /// The digest of a list's content.
    ListDigest, 32, "a list digest of 32 bytes"
);
byte_string!(
    /// The public key under which the elements of a set are signed, not decoded.
    SetPublicKey, 96, "a set key of 96 bytes"
);
byte_string!(
    /// The signature of an element of a set, not decoded.
    ElementSignature, 48, "an element's signature of 48 bytes"
);
byte_string!(
    /// The name of a holder in one scope: the point that was proven, in its one encoding.
    Pseudonym, 48, "a pseudonym of 48 bytes"
);
byte_string!(
    /// One of a holder's tokens in one scope and epoch: the point that was proven, in its one encoding.
    Token, 48, "a token of 48 bytes"
);
byte_string!(
    /// An accumulator: the point of one epoch, not decoded.
    AccumulatorBytes, 48, "an accumulator of 48 bytes"
);
byte_string!(
    /// The digest of an epoch's head.
    EpochDigest, 32, "an epoch's digest of 32 bytes"
);
byte_string!(
    /// The SHA-256 of a document's bytes, as they are.
    DocumentDigest, 32, "a document digest of 32 bytes"
);

impl DocumentDigest {
    /// The digest of a document.
    #[must_use]
    pub fn of(document: &[u8]) -> Self {
        Self(Sha256::digest(document).into())
    }
}

byte_string!(
    /// The digest of an inspector's identity key.
    InspectorFingerprint, 32, "an inspector's fingerprint of 32 bytes"
);
byte_string!(
    /// The digest of an inspector's file.
    InspectorDigest, 32, "an inspector's digest of 32 bytes"
);
byte_string!(
    /// The digest of a signed request with its answer.
    CaseDigest, 32, "a case digest of 32 bytes"
);

pub(crate) fn lower_case_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return None;
    }
    hex::decode_to_slice(text, &mut bytes).ok()?;
    Some(bytes)
}
