//! Counting tokens: which one comes next, and that none is shown twice.
//!
//! A token is reserved, and the vault saved, before its proof is made. A crash in between loses the token, and never doubles it. The counters
//! go up from 0 in order; the verifier does not see them.
//!
//! A wallet that was restored, from a backup or from its recovery phrase, can not know which tokens were used between then and the loss. To show
//! one a second time gains nothing, as it is the same token, but joins the two answers. So such a wallet
//!
//! - gives no token, ever, of a scope and epoch of which the backup has a counter;
//! - gives none of any other scope until its holder says that none of it were used since the backup, or that a new epoch has begun:
//!   [`Wallet::allow_tokens`].
//!
//! Caution: they are as safe as the vault. Who has not the vault's key can not change them; who puts an older copy of the whole vault back,
//! behind the wallet's back, shows tokens again that the verifier then refuses.
//! Not here: the tokens themselves (the credential crate).

use milchglas_credential::date::Timestamp;
use milchglas_credential::request::{Request, SignedRequest, VerifierIdentity};
use milchglas_credential::scope::RateAsk;

use crate::consent::Choice;
use crate::error::{Error, Refusal};
use crate::sentences::Sentences;
use crate::store::Store;
use crate::vault::{AllowedScope, MAX_RATES, RateCounter, Restored, State};
use crate::wallet::Wallet;

/// The counter of a scope and epoch of which some tokens were used, nobody knows how many. No limit is that high.
const LOST: u16 = u16::MAX;

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

    /// Why there is no token for this, if there is none.
    pub(crate) fn no_token(&self, verifier: &VerifierIdentity, ask: &RateAsk) -> Option<String> {
        self.state.no_token(verifier, ask)
    }

    /// Takes the holder's word, in a wallet that was restored, that no tokens of the scopes in this request were used between the backup and the
    /// loss, or that their epoch has begun since. Whether that changed anything.
    ///
    /// # Errors
    /// As [`Wallet::review`] where the request is not to be answered anyway; [`Error::Full`]; [`Error::Vault`].
    pub fn allow_tokens(&mut self, request: &[u8], now: Timestamp) -> Result<bool, Error> {
        let request =
            SignedRequest::verify(request).map_err(|error| Error::invalid_means(Refusal::BadRequest, error))?;
        self.admit(&request, now)?;
        let VerifierIdentity { key, origin, .. } = request.verifier();
        let mut scopes = Vec::new();
        for ask in request.request().ask().credentials().iter().filter_map(|ask| ask.rate.as_ref()) {
            let scope = AllowedScope { key: *key, origin: origin.clone(), scope: ask.scope.clone() };
            let allowed = self.state.restored.as_ref().is_none_or(|restored| restored.allowed.contains(&scope));
            if !allowed && !scopes.contains(&scope) {
                scopes.push(scope);
            }
        }
        if scopes.is_empty() {
            return Ok(false);
        }
        self.commit(|state| {
            let restored = state.restored.get_or_insert_default();
            restored.allowed.append(&mut scopes);
            if restored.allowed.len() > MAX_RATES { Err(Error::Full("scopes with tokens")) } else { Ok(true) }
        })
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
    /// Closes every scope and epoch that is known, and all others until the holder opens them.
    pub(crate) fn mark_restored(&mut self) {
        self.rates.iter_mut().for_each(|counter| counter.used = LOST);
        self.restored = Some(Restored::default());
    }

    fn no_token(&self, verifier: &VerifierIdentity, ask: &RateAsk) -> Option<String> {
        let RateAsk { scope, epoch, limit } = ask;
        match (self.rates.iter().find(|counter| counter.is_for(verifier, ask)), &self.restored) {
            (Some(counter), _) if counter.used == LOST => Some(format!(
                "This wallet was restored and can not know how many of your tokens for “{scope}” in “{epoch}” were used before. So it gives none \
                 in that epoch."
            )),
            (Some(counter), _) => (counter.used >= *limit).then(|| used_up(ask)),
            (None, Some(restored)) if !restored.allowed.iter().any(|allowed| allowed.is_for(verifier, ask)) => {
                Some(format!(
                    "This wallet was restored and can not know whether tokens for “{scope}” in “{epoch}” were used since the backup. If you are \
                     sure that none were, tell it to allow them."
                ))
            }
            (None, _) => None,
        }
    }

    fn next_token(&mut self, verifier: &VerifierIdentity, ask: &RateAsk) -> Result<u16, Error> {
        if let Some(reason) = self.no_token(verifier, ask) {
            let mut why_not = Sentences::default();
            why_not.push(reason);
            return Err(Refusal::NotSatisfiable(why_not).into());
        }
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
        counter.used = next.saturating_add(1);
        Ok(next)
    }
}

impl RateCounter {
    fn is_for(&self, verifier: &VerifierIdentity, ask: &RateAsk) -> bool {
        (self.key, &self.origin, &self.scope, &self.epoch) == (verifier.key, &verifier.origin, &ask.scope, &ask.epoch)
    }
}

impl AllowedScope {
    fn is_for(&self, verifier: &VerifierIdentity, ask: &RateAsk) -> bool {
        (self.key, &self.origin, &self.scope) == (verifier.key, &verifier.origin, &ask.scope)
    }
}

/// That no token is left.
fn used_up(ask: &RateAsk) -> String {
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
