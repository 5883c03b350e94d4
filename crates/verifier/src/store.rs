//! Where a verifier keeps the requests that it has made, so that each is answered at most once.
//!
//! A request is *pending* from [`RequestStore::put`] to [`RequestStore::consume`], then *answered*, and forgotten once it has
//! expired. The store's one promise: of all calls of `consume` for a nonce, from any thread or process that shares the store, exactly one
//! returns [`Consumed::Now`]; and of all calls with one token, whatever their nonces, exactly one.
//!
//! Of what holders show, a store keeps tokens alone, by scope and epoch: no name, no claim, no time.
//!
//! Caution: an answer proves something at most once per store. Two servers that answer for one verifier share one store.
//! Not here: what is in a request, who decides that it has expired.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use milchglas_credential::date::Timestamp;
use milchglas_credential::digest::{ParametersDigest, RequestNonce, Token};
use milchglas_credential::revocation::SignedHead;
use milchglas_credential::text::ScopeText;

use crate::StoreError;

/// How many requests a store keeps, pending and answered, unless told otherwise.
pub const DEFAULT_LIMIT: usize = 10_000;

/// How many tokens a [`MemoryStore`] keeps.
const MAX_TOKENS: usize = 1 << 20;

/// A token, and what it is counted in.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ShownToken {
    /// The verifier's scope.
    pub scope: ScopeText,
    /// The epoch.
    pub epoch: ScopeText,
    /// The token.
    pub token: Token,
}

/// What came of an attempt to consume a nonce with the tokens of its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consumed {
    /// This call moved the nonce from pending to answered, and kept the tokens.
    Now,
    /// The nonce is not pending. Nothing was changed.
    NotPending,
    /// One of the tokens was seen before. Nothing was changed: the request waits for another answer.
    TokenSeen,
}

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

    /// Moves a nonce from pending to answered and keeps the tokens of the answer, durably before it returns, and all of it or nothing.
    /// [`Consumed::Now`] exactly once for each nonce, and for each token.
    ///
    /// # Errors
    /// [`StoreError::Full`]; what the medium reports. The nonce may then be consumed, and the tokens seen or not; the answer counts for
    /// nothing, so nothing counts twice.
    fn consume(&self, nonce: RequestNonce, tokens: &[ShownToken]) -> Result<Consumed, StoreError>;

    /// Forgets the tokens of an epoch; how many. From then on each of them would pass again: only for an epoch that is no longer asked for, once
    /// no request about it is pending.
    ///
    /// # Errors
    /// What the medium reports.
    fn forget_tokens(&self, _scope: &ScopeText, _epoch: &ScopeText) -> Result<usize, StoreError> {
        Ok(0)
    }

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

    /// Keeps the newest signed head of a signature key, where the store outlives the process. One of a later epoch stays.
    ///
    /// # Errors
    /// What the medium reports.
    fn keep_head(&self, _head: &SignedHead) -> Result<(), StoreError> {
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
/// After a restart no earlier request is known, so none can be answered twice. But no token is known either: who limits rates keeps
/// tokens in a store that outlives the process.
#[derive(Debug)]
pub struct MemoryStore {
    /// Locked before `tokens`, where both are.
    requests: Mutex<HashMap<RequestNonce, Kept>>,
    tokens: Mutex<HashSet<ShownToken>>,
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
        Self { requests: Mutex::default(), tokens: Mutex::default(), limit }
    }

    /// Nothing between the changes of one step can panic, so a panic elsewhere leaves nothing half done.
    fn requests(&self) -> MutexGuard<'_, HashMap<RequestNonce, Kept>> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tokens(&self) -> MutexGuard<'_, HashSet<ShownToken>> {
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner)
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

    fn consume(&self, nonce: RequestNonce, shown: &[ShownToken]) -> Result<Consumed, StoreError> {
        let (mut requests, mut tokens) = (self.requests(), self.tokens());
        let Some(kept) = requests.get_mut(&nonce).filter(|kept| kept.pending.is_some()) else {
            return Ok(Consumed::NotPending);
        };
        if shown.iter().any(|token| tokens.contains(token)) {
            return Ok(Consumed::TokenSeen);
        }
        if tokens.len() + shown.len() > MAX_TOKENS {
            return Err(StoreError::Full);
        }
        kept.pending = None;
        tokens.extend(shown.iter().cloned());
        Ok(Consumed::Now)
    }

    fn forget_tokens(&self, scope: &ScopeText, epoch: &ScopeText) -> Result<usize, StoreError> {
        let mut tokens = self.tokens();
        let before = tokens.len();
        tokens.retain(|shown| (&shown.scope, &shown.epoch) != (scope, epoch));
        Ok(before - tokens.len())
    }

    fn prune(&self, now: Timestamp) -> Result<usize, StoreError> {
        let mut requests = self.requests();
        let before = requests.len();
        requests.retain(|_, kept| now < kept.expires);
        Ok(before - requests.len())
    }
}
