//! Answering: from a consent to a presentation.
//!
//! ```text
//! consent, by value → policy again → counters reserved, saved → proven with it → own check → history saved → presentation
//!                                  └ or an answer from the pool, completed ──────────────┘
//! ```
//!
//! The counter goes into the prover's nonces, so two answers differ in it even where the random number generator repeats itself. A
//! crash after the reservation costs a number, nothing more. An answer from the pool had its counter reserved when it was begun; it takes
//! field arithmetic only, and is not checked again.
//! Not here: what is asked and what would be learned (`consent`), the proof (the credential crate).

use std::ops::RangeInclusive;

use milchglas_credential::compile::compile;
use milchglas_credential::credential::{Credential, Holdings};
use milchglas_credential::date::Timestamp;
use milchglas_credential::document::DocumentRef;
use milchglas_credential::parameters::Parameters;
use milchglas_credential::presentation::{Presentation, Verified};
use milchglas_credential::request::Request;
use milchglas_credential::set::CheckedSet;
use milchglas_credential::text::quoted;
use rand_core::CryptoRngCore;

use crate::consent::{CardShown, Choice, Consent};
use crate::counting::Reserved;
use crate::error::Error;
use crate::publications::signs_sets;
use crate::shortfall::spell;
use crate::store::Store;
use crate::vault::{
    Answered, HistoryEntry, KnownVerifier, MAX_ANSWERED, MAX_HISTORY, MAX_RECENT, MAX_VERIFIERS, Recent, State,
};
use crate::wallet::Wallet;

impl<S: Store> Wallet<S> {
    /// Answers the request that was consented to, with one of its [choices](Consent::choices) (0 is the least revealing).
    ///
    /// When it returns, the answer is checked, and history and the verifier's pin are saved. An answer that [`Wallet::prepare`] made ready is
    /// used if it fits, without that check, which would cost as much as it saves.
    ///
    /// # Errors
    /// [`Error::Refused`] as [`Wallet::review`], where time has passed or the request has been answered meanwhile;
    /// [`Error::NoSuchCredential`] where a credential was removed meanwhile; [`Error::Misuse`] without such a choice;
    /// [`Error::Vault`]; [`Error::SelfCheck`].
    pub fn respond(
        &mut self,
        consent: Consent,
        choice: usize,
        now: Timestamp,
        rng: &mut dyn CryptoRngCore,
    ) -> Result<Vec<u8>, Error> {
        let Consent { request: authenticated, choices, sets, .. } = consent;
        let choice = choices.into_iter().nth(choice).ok_or(Error::Misuse("one of the choices of the consent"))?;
        self.admit(&authenticated, now)?;
        self.policy(&authenticated)?;

        let request = authenticated.request();
        let bytes = match self.answer_prepared(&choice, request, now)? {
            Some(bytes) => bytes,
            None => {
                let reserved = self.reserve_for(&choice, request)?;
                self.prove(&choice, request, &sets, &reserved, rng)?
            }
        };

        let verifier = authenticated.verifier();
        let mut learned = choice.learned();
        if let Some(DocumentRef { title, sha256 }) = &request.fields().document {
            learned.push(format!("That you signed {} (SHA-256 {sha256}).", quoted(title)));
        }
        let entry = HistoryEntry {
            time: now,
            name: verifier.name.clone(),
            origin: verifier.origin.clone(),
            key: verifier.key,
            purpose: request.fields().purpose.clone(),
            learned,
        };
        let (nonce, expires) = (request.fields().nonce, request.fields().expires);
        // An answer that names or counts the holder depends on who asks, and a set that was signed for one request comes in no other: nothing
        // is made ready for either.
        let scoped = choice.selection.leaves(request.ask())?.iter().any(|ask| ask.is_scoped());
        let again = !scoped && !signs_sets(request);
        let recent = again.then(|| Recent { ask: request.ask().clone(), selection: choice.selection });
        self.commit(|state| state.record(entry, Answered { key: verifier.key, nonce, expires }, recent))?;
        Ok(bytes)
    }

    /// Answers from the pool, if it has an answer that fits. Whatever happens, that answer is no longer there.
    fn answer_prepared(
        &mut self,
        choice: &Choice,
        request: &Request,
        now: Timestamp,
    ) -> Result<Option<Vec<u8>>, Error> {
        let mut pool = self.take_pool(now);
        let cards = choice.ids();
        self.pick(&cards)?;
        let parameters = self.accepted_parameters(request)?;
        let plan = compile(request, choice.selection.clone(), &parameters)?;
        self.held(&plan, &cards)?;
        let bytes = match pool.take(&plan, &cards) {
            Some(precomputed) => Some(precomputed.answer(&plan)?.to_bytes()),
            None => None,
        };
        self.pool = pool;
        Ok(bytes)
    }

