//! Counting tokens: which one comes next, and that none is shown twice.
//!
//! A token is reserved, and the vault saved, before its proof is made. A crash in between loses the token, and never doubles it. The counters
//! go up from 0 in order; the verifier does not see them.
//!
//! Caution: they are as safe as the vault. Who has not the vault's key can not change them; who puts an older copy of the whole vault back,
//! shows tokens again that the verifier then refuses.
//! Not here: the tokens themselves (the credential crate).

use milchglas_credential::request::{Request, VerifierIdentity};
use milchglas_credential::scope::RateAsk;

use crate::consent::Choice;
use crate::error::{Error, Refusal};
use crate::sentences::Sentences;
use crate::store::Store;
use crate::vault::{MAX_RATES, RateCounter, State};
use crate::wallet::Wallet;

/// What is reserved for one proof.
pub(crate) struct Reserved {
    /// The number that goes into the nonces.
    pub(crate) hedge: u64,
    /// For each rate that is asked for, in order, the counter of its token.
    pub(crate) tokens: Vec<u16>,
}

impl<S: Store> Wallet<S> {
    /// How many tokens were used of those that this asks for.
    pub(crate) fn used(&self, verifier: &VerifierIdentity, ask: &RateAsk) -> u16 {
        self.state.rates.iter().find(|counter| counter.is_for(verifier, ask)).map_or(0, |counter| counter.used)
    }

    /// Reserves what a proof of this choice needs, saved before it is returned.
    pub(crate) fn reserve_for(&mut self, choice: &Choice, request: &Request) -> Result<Reserved, Error> {
        let leaves = choice.selection.leaves(request.ask())?;
        let rates: Vec<&RateAsk> = leaves.iter().filter_map(|ask| ask.rate.as_ref()).collect();
        let verifier = &request.fields().verifier;
        self.commit(|state| {
            let hedge = state.reserve(1)?;
            let tokens = rates.iter().map(|ask| state.next_token(verifier, ask)).collect::<Result<_, _>>()?;
            Ok(Reserved { hedge, tokens })
        })
    }
}

impl State {
    fn next_token(&mut self, verifier: &VerifierIdentity, ask: &RateAsk) -> Result<u16, Error> {
        let counter = match self.rates.iter().position(|counter| counter.is_for(verifier, ask)) {
            Some(place) => self.rates.get_mut(place),
            None if self.rates.len() >= MAX_RATES => return Err(Error::Full("counters of tokens")),
            None => {
                let RateAsk { scope, epoch, .. } = ask.clone();
                let (key, origin) = (verifier.key, verifier.origin.clone());
                self.rates.push(RateCounter { key, origin, scope, epoch, used: 0 });
                self.rates.last_mut()
            }
        };
        let counter = counter.ok_or(Error::Misuse("a counter that was found"))?;
        let next = counter.used;
        if next >= ask.limit {
            let mut why_not = Sentences::default();
            why_not.push(used_up(ask));
            return Err(Refusal::NotSatisfiable(why_not).into());
        }
        counter.used = next.saturating_add(1);
        Ok(next)
    }
}

impl RateCounter {
    fn is_for(&self, verifier: &VerifierIdentity, ask: &RateAsk) -> bool {
        (self.key, &self.origin, &self.scope, &self.epoch) == (verifier.key, &verifier.origin, &ask.scope, &ask.epoch)
    }
}

/// That no token is left.
pub(crate) fn used_up(ask: &RateAsk) -> String {
    let RateAsk { scope, epoch, limit } = ask;
    let all = match limit {
        1 => "the one token".to_owned(),
        _ => format!("all {limit} tokens"),
    };
    format!("You have used {all} that this verifier gives each person for “{scope}” in “{epoch}”.")
}

/// What the verifier learns by a token.
pub(crate) fn learned_by_token(ask: &RateAsk) -> String {
    let RateAsk { scope, epoch, limit } = ask;
    match limit {
        1 => format!(
            "That you have not answered for “{scope}” in “{epoch}” before: it gives each person one token. A second answer would be \
             refused."
        ),
        _ => format!(
            "That this is one of at most {limit} answers that it takes from one person for “{scope}” in “{epoch}”; not which, and not \
             which of the others are yours."
        ),
    }
}

/// What the verifier learns by a pseudonym.
pub(crate) fn learned_by_pseudonym(scope: &str) -> String {
    format!(
        "A name for you that only it sees, for “{scope}”, the same at each visit: it will recognise you. No other verifier gets that name."
    )
}
