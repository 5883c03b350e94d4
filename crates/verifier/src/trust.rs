//! Which issuers a verifier believes, and under which of their parameters.
//!
//! New requests name the newest parameters of an issuer; older ones stay, because requests that are still pending name them.
//! Not here: how an issuer's fingerprint becomes known.

use std::sync::Arc;

use milchglas_credential::digest::{IssuerFingerprint, IssuerKeyId, ParametersDigest};
use milchglas_credential::parameters::Parameters;

use crate::{Error, StoreError};

/// Most parameters that a verifier keeps, old ones included.
pub(crate) const MAX_TRUSTED: usize = 256;

/// An issuer that is trusted, under its newest known parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustedIssuer {
    /// The issuer.
    pub issuer: IssuerFingerprint,
    /// What it calls itself.
    pub name: String,
    /// The sequence number of the parameters.
    pub sequence: u32,
    /// Their digest, which requests name.
    pub parameters: ParametersDigest,
}

impl From<&Parameters> for TrustedIssuer {
    fn from(parameters: &Parameters) -> Self {
        Self {
            issuer: parameters.fingerprint(),
            name: parameters.content().name.clone(),
            sequence: parameters.content().sequence,
            parameters: parameters.digest(),
        }
    }
}

/// All parameters that are trusted, in no order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Trust(Vec<Arc<Parameters>>);

impl Trust {
    /// Whether parameters may be added; `false` where they are here already.
    pub(crate) fn admits(&self, new: &Parameters) -> Result<bool, Error> {
        if self.find(new.digest()).is_some() {
            return Ok(false);
        }
        if let Some(current) = self.current(&new.fingerprint()) {
            if current.content().sequence > new.content().sequence {
                return Err(Error::Superseded);
            }
            if current.content().sequence == new.content().sequence {
                return Err(Error::Conflict);
            }
        }
        if self.0.len() >= MAX_TRUSTED {
            return Err(StoreError::Full.into());
        }
        Ok(true)
    }

    pub(crate) fn add(&mut self, parameters: Parameters) {
        self.0.push(Arc::new(parameters));
    }

    pub(crate) fn remove(&mut self, digest: ParametersDigest) {
        self.0.retain(|parameters| parameters.digest() != digest);
    }

    pub(crate) fn find(&self, digest: ParametersDigest) -> Option<&Arc<Parameters>> {
        self.0.iter().find(|parameters| parameters.digest() == digest)
    }

    /// The newest parameters of an issuer.
    pub(crate) fn current(&self, issuer: &IssuerFingerprint) -> Option<&Arc<Parameters>> {
        let of_issuer = self.0.iter().filter(|parameters| parameters.fingerprint() == *issuer);
        of_issuer.max_by_key(|parameters| parameters.content().sequence)
    }

    /// The newest parameters that list a signature key.
    pub(crate) fn of_key(&self, key: &IssuerKeyId) -> Option<&Arc<Parameters>> {
        let listing = self.0.iter().filter(|parameters| parameters.key(key).is_some());
        listing.max_by_key(|parameters| parameters.content().sequence)
    }

    /// The newest parameters of each issuer, in the order of fingerprints.
    pub(crate) fn all_current(&self) -> Vec<&Arc<Parameters>> {
        let mut issuers: Vec<_> = self.0.iter().map(|parameters| parameters.fingerprint()).collect();
        issuers.sort_unstable();
        issuers.dedup();
        issuers.iter().filter_map(|issuer| self.current(issuer)).collect()
    }

    /// The digests of an issuer's parameters, oldest first.
    pub(crate) fn digests(&self, issuer: &IssuerFingerprint) -> Vec<ParametersDigest> {
        let mut of_issuer: Vec<_> = self.0.iter().filter(|parameters| parameters.fingerprint() == *issuer).collect();
        of_issuer.sort_by_key(|parameters| parameters.content().sequence);
        of_issuer.into_iter().map(|parameters| parameters.digest()).collect()
    }

    pub(crate) fn all(&self) -> Vec<&Parameters> {
        self.0.iter().map(AsRef::as_ref).collect()
    }
}
