//! Where a wallet keeps its vault and its issuers' public files.
//!
//! Caution: a store sees the vault's content in the clear and must encrypt it, replace it whole or not at all, and keep other
//! processes out while it is open.
//! Not here: what the content means (`vault`), the encryption (the crate `milchglas-sealed`).

use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use milchglas_credential::digest::ParametersDigest;
use milchglas_sealed::{Op, Passphrase, SealedFile, Work, atomic_write};
use zeroize::Zeroizing;

use crate::error::Error;

const KIND: &str = "wallet";
const MAX_PARAMETERS: u64 = 4 << 20;

/// What a wallet needs of a disk, or of a browser.
pub trait Store {
    /// Replaces the vault's content, durably, before it returns.
    ///
    /// # Errors
    /// The step that failed; the old content is then intact.
    fn save(&mut self, vault: &[u8]) -> Result<(), Error>;

    /// A parameters file that was put here, if it still is. The wallet checks it again.
    ///
    /// # Errors
    /// The step that failed.
    fn parameters(&self, digest: &ParametersDigest) -> Result<Option<String>, Error>;

    /// Keeps a public parameters file.
    ///
    /// # Errors
    /// The step that failed.
    fn put_parameters(&mut self, digest: &ParametersDigest, json: &str) -> Result<(), Error>;
}

/// A folder on the disk: `vault` (encrypted, 0600) and `parameters/DIGEST.json` (public).
#[derive(Debug)]
pub struct Folder {
    parameters: PathBuf,
    vault: SealedFile,
}

impl Folder {
    /// Makes the folder (0700, if it is new) and its vault, which must be new.
    ///
    /// # Errors
    /// [`Error::Vault`] with the step that failed.
    pub fn create(dir: &Path, passphrase: &Passphrase, work: Work, vault: &[u8]) -> Result<Self, Error> {
        make_folder(dir)?;
        let parameters = dir.join("parameters");
        make_folder(&parameters)?;
        Ok(Self { parameters, vault: SealedFile::create(dir.join("vault"), passphrase, KIND, vault, work)? })
    }

    /// Opens the folder's vault and keeps other processes out of it.
    ///
    /// # Errors
    /// [`Error::Vault`]: a wrong passphrase, a changed file, another process, or the step that failed.
    pub fn open(dir: &Path, passphrase: &Passphrase) -> Result<(Self, Zeroizing<Vec<u8>>), Error> {
        let (vault, content) = SealedFile::open(dir.join("vault"), passphrase, KIND)?;
        Ok((Self { parameters: dir.join("parameters"), vault }, content))
    }

    pub(crate) fn change_passphrase(&mut self, new: &Passphrase, vault: &[u8], work: Work) -> Result<(), Error> {
        Ok(self.vault.change_passphrase(new, vault, work)?)
    }

    fn place(&self, digest: &ParametersDigest) -> PathBuf {
        self.parameters.join(format!("{digest}.json"))
    }
}

impl Store for Folder {
    fn save(&mut self, vault: &[u8]) -> Result<(), Error> {
        Ok(self.vault.save(vault)?)
    }

    fn parameters(&self, digest: &ParametersDigest) -> Result<Option<String>, Error> {
        let failed = |cause: &io::Error| milchglas_sealed::Error::Io { op: Op::Read, kind: cause.kind() };
        let file = match fs::File::open(self.place(digest)) {
            Ok(file) => file,
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(cause) => return Err(failed(&cause).into()),
        };
        let mut json = String::new();
        match file.take(MAX_PARAMETERS + 1).read_to_string(&mut json) {
            Ok(_) => Ok(Some(json)),
            // Not UTF-8: whatever this is, it is not the file that was put here.
            Err(cause) if cause.kind() == io::ErrorKind::InvalidData => Ok(None),
            Err(cause) => Err(failed(&cause).into()),
        }
    }

    fn put_parameters(&mut self, digest: &ParametersDigest, json: &str) -> Result<(), Error> {
        make_folder(&self.parameters)?;
        Ok(atomic_write(self.place(digest), json.as_bytes(), 0o644)?)
    }
}

fn make_folder(dir: &Path) -> Result<(), Error> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    Ok(builder.create(dir).map_err(|cause| milchglas_sealed::Error::Io { op: Op::Create, kind: cause.kind() })?)
}
