//! Asking and checking.
//!
//! A [`Checker`] knows who the verifier is, which issuers it trusts and which requests are pending; it checks answers and holds
//! no secret. A [`Verifier`] is a checker with the key that signs requests.
//!
//! The order of a check: read the answer; find the request that was stored under its nonce; refuse if it has expired; rebuild the statements
//! from the stored request alone and check the whole proof; consume the nonce, with the tokens that were shown; only then hand out the verdict. An answer that fails leaves
//! the request pending, so nobody can use up another's request with rubbish. One answer is a batch of one: there is one path.

use std::fmt;
use std::sync::{PoisonError, RwLock, RwLockReadGuard};

use milchglas_credential::case::Case;
use milchglas_credential::date::{Date, Timestamp};
use milchglas_credential::digest::{IssuerFingerprint, IssuerKeyId, RequestNonce, VerifierKey};
use milchglas_credential::error::DecodeError;
use milchglas_credential::parameters::Parameters;
use milchglas_credential::presentation::{Presentation, Verified, verify_all};
use milchglas_credential::request::{Request, RequestFields, SignedRequest, SigningKey, VerifierIdentity};
use milchglas_credential::revocation::SignedHead;
use milchglas_credential::text::{Origin, ScopeText};
use rand_core::CryptoRngCore;

use crate::comparisons::check_comparisons;
use crate::epochs::{Epochs, LearnedEpoch};
use crate::store::{Consumed, Lookup, RequestStore, ShownToken};
use crate::trust::{Trust, TrustedIssuer};
use crate::{Error, Reason, Rejection, StoreError, Template, Verdict};

/// Checks answers. It holds no secret, so it opens without a passphrase.
#[derive(Debug)]
pub struct Checker<S> {
    identity: VerifierIdentity,
    /// Locked before `epochs`, where both are.
    trust: RwLock<Trust>,
    epochs: RwLock<Epochs>,
    store: S,
}

/// Asks and checks.
pub struct Verifier<S> {
    checker: Checker<S>,
    key: SigningKey,
}

/// A request that was made, signed and stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    request: Request,
    bytes: Vec<u8>,
}

impl Asked {
    /// The signed request, for the wallet.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The signed request, for the wallet.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// The request.
    #[must_use]
    pub fn request(&self) -> &Request {
        &self.request
    }

    /// Its nonce, which a server remembers in the session that the answer is for.
    #[must_use]
    pub fn nonce(&self) -> RequestNonce {
        self.request.fields().nonce
    }
}

impl<S: RequestStore> Verifier<S> {
    /// A verifier with this name, origin and key.
    ///
    /// # Errors
    /// [`Error::Input`] where the name can not be shown; [`Error::Superseded`] or [`Error::Conflict`] where `trusted` holds
    /// parameters of one issuer that are not in order.
    pub fn new(
        name: &str,
        origin: Origin,
        key: SigningKey,
        trusted: impl IntoIterator<Item = Parameters>,
        store: S,
    ) -> Result<Self, Error> {
        let identity = VerifierIdentity { name: name.to_owned(), origin, key: public_key(&key) };
        identity.check()?;
        let mut trust = Trust::default();
        for parameters in trusted {
            if trust.admits(&parameters)? {
                trust.add(parameters);
            }
        }
        Self::with_key(Checker::from_parts(identity, trust, Epochs::default(), store), key)
    }

    pub(crate) fn with_key(checker: Checker<S>, key: SigningKey) -> Result<Self, Error> {
        if public_key(&key) != checker.identity.key { Err(Error::OtherKey) } else { Ok(Self { checker, key }) }
    }

    /// Asks: resolves the template, draws a nonce, signs, and stores the request before it returns it. Ages and validity are asked for the
    /// UTC day of `now`.
    ///
    /// # Errors
    /// [`Error`] naming what can not be asked, or the store's failure. Nothing is stored then.
    pub fn request(&self, template: &Template, now: Timestamp, rng: &mut dyn CryptoRngCore) -> Result<Asked, Error> {
        self.request_as_of(template, now, now.date(), rng)
    }

