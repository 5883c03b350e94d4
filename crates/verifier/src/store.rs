//! Where a verifier keeps the requests that it has made, so that each is answered at most once.
//!
//! A request is *pending* from [`RequestStore::put`] to [`RequestStore::consume`], then *answered*, and forgotten once it has
//! expired. The store's one promise: of all calls of `consume` for a nonce, from any thread or process that shares the store, exactly one
//! returns `true`.
//!
//! Caution: an answer proves something at most once per store. Two servers that answer for one verifier share one store.
//! Not here: what is in a request, who decides that it has expired.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use milchglas_credential::date::Timestamp;
use milchglas_credential::digest::{ParametersDigest, RequestNonce};

use crate::StoreError;

/// How many requests a store keeps, pending and answered, unless told otherwise.
pub const DEFAULT_LIMIT: usize = 10_000;

/// What a store knows of a nonce.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lookup {
    /// The signed request that waits for its answer.
    Pending(Vec<u8>),
    /// A request that has been answered.
    Answered,
    /// Never put, or forgotten after it expired.
    Unknown,
}

/// Keeps requests until they expire, and lets each be answered once.
pub trait RequestStore {
    /// Keeps a signed request as pending, durably before it returns. Where the store is full it first forgets what has expired at `now`.
    ///
    /// # Errors
    /// [`StoreError::NonceTaken`] where the nonce is known, pending or answered; [`StoreError::Full`]; what the medium reports.
    fn put(&self, nonce: RequestNonce, request: &[u8], expires: Timestamp, now: Timestamp) -> Result<(), StoreError>;

    /// What is known of a nonce.
    ///
    /// # Errors
    /// What the medium reports.
    fn get(&self, nonce: RequestNonce) -> Result<Lookup, StoreError>;

    /// Moves a nonce from pending to answered, durably before it returns. Whether this call did it: `true` exactly once for each nonce.
    ///
    /// # Errors
    /// What the medium reports. The nonce may then be consumed; it is never consumed twice.
    fn consume(&self, nonce: RequestNonce) -> Result<bool, StoreError>;

    /// Forgets what has expired at `now`; how many requests that were.
    ///
    /// # Errors
    /// What the medium reports.
    fn prune(&self, now: Timestamp) -> Result<usize, StoreError>;

    /// Keeps the parameters of a trusted issuer, where the store outlives the process.
    ///
    /// # Errors
    /// What the medium reports.
    fn keep_parameters(&self, _digest: ParametersDigest, _json: &str) -> Result<(), StoreError> {
        Ok(())
    }

    /// Forgets parameters that [`RequestStore::keep_parameters`] kept.
    ///
    /// # Errors
    /// What the medium reports.
    fn forget_parameters(&self, _digest: ParametersDigest) -> Result<(), StoreError> {
        Ok(())
    }
}

/// A store that lives and ends with the process.
///
/// After a restart no earlier request is known, so none can be answered twice.
#[derive(Debug)]
pub struct MemoryStore {
    requests: Mutex<HashMap<RequestNonce, Kept>>,
    limit: usize,
}

#[derive(Debug)]
struct Kept {
    expires: Timestamp,
    /// None once it is answered.
    pending: Option<Vec<u8>>,
}

impl MemoryStore {
    /// An empty store for [`DEFAULT_LIMIT`] requests.
    #[must_use]
    pub fn new() -> Self {
        Self::with_limit(DEFAULT_LIMIT)
    }

    /// An empty store that keeps at most `limit` requests.
    #[must_use]
    pub fn with_limit(limit: usize) -> Self {
        Self { requests: Mutex::default(), limit }
    }

    /// Every change is a single insertion, removal or `take`, so a panic elsewhere leaves nothing half done.
    fn requests(&self) -> MutexGuard<'_, HashMap<RequestNonce, Kept>> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

impl RequestStore for MemoryStore {
    fn put(&self, nonce: RequestNonce, request: &[u8], expires: Timestamp, now: Timestamp) -> Result<(), StoreError> {
        let mut requests = self.requests();
        if requests.contains_key(&nonce) {
            return Err(StoreError::NonceTaken);
        }
        if requests.len() >= self.limit {
            requests.retain(|_, kept| now < kept.expires);
        }
        if requests.len() >= self.limit {
            return Err(StoreError::Full);
        }
        requests.insert(nonce, Kept { expires, pending: Some(request.to_vec()) });
        Ok(())
    }

    fn get(&self, nonce: RequestNonce) -> Result<Lookup, StoreError> {
        Ok(match self.requests().get(&nonce) {
            Some(Kept { pending: Some(request), .. }) => Lookup::Pending(request.clone()),
            Some(Kept { pending: None, .. }) => Lookup::Answered,
            None => Lookup::Unknown,
        })
    }

    fn consume(&self, nonce: RequestNonce) -> Result<bool, StoreError> {
        Ok(self.requests().get_mut(&nonce).is_some_and(|kept| kept.pending.take().is_some()))
    }

    fn prune(&self, now: Timestamp) -> Result<usize, StoreError> {
        let mut requests = self.requests();
        let before = requests.len();
        requests.retain(|_, kept| now < kept.expires);
        Ok(before - requests.len())
    }
}
