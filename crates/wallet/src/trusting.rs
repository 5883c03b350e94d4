//! Pinning trust lists, by rules like those for issuers.
//!
//! The first list of an authority pins its key under its name. A later list needs the same key and a higher sequence number; another
//! content under a known number, or another key under a known name, is refused.
//! Not here: what the lists mean for a request (`policy`).

use milchglas_credential::digest::{AuthorityFingerprint, IssuerFingerprint};
use milchglas_credential::trust_list::TrustList;

use crate::error::{Error, Refusal};
use crate::store::Store;
use crate::vault::MAX_TRUST_LISTS;
use crate::wallet::{Before, Wallet};

/// What adding a trust list did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddedTrustList {
    /// The authority's fingerprint: what to compare with what the authority gives out some other way.
    pub fingerprint: AuthorityFingerprint,
    /// The authority's name.
    pub name: String,
    /// The list's sequence number.
    pub sequence: u32,
    /// What was known before.
    pub before: Before,
}

impl<S: Store> Wallet<S> {
    /// Adds an authority's trust list, after checking its signature. Only the newest list of an authority is kept.
    ///
    /// # Errors
    /// [`Error::Input`] where it is no trust list; [`Error::Refused`] with [`Refusal::BadTrustList`], [`Refusal::OtherAuthority`],
    /// [`Refusal::AuthorityKeyChanged`], [`Refusal::TrustListForOneHolder`] or [`Refusal::OlderTrustList`]; [`Error::Full`];
    /// [`Error::Vault`].
    pub fn add_trust_list(
        &mut self,
        json: &str,
        expected: Option<AuthorityFingerprint>,
    ) -> Result<AddedTrustList, Error> {
        let list = TrustList::from_json(json).map_err(|error| Error::invalid_means(Refusal::BadTrustList, error))?;
        let fingerprint = list.fingerprint();
        let (name, sequence) = (list.content().name.clone(), list.content().sequence);
        if expected.is_some_and(|expected| expected != fingerprint) {
            return Err(Refusal::OtherAuthority { found: fingerprint }.into());
        }
        let others = self.state.trust_lists.iter().filter(|other| other.fingerprint() != fingerprint);
        if let Some(other) = others.into_iter().find(|other| other.content().name == name) {
            return Err(Refusal::AuthorityKeyChanged { known: other.fingerprint() }.into());
        }
        let known = self.state.trust_lists.iter().find(|known| known.fingerprint() == fingerprint);
        let before = match known {
            None if self.state.trust_lists.len() >= MAX_TRUST_LISTS => return Err(Error::Full("trust lists")),
            None => Before::Nothing,
            Some(known) if known.digest() == list.digest() => Before::Same,
            Some(known) => {
                let latest = known.content().sequence;
                if sequence == latest {
                    return Err(Refusal::TrustListForOneHolder { sequence }.into());
                }
                if sequence < latest {
                    return Err(Refusal::OlderTrustList { sequence, latest }.into());
                }
                Before::Older
            }
        };
        if before != Before::Same {
            self.commit(|state| {
                state.trust_lists.retain(|known| known.fingerprint() != fingerprint);
                state.trust_lists.push(list);
                Ok(())
            })?;
        }
        Ok(AddedTrustList { fingerprint, name, sequence, before })
    }

    /// The trust lists that the wallet has pinned.
    #[must_use]
    pub fn trust_lists(&self) -> &[TrustList] {
        &self.state.trust_lists
    }

    /// Forgets an authority, so that its name may come with another key. Whether it was known.
    ///
    /// # Errors
    /// [`Error::Vault`] with the step that failed.
    pub fn forget_trust_list(&mut self, fingerprint: &AuthorityFingerprint) -> Result<bool, Error> {
        if !self.state.trust_lists.iter().any(|known| known.fingerprint() == *fingerprint) {
            return Ok(false);
        }
        self.commit(|state| {
            state.trust_lists.retain(|known| known.fingerprint() != *fingerprint);
            Ok(true)
        })
    }

    /// Refuses a new issuer whose name a trust list gives to another, unless a list has it.
    pub(crate) fn consult_lists(&self, fingerprint: &IssuerFingerprint, name: &str) -> Result<(), Refusal> {
        let listed = || self.state.trust_lists.iter().flat_map(|list| &list.content().issuers);
        let contradicted = listed().any(|issuer| issuer.name == name);
        if contradicted && !listed().any(|issuer| issuer.fingerprint == *fingerprint) {
            return Err(Refusal::OtherIssuer { found: *fingerprint });
        }
        Ok(())
    }

    /// The authorities whose trust lists have an issuer.
    pub(crate) fn authorities_of(&self, fingerprint: &IssuerFingerprint) -> Vec<String> {
        let has = |list: &&TrustList| list.content().issuers.iter().any(|issuer| issuer.fingerprint == *fingerprint);
        self.state.trust_lists.iter().filter(has).map(|list| list.content().name.clone()).collect()
    }
}
