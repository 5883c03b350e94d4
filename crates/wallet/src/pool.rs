//! Answers that lack only what depends on the verifier's nonce, made in idle time.
//!
//! The pool is in memory alone: what is in it is never written, printed or copied, and it is erased when it leaves. An answer is
//! taken out of the pool before it is used, by value, so whatever happens afterwards (an error, a panic) it is not there a second time.
//!
//! ```text
//! counters reserved, saved → announced with them → put → taken, once → answered
//! ```
//!
//! The pool empties itself where it wakes up in another process than the one that filled it, and on another day.
//!
//! Caution: a process can be told from its fork by its number only (not if both are number 1 of a container each); a machine that is restored
//! from a snapshot of its memory can not be told at all. Both lives would answer with the same nonces, and two answers give away
//! the holder secret: where that can happen, discard the pool before.
//! Not here: which answers to expect (`preparing`), proofs (the credential crate).

use milchglas_credential::compile::Plan;
use milchglas_credential::date::Date;
use milchglas_credential::presentation::Precomputed;

use crate::vault::CredentialId;

/// How many answers are kept ready for one kind of request.
pub(crate) const PER_KIND: usize = 2;

/// Answers that are ready. Its owner keeps it to [`PER_KIND`] answers for each kind of request that the vault remembers.
pub(crate) struct Pool {
    process: u32,
    day: Date,
    ready: Vec<Ready>,
}

struct Ready {
    cards: Vec<CredentialId>,
    precomputed: Precomputed,
}

impl Default for Pool {
    fn default() -> Self {
        Self { process: this_process(), day: Date::MIN, ready: Vec::new() }
    }
}

impl Pool {
    /// Drops everything that was made in another process or for another day.
    pub(crate) fn renew(&mut self, process: u32, day: Date) {
        if (self.process, self.day) != (process, day) {
            *self = Self { process, day, ready: Vec::new() };
        }
    }

    /// An answer to this plan with these cards, which is then no longer in the pool.
    pub(crate) fn take(&mut self, plan: &Plan<'_>, cards: &[CredentialId]) -> Option<Precomputed> {
        let place = self.ready.iter().position(|ready| ready.fits(plan, cards))?;
        Some(self.ready.swap_remove(place).precomputed)
    }

    /// Adds an answer.
    pub(crate) fn put(&mut self, cards: Vec<CredentialId>, precomputed: Precomputed) {
        self.ready.push(Ready { cards, precomputed });
    }

    /// How many answers there are to this plan with these cards.
    pub(crate) fn count(&self, plan: &Plan<'_>, cards: &[CredentialId]) -> usize {
        self.ready.iter().filter(|ready| ready.fits(plan, cards)).count()
    }

    /// Drops what answers none of these.
    pub(crate) fn keep_only(&mut self, wanted: &[(Plan<'_>, &[CredentialId])]) {
        self.ready.retain(|ready| wanted.iter().any(|(plan, cards)| ready.fits(plan, cards)));
    }

    /// What a fork would find.
    #[cfg(test)]
    pub(crate) fn wake_up_in_another_process(&mut self) {
        self.process ^= 1;
    }

    /// How many answers are ready.
    pub(crate) fn len(&self) -> usize {
        self.ready.len()
    }
}

impl Ready {
    /// The credential crate knows the kind of request; which of several like cards it is for is known here alone.
    fn fits(&self, plan: &Plan<'_>, cards: &[CredentialId]) -> bool {
        self.cards == cards && self.precomputed.fits(plan)
    }
}

/// The number of this process.
#[cfg(not(target_family = "wasm"))]
pub(crate) fn this_process() -> u32 {
    std::process::id()
}

/// A module in a browser can not fork.
#[cfg(target_family = "wasm")]
pub(crate) fn this_process() -> u32 {
    0
}