    /// As [`Verifier::request`], for the day at the place where the question is asked, at most a day from the UTC day of `now`.
    ///
    /// # Errors
    /// As [`Verifier::request`], and [`Error::AsOf`].
    pub fn request_as_of(
        &self,
        template: &Template,
        now: Timestamp,
        as_of: Date,
        rng: &mut dyn CryptoRngCore,
    ) -> Result<Asked, Error> {
        template.check()?;
        if as_of.days().0.abs_diff(now.date().days().0) > 1 {
            return Err(Error::AsOf);
        }
        template.ask.check_not_revoked()?;
        let ask = template.ask.resolve(&self.checker.trust(), &self.checker.epochs(), as_of, rng)?;
        check_comparisons(&ask, &self.checker.trust())?;
        let expires = now.as_unix().saturating_add(template.valid_for.into());
        let expires = Timestamp::from_unix(expires).ok_or(DecodeError { what: "a time before the year 10000" })?;
        let mut nonce = RequestNonce([0; 16]);
        rng.fill_bytes(&mut nonce.0);
        let request = Request::new(RequestFields {
            verifier: self.checker.identity.clone(),
            profile: template.profile.clone(),
            purpose: template.purpose.clone(),
            nonce,
            issued: now,
            expires,
            as_of,
            ask,
            document: template.document.clone(),
        })?;
        let bytes = request.sign(&self.key)?.to_bytes();
        self.checker.store.put(nonce, &bytes, expires, now)?;
        Ok(Asked { request, bytes })
    }

    /// See [`Checker::check`].
    ///
    /// # Errors
    /// As there.
    pub fn check(
        &self,
        presentation: &[u8],
        now: Timestamp,
        rng: &mut dyn CryptoRngCore,
    ) -> Result<Verdict, Rejection> {
        self.checker.check(presentation, now, rng)
    }

    /// See [`Checker::check_many`].
    pub fn check_many(
        &self,
        presentations: &[impl AsRef<[u8]>],
        now: Timestamp,
        rng: &mut dyn CryptoRngCore,
    ) -> Vec<Result<Verdict, Rejection>> {
        self.checker.check_many(presentations, now, rng)
    }

    /// See [`Checker::check_answer_to`].
    ///
    /// # Errors
    /// As there.
    pub fn check_answer_to(
        &self,
        nonce: RequestNonce,
        presentation: &[u8],
        now: Timestamp,
        rng: &mut dyn CryptoRngCore,
    ) -> Result<Verdict, Rejection> {
        self.checker.check_answer_to(nonce, presentation, now, rng)
    }

    /// See [`Checker::trust_issuer`].
    ///
    /// # Errors
    /// As there.
    pub fn trust(&self, parameters_json: &str, expected: Option<&IssuerFingerprint>) -> Result<TrustedIssuer, Error> {
        self.checker.trust_issuer(parameters_json, expected)
    }

    /// See [`Checker::learn_epoch`].
    ///
    /// # Errors
    /// As there.
    pub fn learn_epoch(&self, head: &[u8]) -> Result<LearnedEpoch, Error> {
        self.checker.learn_epoch(head)
    }

    /// See [`Checker::prune`].
    ///
    /// # Errors
    /// As there.
    pub fn prune(&self, now: Timestamp) -> Result<usize, Error> {
        self.checker.prune(now)
    }

    pub(crate) fn key(&self) -> &SigningKey {
        &self.key
    }

    /// Who it is.
    #[must_use]
    pub fn identity(&self) -> &VerifierIdentity {
        self.checker.identity()
    }

    /// The half that holds no key.
    #[must_use]
    pub fn checker(&self) -> &Checker<S> {
        &self.checker
    }
}

impl<S: RequestStore> Checker<S> {
    pub(crate) fn from_parts(identity: VerifierIdentity, trust: Trust, epochs: Epochs, store: S) -> Self {
        Self { identity, trust: RwLock::new(trust), epochs: RwLock::new(epochs), store }
    }

