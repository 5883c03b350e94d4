//! A shareholder's secret: its number, its share of the key, and the inspector's file.
//!
//! Secret: the share. It lies in a sealed file of its own, under the shareholder's passphrase.
//! Not here: how shares come about (`dealer`), what is done with them (`opening`).

use std::fmt;
use std::path::Path;

use milchglas_credential::cbor::{Reader, Writer};
use milchglas_credential::inspector::{Inspector, MAX_INSPECTOR};
use milchglas_curve::{NonZeroG1, Scalar};
use milchglas_sealed::{Passphrase, SealedFile, Work};
use zeroize::Zeroizing;

use crate::Error;

const KIND: &str = "inspector-share";
const FORMAT: &str = "milchglas inspector share/1";

/// One share of an inspector's key.
pub struct SecretShare {
    index: u8,
    secret: Zeroizing<Scalar>,
    inspector: Inspector,
}

impl SecretShare {
    /// A share that belongs to the inspector's file.
    pub(crate) fn new(index: u8, secret: Zeroizing<Scalar>, inspector: Inspector) -> Result<Self, Error> {
        let image = NonZeroG1::generator() * *secret;
        if inspector.verification_key(index).is_none_or(|key| image != (*key).into()) {
            return Err(Error::Misuse("a share of this inspector's key"));
        }
        Ok(Self { index, secret, inspector })
    }

    /// Which of the shareholders it is of, from 1.
    #[must_use]
    pub fn index(&self) -> u8 {
        self.index
    }

    /// The inspector.
    #[must_use]
    pub fn inspector(&self) -> &Inspector {
        &self.inspector
    }

    /// `s_j`, for proofs.
    pub(crate) fn scalar(&self) -> &Scalar {
        &self.secret
    }

    /// Writes the share to a new file (mode 0600), sealed with a passphrase. Takes one scrypt of `work`.
    ///
    /// # Errors
    /// [`Error::File`]; the file must not exist.
    pub fn create(&self, path: impl AsRef<Path>, passphrase: &Passphrase, work: Work) -> Result<(), Error> {
        SealedFile::create(path, passphrase, KIND, &self.to_bytes()?, work)?;
        Ok(())
    }

    /// Opens the file of a share. Takes one scrypt.
    ///
    /// # Errors
    /// [`Error::File`] for a wrong passphrase or another file; [`Error::Input`] or [`Error::Misuse`] where the content is no share of the
    /// inspector that it names.
    pub fn open(path: impl AsRef<Path>, passphrase: &Passphrase) -> Result<Self, Error> {
        let (_, content) = SealedFile::open(path, passphrase, KIND)?;
        Self::from_bytes(&content)
    }

    /// Gives the file of a share another passphrase. An older copy still opens with the old one.
    ///
    /// # Errors
    /// [`Error::File`].
    pub fn change_passphrase(
        path: impl AsRef<Path>,
        old: &Passphrase,
        new: &Passphrase,
        work: Work,
    ) -> Result<(), Error> {
        let (mut file, content) = SealedFile::open(path, old, KIND)?;
        Ok(file.change_passphrase(new, &content, work)?)
    }

    fn to_bytes(&self) -> Result<Zeroizing<Vec<u8>>, Error> {
        let secret = Zeroizing::new(self.secret.to_bytes());
        let mut out = Writer::new();
        out.array(4).text(FORMAT).uint(self.index.into()).bytes(&*secret).text(&self.inspector.to_json()?);
        Ok(Zeroizing::new(out.into_bytes()))
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let what = milchglas_credential::error::DecodeError { what: "a share of an inspector's key" };
        let mut input = Reader::new(bytes);
        input.array(4, what.what)?;
        if input.text(64, what.what)? != FORMAT {
            return Err(what.into());
        }
        let index = u8::try_from(input.uint(what.what)?).map_err(|_| what)?;
        let secret = Zeroizing::new(input.bytes::<32>(what.what)?);
        let secret = Zeroizing::new(Scalar::from_bytes(&secret)?);
        let inspector = Inspector::from_json(input.text(MAX_INSPECTOR, what.what)?)?;
        input.finish()?;
        Self::new(index, secret, inspector)
    }
}

impl fmt::Debug for SecretShare {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretShare({}, ..)", self.index)
    }
}