    /// Counters that no other proof has or will have, saved before they are returned.
    pub(crate) fn reserve(&mut self, count: usize) -> Result<RangeInclusive<u64>, Error> {
        let last = self.commit(|state| state.reserve(count))?;
        Ok(last.saturating_sub(count as u64).saturating_add(1)..=last)
    }

    /// What a counter contributes to a proof's nonces.
    pub(crate) fn hedge(&self, counter: u64) -> Vec<u8> {
        [&self.id()[..], &counter.to_be_bytes()].concat()
    }

    fn prove(
        &self,
        choice: &Choice,
        request: &Request,
        sets: &[CheckedSet],
        reserved: &Reserved,
        rng: &mut dyn CryptoRngCore,
    ) -> Result<Vec<u8>, Error> {
        let ids = choice.ids();
        let cards = self.pick(&ids)?;
        let credentials: Vec<&Credential> = cards.iter().map(|card| &card.credential).collect();
        let parameters = self.accepted_parameters(request)?;
        let plan = compile(request, choice.selection.clone(), &parameters)?;
        let contents = self.contents(request)?;
        let held = self.held(&plan, &ids)?;
        let holdings = Holdings::new(self.secret(), &credentials).with_witnesses(&held);
        let holdings = holdings.with_counters(&reserved.tokens).with_sets(contents.published_with(sets));
        let bytes = Presentation::create(&plan, &holdings, &self.hedge(reserved.hedge), rng)?.to_bytes();
        let own = Presentation::from_bytes(&bytes).map_err(|_| Error::SelfCheck)?;
        let verified = own.verify(request, &parameters, rng).map_err(|_| Error::SelfCheck)?;
        if tells(&verified, &choice.cards, &parameters) { Ok(bytes) } else { Err(Error::SelfCheck) }
    }
}

/// Whether a presentation tells exactly what was consented to.
fn tells(verified: &Verified, consented: &[CardShown], parameters: &[&Parameters]) -> bool {
    verified.credentials().len() == consented.len()
        && verified.credentials().iter().zip(consented).all(|(told, card)| {
            let schema = parameters.iter().find_map(|parameters| parameters.schema(&told.schema()));
            let same_values = told.disclosed().len() == card.disclosed.len()
                && told.disclosed().iter().zip(&card.disclosed).all(|((name, value), shown)| {
                    let claim = schema.and_then(|schema| schema.claim(schema.index_of(name.as_str())?));
                    claim.is_some_and(|claim| {
                        let value = value.literal(&claim.claim_type).map(|_| spell(value, &claim.claim_type));
                        shown.claim == *name && shown.value == value
                    })
                });
            let same_names = told.pseudonym_in().map(|(ask, _)| ask) == card.pseudonym.as_ref()
                && told.token_in().map(|(ask, _)| ask) == card.rate.as_ref().map(|(ask, _)| ask);
            let as_encrypted = told.encrypted().is_some() == card.encrypted.is_some();
            same_values
                && same_names
                && as_encrypted
                && told.proved() == card.proved
                && told.issuer() == card.issuer
                && *told.name() == card.name
        })
}

impl State {
    pub(crate) fn reserve(&mut self, count: usize) -> Result<u64, Error> {
        self.counter = self.counter.checked_add(count as u64).ok_or(Error::Full("answers"))?;
        Ok(self.counter)
    }

    fn record(&mut self, entry: HistoryEntry, answered: Answered, recent: Option<Recent>) -> Result<(), Error> {
        if let Some(recent) = recent {
            self.recent.retain(|earlier| !earlier.same_kind(&recent));
            self.recent.insert(0, recent);
            self.recent.truncate(MAX_RECENT);
        }
        let room = self.verifiers.len() < MAX_VERIFIERS;
        match self.verifiers.iter_mut().find(|known| known.key == entry.key) {
            Some(known) => {
                known.name.clone_from(&entry.name);
                known.answers = known.answers.saturating_add(1);
            }
            None if !room => return Err(Error::Full("verifiers")),
            None => self.verifiers.push(KnownVerifier {
                key: entry.key,
                origin: entry.origin.clone(),
                name: entry.name.clone(),
                since: entry.time,
                answers: 1,
            }),
        }
        // A day longer than the request lives, in case that the clock is put back.
        let day = 24 * 60 * 60;
        self.answered.retain(|earlier| earlier.expires.as_unix().saturating_add(day) > entry.time.as_unix());
        if self.answered.len() >= MAX_ANSWERED {
            return Err(Error::Full("answers in one day"));
        }
        self.answered.push(answered);
        let surplus = (self.history.len() + 1).saturating_sub(MAX_HISTORY);
        self.history.drain(..surplus);
        self.history.push(entry);
        Ok(())
    }
}