    /// Checks an answer to any pending request, and consumes the request's nonce if all of it holds.
    ///
    /// # Errors
    /// [`Rejection`], which looks the same whatever the cause; the request then stays pending, unless the store failed while consuming it.
    ///
    /// # Security
    /// Whoever sends the answer gets the verdict. Where the answer is for a session (a browser that shows the request, say), use
    /// [`Checker::check_answer_to`], or an answer to another session's request would be taken for this one's.
    pub fn check(
        &self,
        presentation: &[u8],
        now: Timestamp,
        rng: &mut dyn CryptoRngCore,
    ) -> Result<Verdict, Rejection> {
        self.check_one(decode(presentation)?, now, rng)
    }

    /// Checks many answers together, each as [`Checker::check`] would one after the other, for about half the cost of each; with
    /// the feature `parallel`, on all cores. The results are in the order of the answers.
    ///
    /// A bad answer does not spoil the others. Of several answers to one request, the first that holds gets the verdict.
    ///
    /// The batch is in memory as a whole: a server takes what came in within some milliseconds, up to a few hundred at a time.
    ///
    /// # Security
    /// As there: whoever sends an answer gets that answer's verdict.
    pub fn check_many(
        &self,
        presentations: &[impl AsRef<[u8]>],
        now: Timestamp,
        rng: &mut dyn CryptoRngCore,
    ) -> Vec<Result<Verdict, Rejection>> {
        self.check_all(presentations.iter().map(|bytes| decode(bytes.as_ref())), now, rng)
    }

    /// As [`Checker::check`], and gives what to keep so that an inspector's shareholders can open what the answer contains.
    ///
    /// # Errors
    /// As there.
    pub fn check_for_keeping(
        &self,
        presentation: &[u8],
        now: Timestamp,
        rng: &mut dyn CryptoRngCore,
    ) -> Result<(Verdict, Case), Rejection> {
        let decoded = decode(presentation)?;
        let stored = self.store.get(decoded.nonce())?;
        let verdict = self.check_one(decoded, now, rng)?;
        // Accepted, so the request was pending, and what is stored under a nonce never changes.
        let Lookup::Pending(request) = stored else { return Err(Reason::Answered.into()) };
        Ok((verdict, Case { request, presentation: presentation.to_vec() }))
    }

    /// As [`Checker::check`], for the answer to one request.
    ///
    /// # Errors
    /// As there; also where it answers another request.
    pub fn check_answer_to(
        &self,
        nonce: RequestNonce,
        presentation: &[u8],
        now: Timestamp,
        rng: &mut dyn CryptoRngCore,
    ) -> Result<Verdict, Rejection> {
        let presentation = decode(presentation)?;
        if presentation.nonce() != nonce {
            return Err(Reason::OtherRequest.into());
        }
        self.check_one(presentation, now, rng)
    }

    fn check_one(
        &self,
        presentation: Presentation,
        now: Timestamp,
        rng: &mut dyn CryptoRngCore,
    ) -> Result<Verdict, Rejection> {
        self.check_all([Ok(presentation)], now, rng).pop().unwrap_or(Err(Reason::NotProven.into()))
    }

    fn check_all(
        &self,
        presentations: impl IntoIterator<Item = Result<Presentation, Rejection>>,
        now: Timestamp,
        rng: &mut dyn CryptoRngCore,
    ) -> Vec<Result<Verdict, Rejection>> {
        let with_request = |presentation: Result<Presentation, Rejection>| {
            let presentation = presentation?;
            let request = self.pending(presentation.nonce(), now)?;
            Ok((presentation, request))
        };
        let read: Vec<Result<(Presentation, Request), Rejection>> =
            presentations.into_iter().map(with_request).collect();
        // A copy of pointers: whoever changes trust does not wait for proofs.
        let trust = self.trust().clone();
        let answers: Vec<(&Presentation, &Request)> =
            read.iter().flatten().map(|(presentation, request)| (presentation, request)).collect();
        let mut verified = verify_all(&answers, &trust.all(), rng).into_iter();
        let mut accepted = Vec::new();
        let conclude = |read: &Result<(Presentation, Request), Rejection>| {
            let (_, request) = read.as_ref().map_err(|rejection| *rejection)?;
            let fields = request.fields();
            let nonce = fields.nonce;
            let Some(Ok(verified)) = verified.next().filter(|_| !accepted.contains(&nonce)) else {
                return Err(
                    if accepted.contains(&nonce) { Reason::Answered } else { not_proven(request, &trust) }.into()
                );
            };
            let verdict = Verdict::new(fields, now, &verified, &trust);
            let verdict = verdict.ok_or(Reason::NotProven)?;
            match self.store.consume(nonce, &tokens(&verified))? {
                Consumed::Now => (),
                Consumed::NotPending => return Err(Reason::Answered.into()),
                Consumed::TokenSeen => return Err(Reason::TokenSeen.into()),
            }
            accepted.push(nonce);
            Ok(verdict)
        };
        read.iter().map(conclude).collect()
    }

