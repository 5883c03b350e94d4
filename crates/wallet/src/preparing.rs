//! Preparing, in idle time, the answers to what was asked lately.
//!
//! The vault remembers the last few kinds of request that were answered: the ask and the way through it, without who asked. For each
//! of them, [`Wallet::prepare`] makes answers for today that lack only what depends on the verifier's nonce; [`Wallet::respond`] uses one if it
//! fits, and proves afresh otherwise. What the verifier gets looks the same.
//!
//! What is promised: no such answer is used twice, and what is in it was drawn with a counter that had been saved before, so its
//! nonces are safe while the random number generator or the counter is good, and while this memory lives once (see `pool`).
//!
//! Answers with a pseudonym or token are never prepared: they depend on who asks, which is not remembered, and a token would be spent.
//!
//! Where a request asks that cards have not been revoked, the answer is made for the newest epoch of the wallet's own log, and a
//! [sync](Wallet::sync) that brings a newer one erases it.
//!
//! Not here: what is asked and consented to (`consent`), the answer (`answering`).

use milchglas_credential::compile::compile;
use milchglas_credential::credential::{Credential, Holdings};
use milchglas_credential::date::Timestamp;
use milchglas_credential::digest::{RequestNonce, VerifierKey};
use milchglas_credential::presentation::Precomputed;
use milchglas_credential::request::{Ask, Request, RequestFields, VerifierIdentity};
use milchglas_credential::selection::Selection;
use milchglas_credential::text::Origin;
use rand_core::CryptoRngCore;

use crate::consent::Choice;
use crate::error::Error;
use crate::pool::{PER_KIND, Pool, this_process};
use crate::store::Store;
use crate::vault::{CredentialId, with_epochs};
use crate::wallet::Wallet;

/// The base point of Ed25519, for a place where some key has to stand and none is meant.
const NOBODY: [u8; 32] = {
    let mut key = [0x66; 32];
    key[0] = 0x58;
    key
};

/// An answer that will probably be wanted.
struct Expected {
    request: Request,
    selection: Selection,
    cards: Vec<CredentialId>,
}

impl<S: Store> Wallet<S> {
    /// Makes ready, for today, two answers to each of the last four kinds of request that this wallet answered. It returns how many are
    /// ready now. Call it in idle time, after [`Wallet::respond`] say, and at midnight: a missing answer takes about a
    /// millisecond, and the vault is saved once if one is missing.
    ///
    /// Nothing of an answer is ever on the disk. The first call builds tables, about 1 MiB for an issuer and 130 KiB for a card, which
    /// make every later proof with that card cheaper.
    ///
    /// # Errors
    /// [`Error::Vault`] where the counters can not be saved, and [`Error::ParametersLost`]; nothing is ready then.
    ///
    /// # Security
    /// Call [`Wallet::discard_prepared`] when the device locks, and before anything that may copy this process's memory: a snapshot of
    /// the machine, a hibernation. A copy that lives on would answer with the same nonces, and two such answers give away the holder secret.
    /// A fork is noticed.
    pub fn prepare(&mut self, now: Timestamp, rng: &mut dyn CryptoRngCore) -> Result<usize, Error> {
        // Out of the wallet while it is worked on: after an error or a panic there is nothing in it.
        let mut pool = self.take_pool(now);
        let expected = self.expected(now)?;
        let mut missing: Vec<&Expected> = Vec::new();
        let mut wanted = Vec::with_capacity(expected.len());
        for expected in &expected {
            let parameters = self.accepted_parameters(&expected.request)?;
            let plan = compile(&expected.request, expected.selection.clone(), &parameters)?;
            let count = PER_KIND.saturating_sub(pool.count(&plan, &expected.cards));
            missing.extend(std::iter::repeat_n(expected, count));
            wanted.push((plan, &expected.cards[..]));
        }
        pool.keep_only(&wanted);
        drop(wanted);
        if !missing.is_empty() {
            let counters = self.reserve(missing.len())?;
            for (expected, counter) in missing.into_iter().zip(counters) {
                let precomputed = self.precompute(expected, counter, rng)?;
                pool.put(expected.cards.clone(), precomputed);
            }
        }
        self.pool = pool;
        Ok(self.pool.len())
    }

