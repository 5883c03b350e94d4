//! A ciphersuite together with an identifier: what fixes every hash of the scheme.
//!
//! Source: draft-irtf-cfrg-bbs-signatures, "BBS Signatures Interface", "Defining New Interfaces", "Messages to Scalars",
//! "Domain Calculation".
//! Everything here is public. Caution: two ways of mapping messages to scalars must never share an identifier.
//! Signing is in `signature.rs`, proving in `proof.rs`, blind issuance in `blind.rs`.

use milchglas_curve::Scalar;

use crate::{
    ciphersuite::{Ciphersuite, MAX_DST},
    error::Error,
    generators::{Generators, MAX_MESSAGES},
    keys::PublicKey,
};

/// The longest tag that is appended to an identifier, and the prefix that blind issuance puts before it.
const LONGEST_AFFIXES: usize = "MAP_MSG_TO_SCALAR_AS_HASH_".len() + "BLIND_".len();

/// A BBS interface: `ciphersuite` and `api_id`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interface {
    suite: Ciphersuite,
    api_id: Vec<u8>,
}

impl Interface {
    /// The draft's own interface, `api_id = ciphersuite_id || "H2G_HM2S_"`: messages are octet strings, mapped by hashing.
    #[must_use]
    pub fn hm2s(suite: Ciphersuite) -> Self {
        Self::with_known_id(suite, [suite.id(), "H2G_HM2S_"].concat().into_bytes())
    }

    /// An interface with an identifier of the caller's, as the draft's "Defining New Interfaces" asks for.
    ///
    /// # Errors
    /// [`Error::DomainSeparation`] if the identifier is empty or longer than 223 octets.
    pub fn new(suite: Ciphersuite, api_id: impl Into<Vec<u8>>) -> Result<Self, Error> {
        let api_id = api_id.into();
        if api_id.is_empty() || api_id.len() > MAX_DST - LONGEST_AFFIXES {
            return Err(Error::DomainSeparation);
        }
        Ok(Self { suite, api_id })
    }

    /// An interface with one of the drafts' identifiers, which are short enough.
    pub(crate) fn with_known_id(suite: Ciphersuite, api_id: Vec<u8>) -> Self {
        Self { suite, api_id }
    }

    /// The ciphersuite.
    #[must_use]
    pub fn suite(&self) -> Ciphersuite {
        self.suite
    }

    /// The interface's identifier.
    #[must_use]
    pub fn api_id(&self) -> &[u8] {
        &self.api_id
    }

    /// `create_generators`: `Q_1` and one generator for each of `L` messages.
    ///
    /// # Errors
    /// [`Error::TooManyMessages`] if `L` exceeds [`MAX_MESSAGES`].
    pub fn create_generators(&self, L: usize) -> Result<Generators, Error> {
        Generators::create(self.suite, &self.api_id, L)
    }

    /// `MapMessageToScalarAsHash`, the mapping of the draft's own interface.
    #[must_use]
    pub fn map_message_to_scalar_as_hash(&self, message: &[u8]) -> Scalar {
        self.suite.hash_to_scalar_checked(message, &self.dst("MAP_MSG_TO_SCALAR_AS_HASH_"))
    }

    /// `messages_to_scalars`: [`map_message_to_scalar_as_hash`](Self::map_message_to_scalar_as_hash) of each.
    ///
    /// # Errors
    /// [`Error::TooManyMessages`] if there are more than [`MAX_MESSAGES`].
    pub fn messages_to_scalars(&self, messages: &[impl AsRef<[u8]>]) -> Result<Vec<Scalar>, Error> {
        if messages.len() > MAX_MESSAGES {
            return Err(Error::TooManyMessages);
        }
        let dst = self.dst("MAP_MSG_TO_SCALAR_AS_HASH_");
        Ok(messages.iter().map(|message| self.suite.hash_to_scalar_checked(message.as_ref(), &dst)).collect())
    }

    /// `calculate_domain`: a hash of key, generators, interface and header.
    #[must_use]
    pub fn calculate_domain(&self, pk: &PublicKey, generators: &Generators, header: &[u8]) -> Scalar {
        let mut octets = Vec::with_capacity(
            PublicKey::LENGTH + 16 + 48 * generators.points().len() + self.api_id.len() + header.len(),
        );
        octets.extend_from_slice(&pk.to_bytes());
        octets.extend_from_slice(&length(generators.message_count()));
        octets.extend_from_slice(&generators.Q_1().to_bytes());
        for H_i in generators.H() {
            octets.extend_from_slice(&H_i.to_bytes());
        }
        octets.extend_from_slice(&self.api_id);
        octets.extend_from_slice(&length(header.len()));
        octets.extend_from_slice(header);
        self.hash_to_scalar(&octets)
    }

    /// `hash_to_scalar` under `api_id || "H2S_"`, the tag of domain, `e` and challenges.
    pub(crate) fn hash_to_scalar(&self, octets: &[u8]) -> Scalar {
        self.suite.hash_to_scalar_checked(octets, &self.dst("H2S_"))
    }

    /// `api_id || suffix`; at most 255 octets, because identifiers are limited on construction.
    fn dst(&self, suffix: &str) -> Vec<u8> {
        [&self.api_id, suffix.as_bytes()].concat()
    }
}

/// `I2OSP(n, 8)`.
pub(crate) fn length(n: usize) -> [u8; 8] {
    (n as u64).to_be_bytes()
}