    /// The request that waits for an answer under this nonce.
    fn pending(&self, nonce: RequestNonce, now: Timestamp) -> Result<Request, Rejection> {
        let request = match self.store.get(nonce)? {
            Lookup::Pending(bytes) => self.own_request(&bytes, nonce)?,
            Lookup::Answered => return Err(Reason::Answered.into()),
            Lookup::Unknown => return Err(Reason::UnknownRequest.into()),
        };
        if now >= request.fields().expires { Err(Reason::Expired.into()) } else { Ok(request) }
    }

    /// What the store gave back, if this verifier signed it under this nonce.
    fn own_request(&self, bytes: &[u8], nonce: RequestNonce) -> Result<Request, StoreError> {
        let authenticated = SignedRequest::verify(bytes).map_err(|_| StoreError::Damaged)?;
        let request = authenticated.request();
        if request.fields().verifier.key != self.identity.key || request.fields().nonce != nonce {
            return Err(StoreError::Damaged);
        }
        Ok(request.clone())
    }

    /// Trusts an issuer under these parameters, from now on and in every new request. Pending requests are answered under the parameters that
    /// they name, so older ones stay known.
    ///
    /// `expected` is the issuer's fingerprint, got some other way than the parameters. Without it, whoever made the file is believed.
    ///
    /// # Errors
    /// [`Error::Input`] where it is no parameters file or its signature does not hold, [`Error::OtherIssuer`], [`Error::Superseded`],
    /// [`Error::Conflict`], [`Error::Store`].
    pub fn trust_issuer(
        &self,
        parameters_json: &str,
        expected: Option<&IssuerFingerprint>,
    ) -> Result<TrustedIssuer, Error> {
        let parameters = Parameters::from_json(parameters_json)?;
        let found = parameters.fingerprint();
        if expected.is_some_and(|expected| *expected != found) {
            return Err(Error::OtherIssuer { found });
        }
        let trusted = TrustedIssuer::from(&parameters);
        let mut trust = self.trust.write().unwrap_or_else(PoisonError::into_inner);
        if trust.admits(&parameters)? {
            self.store.keep_parameters(parameters.digest(), parameters_json)?;
            trust.add(parameters);
        }
        Ok(trusted)
    }

    /// Learns the newest head of one of a trusted issuer's signature keys, as it is published (`KEYID/head`). An older one than the known is
    /// only compared with it.
    ///
    /// # Errors
    /// [`Error::Input`] where it is no head; [`Error::Epoch`] where no trusted issuer signed it, or where it contradicts what is known:
    /// [`LogError::TwoHeads`](milchglas_credential::revocation::LogError::TwoHeads) then has both, signed. [`Error::Store`]. What is known stays
    /// as it was then.
    pub fn learn_epoch(&self, head: &[u8]) -> Result<LearnedEpoch, Error> {
        let head = SignedHead::from_bytes(head)?;
        let trust = self.trust();
        let mut epochs = self.epochs.write().unwrap_or_else(PoisonError::into_inner);
        let (learned, log) = epochs.learn(&head, &trust)?;
        if let Some(log) = log {
            self.store.keep_head(log.signed_head())?;
            epochs.keep(log);
        }
        Ok(learned)
    }

