//! A store in memory, for where there is no disk: named entries, which their owner moves to where they last.
//!
//! ```text
//! vault                     encrypted
//! parameters/DIGEST.json    public
//! published/SHA256          public
//! ```
//!
//! Names and bytes are those of a wallet's folder, so that a wallet moves between the two by copying.
//!
//! Caution: here a change is saved once it is in memory. Whoever owns the wallet moves [`Wallet::take_changes`] to where they last, all of them
//! or none, before anything that the wallet returned leaves it; where that fails, it drops the wallet and opens the old entries. So nothing is
//! shown with a counter that a restart would give again. It also keeps others from opening the same entries meanwhile.

use std::fmt;

use milchglas_credential::digest::ParametersDigest;
use milchglas_credential::error::DecodeError;
use milchglas_credential::sorted_map::SortedMap;
use milchglas_sealed::{Passphrase, SealedBytes, Work};
use zeroize::Zeroizing;

use crate::error::Error;
use crate::store::Store;
use crate::wallet::Wallet;

const KIND: &str = "wallet";
const VAULT: &str = "vault";

/// Named entries in memory. `Debug` names the type only.
pub struct Entries {
    vault: SealedBytes,
    public: SortedMap<String, Vec<u8>>,
    changed: SortedMap<String, ()>,
}

impl Entries {
    /// Entries with a new vault.
    ///
    /// # Errors
    /// [`Error::Vault`] where encrypting fails.
    pub fn create(passphrase: &Passphrase, work: Work, vault: &[u8]) -> Result<Self, Error> {
        let vault = SealedBytes::create(passphrase, KIND, vault, work)?;
        Ok(Self { vault, public: SortedMap::new(), changed: [(VAULT.to_owned(), ())].into_iter().collect() })
    }

    /// Opens the vault among these entries, and gives its content.
    ///
    /// # Errors
    /// [`Error::Input`] where there is no vault; [`Error::Vault`]: a wrong passphrase or a changed vault.
    pub fn open(
        mut entries: SortedMap<String, Vec<u8>>,
        passphrase: &Passphrase,
    ) -> Result<(Self, Zeroizing<Vec<u8>>), Error> {
        let vault = entries.remove(VAULT).ok_or(DecodeError { what: "the entry of a vault" })?;
        let (vault, content) = SealedBytes::open(vault, passphrase, KIND)?;
        Ok((Self { vault, public: entries, changed: SortedMap::new() }, content))
    }

    fn get(&self, name: &str) -> Option<&[u8]> {
        if name == VAULT { Some(self.vault.as_bytes()) } else { self.public.get(name).map(Vec::as_slice) }
    }

    fn put(&mut self, name: String, bytes: &[u8]) {
        self.public.insert(name.clone(), bytes.to_vec());
        self.changed.insert(name, ());
    }
}

impl Store for Entries {
    fn save(&mut self, vault: &[u8]) -> Result<(), Error> {
        self.vault.save(vault)?;
        self.changed.insert(VAULT.to_owned(), ());
        Ok(())
    }

    fn parameters(&self, digest: &ParametersDigest) -> Result<Option<String>, Error> {
        // Not UTF-8: whatever this is, it is not the file that was put here.
        Ok(self.get(&parameters_name(digest)).and_then(|bytes| String::from_utf8(bytes.to_vec()).ok()))
    }

    fn put_parameters(&mut self, digest: &ParametersDigest, json: &str) -> Result<(), Error> {
        self.put(parameters_name(digest), json.as_bytes());
        Ok(())
    }

    fn published(&self, sha256: &[u8; 32]) -> Result<Option<Vec<u8>>, Error> {
        Ok(self.get(&published_name(sha256)).map(<[u8]>::to_vec))
    }

    fn put_published(&mut self, sha256: &[u8; 32], file: &[u8]) -> Result<(), Error> {
        self.put(published_name(sha256), file);
        Ok(())
    }

    fn remove_published(&mut self, sha256: &[u8; 32]) -> Result<(), Error> {
        let name = published_name(sha256);
        if self.public.remove(&name).is_some() {
            self.changed.insert(name, ());
        }
        Ok(())
    }
}

impl Wallet<Entries> {
    /// The entries that changed since they were last taken, with their bytes; none where an entry is gone.
    pub fn take_changes(&mut self) -> Vec<(String, Option<Vec<u8>>)> {
        let changed = std::mem::take(&mut self.store.changed);
        let with_bytes = |(name, ()): (String, ())| {
            let bytes = self.store.get(&name).map(<[u8]>::to_vec);
            (name, bytes)
        };
        changed.into_iter().map(with_bytes).collect()
    }

    /// All entries.
    pub fn entries(&self) -> impl Iterator<Item = (&str, &[u8])> {
        let public = self.store.public.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice()));
        std::iter::once((VAULT, self.store.vault.as_bytes())).chain(public)
    }

    /// Changes passphrase and encryption key in one step. Older copies of the vault still open with the old passphrase.
    ///
    /// # Errors
    /// [`Error::Vault`] where encrypting fails; the old passphrase then stays.
    pub fn change_passphrase(&mut self, new: &Passphrase, work: Work) -> Result<(), Error> {
        let content = self.content();
        self.store.vault.change_passphrase(new, &content, work)?;
        self.store.changed.insert(VAULT.to_owned(), ());
        Ok(())
    }
}

impl fmt::Debug for Entries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Entries(..)")
    }
}

fn parameters_name(digest: &ParametersDigest) -> String {
    format!("parameters/{digest}.json")
}

fn published_name(sha256: &[u8; 32]) -> String {
    format!("published/{}", sha256.iter().map(|byte| format!("{byte:02x}")).collect::<String>())
}
