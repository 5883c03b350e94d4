//! A wallet's folder on the disk.
//!
//! Not here: what the content means (`vault`), the encryption (the crate `milchglas-sealed`).

use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use milchglas_credential::digest::ParametersDigest;
use milchglas_credential::list::MAX_LIST_FILE;
use milchglas_sealed::{Op, Passphrase, SealedFile, Work, atomic_write};
use rand_core::CryptoRngCore;
use zeroize::Zeroizing;

use crate::error::Error;
use crate::phrase::RecoveryPhrase;
use crate::store::Store;
use crate::wallet::Wallet;

const KIND: &str = "wallet";
const MAX_PARAMETERS: u64 = 4 << 20;

/// A folder on the disk: `vault` (encrypted, 0600), `parameters/DIGEST.json` and `published/SHA256` (public).
#[derive(Debug)]
pub struct Folder {
    parameters: PathBuf,
    published: PathBuf,
    vault: SealedFile,
}

impl Folder {
    /// Makes the folder (0700, if it is new) and its vault, which must be new.
    ///
    /// # Errors
    /// [`Error::Vault`] with the step that failed.
    pub fn create(dir: &Path, passphrase: &Passphrase, work: Work, vault: &[u8]) -> Result<Self, Error> {
        make_folder(dir)?;
        let (parameters, published) = (dir.join("parameters"), dir.join("published"));
        make_folder(&parameters)?;
        Ok(Self { parameters, published, vault: SealedFile::create(dir.join("vault"), passphrase, KIND, vault, work)? })
    }

    /// As [`Folder::create`], with parameters files that are there before the vault is.
    pub(crate) fn create_with(
        dir: &Path,
        passphrase: &Passphrase,
        work: Work,
        vault: &[u8],
        parameters: &[(ParametersDigest, String)],
    ) -> Result<Self, Error> {
        let place = dir.join("parameters");
        make_folder(dir)?;
        make_folder(&place)?;
        // Where there is a vault already, nothing is written, and creating another one says so.
        let taken = fs::symlink_metadata(dir.join("vault")).is_ok();
        for (digest, json) in parameters.iter().filter(|_| !taken) {
            atomic_write(place.join(format!("{digest}.json")), json.as_bytes(), 0o644)?;
        }
        Self::create(dir, passphrase, work, vault)
    }

    /// Opens the folder's vault and keeps other processes out of it.
    ///
    /// # Errors
    /// [`Error::Vault`]: a wrong passphrase, a changed file, another process, or the step that failed.
    pub fn open(dir: &Path, passphrase: &Passphrase) -> Result<(Self, Zeroizing<Vec<u8>>), Error> {
        let (vault, content) = SealedFile::open(dir.join("vault"), passphrase, KIND)?;
        Ok((Self { parameters: dir.join("parameters"), published: dir.join("published"), vault }, content))
    }

    pub(crate) fn change_passphrase(&mut self, new: &Passphrase, vault: &[u8], work: Work) -> Result<(), Error> {
        Ok(self.vault.change_passphrase(new, vault, work)?)
    }

    fn place(&self, digest: &ParametersDigest) -> PathBuf {
        self.parameters.join(format!("{digest}.json"))
    }

    fn published_at(&self, sha256: &[u8; 32]) -> PathBuf {
        self.published.join(sha256.iter().map(|byte| format!("{byte:02x}")).collect::<String>())
    }
}

impl Wallet<Folder> {
    /// Makes a wallet in a folder, with a new holder secret, and the phrase that restores it. Nothing can show the phrase again.
    ///
    /// # Errors
    /// [`Error::Vault`] where the folder has a vault or can not be written.
    pub fn init(
        dir: impl AsRef<Path>,
        passphrase: &Passphrase,
        work: Work,
        rng: &mut dyn CryptoRngCore,
    ) -> Result<(Self, RecoveryPhrase), Error> {
        let phrase = RecoveryPhrase::random(rng);
        Ok((Self::init_from_phrase(dir, &phrase, passphrase, work, rng)?, phrase))
    }

