//! An authority: who publishes sets and lists. It knows no person and issues no card.
//!
//! ```text
//! authority-keys            the Ed25519 identity and y, which signs elements, sealed with a passphrase
//! ```
//!
//! Secret: both keys. They are independent of an issuer's.
//! Caution: who publishes two sets under one name and number, or two lists of one epoch, is refused by the wallets that know the first.
//! Not here: what is in a set and on a list.

use std::fmt;
use std::path::Path;

use milchglas_credential::cbor::{Reader, Writer};
use milchglas_credential::digest::{AuthorityFingerprint, IdentityKey};
use milchglas_credential::list::PublishedList;
use milchglas_credential::parameters::SetSecretKey;
use milchglas_credential::request::SigningKey;
use milchglas_credential::set::{PublishedSet, SetContent};
use milchglas_credential::text::Label;
use milchglas_credential::trust_list::fingerprint;
use milchglas_sealed::{Passphrase, SealedFile, Work};
use rand_core::{CryptoRng, RngCore};
use zeroize::Zeroizing;

use crate::Error;
use crate::folder::create_folder;
use crate::keys::random;

const FORMAT: &str = "milchglas authority keys/1";
const KIND: &str = "authority-keys";
const DAMAGED: Error = Error::Damaged { what: "the file holds no authority's keys" };

/// The keys of who publishes sets and lists.
pub struct Authority {
    identity: SigningKey,
    sets: SetSecretKey,
}

impl Authority {
    /// Makes an authority in a folder, which is created if needed, with fresh keys.
    ///
    /// # Errors
    /// [`Error::File`] where the folder has one already or can not be written.
    pub fn init(
        folder: impl AsRef<Path>,
        passphrase: &Passphrase,
        work: Work,
        rng: &mut (impl CryptoRng + RngCore),
    ) -> Result<Self, Error> {
        let made = Self { identity: SigningKey::from_bytes(&*random(rng)?), sets: SetSecretKey::random(rng) };
        let folder = folder.as_ref();
        create_folder(folder)?;
        let identity = Zeroizing::new(made.identity.to_bytes());
        let mut out = Writer::new();
        out.array(3).text(FORMAT).bytes(&*identity).bytes(&*made.sets.to_bytes());
        let content = Zeroizing::new(out.into_bytes());
        SealedFile::create(folder.join(KIND), passphrase, KIND, &content, work)?;
        Ok(made)
    }

    /// Opens the authority of a folder.
    ///
    /// # Errors
    /// [`Error::File`] for a wrong passphrase or a file that is missing, [`Error::Damaged`] for one that holds something else.
    pub fn open(folder: impl AsRef<Path>, passphrase: &Passphrase) -> Result<Self, Error> {
        let (_, content) = SealedFile::open(folder.as_ref().join(KIND), passphrase, KIND)?;
        let mut input = Reader::new(&content);
        let damaged = |_| DAMAGED;
        input.array(3, FORMAT).map_err(damaged)?;
        if input.text(64, FORMAT).map_err(damaged)? != FORMAT {
            return Err(DAMAGED);
        }
        let identity = Zeroizing::new(input.bytes(FORMAT).map_err(damaged)?);
        let sets = Zeroizing::new(input.bytes(FORMAT).map_err(damaged)?);
        input.finish().map_err(damaged)?;
        let sets = SetSecretKey::from_bytes(&sets).map_err(|_| DAMAGED)?;
        Ok(Self { identity: SigningKey::from_bytes(&identity), sets })
    }

    /// What people compare to know that a set or a list is this authority's.
    #[must_use]
    pub fn fingerprint(&self) -> AuthorityFingerprint {
        fingerprint(&IdentityKey(self.identity.verifying_key().to_bytes()))
    }

    /// Signs a set.
    ///
    /// # Errors
    /// [`Error::Input`] where it breaks a rule of sets.
    pub fn sign_set(&self, content: SetContent) -> Result<PublishedSet, Error> {
        Ok(PublishedSet::sign(content, &self.sets, &self.identity)?)
    }

    /// Signs a list for an epoch.
    ///
    /// # Errors
    /// [`Error::Input`] for too many entries.
    pub fn sign_list(&self, name: Label, epoch: u32, entries: Vec<u64>) -> Result<PublishedList, Error> {
        Ok(PublishedList::sign(name, epoch, entries, &self.sets, &self.identity)?)
    }
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Authority(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_core::OsRng;

    #[test]
    fn opens_with_the_same_keys_and_its_passphrase_only() {
        let folder = tempfile::tempdir().unwrap();
        let passphrase = |text: &str| Passphrase::new(&Zeroizing::new(text.to_owned())).unwrap();
        let work = Work::with_log_n(1).unwrap();
        let made = Authority::init(folder.path(), &passphrase("p"), work, &mut OsRng).unwrap();
        let opened = Authority::open(folder.path(), &passphrase("p")).unwrap();
        assert_eq!(opened.fingerprint(), made.fingerprint());
        let lists = [made, opened].map(|authority| authority.sign_list("a".parse().unwrap(), 1, vec![7, 5]).unwrap());
        assert_eq!(lists[0].to_bytes(), lists[1].to_bytes());
        assert!(matches!(Authority::open(folder.path(), &passphrase("q")), Err(Error::File(_))));
        assert!(Authority::init(folder.path(), &passphrase("p"), work, &mut OsRng).is_err());
    }
}