    /// How many answers are ready.
    #[must_use]
    pub fn prepared(&self) -> usize {
        self.pool.len()
    }

    /// Erases the answers that are ready; see [`Wallet::prepare`] for when to do that.
    pub fn discard_prepared(&mut self) {
        self.pool = Pool::default();
    }

    /// The pool without what is of another process or day, leaving an empty one in the wallet.
    pub(crate) fn take_pool(&mut self, now: Timestamp) -> Pool {
        let mut pool = std::mem::take(&mut self.pool);
        pool.renew(this_process(), now.date());
        pool
    }

    /// What the requests of the remembered kinds would be answered with if they came now.
    fn expected(&self, now: Timestamp) -> Result<Vec<Expected>, Error> {
        let mut all: Vec<Expected> = Vec::with_capacity(self.state.recent.len());
        for recent in &self.state.recent {
            // A verifier's list is expected to be as new as the wallet's own.
            let ask = with_epochs(&recent.ask, &|accepted| self.newest(accepted));
            let request = stand_in(&ask, now)?;
            let choices = match self.choices(&request, &[]) {
                Ok(choices) => choices,
                Err(Error::Refused(_)) => continue,
                Err(other) => return Err(other),
            };
            let same = choices.iter().find(|choice| recent.same_way(&choice.selection));
            let Some(choice) = same.or(choices.first()) else { continue };
            if choice.selection.leaves(request.ask())?.iter().any(|ask| ask.is_scoped()) {
                continue;
            }
            let (selection, cards) = (choice.selection.clone(), choice.ids());
            if !all.iter().any(|earlier| earlier.request == request && earlier.selection == selection) {
                all.push(Expected { request, selection, cards });
            }
        }
        Ok(all)
    }

    fn precompute(&self, expected: &Expected, counter: u64, rng: &mut dyn CryptoRngCore) -> Result<Precomputed, Error> {
        let cards = self.pick(&expected.cards)?;
        let credentials: Vec<&Credential> = cards.iter().map(|card| &card.credential).collect();
        let parameters = self.accepted_parameters(&expected.request)?;
        let plan = compile(&expected.request, expected.selection.clone(), &parameters)?;
        plan.prepare_for_proving(self.secret(), &credentials)?;
        let held = self.held(&plan, &expected.cards)?;
        held.iter().for_each(|held| held.witness.prepare());
        let contents = self.contents(&expected.request)?;
        let holdings = Holdings::new(self.secret(), &credentials).with_witnesses(&held).with_sets(contents.published());
        Ok(Precomputed::create(&plan, &holdings, &self.hedge(counter), rng)?)
    }
}

impl Choice {
    /// The credentials that it shows.
    pub(crate) fn ids(&self) -> Vec<CredentialId> {
        self.cards.iter().map(|card| card.id).collect()
    }
}

/// A request with this ask about today, from nobody. It is never answered.
fn stand_in(ask: &Ask, now: Timestamp) -> Result<Request, Error> {
    let origin: Origin = "https://nobody.invalid".parse()?;
    let expires = Timestamp::from_unix(now.as_unix().saturating_add(1)).ok_or(Error::Misuse("a time before 9999"))?;
    Ok(Request::new(RequestFields {
        verifier: VerifierIdentity { name: "Nobody".to_owned(), origin, key: VerifierKey(NOBODY) },
        profile: None,
        purpose: "None".to_owned(),
        nonce: RequestNonce([0; 16]),
        issued: now,
        expires,
        as_of: now.date(),
        ask: ask.clone(),
        document: None,
    })?)
}