    /// Makes a wallet in a folder with the holder secret of an earlier one. It can not know which tokens that one has used, so it gives none
    /// until [`Wallet::allow_tokens`]; this holds for every phrase that was read rather than made here.
    ///
    /// # Errors
    /// As [`Wallet::init`].
    pub fn init_from_phrase(
        dir: impl AsRef<Path>,
        phrase: &RecoveryPhrase,
        passphrase: &Passphrase,
        work: Work,
        rng: &mut dyn CryptoRngCore,
    ) -> Result<Self, Error> {
        Self::start(phrase, rng, |vault| Folder::create(dir.as_ref(), passphrase, work, vault))
    }

    /// Opens the wallet of a folder. One process at a time has it.
    ///
    /// # Errors
    /// [`Error::Vault`]: a wrong passphrase, a changed file, another process, or a disk error.
    pub fn open(dir: impl AsRef<Path>, passphrase: &Passphrase) -> Result<Self, Error> {
        let (folder, vault) = Folder::open(dir.as_ref(), passphrase)?;
        Self::load(folder, &vault)
    }

    /// Changes passphrase and encryption key in one step. Older copies of the vault still open with the old passphrase.
    ///
    /// # Errors
    /// [`Error::Vault`] with the step that failed.
    pub fn change_passphrase(&mut self, new: &Passphrase, work: Work) -> Result<(), Error> {
        let content = self.content();
        self.store.change_passphrase(new, &content, work)
    }
}

impl Store for Folder {
    fn save(&mut self, vault: &[u8]) -> Result<(), Error> {
        Ok(self.vault.save(vault)?)
    }

    fn parameters(&self, digest: &ParametersDigest) -> Result<Option<String>, Error> {
        // Not UTF-8: whatever this is, it is not the file that was put here.
        Ok(read_up_to(&self.place(digest), MAX_PARAMETERS)?.and_then(|bytes| String::from_utf8(bytes).ok()))
    }

    fn put_parameters(&mut self, digest: &ParametersDigest, json: &str) -> Result<(), Error> {
        make_folder(&self.parameters)?;
        Ok(atomic_write(self.place(digest), json.as_bytes(), 0o644)?)
    }

    fn published(&self, sha256: &[u8; 32]) -> Result<Option<Vec<u8>>, Error> {
        read_up_to(&self.published_at(sha256), MAX_LIST_FILE as u64)
    }

    fn put_published(&mut self, sha256: &[u8; 32], file: &[u8]) -> Result<(), Error> {
        make_folder(&self.published)?;
        Ok(atomic_write(self.published_at(sha256), file, 0o644)?)
    }

    fn remove_published(&mut self, sha256: &[u8; 32]) -> Result<(), Error> {
        match fs::remove_file(self.published_at(sha256)) {
            Ok(()) => Ok(()),
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(cause) => Err(milchglas_sealed::Error::Io { op: Op::Write, kind: cause.kind() }.into()),
        }
    }
}

/// A file's bytes, one more than `max` at most; none where there is no file.
fn read_up_to(path: &Path, max: u64) -> Result<Option<Vec<u8>>, Error> {
    let failed = |cause: &io::Error| milchglas_sealed::Error::Io { op: Op::Read, kind: cause.kind() };
    let file = match fs::File::open(path) {
        Ok(file) => file,
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(cause) => return Err(failed(&cause).into()),
    };
    let length = file.metadata().map_or(0, |metadata| metadata.len()).min(max);
    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or(0).saturating_add(1));
    file.take(max + 1).read_to_end(&mut bytes).map_err(|cause| failed(&cause))?;
    Ok(Some(bytes))
}

fn make_folder(dir: &Path) -> Result<(), Error> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    Ok(builder.create(dir).map_err(|cause| milchglas_sealed::Error::Io { op: Op::Create, kind: cause.kind() })?)
}
