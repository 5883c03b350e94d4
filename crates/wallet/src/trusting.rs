//! Pinning trust lists, by rules like those for issuers.
//!
//! The first list of an authority pins its key under its name. A later list needs the same key and a higher sequence number; another
//! content under a known number, or another key under a known name, is refused.
//! A new issuer, inspector or publication whose name the lists give to others only is refused; adding one says which lists have it.
//! Not here: what the lists mean for a request (`policy`, `inspectors`).

use milchglas_credential::digest::{AuthorityFingerprint, IssuerFingerprint};
use milchglas_credential::encrypt_to::InspectorRef;
use milchglas_credential::trust_list::{Content, ListedInspector, TrustList};

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

/// Of whom the trust lists are asked: what stands for it there.
#[derive(Clone, Copy)]
pub(crate) enum Party<'p> {
    Issuer(IssuerFingerprint),
    Inspector(&'p InspectorRef),
    /// Whose sets and lists they are.
    Publisher(AuthorityFingerprint),
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

    /// The authority of a trust list that gives the name to another, where no list gives it to this one.
    pub(crate) fn gives_to_others(&self, name: &str, party: Party<'_>) -> Option<&str> {
        let mut others = None;
        for list in &self.state.trust_lists {
            for (listed, is_it) in party.among(list.content()) {
                if listed == name {
                    if is_it {
                        return None;
                    }
                    others = others.or(Some(list.content().name.as_str()));
                }
            }
        }
        others
    }

    /// The authorities whose trust lists have it, under whatever name.
    pub(crate) fn authorities_of(&self, party: Party<'_>) -> Vec<String> {
        let has = |list: &&TrustList| party.among(list.content()).iter().any(|(_, is_it)| *is_it);
        self.state.trust_lists.iter().filter(has).map(|list| list.content().name.clone()).collect()
    }
}

impl Party<'_> {
    /// The names of all that a trust list has of this kind, and whether each entry is this one's.
    fn among(self, content: &Content) -> Vec<(&str, bool)> {
        match self {
            Self::Issuer(fingerprint) => {
                content.issuers.iter().map(|listed| (&*listed.name, listed.fingerprint == fingerprint)).collect()
            }
            Self::Inspector(InspectorRef { key, digest, .. }) => {
                let is_it = |listed: &ListedInspector| listed.key == *key && listed.digest == *digest;
                content.inspectors.iter().map(|listed| (&*listed.name, is_it(listed))).collect()
            }
            Self::Publisher(fingerprint) => {
                content.authorities.iter().map(|listed| (&*listed.name, listed.fingerprint == fingerprint)).collect()
            }
        }
    }
}