    /// The newest signed head known of each signature key.
    #[must_use]
    pub fn newest_heads(&self) -> Vec<SignedHead> {
        self.epochs().all().map(|log| log.signed_head().clone()).collect()
    }

    /// The signature keys of the trusted issuers, with which new requests are answered: of each the newest head should be known.
    #[must_use]
    pub fn keys(&self) -> Vec<IssuerKeyId> {
        let trust = self.trust();
        let of = |parameters: &Parameters| {
            parameters.content().keys.iter().map(|key| parameters.key_id(key)).collect::<Vec<_>>()
        };
        trust.all_current().into_iter().flat_map(|parameters| of(parameters)).collect()
    }

    /// Trusts an issuer no more, in pending requests too. Whether it was trusted.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub fn distrust(&self, issuer: &IssuerFingerprint) -> Result<bool, Error> {
        let mut trust = self.trust.write().unwrap_or_else(PoisonError::into_inner);
        let digests = trust.digests(issuer);
        // Oldest first: were it cut short, the newest parameters would still stand for the issuer.
        for digest in &digests {
            self.store.forget_parameters(*digest)?;
            trust.remove(*digest);
        }
        Ok(!digests.is_empty())
    }

    /// The issuers that are trusted, under their newest known parameters.
    #[must_use]
    pub fn trusted(&self) -> Vec<TrustedIssuer> {
        self.trust().all_current().into_iter().map(|parameters| TrustedIssuer::from(parameters.as_ref())).collect()
    }

    /// The files of all parameters that are known, older ones included, in the order in which they may be added.
    pub(crate) fn trusted_json(&self) -> Result<Vec<String>, Error> {
        let trust = self.trust();
        let mut all: Vec<&Parameters> = trust.all().into_iter().collect();
        all.sort_by_key(|parameters| parameters.content().sequence);
        Ok(all.into_iter().map(Parameters::to_json).collect::<Result<_, _>>()?)
    }

    /// Forgets requests that have expired at `now`; how many. An expired request is refused whether it is known or not.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub fn prune(&self, now: Timestamp) -> Result<usize, Error> {
        Ok(self.store.prune(now)?)
    }

    /// Forgets the tokens of an epoch; how many.
    ///
    /// # Security
    /// Each of them would pass again: only for an epoch that is no longer asked for, once no request about it is pending.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub fn forget_tokens(&self, scope: &ScopeText, epoch: &ScopeText) -> Result<usize, Error> {
        Ok(self.store.forget_tokens(scope, epoch)?)
    }

    /// Who the verifier is.
    #[must_use]
    pub fn identity(&self) -> &VerifierIdentity {
        &self.identity
    }

    fn epochs(&self) -> RwLockReadGuard<'_, Epochs> {
        self.epochs.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn trust(&self) -> RwLockReadGuard<'_, Trust> {
        self.trust.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S: fmt::Debug> fmt::Debug for Verifier<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verifier").field("checker", &self.checker).finish_non_exhaustive()
    }
}

pub(crate) fn public_key(key: &SigningKey) -> VerifierKey {
    VerifierKey(key.verifying_key().to_bytes())
}

/// Why an answer to this request does not hold.
fn not_proven(request: &Request, trust: &Trust) -> Reason {
    let mut accepted = request.ask().credentials().into_iter().flat_map(|ask| &ask.accept);
    let all_known = accepted.all(|accept| trust.find(accept.parameters).is_some());
    if all_known { Reason::NotProven } else { Reason::Untrusted }
}

/// The tokens that a presentation showed.
fn tokens(verified: &Verified) -> Vec<ShownToken> {
    let shown = verified.credentials().iter().filter_map(|shown| shown.token_in());
    shown.map(|(ask, token)| ShownToken { scope: ask.scope.clone(), epoch: ask.epoch.clone(), token: *token }).collect()
}

fn decode(presentation: &[u8]) -> Result<Presentation, Rejection> {
    Presentation::from_bytes(presentation).map_err(|_| Reason::Undecodable.into())
}
